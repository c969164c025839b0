"""Pooling: every channel's mean and spread in every supervoxel, block by block.

`pool_block` is a function of a block that returns its share of the sums; `PooledSums` adds shares.
No more than the blocks at work is ever held besides those sums.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from supervox.execution import (
    Block,
    Device,
    Executor,
    IntTriple,
    Run,
    VolumeLike,
    Workers,
    default_block_shape,
    read_block,
    split_blocks,
)

from .bank import FeatureBank
from .grids import CoarseGrid, Window
from .intensity import IntensityRange
from .kernels import COMPILED, ArrayKernels, Kernels
from .no_data import finite
from .runs import LocalIds, number_locally
from .scales import Scale, plan_scales
from .table import FeatureTable, PooledBlock, PooledSums

# Working set of all threads together, and about what one needs per voxel of its block.
MEMORY_BYTES = 500_000_000
BYTES_PER_VOXEL, BYTES_BESIDE_DEVICE = 110, 40
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
    within : array-like, (Z, Y, X), optional
        Only where it holds numbers, voxels count; the volume itself by default.
    device : Device, optional
        Filters and sums in place of the processors.
    """

    volume: VolumeLike
    partitions: tuple[VolumeLike, ...]
    bank: FeatureBank
    scales: tuple[Scale, ...]
    intensity: IntensityRange
    within: VolumeLike | None = None
    device: Device | None = None


def pool_block(task: PoolingTask, block: Block) -> tuple[PooledBlock, ...]:
    """Filter one block and sum the channels per supervoxel, for every partition."""
    core = Window.of(block.core)
    has_data = finite(task.volume if task.within is None else task.within, block.core)
    numbered = [number_locally(read_block(ids, block.core), has_data) for ids in task.partitions]
    grids = task.bank.read_block(task.volume, core, task.scales, task.intensity)
    compute = partial(_sum_channels, task, core, grids, numbered)
    device = task.device
    if device is None:
        sums = compute(COMPILED, [core])
    else:
        on_device, fetch = ArrayKernels(device.xp), device.fetch
        sums = device.attempt(
            lambda voxels: fetch(compute(on_device, _split(core, task.scales, voxels))),
            otherwise=lambda: compute(COMPILED, [core]),
        )
    shares, begin = [], 0
    for found in numbered:
        own = slice(begin, begin + found.ids.size)
        begin += found.n_numbers
        shares.append(PooledBlock(found.ids, found.counts, sums[0, :, own], sums[1, :, own]))
    return tuple(shares)


def _sum_channels(
    task: PoolingTask,
    core: Window,
    grids: Mapping[IntTriple, CoarseGrid],
    numbered: Sequence[LocalIds],
    kernels: Kernels,
    parts: Sequence[Window],
) -> Any:
    """Return sums and sums of squares, (2, channels, supervoxels of all partitions)."""
    grids = {factor: kernels.load(grid) for factor, grid in grids.items()}
    starts = list(itertools.accumulate((found.n_numbers for found in numbered), initial=0))
    sums = kernels.zeros((2, len(task.bank.channels), starts[-1]))
    for part in parts:
        inside = [np.ascontiguousarray(n.local[part.within(core)]) for n in numbered]
        runs: dict[IntTriple, list[Any]] = {}
        for found in task.bank.filter_block(grids, part, task.scales, kernels=kernels):
            if found.factor not in runs:
                runs[found.factor] = [kernels.find_runs(ids, part, found.factor) for ids in inside]
            for start, stop, where in zip(starts, starts[1:], runs[found.factor], strict=False):
                own = sums[:, found.index, start:stop]
                kernels.add_channel(found.values, where, own[0], own[1])
    return sums


def _split(core: Window, scales: Sequence[Scale], voxels: int) -> list[Window]:
    """Cut a block into parts of whole cells and about as many voxels."""
    unit = scales[-1].factor if scales else (1, 1, 1)
    return [
        Window.of(part.core, core.start)
        for part in split_blocks(core.shape, default_block_shape(core.shape, unit, voxels))
    ]


