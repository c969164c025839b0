"""The labels of what objects lie in, as a project names them: found, read, or said to be gone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from supervox.execution import Cancelled, Run
from supervox.objects import (
    Asked,
    MeasureRequest,
    ObjectSteps,
    find_step,
    measure_by_steps,
    open_parents,
)
from supervox.volumes import write_volume

SHAPE = (4, 6, 8)


@pytest.fixture
def cells() -> np.ndarray:
    """Two cells, 3 and 7, side by side."""
    found = np.zeros(SHAPE, np.uint8)
    found[:, :, :3], found[:, :, 5:] = 3, 7
    return found


@pytest.fixture
def file(cells: np.ndarray, tmp_path: Path) -> Path:
    write_volume(tmp_path / "cells.tif", cells)
    return tmp_path / "cells.tif"


def test_none_are_opened_where_none_are_asked_for() -> None:
    with open_parents("", SHAPE) as found:
        assert (found.labels, found.address, found.why_not) == (None, "", "")


def test_they_are_read_from_their_file(file: Path, cells: np.ndarray) -> None:
    with open_parents(str(file), SHAPE) as found:
        np.testing.assert_array_equal(found.labels[:], cells)
        assert (found.address, found.why_not) == (str(file), "")
    box = slice(1, 3), slice(0, 6), slice(2, 7)
    with open_parents(str(file), SHAPE, box) as found:
        np.testing.assert_array_equal(found.labels, cells[box])


def test_a_file_that_moved_with_the_image_is_found_beside_it(file: Path, tmp_path: Path) -> None:
    beside = tmp_path / "elsewhere"
    beside.mkdir()
    moved = file.rename(beside / file.name)
    with open_parents(str(file), SHAPE, beside=beside) as found:
        assert found.address == str(moved)
    with open_parents(str(file), SHAPE, beside=tmp_path) as found:
        assert found.labels is None
        assert found.why_not == f"cells.tif isn't in {tmp_path} any more"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "other.tif isn't in "),
        (b"no picture", "other.tif"),
        (np.zeros((4, 6, 9), np.uint8), "other.tif has 4 x 6 x 9 voxels, the image 4 x 6 x 8"),
        (np.full(SHAPE, -1, np.int32), "the labels of other.tif hold -1, which is no id"),
        (np.full(SHAPE, 0.5, np.float32), "labels are whole numbers"),
    ],
)
def test_why_there_are_none_is_said_in_a_line(tmp_path: Path, content, words: str) -> None:
    path = tmp_path / "other.tif"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        write_volume(path, content, kind="labels" if content.dtype.kind in "ui" else "image")
    with open_parents(str(path), SHAPE) as found:
        assert (found.labels, found.digest) == (None, "")
        assert words in found.why_not
        assert "\n" not in found.why_not


def test_the_digest_is_of_the_ids_alone(file: Path, cells: np.ndarray, tmp_path: Path) -> None:
    def digest(values: np.ndarray) -> str:
        write_volume(tmp_path / "again.tif", values)
        with open_parents(str(tmp_path / "again.tif"), SHAPE) as found:
            return found.digest

    with open_parents(str(file), SHAPE) as found:
        assert found.digest == digest(cells.astype(np.uint16))
        assert found.digest != digest(np.where(cells == 7, 8, cells))


def test_reading_them_is_stopped(file: Path) -> None:
    run = Run(None, lambda *_: None, lambda: True)
    with pytest.raises(Cancelled), open_parents(str(file), SHAPE, run=run):
        raise AssertionError("they were opened")


def test_steps_keep_the_address_and_those_of_before_have_none(file: Path) -> None:
    asked = Asked(2, None, (1,), (), str(file))
    assert ObjectSteps.of([find_step(asked)]).asked == asked
    assert "parents" not in find_step(Asked(2))
    assert ObjectSteps.of([{"kind": "find", "class": 2, "split": None}]).asked.parents == ""


def test_objects_lie_where_they_lie(file: Path) -> None:
    labels = np.zeros(SHAPE, np.uint8)
    labels[1:3, 1:3, 1:5] = 1  # half of it in cell 3
    labels[1:3, 4, 6], labels[0, 0, 3] = 1, 2
    with open_parents(str(file), SHAPE) as found:
        request = MeasureRequest(parents=found.labels)
        objects = measure_by_steps(labels, ObjectSteps(), request).measured.objects
    of = dict(zip(objects["voxels"].tolist(), objects["parent"].tolist(), strict=True))
    assert of == {16: 3, 2: 7, 1: 0}


def test_an_image_is_none(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(1, 255, (8, 20, 20), np.uint8)
    write_volume(tmp_path / "image.tif", image, kind="image")
    with open_parents(str(tmp_path / "image.tif"), image.shape) as found:
        assert found.labels is None
        assert "image.tif: is an image, and no labels of what objects lie in" in found.why_not
