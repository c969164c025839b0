"""A volume with gaps reads as NaN where it has no data, whatever is read of it."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from supervox.features import (
    FeatureBank,
    FeatureParameters,
    GappedVolume,
    IntensityRange,
    fill_values_of,
    leave_out,
    pool_features,
    read_filled,
)

SHAPE = (12, 60, 70)
INSIDE = np.broadcast_to(np.hypot(*np.ogrid[-29.5:30, -34.5:35]) <= 30, SHAPE)
WHOLE = tuple(slice(0, n) for n in SHAPE)


def image(seed=0):
    return np.random.default_rng(seed).normal(120, 25, SHAPE).clip(0, 255).astype(np.uint8)


def filled(value=128):
    return np.where(INSIDE, image(), value).astype(np.uint8)


@pytest.mark.parametrize("value", [0, 128])
@pytest.mark.parametrize(
    "key",
    [
        np.s_[2:5, 3:40, 10:60],
        np.s_[3],
        np.s_[3, ::2, 1::3],
        np.s_[-1, 5:, -4:],
        np.s_[::3, 7, 8:20],
        np.s_[0:1, 0:1, 0:1],
        np.s_[:],
    ],
)
def test_a_box_is_as_in_the_whole(key, value):
    volume = leave_out(filled(value))
    whole = volume[:]
    wrong = (np.isnan(whole) != ~INSIDE).mean()
    assert wrong <= 1e-3 * (value == 128)  # what touches the rim may have the value, too
    np.testing.assert_array_equal(volume[key], whole[key])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(volume))[key], whole[key])


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(np.uint8, np.float32), (bool, np.float32), (np.int32, np.float64), (np.float64, np.float64)],
)
def test_values_keep_their_digits(dtype, expected):
    volume = GappedVolume(np.ones(SHAPE, dtype), mask=INSIDE.astype(np.uint8))
    assert volume.dtype == expected
    assert volume[:].dtype == expected
    assert (volume.ndim, volume.shape) == (3, SHAPE)


def test_what_is_no_data_can_be_said():
    plain = image()
    assert leave_out(plain) is plain
    assert leave_out(filled(), "none")[:].dtype == np.uint8
    two = leave_out(filled(0), "0, 65535")
    assert fill_values_of(two) == (0, 65535)
    np.testing.assert_array_equal(np.isnan(two[:]), filled(0) == 0)
    masked = leave_out(image(), mask=INSIDE)
    np.testing.assert_array_equal(np.isnan(masked[:]), ~INSIDE)
    assert leave_out(masked) is masked
    assert fill_values_of(plain) == ()


@pytest.mark.parametrize("text", ["", "automatic", "0;1", "nan", "inf", "1 x"])
def test_nonsense_is_refused(text):
    with pytest.raises(ValueError, match='no data is "auto", "none", or one or more values'):
        leave_out(image(), text)


@pytest.mark.parametrize("dtype", ["?", "i1", "u2", "i8", "f2", "f4", "f8"])
def test_numbers_of_any_type_are_a_mask(dtype):
    mask = np.where(INSIDE, -1, 0).astype(dtype)
    np.testing.assert_array_equal(np.isnan(leave_out(image(), mask=mask)[:]), ~INSIDE)


def test_a_mask_has_no_data_where_it_is_nan():
    mask = np.where(INSIDE, 0.5, np.nan)
    np.testing.assert_array_equal(np.isnan(leave_out(image(), mask=mask)[:]), ~INSIDE)


def test_a_mask_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"the mask has shape \(12, 60, 69\)"):
        leave_out(image(), mask=np.ones((12, 60, 69), np.uint8))
    with pytest.raises(ValueError, match="must be of real numbers"):
        leave_out(image(), mask=INSIDE.astype(np.complex64))


def test_means_of_what_is_near_stand_in():
    slope = np.broadcast_to(np.arange(70.0), SHAPE) + np.random.default_rng(0).normal(size=SHAPE)
    slope[:, 30:] = np.nan
    values = read_filled(leave_out(slope), WHOLE)
    np.testing.assert_array_equal(values[:, :30], slope[:, :30])
    assert np.isfinite(values).all()
    assert np.abs(values - np.arange(70))[:, 30:32].mean() < 5


def test_no_stand_in_depends_on_the_box():
    volume = leave_out(filled())
    whole = read_filled(volume, WHOLE)
    box = (slice(3, 9), slice(0, 17), slice(50, 70))
    np.testing.assert_array_equal(read_filled(volume, box), whole[box])


def test_the_scale_is_that_of_the_data():
    inside = np.where(INSIDE, image().astype(np.float32), np.nan)
    for value in (0, 255):
        assert IntensityRange.measure(leave_out(filled(value))) == IntensityRange.measure(inside)


def test_only_data_counts_in_features_whatever_the_blocks():
    ids = np.arange(np.prod(SHAPE)).reshape(SHAPE) % 7 + 7 * ~INSIDE
    volume, bank = leave_out(filled(0)), FeatureBank(FeatureParameters(sigmas_voxels=(1, 4)))
    one = pool_features(volume, ids, bank, workers=1)
    many = pool_features(volume, ids, bank, workers=2, block_shape=(8, 16, 24))
    assert one.values.tobytes() == many.values.tobytes()
    expected = np.bincount(ids[INSIDE], minlength=14)
    np.testing.assert_array_equal(one.counts, expected)
    assert not one.values[7:].any()
    raw = [image()[INSIDE & (ids == k)].mean() for k in range(7)]
    scale = IntensityRange.measure(volume)
    np.testing.assert_allclose(
        one.column("raw mean")[:7],
        [(mean - scale.low) / (scale.high - scale.low) * 10 for mean in raw],
        atol=1e-3,
    )
