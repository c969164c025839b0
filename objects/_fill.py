"""Kernels that give voxels another label: the nearest, or what most faces border on."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray
from supervox.execution import find_slot, grow_table

from ._pairs import PAIR_BASE

FACES = np.array([(1, 0, 0), (0, 1, 0), (0, 0, 1)], np.int64)


@nb.njit(nogil=True, cache=True)
def take_nearest(
    labels: NDArray[np.int32],
    lost: NDArray[np.bool_],
    closed: NDArray[np.int32],
    offsets: NDArray[np.int64],
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
    offsets : int64, (M, 3)
        Steps to the voxels around, the nearest first; of equally near ones the first counts.
    low, high : int64, (3,)
        The part to work on.
    out : int32, (Z, Y, X)
        Receives the labels; a voxel that finds none keeps its own.
    """
    for z in range(low[0], high[0]):
        for y in range(low[1], high[1]):
            for x in range(low[2], high[2]):
                if not lost[z, y, x]:
                    continue
                for k in range(offsets.shape[0]):
                    i, j, l = z + offsets[k, 0], y + offsets[k, 1], x + offsets[k, 2]  # noqa: E741
                    if i < 0 or j < 0 or l < 0:
                        continue
                    if i >= labels.shape[0] or j >= labels.shape[1] or l >= labels.shape[2]:
                        continue
                    if lost[i, j, l]:
                        continue
                    value = labels[i, j, l]
                    spreads = True
                    for c in range(closed.size):
                        spreads = spreads and value != closed[c]
                    if spreads:
                        out[z, y, x] = value
                        break


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
