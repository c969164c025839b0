"""Volumes of which a part is filled with constants, as reconstruction programs do it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

RIM = 0.93  # of the radius of the cylinder: where a bright rim begins
FILLS = (
    ("outside of a cylinder", "0"),
    ("outside of a cylinder", "largest of the type"),
    ("outside of a cylinder", "mean"),
    ("outside of a cylinder", "one range below"),
    ("outside of a cylinder", "four ranges below"),
    ("outside of a cylinder", "NaN"),
    ("outside of a thin cylinder", "0, and a rim of the largest"),
    ("one side", "0"),
    ("frame", "65535"),
    ("frame", "mean, half of it NaN"),
    ("bottom planes", "0"),
    ("wedge", "0"),
    ("wedge", "largest of the type"),
)


def is_filled(shape: Sequence[int], side: str) -> NDArray[np.bool_]:
    """Return which voxels of a volume (Z, Y, X) are filled."""
    planes, rows, columns = shape
    z, y, x = np.ogrid[:planes, :rows, :columns]
    if side.startswith("outside"):
        share = _radii(shape)
        filled = share > (RIM if "thin" in side else 1)
    elif side == "one side":
        filled = x < columns // 4
    elif side == "frame":
        width = min(rows, columns) // 16
        filled = (np.minimum(y, rows - 1 - y) < width) | (np.minimum(x, columns - 1 - x) < width)
    elif side == "bottom planes":
        filled = z >= planes - max(1, planes // 4)
    else:  # further in at the first and last planes, as at the ends of a tilt series
        depth = np.abs(2 * z - (planes - 1)) / max(1, planes - 1) * columns / 5
        filled = np.minimum(x, columns - 1 - x) < depth
    return np.ascontiguousarray(np.broadcast_to(filled, shape))


def fill_volume(image: NDArray[Any], outside: NDArray[np.bool_], constant: str) -> NDArray[Any]:
    """Return a copy of a volume with a constant where it is filled."""
    low, high = np.percentile(image, (1, 99))
    largest = np.iinfo(image.dtype).max if image.dtype.kind in "ui" else image.max()
    kind, value = image.dtype, 0.0
    if constant == "largest of the type":
        value = largest
    elif constant.startswith("mean"):
        value = round(float(image.mean()))
    elif constant == "65535":
        kind, value = np.result_type(kind, np.uint16), 65535
    elif constant.endswith("below"):
        ranges = {"one": 1, "four": 4}[constant.partition(" ")[0]]
        kind, value = np.dtype(np.float32), low - ranges * (high - low)
    if "NaN" in constant:
        kind = np.dtype(np.float32)
    filled = image.astype(kind)
    filled[outside] = np.nan if constant == "NaN" else value
    if "half of it NaN" in constant:
        half = outside.copy()
        half[:, : image.shape[1] // 2] = False
        filled[half] = np.nan
    if "rim" in constant:
        filled[outside & (_radii(image.shape) <= 1)] = largest
    return filled


def _radii(shape: Sequence[int]) -> NDArray[np.float64]:
    """Return how far the voxels of a plane are from its middle, 1 at the nearest border."""
    y, x = np.ogrid[: shape[1], : shape[2]]
    middle = [(size - 1) / 2 for size in shape[1:]]
    radii: NDArray[np.float64] = np.hypot(y - middle[0], x - middle[1]) / (min(shape[1:]) / 2)
    return radii
