"""Classes smoothed, opened, closed, grown and shrunk, by balls in physical units."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .checks import Spacing
from .clean_steps import CleanStep
from .distances import distances_within

SLACK = 1 + 1e-6  # distances that are equal but for rounding are equal
_TRUNCATE = 3.0  # standard deviations of a Gaussian


def reach_of(step: CleanStep) -> tuple[float, float]:
    """Return how far away a lost voxel's new label may lie, and what a voxel depends on."""
    if step.operation == "smooth":
        return _TRUNCATE * step.amount, 2 * _TRUNCATE * step.amount
    return step.amount, 3 * step.amount


def voxels_within(reach: float, spacing: Spacing) -> list[int]:
    """Return how many voxels along each axis lie within a distance, one at least."""
    return [math.floor(reach / edge * SLACK) + 1 for edge in spacing]


def rows_within(
    reach: float, spacing: Spacing, shape: Sequence[int]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return planes and rows to all rows of voxels within a distance, and how far away each is.

    The nearest come first; the unit is the smallest edge of a voxel. None is further away than a
    volume is large.
    """
    most = np.minimum(voxels_within(reach, spacing), shape)
    around = np.indices((2 * most[:2] + 1).tolist()).reshape(2, -1).T - most[:2]
    away = np.linalg.norm(around * spacing[:2], axis=1) / min(spacing)
    order = np.argsort(away, kind="stable")
    return np.ascontiguousarray(around[order]), away[order]


def _dilated(inside: NDArray[np.bool_], length: float, spacing: Spacing) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = distances_within(inside, spacing) <= length * SLACK
    return found


def _eroded(inside: NDArray[np.bool_], length: float, spacing: Spacing) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = distances_within(~inside, spacing) > length * SLACK
    return found


def _opened(inside: NDArray[np.bool_], length: float, spacing: Spacing) -> NDArray[np.bool_]:
    return _dilated(_eroded(inside, length, spacing), length, spacing) & inside


def _closed(inside: NDArray[np.bool_], length: float, spacing: Spacing) -> NDArray[np.bool_]:
    return _eroded(_dilated(inside, length, spacing), length, spacing) | inside


def _smoothed(inside: NDArray[np.bool_], sigma: float, spacing: Spacing) -> NDArray[np.bool_]:
    blurred = ndimage.gaussian_filter(
        inside.astype(np.float32), sigma / np.array(spacing), mode="nearest", truncate=_TRUNCATE
    )
    found: NDArray[np.bool_] = blurred > 0.5
    return found


CHANGES: dict[str, Callable[[NDArray[np.bool_], float, Spacing], NDArray[np.bool_]]] = {
    "smooth": _smoothed,
    "open": _opened,
    "close": _closed,
    "dilate": _dilated,
    "erode": _eroded,
}
