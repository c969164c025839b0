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

from .array_smoothing import smooth_array
from .device import Device

Float32 = NDArray[np.float32]

# Beyond 3 sigma lies 0.3 % of a Gaussian; cutting there costs a quarter less than at SciPy's 4.
TRUNCATE = 3.0
# Taps that one sweep adds: enough to keep the sum in registers for a while, few enough pointers for
# LLVM's overlap checks, without which it does not vectorise.
GROUP = 3
# Voxels swept before the next taps are added: the sums stay in the first-level cache.
SWEEP = 1024


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


def gaussian_smooth(
    block: Float32,
    sigma: Sequence[float],
    truncate: float = TRUNCATE,
    *,
    device: Device | None = None,
) -> Float32:
    """Smooth a block with a Gaussian; the block is extended by reflection.

    Parameters
    ----------
    block : array of float32, (Z, Y, X)
    sigma : sequence of 3 float
        Standard deviation per axis in voxels; an axis with 0 is left untouched.
    truncate : float
        Standard deviations after which the kernel is cut off.
    device : Device, optional
        Computes it; the caller's thread does by default.

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
    if device is None:
        return smooth_window(source, kernels, (0, 0, 0), source.shape)
    xp, fetch = device.xp, device.fetch
    return device.attempt(
        lambda _: fetch(smooth_array(xp, xp.asarray(source), kernels, (0, 0, 0), source.shape)),
        otherwise=lambda: smooth_window(source, kernels, (0, 0, 0), source.shape),
    )


def smooth_window(
    source: Float32, kernels: Sequence[Float32], start: Sequence[int], stop: Sequence[int]
) -> Float32:
    """Smooth a source and return only the window [start, stop) of the result.

    Parameters
    ----------
    source : C-contiguous array of float32, (Z, Y, X)
        Extended by reflection where a kernel leaves it.
    kernels : sequence of 3 arrays
        From `half_kernel`, one per axis.
    start, stop : sequence of 3 int
        The window in coordinates of the source; it may reach one voxel beyond the source.

    Returns
    -------
    array of float32, stop - start
    """
    out = np.empty(tuple(b - a for a, b in zip(start, stop, strict=True)), np.float32)
    _smooth(source, source, False, tuple(kernels), tuple(start), out)
    return out


def smooth_product(
    left: Float32,
    right: Float32,
    kernels: Sequence[Float32],
    start: Sequence[int],
    out: Float32,
) -> None:
    """Smooth ``left * right``, of which only a few planes exist at a time.

    Parameters
    ----------
    left, right : C-contiguous array of float32, (Z, Y, X)
    kernels : sequence of 3 arrays
        From `half_kernel`, one per axis.
    start : sequence of 3 int
        Where the window begins that `out` receives; it lies inside the source.
    out : C-contiguous array of float32
    """
    _smooth(left, right, True, tuple(kernels), tuple(start), out)


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
def _weigh(flat, before, after, weights, out):  # type: ignore[no-untyped-def]
    """Fill `out` with weighted stretches of `flat`; tap k begins at before[k] and after[k]."""
    for start in range(0, out.size, SWEEP):
        n = min(SWEEP, out.size - start)
        part = out[start : start + n]
        if weights.size == 1:
            part[:] = flat[before[0] + start : before[0] + start + n]
        for tap in range(1, weights.size, GROUP):
            i, j = before[tap] + start, after[tap] + start
            k, m = before[tap + 1] + start, after[tap + 1] + start
            p, q = before[tap + 2] + start, after[tap + 2] + start
            a, b = flat[i : i + n], flat[j : j + n]
            c, d = flat[k : k + n], flat[m : m + n]
            e, f = flat[p : p + n], flat[q : q + n]
            if tap == 1:
                middle = before[0] + start
                _start_sum(part, flat[middle : middle + n], a, b, c, d, e, f, weights)
            else:
                _continue_sum(part, a, b, c, d, e, f, weights, tap)


@njit(nogil=True, cache=True, error_model="numpy")
def _shifts(reach, middle, step):  # type: ignore[no-untyped-def]
    """Return where the taps of a kernel begin: `middle` less and plus multiples of `step`."""
    taps = np.arange(reach + 1)
    return middle - taps * step, middle + taps * step


@njit(nogil=True, cache=True, error_model="numpy")
def _multiply(left, right, out):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        out[i] = left[i] * right[i]


@njit(nogil=True, cache=True, error_model="numpy")
def _pad_rows(plane, inside, first, start, rows, columns):  # type: ignore[no-untyped-def]
    """Reflect rows into the margins of a plane.

    Row 0 of the plane is number `start` of `rows`; those from `first` on, `inside` of them, exist.
    """
    count = plane.size // columns
    for y in range(count):
        if not first <= start + y < first + inside:
            source = _reflect(start + y, rows) - start
            plane[y * columns : (y + 1) * columns] = plane[
                source * columns : (source + 1) * columns
            ]


@njit(nogil=True, cache=True, error_model="numpy")
def _pad_columns(plane, columns, start, wide):  # type: ignore[no-untyped-def]
    """Cut rows of `columns` to those of `wide` that begin at `start`, reflecting what is beyond."""
    low, high = max(start, 0), min(start + wide.shape[1], columns)
    for y in range(wide.shape[0]):
        row, target = plane[y * columns : (y + 1) * columns], wide[y]
        target[low - start : high - start] = row[low:high]
        for x in range(start, low):
            target[x - start] = row[_reflect(x, columns)]
        for x in range(high, start + wide.shape[1]):
            target[x - start] = row[_reflect(x, columns)]


@njit(nogil=True, cache=True, error_model="numpy")
def _smooth(left, right, multiply, kernels, start, out):  # type: ignore[no-untyped-def]
    """Smooth plane by plane: across planes, rows and columns while the plane is in the cache."""
    planes, rows, columns = left.shape
    wz, wy, wx = kernels
    z0, y0, x0 = start
    height, width = out.shape[1], out.shape[2]
    rz, ry, rx = wz.size - 1, wy.size - 1, wx.size - 1
    first, last = max(y0 - ry, 0), min(y0 + height + ry, rows)
    used = (last - first) * columns
    a, b = left.reshape(-1), right.reshape(-1)
    # products live in a ring of as many planes as the kernel sees; else the source is the "ring"
    ring = min(planes, 2 * rz + 1) if multiply else planes
    source = np.empty(ring * used, np.float32) if multiply else a
    stride, offset = (used, 0) if multiply else (rows * columns, first * columns)
    made = max(0, z0 - rz)
    before, after = np.empty(rz + 1, np.int64), np.empty(rz + 1, np.int64)
    deep = np.empty((height + 2 * ry) * columns, np.float32)
    flat = np.empty(height * columns, np.float32)
    wide = np.empty((height, width + 2 * rx), np.float32)
    done = np.empty(height * (width + 2 * rx), np.float32)
    up, down = _shifts(ry, ry * columns, columns)
    west, east = _shifts(rx, rx, 1)
    skip = (first - (y0 - ry)) * columns
    for z in range(out.shape[0]):
        while multiply and made < min(planes, z0 + z + rz + 1):
            at, to = (made * rows + first) * columns, (made % ring) * used
            _multiply(a[at : at + used], b[at : at + used], source[to : to + used])
            made += 1
        for tap in range(rz + 1):
            before[tap] = (_reflect(z0 + z - tap, planes) % ring) * stride + offset
            after[tap] = (_reflect(z0 + z + tap, planes) % ring) * stride + offset
        _weigh(source, before, after, wz, deep[skip : skip + used])
        _pad_rows(deep, last - first, first, y0 - ry, rows, columns)
        _weigh(deep, up, down, wy, flat)
        _pad_columns(flat, columns, x0 - rx, wide)
        _weigh(wide.reshape(-1), west, east, wx, done[: done.size - 2 * rx])
        for y in range(height):
            begin = y * wide.shape[1]
            out[z, y] = done[begin : begin + width]
