"""Classes smoothed, opened, closed, grown and shrunk, by balls in physical units."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

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


def steps_within(reach: float, spacing: Spacing) -> NDArray[np.int64]:
    """Return the steps to all voxels within a distance, the nearest first."""
    most = [math.floor(reach / edge * SLACK) + 1 for edge in spacing]
    steps = np.array(list(itertools.product(*(range(-n, n + 1) for n in most))), np.int64)
    away = np.linalg.norm(steps * spacing, axis=1)
    within = (away > 0) & (away <= max(reach, max(spacing)) * SLACK)
    steps, away = steps[within], np.round(away[within] / min(spacing), 6)
    return np.ascontiguousarray(steps[np.argsort(away, kind="stable")])


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
