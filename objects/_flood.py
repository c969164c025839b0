"""Kernels that flood: from peaks downwards, joining what no neck separates; and from seeds."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray
from supervox.execution import find_root, join_sets


@nb.njit(nogil=True, cache=True)
def _highest_around(
    height: NDArray[np.float32], pieces: NDArray[np.int32], z: int, y: int, x: int
) -> int:
    """Return the piece of the highest of 26 neighbours that is seen already; 0 if none is."""
    best, highest = 0, np.float32(-1.0)
    for i in range(max(0, z - 1), min(height.shape[0], z + 2)):
        for j in range(max(0, y - 1), min(height.shape[1], y + 2)):
            for l in range(max(0, x - 1), min(height.shape[2], x + 2)):  # noqa: E741
                if pieces[i, j, l] != 0 and height[i, j, l] > highest:
                    highest = height[i, j, l]
                    best = pieces[i, j, l]
    return best


@nb.njit(nogil=True, cache=True)
def _join_over_pass(
    pieces: NDArray[np.int32],
    parent: NDArray[np.int32],
    peak: NDArray[np.float32],
    lowest: float,
    z: int,
    y: int,
    x: int,
) -> None:
    """Unite the pieces around a place whose lower peak is not above `lowest`."""
    root = find_root(parent, pieces[z, y, x])
    for i in range(max(0, z - 1), min(pieces.shape[0], z + 2)):
        for j in range(max(0, y - 1), min(pieces.shape[1], y + 2)):
            for l in range(max(0, x - 1), min(pieces.shape[2], x + 2)):  # noqa: E741
                if pieces[i, j, l] == 0:
                    continue
                other = find_root(parent, pieces[i, j, l])
                if other != root and min(peak[other], peak[root]) <= lowest:
                    root = join_sets(parent, other, root)  # the lower number is the higher peak


@nb.njit(nogil=True, cache=True)
def flood_from_peaks(
    height: NDArray[np.float32], order: NDArray[np.int64], ratio: float
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Cut a landscape into the surroundings of its peaks.

    Parameters
    ----------
    height : float32, (Z, Y, X)
        Above 0 where there is land.
    order : int64, (M,)
        The places with land, as indices of the flattened array, the highest first.
    ratio : float
        Two peaks are one if the pass between them is at least this part of the lower one.

    Returns
    -------
    pieces : int32, (Z, Y, X)
        1..N, in the order of the peaks; 0 where there is no land.
    peaks : float32, (N,)
        Their heights.
    """
    # Strategy: go down from the highest place. A place belongs to the highest neighbour that is
    # seen already, or is a peak. Where the surroundings of two peaks meet for the first time is
    # the pass between them: there it is decided whether they are one.
    rows, columns = height.shape[1], height.shape[2]
    pieces = np.zeros(height.shape, np.int32)
    parent = np.zeros(order.size + 1, np.int32)
    peak = np.zeros(order.size + 1, np.float32)
    n = 0
    for at in order:
        z, y, x = at // (rows * columns), (at // columns) % rows, at % columns
        best = _highest_around(height, pieces, z, y, x)
        if best == 0:
            n += 1
            parent[n] = n
            peak[n] = height[z, y, x]
            pieces[z, y, x] = n
        else:
            pieces[z, y, x] = find_root(parent, best)
            _join_over_pass(pieces, parent, peak, height[z, y, x] / ratio, z, y, x)
    number = np.zeros(n + 1, np.int32)
    found = 0
    for k in range(1, n + 1):
        if parent[k] == k:
            found += 1
            number[k] = found
            peak[found] = peak[k]
    for at in order:
        z, y, x = at // (rows * columns), (at // columns) % rows, at % columns
        pieces[z, y, x] = number[find_root(parent, pieces[z, y, x])]
    return pieces, peak[1 : found + 1].copy()


@nb.njit(nogil=True, cache=True)
def flood_from_seeds(  # a queue, and nothing to take out of it
    level: NDArray[np.int32], seeds: NDArray[np.int32], inside: NDArray[np.bool_], n_levels: int
) -> None:
    """Let seeds grow over a landscape, the lowest places first, in place.

    Parameters
    ----------
    level : int32, (Z, Y, X)
        0..n_levels - 1.
    seeds : int32, (Z, Y, X)
        1.. at the seeds, 0 elsewhere; receives the result.
    inside : bool, (Z, Y, X)
        Where they may grow.
    n_levels : int
    """
    # Strategy: a queue for each level, as chains of places. What is put in below the level that is
    # worked on belongs to that level, as water rises and never falls.
    depth, rows, columns = level.shape
    following = np.full(level.size, -1, np.int64)
    first, last = np.full(n_levels, -1, np.int64), np.full(n_levels, -1, np.int64)
    for at in range(level.size):
        z, y, x = at // (rows * columns), (at // columns) % rows, at % columns
        if seeds[z, y, x] > 0 and inside[z, y, x]:
            queue = level[z, y, x]
            if first[queue] < 0:
                first[queue] = at
            else:
                following[last[queue]] = at
            last[queue] = at
    for water in range(n_levels):
        while first[water] >= 0:
            at = first[water]
            first[water] = following[at]
            z, y, x = at // (rows * columns), (at // columns) % rows, at % columns
            for k in range(6):
                i = z + (k == 0) - (k == 1)
                j = y + (k == 2) - (k == 3)
                l = x + (k == 4) - (k == 5)  # noqa: E741
                if i < 0 or j < 0 or l < 0 or i >= depth or j >= rows or l >= columns:
                    continue
                if seeds[i, j, l] != 0 or not inside[i, j, l]:
                    continue
                seeds[i, j, l] = seeds[z, y, x]
                queue = max(water, level[i, j, l])
                there = (i * rows + j) * columns + l
                following[there] = -1
                if first[queue] < 0:
                    first[queue] = there
                else:
                    following[last[queue]] = there
                last[queue] = there
