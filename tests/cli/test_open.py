"""The window from the command line: what it is given, and what is refused before it appears."""

from __future__ import annotations

import shutil
from importlib import import_module

import numpy as np
import pytest
from supervox.cli.open import GROUP


class Entry:
    """An entry point that loads what a test gives it."""

    def __init__(self, function):
        self.function = function

    def load(self):
        return self.function


def offer(monkeypatch, missing, open_window):
    """Have the command line find another plugin than the real one."""
    offered = {"missing": lambda: missing, "open": open_window}

    def entry_points(*, group, name):
        assert group == GROUP
        return [Entry(offered[name])]

    monkeypatch.setattr(import_module("supervox.cli.open"), "entry_points", entry_points)


@pytest.fixture
def opened(monkeypatch):
    """Collect what would be opened instead of opening it."""
    calls = []
    offer(monkeypatch, None, lambda *files: calls.append(files))
    return calls


def test_nothing_opens_an_empty_window(run, opened):
    for words in ((), ("open",)):
        done = run(*words)
        assert done.code == 0, done.err
    assert opened == [(None, None, None)] * 2


def test_a_file_needs_no_command(files, run, opened):
    volume, strokes, truth = (files / f"{name}.tif" for name in ("volume", "strokes", "truth"))
    for words in (
        (volume,),
        ("open", volume),
        (volume, "--strokes", strokes, "--labels", truth),
        ("--strokes", strokes, "--labels", truth, volume),
        ("--labels", truth),
    ):
        done = run(*words)
        assert done.code == 0, done.err
    both = (volume, strokes, truth)
    assert opened == [(volume, None, None)] * 2 + [both] * 2 + [(None, None, truth)]


def test_a_file_whose_name_has_no_ending_or_says_what_is_inside(files, run, opened, monkeypatch):
    files.write("scan.h5::/entry/data", files.image, "image")
    assert run(files / "scan.h5::/entry/data").code == 0
    monkeypatch.chdir(files.folder)
    shutil.copytree(files.write("cell.zarr", files.image, "image"), "segmnt", dirs_exist_ok=True)
    assert run("segmnt").code == 0
    assert [path for path, _, _ in opened] == [files / "scan.h5::/entry/data", "segmnt"]
    shutil.rmtree("segmnt")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nope.tif",), "nope.tif: there is no such file; check the path"),
        (("open", "nope"), "nope: there is no such file"),
        (("folder/nope",), "folder/nope: there is no such file"),
        (("volume.tif", "--strokes", "nope.tif"), "nope.tif: there is no such file"),
        (("notes.txt",), "the ending '.txt' isn't known"),
        (("volume.tif", "--strokes", "small.tif"), "the strokes must belong to this volume"),
        (("volume.tif", "--labels", "float.tif"), "but labels are whole numbers"),
        (("volume.tif", "--what"), "No such option"),
        (("volume.tif", "truth.tif"), "unexpected extra argument"),
    ],
)
def test_what_can_not_be_opened(files, run, opened, monkeypatch, words, message):
    monkeypatch.chdir(files.folder)
    files.write("small.tif", files.truth[1:])
    files.write("float.tif", files.truth.astype(np.float32) + 0.5)
    (files.folder / "notes.txt").write_text("notes")
    done = run(*words)
    assert done.code == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert not opened


def test_where_no_window_can_be(run, monkeypatch):
    offer(monkeypatch, "there is no display", pytest.fail)
    done = run()
    assert done.code == 2
    assert done.err == "supervox: error: there is no display\n"


def test_the_plugin_offers_a_window(program, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    done = program()
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert "there is no display" in done.err or "pip install" in done.err
