"""Kernels of connected components: of a block, and across the borders between blocks."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray
from supervox.execution import find_root, join_sets

BEFORE = np.array(
    [
        (dz, dy, dx)
        for dz in (-1, 0)
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
        if (dz, dy, dx) < (0, 0, 0)
    ],
    np.int64,
)  # of the 26 neighbours, those that come first in raster order


def neighbours_before(connectivity: int) -> NDArray[np.int64]:
    """Return the steps to the neighbours that come before a voxel, (3, 9 or 13, 3)."""
    most = {6: 1, 18: 2, 26: 3}[connectivity]
    chosen: NDArray[np.int64] = BEFORE[np.abs(BEFORE).sum(axis=1) <= most]
    return chosen


@nb.njit(nogil=True, cache=True)
def _unite_before(
    values: NDArray[np.int32],
    parts: NDArray[np.int32],
    parent: NDArray[np.int32],
    steps: NDArray[np.int64],
    z: int,
    y: int,
    x: int,
    part: int,
) -> int:
    """Unite a voxel's part (0 for none yet) with those of equal voxels before it."""
    for k in range(steps.shape[0]):
        i, j, l = z + steps[k, 0], y + steps[k, 1], x + steps[k, 2]  # noqa: E741
        if i < 0 or j < 0 or l < 0 or j >= values.shape[1] or l >= values.shape[2]:
            continue
        if values[i, j, l] == values[z, y, x]:
            other = parts[i, j, l]
            if part == 0:
                part = other
            elif part != other:
                part = join_sets(parent, part, other)
    return part


