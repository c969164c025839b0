"""Kernels that sum over the voxels of objects: places, extents, crossings of surfaces, contacts."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray
from supervox.execution import find_slot, grow_table

# Columns of the sums: voxels, first and second moments, first and last place along each axis.
N_SUMS = 16
VOXELS, FIRST, SECOND, LOW, HIGH = 0, 1, 4, 10, 13


@nb.njit(nogil=True, cache=True)
def number_locally(ids: NDArray[np.int32], n: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Find the objects of a block.

    Parameters
    ----------
    ids : int32, (Z, Y, X)
    n : int
        The highest id.

    Returns
    -------
    slot : int32, (n + 1,)
        1.. for the objects that are there, 0 for others.
    found : int32, (M,)
        Their ids, in the order of the slots.
    """
    slot = np.zeros(n + 1, np.int32)
    found = np.empty(64, np.int32)
    m = 0
    for z in range(ids.shape[0]):
        for y in range(ids.shape[1]):
            last = 0
            for x in range(ids.shape[2]):
                k = ids[z, y, x]
                if k == last or k == 0 or slot[k] != 0:
                    continue
                last = k
                if m == found.size:
                    grown = np.empty(2 * m, np.int32)
                    grown[:m] = found
                    found = grown
                found[m] = k
                m += 1
                slot[k] = m
    return slot, found[:m].copy()


@nb.njit(nogil=True, cache=True)
def sum_places(
    ids: NDArray[np.int32], slot: NDArray[np.int32], m: int, origin: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the sums over each of m objects of a block, int64, (m, N_SUMS).

    `origin` is the block's first voxel: places are those in the whole volume.
    """
    sums = np.zeros((m, N_SUMS), np.int64)
    sums[:, LOW : LOW + 3] = np.iinfo(np.int64).max
    sums[:, HIGH : HIGH + 3] = -1
    # Strategy: row by row, run by run; what a run adds is known from its two ends.
    for i in range(ids.shape[0]):
        z = origin[0] + i
        for j in range(ids.shape[1]):
            y = origin[1] + j
            start = 0
            while start < ids.shape[2]:
                k = ids[i, j, start]
                end = start + 1
                while end < ids.shape[2] and ids[i, j, end] == k:
                    end += 1
                if k != 0:
                    a, b = origin[2] + start, origin[2] + end - 1
                    count = b - a + 1
                    sum_x = (a + b) * count // 2
                    squares = b * (b + 1) * (2 * b + 1) // 6 - (a - 1) * a * (2 * a - 1) // 6
                    row = sums[slot[k] - 1]
                    row[0] += count
                    row[1] += z * count
                    row[2] += y * count
                    row[3] += sum_x
                    row[4] += z * z * count
                    row[5] += y * y * count
                    row[6] += squares
                    row[7] += z * y * count
                    row[8] += z * sum_x
                    row[9] += y * sum_x
                    row[10], row[13] = min(row[10], z), max(row[13], z)
                    row[11], row[14] = min(row[11], y), max(row[14], y)
                    row[12], row[15] = min(row[12], a), max(row[15], b)
                start = end
    return sums


@nb.njit(nogil=True, cache=True)
def mark_edges(ids: NDArray[np.int32], z: int, y: int, edge: NDArray[np.uint8]) -> None:
    """Mark the voxels of a row that have a neighbour, of 26, with another id.

    The row lies within `ids`, which has a voxel more around all that is looked at.
    """
    length = edge.size
    middle = ids[z, y]
    for x in range(length):
        edge[x] = (middle[x] != middle[x + 1]) | (middle[x + 2] != middle[x + 1])
    for dz in range(-1, 2):
        for dy in range(-1, 2):
            if dz == 0 and dy == 0:
                continue
            other = ids[z + dz, y + dy]
            for x in range(length):
                here = middle[x + 1]
                edge[x] |= (other[x] != here) | (other[x + 1] != here) | (other[x + 2] != here)


@nb.njit(nogil=True, cache=True)
def count_crossings(
    ids: NDArray[np.int32],
    slot: NDArray[np.int32],
    m: int,
    directions: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Count where neighbours of an object's voxels don't belong to it, along each direction.

    Parameters
    ----------
    ids : int32, (Z + 4, Y + 4, X + 4)
        A block with two voxels more on all sides, 0 outside of the volume; C-contiguous.
    slot : int32
    m : int
        Objects of the block.
    directions : int64, (13, 3)

    Returns
    -------
    crossings : int64, (m, 13)
        Forwards and backwards together.
    short : int64, (m, 2, 13)
        Pieces of lines that have one voxel of the object, and that have two.
    keys : int64, (P,)
        Pairs of objects a < b that meet, as ``a * slot.size + b``.
    contacts : int64, (P, 6)
        Faces that they share across each axis, those behind a before those before it.
    """
    crossings = np.zeros((m, directions.shape[0]), np.int64)
    short = np.zeros((m, 2, directions.shape[0]), np.int64)
    keys = np.full(64, -1, np.int64)
    contacts = np.zeros((64, 6), np.int64)
    used = 0
    edge = np.empty(ids.shape[2] - 2, np.uint8)
    flat = ids.reshape(-1)
    steps = (directions[:, 0] * ids.shape[1] + directions[:, 1]) * ids.shape[2] + directions[:, 2]
    # Strategy: find the voxels at edges row by row, in loops that the compiler turns into vector
    # instructions; only there look in each direction. A face is counted by the voxel before it.
    for z in range(2, ids.shape[0] - 2):
        for y in range(2, ids.shape[1] - 2):
            mark_edges(ids, z, y, edge)
            row = (z * ids.shape[1] + y) * ids.shape[2] + 1
            for x in range(1, edge.size - 1):
                if edge[x] == 0:
                    continue
                at = row + x
                k = flat[at]
                if k == 0:
                    continue
                own = slot[k] - 1
                for d in range(steps.size):
                    begins = flat[at - steps[d]] != k
                    ends = flat[at + steps[d]] != k
                    crossings[own, d] += begins + ends
                    if begins:
                        short[own, 0, d] += ends
                        short[own, 1, d] += (not ends) & (flat[at + 2 * steps[d]] != k)
                for d in range(3):
                    other = flat[at + steps[d]]
                    if other == k or other == 0:
                        continue
                    key = np.int64(min(k, other)) * slot.size + max(k, other)
                    place = find_slot(keys, key)
                    if keys[place] == -1:
                        if 2 * used >= keys.size:
                            keys, contacts = grow_table(keys, contacts)
                            place = find_slot(keys, key)
                        keys[place] = key
                        used += 1
                    contacts[place, 2 * d + (k > other)] += 1
    there = np.flatnonzero(keys != -1)
    return crossings, short, keys[there], contacts[there]
