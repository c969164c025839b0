"""Corrections and edits of objects: kept, undone and found again like strokes, but apart."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from supervox.execution import split_blocks
from supervox.project import (
    By,
    ObjectChange,
    Paint,
    Project,
    Recorder,
    VoxelChange,
    complete,
    corrections_of,
    count_corrected,
)
from supervox.project.annotations import AnnotationStore
from supervox.project.array_parts import Parts
from supervox.project.changes import BalanceChange
from supervox.segmentation import find_strokes

SHAPE = (6, 10, 10)


@pytest.fixture
def store(tmp_path):
    store = AnnotationStore.create(tmp_path, SHAPE)
    yield store
    store.close(force=True)


def paint(store, place, class_id, paint=Paint.CORRECTIONS, n=6):
    voxels = np.arange(place, place + n)
    old = store.painted[paint].reshape(-1)[voxels]
    return VoxelChange(voxels, old, np.full(n, class_id, np.uint8), paint)


def test_a_correction_lies_beside_the_strokes(store, tmp_path):
    store.apply(paint(store, 0, 1, Paint.STROKES))
    assert not store.has_corrections
    store.apply(paint(store, 3, 2))
    assert store.has_corrections
    assert np.flatnonzero(store.voxels).tolist() == list(range(6))
    assert np.flatnonzero(store.corrections).tolist() == list(range(3, 9))
    assert store.undo().paint is Paint.CORRECTIONS
    assert not store.corrections.any()
    assert store.redo().paint is Paint.CORRECTIONS
    store.snapshot()
    store.close()
    again = AnnotationStore.open(tmp_path)
    np.testing.assert_array_equal(again.corrections, store.corrections)
    np.testing.assert_array_equal(again.voxels, store.voxels)
    assert again.has_corrections
    assert not again.compare_snapshots()
    again.undo()
    again.undo()
    assert not again.voxels.any()
    assert not again.corrections.any()
    again.close()


def test_corrections_are_read_from_the_journal_alone(store, tmp_path):
    store.apply(paint(store, 3, 2))
    store.flush()
    again = AnnotationStore.open(tmp_path, read_only=True)
    np.testing.assert_array_equal(again.corrections, store.corrections)
    assert again.has_corrections
    again.close()


def test_a_snapshot_from_before_there_were_corrections_is_read(store, tmp_path):
    store.apply(paint(store, 0, 1, Paint.STROKES))
    number = store.last_number
    store.close()
    parts = Parts(tmp_path / "annotations")
    header = {"number": number, "classes_number": -1, "classes": []}
    parts.write("snapshot", header, lambda part: part.write("voxels", store.voxels))
    again = AnnotationStore.open(tmp_path)
    np.testing.assert_array_equal(again.voxels, store.voxels)
    assert not again.has_corrections
    assert not again.corrections.any()
    assert not again.compare_snapshots()
    again.close()


def test_a_snapshot_whose_corrections_differ_is_replaced(store, tmp_path):
    store.apply(paint(store, 0, 1))
    number = store.last_number
    store.close()
    parts = Parts(tmp_path / "annotations")
    header = {"number": number, "classes_number": -1, "classes": [], "has_corrections": True}

    def fill(part):
        part.write("voxels", np.zeros(SHAPE, np.uint8))
        part.write("corrections", np.ones(SHAPE, np.uint8))

    parts.write("snapshot", header, fill)
    again = AnnotationStore.open(tmp_path)
    (finding,) = again.compare_snapshots(repair=True)
    assert "differs in 594 voxels" in finding.text
    assert np.flatnonzero(again.corrections).tolist() == list(range(6))
    again.close()


def test_corrections_are_no_steps_of_the_strokes(store):
    store.apply(paint(store, 0, 1, Paint.STROKES))
    store.apply(paint(store, 0, 2))
    store.record(ObjectChange({"kind": "mark"}))
    store.apply(paint(store, 20, 2, Paint.STROKES))
    ordered = store.order(find_strokes(store.voxels))
    assert ordered.steps.tolist() == [1] * 6 + [2] * 6
    store.record(BalanceChange(1, 0.0, 1.0))
    store.apply(paint(store, 40, 2))
    store.record(ObjectChange({"kind": "mark"}))
    assert store.steps.strokes_since(1) == 0


def test_edits_hold_in_their_order(store, tmp_path):
    for k in range(3):
        store.record(ObjectChange({"kind": "cut", "at": [k, 0, 0]}))
    assert [edit["at"][0] for edit in store.edits] == [0, 1, 2]
    assert store.undo() == ObjectChange({"kind": "cut", "at": [2, 0, 0]}, is_there=False)
    store.apply(paint(store, 3, 2))
    store.undo()
    store.flush()
    again = AnnotationStore.open(tmp_path, read_only=True)
    assert again.edits == store.edits == tuple({"kind": "cut", "at": [k, 0, 0]} for k in (0, 1))
    again.close()


def test_what_waits_for_a_project_comes_to_it(store):
    strokes, corrections = (np.zeros(SHAPE, np.uint8) for _ in range(2))
    recorder = Recorder(strokes, corrections=corrections)
    strokes[1, 2] = 1
    recorder.notice((slice(1, 2), slice(0, 10), slice(0, 10)))
    corrections[1, 3] = 2
    assert recorder.look().size == 0
    recorder.confirm(recorder.look(paint=Paint.CORRECTIONS), Paint.CORRECTIONS)
    recorder.record(ObjectChange({"kind": "mark"}))
    recorder.record(ObjectChange({"kind": "cut"}))
    recorder.undo()
    assert recorder.edits == ({"kind": "mark"},)
    recorder.attach(store)
    assert store.voxels is strokes
    assert store.corrections is recorder.corrections is corrections
    assert recorder.edits == ({"kind": "mark"},)
    recorder.undo()
    assert recorder.edits == ()
    recorder.undo()
    assert not corrections.any()
    assert strokes.any()
    corrections[2, 2, 2] = 3
    part = (slice(2, 3), slice(0, 10), slice(0, 10))
    assert recorder.notice(part, Paint.CORRECTIONS).paint is Paint.CORRECTIONS
    assert recorder.notice(part) is None


@pytest.mark.parametrize("seed", [0, 1])
def test_mixed_steps_equal_a_replay_from_the_start(store, tmp_path, seed):
    chance, done, undone = random.Random(seed), [], []
    for step in range(1000):
        what = chance.choices(["stroke", "correction", "edit", "undo", "redo"], [3, 3, 2, 2, 1])[0]
        if what == "undo" and done:
            assert store.undo() is not None
            undone.append(done.pop())
        elif what == "redo" and undone:
            assert store.redo() is not None
            done.append(undone.pop())
        elif what not in ("undo", "redo"):
            if what == "edit":
                change = ObjectChange({"kind": "mark", "at": [step]})
                store.record(change)
            else:
                kind = Paint.STROKES if what == "stroke" else Paint.CORRECTIONS
                change = paint(store, chance.randrange(580), chance.randrange(4), kind, n=20)
                store.apply(change)
            done.append(change)
            undone.clear()
        if step % 250 == 100:
            store.snapshot()
    replayed = {kind: np.zeros(SHAPE, np.uint8) for kind in Paint}
    for change in done:
        change.apply(replayed)
    edits = tuple(change.edit for change in done if isinstance(change, ObjectChange))
    store.flush()
    again = AnnotationStore.open(tmp_path, read_only=True)  # as after a kill
    for found in (store, again):
        assert found.edits == edits
        for kind, voxels in replayed.items():
            np.testing.assert_array_equal(found.painted[kind], voxels)
    again.close()


@pytest.mark.parametrize("box", [None, ((2, 30), (4, 40), (6, 46))])
def test_corrections_lie_over_the_result(home, box):
    folder = home / "cell.supervox"
    with Project.open(folder) as project, project.open_volume() as volume:
        project.settings = replace(project.settings, box=box)
        data = volume.data[project.settings.slices] if box else volume.data
        raw = complete(project, data)
        assert corrections_of(project) is None
        assert count_corrected(project) == {}
        labels = raw.labels
        voxels = np.arange(9000, 9400)
        new = np.full(400, 7, np.uint8)
        change = VoxelChange(voxels, np.zeros(400, np.uint8), new, Paint.CORRECTIONS)
        project.annotations.apply(change)
        result = complete(project, data)
        part = corrections_of(project)
        assert part.shape == labels.shape
        np.testing.assert_array_equal(result.labels, np.where(part > 0, part, labels))
        assert 7 in result.label_ids
        assert 7 not in result.class_ids
        assert count_corrected(project) == {7: int((part == 7).sum())}
        blocks = split_blocks(result.shape, (5, 11, 13))
        for block in result.render(blocks=blocks):  # whatever the blocks
            np.testing.assert_array_equal(block.labels, result.labels[block.block.core])
        assert project.derived.load_model(project.strokes) is not None  # it doesn't learn of them


def by_tools(of):
    """Return the raster indices of the corrections that are of tools."""
    drawn = of.by_tools.draw()
    return [] if drawn is None else np.flatnonzero(drawn & (of.corrections > 0)).tolist()


def test_what_tools_corrected_is_told_apart_through_undo_and_reopening(store, tmp_path):
    store.apply(paint(store, 0, 1))
    assert store.by_tools.draw() is None
    store.apply(replace(paint(store, 3, 2), by=By.TOOL))
    store.apply(replace(paint(store, 20, 2, Paint.STROKES), by=By.TOOL))
    store.apply(paint(store, 5, 3, n=2))  # by hand, over what the tool did
    assert by_tools(store) == [3, 4, 7, 8]
    store.undo()
    assert by_tools(store) == [3, 4, 5, 6, 7, 8]
    store.undo()
    store.undo()
    assert by_tools(store) == []
    store.redo()
    assert by_tools(store) == [3, 4, 5, 6, 7, 8]
    store.redo()
    store.redo()
    store.close()
    again = AnnotationStore.open(tmp_path)
    assert by_tools(again) == [3, 4, 7, 8]
    again.undo()
    again.undo()
    again.undo()
    again.redo()
    assert by_tools(again) == [3, 4, 5, 6, 7, 8]
    again.close()


def test_what_tools_corrected_is_known_before_there_is_a_project(store):
    recorder = Recorder(np.zeros(SHAPE, np.uint8))
    moment = recorder.by_tools
    for change in (paint(store, 0, 1), replace(paint(store, 3, 2), by=By.TOOL)):
        change.apply({Paint.CORRECTIONS: recorder.corrections})
        recorder.record(change)
    assert by_tools(recorder) == [3, 4, 5, 6, 7, 8]
    assert moment.draw() is None  # as things were
    recorder.undo()
    assert by_tools(recorder) == []
    recorder.redo()
    recorder.attach(store)
    assert by_tools(store) == [3, 4, 5, 6, 7, 8]
