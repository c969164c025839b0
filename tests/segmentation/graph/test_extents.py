"""Extents of supervoxels: against counts of all voxels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervox.execution import Cancelled, Run
from supervox.segmentation import find_extents
from supervox.segmentation.graph import extents


def random_ids(seed: int, shape: tuple[int, int, int], n: int) -> np.ndarray:
    ids = np.random.default_rng(seed).integers(0, n, shape, dtype=np.int32)
    return np.unique(ids, return_inverse=True)[1].reshape(shape).astype(np.int32)


@given(
    st.integers(0, 99),
    st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 6)),
    st.integers(0, 2),
)
def test_sums_by_plane_are_those_of_the_voxels(
    seed: int, shape: tuple[int, int, int], axis: int
) -> None:
    ids = random_ids(seed, shape, 7)
    n = int(ids.max()) + 1
    rng = np.random.default_rng(seed)
    weights, groups = rng.random(n), rng.integers(0, 3, n).astype(np.uint8)
    found = find_extents(ids, n, axis).sum_by_plane(weights, groups, 3)
    for plane in range(shape[axis]):
        inside = np.take(ids, plane, axis).ravel()
        expected = np.bincount(groups[inside], weights[inside], minlength=3)
        np.testing.assert_allclose(found[plane], expected, atol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_ends_and_centres(axis: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extents, "SLAB_VOXELS", 30)  # several slabs
    ids = random_ids(3, (6, 5, 4), 9)
    found = find_extents(ids, int(ids.max()) + 1, axis)
    for k in range(int(ids.max()) + 1):
        places = np.argwhere(ids == k)
        np.testing.assert_allclose(found.centres[k], places.mean(axis=0), rtol=1e-6)
        assert found.first[k] == places[:, axis].min()
        assert found.last[k] == places[:, axis].max()


def test_an_id_that_no_voxel_has_counts_nothing() -> None:
    ids = np.zeros((2, 2, 2), np.int32)
    found = find_extents(ids, 3)
    sums = found.sum_by_plane(np.ones(3), np.array([0, 1, 1], np.uint8), 2)
    assert sums.tolist() == [[4, 0], [4, 0]]


def test_it_can_be_stopped() -> None:
    with pytest.raises(Cancelled):
        find_extents(np.zeros((2, 2, 2), np.int32), 1, run=Run(should_stop=lambda: True))
