from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from supervox.segmentation import SegmentationError, find_strokes, label_supervoxels


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
    supervoxels, classes = label_supervoxels(ids, find_strokes(painted))
    assert supervoxels.tolist() == [0, 1, 3]
    assert classes.tolist() == [300, 4, 1]


def test_no_paint_no_labels() -> None:
    strokes = find_strokes(np.zeros((2, 3, 4), np.uint8))
    assert strokes.class_ids == ()
    assert label_supervoxels(np.zeros((2, 3, 4), np.int32), strokes)[0].size == 0


@pytest.mark.parametrize("value", [-1, 70_000])
def test_ids_out_of_range_are_refused(value: int) -> None:
    annotations = np.zeros((2, 2, 2), np.int32)
    annotations[0, 1, 1] = value
    with pytest.raises(SegmentationError, match=rf"class id {value}"):
        find_strokes(annotations)
