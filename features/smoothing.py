"""Gaussian smoothing of float32 blocks, compiled, one thread, the same bytes in any block.

Every output voxel is a sum over taps in a fixed order, without fused or reordered arithmetic, so it
depends only on the voxels under the kernel: not on where a block begins, not on the vector width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .blocks import Triple

Float32 = NDArray[np.float32]

# Beyond 3 sigma lies 0.3 % of a Gaussian; cutting there costs a quarter less than at SciPy's 4.
TRUNCATE = 3.0
# Taps that one sweep over a row adds: enough to keep the row's sum in registers for a while, few
# enough pointers for LLVM's overlap checks, without which it does not vectorise.
GROUP = 3


def kernel_radius(sigma: float, truncate: float = TRUNCATE) -> int:
    """Return how many voxels a Gaussian reaches to each side (0 for sigma 0)."""
    return int(truncate * sigma + 0.5)


def half_kernel(sigma: float, truncate: float = TRUNCATE) -> Float32:
    """Return the centre and right half of a sampled, normalised Gaussian.

    The number of side taps is rounded up to a multiple of `GROUP` with zero weights.
    """
    radius = kernel_radius(sigma, truncate)
    weights = np.zeros(1 + -(-radius // GROUP) * GROUP)
    weights[0] = 1.0
    if radius:
        weights[1 : radius + 1] = np.exp(-0.5 * (np.arange(1, radius + 1) / sigma) ** 2)
    half: Float32 = (weights / (weights[0] + 2 * weights[1:].sum())).astype(np.float32)
    return half


def gaussian_smooth(block: Float32, sigma: Sequence[float], truncate: float = TRUNCATE) -> Float32:
    """Smooth a block with a Gaussian; the block is extended by reflection.

    Parameters
    ----------
    block : array of float32, (Z, Y, X)
    sigma : sequence of 3 float
        Standard deviation per axis in voxels; an axis with 0 is left untouched.
    truncate : float
        Standard deviations after which the kernel is cut off.

    Returns
    -------
    array of float32, (Z, Y, X)
        Equal to ``scipy.ndimage.gaussian_filter(block, sigma, mode="reflect", truncate=truncate)``
        to rounding.

    Raises
    ------
    ValueError
        If the block is not 3D, or a sigma is negative or not finite.
    """
    if block.ndim != 3 or len(sigma) != 3:
        raise ValueError(
            f"gaussian_smooth takes a 3D block and 3 sigmas, not {block.ndim}D and {len(sigma)}; "
            "give an image as one plane: image[None]"
        )
    if not all(math.isfinite(s) and s >= 0 for s in sigma):
        raise ValueError(f"sigma must be 0 or positive per axis, not {tuple(sigma)}")
    kernels = tuple(half_kernel(s, truncate) for s in sigma)
    source = np.ascontiguousarray(block, dtype=np.float32)
    return smooth_window(source, kernels, (0, 0, 0), source.shape)


def smooth_window(
    source: Float32, kernels: Sequence[Float32], start: Sequence[int], stop: Sequence[int]
) -> Float32:
    """Smooth a source and return only the window [start, stop) of the result.

    Parameters
    ----------
    source : C-contiguous array of float32, (Z, Y, X)
        Extended by reflection where a kernel leaves it; the window may leave it, too.
    kernels : sequence of 3 arrays
        From `half_kernel`, one per axis.
    start, stop : sequence of 3 int
        The window in coordinates of the source.

    Returns
    -------
    array of float32, stop - start
    """
    return _smooth(source, source, False, kernels, start, stop)


def smooth_product_window(
    left: Float32,
    right: Float32,
    kernels: Sequence[Float32],
    start: Sequence[int],
    stop: Sequence[int],
) -> Float32:
    """Smooth ``left * right``, like `smooth_window`, without storing the product."""
    return _smooth(left, right, True, kernels, start, stop)


def _smooth(
    left: Float32,
    right: Float32,
    multiply: bool,
    kernels: Sequence[Float32],
    start: Sequence[int],
    stop: Sequence[int],
) -> Float32:
    size: Triple = left.shape
    reach = [len(kernel) - 1 for kernel in kernels]
    # the first pass makes only the rows and columns that the later passes read
    low = [max(0, start[axis] - reach[axis]) for axis in range(3)]
    high = [min(size[axis], stop[axis] + reach[axis]) for axis in range(3)]
    for axis in (1, 2):  # a window beyond the border reads what is reflected there
        if start[axis] < reach[axis] or stop[axis] > size[axis] - reach[axis]:
            low[axis] = min(low[axis], max(0, 2 * size[axis] - stop[axis] - reach[axis]))
            high[axis] = max(high[axis], min(size[axis], reach[axis] - start[axis]))
    between = np.empty((stop[0] - start[0], high[1] - low[1], high[2] - low[2]), np.float32)
    out = np.empty(tuple(b - a for a, b in zip(start, stop, strict=True)), np.float32)
    _across_planes(left, right, multiply, kernels[0], start[0], low[1], low[2], between)
    _across_rows_and_columns(
        between, kernels[1], kernels[2], start[1], start[2], low[1], low[2], size[1], size[2], out
    )
    return out


@njit(nogil=True, cache=True, error_model="numpy")
def _reflect(index: int, size: int) -> int:
    """Fold an index into [0, size): d c b a | a b c d | d c b a, as often as needed."""
    index %= 2 * size
    return index if index < size else 2 * size - 1 - index


@njit(nogil=True, cache=True, error_model="numpy")
def _start_sum(out, centre, a, b, c, d, e, f, weights):  # type: ignore[no-untyped-def]
    w0, w1, w2, w3 = weights[0], weights[1], weights[2], weights[3]
    for i in range(out.size):
        out[i] = w0 * centre[i] + w1 * (a[i] + b[i]) + w2 * (c[i] + d[i]) + w3 * (e[i] + f[i])


@njit(nogil=True, cache=True, error_model="numpy")
def _continue_sum(out, a, b, c, d, e, f, weights, tap):  # type: ignore[no-untyped-def]
    w1, w2, w3 = weights[tap], weights[tap + 1], weights[tap + 2]
    for i in range(out.size):
        out[i] = out[i] + w1 * (a[i] + b[i]) + w2 * (c[i] + d[i]) + w3 * (e[i] + f[i])


@njit(nogil=True, cache=True, error_model="numpy")
def _sum_rows(rows, at, origin, size, weights, out):  # type: ignore[no-untyped-def]
    """Weigh the rows around `at`; ``rows[0]`` is number `origin` of the `size` real ones."""
    if weights.size == 1:
        out[:] = rows[_reflect(at, size) - origin]
        return
    for tap in range(1, weights.size, 3):
        a = rows[_reflect(at - tap, size) - origin]
        b = rows[_reflect(at + tap, size) - origin]
        c = rows[_reflect(at - tap - 1, size) - origin]
        d = rows[_reflect(at + tap + 1, size) - origin]
        e = rows[_reflect(at - tap - 2, size) - origin]
        f = rows[_reflect(at + tap + 2, size) - origin]
        if tap == 1:
            _start_sum(out, rows[_reflect(at, size) - origin], a, b, c, d, e, f, weights)
        else:
            _continue_sum(out, a, b, c, d, e, f, weights, tap)


@njit(nogil=True, cache=True, error_model="numpy")
def _sum_columns(row, weights, out):  # type: ignore[no-untyped-def]
    """Weigh the columns of a row that is longer than `out` by the kernel's reach on both sides."""
    n = out.size
    reach = weights.size - 1
    if reach == 0:
        out[:] = row
        return
    for tap in range(1, weights.size, 3):
        left, right = reach - tap, reach + tap
        a, b = row[left : left + n], row[right : right + n]
        c, d = row[left - 1 : left - 1 + n], row[right + 1 : right + 1 + n]
        e, f = row[left - 2 : left - 2 + n], row[right + 2 : right + 2 + n]
        if tap == 1:
            _start_sum(out, row[reach : reach + n], a, b, c, d, e, f, weights)
        else:
            _continue_sum(out, a, b, c, d, e, f, weights, tap)


