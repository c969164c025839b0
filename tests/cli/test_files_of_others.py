"""Commands on files as others make and name them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from supervox.volumes import write_volume

Run = Callable[..., Any]


def test_a_name_that_is_not_text_is_refused_for_a_project_in_one_line(
    files: Any, tmp_path: Path, run: Run
) -> None:
    name = tmp_path / os.fsdecode(b"cell_\xb5m.tif")
    name.write_bytes(Path(files / "volume.tif").read_bytes())
    words = ("segment", name, "--annotations", files / "strokes.tif")
    done = run(*words, "--project", tmp_path / "p.supervox")
    assert done.code == 2
    assert "isn't UTF-8, and a project can't note it; rename" in done.err
    assert not (tmp_path / "p.supervox").exists()
    assert run(*words, "--output", tmp_path / "l.tif").code == 0


def test_names_of_other_files_of_a_project_need_not_be_text(
    files: Any, tmp_path: Path, program: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8:strict")  # as in most locales
    strokes = tmp_path / os.fsdecode(b"s_\xb5.tif")
    strokes.write_bytes(Path(files / "strokes.tif").read_bytes())
    project, exported = tmp_path / "p.supervox", tmp_path / os.fsdecode(b"\xb5")
    made = program("segment", files / "volume.tif", "--annotations", strokes, "--project", project)
    assert made.code == 0, made.err
    assert program("export", project, "--output", exported).code == 0
    assert program("report", project, "--output", tmp_path / os.fsdecode(b"r\xb5")).code == 0
    assert program("check", project).code == 0
    assert r"s_\udcb5.tif" in program("info", strokes).out


def _turned(files: Any, tmp_path: Path) -> Path:
    path = tmp_path / "v.nii"
    nibabel.save(nibabel.Nifti1Image(files.image.T, np.eye(4)), path)
    return path


@pytest.mark.parametrize("command", ["segment", "score"])
def test_a_file_with_a_place_beside_one_without_is_told(
    files: Any, tmp_path: Path, run: Run, command: str
) -> None:
    volume = _turned(files, tmp_path)
    if command == "segment":
        words: tuple[Any, ...] = ("--annotations", files / "strokes.tif")
        words = ("segment", volume, *words, "--output", tmp_path / "l.tif")
    else:
        truth = tmp_path / "t.nii"
        nibabel.save(nibabel.Nifti1Image(files.truth.T, np.eye(4)), truth)
        words = ("score", truth, files / "truth.tif")
    done = run(*words)
    assert done.code == 0
    assert "columns and rows are read from their end" in done.err
    assert "::orientation=stored'" in done.err
    assert "columns and rows are read from their end" in run("info", volume).out


def test_the_array_as_it_is_lies_on_its_strokes(files: Any, tmp_path: Path, run: Run) -> None:
    np.save(tmp_path / "v.npy", files.image)
    turned = f"{_turned(files, tmp_path)}::orientation=stored"
    for name, volume in (("plain", tmp_path / "v.npy"), ("turned", turned)):
        words = ("--annotations", files / "strokes.tif", "--output", tmp_path / f"{name}.npy")
        done = run("segment", volume, *words)
        assert done.code == 0
        assert "read from their end" not in done.err
    np.testing.assert_array_equal(np.load(tmp_path / "plain.npy"), np.load(tmp_path / "turned.npy"))


@pytest.mark.parametrize("kind", ["float32", "ignore"])
def test_strokes_of_others(
    files: Any, tmp_path: Path, run: Run, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    strokes = files.strokes.astype(np.float32)
    if kind == "ignore":
        strokes = np.where(files.strokes == 0, 255, files.strokes).astype(np.uint8)
    write_volume(tmp_path / "s.mrc", strokes, kind="image")
    for name, file in (("mine", files / "strokes.tif"), ("theirs", tmp_path / "s.mrc")):
        words = ("--annotations", file, "--output", tmp_path / f"{name}.npy")
        done = run("segment", files / "volume.tif", *words)
        assert done.code == 0, done.err
    assert ("is taken for 'not painted'" in caplog.text) == (kind == "ignore")
    np.testing.assert_array_equal(np.load(tmp_path / "mine.npy"), np.load(tmp_path / "theirs.npy"))
