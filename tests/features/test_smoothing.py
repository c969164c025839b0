"""Smoothing equals SciPy's, in any window."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage as ndi
from supervox.features import gaussian_smooth
from supervox.features.smoothing import half_kernel, smooth_product, smooth_window, sum_taps

rng = np.random.default_rng(0)


@pytest.mark.parametrize("truncate", [2.0, 3.0, 4.0])
@pytest.mark.parametrize("sigma", [(1, 1, 1), (2, 2, 2), (0, 1.5, 3), (0.5, 0, 0), (0, 0, 0)])
@pytest.mark.parametrize("shape", [(30, 31, 32), (1, 40, 50), (3, 2, 5), (1, 1, 1), (2, 70, 1)])
def test_equals_scipy(shape, sigma, truncate):
    block = rng.normal(size=shape).astype(np.float32)
    expected = ndi.gaussian_filter(block.astype(float), sigma, mode="reflect", truncate=truncate)
    found = gaussian_smooth(block, sigma, truncate)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_a_delta_becomes_the_gaussian():
    block = np.zeros((41, 41, 41), np.float32)
    block[20, 20, 20] = 1
    z, y, x = np.ogrid[-20:21, -20:21, -20:21]
    expected = np.exp(-(z**2 + y**2 + x**2) / (2 * 3.0**2)) / (2 * np.pi * 3.0**2) ** 1.5
    np.testing.assert_allclose(gaussian_smooth(block, (3, 3, 3), 6), expected, atol=1e-8)


def test_sigma_0_leaves_the_bits_and_the_input_alone():
    block = rng.normal(size=(3, 4, 5)).astype(np.float32)
    found = gaussian_smooth(block, (0, 0, 0))
    np.testing.assert_array_equal(found, block)
    assert not np.shares_memory(found, block)


def test_views_and_other_dtypes_are_taken():
    block = rng.integers(0, 255, (9, 8, 7)).astype(np.uint8)
    expected = gaussian_smooth(block.astype(np.float32), (1, 1, 1))
    np.testing.assert_array_equal(gaussian_smooth(block, (1, 1, 1)), expected)
    turned = gaussian_smooth(block.transpose(2, 1, 0), (1, 1, 1))
    np.testing.assert_allclose(turned.transpose(2, 1, 0), expected, rtol=1e-6)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_window_has_the_bits_of_the_whole(data):
    shape = data.draw(st.tuples(*[st.integers(1, 20)] * 3))
    sigma = data.draw(st.tuples(*[st.sampled_from([0.0, 0.8, 1.0, 2.0])] * 3))
    source = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    start = tuple(data.draw(st.integers(-1, n - 1)) for n in shape)
    stop = tuple(
        data.draw(st.integers(max(1, a + 1), n + 1)) for a, n in zip(start, shape, strict=True)
    )
    kernels = [half_kernel(s) for s in sigma]
    window = smooth_window(source, kernels, start, stop)
    # one voxel beyond the border is the border's own value, by reflection
    whole = np.pad(gaussian_smooth(source, sigma), 1, mode="edge")
    part = tuple(slice(a + 1, b + 1) for a, b in zip(start, stop, strict=True))
    np.testing.assert_array_equal(window, whole[part])


def test_taps_are_summed_in_pairs_where_they_are_told_to_be():
    weights = half_kernel(2.0)
    flat, out = rng.normal(size=100).astype(np.float32), np.full(12, 7, np.float32)
    reach = np.arange(weights.size)
    sum_taps(flat, np.stack([20 - reach, 20 + reach]), 30, weights, out, 2, 9)
    full = np.concatenate([weights[:0:-1], weights])
    expected = np.correlate(flat, full, "same")[50:59]
    np.testing.assert_allclose(out[2:11], expected, atol=1e-6)
    assert (out[[0, 1, 11]] == 7).all()


def test_smoothed_product():
    left, right = rng.normal(size=(2, 25, 13, 14)).astype(np.float32)
    kernels = [half_kernel(s) for s in (2, 0, 1)]
    out = np.empty((9, 6, 7), np.float32)
    smooth_product(left, right, kernels, (10, 3, 7), out)
    whole = gaussian_smooth(left * right, (2, 0, 1))
    np.testing.assert_array_equal(out, whole[10:19, 3:9, 7:14])


def test_errors():
    with pytest.raises(ValueError, match=r"one plane: image\[None\]"):
        gaussian_smooth(np.zeros((3, 4), np.float32), (1, 1, 1))
    with pytest.raises(ValueError, match="0 or positive"):
        gaussian_smooth(np.zeros((3, 4, 5), np.float32), (1, -1, 1))
    with pytest.raises(ValueError, match="0 or positive"):
        gaussian_smooth(np.zeros((3, 4, 5), np.float32), (1, np.nan, 1))
