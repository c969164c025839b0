"""Locks that hold labels: steps like others, kept in the journal and the table of classes."""

from __future__ import annotations

import numpy as np
import pytest
from supervox.project import (
    By,
    LockChange,
    Paint,
    Project,
    ProjectClass,
    Recorder,
    VoxelChange,
    complete,
    held_ids,
)
from supervox.project.annotations import AnnotationStore
from supervox.project.changes import ClassChange
from supervox.project.classes import classes_from_json, classes_to_json

SHAPE = (6, 10, 10)


@pytest.fixture
def store(tmp_path):
    store = AnnotationStore.create(tmp_path, SHAPE)
    yield store
    store.close(force=True)


def labels(voxels, class_id=2):
    """Return what a lock makes of the labels of a class."""
    at, new = np.array(voxels, np.int64), np.full(len(voxels), class_id, np.uint8)
    return VoxelChange(at, np.zeros_like(new), new, Paint.CORRECTIONS, By.LOCK)


def lock(of, voxels, class_id=2):
    made = labels(voxels, class_id)
    made.apply({Paint.CORRECTIONS: of.corrections})
    of.record(made)
    of.record(LockChange(class_id, True, len(voxels)))


def unlock(of, class_id=2):
    voxels = of.held_voxels(class_id)
    of.record(LockChange(class_id, False, voxels.size))
    back = labels(voxels, class_id).inverse
    back.apply({Paint.CORRECTIONS: of.corrections})
    of.record(back)


@pytest.mark.parametrize(
    "make", [lambda store: Recorder(store.voxels, store), lambda _: Recorder(np.zeros(SHAPE, "u1"))]
)
def test_what_a_lock_holds_is_known_until_its_end_through_undo(store, make):
    of = make(store)
    assert not of.held_voxels(2).size
    lock(of, [7, 8, 9])
    lock(of, [30, 31], class_id=3)
    assert of.held_voxels(2).tolist() == [7, 8, 9]
    assert of.held_voxels(3).tolist() == [30, 31]
    assert not of.held_voxels(1).size
    unlock(of)
    assert not of.held_voxels(2).size
    of.undo()
    assert of.undo() == LockChange(2, True, 3)
    assert of.held_voxels(2).tolist() == [7, 8, 9]
    of.undo()
    of.undo()
    assert not of.held_voxels(3).size
    assert of.held_voxels(2).tolist() == [7, 8, 9]


def test_a_class_without_labels_is_held_without_voxels(store):
    lock(store, [7, 8])
    store.record(LockChange(3, True, 0))
    assert not store.made.held_voxels(3).size


def test_locks_are_there_again_when_the_annotations_are_opened(store, tmp_path):
    lock(store, [7, 8, 9])
    store.classes = (ProjectClass(2, "fat", "#ff0000", locked=True, held=True),)
    store.close()
    again = AnnotationStore.open(tmp_path)
    assert again.made.held_voxels(2).tolist() == [7, 8, 9]
    assert held_ids(again.classes) == (2,)
    assert again.undo() == LockChange(2, False, 3)
    assert again.undo().by is By.LOCK
    assert not again.corrections.any()
    assert again.redo().by is By.LOCK
    assert again.redo() == LockChange(2, True, 3)
    drawn = again.by_tools.draw()
    assert np.flatnonzero(drawn).tolist() == [7, 8, 9]  # no person painted them
    again.close()


def test_only_a_class_that_is_locked_is_held():
    with pytest.raises(ValueError, match="class 2 are held, and it isn't locked"):
        ProjectClass(2, "fat", "#ff0000", held=True)
    with pytest.raises(ValueError, match="held"):
        ProjectClass(2, "fat", "#ff0000", locked=True, held=1)


def test_a_table_in_which_nothing_is_held_is_as_it_ever_was():
    free, held = (ProjectClass(2, "fat", "#ff0000", True, True, on) for on in (False, True))
    assert classes_to_json([free]) == [
        {"id": 2, "name": "fat", "colour": "#ff0000", "visible": True, "locked": True}
    ]
    for item in (free, held):
        assert classes_from_json({"classes": classes_to_json([item])}) == (item,)
        change = ClassChange(item, 0, True, False)
        assert ClassChange.from_json(change.to_json()) == change


@pytest.mark.parametrize(
    "content",
    [
        {"class_id": 0, "is_locked": True, "n_voxels": 1},
        {"class_id": 256, "is_locked": True, "n_voxels": 1},
        {"class_id": 2, "is_locked": True, "n_voxels": -1},
        {"class_id": 2, "is_locked": 1, "n_voxels": 1},
        {"class_id": 2},
    ],
)
def test_a_damaged_lock_is_refused(content):
    with pytest.raises(ValueError, match=r"lock|is_locked|missing"):
        LockChange.from_json(content)


def test_a_result_gives_a_held_class_what_corrections_give_it_and_no_more(home):
    with Project.open(home / "cell.supervox") as project, project.open_volume() as volume:
        before = complete(project, volume.data).labels
        held = int(np.bincount(before.ravel())[1:].argmax()) + 1
        kept = np.flatnonzero(before == held)[::2]
        project.annotations.apply(labels(kept, held))
        project.annotations.classes = [ProjectClass(held, "held", "#ff0000", True, True, True)]
        after = complete(project, volume.data).labels
    np.testing.assert_array_equal(np.flatnonzero(after == held), kept)
    others = before != held
    np.testing.assert_array_equal(after[others], before[others])
