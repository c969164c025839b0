"""The guided filter on parts of a block: lets borders between classes follow the image's edges.

In a Gaussian window around each voxel the votes are fitted by a linear function of the image. Only
a few planes of what lies between votes and result exist at a time, and of each row only the span
that is needed. Sums have a fixed order, so a voxel does not depend on the block around it.

References
----------
He, Sun, Tang, Guided image filtering, IEEE TPAMI 35 (2013).
"""

from __future__ import annotations

from collections.abc import Sequence

import numba as nb
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from supervox.features import reflect, sum_taps

from ._votes import gather_row

Float32 = NDArray[np.float32]
Spans = NDArray[np.int32]


def filter_votes(
    numbers: NDArray[np.int32],
    votes: Float32,
    fields: tuple[Float32, Float32, Float32],
    kernels: tuple[Float32, Float32, Float32],
    spans: Spans,
    start: Sequence[int],
    out: Float32,
) -> None:
    """Filter the votes for one class.

    Parameters
    ----------
    numbers : int32, (P, Z, Y, X)
        Supervoxels of a block with its halo, from `number_locally`.
    votes : float32, (S,)
        Votes of the supervoxels of all partitions.
    fields : tuple of 3 arrays of float32, (Z, Y, X)
        The image, its mean in the window, and 1 over its variance with the regularisation.
    kernels : tuple of 3 arrays
        The window, from `half_kernel`.
    spans : int32, (Z, Y, 2)
        What is wanted of each row of `out`: its first voxel, and the first after it.
    start : sequence of 3 int
        Where `out` begins.
    out : float32
        Receives the filtered votes in the spans; the rest is left as it is.
    """
    shape = numbers.shape[1:]
    reach = [kernel.size - 1 for kernel in kernels]
    second = np.zeros((shape[0], shape[1], 2), np.int32)
    second[..., 0] = shape[2]
    rows = tuple(slice(a, a + n) for a, n in zip(start[:2], out.shape[:2], strict=True))
    empty = spans[..., :1] >= spans[..., 1:]
    second[rows] = np.where(empty, [shape[2], 0], spans + start[2])
    below = _widen(second, (0, *reach[1:]), shape[2])
    first = _widen(second, reach, shape[2])
    source = _widen(first, reach, shape[2])
    under = _widen(first, (0, *reach[1:]), shape[2])
    every = (source, under, first, below, second)
    _filter(numbers, votes, fields, kernels, every, tuple(start), out)


def _widen(spans: Spans, reach: Sequence[int], size: int) -> Spans:
    """Return what a kernel needs to give the spans."""
    window = (2 * reach[0] + 1, 2 * reach[1] + 1)
    low = ndimage.minimum_filter(spans[..., 0], window, mode="nearest")
    high = ndimage.maximum_filter(spans[..., 1], window, mode="nearest")
    used = low < high
    wide = np.empty_like(spans)
    wide[..., 0] = np.where(used, np.maximum(low - reach[2], 0), size)
    wide[..., 1] = np.where(used, np.minimum(high + reach[2], size), 0)
    return wide


@nb.njit(nogil=True, cache=True)
def _set_taps(taps, centre, size, ring, stride):  # type: ignore[no-untyped-def]
    """Find where the taps of a kernel begin, on an axis of `size` kept in a ring."""
    for k in range(taps.shape[1]):
        taps[0, k] = reflect(centre - k, size) % ring * stride
        taps[1, k] = reflect(centre + k, size) % ring * stride


@nb.njit(nogil=True, cache=True)
def _smooth_plane(ring, z, planes, kernels, wide, spans, deep, line, out):  # type: ignore[no-untyped-def]
    """Smooth one plane of a ring of planes where the spans say; `wide` is what the rows need."""
    wz, wy, wx = kernels
    count, rows, columns = ring.shape
    flat, plane, margin = ring.reshape(-1), deep.reshape(-1), wx.size - 1
    taps_z, taps_y = np.empty((2, wz.size), np.int64), np.empty((2, wy.size), np.int64)
    taps_x = np.empty((2, wx.size), np.int64)
    for k in range(wx.size):
        taps_x[0, k], taps_x[1, k] = margin - k, margin + k
    _set_taps(taps_z, z, planes, count, rows * columns)
    # Strategy: across planes for all rows that others will need, then row by row across rows into
    # one line, whose margins are reflected, and along it. Nothing outside the spans is computed.
    for y in range(rows):
        low, high = wide[y, 0], wide[y, 1]
        if low < high:
            sum_taps(flat, taps_z, y * columns + low, wz, plane, y * columns + low, high - low)
    for y in range(rows):
        low, high = spans[y, 0], spans[y, 1]
        if low >= high:
            continue
        left, right = max(low - margin, 0), min(high + margin, columns)
        shift = margin - low  # of the line against the row
        _set_taps(taps_y, y, rows, rows, columns)
        sum_taps(plane, taps_y, left, wy, line, left + shift, right - left)
        for x in range(low - margin, left):
            line[x + shift] = line[reflect(x, columns) + shift]
        for x in range(right, high + margin):
            line[x + shift] = line[reflect(x, columns) + shift]
        sum_taps(line, taps_x, 0, wx, out[y], low, high - low)


