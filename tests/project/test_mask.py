"""The mask of a project: the same by what it leaves out, kept whole, heeded in a box."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from supervox.project import Mask, Project, ProjectError, complete, keep_mask, load_mask
from supervox.project.array_parts import Parts
from supervox.segmentation import Segmenter

SHAPE = (40, 44, 48)


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    shutil.copytree(finished, tmp_path / "home")
    return tmp_path / "home" / "cell.supervox"


def columns(first: int) -> np.ndarray:
    """Return a mask that leaves out the first columns."""
    voxels: np.ndarray = np.ones(SHAPE, np.uint8)
    voxels[:, :, :first] = 0
    return voxels


@given(
    arrays(np.int16, (2, 3, 4), elements=st.integers(-2, 2)),
    arrays(np.int16, (2, 3, 4), elements=st.integers(-2, 2)),
)
def test_masks_are_the_same_where_they_leave_out_the_same(one: np.ndarray, other: np.ndarray):
    if not one.any() or not other.any():
        return
    masks = [Mask.of(values, name) for values, name in ((one, "one"), (other, "other"))]
    assert (masks[0] == masks[1]) == bool(((one == 0) == (other == 0)).all())
    assert masks[0].reference.left_out == np.count_nonzero(one == 0)
    np.testing.assert_array_equal(masks[0].voxels[:], one != 0)


def test_shape_is_part_of_a_mask() -> None:
    voxels = np.ones((2, 3, 4), np.uint8)
    assert Mask.of(voxels, "") != Mask.of(voxels.reshape(4, 3, 2), "")


def test_a_mask_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(ProjectError, match="tube: is 0 everywhere"):
        Mask.of(np.zeros((2, 3, 4), np.uint8), "tube")


def test_a_mask_is_there_again(folder: Path) -> None:
    with Project.open(folder) as project:
        assert load_mask(project) is None
        assert keep_mask(project, Mask.of(columns(5), "tube"))
        assert not keep_mask(project, Mask.of(3 * columns(5), "tube"))
        assert keep_mask(project, Mask.of(columns(6), "wide"))
        assert keep_mask(project, Mask.of(columns(5), "tube"))
    with Project.open(folder, read_only=True) as project:
        mask = load_mask(project)
        assert mask == Mask.of(columns(5), "tube")
        np.testing.assert_array_equal(mask.voxels, columns(5))
        with pytest.raises(ProjectError, match="can't be changed"):
            keep_mask(project, None)
        with pytest.raises(ProjectError, match="can't be changed"):
            keep_mask(project, Mask.of(columns(6), "wide"))
    assert len(Parts(folder / "mask").generations("mask")) == 1


def test_the_settings_in_the_journal_have_it_too(folder: Path) -> None:
    with Project.open(folder) as project:
        keep_mask(project, Mask.of(columns(5), "tube"))
    (folder / "project.json").unlink()
    with Project.open(folder) as project:
        assert load_mask(project) == Mask.of(columns(5), "tube")


def test_a_copy_has_it(folder: Path) -> None:
    with Project.open(folder) as project:
        keep_mask(project, Mask.of(columns(5), "tube"))
        project.save_as(folder.with_name("copy.supervox"))
    with Project.open(folder.with_name("copy.supervox")) as copy:
        assert load_mask(copy) == Mask.of(columns(5), "tube")


def test_an_older_generation_is_used_where_the_settings_name_it(folder: Path) -> None:
    """As where a program ended after it wrote the new mask, and before the settings."""
    with Project.open(folder) as project:
        keep_mask(project, Mask.of(columns(5), "tube"))
        shutil.copytree(folder / "mask", folder / "kept")
        keep_mask(project, Mask.of(columns(6), "wide"))
        shutil.copytree(folder / "kept", folder / "mask", dirs_exist_ok=True)
        settings = project.settings
        assert settings.mask is not None
        project.settings = replace(settings, mask=Mask.of(columns(5), "tube").reference)
        assert load_mask(project) == Mask.of(columns(5), "tube")


def test_a_mask_of_another_volume_is_refused(folder: Path) -> None:
    with Project.open(folder) as project:
        with pytest.raises(ProjectError, match="tube: is no mask of the volume"):
            keep_mask(project, Mask.of(columns(5)[1:], "tube"))
        assert project.settings.mask is None


def test_what_was_prepared_with_another_mask_is_not_used(folder: Path, sample) -> None:
    with Project.open(folder) as project:
        assert len(project.derived.load_partitions()) == 2
        keep_mask(project, Mask.of(columns(5), "tube"))
        assert project.derived.load_partitions() == []
        assert project.derived.load_result(project.strokes) is None
        assert project.derived.load_model(project.strokes) is None
        keep_mask(project, None)
        assert len(project.derived.load_partitions()) == 2


@pytest.mark.parametrize("box", [None, ((0, 40), (4, 44), (2, 40))])
def test_labels_are_those_of_the_mask_without_a_project(folder: Path, sample, box) -> None:
    with Project.open(folder) as project:
        project.settings = replace(project.settings, box=box)
        keep_mask(project, Mask.of(columns(5), "tube"))
        part = project.settings.slices or (slice(None),) * 3
        settings = project.settings
        found = complete(project, sample.image[part])
        expected = Segmenter(
            sample.image[part],
            mask=columns(5)[part],
            spacing=settings.spacing,
            parameters=settings.parameters,
        ).segment(project.strokes)
        np.testing.assert_array_equal(found.labels, expected.labels)
        np.testing.assert_array_equal(found.labels > 0, columns(5)[part] > 0)
        again = complete(project, sample.image[part])  # from tables
        np.testing.assert_array_equal(again.labels, expected.labels)