@njit(nogil=True, cache=True, error_model="numpy")
def _across_planes(left, right, multiply, weights, start, y0, x0, out):  # type: ignore[no-untyped-def]
    """Smooth along the planes; `out` begins at plane `start`, row `y0` and column `x0`."""
    planes, x1 = left.shape[0], x0 + out.shape[2]
    # one row of every plane: small enough for the cache while each is read once per tap
    slab = np.empty((planes, out.shape[2]), np.float32)
    reach = weights.size - 1
    used0, used1 = max(0, start - reach), min(planes, start + out.shape[0] + reach)
    if start < reach or start + out.shape[0] + reach > planes:
        used0, used1 = 0, planes
    for y in range(out.shape[1]):
        for z in range(used0, used1):
            if multiply:
                _multiply(left[z, y0 + y, x0:x1], right[z, y0 + y, x0:x1], slab[z])
            else:
                slab[z] = left[z, y0 + y, x0:x1]
        for z in range(out.shape[0]):
            _sum_rows(slab, start + z, 0, planes, weights, out[z, y])


@njit(nogil=True, cache=True, error_model="numpy")
def _multiply(left, right, out):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        out[i] = left[i] * right[i]


@njit(nogil=True, cache=True, error_model="numpy")
def _across_rows_and_columns(  # type: ignore[no-untyped-def]
    source, row_weights, column_weights, y0, x0, source_y0, source_x0, rows, columns, out
):
    """Smooth along rows, then columns; `source` begins at (source_y0, source_x0) of the volume."""
    reach = column_weights.size - 1
    row = np.empty(source.shape[2], np.float32)
    wide = np.empty(out.shape[2] + 2 * reach, np.float32)
    first = x0 - reach
    inside0 = max(first, 0)
    inside1 = min(first + wide.size, columns)
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            _sum_rows(source[z], y0 + y, source_y0, rows, row_weights, row)
            if inside1 > inside0:
                wide[inside0 - first : inside1 - first] = row[
                    inside0 - source_x0 : inside1 - source_x0
                ]
            for i in range(first, inside0):
                wide[i - first] = row[_reflect(i, columns) - source_x0]
            for i in range(inside1, first + wide.size):
                wide[i - first] = row[_reflect(i, columns) - source_x0]
            _sum_columns(wide, column_weights, out[z, y])
