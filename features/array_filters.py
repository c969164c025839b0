"""The filters of one scale on arrays of any module with NumPy's functions: those of a device.

The same arithmetic as the compiled filters, operation by operation and in the same order. Each
operation is a pass of its own, which neither fuses nor reorders it, so the results are the same to
the bit wherever float32 and float64 are rounded as IEEE 754 says. Numbers that meet an array are
Python's, which take its dtype. The compiled modules explain the mathematics.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from .array_smoothing import Array, smooth_array
from .eigenvalues import DISTANCE, TINY
from .filters import ELEMENTS, bounds, second_reach
from .grids import MIDDLE, CoarseGrid, Window
from .scales import Scale
from .smoothing import half_kernel


def filter_arrays(
    xp: Any, grid: CoarseGrid, cells: Window, scale: Scale, filters: Collection[str]
) -> Iterator[tuple[str, Array]]:
    """Compute filters of one scale, as `filter_scale` does; the grid's arrays belong to `xp`."""
    inner = [half_kernel(sigma) for sigma in scale.inner]
    outer = [half_kernel(sigma) for sigma in scale.outer]
    first = [np.float32(weight) for weight in scale.first]
    wide = cells.grown(second_reach(scale, filters), grid.size)
    smooth = smooth_array(xp, grid.values, inner, *bounds(wide, grid.window, margin=1))
    z, y, x = cells.within(wide)
    around = smooth[z.start : z.stop + 2, y.start : y.stop + 2, x.start : x.stop + 2]
    inside = around[1:-1, 1:-1, 1:-1]
    if "gaussian" in filters:
        yield "gaussian", inside[None]
    if "gradient_magnitude" in filters:
        a, b, c = _gradient(around, first)
        yield "gradient_magnitude", xp.sqrt(a * a + b * b + c * c)[None]
    if "laplacian_of_gaussian" in filters:
        a, b, c = (_second(around, k, (2 * first[k]) ** 2) for k in range(3))
        yield "laplacian_of_gaussian", (a + b + c)[None]
    if "hessian_eigenvalues" in filters:
        yield "hessian_eigenvalues", eigenvalues(xp, _hessian(around, first))
    once = smooth[1:-1, 1:-1, 1:-1]
    if "difference_of_gaussians" in filters:
        twice = smooth_array(xp, once, outer, *bounds(cells, wide))
        yield "difference_of_gaussians", (once[cells.within(wide)] - twice)[None]
    if "structure_tensor_eigenvalues" in filters:
        along = _gradient(smooth, first)
        tensor = [
            smooth_array(xp, along[i] * along[j], outer, *bounds(cells, wide)) for i, j in ELEMENTS
        ]
        roots = xp.sqrt(xp.maximum(eigenvalues(xp, tensor), 0.0))
        yield "structure_tensor_eigenvalues", roots
    if "local_std" in filters and grid.squares is not None:
        mean = inside - float(MIDDLE)
        squares = smooth_array(xp, grid.squares, inner, *bounds(cells, grid.window))
        yield "local_std", xp.sqrt(xp.maximum(squares - mean * mean, 0.0))[None]


def _part(around: Array, *shifts: int) -> Array:
    """Return the inside of a block with a margin of one voxel, moved by up to one voxel."""
    return around[tuple(slice(1 + s, n - 1 + s) for s, n in zip(shifts, around.shape, strict=True))]


def _moved(around: Array, axis: int, by: int) -> Array:
    return _part(around, *(by * (k == axis) for k in range(3)))


def _gradient(around: Array, first: Sequence[Any]) -> list[Array]:
    return [float(first[k]) * (_moved(around, k, 1) - _moved(around, k, -1)) for k in range(3)]


def _second(around: Array, axis: int, weight: Any) -> Array:
    before, here, after = (_moved(around, axis, by) for by in (-1, 0, 1))
    return float(weight) * ((after - here) - (here - before))


def _mixed(around: Array, i: int, j: int, weight: Any) -> Array:
    def corner(a: int, b: int) -> Array:
        return _part(around, *(a * (k == i) + b * (k == j) for k in range(3)))

    return float(weight) * ((corner(1, 1) - corner(1, -1)) - (corner(-1, 1) - corner(-1, -1)))


def _hessian(around: Array, first: Sequence[Any]) -> list[Array]:
    four = np.float32(4)
    return [
        _second(around, i, four * first[i] * first[i])
        if i == j
        else _mixed(around, i, j, first[i] * first[j])
        for i, j in ELEMENTS
    ]


def eigenvalues(xp: Any, tensor: Sequence[Array]) -> Array:
    """Return the eigenvalues of symmetric tensors, (3, ...), largest first.

    The method is that of `supervox.features.eigenvalues`; `tensor` holds zz, yy, xx, zy, zx, yx.
    """
    zz, yy, xx, zy, zx, yx = (element.astype(xp.float64) for element in tensor)
    q = (zz + yy + xx) * (1.0 / 3.0)
    zz, yy, xx = zz - q, yy - q, xx - q
    squares = zz * zz + yy * yy + xx * xx + 2.0 * (zy * zy + zx * zx + yx * yx)
    squares = squares * (1.0 / 6.0) + TINY
    det = zz * (yy * xx - yx * yx) - zy * (zy * xx - yx * zx) + zx * (zy * yx - yy * zx)
    del zz, yy, xx, zy, zx, yx  # room for what comes
    inverse = (1.0 / xp.sqrt(squares.astype(xp.float32))).astype(xp.float64)
    inverse *= 1.5 - 0.5 * squares * inverse * inverse
    p = squares * inverse
    r = 0.5 * det * inverse * inverse * inverse
    u = xp.maximum(1.0 - xp.abs(r), 0.0)
    d = xp.full_like(u, DISTANCE[-1])
    for coefficient in DISTANCE[-2::-1]:
        d = coefficient + u * d
    d = u * d
    far = 2.0 * p * (1.0 - d)
    half_gap = p * xp.sqrt((3.0 * xp.maximum(d * (2.0 - d), 0.0)).astype(xp.float32))
    sign = xp.where(r >= 0.0, 1.0, -1.0)
    alone, middle = q + sign * far, q - 0.5 * sign * far
    found = (
        xp.maximum(alone, middle + half_gap),
        middle + sign * half_gap,
        xp.minimum(alone, middle - half_gap),
    )
    return xp.stack([value.astype(xp.float32) for value in found])
