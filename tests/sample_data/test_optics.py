"""The microscope: what a limited tilt loses, and the noise."""

import numpy as np
import pytest
from supervox.sample_data import Phantom, PhantomParameters
from supervox.sample_data._optics import Microscope, wedge

SHAPE = (80, 41, 96)


def section_power(image):
    """Power over (beam, column) frequencies, in degrees from the columns and cycles per voxel."""
    planes, _, columns = image.shape
    window = np.hanning(planes)[:, None, None] * np.hanning(columns)
    centred = image - image.mean(axis=(0, 2), keepdims=True)
    power = (np.abs(np.fft.fft2(centred * window, axes=(0, 2))) ** 2).mean(axis=1)
    fz, fx = np.fft.fftfreq(planes)[:, None], np.fft.fftfreq(columns)
    return power, np.degrees(np.arctan2(abs(fz), abs(fx))), np.hypot(fz, fx)


def noise_of(**changes):
    parameters = PhantomParameters(shape=SHAPE, **changes)
    microscope = Microscope.of(parameters)
    empty = np.zeros((SHAPE[0], SHAPE[1] + 2 * microscope.halo, SHAPE[2]), np.float32)
    return microscope.observe(empty, 0)


@pytest.mark.parametrize("tilt", [50, 65])
def test_the_wedge_is_missing_from_the_noise(tilt):
    power, angle, radius = section_power(noise_of(tilt_degrees=tilt))
    ring = (radius > 0.1) & (radius < 0.25)
    missing = power[ring & (angle > tilt + 8)].mean()
    measured = power[ring & (angle < tilt - 8)].mean()
    assert missing < 0.05 * measured


def test_the_wedge_is_missing_from_the_image():
    phantom = Phantom(PhantomParameters(shape=SHAPE, seed=4))
    image = np.empty(SHAPE, np.uint16)
    phantom.fill_image(image)
    power, angle, radius = section_power(image.astype(float))
    ring = (radius > 0.08) & (radius < 0.2)
    assert power[ring & (angle > 75)].mean() < 0.1 * power[ring & (angle < 55)].mean()


def test_a_full_tilt_loses_nothing():
    assert (wedge(20, 30, 90) == 1).all()
    power, angle, radius = section_power(noise_of(tilt_degrees=90))
    ring = (radius > 0.1) & (radius < 0.25)
    assert power[ring & (angle > 75)].mean() == pytest.approx(
        power[ring & (angle < 55)].mean(), rel=0.15
    )


def test_the_wedge_keeps_the_mean():
    assert wedge(20, 30, 65)[0, 0] == 1


def test_noise_has_the_given_deviation_and_grain():
    noise = noise_of(noise=0.04)
    assert noise.mean() == pytest.approx(0, abs=0.002)
    assert noise.std() == pytest.approx(0.04, rel=0.05)
    for axis in range(3):
        first, last = np.delete(noise, -1, axis), np.delete(noise, 0, axis)
        assert (first * last).mean() / noise.var() > 0.5


def test_blur_spreads_a_point_equally_along_rows_and_columns():
    microscope = Microscope.of(PhantomParameters(shape=SHAPE, noise=0, blur_nm=60, tilt_degrees=90))
    point = np.zeros((SHAPE[0], 1 + 4 * microscope.halo, SHAPE[2]), np.float32)
    point[40, 2 * microscope.halo, 48] = 1
    spread = microscope.observe(point, 0)
    assert spread.sum() == pytest.approx(1, abs=1e-3)
    reach = microscope.halo
    along_rows = spread[40, :, 48]
    along_columns = spread[40, reach, 48 - reach : 48 + reach + 1]
    np.testing.assert_allclose(along_rows, along_columns, rtol=0.02, atol=1e-4)


def test_without_noise_and_blur_the_image_is_the_absorption():
    parameters = PhantomParameters(shape=(44, 41, 47), noise=0, blur_nm=0, tilt_degrees=90)
    phantom = Phantom(parameters)
    image = np.empty(phantom.shape, np.uint16)
    phantom.fill_image(image)
    absorption = phantom.absorption((slice(None),) * 3)
    drift = 0.02 * 45_000
    np.testing.assert_allclose(image, 50_000 - 45_000.0 * absorption, atol=drift + 2)
