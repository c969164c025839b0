"""Supervoxels: a parallel, block-wise SLIC that gives the same bytes for any blocking."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import (
    Block,
    BlockWriter,
    Device,
    Run,
    VolumeLike,
    Workers,
)
from supervox.features import IntensityRange
from supervox.segmentation.checks import check_spacing, check_volume

from ._assignment import N_SUMS, assign_block, sum_cells
from ._assignment_gpu import CellBlock
from ._connectivity import connect
from .guide_image import face_areas, guide_block, smoothing_sigma
from .parameters import SupervoxelParameters
from .seed_grid import SeedGrid

Ids = NDArray[np.int32]
NO_SUMS = np.zeros((0, 0, 0, N_SUMS))
NO_IDS = np.zeros((0, 0, 0), np.int32)


def compute_supervoxels(
    volume: VolumeLike,
    size: float = 8,
    *,
    spacing: Sequence[float] = (1, 1, 1),
    compactness: float = SupervoxelParameters.compactness,
    iterations: int = SupervoxelParameters.iterations,
    smoothing: float = SupervoxelParameters.smoothing_voxels,
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0),
    intensity: IntensityRange | None = None,
    block_shape: Sequence[int] | None = None,
    out: Ids | None = None,
    components: Ids | None = None,
    smoothed: Ids | None = None,
    workers: Workers = None,
    device: Device | None = None,
) -> Ids:
    """Cut a volume into supervoxels that are alike inside and about equally large.

    Parameters
    ----------
    volume : array-like, (Z, Y, X) or (Y, X), any real dtype
        Read block by block.
    size : float
        Edge of a supervoxel in voxels of the finest axis.
    spacing : sequence of float
        Voxel size per axis; supervoxels are about isotropic in physical space.
    compactness, iterations, smoothing
        See `SupervoxelParameters`.
    shift : tuple of 3 float
        Moves the grid of seeds by a fraction of a cell along each axis, for another partition.
    intensity : IntensityRange, optional
        Scale of the intensities; measured on the volume by default.
    block_shape : sequence of 3 int, optional
        Voxels that are worked on at a time; the result does not depend on it.
    out : int32, of the volume's shape, optional
        Receives the ids, as an array that lies in a file does; C-contiguous.
    components : int32, of the volume's shape, optional
        Holds an intermediate result, which otherwise takes the place of the smoothed image in
        `out`: with it, work on a block may be repeated, as a cluster does that loses a worker.
    smoothed : int32, of the volume's shape, optional
        Holds the smoothed image, which otherwise takes the place of `out`: with it and
        `components`, nothing is ever written over, and a `LoggingExecutor` can go on later.
    workers : int, Executor or Run, optional
        Threads, one per processor by default; or what runs the blocks; or a `Run`, which also
        shows progress and stops. The result does not depend on it.
    device : Device, optional
        Smooths and assigns; threads do by default, and repair the connectivity in any case.

    Returns
    -------
    int32, of the volume's shape
        Ids 0..S-1, dense, each one 6-connected, in raster order of the seeds.

    Raises
    ------
    ValueError
        If a parameter, the spacing or the volume is unusable.
    Cancelled
        If the run is to stop.

    References
    ----------
    Achanta et al., SLIC superpixels compared to state-of-the-art superpixel methods,
    IEEE TPAMI 34 (2012).

    Notes
    -----
    A voxel compares with the centres of its own grid cell and of the 26 around it. Sums run over
    multiples of a power of two and are therefore exact in any order, which makes the result
    independent of blocks and threads. Until the last round the array of ids holds the smoothed
    image, so the only large array is the result, if nothing else is asked for.
    """
    parameters = SupervoxelParameters(float(size), float(compactness), iterations, float(smoothing))
    spacing = check_spacing(spacing, len(volume.shape))
    flat = len(volume.shape) == 2
    volume = check_volume(volume)
    grid = SeedGrid.for_volume(volume.shape, spacing, parameters, shift)
    blocks = grid.blocks(block_shape)
    passes = iter(Run.of(workers).steps([1] * (parameters.iterations + 4)))

    def run(function: Any) -> Iterator[Any]:
        return next(passes).blocks(function, blocks)

    ids = np.empty(grid.shape, np.int32) if out is None else _checked(out, grid.shape)
    guide = (ids if smoothed is None else _checked(smoothed, grid.shape)).view(np.float32)
    intensity = intensity or IntensityRange.measure(volume)
    sigma = smoothing_sigma(parameters.smoothing_voxels, spacing)
    sums = np.zeros((*grid.n_cells, N_SUMS))
    smooth = BlockWriter(
        lambda b: _prepare(b, grid, volume, intensity, sigma, guide, device), guide
    )
    for block, part in zip(blocks, run(smooth), strict=True):
        sums[_cell_slices(grid, block)] = part
    centres = sums[..., 1:] / sums[..., :1]
    for _ in range(parameters.iterations - 1):
        total = np.zeros([n + 2 for n in grid.n_cells] + [N_SUMS])
        sum_up = partial(_sum_up, grid=grid, guide=guide, centres=centres, device=device)
        for block, part in zip(blocks, run(sum_up), strict=True):
            total[_cell_slices(grid, block, margin=2)] += part
        centres = _update(centres, total[1:-1, 1:-1, 1:-1])
    connect(
        ids if components is None else _checked(components, grid.shape),
        ids,
        blocks,
        assign=lambda b: _decide(b, grid, guide, centres, device),
        face_area=face_areas(spacing),
        minimum_size=grid.minimum_size,
        run=run,
    )
    return ids[0] if flat else ids


def _checked(out: Ids, shape: tuple[int, int, int]) -> Ids:
    """Return a view of the volume's shape on what the caller gave for the result."""
    if out.dtype != np.int32 or not out.flags.c_contiguous or out.size != math.prod(shape):
        raise ValueError(
            f"out must be a C-contiguous int32 array of shape {shape}, "
            f"not {out.dtype} of shape {out.shape}"
        )
    return out.reshape(shape)


