"""Kernels that bring the values of an object's voxels together."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray


@nb.njit(nogil=True, cache=True)
def gather(
    ids: NDArray[np.int32],
    values: NDArray[np.generic],
    place: NDArray[np.int64],
    out: NDArray[np.generic],
) -> None:
    """Append the values of a block's voxels to those of their objects.

    Parameters
    ----------
    ids, values : (Z, Y, X)
    place : int64, (N + 1,)
        Where the next value of each object goes in `out`; -1 for objects that aren't wanted.
    out : (M,), of the values' type
    """
    for z in range(ids.shape[0]):
        for y in range(ids.shape[1]):
            for x in range(ids.shape[2]):
                k = ids[z, y, x]
                if k != 0 and place[k] >= 0:
                    out[place[k]] = values[z, y, x]
                    place[k] += 1


@nb.njit(nogil=True, cache=True)
def find_least(
    ids: NDArray[np.int32], values: NDArray[np.float32], least: NDArray[np.float32]
) -> None:
    """Lower `least`, float32, (N + 1,), to the least value that each object has in a block."""
    for z in range(ids.shape[0]):
        for y in range(ids.shape[1]):
            for x in range(ids.shape[2]):
                k = ids[z, y, x]
                if k != 0 and values[z, y, x] < least[k]:
                    least[k] = values[z, y, x]


@nb.njit(nogil=True, cache=True)
def distance_from_centre(
    inside: NDArray[np.bool_], centre: NDArray[np.int64], spacing: NDArray[np.float64]
) -> float:
    """Return the distance from the centre of a voxel to the nearest of those inside.

    It is to the surface of that voxel, 0 if the voxel itself is inside, and infinite if none is.
    """
    best = np.inf
    for z in range(inside.shape[0]):
        away_z = max(0.0, abs(z - centre[0]) - 0.5) * spacing[0]
        for y in range(inside.shape[1]):
            away_y = max(0.0, abs(y - centre[1]) - 0.5) * spacing[1]
            for x in range(inside.shape[2]):
                if inside[z, y, x]:
                    away_x = max(0.0, abs(x - centre[2]) - 0.5) * spacing[2]
                    best = min(best, away_z * away_z + away_y * away_y + away_x * away_x)
    return float(np.sqrt(best))