def pool_features(
    volume: VolumeLike,
    ids: VolumeLike,
    bank: FeatureBank,
    *,
    spacing: Sequence[float] = (1, 1, 1),
    n_supervoxels: int | None = None,
    intensity: IntensityRange | None = None,
    workers: Workers = None,
    device: Device | None = None,
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
        Supervoxel of each voxel, 0..S-1; read by blocks. Only voxels count that are numbers.
    bank : FeatureBank
    spacing : sequence of 3 float
        Voxel size per axis, any unit.
    n_supervoxels : int, optional
        S; one more than the largest id by default.
    intensity : IntensityRange, optional
        The common intensity scale; measured on the volume by default.
    workers : int, Executor or Run, optional
        Threads, one per processor by default; or what runs the blocks; or a `Run`, which also
        shows progress and stops.
    device : Device, optional
        Filters and sums; the processors do by default.
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
        If the run is to stop.
    """
    return pool_partitions(
        volume,
        [ids],
        bank,
        spacing=spacing,
        n_supervoxels=None if n_supervoxels is None else [n_supervoxels],
        intensity=intensity,
        workers=workers,
        device=device,
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
    within: VolumeLike | None = None,
    workers: Workers = None,
    device: Device | None = None,
    block_shape: Sequence[int] | None = None,
) -> list[FeatureTable]:
    """Pool the features for several partitions of one volume, filtering it only once.

    Parameters are those of `pool_features`; `partitions` holds several arrays of ids and
    `n_supervoxels` one number for each. Voxels count where `within` holds numbers, which is the
    volume itself by default, or the first of several channels.

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
    task = PoolingTask(volume, tuple(partitions), bank, scales, intensity, within, device)
    sizes = [None] * len(partitions) if n_supervoxels is None else list(n_supervoxels)
    if len(sizes) != len(partitions):
        raise ValueError(f"n_supervoxels has {len(sizes)} entries for {len(partitions)} partitions")
    totals = [PooledSums(bank, size) for size in sizes]
    run = Run.of(workers)
    blocks = split_blocks(shape, block_shape or _choose_block(shape, scales, run.executor, device))
    for shares in run.blocks(lambda block: pool_block(task, block), blocks):
        for total, share in zip(totals, shares, strict=True):
            total.add(PooledBlock(*share))  # from a block log it comes as a plain tuple
    return [total.table() for total in totals]


def pooling_block(
    shape: Sequence[int],
    bank: FeatureBank,
    *,
    spacing: Sequence[float] = (1, 1, 1),
    workers: Workers = None,
    device: Device | None = None,
    known: Sequence[int] | None = None,
) -> IntTriple:
    """Choose the block shape of `pool_partitions`, which does so itself unless it is told.

    Parameters
    ----------
    shape : sequence of 3 int
        Voxels of the volume.
    bank, spacing, workers, device
        Of the pooling.
    known : sequence of 3 int, optional
        Another choice, which is taken if the memory allows it.
    """
    executor = Run.of(workers).executor
    chosen = _choose_block(shape, plan_scales(bank.parameters, shape, spacing), executor, device)
    if known is None or device is not None:
        return chosen
    z, y, x = known
    needed = z * y * x * BYTES_PER_VOXEL * executor.slots_in_memory
    return (z, y, x) if needed <= 2 * MEMORY_BYTES else chosen


def _choose_block(
    shape: Sequence[int], scales: Sequence[Scale], executor: Executor, device: Device | None
) -> IntTriple:
    """Choose blocks of similar size that hold whole cells and fit the memory of all threads."""
    unit = scales[-1].factor if scales else (1, 1, 1)
    needed = BYTES_PER_VOXEL if device is None else BYTES_BESIDE_DEVICE
    largest = LARGEST_BLOCK if device is None else device.voxels
    budget = MEMORY_BYTES // (needed * executor.slots_in_memory)
    edges = default_block_shape(shape, unit, min(max(budget, SMALLEST_BLOCK), largest))
    even = [0, 0, 0]
    for axis in range(3):  # as many blocks as before, but no thin one at the end
        blocks = -(-shape[axis] // edges[axis])
        even[axis] = -(-shape[axis] // (blocks * unit[axis])) * unit[axis]
    return even[0], even[1], even[2]