@nb.njit(nogil=True, cache=True)
def _gather_plane(numbers, votes, guide, z, spans, ring):  # type: ignore[no-untyped-def]
    """Make a plane of the votes, and of their product with the image."""
    plain, product = ring[0, z % ring.shape[1]], ring[1, z % ring.shape[1]]
    for y in range(guide.shape[1]):
        low, high = spans[y, 0], spans[y, 1]
        if low < high:
            row, image = plain[y, low:high], guide[z, y, low:high]
            gather_row(numbers, votes, z, y, low, row)
            times = product[y, low:high]
            for i in range(row.size):
                times[i] = row[i] * image[i]


@nb.njit(nogil=True, cache=True)
def _fit_row(mean_vote, product, mean, scale, slope, level):  # type: ignore[no-untyped-def]
    for i in range(slope.size):
        value = (product[i] - mean[i] * mean_vote[i]) * scale[i]
        slope[i] = value
        level[i] = mean_vote[i] - value * mean[i]


@nb.njit(nogil=True, cache=True)
def _fit_plane(smooth, mean, scale, spans, slope, level):  # type: ignore[no-untyped-def]
    """Fit the votes by a linear function of the image."""
    for y in range(mean.shape[0]):
        low, high = spans[y, 0], spans[y, 1]
        if low < high:
            one, other = smooth[0, y, low:high], smooth[1, y, low:high]
            m, s = mean[y, low:high], scale[y, low:high]
            _fit_row(one, other, m, s, slope[y, low:high], level[y, low:high])


@nb.njit(nogil=True, cache=True)
def _apply_row(slope, level, image, out):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        out[i] = slope[i] * image[i] + level[i]


@nb.njit(nogil=True, cache=True)
def _apply_plane(smooth, guide, spans, start, out):  # type: ignore[no-untyped-def]
    """Evaluate the mean of the linear functions."""
    for y in range(out.shape[0]):
        low, high = spans[y + start[1], 0], spans[y + start[1], 1]
        if low < high:
            row = out[y, low - start[2] : high - start[2]]
            slope, level = smooth[0, y + start[1], low:high], smooth[1, y + start[1], low:high]
            _apply_row(slope, level, guide[y + start[1], low:high], row)


@nb.njit(nogil=True, cache=True)
def _filter(numbers, votes, fields, kernels, every, start, out):  # type: ignore[no-untyped-def]
    guide, mean, scale = fields
    source, under, first, below, second = every
    # Strategy: a pipeline along the planes. Votes, and slopes and levels of the fit, live in rings
    # of as many planes as the window sees; an output plane first gathers and fits what is still
    # missing below it, then smooths the fit and evaluates it on the image.
    planes, rows, columns = guide.shape
    reach = kernels[0].size - 1
    count = min(planes, 2 * reach + 1)
    ring = np.empty((2, count, rows, columns), np.float32)  # votes and product
    fit = np.empty((2, count, rows, columns), np.float32)  # slope and level
    smooth = np.empty((2, rows, columns), np.float32)
    deep = np.empty((rows, columns), np.float32)
    line = np.empty(columns + 2 * (kernels[2].size - 1), np.float32)
    gathered = fitted = max(0, start[0] - 2 * reach)
    for z in range(start[0], start[0] + out.shape[0]):
        while fitted < min(planes, z + reach + 1):
            while gathered < min(planes, fitted + reach + 1):
                _gather_plane(numbers, votes, guide, gathered, source[gathered], ring)
                gathered += 1
            spans, at = first[fitted], fitted % count
            for k in range(2):
                _smooth_plane(
                    ring[k], fitted, planes, kernels, under[fitted], spans, deep, line, smooth[k]
                )
            _fit_plane(smooth, mean[fitted], scale[fitted], spans, fit[0, at], fit[1, at])
            fitted += 1
        for k in range(2):
            _smooth_plane(fit[k], z, planes, kernels, below[z], second[z], deep, line, smooth[k])
        _apply_plane(smooth, guide[z], second[z], start, out[z - start[0]])
