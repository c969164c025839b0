"""The nearest voxel with data, against all pairs of voxels, and whatever the block."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from supervox.features import leave_out, read_filled
from supervox.features.nearest_data import HALO, PLANE, REACH, nearest_values


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.01, 0.1, 0.5]), st.sampled_from([1, 3, 12]))
@settings(max_examples=40, deadline=None)
def test_distances_are_those_of_all_pairs(seed: int, share: float, planes: int) -> None:
    rng = np.random.default_rng(seed)
    has_data = rng.random((planes, 20, 23)) < share
    has_data[0, 0, 0] = True
    values = rng.permutation(has_data.size).reshape(has_data.shape)
    nearest, distance = nearest_values(values, has_data)
    expected = ndimage.distance_transform_edt(~has_data, sampling=(PLANE, 1, 1))
    is_near = expected <= REACH
    np.testing.assert_allclose(distance[is_near], expected[is_near], rtol=1e-6)
    assert np.isinf(distance[~is_near]).all()
    place = np.argsort(values.ravel())[nearest.ravel()]  # where each value lies
    assert has_data.ravel()[place][is_near.ravel()].all()
    steps = np.subtract(
        np.unravel_index(place, values.shape), np.indices(values.shape).reshape(3, -1)
    )
    found = np.sqrt((steps.T**2 * np.array([PLANE**2, 1, 1])).sum(axis=1))
    np.testing.assert_allclose(found[is_near.ravel()], expected[is_near], rtol=1e-6)
    np.testing.assert_array_equal(nearest[~is_near], values[~is_near])


@given(st.integers(0, 2**32 - 1), st.integers(0, 30), st.integers(0, 30))
@settings(max_examples=20, deadline=None)
def test_no_voxel_depends_on_what_is_farther_than_the_halo(
    seed: int, row: int, column: int
) -> None:
    rng = np.random.default_rng(seed)
    has_data = ndimage.binary_dilation(rng.random((12, 70, 71)) < 0.002, iterations=2)
    values = rng.normal(size=has_data.shape)
    nearest, distance = nearest_values(values, has_data)
    core = (slice(5, 7), slice(20 + row, 24 + row), slice(20 + column, 22 + column))
    wide = tuple(
        slice(max(0, part.start - halo), min(n, part.stop + halo))
        for part, halo, n in zip(core, HALO, values.shape, strict=True)
    )
    inner = tuple(
        slice(part.start - w.start, part.stop - w.start) for part, w in zip(core, wide, strict=True)
    )
    own, own_distance = nearest_values(values[wide], has_data[wide])
    np.testing.assert_array_equal(own_distance[inner], distance[core])
    np.testing.assert_array_equal(own[inner], nearest[core])


def test_of_two_that_are_as_near_the_first_is_taken() -> None:
    values = np.array([[[1.0, 0.0, 3.0]]])
    for order in (values, values.reshape(1, 3, 1), values.reshape(3, 1, 1)):
        assert nearest_values(order, order > 0)[0].ravel()[1] == 1


@pytest.mark.parametrize("axis", [1, 2])
def test_the_rim_goes_on_and_turns_into_the_mean(axis: int) -> None:
    rows = np.linspace(0, 100, 40)
    image = np.moveaxis(np.broadcast_to(rows, (6, 64, 40)), 2, 3 - axis).copy()
    gaps = [slice(None)] * 3
    gaps[axis] = slice(20, None)
    has_data = np.ones(image.shape, np.uint8)
    has_data[tuple(gaps)] = 0
    filled = leave_out(image, "none", mask=has_data)
    values = np.moveaxis(
        read_filled(filled, (slice(0, 6), *(slice(0, n) for n in image.shape[1:]))), axis, 1
    )
    rim = values[:, 19]
    for step in range(REACH // 2):
        np.testing.assert_array_equal(values[:, 20 + step], rim)
    for step in range(REACH, 30):  # cells of the thumbnail
        assert np.unique(values[0, 20 + step]).size <= 8


def test_the_next_plane_stands_in_below_the_last_one() -> None:
    image = np.random.default_rng(0).normal(size=(12, 40, 40))
    image[8:] = np.nan
    values = read_filled(leave_out(image), (slice(0, 12), slice(0, 40), slice(0, 40)))
    for plane in (8, 9):
        np.testing.assert_array_equal(values[plane], values[7])
