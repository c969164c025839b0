"""Connected components: against SciPy, for every neighbourhood and any blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from supervox.objects import ObjectsError, find_objects, objects_of_ids

RANKS = {6: 1, 18: 2, 26: 3}
LABELS = hnp.arrays(
    np.uint8, hnp.array_shapes(min_dims=3, max_dims=3, max_side=9), elements=st.integers(0, 2)
)


def with_scipy(labels: np.ndarray, connectivity: int) -> tuple[np.ndarray, list[int]]:
    """Number the components of each class, in raster order of their first voxels."""
    found = np.zeros(labels.shape, np.int64)
    for value in np.unique(labels[labels > 0]):
        structure = ndimage.generate_binary_structure(3, RANKS[connectivity])
        numbers = ndimage.label(labels == value, structure)[0]
        found[numbers > 0] = numbers[numbers > 0] + found.max()
    old, first = np.unique(found, return_index=True)
    order = [k for _, k in sorted(zip(first, old, strict=True)) if k]
    new = np.zeros(int(found.max()) + 1, np.int64)
    new[order] = np.arange(1, len(order) + 1)
    return new[found], [int(labels[found == k][0]) for k in order]


@pytest.mark.parametrize("connectivity", RANKS)
@given(labels=LABELS, block=st.tuples(*[st.integers(1, 9)] * 3), workers=st.integers(1, 3))
def test_they_are_scipys_for_any_blocks(connectivity, labels, block, workers):
    expected, classes = with_scipy(labels, connectivity)
    found = find_objects(labels, connectivity=connectivity, block_shape=block, workers=workers)
    np.testing.assert_array_equal(found.ids, expected)
    assert found.ids.dtype == np.uint32
    assert found.class_of.tolist() == classes


def test_a_spiral_through_all_blocks_is_one_object():
    spiral = np.zeros((1, 31, 31), np.uint8)
    top, left, bottom, right = 0, 0, 30, 30
    while right > left:
        spiral[0, top, left : right + 1] = spiral[0, top : bottom + 1, right] = 1
        spiral[0, bottom, left : right + 1] = 1
        spiral[0, top + 2 : bottom + 1, left] = 1
        spiral[0, top + 2, left : left + 3] = 1
        top, left, bottom, right = top + 2, left + 2, bottom - 2, right - 2
    found = find_objects(spiral, connectivity=6, block_shape=(1, 4, 5))
    assert found.number == with_scipy(spiral, 6)[0].max()


def test_only_the_classes_that_are_wanted_are_numbered():
    labels = np.array([[[1, 2, 0, 3, 1]]], np.uint16)
    found = find_objects(labels, classes=[3, 1])
    np.testing.assert_array_equal(found.ids, [[[1, 0, 0, 2, 3]]])
    assert found.class_of.tolist() == [1, 3, 1]


def test_there_may_be_more_than_65535_objects():
    labels = np.zeros((2, 400, 600), np.uint8)
    labels[0, ::2, ::2] = 1
    labels[1, 1::2, 1::2] = 1
    found = find_objects(labels, connectivity=6)
    assert found.number == 120_000
    assert int(found.ids.max()) == 120_000


def test_a_picture_is_one_plane_and_nothing_is_nothing():
    assert find_objects(np.eye(4, dtype=np.uint8)).ids.shape == (1, 4, 4)
    nothing = find_objects(np.zeros((2, 3, 4), np.uint8))
    assert nothing.number == 0
    assert not nothing.ids.any()


def test_ids_of_others_become_dense_in_raster_order():
    ids = np.array([[[9, 9, 0, 2_000_000_000, 4, 9]]], np.uint32)
    found = objects_of_ids(ids)
    np.testing.assert_array_equal(found.ids, [[[1, 1, 0, 2, 3, 1]]])
    assert found.class_of.tolist() == [1, 1, 1]
    small = objects_of_ids(np.array([[[3, 0, 1]]], np.uint8), class_of=[7, 8, 9])
    assert small.class_of.tolist() == [9, 7]
    assert objects_of_ids(ids * 0).number == 0


@pytest.mark.parametrize(
    ("labels", "more", "message"),
    [
        (np.zeros((2, 2, 2), np.float32), {}, "whole numbers .* is this the image"),
        (np.zeros(4, np.uint8), {}, "plane, row and column"),
        (np.zeros((2, 0, 2), np.uint8), {}, "no voxels"),
        (np.full((2, 2, 2), -1, np.int16), {}, "hold -1, which is no id"),
        (np.full((2, 2, 2), 2**31, np.uint32), {}, "hold 2147483648, which is no id"),
        (np.zeros((2, 2, 2), np.uint8), {"connectivity": 8}, "6, 18 or 26 neighbours, not 8"),
    ],
)
def test_what_are_no_labels_is_refused(labels, more, message):
    with pytest.raises(ObjectsError, match=message):
        find_objects(labels, **more)
