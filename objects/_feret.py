"""Kernels of Feret diameters: the corners of an object, and its longest and shortest extent."""

from __future__ import annotations

import math

import numba as nb
import numpy as np
from numpy.typing import NDArray

# Beyond so many corners the longest extent is looked for from a few starts, not in all pairs.
ALL_PAIRS = 6000
STARTS = 3  # directions from which the shortest extent is looked for
FINEST = 0.002  # radians


@nb.njit(nogil=True, cache=True)
def _hull_of_plane(
    low: NDArray[np.int64], high: NDArray[np.int64], points: NDArray[np.int64], m: int, z: int
) -> int:
    """Append the corners of the convex hull of one plane's rows; return how many there are now.

    `low` and `high` are the first and last column of each row, `low` > `high` where it has none.
    """
    for side in range(2):
        first = m
        for y in range(low.size):
            if low[y] > high[y]:
                continue
            x = low[y] if side == 0 else high[y]
            while m - first >= 2:  # drop the last one if it lies within
                ay, ax = points[m - 2, 1], points[m - 2, 2]
                by, bx = points[m - 1, 1], points[m - 1, 2]
                turn = (by - ay) * (x - ax) - (bx - ax) * (y - ay)
                if (side == 0 and turn > 0) or (side == 1 and turn < 0):
                    break
                m -= 1
            points[m, 0], points[m, 1], points[m, 2] = z, y, x
            m += 1
    return m


@nb.njit(nogil=True, cache=True)
def find_corners(ids: NDArray[np.int32], k: int) -> NDArray[np.int64]:
    """Return voxels of an object among which are all corners of its convex hull.

    Parameters
    ----------
    ids : int32, (Z, Y, X)
        The box around the object.
    k : int

    Returns
    -------
    int64, (M, 3)
        Places within the box: the corners of the convex hull of each plane.
    """
    low = np.empty(ids.shape[1], np.int64)
    high = np.empty(ids.shape[1], np.int64)
    points = np.empty((64 + 2 * ids.shape[1], 3), np.int64)
    m = 0
    for z in range(ids.shape[0]):
        for y in range(ids.shape[1]):
            row = ids[z, y]
            a = 0
            while a < row.size and row[a] != k:
                a += 1
            b = row.size - 1
            while b > a and row[b] != k:
                b -= 1
            low[y], high[y] = a, b if a < row.size else -1
        if m + 2 * ids.shape[1] > points.shape[0]:
            grown = np.empty((2 * points.shape[0] + 2 * ids.shape[1], 3), np.int64)
            grown[:m] = points[:m]
            points = grown
        m = _hull_of_plane(low, high, points, m, z)
    return points[:m].copy()


@nb.njit(nogil=True, cache=True, inline="always")
def _longest(a: NDArray[np.float64], b: NDArray[np.float64], spacing: NDArray[np.float64]) -> float:
    """Return the square of the longest extent of two voxels, between the middles of faces."""
    square, most = 0.0, 0.0
    for i in range(3):
        d = abs(a[i] - b[i])
        square += d * d
        most = max(most, (2 * d + spacing[i]) * spacing[i])
    return square + most


@nb.njit(nogil=True, cache=True)
def longest_extent(points: NDArray[np.float64], spacing: NDArray[np.float64]) -> float:
    """Return the largest distance of any two places on an object's surface.

    `points`, (M, 3), are voxels among which are all corners, in units of length.
    """
    n = points.shape[0]
    best = 0.0
    if n <= ALL_PAIRS:
        for i in range(n):
            for j in range(i, n):
                best = max(best, _longest(points[i], points[j], spacing))
        return math.sqrt(best)
    for start in range(0, n, max(1, n // 64)):
        here, found = start, -1.0
        while True:  # to the voxel that is farthest from here, until that is no farther
            farthest, distance = here, -1.0
            for j in range(n):
                d = _longest(points[here], points[j], spacing)
                if d > distance:
                    farthest, distance = j, d
            if distance <= found:
                break
            here, found = farthest, distance
        best = max(best, found)
    return math.sqrt(best)


@nb.njit(nogil=True, cache=True)
def _extent(
    points: NDArray[np.float64], spacing: NDArray[np.float64], u: NDArray[np.float64]
) -> float:
    """Return how far apart two planes across a unit vector are that hold an object between them."""
    low, high = np.inf, -np.inf
    for i in range(points.shape[0]):
        at = points[i, 0] * u[0] + points[i, 1] * u[1] + points[i, 2] * u[2]
        low, high = min(low, at), max(high, at)
    face = 0.0
    for i in range(3):
        face = max(face, abs(u[i]) * spacing[i])
    return high - low + face


@nb.njit(nogil=True, cache=True)
def _set_across(u: NDArray[np.float64], v: NDArray[np.float64], w: NDArray[np.float64]) -> None:
    """Make `v` and `w` unit vectors across each other and the unit vector `u`."""
    axis = 0 if abs(u[0]) <= min(abs(u[1]), abs(u[2])) else (1 if abs(u[1]) <= abs(u[2]) else 2)
    v[:] = 0.0
    v[axis] = 1.0
    along = u[axis]
    length = 0.0
    for i in range(3):
        v[i] -= along * u[i]
        length += v[i] * v[i]
    length = math.sqrt(length)
    for i in range(3):
        v[i] /= length
    w[0] = u[1] * v[2] - u[2] * v[1]
    w[1] = u[2] * v[0] - u[0] * v[2]
    w[2] = u[0] * v[1] - u[1] * v[0]


@nb.njit(nogil=True, cache=True)
def shortest_extent(
    points: NDArray[np.float64], spacing: NDArray[np.float64], directions: NDArray[np.float64]
) -> float:
    """Return the smallest distance of two parallel planes that hold an object between them.

    Parameters
    ----------
    points : float64, (M, 3)
        As for `longest_extent`.
    spacing : float64, (3,)
    directions : float64, (N, 3)
        Unit vectors across which to look first.
    """
    # Strategy: the best of the given directions are turned in smaller and smaller steps, each time
    # to where the extent is least.
    extents = np.empty(directions.shape[0])
    for i in range(directions.shape[0]):
        extents[i] = _extent(points, spacing, directions[i])
    order = np.argsort(extents)
    best = extents[order[0]]
    u, v, w, t = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    for k in range(min(STARTS, order.size)):
        u[:] = directions[order[k]]
        here = extents[order[k]]
        step = 0.2
        while step > FINEST:
            _set_across(u, v, w)
            moved = False
            for turn in range(6):
                c, s = math.cos(turn * math.pi / 3), math.sin(turn * math.pi / 3)
                length = math.sqrt(1 + step * step)
                for i in range(3):
                    t[i] = (u[i] + step * (c * v[i] + s * w[i])) / length
                extent = _extent(points, spacing, t)
                if extent < here:
                    here, moved = extent, True
                    u[:] = t
                    break
            if not moved:
                step /= 2
        best = min(best, here)
    return float(best)
