"""What is refused, in which words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from supervox.segmentation import SegmentationError
from supervox.segmentation.checks import (
    MOST_CLASSES,
    check_annotations,
    check_classes,
    check_spacing,
    check_volume,
    count_nonfinite,
)


def test_spacings() -> None:
    assert check_spacing((40, 20, 20)) == (40.0, 20.0, 20.0)
    assert check_spacing(np.array([1, 2, 3], np.float32)) == (1.0, 2.0, 3.0)
    assert check_spacing([2, 3], ndim=2) == (2.0, 2.0, 3.0)
    assert check_spacing((4e-10, 1e-10, 1e-10)) == (4e-10, 1e-10, 1e-10)


@pytest.mark.parametrize(
    ("spacing", "ndim", "message"),
    [
        ((1, 1), 3, r"one value per axis \(plane row column\), not 2"),
        ((1,), 2, "not 1"),
        ((1, 1, 1, 1), 3, "not 4"),
        ((0, 1, 1), 3, "three positive numbers, not 0 1 1"),
        ((1, -0.5, 1), 3, "not 1 -0.5 1"),
        ((1, float("inf"), 1), 3, "not 1 inf 1"),
        ((float("nan"), 1, 1), 3, "not nan 1 1"),
        ((1e-200, 1, 1), 3, "can't be 1e-200 1 1: give the size of a voxel"),
        ((1, 2e6, 1), 3, "can't be 1 2e.06 1"),
        ((1e200, 1e200, 1e200), 3, "can't be 1e.200"),
        ((1e-200, 1e-200, 1e-200), 3, "can't be 1e-200"),
    ],
)
def test_unusable_spacings(spacing: tuple[float, ...], ndim: int, message: str) -> None:
    with pytest.raises(SegmentationError, match=message):
        check_spacing(spacing, ndim)


@pytest.mark.parametrize("dtype", ["?", "u1", ">i2", "u8", "f2", ">f4", "f8"])
def test_volumes_of_real_numbers(dtype: str) -> None:
    volume = np.zeros((2, 3, 4), dtype)
    assert check_volume(volume) is volume
    assert check_volume(volume[0]).shape == (1, 3, 4)


@pytest.mark.parametrize(
    ("shape", "dtype", "message"),
    [
        ((3,), "u1", r"axes plane, row and column; this array has shape \(3,\)"),
        ((2, 3, 4, 3), "u1", r"this array has shape \(2, 3, 4, 3\)"),
        ((2, 0, 4), "u1", r"no voxels \(shape \(2, 0, 4\)\)"),
        ((2, 3, 4), "c8", "of type complex64; integers or real numbers"),
        ((2, 3, 4), "O", "of type object"),
        ((2, 3, 4), "M8[s]", "of type datetime64"),
    ],
)
def test_what_is_no_volume(shape: tuple[int, ...], dtype: str, message: str) -> None:
    with pytest.raises(SegmentationError, match=message):
        check_volume(np.zeros(shape, dtype))


def test_annotations() -> None:
    plane = np.zeros((3, 4), np.uint8)
    assert check_annotations(plane, (1, 3, 4)).shape == (1, 3, 4)
    assert check_annotations(plane[None] > 0, (1, 3, 4)).dtype == bool


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((2, 3, 4)), r"integers \(0 = unlabelled\), not float64"),
        (np.zeros((2, 3, 5), int), r"shape \(2, 3, 5\), the volume \(2, 3, 4\): they must be"),
        (np.zeros((3, 4), int), r"shape \(1, 3, 4\), the volume \(2, 3, 4\)"),
        (np.zeros((2, 3, 4, 1), int), r"shape \(2, 3, 4, 1\)"),
    ],
)
def test_unusable_annotations(values: Any, message: str) -> None:
    with pytest.raises(SegmentationError, match=message):
        check_annotations(values, (2, 3, 4))


def test_numbers_of_classes() -> None:
    check_classes((2, 300))
    check_classes(range(1, MOST_CLASSES + 1))
    for ids, message in [
        ((), "annotations are empty: paint at least one stroke for each of two classes"),
        ((4,), "only class 4 is painted: paint at least one stroke of another class"),
        (range(1, 3001), "hold 3,000 different values, more than 255: is this an image"),
    ]:
        with pytest.raises(SegmentationError, match=message):
            check_classes(ids)


def test_every_message_is_one_line() -> None:
    with pytest.raises(SegmentationError) as caught:
        check_classes(range(1, 3001))
    assert "\n" not in str(caught.value)


def test_counting_what_is_no_number() -> None:
    volume = np.zeros((40, 200, 300), np.float32)
    assert count_nonfinite(volume) == 0
    volume[3, 4, 5:9] = np.nan
    volume[39, 199, 299] = np.inf
    volume[0, 0, 0] = -np.inf
    assert count_nonfinite(volume, workers=1) == count_nonfinite(volume, workers=3) == 6
    assert count_nonfinite(volume.astype(np.float16)) == 6
    assert count_nonfinite(np.zeros((2, 2, 2), np.uint8)) == 0
