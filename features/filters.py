"""All filters of one scale on a block: one smoothing, and what can be made of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from supervox.execution import IntTriple

from .derivatives import (
    gradient,
    gradient_magnitude,
    hessian_eigenvalues,
    laplacian,
    root_eigenvalues,
)
from .grids import MIDDLE, CoarseGrid, Window, grid_size
from .scales import Scale
from .smoothing import half_kernel, kernel_radius, smooth_product, smooth_window

Float32 = NDArray[np.float32]

# Filters that smooth a second time, and so reach further.
_TWICE_SMOOTHED = ("structure_tensor_eigenvalues", "difference_of_gaussians")
# Planes of a structure tensor at a time: their gradients and products are a few megabytes.
SLAB_PLANES = 32
# Pairs of axes of the elements zz, yy, xx, zy, zx, yx.
ELEMENTS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


def needed_cells(
    core: Window, scale: Scale, shape: Sequence[int], filters: Collection[str]
) -> Window:
    """Return the cells of a scale's grid that its filters read for a block of voxels."""
    inner = [kernel_radius(sigma) for sigma in scale.inner]
    halo = [a + b + 1 for a, b in zip(inner, second_reach(scale, filters), strict=True)]
    return core.coarsened(scale.factor).grown(halo, grid_size(shape, scale.factor))


def filter_scale(
    grid: CoarseGrid, cells: Window, scale: Scale, filters: Collection[str]
) -> Iterator[tuple[str, Float32]]:
    """Compute filters of one scale.

    Parameters
    ----------
    grid : CoarseGrid
        The scale's grid, with at least the `needed_cells`.
    cells : Window
        The cells to compute.
    scale : Scale
    filters : collection of str
        From `FILTERS`.

    Yields
    ------
    str
        A filter.
    array of float32, (components, cells)
        Its values, which belong to the receiver.
    """
    kernels = tuple(half_kernel(sigma) for sigma in scale.inner)
    # the cells whose derivatives are needed; smooth values reach one further on every side, also
    # beyond the volume, where reflection gives them the value of the border itself
    wide = cells.grown(second_reach(scale, filters), grid.size)
    smooth = smooth_window(grid.values, kernels, *bounds(wide, grid.window, margin=1))
    z, y, x = cells.within(wide)
    around = np.ascontiguousarray(
        smooth[z.start : z.stop + 2, y.start : y.stop + 2, x.start : x.stop + 2]
    )
    inside = around[1:-1, 1:-1, 1:-1]
    if "gaussian" in filters:
        yield "gaussian", inside.copy()[None]
    if "gradient_magnitude" in filters:
        yield "gradient_magnitude", gradient_magnitude(around, scale.first)[None]
    if "laplacian_of_gaussian" in filters:
        yield "laplacian_of_gaussian", laplacian(around, scale.first)[None]
    if "hessian_eigenvalues" in filters:
        yield "hessian_eigenvalues", hessian_eigenvalues(around, scale.first)
    if "difference_of_gaussians" in filters:
        yield "difference_of_gaussians", _difference(smooth, cells, wide, scale)[None]
    if "structure_tensor_eigenvalues" in filters:
        yield "structure_tensor_eigenvalues", _structure_tensor(smooth, cells, wide, scale)
    if "local_std" in filters and grid.squares is not None:
        mean = inside - MIDDLE
        squares = smooth_window(grid.squares, kernels, *bounds(cells, grid.window))
        yield "local_std", np.sqrt(np.maximum(squares - mean * mean, 0))[None]


def second_reach(scale: Scale, filters: Collection[str]) -> list[int]:
    """Return the cells that filters reach per axis when they smooth a second time."""
    twice = any(name in filters for name in _TWICE_SMOOTHED)
    return [kernel_radius(sigma) if twice else 0 for sigma in scale.outer]


def _outer_kernels(scale: Scale) -> tuple[Float32, ...]:
    return tuple(half_kernel(sigma) for sigma in scale.outer)


def _difference(smooth: Float32, cells: Window, wide: Window, scale: Scale) -> Float32:
    """Return the Gaussian of sigma less that of sigma * sqrt(2): smoothed once less twice."""
    once = np.ascontiguousarray(smooth[1:-1, 1:-1, 1:-1])
    twice = smooth_window(once, _outer_kernels(scale), *bounds(cells, wide))
    difference: Float32 = once[cells.within(wide)] - twice
    return difference


def _structure_tensor(smooth: Float32, cells: Window, wide: Window, scale: Scale) -> Float32:
    """Return the root eigenvalues of the gradient products, averaged over sigma again.

    The outer scale is the inner one: less averages few independent gradients of noise, more
    reaches across thin structures. Some planes at a time: gradients and tensors stay in the cache.
    """
    kernels, reach = _outer_kernels(scale), kernel_radius(scale.outer[0])
    out = np.empty((3, *cells.shape), np.float32)
    planes = min(SLAB_PLANES, cells.shape[0])
    tensor = np.empty((6, planes, *cells.shape[1:]), np.float32)
    along = np.empty((3, min(planes + 2 * reach, wide.shape[0]), *wide.shape[1:]), np.float32)
    for first in range(cells.start[0], cells.stop[0], planes):
        slab = cells.planes(first, first + planes)
        seen = wide.planes(first - reach, slab.stop[0] + reach)
        z = seen.within(wide)[0]
        gradient(smooth[z.start : z.stop + 2], scale.first, along)
        start, _ = bounds(slab, seen)
        for element, (i, j) in zip(tensor, ELEMENTS, strict=True):
            smooth_product(
                along[i, : seen.shape[0]],
                along[j, : seen.shape[0]],
                kernels,
                start,
                element[: slab.shape[0]],
            )
        root_eigenvalues(tensor, slab.shape[0], out, first - cells.start[0])
    return out


def bounds(part: Window, whole: Window, margin: int = 0) -> tuple[IntTriple, IntTriple]:
    """Return start and stop of a part, with a margin, in coordinates of an array of the whole."""
    z, y, x = part.within(whole)
    return (
        (z.start - margin, y.start - margin, x.start - margin),
        (z.stop + margin, y.stop + margin, x.stop + margin),
    )
