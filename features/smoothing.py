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
from supervox.execution import Device

from .array_smoothing import smooth_array

Float32 = NDArray[np.float32]

# Beyond 3 sigma lies 0.3 % of a Gaussian; cutting there costs a quarter less than at SciPy's 4.
TRUNCATE = 3.0
# Taps to each side that one sweep adds: enough to keep the sum in registers for a while; with more,
# LLVM gives up on vectors.
GROUP = 3
# Voxels swept before the next taps are added: the sums stay in the first-level cache.
SWEEP = 2048


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
def reflect(index: int, size: int) -> int:
    """Fold an index into [0, size): d c b a | a b c d | d c b a, as often as needed."""
    index %= 2 * size
    return index if index < size else 2 * size - 1 - index


@njit(nogil=True, cache=True, error_model="numpy")
def sum_taps(flat, taps, at, weights, out, to, count):  # type: ignore[no-untyped-def]
    """Fill a stretch of `out` with a weighted sum of stretches of `flat`, a pair of them each tap.

    Positions are unsigned: LLVM does not vectorise where an index may be negative.

    Parameters
    ----------
    flat : array of float32, one axis
        May be the memory of `out`, if the stretches don't overlap the one that is filled.
    taps : array of int64, (2, K)
        Where the stretch of tap k begins to the left and to the right; equal for the centre, k = 0.
    at : int
        Added to all of these.
    weights : array of float32, (K,)
        From `half_kernel`.
    out : array of float32, one axis
    to, count : int
        Where the stretch of `out` begins, and its length.
    """
    n, o, centre = np.uint64(count), np.uint64(to), np.uint64(taps[0, 0] + at)
    if weights.size == 1:
        for i in range(n):
            out[o + i] = flat[centre + i]
    # Strategy: sweep along the stretch once per group of six taps, so that the inner loop has no
    # branch and no index that wraps; each sweep adds to what the ones before it left in `out`.
    for k in range(1, weights.size, GROUP):
        a, b = np.uint64(taps[0, k] + at), np.uint64(taps[1, k] + at)
        c, d = np.uint64(taps[0, k + 1] + at), np.uint64(taps[1, k + 1] + at)
        e, f = np.uint64(taps[0, k + 2] + at), np.uint64(taps[1, k + 2] + at)
        w0, w1, w2, w3 = weights[0], weights[k], weights[k + 1], weights[k + 2]
        if k == 1:
            for i in range(n):
                near = w0 * flat[centre + i] + w1 * (flat[a + i] + flat[b + i])
                far = w3 * (flat[e + i] + flat[f + i])
                out[o + i] = near + w2 * (flat[c + i] + flat[d + i]) + far
        else:
            for i in range(n):
                near = out[o + i] + w1 * (flat[a + i] + flat[b + i])
                far = w3 * (flat[e + i] + flat[f + i])
                out[o + i] = near + w2 * (flat[c + i] + flat[d + i]) + far


@njit(nogil=True, cache=True, error_model="numpy")
def _weigh(flat, taps, weights, out, to, count):  # type: ignore[no-untyped-def]
    """Do as `sum_taps` does, a stretch at a time."""
    for start in range(0, count, SWEEP):
        sum_taps(flat, taps, start, weights, out, to + start, min(SWEEP, count - start))


@njit(nogil=True, cache=True, error_model="numpy")
def _place_taps(reach, step):  # type: ignore[no-untyped-def]
    """Return where the taps of a kernel begin, both ways, from the first place that they reach."""
    taps = np.empty((2, reach + 1), np.int64)
    for k in range(reach + 1):
        taps[0, k], taps[1, k] = (reach - k) * step, (reach + k) * step
    return taps


@njit(nogil=True, cache=True, error_model="numpy")
def _copy(source, at, out, to, count):  # type: ignore[no-untyped-def]
    a, o = np.uint64(at), np.uint64(to)
    for i in range(np.uint64(count)):
        out[o + i] = source[a + i]


