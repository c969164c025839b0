"""Corrections lie over all labels, are steps of undo, and are kept with the project."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner
from supervox.cli import supervox
from supervox.napari_plugin.layers.lookup import FLAT, Finer
from supervox.napari_plugin.painting.stepping import look_at_next
from supervox.napari_plugin.project.project_files import reopen
from supervox.napari_plugin.tasks.accepting import FoundChange, OfClass
from supervox.napari_plugin.tasks.exporting import ExportKind
from supervox.project import Paint, Project, VoxelChange
from supervox.volumes import open_volume, write_volume

from tests.napari_plugin.corrector import put

PART = slice(3, 6), slice(10, 20), slice(2, 8)  # all of it is of class 1


def voxels(shape, part=PART):
    mask = np.zeros(shape, bool)
    mask[part] = True
    return np.flatnonzero(mask)


def correct(bench, class_id, part=PART):
    found = voxels(bench.strokes.data.shape, part)
    return put(bench.session, found, np.full(found.size, class_id, np.uint8), "put")


def laid_over(labels, class_id, part=PART):
    expected = np.array(labels)
    expected[part] = class_id
    return expected


@pytest.fixture
def labelled(bench):
    bench.prepare(1, 2, 3)
    return bench


def test_live_labels_show_corrections_which_no_stroke_takes_away(labelled, scene):
    session = labelled.session
    before, result = np.array(session.view.prediction.data), session.view.result
    assert correct(labelled, 3) == 180
    np.testing.assert_array_equal(session.view.prediction.data, laid_over(before, 3))
    np.testing.assert_array_equal(session.correcting.shown.now(), laid_over(before, 3))
    np.testing.assert_array_equal(session.correcting.shown.now()[4], laid_over(before, 3)[4])
    labelled.settle()
    assert session.view.result is result  # nothing was learned from it
    mask = np.zeros(scene.shape, bool)
    mask[12, 5:15, 2:10] = True
    labelled.paint_voxels(mask, 1)
    labelled.settle()
    assert session.view.result is not result
    assert (np.asarray(session.view.prediction.data)[PART] == 3).all()


def test_labels_of_a_picture_are_as_sharp_as_they_are_shown(open_bench, scene):
    bench = open_bench(scene.image[scene.plane], name="scene")
    bench.session.extent.prepare()
    for class_id in (1, 2):
        stroke = np.zeros(scene.shape[1:], bool)
        stroke[scene.stroke(class_id)[1:]] = True
        bench.paint_voxels(stroke, class_id)
    bench.settle()
    _, live = bench.session.view.live
    live.planes[FLAT] = Finer(np.full(live.shape, 2, np.uint8), live.table)
    assert (np.array(bench.session.correcting.shown.now()) == 2).all()


def test_final_labels_show_them_and_stay_as_they_are_beneath(labelled):
    session = labelled.session
    session.delivery.finish()
    labelled.settle()
    raw = session.delivery.final.labels.copy()
    correct(labelled, 2)
    np.testing.assert_array_equal(session.view.final.data, laid_over(raw, 2))
    np.testing.assert_array_equal(session.correcting.shown.now(), laid_over(raw, 2))
    np.testing.assert_array_equal(session.delivery.final.labels, raw)
    assert session.delivery.is_finished  # strokes are what they were
    correct(labelled, 0)
    np.testing.assert_array_equal(session.view.final.data, raw)
    correct(labelled, 2)
    session.delivery.finish()
    labelled.settle()
    np.testing.assert_array_equal(session.view.final.data, laid_over(raw, 2))


def test_each_is_a_step_of_the_undo_that_strokes_have(labelled):
    session = labelled.session
    painting, labels = session.painting, session.correcting.shown.now
    before, strokes = np.array(labels()), labelled.strokes.data.copy()
    result = session.view.result
    correct(labelled, 3)
    correct(labelled, 2, (4, 12, 5))
    painting.undo()
    np.testing.assert_array_equal(labels(), laid_over(before, 3))
    painting.undo()
    np.testing.assert_array_equal(labels(), before)
    labelled.settle()
    np.testing.assert_array_equal(labelled.strokes.data, strokes)
    assert session.view.result is result  # strokes didn't change: nothing is learned again
    painting.redo()
    np.testing.assert_array_equal(labels(), laid_over(before, 3))
    assert painting.corrections.counts[3] == 180


def test_what_is_locked_keeps_its_labels_whatever_corrects(labelled):
    session = labelled.session
    before = np.array(session.correcting.shown.now())
    across = slice(8, 9), slice(0, 40), slice(0, 32)  # classes 1 and 2
    session.classes.change(2, locked=True)
    kept = int((before[across] == 2).sum())
    assert correct(labelled, 3, across) == before[across].size - kept
    expected = before.copy()
    expected[across][before[across] == 1] = 3
    np.testing.assert_array_equal(session.correcting.shown.now(), expected)
    assert f"{kept:,} voxels kept, {session.classes[2].name} locked" in labelled.said
    assert correct(labelled, 2) == 0  # nothing is given to it, either
    session.classes.change(3, locked=True)
    session.painting.undo()
    labelled.settle()
    np.testing.assert_array_equal(session.correcting.shown.now(), expected)
    assert "locked: unlock to undo this step" in labelled.said
    session.classes.change(3, locked=False)
    session.painting.undo()
    labelled.settle()
    np.testing.assert_array_equal(session.correcting.shown.now(), before)


def test_they_are_kept_when_the_dock_is_closed_and_the_project_saved_elsewhere(labelled, tmp_path):
    session = labelled.session
    before = np.array(session.correcting.shown.now())
    correct(labelled, 3)
    labelled.settle()
    session.autosave.save_as(tmp_path / "copy.supervox")
    correct(labelled, 2, (4, 12, 5))  # while it is copied
    labelled.settle()
    expected = laid_over(laid_over(before, 3), 2, (4, 12, 5))
    np.testing.assert_array_equal(session.correcting.shown.now(), expected)
    session.close()
    with Project.open(tmp_path / "copy.supervox") as project:
        np.testing.assert_array_equal(
            project.annotations.corrections, np.where(expected == before, 0, expected)
        )


def test_a_project_opens_with_them(labelled, open_bench):
    correct(labelled, 3)
    labelled.settle()
    folder = labelled.session.autosave.folder
    labelled.session.close()
    other = open_bench()
    other.session.autosave.open(folder)
    other.settle()
    other.session.extent.prepare()
    other.settle()
    assert other.session.painting.corrections.counts.tolist() == [0, 0, 0, 180] + 252 * [0]
    assert (np.asarray(other.session.correcting.shown.now())[PART] == 3).all()
    other.session.painting.undo()
    other.settle()
    assert not (np.asarray(other.session.correcting.shown.now())[PART] == 3).any()


def test_exported_labels_have_them(labelled, tmp_path):
    session = labelled.session
    correct(labelled, 3)
    for kind in (ExportKind.LABELS, ExportKind.CORRECTIONS):
        session.delivery.export(kind, tmp_path / f"{kind}.zarr")
        labelled.settle()
    raw = session.delivery.final.labels
    with open_volume(tmp_path / "labels.zarr") as volume:
        np.testing.assert_array_equal(volume.data[:], laid_over(raw, 3))
    with open_volume(tmp_path / "corrections.zarr") as volume:
        np.testing.assert_array_equal(volume.data[:], laid_over(np.zeros_like(raw), 3))
    assert not session.delivery.written.is_old
    correct(labelled, 2)
    assert session.delivery.written.is_old


def test_shares_and_planes_count_what_is_corrected(labelled):
    session = labelled.session
    before, amounts = session.looking.shares, session.looking.amounts
    correct(labelled, 3)
    labelled.settle()
    size = np.prod(labelled.strokes.data.shape)
    assert session.looking.shares[3] == pytest.approx(before[3] + 180 / size)
    assert session.looking.shares[1] == pytest.approx(before[1] - 180 / size)
    now = session.looking.amounts
    plane = size / labelled.strokes.data.shape[0]
    expected = amounts.shares.copy()
    expected[PART[0]] += np.array([-1, 0, 1]) * 60 / plane
    np.testing.assert_allclose(now.shares, expected)
    session.painting.undo()
    labelled.settle()
    assert session.looking.shares == before


def test_objects_are_those_of_corrected_labels_and_old_when_these_change(labelled):
    session = labelled.session
    session.delivery.finish()
    labelled.settle()
    objects = session.delivery.objects
    correct(labelled, 3)
    objects.find(3)
    labelled.settle()
    assert objects.found.number == 2
    assert 180 in objects.found.table["voxels"].tolist()
    assert not objects.is_old
    session.painting.undo()
    labelled.settle()
    assert objects.is_old


def test_planes_that_are_compared_have_them(labelled):
    session = labelled.session
    session.comparison.look()
    labelled.settle()
    plane = session.comparison.planes[1]
    part = slice(plane.at, plane.at + 1), *PART[1:]
    correct(labelled, 3, part)
    np.testing.assert_array_equal(plane.by_hand[PART[1:]], 3)
    assert np.count_nonzero(plane.by_hand) == 60


def test_a_class_that_only_corrections_have_is_named_in_files(labelled, tmp_path):
    session = labelled.session
    new = session.classes.add()
    correct(labelled, new.id)
    session.delivery.export(ExportKind.LABELS, tmp_path / "labels.zarr")
    labelled.settle()
    with open_volume(tmp_path / "labels.zarr") as volume:
        assert new.id in [item.value for item in volume.classes]
        assert (volume.data[PART] == new.id).all()


def test_a_correction_outside_of_the_box_that_is_worked_in_waits_for_the_whole(labelled):
    session = labelled.session
    session.volume.set_box((slice(0, 16), slice(0, 40), slice(16, 48)))
    session.extent.prepare()
    labelled.settle()
    before = np.array(session.correcting.shown.now())
    correct(labelled, 3)  # columns 2 to 8
    np.testing.assert_array_equal(session.correcting.shown.now(), before)
    correct(labelled, 3, (4, 5, slice(10, 20)))
    after = np.array(session.correcting.shown.now())
    assert (after[4, 5, :4] == 3).all()
    before[4, 5, :4] = 3
    np.testing.assert_array_equal(after, before)
    np.testing.assert_array_equal(session.view.prediction.data, before)


def test_window_and_command_line_export_the_same_bytes(open_bench, scene, tmp_path):
    write_volume(tmp_path / "scene.tif", scene.image, spacing=(20, 10, 10), unit="nm")
    bench = open_bench()
    session = bench.session
    session.opening.open(str(tmp_path / "scene.tif"))
    bench.until(lambda: session.volume.image is not None)
    bench.prepare(1, 2, 3)
    correct(bench, 3)
    new = session.classes.add()
    correct(bench, new.id, (9, slice(2, 6), slice(4, 40)))
    session.autosave.save_as(tmp_path / "cell.supervox")
    bench.settle()
    for kind in (ExportKind.LABELS, ExportKind.CORRECTIONS):
        session.delivery.export(kind, tmp_path / f"{kind}.tif")
        bench.settle()
    session.close()
    words = ["export", tmp_path / "cell.supervox", "--output", tmp_path, "--format", "tif"]
    kinds = ["--what", "labels", "--what", "corrections"]
    result = CliRunner().invoke(supervox, [str(word) for word in (*words, *kinds)])
    assert result.exit_code == 0, result.output
    for kind in ("labels", "corrections"):
        written = (tmp_path / f"{kind}.tif").read_bytes()
        assert written == (tmp_path / f"cell_{kind}.tif").read_bytes()


def test_a_class_that_is_too_large_to_be_accepted_is_said_to_be(labelled, monkeypatch):
    monkeypatch.setattr("supervox.napari_plugin.tasks.accepting.MOST_VOXELS", 100)
    session = labelled.session
    session.correcting.whole.accept(1)
    labelled.until(lambda: not session.correcting.whole.finding.is_running)
    assert "can be accepted: work in a box" in labelled.said
    assert session.painting.corrections.is_blank
    session.classes.change(1, locked=True)
    session.correcting.whole.accept(1)
    assert "locked: unlock it to accept it" in labelled.said


def test_a_project_that_is_read_only_is_not_corrected(labelled):
    labelled.session.painting.hand.set_read_only(True)
    assert correct(labelled, 3) == 0
    assert "Not put: the project is read-only" in labelled.said


def test_what_is_right_by_hand_is_no_place_to_look_at(labelled):
    session = labelled.session
    session.looking.go_on()
    labelled.settle()
    asked = session.looking.asked
    assert asked is not None
    session.looking.clear()
    everywhere = np.ravel_multi_index(asked.voxels, labelled.strokes.data.shape)
    put(session, np.sort(everywhere), np.full(everywhere.size, 2, np.uint8), "put right")
    places = session.looking.places
    places._shown.clear()
    session.looking.go_on()
    labelled.settle()
    now = session.looking.asked
    assert now is None or now.place.supervoxel != asked.place.supervoxel


@pytest.mark.parametrize("seed", range(3))
def test_mixed_steps_undone_and_redone_are_what_the_project_makes_of_them(bench, seed):
    session, rng = bench.session, np.random.default_rng(seed)
    shape, painting = bench.strokes.data.shape, bench.session.painting
    session.classes.add()
    for _ in range(40):
        what = rng.choice(["stroke", "correction", "delete", "undo", "undo", "redo"])
        first = rng.integers(0, np.array(shape) - 4)
        part = tuple(slice(a, a + 4) for a in first)
        class_id = int(rng.choice(session.classes.ids))
        if what == "stroke":
            mask = np.zeros(shape, bool)
            mask[part] = True
            bench.paint_voxels(mask, class_id)
        elif what == "correction":
            correct(bench, int(rng.choice([0, class_id])), part)
        elif what == "delete" and len(session.classes) > 1 and rng.random() < 0.3:
            session.deleting.remove(class_id)
        elif what in ("undo", "redo"):
            getattr(painting, what)()
        bench.settle()
    folder, state = session.autosave.folder, bench.strokes.data.copy()
    corrections, classes = painting.corrections.now.copy(), session.classes.ids
    counts = np.bincount(corrections.reshape(-1), minlength=256)
    assert painting.corrections.counts[1:].tolist() == counts[1:].tolist()
    session.close()
    with reopen(folder) as project:
        store = project.annotations
        np.testing.assert_array_equal(store.voxels, state)
        np.testing.assert_array_equal(store.corrections, corrections)
        assert tuple(item.id for item in store.classes) == classes
        while store.undo() is not None:
            pass
        assert not store.voxels.any()
        assert not store.corrections.any()


@pytest.fixture
def slow_steps(monkeypatch):
    """Have every step be read on a thread, as large ones are."""
    monkeypatch.setattr("supervox.napari_plugin.painting.undoing.LARGE", 0)


def test_steps_that_are_read_on_a_thread_are_done_in_their_order(labelled, slow_steps):
    session = labelled.session
    painting, before = session.painting, np.array(session.correcting.shown.now())
    correct(labelled, 3)
    correct(labelled, 2, (4, slice(0, 30), 5))
    painting.undo()
    painting.undo()
    assert painting.corrections.counts.any()  # nothing has waited for it
    painting.redo()
    labelled.settle()
    np.testing.assert_array_equal(session.correcting.shown.now(), laid_over(before, 3))
    painting.redo()
    labelled.settle()
    assert painting.corrections.counts[2] == 30
    session.correcting.locking.set_locked(3, True)
    labelled.settle()
    painting.undo()
    labelled.settle()  # the lock, which goes with its labels
    assert not session.classes[3].locked
    np.testing.assert_array_equal(painting.corrections.counts[1:4], [0, 30, 170])


@pytest.mark.parametrize("is_read", [False, True])
def test_what_is_changed_while_a_step_is_read_stays_and_so_does_the_step(
    labelled, slow_steps, monkeypatch, held, is_read
):
    begin_late = held.around(lambda: None)

    def look_late(*args):
        begin_late()
        return look_at_next(*args)

    look_long = held.around(look_at_next) if is_read else look_late
    monkeypatch.setattr("supervox.napari_plugin.painting.undoing.look_at_next", look_long)
    painting = labelled.session.painting
    correct(labelled, 3)
    painting.undo()
    labelled.until(held.is_done.is_set)
    correct(labelled, 2, (4, slice(0, 5), 20))
    held.may_return.set()
    labelled.settle()
    assert "Nothing is undone: something else was changed meanwhile" in labelled.said
    np.testing.assert_array_equal(painting.corrections.counts[1:4], [0, 5, 180])


def test_a_step_that_nobody_waits_for_any_more_is_not_done(labelled, slow_steps):
    painting = labelled.session.painting
    correct(labelled, 3)
    painting.undo()
    painting.stepping.cancel()
    labelled.settle()
    assert painting.corrections.counts[3] == 180
    painting.undo()
    labelled.settle()
    assert not painting.corrections.counts.any()


def test_what_was_found_before_corrections_changed_changes_nothing(labelled):
    session = labelled.session
    at, old, new = np.arange(3), np.full(3, 3, np.uint8), np.zeros(3, np.uint8)
    change = VoxelChange(at, old, new, Paint.CORRECTIONS)
    found = OfClass(3, 3, FoundChange(change, None, state=1))
    session.correcting.whole.finding.succeeded.emit(found)
    assert "Corrections were changed meanwhile: nothing else is" in labelled.said
    assert not session.painting.recorder.corrections.any()
