"""How deep voxels between two slices lie in a thing, by its outlines in these."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .checks import Spacing
from .distances import distances_within
from .errors import ObjectsError

TOO_FEW = "paint in at least two slices: what lies between them is filled"


def axes_across(axis: int) -> tuple[int, int, int]:
    """Return the axes of a volume, the one across the slices first."""
    if axis not in (0, 1, 2):
        raise ObjectsError(f"slices lie across axis 0, 1 or 2, not {axis}")
    rows, columns = (k for k in range(3) if k != axis)
    return axis, rows, columns


def depths_between(
    first: NDArray[np.bool_], last: NDArray[np.bool_], n: int, spacing: Spacing
) -> NDArray[np.float64]:
    """Return how deep each voxel lies in a class, in both slices and between, (n + 1, R, C)."""
    ends = [_signed(inside, spacing) for inside in (first, last)]
    if not first.any() or not last.any():
        there = 0 if first.any() else 1
        ends[1 - there] = np.full(first.shape, -float(ends[there].max()))
        way = np.zeros(2)
    else:
        middles = [np.array(ndimage.center_of_mass(inside)) for inside in (first, last)]
        way = middles[1] - middles[0]
    found = np.empty((n + 1, *first.shape))
    for k in range(n + 1):
        t = k / n
        moved = [
            ndimage.shift(ends[0], t * way, order=1, mode="nearest"),
            ndimage.shift(ends[1], (t - 1) * way, order=1, mode="nearest"),
        ]
        found[k] = (1 - t) * moved[0] + t * moved[1]
    return found


def _signed(inside: NDArray[np.bool_], spacing: Spacing) -> NDArray[np.float64]:
    """Return the distance to the outline, positive inside; a slice is a plane by itself."""
    if not inside.any():
        return np.full(inside.shape, -np.inf)
    plane = inside[np.newaxis]
    half = min(spacing[1:]) / 2
    within = np.minimum(distances_within(~plane, spacing)[0], sum(inside.shape) * max(spacing))
    around = distances_within(plane, spacing)[0]
    found: NDArray[np.float64] = np.where(inside, within - half, half - around).astype(np.float64)
    return found