@nb.njit(nogil=True, cache=True)
def label_parts(
    values: NDArray[np.int32],
    steps: NDArray[np.int64],
    parts: NDArray[np.int32],
    origin: NDArray[np.int64],
    shape: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Find the connected parts of equal values within a block.

    Parameters
    ----------
    values : int32, (Z, Y, X)
        0 belongs to no part.
    steps : int64, (K, 3)
        To the neighbours before a voxel: 3, 9 or 13 of them.
    parts : int32, (Z, Y, X)
        Receives 1..N, in the order of their first voxels, and 0.
    origin, shape : int64, (3,)
        First voxel of the block, and voxels of the whole volume.

    Returns
    -------
    value : int32, (N,)
    first : int64, (N,)
        Raster index of the first voxel in the volume.
    """
    # Strategy: one raster scan with union-find. With 26 neighbours, those of an equal voxel that
    # is seen already are one part already: above it all 13, behind it all but three, left of it
    # all but four. Roots are the lowest numbers, so numbering them in order numbers parts by
    # their first voxels.
    full = steps.shape[0] == 13
    behind = steps[6:9]  # the row in front in the plane above
    right = np.array([[-1, -1, 1], [-1, 0, 1], [-1, 1, 1], [0, -1, 1]])
    parent = np.zeros(values.size + 1, np.int32)
    n = 0
    for z in range(values.shape[0]):
        for y in range(values.shape[1]):
            for x in range(values.shape[2]):
                value = values[z, y, x]
                if value == 0:
                    parts[z, y, x] = 0
                    continue
                part = 0
                if not full:
                    part = _unite_before(values, parts, parent, steps, z, y, x, part)
                elif z > 0 and values[z - 1, y, x] == value:
                    part = parts[z - 1, y, x]
                elif y > 0 and values[z, y - 1, x] == value:
                    part = parts[z, y - 1, x]
                    part = _unite_before(values, parts, parent, behind, z, y, x, part)
                elif x > 0 and values[z, y, x - 1] == value:
                    part = parts[z, y, x - 1]
                    part = _unite_before(values, parts, parent, right, z, y, x, part)
                else:
                    part = _unite_before(values, parts, parent, steps, z, y, x, part)
                if part == 0:
                    n += 1
                    part = n
                    parent[n] = n
                parts[z, y, x] = part
    number = np.zeros(n + 1, np.int32)
    found = 0
    for part in range(1, n + 1):
        root = find_root(parent, part)
        if root == part:
            found += 1
            number[part] = found
        else:
            number[part] = number[root]
    return _first_voxels(values, parts, number, found, origin, shape)


@nb.njit(nogil=True, cache=True)
def _first_voxels(
    values: NDArray[np.int32],
    parts: NDArray[np.int32],
    number: NDArray[np.int32],
    n: int,
    origin: NDArray[np.int64],
    shape: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Renumber provisional parts in place; return value and first voxel of each of n."""
    value = np.zeros(n, np.int32)
    first = np.full(n, -1, np.int64)
    for z in range(values.shape[0]):
        for y in range(values.shape[1]):
            row = ((origin[0] + z) * shape[1] + origin[1] + y) * shape[2] + origin[2]
            for x in range(values.shape[2]):
                if parts[z, y, x] == 0:
                    continue
                part = number[parts[z, y, x]]
                parts[z, y, x] = part
                if first[part - 1] < 0:
                    value[part - 1] = values[z, y, x]
                    first[part - 1] = row + x
    return value, first


@nb.njit(nogil=True, cache=True)
def pairs_across(
    parts: NDArray[np.int32],
    start: NDArray[np.int64],
    value: NDArray[np.int32],
    steps: NDArray[np.int64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    edge: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the parts of a block that go on in the blocks around it.

    Parameters
    ----------
    parts : int32, (Z, Y, X)
        Of the whole volume, numbered 1..N within each block.
    start : int64, (blocks along each axis)
        How many parts there are in the blocks before each.
    value : int32, (N,)
        Of all parts.
    steps : int64, (K, 3)
    low, high, edge : int64, (3,)
        First voxel of the block, the one behind its last, and the edges of ordinary blocks.

    Returns
    -------
    int64, (M, 2)
        Pairs of parts, counted through all blocks.
    """
    found = np.empty((256, 2), np.int64)
    m = 0
    own = start[low[0] // edge[0], low[1] // edge[1], low[2] // edge[2]]
    for z in range(low[0], high[0]):
        for y in range(low[1], high[1]):
            # Within the shell every voxel counts, elsewhere only the two ends of a row.
            whole = z == low[0] or y == low[1] or y == high[1] - 1
            step = 1 if whole else max(1, high[2] - 1 - low[2])
            for x in range(low[2], high[2], step):
                if parts[z, y, x] == 0:
                    continue
                a = own + parts[z, y, x] - 1
                for k in range(steps.shape[0]):
                    i, j, l = z + steps[k, 0], y + steps[k, 1], x + steps[k, 2]  # noqa: E741
                    if i < 0 or j < 0 or l < 0 or j >= parts.shape[1] or l >= parts.shape[2]:
                        continue
                    if i >= low[0] and low[1] <= j < high[1] and low[2] <= l < high[2]:
                        continue
                    if parts[i, j, l] == 0:
                        continue
                    b = start[i // edge[0], j // edge[1], l // edge[2]] + parts[i, j, l] - 1
                    if value[a] != value[b]:
                        continue
                    if m > 0 and found[m - 1, 0] == a and found[m - 1, 1] == b:
                        continue
                    if m == found.shape[0]:
                        grown = np.empty((2 * m, 2), np.int64)
                        grown[:m] = found
                        found = grown
                    found[m, 0], found[m, 1] = a, b
                    m += 1
    return found[:m].copy()


@nb.njit(nogil=True, cache=True)
def join_pairs(parent: NDArray[np.int32], pairs: NDArray[np.int64]) -> None:
    """Unite the parts of each pair."""
    for k in range(pairs.shape[0]):
        join_sets(parent, pairs[k, 0], pairs[k, 1])


@nb.njit(nogil=True, cache=True)
def look_up(ids: NDArray[np.int32], table: NDArray[np.int32], start: int) -> None:
    """Replace the numbers k > 0 of a block by ``table[start + k - 1]``, in place."""
    for z in range(ids.shape[0]):
        for y in range(ids.shape[1]):
            for x in range(ids.shape[2]):
                if ids[z, y, x] > 0:
                    ids[z, y, x] = table[start + ids[z, y, x] - 1]
