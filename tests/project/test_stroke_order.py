"""At which step of the history each voxel was painted."""

from __future__ import annotations

from pathlib import Path
from threading import Thread
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervox.project import AnnotationStore, BalanceChange, Change, VoxelChange, stroke_order
from supervox.project.recorder import Recorder
from supervox.segmentation import Strokes, find_strokes

SHAPE = (2, 3, 10)


def change(volume: np.ndarray, voxels: list[int], value: int) -> VoxelChange:
    at = np.array(sorted(voxels), np.int64)
    return VoxelChange(at, volume.reshape(-1)[at], np.full(at.size, value, np.uint8))


def steps_of(store: AnnotationStore) -> dict[int, int]:
    strokes = store.order(find_strokes(store.voxels))
    return dict(zip(strokes.voxels.tolist(), strokes.steps.tolist(), strict=True))


def test_voxels_have_the_step_that_gave_them_their_class(tmp_path: Path) -> None:
    store = AnnotationStore.create(tmp_path, SHAPE)
    store.apply(change(store.voxels, [1, 2, 3], 1))
    store.apply(change(store.voxels, [3, 4], 2))
    store.apply(change(store.voxels, [1], 0))
    assert steps_of(store) == {2: 1, 3: 2, 4: 2}
    store.apply(change(store.voxels, [1, 9], 5))
    assert steps_of(store) == {1: 4, 2: 1, 3: 2, 4: 2, 9: 4}
    store.close()
    again = AnnotationStore.open(tmp_path, SHAPE, read_only=True)
    assert steps_of(again) == {1: 4, 2: 1, 3: 2, 4: 2, 9: 4}
    again.close()


def test_undo_gives_the_order_of_before(tmp_path: Path) -> None:
    store = AnnotationStore.create(tmp_path, SHAPE)
    store.apply(change(store.voxels, [1, 2], 1))
    before = steps_of(store)
    store.apply(change(store.voxels, [2, 3], 2))
    after = steps_of(store)
    store.undo()
    assert steps_of(store) == before == {1: 1, 2: 1}
    store.redo()
    assert steps_of(store) == after == {1: 1, 2: 2, 3: 2}
    store.undo()
    store.apply(change(store.voxels, [7], 3))
    assert steps_of(store) == {1: 1, 2: 1, 7: 2}
    store.close()


def test_two_threads_ask_for_the_order_at_once(tmp_path: Path) -> None:
    store = AnnotationStore.create(tmp_path, SHAPE)
    for at in range(3):
        store.apply(change(store.voxels, [at], 1))
    found: list[dict[int, int]] = []
    other = Thread(target=lambda: found.append(steps_of(store)))
    read = store.made.read

    def read_slowly(number: int) -> Change:
        if not other.ident:
            other.start()
            other.join(0.2)
            assert not found  # it waits for its turn
        return read(number)

    with patch.object(store.made, "read", read_slowly):
        assert steps_of(store) == {0: 1, 1: 2, 2: 3}
        other.join()
    assert found == [{0: 1, 1: 2, 2: 3}]
    assert steps_of(store) == found[0]
    store.close()


def test_the_order_while_strokes_go_to_their_project(tmp_path: Path) -> None:
    """Another thread may ask at any moment: what waits is in the order until the project has it."""
    voxels = np.zeros(SHAPE, np.uint8)
    recorder = Recorder(voxels)
    for at in range(3):
        voxels.reshape(-1)[at] = 1
        recorder.confirm(np.array([at]))
    expected = recorder.order(find_strokes(voxels))
    store = AnnotationStore.create(tmp_path, SHAPE)
    record, seen = store.record, []

    def record_and_look(each: Change) -> int | None:
        number = record(each)
        seen.append(recorder.order(find_strokes(voxels)))
        return number

    with patch.object(store, "record", record_and_look):
        recorder.attach(store)
    assert seen == [expected] * 3
    assert recorder.order(find_strokes(voxels)) == expected
    store.close()


