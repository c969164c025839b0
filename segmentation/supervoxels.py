"""Supervoxels: a parallel, block-wise SLIC that gives the same bytes for any blocking."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.features import (
    Block,
    IntensityRange,
    Progress,
    ShouldStop,
    VolumeLike,
    default_block_shape,
    run_blocks,
    split_blocks,
)

from ._connect import connect
from ._slic import N_SUMS, assign_block, sum_cells
from .checks import check_spacing, check_volume
from .guide import face_areas, guide_block, smoothing_sigma

Triple = tuple[int, int, int]
Ids = NDArray[np.int32]
NO_SUMS = np.zeros((0, 0, 0, N_SUMS))
NO_IDS = np.zeros((0, 0, 0), np.int32)


@dataclass(frozen=True)
class SupervoxelParameters:
    """How a volume is cut into supervoxels.

    Attributes
    ----------
    size_voxels : float
        Edge of a supervoxel in voxels of the finest axis; other axes follow the spacing.
    compactness : float
        Weight of the distance in space against the distance in intensity; the intensities'
        percentiles 1 and 99 lie 10 apart.
    iterations : int
        Rounds of assignment and update of the centres.
    smoothing_voxels : float
        Sigma of the Gaussian that the image is smoothed with first.
    """

    size_voxels: float = 8.0
    compactness: float = 2.0
    iterations: int = 5
    smoothing_voxels: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.size_voxels) and self.size_voxels >= 2):
            raise ValueError(
                f"the supervoxel size must be 2 voxels or more, not {self.size_voxels:g}"
            )
        if not (math.isfinite(self.compactness) and self.compactness > 0):
            raise ValueError(f"compactness must be positive, not {self.compactness:g}")
        if self.iterations < 1:
            raise ValueError(f"at least one iteration is needed, not {self.iterations}")
        if not (math.isfinite(self.smoothing_voxels) and self.smoothing_voxels >= 0):
            raise ValueError(f"smoothing must be 0 or more voxels, not {self.smoothing_voxels:g}")


@dataclass(frozen=True)
class Grid:
    """The regular grid of cells that seeds the supervoxels; one centre per cell.

    Attributes
    ----------
    shape : tuple of 3 int
        Voxels of the volume.
    step, offset : tuple of 3 int
        Voxel ``v`` lies in cell ``(v + offset) // step``.
    weight : tuple of 3 float
        Weight of a squared distance in voxels along each axis, against squared intensity.
    """

    shape: Triple
    step: Triple
    offset: Triple
    weight: tuple[float, float, float]

    @classmethod
    def for_volume(
        cls,
        shape: Sequence[int],
        spacing: Sequence[float],
        parameters: SupervoxelParameters,
        shift: tuple[float, float, float] = (0.0, 0.0, 0.0),
    ) -> Grid:
        """Lay cells of about equal physical edges over a volume.

        `shift` moves the grid by a fraction of a cell, for another partition of the same volume.
        """
        ratio = [value / min(spacing) for value in spacing]
        size = parameters.size_voxels
        step = [max(1, min(round(size / r), n)) for r, n in zip(ratio, shape, strict=True)]
        offset = [int(part * s) % s for part, s in zip(shift, step, strict=True)]
        weight = [(parameters.compactness * r / size) ** 2 for r in ratio]
        return cls(
            _triple(shape), _triple(step), _triple(offset), (weight[0], weight[1], weight[2])
        )

    @property
    def n_cells(self) -> Triple:
        """Cells along each axis; those at the volume's border may be cut."""
        return _triple(
            [
                (n - 1 + o) // s + 1
                for n, o, s in zip(self.shape, self.offset, self.step, strict=True)
            ]
        )

    @property
    def minimum_size(self) -> int:
        """Voxels that a region needs to stand: a quarter of a whole cell."""
        return math.ceil(math.prod(self.step) / 4)

    def blocks(self, block_shape: Sequence[int] | None) -> list[Block]:
        """Tile the volume with blocks of whole cells, about as large as asked for."""
        if block_shape is None:
            block_shape = default_block_shape(self.shape, self.step)
        edges = [max(1, edge // s) for edge, s in zip(block_shape, self.step, strict=True)]
        return [
            Block(block.index, voxels := self._voxels(block), voxels)
            for block in split_blocks(self.n_cells, edges)
        ]

    def cells(self, block: Block) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the first cell of a block and its number of cells, per axis."""
        first, last = (
            [(edge + o) // s for edge, o, s in zip(edges, self.offset, self.step, strict=True)]
            for edges in ([c.start for c in block.core], [c.stop - 1 for c in block.core])
        )
        return np.array(first), np.array(last) - np.array(first) + 1

    def _voxels(self, cells: Block) -> tuple[slice, slice, slice]:
        z, y, x = (
            slice(max(c.start * s - o, 0), min(c.stop * s - o, n))
            for c, s, o, n in zip(cells.core, self.step, self.offset, self.shape, strict=True)
        )
        return z, y, x


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
    workers: int | None = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
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
    workers : int, optional
        Threads; one per processor by default. The result does not depend on it.
    progress : callable, optional
        Called as ``progress(done, total)``.
    should_stop : callable, optional
        Asked between blocks.

    Returns
    -------
    int32, of the volume's shape
        Ids 0..S-1, dense, each one 6-connected, in raster order of the seeds.

    Raises
    ------
    ValueError
        If a parameter, the spacing or the volume is unusable.
    Cancelled
        If `should_stop` said so.

    References
    ----------
    Achanta et al., SLIC superpixels compared to state-of-the-art superpixel methods,
    IEEE TPAMI 34 (2012).

    Notes
    -----
    A voxel compares with the centres of its own grid cell and of the 26 around it. Sums run over
    multiples of a power of two and are therefore exact in any order, which makes the result
    independent of blocks and threads. Until the last round the array of ids holds the smoothed
    image, so the only large array is the result.
    """
    parameters = SupervoxelParameters(float(size), float(compactness), iterations, float(smoothing))
    spacing = check_spacing(spacing, len(volume.shape))
    flat = len(volume.shape) == 2
    volume = check_volume(volume)
    grid = Grid.for_volume(volume.shape, spacing, parameters, shift)
    blocks = grid.blocks(block_shape)
    steps = _count_steps(progress, len(blocks) * (parameters.iterations + 4))

    def run(function: Any) -> Iterator[Any]:
        return run_blocks(
            function, blocks, workers=workers, progress=next(steps), should_stop=should_stop
        )

    ids = np.empty(grid.shape, np.int32)
    guide = ids.view(np.float32)
    intensity = intensity or IntensityRange.measure(volume)
    sigma = smoothing_sigma(parameters.smoothing_voxels, spacing)
    sums = np.zeros((*grid.n_cells, N_SUMS))
    for block, part in zip(
        blocks, run(lambda b: _prepare(b, grid, volume, intensity, sigma, guide)), strict=True
    ):
        sums[_cell_slices(grid, block)] = part
    centres = sums[..., 1:] / sums[..., :1]
    for _ in range(parameters.iterations - 1):
        total = np.zeros([n + 2 for n in grid.n_cells] + [N_SUMS])
        assign = partial(_assign, grid=grid, guide=guide, centres=centres)
        for block, part in zip(blocks, run(assign), strict=True):
            total[_cell_slices(grid, block, margin=2)] += part
        centres = _update(centres, total[1:-1, 1:-1, 1:-1])
    connect(
        ids,
        blocks,
        assign=lambda b: _final_ids(b, grid, guide, centres),
        face_area=face_areas(spacing),
        minimum_size=grid.minimum_size,
        run=run,
    )
    return ids[0] if flat else ids


def _prepare(
    block: Block,
    grid: Grid,
    volume: VolumeLike,
    intensity: IntensityRange,
    sigma: Sequence[float],
    guide: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Smooth a block into the guide and sum up its cells."""
    core = guide_block(volume, block, intensity, sigma)
    guide[block.core] = core
    first, n_cells = grid.cells(block)
    sums = np.zeros((*n_cells, N_SUMS))
    sum_cells(core, *_kernel_grid(grid, block), first, sums)
    return sums


def _assign(
    block: Block, grid: Grid, guide: NDArray[np.float32], centres: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sum up what each centre wins in a block."""
    first, n_cells = grid.cells(block)
    sums = np.zeros((*(n_cells + 2), N_SUMS))
    weight = np.array(grid.weight, np.float32)
    assign_block(
        guide[block.core], *_kernel_grid(grid, block), first, n_cells, centres, weight, sums, NO_IDS
    )
    return sums


def _final_ids(
    block: Block, grid: Grid, guide: NDArray[np.float32], centres: NDArray[np.float64]
) -> Ids:
    """Return the cell number of the centre that wins each voxel of a block."""
    first, n_cells = grid.cells(block)
    ids = np.empty(block.shape, np.int32)
    weight = np.array(grid.weight, np.float32)
    assign_block(
        guide[block.core], *_kernel_grid(grid, block), first, n_cells, centres, weight, NO_SUMS, ids
    )
    return ids


def _update(centres: NDArray[np.float64], sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move the centres to the means of what they won; one that won nothing stays."""
    count = sums[..., :1]
    return np.where(count > 0, sums[..., 1:] / np.maximum(count, 1), centres)


def _kernel_grid(grid: Grid, block: Block) -> tuple[NDArray[np.int64], ...]:
    origin = np.array([core.start for core in block.core])
    return origin, np.array(grid.offset), np.array(grid.step)


def _cell_slices(grid: Grid, block: Block, margin: int = 0) -> tuple[slice, ...]:
    first, n_cells = grid.cells(block)
    return tuple(slice(f, f + n + margin) for f, n in zip(first, n_cells, strict=True))


def _count_steps(progress: Progress | None, total: int) -> Iterator[Progress | None]:
    """Give each pass over the blocks its share of one progress count."""
    done = 0
    while True:
        if progress is None:
            yield None
            continue
        base, outer = done, progress
        counted = 0

        def one_pass(block: int, n_blocks: int, base: int = base, outer: Progress = outer) -> None:
            nonlocal counted
            counted = block
            outer(base + block, total)

        yield one_pass
        done = base + counted


def _triple(values: Sequence[int]) -> Triple:
    z, y, x = (int(value) for value in values)
    return z, y, x