def _prepare(
    block: Block,
    grid: SeedGrid,
    volume: VolumeLike,
    intensity: IntensityRange,
    sigma: Sequence[float],
    guide: NDArray[np.float32],
    device: Device | None,
) -> NDArray[np.float64]:
    """Smooth a block into the guide and sum up its cells."""
    core = guide_block(volume, block, intensity, sigma, device)
    guide[block.core] = core

    def compiled() -> NDArray[np.float64]:
        first, n_cells = grid.cells(block)
        sums = np.zeros((*n_cells, N_SUMS))
        sum_cells(core, grid.origin(block), np.array(grid.offset), np.array(grid.step), first, sums)
        return sums

    return _compute(device, block, grid, core, CellBlock.sum_cells, compiled)


def _compute(
    device: Device | None,
    block: Block,
    grid: SeedGrid,
    guide: NDArray[np.float32],
    on_device: Callable[[CellBlock], Any],
    compiled: Callable[[], NDArray[Any]],
) -> NDArray[Any]:
    """Work on the cells of a block: on the device, or compiled."""
    if device is None:
        return compiled()
    fetch, xp = device.fetch, device.xp
    offset, step = np.array(grid.offset), np.array(grid.step)
    place = (grid.origin(block), offset, step, *grid.cells(block))
    return device.attempt(
        lambda _: fetch(on_device(CellBlock(xp, xp.asarray(guide), *place))), otherwise=compiled
    )


def _assign(
    block: Block,
    grid: SeedGrid,
    guide: NDArray[np.float32],
    centres: NDArray[np.float64],
    sums: NDArray[np.float64],
    ids: Ids,
) -> None:
    """Let the centres compete for a block; see `assign_block` for what `sums` and `ids` receive."""
    first, n_cells = grid.cells(block)
    assign_block(
        guide[block.core],
        grid.origin(block),
        np.array(grid.offset),
        np.array(grid.step),
        first,
        n_cells,
        centres,
        np.array(grid.weight, np.float32),
        sums,
        ids,
    )


def _sum_up(
    block: Block,
    grid: SeedGrid,
    guide: NDArray[np.float32],
    centres: NDArray[np.float64],
    device: Device | None,
) -> NDArray[np.float64]:
    """Return the sums of what each centre wins in a block."""

    def compiled() -> NDArray[np.float64]:
        sums = np.zeros((*(grid.cells(block)[1] + 2), N_SUMS))
        _assign(block, grid, guide, centres, sums, NO_IDS)
        return sums

    def on_device(cells: CellBlock) -> Any:
        return cells.sum_winners(centres, grid.weight)

    return _compute(device, block, grid, guide[block.core], on_device, compiled)


def _decide(
    block: Block,
    grid: SeedGrid,
    guide: NDArray[np.float32],
    centres: NDArray[np.float64],
    device: Device | None,
) -> Ids:
    """Return the cell number of the centre that wins each voxel of a block."""

    def compiled() -> Ids:
        ids = np.empty(block.shape, np.int32)
        _assign(block, grid, guide, centres, NO_SUMS, ids)
        return ids

    def on_device(cells: CellBlock) -> Any:
        return cells.find_winners(centres, grid.weight)

    return _compute(device, block, grid, guide[block.core], on_device, compiled)


def _update(centres: NDArray[np.float64], sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move the centres to the means of what they won; one that won nothing stays."""
    count = sums[..., :1]
    return np.where(count > 0, sums[..., 1:] / np.maximum(count, 1), centres)


def _cell_slices(grid: SeedGrid, block: Block, margin: int = 0) -> tuple[slice, ...]:
    first, n_cells = grid.cells(block)
    return tuple(slice(f, f + n + margin) for f, n in zip(first, n_cells, strict=True))
