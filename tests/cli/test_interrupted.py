"""Whoever stops a command is told what was written by then; the old is there, or the new."""

from __future__ import annotations

import os
import signal
import sys

import numpy as np
import pytest
from supervox.cli import convert, outputs
from supervox.volumes import open_volume, put_in_place, write_volume

from tests.volumes.test_writing import _left

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are others there")


@pytest.fixture
def old(tmp_path):
    write_volume(tmp_path / "labels.zarr", np.zeros((4, 5, 6), np.uint8))
    return tmp_path / "labels.zarr"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("first", [True, False])
def test_while_files_get_their_names(files, run, old, monkeypatch, number, first):
    monkeypatch.setattr(signal, "SIGTERM", signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    def interrupted(staged, target):
        if first:
            os.kill(os.getpid(), number)
        put_in_place(staged, target)
        if not first:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(outputs, "put_in_place", interrupted)
    done = run("convert", files / "volume.tif", old)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    assert done.code == 130
    assert f"stopped; {old} had been written" in done.err
    with open_volume(old) as volume:
        np.testing.assert_array_equal(volume.data[:], files.image)
    assert sorted(os.listdir(old.parent)) == ["labels.zarr"]


def test_after_the_files_got_their_names(files, run, old, monkeypatch):
    def stop(*arguments, err=False):
        if not err:
            raise KeyboardInterrupt

    monkeypatch.setattr(convert.click, "echo", stop)
    done = run("convert", files / "volume.tif", old)
    monkeypatch.undo()
    assert done.code == 130
    with open_volume(old) as volume:
        assert volume.shape == files.image.shape


def test_before_that(files, run, old, monkeypatch):
    def stop(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(outputs.Outputs, "publish", stop)
    done = run("convert", files / "volume.tif", old)
    assert done.code == 130
    assert "stopped; nothing was written" in done.err
    with open_volume(old) as volume:
        assert volume.shape == (4, 5, 6)
    assert os.listdir(old.parent) == ["labels.zarr"]


def test_what_a_killed_command_had_moved_aside_comes_back(tmp_path):
    left = _left(tmp_path / "labels.zarr", role="old")
    (left / "only copy").touch()
    with outputs.Outputs([]) as planned:
        planned.plan_volume(str(tmp_path / "labels.zarr"), (4, 5, 6), np.uint8)
    assert os.listdir(tmp_path) == ["labels.zarr"]
    assert os.listdir(tmp_path / "labels.zarr") == ["only copy"]
