"""Touching pairs of labels in a block: the kernel under the region graph and the merging."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray
from supervox.execution import find_slot, grow_table


@nb.njit(nogil=True, cache=True)
def touching_pairs(
    labels: NDArray[np.int32],
    core: NDArray[np.int64],
    n_labels: int,
    wanted: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Collect the faces between differently labelled voxels of a block.

    Parameters
    ----------
    labels : int32, (Z, Y, X)
        The block's labels, with one voxel of halo behind it where the volume goes on.
    core : int64, (3,)
        Voxels of the block; a face belongs to the block of its first voxel.
    n_labels : int
        Number of labels of the volume; makes the key of a pair.
    wanted : bool, (n_labels,)
        Only pairs with at least one wanted label count. Empty (size 0): all pairs.

    Returns
    -------
    keys : int64, (P,)
        ``low * n_labels + high`` of each pair, in no particular order.
    faces : float64, (P, 3)
        How many lie across planes, rows and columns.
    """
    # Strategy: compare each row with the one behind it, below it and beside it; list where they
    # differ without branching, then add only those faces to an open-addressed hash table, which
    # grows before a row could overfill it.
    keys = np.full(1024, -1, np.int64)
    faces = np.zeros((1024, 3), np.float64)
    used = 0
    places = np.empty(core[2], np.int64)
    for z in range(core[0]):
        for y in range(core[1]):
            for axis in range(3):
                nz, ny, step = z + (axis == 0), y + (axis == 1), int(axis == 2)
                if nz == labels.shape[0] or ny == labels.shape[1]:
                    continue
                row, other = labels[z, y], labels[nz, ny, step:]
                n = _find_faces(row, other, min(core[2], other.size), places)
                while 2 * (used + n) > keys.size:
                    keys, faces = grow_table(keys, faces)
                used += _add_faces(places[:n], row, other, wanted, axis, n_labels, keys, faces)
    filled = keys >= 0
    return keys[filled], faces[filled]


@nb.njit(nogil=True, cache=True)
def _find_faces(
    row: NDArray[np.int32], other: NDArray[np.int32], n: int, places: NDArray[np.int64]
) -> int:
    """List where two rows differ, without a branch that could be guessed wrong."""
    found = 0
    for x in range(n):
        places[found] = x
        found += row[x] != other[x]
    return found


@nb.njit(nogil=True, cache=True)
def _add_faces(
    places: NDArray[np.int64],
    row: NDArray[np.int32],
    other: NDArray[np.int32],
    wanted: NDArray[np.bool_],
    axis: int,
    n_labels: int,
    keys: NDArray[np.int64],
    faces: NDArray[np.float64],
) -> int:
    """Add the faces between two rows to a table with room for them; return the new pairs."""
    new = 0
    a = b = slot = -1
    # Strategy: neighbouring faces mostly part the same two labels: the slot of the last pair is
    # remembered, and the table is asked only where the pair changes.
    for x in places:
        if row[x] != a or other[x] != b:  # else the same pair as at the face before
            a, b = row[x], other[x]
            slot = -1
            if not wanted.size or wanted[a] or wanted[b]:
                key = np.int64(min(a, b)) * n_labels + max(a, b)
                slot = find_slot(keys, key)
                new += keys[slot] == -1
                keys[slot] = key
        if slot >= 0:
            faces[slot, axis] += 1
    return new


def reduce_pairs(
    parts: list[tuple[NDArray[np.int64], NDArray[np.float64]]],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Add up the pairs of several blocks; returns sorted keys (P,) and their faces (P, 3)."""
    keys = np.concatenate([part[0] for part in parts])
    faces = np.concatenate([part[1] for part in parts])
    # Strategy: sort by key and sum the runs of equal keys.
    order = np.argsort(keys, kind="stable")
    keys, faces = keys[order], faces[order]
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    if not first.size:
        return keys, faces
    return keys[first], np.add.reduceat(faces, first, axis=0)
