"""Where a single supervoxel lies, against the mask of the whole volume."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from supervox.segmentation import compute_supervoxels, find_supervoxel, find_voxel


def regions(seed: int) -> np.ndarray:
    """Return connected regions of any form."""
    values = np.random.default_rng(seed).integers(0, 3, (9, 11, 13))
    ids, start = np.zeros(values.shape, np.int32), 0
    for value in range(3):
        labels, n = ndimage.label(values == value)
        ids[labels > 0] = labels[labels > 0] - 1 + start
        start += n
    return ids


@settings(max_examples=100)
@given(st.integers(0, 20), st.data(), st.integers(1, 16))
def test_the_whole_region_and_nothing_else(seed: int, data: st.DataObject, reach: int) -> None:
    ids = regions(seed)
    position = tuple(data.draw(st.integers(0, n - 1)) for n in ids.shape)
    box, mask = find_supervoxel(ids, position, reach)
    expected = ids == ids[position]
    assert box == ndimage.find_objects(expected.astype(int))[0]
    np.testing.assert_array_equal(mask, expected[box])


def test_a_region_that_winds_through_the_volume() -> None:
    ids = np.zeros((3, 30, 30), np.int32)
    ids[1, 2, 2:28] = ids[1, 2:28, 27] = ids[1, 27, 2:28] = 1
    box, mask = find_supervoxel(ids, (1, 2, 2), reach=2)
    assert box == (slice(1, 2), slice(2, 28), slice(2, 28))
    assert mask.sum() == (ids == 1).sum()


def test_a_region_that_is_the_whole_volume() -> None:
    box, mask = find_supervoxel(np.zeros((4, 5, 6), np.int32), (0, 0, 0), 1)
    assert box == (slice(0, 4), slice(0, 5), slice(0, 6))
    assert mask.all()


def test_only_the_surroundings_are_read() -> None:
    class Counted(np.ndarray):
        read = 0

        def __getitem__(self, key: object) -> np.ndarray:
            part = np.asarray(self).__getitem__(key)
            Counted.read = max(Counted.read, np.size(part))
            return part

    ids = np.zeros((64, 64, 64), np.int32)
    ids[30:34, 30:34, 30:34] = 1
    box, _ = find_supervoxel(ids.view(Counted), (31, 31, 31), 8)
    assert box == (slice(30, 34),) * 3
    assert 0 < Counted.read <= 17**3


def test_a_voxel_of_every_supervoxel() -> None:
    volume = np.random.default_rng(0).normal(size=(16, 24, 24)).astype(np.float32)
    ids = compute_supervoxels(volume, 6)
    for supervoxel in range(ids.max() + 1):
        assert ids[find_voxel(ids, supervoxel)] == supervoxel


def test_the_voxel_is_near_the_middle() -> None:
    ids = np.zeros((9, 9, 9), np.int32)
    ids[2:7, 3:8, 1:6] = 1
    assert find_voxel(ids, 1) == (4, 5, 3)


def test_a_ring_has_no_voxel_in_its_middle() -> None:
    ids = np.zeros((1, 9, 9), np.int32)
    ids[0, 1:8, 1:8] = 1
    ids[0, 2:7, 2:7] = 2
    assert ids[find_voxel(ids, 1)] == 1


def test_what_is_not_there() -> None:
    with pytest.raises(ValueError, match="there is no supervoxel 7"):
        find_voxel(np.zeros((2, 3, 4), np.int32), 7)
