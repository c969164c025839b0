"""Commands on files as others make and name them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from supervox.volumes import write_volume

Run = Callable[..., Any]


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
