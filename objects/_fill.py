"""Kernels that give voxels another label: the nearest, or what most faces border on."""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy.typing import NDArray
from supervox.execution import find_slot, grow_table

from ._pairs import PAIR_BASE

ALIKE = 1e-6  # of the smallest edge of a voxel: distances that are equal but for rounding
FACES = np.array([(1, 0, 0), (0, 1, 0), (0, 0, 1)], np.int64)


@nb.njit(nogil=True, cache=True)
def take_nearest(
    labels: NDArray[np.int32],
    lost: NDArray[np.bool_],
    closed: NDArray[np.int32],
    rows: NDArray[np.int64],
    away: NDArray[np.float64],
    step: float,
    most: int,
    reach: float,
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    out: NDArray[np.int32],
) -> None:
    """Give voxels the label of the nearest voxel that keeps one which may spread.

    Parameters
    ----------
    labels : int32, (Z, Y, X)
    lost : bool, (Z, Y, X)
        Voxels that are to get another label; theirs don't count.
    closed : int32, (K,)
        Labels that don't spread.
    rows : int64, (M, 2)
        Planes and rows to the rows around a voxel, the nearest first.
    away : float64, (M,)
        How far away these are, in smallest edges of a voxel.
    step : float
        From one column to the next, in the same unit.
    most : int
        Columns to go at most.
    reach : float
        What is further away doesn't count. Of voxels that are equally near the first in raster
        order counts.
    low, high : int64, (3,)
        The part to work on.
    out : int32, (Z, Y, X)
        Receives the labels; a voxel that finds none keeps its own.
    """
    before, behind = _nearest_in_rows(labels, lost, closed)
    n_z, n_y, n_x = labels.shape
    # Row by row around the voxel, until no further one can hold anything nearer: each knows its
    # nearest voxels on both sides.
    for z in range(low[0], high[0]):
        for y in range(low[1], high[1]):
            for x in range(low[2], high[2]):
                if not lost[z, y, x]:
                    continue
                best, found = reach, (-1, -1, -1)
                for k in range(away.size):
                    if away[k] > best + ALIKE:
                        break
                    i, j = z + rows[k, 0], y + rows[k, 1]
                    if min(i, j) < 0 or i >= n_z or j >= n_y:
                        continue
                    for l in (before[i, j, x], behind[i, j, x]):  # noqa: E741
                        if 0 <= l < n_x and abs(l - x) <= most:
                            here = math.sqrt(away[k] ** 2 + ((l - x) * step) ** 2)
                            is_first = found[0] < 0 or (i, j, l) < found
                            if here < best - ALIKE or (here <= best + ALIKE and is_first):
                                best, found = here, (i, j, l)
                if found[0] >= 0:
                    out[z, y, x] = labels[found]


@nb.njit(nogil=True, cache=True)
def _nearest_in_rows(
    labels: NDArray[np.int32], lost: NDArray[np.bool_], closed: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the column of the nearest voxel that may spread, at or before each, and behind it.

    It is -1, and the number of columns, where there is none.
    """
    before, behind = np.empty(labels.shape, np.int32), np.empty(labels.shape, np.int32)
    n_x = labels.shape[2]
    for z in range(labels.shape[0]):
        for y in range(labels.shape[1]):
            last = -1
            for x in range(n_x):
                spreads = not lost[z, y, x]
                for c in range(closed.size):
                    spreads = spreads and labels[z, y, x] != closed[c]
                last = x if spreads else last
                before[z, y, x] = last
            following = n_x
            for x in range(n_x - 1, -1, -1):
                following = x if before[z, y, x] == x else following
                behind[z, y, x] = following
    return before, behind


@nb.njit(nogil=True, cache=True)
def faces_around(
    ids: NDArray[np.int32], labels: NDArray[np.int32], chosen: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the faces between chosen objects and the labels around them.

    Parameters
    ----------
    ids, labels : int32, (Z + 2, Y + 2, X + 2)
        A block with a voxel more on all sides; labels are -1 outside of the volume.
    chosen : bool, (N + 1,)
        By id. Other chosen objects don't count as what is around.

    Returns
    -------
    keys : int64, (P,)
        Pairs of object and label, as ``id * PAIR_BASE + label``.
    counts : int64, (P, 3)
        Faces across planes, rows and columns.
    """
    keys = np.full(64, -1, np.int64)
    counts = np.zeros((64, 3), np.int64)
    used = 0
    for z in range(1, ids.shape[0] - 1):
        for y in range(1, ids.shape[1] - 1):
            for x in range(1, ids.shape[2] - 1):
                k = ids[z, y, x]
                if not chosen[k]:
                    continue
                for axis in range(3):
                    for side in range(-1, 2, 2):
                        i, j, l = (  # noqa: E741
                            z + side * FACES[axis, 0],
                            y + side * FACES[axis, 1],
                            x + side * FACES[axis, 2],
                        )
                        value = labels[i, j, l]
                        if value < 0 or chosen[ids[i, j, l]]:
                            continue
                        key = np.int64(k) * PAIR_BASE + value
                        at = find_slot(keys, key)
                        if keys[at] == -1:
                            if 2 * used >= keys.size:
                                keys, counts = grow_table(keys, counts)
                                at = find_slot(keys, key)
                            keys[at] = key
                            used += 1
                        counts[at, axis] += 1
    there = np.flatnonzero(keys != -1)
    return keys[there], counts[there]
