"""Long lists of voxels say what short ones say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervox.execution import mark_planes, put, tell, voxel_lists


@st.composite
def lists(draw: st.DrawFn) -> tuple[tuple[int, int, int], np.ndarray, np.ndarray]:
    shape = draw(st.tuples(*[st.integers(1, 7)] * 3))
    voxels = np.array(sorted(draw(st.sets(st.integers(0, int(np.prod(shape)) - 1)))), np.int64)
    values = draw(st.lists(st.integers(0, 255), min_size=voxels.size, max_size=voxels.size))
    return shape, voxels, np.array(values, np.uint8)


@given(lists())
def test_many_are_looked_at_as_few_are(made: tuple[tuple[int, int, int], np.ndarray, np.ndarray]):
    shape, voxels, values = made
    found = []
    for few in (0, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(voxel_lists, "FEW", few)
            marks = [np.zeros(n, bool) for n in shape]
            mark_planes(voxels, shape, marks)
            volume = np.full(shape, 7, np.uint8)
            put(volume, voxels, values)
            found.append((tell(voxels, values), marks, volume))
    (told, marks, volume), (expected, expected_marks, expected_volume) = found
    np.testing.assert_array_equal(volume, expected_volume)
    np.testing.assert_array_equal(volume.reshape(-1)[voxels], values)
    assert told.digest == expected.digest
    np.testing.assert_array_equal(told.counts, np.bincount(values, minlength=256))
    np.testing.assert_array_equal(told.counts, expected.counts)
    for mark, other, at in zip(marks, expected_marks, np.unravel_index(voxels, shape), strict=True):
        np.testing.assert_array_equal(np.flatnonzero(mark), np.unique(at))
        np.testing.assert_array_equal(mark, other)


def test_the_digest_is_a_sum_over_voxels_and_knows_which_has_what():
    voxels, values = np.arange(3), np.array([1, 0, 2], np.uint8)
    parts = [tell(voxels[k : k + 1], values[k : k + 1]).digest for k in range(3)]
    assert tell(voxels, values).digest == sum(parts) % 2**64
    assert parts[1] == 0
    assert tell(voxels, values[::-1].copy()).digest != tell(voxels, values).digest


@pytest.mark.parametrize("few", [0, 10**9])
@pytest.mark.parametrize("voxel", [-1, 8])
def test_nothing_is_put_outside_of_a_volume(voxel: int, few: int, monkeypatch):
    monkeypatch.setattr(voxel_lists, "FEW", few)
    with pytest.raises(IndexError, match="outside the volume"):
        put(np.zeros((2, 2, 2), np.uint8), np.array([voxel]), np.ones(1, np.uint8))
