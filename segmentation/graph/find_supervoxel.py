"""Single supervoxels: where one lies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Slices


def find_supervoxel(
    ids: NDArray[np.int32], position: Sequence[int], reach: int = 16
) -> tuple[Slices, NDArray[np.bool_]]:
    """Return all voxels of the supervoxel at a position, without looking at the whole volume.

    Parameters
    ----------
    ids : int32, (Z, Y, X)
        Supervoxels, each one connected.
    position : sequence of 3 int
        A voxel.
    reach : int
        Voxels around the position that are looked at first; more follow where the supervoxel goes
        on.

    Returns
    -------
    box : tuple of 3 slice
        Where the supervoxel lies.
    mask : bool, of the box's shape
        Its voxels.
    """
    wanted = ids[tuple(position)]
    low = [max(0, p - reach) for p in position]
    high = [min(n, p + reach + 1) for p, n in zip(position, ids.shape, strict=True)]
    while True:
        window = ids[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] == wanted
        is_whole = True
        for axis in range(3):
            planes = window.any(axis=tuple(other for other in range(3) if other != axis))
            if planes[0] and low[axis] > 0:
                low[axis], is_whole = max(0, low[axis] - reach), False
            if planes[-1] and high[axis] < ids.shape[axis]:
                high[axis], is_whole = min(ids.shape[axis], high[axis] + reach), False
        if is_whole:
            break
    places = np.nonzero(window)
    z, y, x = (slice(int(place.min()), int(place.max()) + 1) for place in places)
    box = tuple(slice(a + s.start, a + s.stop) for a, s in zip(low, (z, y, x), strict=True))
    return (box[0], box[1], box[2]), window[z, y, x]


def find_voxel(ids: NDArray[np.int32], supervoxel: int) -> tuple[int, int, int]:
    """Return a voxel near the middle of a supervoxel.

    Parameters
    ----------
    ids : int32, (Z, Y, X)
        Supervoxels, each one connected.
    supervoxel : int

    Raises
    ------
    ValueError
        If no voxel has this id.
    """
    for plane, values in enumerate(ids):
        found = np.flatnonzero(values == supervoxel)
        if found.size:
            row, column = divmod(int(found[found.size // 2]), ids.shape[2])
            box, mask = find_supervoxel(ids, (plane, row, column))
            places = np.stack(np.nonzero(mask))
            nearest = np.argmin(((places.T - places.mean(axis=1)) ** 2).sum(axis=1))
            z, y, x = (
                int(place) + part.start for place, part in zip(places[:, nearest], box, strict=True)
            )
            return z, y, x
    raise ValueError(f"there is no supervoxel {supervoxel}")
