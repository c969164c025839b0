"""Kernels of exact Euclidean distances: one axis after the other, each line by itself."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

FAR = np.float32(np.inf)


@nb.njit(nogil=True, cache=True, inline="always")
def _envelope(
    place: NDArray[np.float64],
    height: NDArray[np.float64],
    m: int,
    hull: NDArray[np.int64],
    border: NDArray[np.float64],
) -> int:
    """Find the parabolas that are lowest somewhere; return how many there are.

    `place` ascends. `hull` receives their numbers, and `border` where each begins to be lowest.
    """
    n = 0
    for q in range(m):
        if height[q] == np.inf:
            continue
        s = -np.inf
        while n > 0:
            p = hull[n - 1]
            s = (height[q] + place[q] * place[q] - height[p] - place[p] * place[p]) / (
                2 * (place[q] - place[p])
            )
            if s > border[n - 1]:
                break
            n -= 1
            s = -np.inf
        hull[n] = q
        border[n] = s
        n += 1
    return n


@nb.njit(nogil=True, cache=True)
def along_lines(lines: NDArray[np.float32], step: float, grown: int) -> None:
    """Add the squares of distances along each line to the least, in place.

    Parameters
    ----------
    lines : float32, (M, L)
        Squares of distances along the axes before, infinite where there is nothing.
    step : float
        Distance from one voxel of a line to the next.
    grown : int
        By how many half voxels the things extend from the centres of their voxels: 0, 1 or 2.
    """
    # Strategy (Felzenszwalb & Huttenlocher 2012): each voxel with something raises a parabola over
    # its line, and the lower envelope of all is the square of the distance. Grown by half a voxel,
    # things begin half-way between voxels; grown by a whole one, at the next voxels.
    length = lines.shape[1]
    place, height = np.empty(length + 1), np.empty(length + 1)
    hull, border = np.empty(length + 1, np.int64), np.empty(length + 1)
    for i in range(lines.shape[0]):
        line = lines[i]
        m = length
        if grown == 1:
            m = length + 1
            for q in range(m):
                place[q] = (q - 0.5) * step
                low = line[q - 1] if q > 0 else FAR
                height[q] = min(low, line[q] if q < length else FAR)
        else:
            for q in range(length):
                place[q] = q * step
                height[q] = line[q]
                if grown == 2:
                    if q > 0:
                        height[q] = min(height[q], line[q - 1])
                    if q < length - 1:
                        height[q] = min(height[q], line[q + 1])
        n = _envelope(place, height, m, hull, border)
        if n == 0:
            continue
        k = 0
        for q in range(length):
            at = q * step
            while k + 1 < n and border[k + 1] < at:
                k += 1
            away = at - place[hull[k]]
            value = np.float32(height[hull[k]] + away * away)
            line[q] = min(line[q], value) if grown == 1 else value


@nb.njit(nogil=True, cache=True)
def along_rows(there: NDArray[np.bool_], step: float, grown: int, out: NDArray[np.float32]) -> None:
    """Write the squares of distances within each row to the next voxel that is there.

    Parameters
    ----------
    there : bool, (M, L)
    step, grown
        As for `along_lines`.
    out : float32, (M, L)
        Infinite in rows with nothing.
    """
    length = there.shape[1]
    for i in range(there.shape[0]):
        last = -1
        for x in range(length):
            if there[i, x]:
                last = x
            away = max(0.0, (x - last - 0.5 * grown) * step) if x > last else 0.0
            out[i, x] = away * away if last >= 0 else FAR
        last = -1
        for x in range(length - 1, -1, -1):
            if there[i, x]:
                last = x
            if last >= 0:
                away = max(0.0, (last - x - 0.5 * grown) * step) if last > x else 0.0
                out[i, x] = min(out[i, x], np.float32(away * away))


@nb.njit(nogil=True, cache=True)
def take_roots(values: NDArray[np.float32]) -> None:
    """Replace squares by what they are the squares of."""
    flat = values.reshape(-1)
    for i in range(flat.size):
        flat[i] = np.sqrt(flat[i])
