"""What somebody else painted: noticed once, written down in order, undone and made again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supervox.execution import Cancelled
from supervox.project import AnnotationStore, Recorder, VoxelChange

SHAPE = (4, 6, 8)
ALL = tuple(slice(0, n) for n in SHAPE)
PLANE = (slice(1, 2), *ALL[1:])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AnnotationStore]:
    made = AnnotationStore.create(tmp_path, SHAPE)
    yield made
    made.close(force=True)


def empty() -> np.ndarray:
    return np.zeros(SHAPE, np.uint8)


def test_nothing_changed() -> None:
    recorder = Recorder(empty())
    assert recorder.notice(PLANE) is None
    assert recorder.look().size == 0
    assert recorder.confirm(recorder.look()) is None
    assert not recorder.is_waiting
    assert not recorder.can_undo
    assert recorder.undo() is None


def test_a_stroke_is_noticed_once() -> None:
    voxels = empty()
    recorder = Recorder(voxels)
    voxels[1, 2, 3:5] = 7
    voxels[2, 0, 0] = 1
    found = recorder.look()
    change = recorder.notice(PLANE)
    assert change is not None
    assert change.voxels.tolist() == [48 + 2 * 8 + 3, 48 + 2 * 8 + 4]
    assert change.old.tolist() == [0, 0]
    assert change.new.tolist() == [7, 7]
    assert recorder.notice(PLANE) is None
    later = recorder.confirm(found)  # of a scan that began before
    assert later is not None
    assert later.voxels.tolist() == [96]
    assert recorder.look().size == 0


def test_undo_and_redo_of_what_waits() -> None:
    voxels = empty()
    recorder = Recorder(voxels)
    for value in (7, 2):
        voxels[1, 2, 3] = value
        recorder.notice(PLANE)
    preview = recorder.preview(back=True)
    assert preview is not None
    assert (preview.old.tolist(), preview.new.tolist()) == ([2], [7])
    recorder.undo()
    assert voxels[1, 2, 3] == 7
    recorder.undo()
    assert not voxels.any()
    assert not recorder.can_undo
    assert recorder.undo() is None
    recorder.redo()
    assert voxels[1, 2, 3] == 7
    assert recorder.can_redo
    voxels[1, 0, 0] = 1
    recorder.notice(PLANE)
    assert not recorder.can_redo
    assert recorder.preview(back=False) is None


def test_what_waits_is_written_once_there_is_a_store(
    store: AnnotationStore, tmp_path: Path
) -> None:
    voxels = empty()
    recorder = Recorder(voxels)
    voxels[1, 2, 3] = 7
    recorder.notice(PLANE)
    voxels[1, 2, 3] = 2
    recorder.notice(PLANE)
    assert recorder.is_waiting
    recorder.attach(store)
    assert not recorder.is_waiting
    assert store.voxels is voxels
    assert recorder.undo() is not None
    assert voxels[1, 2, 3] == 7
    assert recorder.look().size == 0
    assert recorder.undo() is not None
    assert not voxels.any()
    assert not recorder.can_undo
    assert recorder.redo() is not None
    assert voxels[1, 2, 3] == 7
    store.close()
    with_again = AnnotationStore.open(tmp_path)
    np.testing.assert_array_equal(with_again.voxels, voxels)
    with_again.close()


def test_going_on_with_what_a_store_holds(store: AnnotationStore) -> None:
    store.apply(VoxelChange(np.arange(3), np.zeros(3, np.uint8), np.full(3, 5, np.uint8)))
    voxels = store.voxels.copy()
    recorder = Recorder(voxels, store)
    assert recorder.look().size == 0
    voxels[0, 0, 0] = 0
    change = recorder.notice((slice(0, 1), *ALL[1:]))
    assert change is not None
    assert (change.old.tolist(), change.new.tolist()) == ([5], [0])
    recorder.undo()
    assert voxels[0, 0].tolist() == [5, 5, 5, 0, 0, 0, 0, 0]


def test_looking_can_be_stopped() -> None:
    with pytest.raises(Cancelled):
        Recorder(empty()).look(lambda: True)


boxes = st.tuples(*(st.tuples(st.integers(0, n - 1), st.integers(1, n)) for n in SHAPE))
steps = st.lists(st.tuples(boxes, st.integers(0, 3), st.booleans()), max_size=8)


@settings(max_examples=30)
@given(steps=steps)
def test_any_strokes_come_back_in_reverse(
    steps: list, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("annotations")
    store = AnnotationStore.create(folder, SHAPE)
    voxels = empty()
    recorder = Recorder(voxels)
    recorder.attach(store)
    states = [voxels.copy()]
    for box, value, is_seen_in_part in steps:
        before = voxels.copy()
        voxels[tuple(slice(a, a + b) for a, b in box)] = value
        change = recorder.notice(ALL) if is_seen_in_part else recorder.confirm(recorder.look())
        assert (change is None) == (voxels == before).all()
        if change is not None:
            states.append(voxels.copy())
    for state in reversed(states[:-1]):
        recorder.undo()
        np.testing.assert_array_equal(voxels, state)
    for state in states[1:]:
        recorder.redo()
        np.testing.assert_array_equal(voxels, state)
    assert not recorder.can_redo
    store.close()
    again = AnnotationStore.open(folder)
    np.testing.assert_array_equal(again.voxels, states[-1])
    again.close()
