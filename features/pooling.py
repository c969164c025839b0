"""Pooling: every channel's mean and spread in every supervoxel, block by block.

`pool_block` is a function of a block that returns its share of the sums; `PooledSums` adds shares.
No more than the blocks at work is ever held besides those sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .bank import FeatureBank
from .blocks import (
    Block,
    Progress,
    ShouldStop,
    Triple,
    VolumeLike,
    Workers,
    count_workers,
    default_block_shape,
    read_block,
    run_blocks,
    split_blocks,
)
from .grids import Window
from .intensity import IntensityRange
from .runs import CellRuns, add_channel, find_runs, number_locally
from .scales import Scale, plan_scales
from .table import FeatureTable, PooledBlock, PooledSums

# Working set of all threads together, and about what one needs per voxel of its block.
MEMORY_BYTES = 500_000_000
BYTES_PER_VOXEL = 110
LARGEST_BLOCK, SMALLEST_BLOCK = 128**3, 64**3


@dataclass(frozen=True)
class PoolingTask:
    """What a worker needs to know to pool any block; as picklable as the volumes in it.

    Attributes
    ----------
    volume : array-like, (Z, Y, X)
    partitions : tuple of array-likes of integers, (Z, Y, X)
        Supervoxel ids; several partitions of the volume share the filtering.
    bank : FeatureBank
    scales : tuple of Scale
    intensity : IntensityRange
    """

    volume: VolumeLike
    partitions: tuple[VolumeLike, ...]
    bank: FeatureBank
    scales: tuple[Scale, ...]
    intensity: IntensityRange


def pool_block(task: PoolingTask, block: Block) -> tuple[PooledBlock, ...]:
    """Filter one block and sum the channels per supervoxel, for every partition."""
    core = Window(
        (block.core[0].start, block.core[1].start, block.core[2].start),
        (block.core[0].stop, block.core[1].stop, block.core[2].stop),
    )
    numbered = [number_locally(read_block(ids, block.core)) for ids in task.partitions]
    shapes = [(len(task.bank.channels), found.ids.size) for found in numbered]
    pooled = tuple(
        PooledBlock(found.ids, found.counts, np.zeros(shape, np.int64), np.zeros(shape, np.int64))
        for found, shape in zip(numbered, shapes, strict=True)
    )
    runs: dict[Triple, list[CellRuns]] = {}
    for found in task.bank.filter_block(task.volume, core, task.scales, task.intensity):
        if found.factor not in runs:
            runs[found.factor] = [find_runs(n.local, core, found.factor) for n in numbered]
        for share, where in zip(pooled, runs[found.factor], strict=True):
            add_channel(found.values, where, share.sums[found.index], share.squares[found.index])
    return pooled


def pool_features(
    volume: VolumeLike,
    ids: VolumeLike,
    bank: FeatureBank,
    *,
    spacing: Sequence[float] = (1, 1, 1),
    n_supervoxels: int | None = None,
    intensity: IntensityRange | None = None,
    workers: Workers = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
    block_shape: Sequence[int] | None = None,
) -> FeatureTable:
    """Compute the features of supervoxels without holding any feature of all voxels.

    The table is the same to the bit for any `workers` and `block_shape`: channel values are rounded
    to 1/4096 of the normalised intensity and summed exactly.

    Parameters
    ----------
    volume : array-like, (Z, Y, X), any real dtype
        NumPy, memory-mapped, HDF5 or Zarr array; read by blocks with a halo.
    ids : array-like of integers, (Z, Y, X)
        Supervoxel of each voxel, 0..S-1; read by blocks.
    bank : FeatureBank
    spacing : sequence of 3 float
        Voxel size per axis, any unit.
    n_supervoxels : int, optional
        S; one more than the largest id by default.
    intensity : IntensityRange, optional
        The common intensity scale; measured on the volume by default.
    workers : int or Executor, optional
        As in `run_blocks`.
    progress : callable, optional
        Called as ``progress(done, total)`` after every block.
    should_stop : callable, optional
        Asked between blocks.
    block_shape : sequence of 3 int, optional
        Voxels of a block; chosen so that all threads stay below half a gigabyte by default.

    Returns
    -------
    FeatureTable

    Raises
    ------
    ValueError
        If the shapes differ, the volume is constant or not 3D, or an id is out of range.
    Cancelled
        If `should_stop` said so.
    """
    return pool_partitions(
        volume,
        [ids],
        bank,
        spacing=spacing,
        n_supervoxels=None if n_supervoxels is None else [n_supervoxels],
        intensity=intensity,
        workers=workers,
        progress=progress,
        should_stop=should_stop,
        block_shape=block_shape,
    )[0]


def pool_partitions(
    volume: VolumeLike,
    partitions: Sequence[VolumeLike],
    bank: FeatureBank,
    *,
    spacing: Sequence[float] = (1, 1, 1),
    n_supervoxels: Sequence[int] | None = None,
    intensity: IntensityRange | None = None,
    workers: Workers = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
    block_shape: Sequence[int] | None = None,
) -> list[FeatureTable]:
    """Pool the features for several partitions of one volume, filtering it only once.

    Parameters are those of `pool_features`; `partitions` holds several arrays of ids and
    `n_supervoxels` one number for each.

    Returns
    -------
    list of FeatureTable
        Equal to those of `pool_features` on each partition.
    """
    shape = volume.shape
    for ids in partitions:
        if tuple(ids.shape) != tuple(shape):
            raise ValueError(f"ids have shape {tuple(ids.shape)}, the volume {tuple(shape)}")
    scales = plan_scales(bank.parameters, shape, spacing)
    intensity = intensity or IntensityRange.measure(volume)
    task = PoolingTask(volume, tuple(partitions), bank, scales, intensity)
    sizes = [None] * len(partitions) if n_supervoxels is None else list(n_supervoxels)
    if len(sizes) != len(partitions):
        raise ValueError(f"n_supervoxels has {len(sizes)} entries for {len(partitions)} partitions")
    totals = [PooledSums(bank, size) for size in sizes]
    blocks = split_blocks(shape, block_shape or _choose_block(shape, scales, workers))
    for shares in run_blocks(
        lambda block: pool_block(task, block),
        blocks,
        workers=workers,
        progress=progress,
        should_stop=should_stop,
    ):
        for total, share in zip(totals, shares, strict=True):
            total.add(PooledBlock(*share))  # from a tape it comes as a plain tuple
    return [total.table() for total in totals]


def _choose_block(shape: Sequence[int], scales: Sequence[Scale], workers: Workers) -> Triple:
    """Choose blocks of similar size that hold whole cells and fit the memory of all threads."""
    unit = scales[-1].factor if scales else (1, 1, 1)
    budget = MEMORY_BYTES // (BYTES_PER_VOXEL * count_workers(workers))
    edges = default_block_shape(shape, unit, min(max(budget, SMALLEST_BLOCK), LARGEST_BLOCK))
    even = [0, 0, 0]
    for axis in range(3):  # as many blocks as before, but no thin one at the end
        blocks = -(-shape[axis] // edges[axis])
        even[axis] = -(-shape[axis] // (blocks * unit[axis])) * unit[axis]
    return even[0], even[1], even[2]
