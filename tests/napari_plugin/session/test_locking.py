"""A lock holds: whatever is painted, finished and prepared, its class keeps the voxels it has."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner
from supervox.cli import supervox
from supervox.napari_plugin.session import delivery, locking
from supervox.napari_plugin.tasks import accepting
from supervox.project import By, Project
from supervox.volumes import open_volume

from tests.napari_plugin.corrector import put

STRIP = 8, slice(3, 9), slice(4, 30)  # of the plane in view, across classes 1 and 2


@pytest.fixture
def labelled(bench):
    bench.prepare(1, 2, 3)
    return bench


def labels(bench):
    return np.array(bench.session.correcting.shown.now())


def lock(bench, class_id, on=True):
    bench.session.correcting.locking.set_locked(class_id, on)
    bench.settle()


def mislead(bench, class_id=1):
    """Paint a class where it is wrong, so that learning moves the others."""
    mask = np.zeros(bench.strokes.data.shape, bool)
    mask[STRIP] = True
    bench.paint_voxels(mask, class_id)
    bench.settle()


def of_class(found, class_id):
    return np.flatnonzero(found == class_id)


def test_a_locked_class_keeps_its_voxels_and_gets_no_others(labelled):
    session = labelled.session
    before = labels(labelled)
    mislead(labelled)
    assert (of_class(labels(labelled), 2).size) != of_class(before, 2).size  # without a lock
    session.painting.undo()
    labelled.settle()
    np.testing.assert_array_equal(labels(labelled), before)
    lock(labelled, 2)
    np.testing.assert_array_equal(labels(labelled), before)  # a lock changes nothing
    assert "stay as they are, whatever is learned" in labelled.said
    mislead(labelled)
    np.testing.assert_array_equal(of_class(labels(labelled), 2), of_class(before, 2))
    assert of_class(labels(labelled), 1).size > of_class(before, 1).size - 1
    mislead(labelled, 3)
    np.testing.assert_array_equal(of_class(labels(labelled), 2), of_class(before, 2))
    session.choose(session.parameters.balanced((2, 4.0)))
    labelled.settle()
    np.testing.assert_array_equal(of_class(labels(labelled), 2), of_class(before, 2))
    session.delivery.finish()
    labelled.settle()
    np.testing.assert_array_equal(of_class(labels(labelled), 2), of_class(before, 2))
    session.extent.prepare()  # anew
    labelled.settle()
    np.testing.assert_array_equal(of_class(labels(labelled), 2), of_class(before, 2))
    assert not (np.asarray(session.view.live[1].table) == 2).any()


def test_unlocked_it_follows_the_strokes_as_if_it_had_never_been_locked(labelled):
    session = labelled.session
    mislead(labelled)
    expected = labels(labelled)
    session.painting.undo()
    labelled.settle()
    hand = np.array([5, 9, 700])
    put(session, hand, np.full(3, 2, np.uint8), "put right", By.HAND)
    lock(labelled, 2)
    mislead(labelled)
    lock(labelled, 2, on=False)
    assert "follow the strokes again" in labelled.said
    expected.reshape(-1)[hand] = 2  # what was put right by hand stays
    np.testing.assert_array_equal(labels(labelled), expected)
    np.testing.assert_array_equal(np.flatnonzero(session.painting.corrections.now), hand)


def test_a_lock_and_its_end_are_one_step_of_undo_each(labelled):
    session = labelled.session
    painting, classes = session.painting, session.classes
    before = labels(labelled)
    lock(labelled, 2)
    kept = painting.corrections.now.copy()
    assert (kept == np.where(before == 2, 2, 0)).all()
    lock(labelled, 2, on=False)
    assert not painting.corrections.now.any()
    painting.undo()
    assert classes[2].locked
    assert classes.held == (2,)
    np.testing.assert_array_equal(painting.corrections.now, kept)
    painting.undo()
    assert not classes[2].locked
    assert not painting.corrections.now.any()
    labelled.settle()
    np.testing.assert_array_equal(labels(labelled), before)
    painting.undo()  # the stroke before
    painting.redo()
    painting.redo()
    assert classes.held == (2,)
    np.testing.assert_array_equal(painting.corrections.now, kept)
    painting.redo()
    assert not classes[2].locked
    assert not painting.corrections.now.any()


def test_a_lock_of_final_labels_leaves_them_current_and_unlocking_too(labelled):
    session = labelled.session
    session.delivery.finish()
    labelled.settle()
    raw = labels(labelled)
    lock(labelled, 2)
    assert session.delivery.is_finished
    np.testing.assert_array_equal(labels(labelled), raw)
    session.delivery.finish()  # anew: nothing else comes of it
    labelled.settle()
    np.testing.assert_array_equal(labels(labelled), raw)
    assert not (session.delivery.final.labels == 2).any()
    lock(labelled, 2, on=False)  # they were made without the class, and are made with it now
    assert "follow the strokes again, and the final labels are computed anew" in labelled.said
    assert session.delivery.is_finished
    np.testing.assert_array_equal(labels(labelled), raw)
    session.painting.undo()
    labelled.settle()
    assert session.classes.held == (2,)
    assert session.delivery.is_finished
    np.testing.assert_array_equal(labels(labelled), raw)


def test_final_labels_that_take_long_are_not_computed_by_an_unlock_which_says_so(
    labelled, monkeypatch
):
    session = labelled.session
    lock(labelled, 2)
    session.delivery.finish()
    labelled.settle()
    monkeypatch.setattr(delivery, "QUICK_S", 0.0)
    lock(labelled, 2, on=False)
    assert "press Finish in step 4 for final labels that do" in labelled.said
    assert not session.delivery.is_finished


def test_nothing_gives_a_locked_class_a_voxel_back_that_a_correction_covers(labelled):
    session = labelled.session
    session.delivery.finish()
    labelled.settle()
    final = labels(labelled)
    some = of_class(final, 2)[:40]
    put(session, some, np.full(40, 1, np.uint8), "put right", By.HAND)
    lock(labelled, 2)
    now = labels(labelled)
    assert put(session, some, np.zeros(40, np.uint8), "erased", By.HAND) == 0
    assert "40 voxels kept" in labelled.said
    np.testing.assert_array_equal(labels(labelled), now)


def test_before_there_are_labels_a_lock_keeps_strokes_and_says_so(bench):
    session = bench.session
    session.classes.add("third")
    session.correcting.locking.set_locked(2, True)
    assert session.classes[2].locked
    assert session.classes.held == ()
    assert "Labels there are none yet" in bench.said
    session.correcting.locking.set_locked(2, False)
    assert not session.classes[2].locked


def test_what_is_corrected_while_a_lock_is_found_is_kept(labelled, monkeypatch, held):
    """Labels may follow a stroke meanwhile, so that voxels of the class are of others then."""
    session = labelled.session

    def find_long(*args):
        return held.around(accepting.voxels_of_class(*args))

    before = labels(labelled)
    monkeypatch.setattr(locking, "voxels_of_class", find_long)
    session.correcting.locking.set_locked(2, True)
    labelled.until(held.is_done.is_set)
    mask = np.zeros(before.shape, bool)
    mask[STRIP] = True
    labelled.paint_voxels(mask & (labelled.strokes.data == 0), 1)
    labelled.until(lambda: not (session.live.is_busy or session.live.updating.is_running))
    moved = np.flatnonzero((before == 2) & (labels(labelled) == 1))[:5]
    assert moved.size
    assert put(session, moved, np.full(moved.size, 3, np.uint8)) == moved.size
    held.may_return.set()
    labelled.settle()
    assert session.classes[2].held
    assert (labels(labelled).reshape(-1)[moved] == 3).all()
    session.painting.undo()  # the lock
    labelled.settle()
    assert not session.classes[2].held
    assert (labels(labelled).reshape(-1)[moved] == 3).all()


def test_a_class_too_large_for_a_lock_is_said_to_be(labelled, monkeypatch):
    monkeypatch.setattr(accepting, "MOST_VOXELS", 100)
    monkeypatch.setattr(locking, "MOST_VOXELS", 100)
    lock(labelled, 2)
    assert labelled.session.classes[2].locked
    assert labelled.session.classes.held == ()
    assert "100 at most can be: other strokes may still change them" in labelled.said
    assert not labelled.session.painting.corrections.now.any()


def test_several_classes_are_locked_one_after_the_other_and_all_of_them(labelled):
    locking = labelled.session.correcting.locking
    before = labels(labelled)
    for class_id in (1, 2, 3):
        locking.set_locked(class_id, True)
    labelled.settle()
    assert labelled.session.classes.held == (1, 2, 3)
    mislead(labelled, 3)
    np.testing.assert_array_equal(labels(labelled), before)


def test_what_is_held_in_one_image_is_free_in_the_next(labelled, scene):
    lock(labelled, 2)
    other = labelled.viewer.add_image(255 - scene.image, name="other")
    labelled.session.choose_image(other)
    assert not labelled.session.classes[2].locked
    assert labelled.session.classes.held == ()


def test_window_and_command_line_agree_on_what_is_held(labelled, open_bench, tmp_path):
    session = labelled.session
    project_folder = session.autosave.project.folder
    lock(labelled, 2)
    before = labels(labelled)
    mislead(labelled)
    session.delivery.finish()
    labelled.settle()
    shown = labels(labelled)
    np.testing.assert_array_equal(of_class(shown, 2), of_class(before, 2))
    session.autosave.release()
    labelled.settle()
    made = tmp_path / "made.tif"
    command = ["segment", "--project", str(project_folder), "--output", str(made)]
    done = CliRunner().invoke(supervox, command)
    assert done.exit_code == 0, done.output
    with open_volume(made) as written:
        np.testing.assert_array_equal(written.data[:], shown)
    with Project.open(project_folder, read_only=True) as project:
        assert [item.id for item in project.annotations.classes if item.held] == [2]


def test_a_project_opens_with_what_is_held(labelled, open_bench):
    lock(labelled, 2)
    mislead(labelled)
    before = labels(labelled)
    folder = labelled.session.autosave.project.folder
    labelled.session.autosave.release()
    labelled.settle()
    bench = open_bench()
    bench.session.autosave.open(folder)
    bench.settle()
    bench.session.extent.prepare()
    bench.settle()
    np.testing.assert_array_equal(labels(bench), before)
    assert bench.session.classes.held == (2,)
    mislead(bench, 3)
    np.testing.assert_array_equal(of_class(labels(bench), 2), of_class(before, 2))
    lock(bench, 2, on=False)
    assert not bench.session.painting.corrections.now.any()
