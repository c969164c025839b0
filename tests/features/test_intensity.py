"""The common intensity scale is robust and means the same for every dtype."""

from __future__ import annotations

import numpy as np
import pytest
from supervox.features import IntensityRange


def ramp(dtype):
    return np.broadcast_to(np.arange(101), (10, 10, 101)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64])
def test_percentiles_become_0_and_10(dtype):
    volume = ramp(dtype)
    intensity = IntensityRange.measure(volume)
    assert intensity == IntensityRange(1, 99, 50)
    values = intensity.normalise(volume)
    assert values.dtype == np.float32
    assert values[0, 0, [1, 50, 99]] == pytest.approx([0, 5, 10], abs=1e-5)


def test_big_integers_keep_their_digits():
    volume = ramp(np.int32) + 2**30
    values = IntensityRange.measure(volume).normalise(volume)
    assert values[0, 0] == pytest.approx((np.arange(101) - 1) / 98 * 10, abs=1e-5)


def test_byte_order_does_not_matter():
    volume = ramp(np.float32)
    intensity = IntensityRange.measure(volume)
    swapped = intensity.normalise(volume.astype(">f4"))
    np.testing.assert_array_equal(swapped, intensity.normalise(volume))


def test_what_is_not_finite_is_filled_and_outliers_are_clipped():
    intensity = IntensityRange(0, 10, 4)
    block = np.array([[[np.nan, np.inf, -np.inf, 1e30, -1e30, 3]]], np.float32)
    expected = [[[4, 4, 4, 20, -10, 3]]]
    np.testing.assert_allclose(intensity.normalise(block), expected, rtol=1e-6)
    assert np.isnan(block[0, 0, 0])  # the input is left alone


def test_nearly_constant_volume_uses_its_extremes():
    volume = np.zeros((4, 100, 100), np.uint8)
    volume[2, 50, 50] = 200
    assert IntensityRange.measure(volume) == IntensityRange(0, 200, 0)


def test_constant_volume_is_refused():
    with pytest.raises(ValueError, match=r"constant \(every voxel is 7\)"):
        IntensityRange.measure(np.full((3, 4, 5), 7, np.uint8))


def test_volume_without_finite_voxels_is_refused():
    with pytest.raises(ValueError, match="no voxels with data"):
        IntensityRange.measure(np.full((3, 4, 5), np.nan, np.float32))


def test_large_volumes_are_sampled():
    rng = np.random.default_rng(0)
    volume = rng.normal(size=(70, 300, 300)).astype(np.float32)
    intensity = IntensityRange.measure(volume)
    assert intensity.low == pytest.approx(np.percentile(volume, 1), abs=0.02)
    assert intensity.high == pytest.approx(np.percentile(volume, 99), abs=0.02)
