"""Between painted slices: shapes change steadily, middles move, the image has a say."""

from __future__ import annotations

import numpy as np
import pytest
from supervox.objects import ObjectsError, interpolate_slices

from .bodies import ball, cuboid, draw


def only(labels: np.ndarray, slices: list[int], axis: int = 0) -> np.ndarray:
    painted = np.zeros_like(labels)
    key = [slice(None)] * 3
    key[axis] = slices
    painted[tuple(key)] = labels[tuple(key)]
    return painted


def bulge() -> tuple[np.ndarray, np.ndarray]:
    """Return a rod with a bulge in its middle, which its ends don't show, and an image of it."""
    shape = (13, 40, 40)
    z, y, x = np.meshgrid(*map(np.arange, shape), indexing="ij")
    radius = 10 + 3 * np.sin(np.pi * z / 12)
    truth = (np.hypot(y - 20, x - 20) <= radius).astype(np.uint8)
    return truth, truth * 10 + np.random.default_rng(0).normal(0, 1, shape)


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * (a & b).sum() / (a.sum() + b.sum())


@pytest.mark.parametrize("axis", range(3))
def test_a_prism_is_filled_exactly_along_any_axis(axis):
    labels = draw(cuboid((12, 14, 10)), 8)
    places = np.flatnonzero(labels.any(axis=tuple(k for k in range(3) if k != axis)))
    painted = only(labels, [int(places[0]), int(places[-1])], axis)
    np.testing.assert_array_equal(interpolate_slices(painted, axis=axis), labels)


def test_a_ball_comes_back_from_a_few_slices():
    labels = draw(ball(14), 15, (2, 1, 1))
    places = np.flatnonzero(labels.any(axis=(1, 2)))
    painted = only(labels, places[[0, 3, 7, 10, 13]].tolist())
    assert dice(interpolate_slices(painted, spacing=(2, 1, 1)) > 0, labels > 0) > 0.94


def test_things_that_move_are_followed():
    labels = np.zeros((11, 20, 60), np.uint8)
    for z in range(11):
        labels[z, 8:14, 4 + 4 * z : 10 + 4 * z] = 1
    found = interpolate_slices(only(labels, [0, 10]))
    np.testing.assert_array_equal(found, labels)


def test_several_classes_share_the_slices_between():
    labels = np.ones((9, 12, 24), np.uint8)
    for z in range(9):
        labels[z, :, 6 + z :] = 2
    labels[:, :3] = 0
    found = interpolate_slices(only(labels, [0, 8]))
    assert (found != labels).mean() < 0.02
    assert set(np.unique(found).tolist()) == {0, 1, 2}


def test_what_only_one_slice_has_ends_half_way():
    labels = np.zeros((9, 20, 20), np.uint8)
    labels[0, 5:15, 5:15] = 1
    labels[8, 0:2, 0:2] = 2
    found = interpolate_slices(labels)
    assert (found[1:4] == 1).any(axis=(1, 2)).all()
    assert not (found[4:8] == 1).any()


def test_the_image_draws_boundaries_to_its_edges():
    truth, image = bulge()
    painted = only(truth, [0, 12])
    by_shape = dice(interpolate_slices(painted) > 0, truth > 0)
    by_image = dice(interpolate_slices(painted, image=image) > 0, truth > 0)
    assert by_image > by_shape + 0.05
    flat = interpolate_slices(painted, image=np.full(truth.shape, 3))
    np.testing.assert_array_equal(flat, interpolate_slices(painted))


@pytest.mark.parametrize("offset", [0, 1000, -1000])
def test_where_the_image_has_no_number_is_no_edge(offset):
    truth, image = bulge()
    painted = only(truth, [0, 12])
    image = image + offset
    expected = dice(interpolate_slices(painted, image=image) > 0, truth > 0)
    _, y, x = np.indices(truth.shape)
    image[np.hypot(y - 20, x - 20) > 14] = np.nan  # a cell cut out of what is around it
    assert dice(interpolate_slices(painted, image=image) > 0, truth > 0) > expected - 0.01


def test_painted_slices_and_locked_voxels_stay():
    labels = draw(ball(9), 10)
    painted = only(labels, [4, 12, 18])
    painted[8, 12, 12] = 0
    keep = np.zeros(labels.shape, bool)
    keep[8, 11:14, 11:14] = True
    found = interpolate_slices(painted, keep=keep)
    for z in (4, 12, 18):
        np.testing.assert_array_equal(found[z], painted[z])
    assert not found[8, 11:14, 11:14].any()
    assert not found[:4].any()
    assert found[8, 8, 8] == 1


@pytest.mark.parametrize(
    ("slices", "more", "message"),
    [
        ([5], {}, "at least two slices"),
        ([5, 9], {"axis": 3}, "axis 0, 1 or 2, not 3"),
        ([5, 9], {"image": np.zeros((2, 2, 2))}, "image has 2 x 2 x 2 voxels"),
    ],
)
def test_what_can_t_be_interpolated_is_refused(slices, more, message):
    with pytest.raises(ObjectsError, match=message):
        interpolate_slices(only(draw(ball(6), 6), slices), **more)
