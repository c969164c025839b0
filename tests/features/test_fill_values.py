"""Constants that fill much of a volume are found; nothing that was measured is taken for one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from supervox.features.fill_values import FillValue, find_fill_values

SHAPE = (12, 60, 70)


def noise(dtype=np.uint8, seed=0, mean=120, spread=25):
    image = np.random.default_rng(seed).normal(mean, spread, SHAPE)
    return image.clip(1, 250).astype(dtype)


def outside(side):
    z, y, x = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    found = {
        "cylinder": np.hypot(y - 29.5, x - 34.5) > 30,
        "side": x < 20,
        "frame": (np.minimum(y, 59 - y) < 5) | (np.minimum(x, 69 - x) < 5),
        "bottom": z > 8,
        "wedge": np.minimum(x, 69 - x) < 4 * np.abs(z - 5.5),
        "most": x > 20,
    }[side]
    return np.broadcast_to(found, SHAPE)


SIDES = ("cylinder", "side", "frame", "bottom", "wedge", "most")


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        (np.uint8, 0),
        (np.uint8, 255),
        (np.uint8, 120),
        (np.uint16, 65535),
        (np.int16, -1000),
        (np.float32, 0),
        (np.float64, -1e30),
        (np.float32, 120.5),
        (np.float16, 0),
    ],
)
def test_a_constant_outside_of_the_data_is_found(side, dtype, value):
    image = noise(dtype)
    image[outside(side)] = value
    (found,) = find_fill_values(image)
    assert found.value == value
    where = np.stack([found.find(plane) for plane in image])
    assert where[outside(side)].all()
    assert where[~outside(side)].mean() < 1e-3


def test_several_constants_are_found():
    image = noise()
    image[:, :, :15], image[:, :, 55:] = 0, 255
    assert find_fill_values(image) == (FillValue(0), FillValue(255))


@pytest.mark.parametrize(
    "image",
    [
        noise(),
        noise(np.float32),
        noise(spread=1),
        (noise() > 120).astype(np.uint8),
        np.repeat(noise() // 60, 2, axis=2),
        (ndimage.gaussian_filter(noise(np.float64), 4) > 120).astype(np.uint8),
        ndimage.gaussian_filter((ndimage.gaussian_filter(noise(float), 4) > 120) * 1.0, 1),
        np.full(SHAPE, 7, np.uint8),
    ],
    ids=["8 bits", "floats", "few values", "2 values", "blocks", "labels", "phantom", "constant"],
)
def test_nothing_is_found_where_all_is_measured_or_drawn(image):
    assert find_fill_values(image) == ()


def test_a_background_that_was_cut_off_is_data():
    cells = ndimage.gaussian_filter(np.random.default_rng(1).normal(size=SHAPE), 4)
    image = 3000 * cells.clip(0.02) - 60
    image = np.random.default_rng(2).poisson(image.clip(0)).astype(np.uint16)
    assert (image == 0).mean() > 0.4
    assert find_fill_values(image) == ()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_zeros_beside_dark_air_are_fill(dtype):
    image = noise(np.float64, mean=220, spread=6)
    image[:, :, :40] = noise(np.float64, mean=40, spread=6)[:, :, :40]
    image[:, :, :18] = 0
    assert [found.value for found in find_fill_values(image.astype(dtype))] == [0]


def test_a_constant_inside_is_data():
    image = noise()
    image[:, 20:40, 20:50] = 255
    assert find_fill_values(image) == ()


def test_pieces_of_the_value_inside_stay_data():
    image = noise()
    image[outside("cylinder")] = 0
    image[:, 28:33, 30:35] = 0
    (found,) = find_fill_values(image)
    where = found.find(image)
    assert not where[:, 28:33, 30:35].any()
    np.testing.assert_array_equal(where, outside("cylinder"))


@pytest.mark.parametrize(("fill", "rim"), [(0, 255), (255, 0), (0, 120), (120, 255)])
def test_a_fill_behind_a_rim_of_another_constant_is_found(fill, rim):
    """The image has pieces of the value, too, as black vessels that the range cut off."""
    image = noise()
    dark = ndimage.gaussian_filter(np.random.default_rng(3).normal(size=SHAPE), (0, 3, 3))
    side = {0: -1, 255: 1, 120: 0}[fill]
    if side:
        swing = 250 * (np.abs(dark) / np.abs(dark).max()) * (dark > 0.15)
        image = (image + side * 4 * swing).clip(0, 255).astype(np.uint8)
        assert (ndimage.uniform_filter(image == fill, (0, 3, 3)) > 0).any()
    radius = np.hypot(*np.ogrid[-29.5:30, -34.5:35])
    image[:, radius > 26] = rim
    image[:, radius > 33] = fill
    found = find_fill_values(image)
    assert [item.value for item in found] == sorted((fill, rim))
    where = np.any([item.find(image) for item in found], axis=0)
    assert where[:, radius > 26].all()
    assert where[:, radius <= 26].mean() < 0.01


@pytest.mark.parametrize(("fill", "rim"), [(0, 255), (255, 0), (0, 120)])
def test_a_rim_within_a_fill_is_found(fill, rim):
    image = noise()
    radius = np.hypot(*np.ogrid[-29.5:30, -34.5:35])
    image[:, radius > 21] = rim
    image[:, radius > 26] = fill
    found = find_fill_values(image)
    assert [item.value for item in found] == sorted((fill, rim))
    where = np.any([item.find(image) for item in found], axis=0)
    assert where[:, radius > 21].all()
    assert where[:, radius <= 21].mean() < 2e-3


def test_dark_air_beside_a_fill_is_data():
    image = noise(np.int16)
    image[:, :, 40:50] = np.random.default_rng(2).poisson(0.05, (12, 60, 10))
    image[:, :, 50:] = -1000
    assert [found.value for found in find_fill_values(image)] == [-1000]


def test_a_fill_of_whole_planes_is_told_from_a_dark_background():
    image = noise(np.int16) - 121  # on both sides of 0
    image[9:] = 0
    assert [found.value for found in find_fill_values(image)] == [0]
    sparse = np.random.default_rng(0).poisson(0.02, SHAPE).astype(np.uint8) * noise()
    sparse[9:] = 0
    assert find_fill_values(np.minimum(sparse, 3)) == ()


def test_pictures_of_one_plane_or_few_voxels_are_looked_at():
    image = noise()[:1]
    image[:, :, :20] = 0
    assert [found.value for found in find_fill_values(image)] == [0]
    assert find_fill_values(noise()[:1, :1, :2]) == ()
    for line in (noise()[:1, :1], noise()[:1, :, :1], noise()[:, :1, :1], noise()[:, :2, :2]):
        assert find_fill_values(line) == ()


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("value", [0, 120])
def test_thin_borders_are_found(width, value):
    image = noise()
    for axis in (1, 2):
        along = np.moveaxis(image, axis, 0)
        along[:width] = along[-width:] = value
    (found,) = find_fill_values(image)
    assert found.value == value
    assert found.find(image)[:, :width].all()
    assert found.find(image)[:, :, -width:].all()
    top = noise()
    top[:, :width] = value
    assert [found.value for found in find_fill_values(top)] == [value]


def test_a_few_missing_planes_are_found():
    chance = np.random.default_rng(0)
    image = chance.normal(120, 25, (50, 40, 40)).clip(1, 250).astype(np.uint8)
    image[[20, 31]] = 0  # two of those that candidates are not looked at in at first
    assert find_fill_values(image) == (FillValue(0),)


@pytest.mark.parametrize("size", [768, 1024])
def test_a_side_is_found_whatever_the_size_of_the_planes(size):
    """A sample of every so many voxels can leave out columns that lie so far apart."""
    plane = np.random.default_rng(0).normal(120, 25, (size, size)).clip(1, 250).astype(np.uint8)
    width = size // 20
    for part in (np.s_[:, -width:], np.s_[-width:]):
        image = plane.copy()
        image[part] = 0
        assert find_fill_values(np.broadcast_to(image, (64, size, size))) == (FillValue(0),)


@pytest.mark.parametrize("rate", [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1])
@pytest.mark.parametrize("gain", [1, 37])
def test_zeros_of_counted_photons_are_data(rate, gain):
    chance = np.random.default_rng(0)
    shape = (16, 120, 120)
    tissue = ndimage.gaussian_filter(chance.normal(size=shape), 4)
    image = gain * chance.poisson(rate * np.exp(tissue / tissue.std()))
    assert find_fill_values(image.astype(np.uint16)) == ()
    amplified = image + chance.normal(0, gain / 6, shape) - gain / 4
    assert find_fill_values(amplified.clip(0).astype(np.uint16)) == ()


def test_what_was_cut_off_in_one_plane_is_data_whatever_others_hold():
    chance = np.random.default_rng(0)
    clouds = ndimage.gaussian_filter(chance.normal(size=(6, 120, 120)), (0, 6, 6))
    bands = clouds / clouds.std() + chance.normal(0, 0.05, clouds.shape)
    bands[0] = bands[0].clip(None, 0.7)
    assert (bands[0] == 0.7).mean() > 0.1
    assert find_fill_values(bands.astype(np.float32)) == ()