@njit(nogil=True, cache=True, error_model="numpy")
def _multiply(left, right, at, out, to, count):  # type: ignore[no-untyped-def]
    a, o = np.uint64(at), np.uint64(to)
    for i in range(np.uint64(count)):
        out[o + i] = left[a + i] * right[a + i]


@njit(nogil=True, cache=True, error_model="numpy")
def _pad_rows(plane, inside, first, start, rows, columns):  # type: ignore[no-untyped-def]
    """Reflect rows into the margins of a plane.

    Row 0 of the plane is number `start` of `rows`; those from `first` on, `inside` of them, exist.
    """
    for y in range(start, start + plane.size // columns):
        if not first <= y < first + inside:
            source = reflect(y, rows) - start
            _copy(plane, source * columns, plane, (y - start) * columns, columns)


@njit(nogil=True, cache=True, error_model="numpy")
def _pad_columns(plane, columns, start, wide, width):  # type: ignore[no-untyped-def]
    """Cut rows of `columns` to `width` ones that begin at `start`, reflecting what is beyond."""
    low, high = max(start, 0), min(start + width, columns)
    for y in range(plane.size // columns):
        row, to = y * columns, y * width - start
        _copy(plane, row + low, wide, to + low, high - low)
        for x in range(start, low):
            wide[to + x] = plane[row + reflect(x, columns)]
        for x in range(high, start + width):
            wide[to + x] = plane[row + reflect(x, columns)]


@njit(nogil=True, cache=True, error_model="numpy")
def _smooth(left, right, multiply, kernels, start, out):  # type: ignore[no-untyped-def]
    """Smooth plane by plane: across planes, rows and columns while the plane is in the cache."""
    planes, rows, columns = left.shape
    wz, wy, wx = kernels
    z0, y0, x0 = start
    depth, height, width = out.shape
    rz, ry, rx = wz.size - 1, wy.size - 1, wx.size - 1
    first, last = max(y0 - ry, 0), min(y0 + height + ry, rows)
    used, across = (last - first) * columns, width + 2 * rx
    a, b, result = left.reshape(-1), right.reshape(-1), out.reshape(-1)
    # products live in a ring of as many planes as the kernel sees; else the source is the "ring"
    ring = min(planes, 2 * rz + 1) if multiply else planes
    source = np.empty(ring * used, np.float32) if multiply else a
    stride, offset = (used, 0) if multiply else (rows * columns, first * columns)
    made = max(0, z0 - rz)
    taps_z = np.empty((2, rz + 1), np.int64)
    taps_y, taps_x = _place_taps(ry, columns), _place_taps(rx, 1)
    deep = np.empty((height + 2 * ry) * columns, np.float32)
    flat = np.empty(height * columns, np.float32)
    wide, done = np.empty(height * across, np.float32), np.empty(height * across, np.float32)
    # Strategy: one output plane at a time. Sum the planes above and below into `deep`, the rows of
    # that into `flat`, the columns of that into `done`: what lies in between is one plane, not a
    # volume. Margins are reflected just before the axis that needs them.
    for z in range(depth):
        while multiply and made < min(planes, z0 + z + rz + 1):
            _multiply(a, b, (made * rows + first) * columns, source, (made % ring) * used, used)
            made += 1
        for k in range(rz + 1):
            taps_z[0, k] = (reflect(z0 + z - k, planes) % ring) * stride + offset
            taps_z[1, k] = (reflect(z0 + z + k, planes) % ring) * stride + offset
        _weigh(source, taps_z, wz, deep, (first - (y0 - ry)) * columns, used)
        _pad_rows(deep, last - first, first, y0 - ry, rows, columns)
        _weigh(deep, taps_y, wy, flat, 0, flat.size)
        _pad_columns(flat, columns, x0 - rx, wide, across)
        _weigh(wide, taps_x, wx, done, 0, done.size - 2 * rx)
        for y in range(height):
            _copy(done, y * across, result, (z * height + y) * width, width)
