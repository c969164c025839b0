from __future__ import annotations

import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from supervox.segmentation import (
    SegmentationError,
    Strokes,
    count_strokes,
    find_strokes,
    label_supervoxels,
)

painted = hnp.arrays(
    np.uint8,
    hnp.array_shapes(min_dims=3, max_dims=3, max_side=7),
    elements=st.sampled_from([0, 0, 0, 0, 1, 2]),
)


@settings(max_examples=60)
@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.uint16, np.int32, np.int64]),
        hnp.array_shapes(min_dims=3, max_dims=3, max_side=7),
        elements=st.sampled_from([0, 0, 0, 1, 3, 100]),
    )
)
def test_every_painted_voxel_is_found(annotations: np.ndarray) -> None:
    strokes = find_strokes(annotations)
    assert np.array_equal(strokes.voxels, np.flatnonzero(annotations))
    assert np.array_equal(strokes.classes, annotations[annotations != 0])


def test_slabs_are_joined_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("supervox.segmentation.strokes.SCAN_VOXELS", 20)
    annotations = np.random.default_rng(0).integers(0, 2, (7, 5, 3)).astype(np.uint8)
    assert np.array_equal(find_strokes(annotations).voxels, np.flatnonzero(annotations))


def test_most_painted_class_wins_and_ties_go_to_the_lowest_id() -> None:
    ids = np.array([[[0, 0, 0, 1, 1, 2, 2, 3]]], np.int32)
    painted = np.array([[[7, 300, 300, 5, 4, 0, 0, 1]]], np.uint16)
    labelled = label_supervoxels(ids, find_strokes(painted))
    assert labelled.supervoxels.tolist() == [0, 1, 3]
    assert labelled.classes.tolist() == [300, 4, 1]


@given(painted, st.data())
def test_a_part_has_the_strokes_that_are_found_in_it(
    annotations: np.ndarray, data: st.DataObject
) -> None:
    first = [data.draw(st.integers(0, n - 1)) for n in annotations.shape]
    last = [data.draw(st.integers(a + 1, n)) for a, n in zip(first, annotations.shape, strict=True)]
    z, y, x = (slice(a, b) for a, b in zip(first, last, strict=True))
    cropped = find_strokes(annotations).crop(annotations.shape, (z, y, x))
    assert cropped == find_strokes(annotations[z, y, x])
    assert cropped.voxels.dtype == np.int64


def test_empty_strokes_are_those_of_nothing_painted() -> None:
    assert Strokes.empty() == find_strokes(np.zeros((3, 4, 5), np.uint8))
    assert Strokes.empty().class_ids == ()


def test_the_whole_volume_is_no_part() -> None:
    strokes = find_strokes(np.ones((2, 3, 4), np.uint8))
    assert strokes.crop((2, 3, 4), None) is strokes


def test_strokes_are_equal_where_their_voxels_are() -> None:
    strokes = Strokes(np.array([1, 5]), np.array([1, 2], np.uint16))
    assert strokes == Strokes(np.array([1, 5]), np.array([1, 2], np.uint16))
    assert strokes != Strokes(np.array([1, 5]), np.array([1, 3], np.uint16))
    assert strokes != Strokes(np.array([1, 6]), np.array([1, 2], np.uint16))
    assert strokes != Strokes(np.array([1]), np.array([1], np.uint16))
    assert strokes != "strokes"
    with pytest.raises(TypeError):
        hash(strokes)


@settings(max_examples=60)
@given(painted)
def test_strokes_are_what_touches_by_face_edge_or_corner(annotations: np.ndarray) -> None:
    expected = {
        class_id: n
        for class_id in (1, 2)
        if (n := ndimage.label(annotations == class_id, np.ones((3, 3, 3)))[1])
    }
    assert count_strokes(find_strokes(annotations), annotations.shape) == expected


def test_a_row_does_not_end_in_the_next() -> None:
    annotations = np.zeros((2, 3, 4), np.uint8)
    annotations[0, 0, 3] = annotations[0, 2, 0] = annotations[1, 0, 0] = 1
    assert count_strokes(find_strokes(annotations), annotations.shape) == {1: 3}


def test_the_voxels_of_each_class_are_counted() -> None:
    annotations = np.zeros((2, 3, 4), np.uint16)
    annotations[0, 1, :3], annotations[1, 2, 3] = 300, 2
    strokes = find_strokes(annotations)
    assert strokes.sizes == {2: 1, 300: 3}
    assert list(strokes.sizes) == [*strokes.class_ids] == [2, 300]
    assert Strokes.empty().sizes == {}


def test_counting_takes_memory_for_runs_not_for_voxels() -> None:
    shape = (64, 128, 128)
    annotations = np.ones(shape, np.uint8)
    annotations[:, :, 60:] = 2
    annotations[20] = 0
    strokes = find_strokes(annotations)
    tracemalloc.start()
    counts = count_strokes(strokes, shape)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counts == {1: 2, 2: 2}
    assert peak < 24 * strokes.voxels.size


def test_no_paint_no_labels() -> None:
    strokes = find_strokes(np.zeros((2, 3, 4), np.uint8))
    assert strokes.class_ids == ()
    assert count_strokes(strokes, (2, 3, 4)) == {}
    assert strokes.crop((2, 3, 4), (slice(0, 1), slice(0, 3), slice(1, 4))) == strokes
    assert label_supervoxels(np.zeros((2, 3, 4), np.int32), strokes).supervoxels.size == 0


@pytest.mark.parametrize("value", [-1, 70_000])
def test_ids_out_of_range_are_refused(value: int) -> None:
    annotations = np.zeros((2, 2, 2), np.int32)
    annotations[0, 1, 1] = value
    with pytest.raises(SegmentationError, match=rf"class id {value}"):
        find_strokes(annotations)


def test_scanning_while_somebody_paints_and_erases() -> None:
    annotations = np.zeros((4, 512, 512), np.uint8)
    annotations[:, ::7, ::3] = 1
    stop = threading.Event()

    def paint() -> None:
        rng = np.random.default_rng(0)
        while not stop.is_set():
            row, column = rng.integers(0, 480, 2)
            annotations[:, row : row + 32, column : column + 32] = rng.integers(0, 3)

    painter = threading.Thread(target=paint)
    painter.start()
    try:
        for _ in range(60):
            found = find_strokes(annotations, workers=1)
            assert (found.classes > 0).all()
            assert (np.diff(found.voxels) > 0).all()
    finally:
        stop.set()
        painter.join()


@given(st.lists(st.sampled_from([0, 1, 2, 3, 7, 40, 2**21, 2**31 - 1]), min_size=1, max_size=12))
def test_steps_in_turn_keep_their_order_and_have_no_gaps(numbers: list[int]) -> None:
    steps = np.array(numbers, np.int32)
    voxels = np.arange(steps.size)
    found = Strokes(voxels, np.ones(steps.size, np.uint16), steps).in_turn().steps
    if steps.any():
        places = {step: place for place, step in enumerate(sorted(set(numbers)), 1)}
    else:
        places = {0: 0}
    assert found.tolist() == [places[step] for step in numbers]
    assert found.dtype == np.int32