def test_a_balance_is_no_step(tmp_path: Path) -> None:
    store = AnnotationStore.create(tmp_path, SHAPE)
    store.apply(change(store.voxels, [1], 1))
    store.record(BalanceChange(1, 0.0, 0.5))
    store.apply(change(store.voxels, [2], 1))
    assert steps_of(store) == {1: 1, 2: 2}
    store.close()


def test_what_waits_for_a_store_has_the_same_order_as_there(tmp_path: Path) -> None:
    voxels = np.zeros(SHAPE, np.uint8)
    recorder = Recorder(voxels)
    for at, value in ((3, 1), (8, 2), (3, 4)):
        voxels.reshape(-1)[at] = value
        recorder.confirm(recorder.look())
    waiting = recorder.order(find_strokes(voxels))
    assert waiting.steps.tolist() == [3, 2]
    store = AnnotationStore.create(tmp_path, SHAPE)
    recorder.attach(store)
    assert recorder.order(find_strokes(voxels)) == waiting
    store.close()


def test_what_no_change_tells_of_came_before_all_steps(tmp_path: Path) -> None:
    store = AnnotationStore.create(tmp_path, SHAPE)
    store.apply(change(store.voxels, [5], 1))
    strokes = store.order(Strokes(np.array([2, 5]), np.array([1, 1], np.uint16)))
    assert strokes.steps.tolist() == [0, 1]
    store.close()


@pytest.mark.parametrize("kept_every", [1, 3, 256])
@given(
    history=st.lists(
        st.one_of(
            st.tuples(st.sets(st.integers(0, 59), min_size=1, max_size=8), st.integers(0, 3)),
            st.sampled_from(["undo", "redo", "look"]),
        ),
        max_size=25,
    )
)
def test_any_history_leads_to_the_order_of_the_changes_that_hold(
    kept_every: int, history: list[object]
) -> None:
    with patch.object(stroke_order, "KEPT_EVERY", kept_every):
        check_order_of(history)


def check_order_of(history: list[object]) -> None:
    voxels = np.zeros(SHAPE, np.uint8)
    recorder = Recorder(voxels)
    held: list[tuple[list[int], int]] = []
    undone: list[tuple[list[int], int]] = []
    for item in history:
        if item == "undo" and held:
            undone.append(held.pop())
            recorder.undo()
        elif item == "redo" and undone:
            held.append(undone.pop())
            recorder.redo()
        elif item == "look":
            recorder.order(find_strokes(voxels))
        elif isinstance(item, tuple):
            places = [at for at in sorted(item[0]) if voxels.reshape(-1)[at] != item[1]]
            if places:
                held.append((places, item[1]))
                undone.clear()
                voxels.reshape(-1)[places] = item[1]
                recorder.confirm(np.array(places))
    expected: dict[int, int] = {}
    for step, (places, value) in enumerate(held, 1):
        for at in places:
            expected.pop(at, None)
            if value:
                expected[at] = step
    strokes = recorder.order(find_strokes(voxels))
    assert dict(zip(strokes.voxels.tolist(), strokes.steps.tolist(), strict=True)) == expected


def test_after_an_undo_few_changes_are_read_again() -> None:
    read = []

    def change(number: int) -> VoxelChange:
        read.append(number)
        return VoxelChange(np.array([number]), np.zeros(1, np.uint8), np.ones(1, np.uint8))

    order: stroke_order.StrokeOrder[int] = stroke_order.StrokeOrder()
    order.follow(range(2000), change)
    assert read == list(range(2000))
    for end in (1999, 1998, 1999, 1700):
        read.clear()
        order.follow(range(end), change)
        assert len(read) <= stroke_order.KEPT_EVERY
        strokes = Strokes(np.arange(2000), np.ones(2000, np.uint16))
        steps = order.order(strokes).steps.tolist()
        assert steps == [*range(1, end + 1), *[0] * (2000 - end)]
