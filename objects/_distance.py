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
    above: NDArray[np.float64],
    below: NDArray[np.float64],
) -> int:
    """Find the parabolas that are lowest somewhere; return how many there are.

    `place` ascends. `hull` receives their numbers, and ``above / below`` is where each begins to be
    lowest: quotients are compared by products, as a division takes long.
    """
    n = 0
    for q in range(m):
        if height[q] == np.inf:
            continue
        top, bottom = -np.inf, 1.0
        while n > 0:
            p = hull[n - 1]
            top = height[q] + place[q] * place[q] - height[p] - place[p] * place[p]
            bottom = 2 * (place[q] - place[p])
            if top * below[n - 1] > above[n - 1] * bottom:
                break
            n -= 1
            top, bottom = -np.inf, 1.0
        hull[n] = q
        above[n] = top
        below[n] = bottom
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
    hull = np.empty(length + 1, np.int64)
    above, below = np.empty(length + 1), np.empty(length + 1)
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
        n = _envelope(place, height, m, hull, above, below)
        if n == 0:
            continue
        k = 0
        for q in range(length):
            at = q * step
            while k + 1 < n and above[k + 1] < at * below[k + 1]:
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
    squares = np.empty(length + 1, np.float32)
    for k in range(length):
        away = max(0.0, (k - 0.5 * grown) * step) if k > 0 else 0.0
        squares[k] = away * away
    squares[length] = FAR
    for i in range(there.shape[0]):
        last = -length
        for x in range(length):
            if there[i, x]:
                last = x
            out[i, x] = squares[min(x - last, length)]
        last = 2 * length
        for x in range(length - 1, -1, -1):
            if there[i, x]:
                last = x
            out[i, x] = min(out[i, x], squares[min(last - x, length)])


@nb.njit(nogil=True, cache=True)
def take_roots(values: NDArray[np.float32]) -> None:
    """Replace squares by what they are the squares of."""
    flat = values.reshape(-1)
    for i in range(flat.size):
        flat[i] = np.sqrt(flat[i])
