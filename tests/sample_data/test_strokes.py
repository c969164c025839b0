"""Strokes: within their class, sparse, the number asked for."""

import numpy as np
import pytest
from scipy import ndimage
from supervox.sample_data import (
    CLASSES,
    Phantom,
    PhantomParameters,
    example_strokes,
    stroke_planes,
)


@pytest.fixture(scope="module")
def phantom():
    return Phantom(PhantomParameters(shape=(96, 160, 160), seed=3))


@pytest.fixture(scope="module")
def labels(phantom):
    return phantom.labels((slice(None),) * 3)


@pytest.mark.parametrize("number", [4, 12, 36])
def test_strokes_lie_in_their_class_and_are_sparse(labels, number):
    strokes = example_strokes(labels, number, seed=1)
    painted = strokes > 0
    np.testing.assert_array_equal(strokes[painted], labels[painted])
    assert set(np.unique(strokes)) == {0, *CLASSES}
    assert painted.mean() < 0.0003 * number
    assert painted.any(axis=(1, 2)).sum() <= 16


def test_strokes_are_thin_lines_within_one_plane(labels):
    strokes = example_strokes(labels, 4, seed=2)
    found, number = ndimage.label(strokes == 2, np.ones((3, 3, 3)))
    sizes = np.bincount(found.ravel())[1:]
    assert 2 <= number <= 4
    assert sizes.max() < 4 * 36 * 3
    assert ndimage.binary_erosion(strokes == 2, np.ones((1, 5, 5))).sum() == 0


def test_classes_get_as_many_strokes_as_they_can_hold(labels):
    few, many = (example_strokes(labels, number, seed=0) for number in (4, 36))
    for label in CLASSES:
        assert (many == label).sum() > 2.5 * (few == label).sum()


def test_a_phantom_gives_the_same_strokes_as_its_labels(phantom, labels):
    np.testing.assert_array_equal(
        example_strokes(phantom, 4, seed=5), example_strokes(labels, 4, seed=5)
    )


def test_seeds_and_determinism(labels):
    first, again, other = (example_strokes(labels, 4, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_planes_come_once_and_only_if_painted(labels):
    planes = list(stroke_planes(labels, 12, seed=0))
    assert len({z for z, _ in planes}) == len(planes)
    assert all(strokes.any() for _, strokes in planes)


def test_single_plane():
    labels = np.ones((1, 40, 50), np.uint8)
    labels[:, :, 25:] = 2
    strokes = example_strokes(labels, 3, classes=(1, 2))
    assert set(np.unique(strokes)) == {0, 1, 2}


def test_bad_requests(labels):
    with pytest.raises(ValueError, match="strokes_per_class must be at least 1"):
        example_strokes(labels, 0)
    with pytest.raises(ValueError, match="no plane shows enough of class 9"):
        example_strokes(labels, 4, classes=(9,))
    with pytest.raises(ValueError, match="three-dimensional"):
        example_strokes(labels[0], 4)
