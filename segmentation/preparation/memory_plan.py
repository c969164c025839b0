"""A segmentation within a budget of memory: what goes to the disk, or what would fit instead."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from supervox.execution import count_workers
from supervox.segmentation.checks import SegmentationError
from supervox.segmentation.parameters import SegmentationParameters
from supervox.segmentation.rendering.segmentation import (
    BLOCK_BYTES,
    BLOCK_BYTES_PER_VOXEL,
    SLAB_BYTES,
)

from .estimate import estimate_demand

USED_SHARE = 0.7  # of the memory that is available
BASE_BYTES = 300e6  # the program itself: interpreter, libraries, compiled kernels
MAPPED_VOXELS = 3e6  # of files, that a thread has in memory: a block with its halo
LEARNING_BYTES = 250  # per supervoxel and thread, while the labels are refined
UNFINISHED_BYTES = 12  # a voxel in the files of a stage that can be resumed
AGAIN_BYTES = 4  # a voxel, for what the workers of a cluster need to do a block again
COARSEST = 64  # edge of a supervoxel that is worth proposing
CGROUPS, OWN_CGROUP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


@dataclass(frozen=True)
class Workload:
    """A segmentation that is to be made, as far as its memory depends on it.

    Attributes
    ----------
    shape : tuple of 3 int
        Voxels of the volume.
    itemsize : int
        Bytes of a voxel of all images together.
    parameters : SegmentationParameters
    spacing : tuple of 3 float
    n_images : int
        The volume and its further channels.
    n_classes : int
    workers : int, optional
        Threads; one per processor by default.
    held_bytes : int
        What the caller holds besides: the painted volume of a project.
    resumable : bool
        Whether each block that is finished is kept, as in a project.
    """

    shape: tuple[int, int, int]
    itemsize: int
    parameters: SegmentationParameters
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
    n_images: int = 1
    n_classes: int = 2
    workers: int | None = None
    held_bytes: int = 0
    resumable: bool = False


@dataclass(frozen=True)
class MemoryPlan:
    """How a run fits its budget.

    Attributes
    ----------
    ids_on_disk, volume_on_disk : bool
        What is held in files instead of memory.
    pooled_together : int
        Partitions whose features are summed in one pass over the volume.
    bytes : float
        Memory at the peak, about, with the program itself.
    disk_bytes : float
        What files in the way take while the run lasts, with those of a stage that can be resumed.
    """

    ids_on_disk: bool
    volume_on_disk: bool
    pooled_together: int
    bytes: float
    disk_bytes: float


@dataclass(frozen=True)
class WhatWouldFit:
    """What could be done instead of a run that needs too much memory.

    Attributes
    ----------
    least, budget : float
        Bytes that it needs at least, and that may be used.
    size_voxels : int or None
        Supervoxels of this size would fit; None if none would.
    partitions : int or None
        So many would fit.
    box : tuple of 3 int or None
        So many voxels of the volume would fit.
    """

    least: float
    budget: float
    size_voxels: int | None
    partitions: int | None
    box: tuple[int, int, int] | None


class NotEnoughMemory(SegmentationError):
    """A segmentation needs more memory than it may use.

    Attributes
    ----------
    shape : tuple of 3 int
        Voxels of the volume.
    instead : WhatWouldFit
        What could be done, for the command line and the window to say in their words.
    """

    def __init__(self, shape: tuple[int, int, int], instead: WhatWouldFit) -> None:
        self.shape, self.instead = shape, instead
        super().__init__(
            f"{' x '.join(map(str, shape))} voxels need about {_gigabytes(instead.least)} of "
            "memory, even with volume and supervoxels on the disk; "
            f"{_gigabytes(instead.budget)} may be used"
        )


def plan_memory(work: Workload, budget: float, *, shared: bool = False) -> MemoryPlan:
    """Fit a run into a budget: what costs least time comes first.

    Parameters
    ----------
    work : Workload
    budget : float
        Bytes.
    shared : bool
        Whether all voxels must lie on the disk, where the workers of a cluster see them.

    Raises
    ------
    NotEnoughMemory
        If it can't be done.
    """
    ways = (plan for plan in _plans(work) if plan.volume_on_disk or not shared)
    plan = next((plan for plan in ways if plan.bytes <= budget), None)
    if plan is not None:
        again = AGAIN_BYTES * math.prod(work.shape) * shared
        return replace(plan, disk_bytes=plan.disk_bytes + again)
    raise NotEnoughMemory(work.shape, _what_would_fit(work, budget))


def default_budget() -> float:
    """Return the bytes that a run may use by default: most of what is available."""
    import psutil

    available = [psutil.virtual_memory().available, *_left_in_groups()]
    return USED_SHARE * float(min(available))


def _plans(work: Workload) -> Iterator[MemoryPlan]:
    """Yield the ways to do it, those that cost more time last."""
    partitions = work.parameters.partitions
    yield _plan(work, False, False, partitions)
    yield _plan(work, True, False, partitions)
    for together in range(partitions, 0, -1):
        yield _plan(work, True, True, together)


def _plan(work: Workload, ids_on_disk: bool, volume_on_disk: bool, together: int) -> MemoryPlan:
    demand = estimate_demand(
        work.shape,
        work.parameters,
        spacing=work.spacing,
        n_images=work.n_images,
        pooled_together=together,
    )
    voxels, threads = math.prod(work.shape), count_workers(work.workers)
    volume = float(voxels * work.itemsize)
    result = demand.n_supervoxels * work.parameters.partitions * 4 * (work.n_classes + 1)
    learning = threads * demand.n_supervoxels * LEARNING_BYTES
    rendering = min(SLAB_BYTES, 2.0 * voxels) + (threads + 1) * min(
        BLOCK_BYTES, BLOCK_BYTES_PER_VOXEL * voxels
    )
    # what lies in files is in memory as well, where somebody works on it
    in_files = 4 * work.parameters.partitions * ids_on_disk + work.itemsize * volume_on_disk
    unfinished = UNFINISHED_BYTES * work.resumable
    in_files += unfinished
    mapped = in_files * (threads + 1) * min(MAPPED_VOXELS, voxels)
    in_memory = (0 if ids_on_disk else demand.ids) + (0 if volume_on_disk else volume)
    stages = max(demand.working, result + max(learning, rendering))
    return MemoryPlan(
        ids_on_disk,
        volume_on_disk,
        together,
        BASE_BYTES + work.held_bytes + in_memory + mapped + demand.tables + stages,
        demand.ids * ids_on_disk + volume * volume_on_disk + unfinished * voxels,
    )


def _what_would_fit(work: Workload, budget: float) -> WhatWouldFit:
    def fits(changed: Workload) -> bool:
        return any(plan.bytes <= budget for plan in _plans(changed))

    def with_size(edge: int) -> Workload:
        supervoxels = replace(work.parameters.supervoxels, size_voxels=float(edge))
        return replace(work, parameters=replace(work.parameters, supervoxels=supervoxels))

    def with_partitions(number: int) -> Workload:
        return replace(work, parameters=replace(work.parameters, partitions=number))

    finest = math.floor(work.parameters.supervoxels.size_voxels) + 1
    fewer = range(work.parameters.partitions - 1, 0, -1)
    box = _largest_box(work, budget)
    return WhatWouldFit(
        min(plan.bytes for plan in _plans(work)),
        budget,
        next((edge for edge in range(finest, COARSEST + 1) if fits(with_size(edge))), None),
        next((number for number in fewer if fits(with_partitions(number))), None),
        None if box is None else box.shape,
    )


def _largest_box(work: Workload, budget: float) -> Workload | None:
    """Return the run on a box of the volume's proportions that just fits, in tenths of its edge."""
    for tenths in range(9, 0, -1):
        z, y, x = (max(1, edge * tenths // 10) for edge in work.shape)
        box = replace(work, shape=(z, y, x))
        if any(plan.bytes <= budget for plan in _plans(box)):
            return box
    return None


def _left_in_groups() -> list[int]:
    """Return what the control groups of this process leave to it: a batch job has such a limit."""
    try:
        lines = OWN_CGROUP.read_text().splitlines()
    except OSError:
        return []  # no Linux
    left: list[int] = []
    for _, controllers, own in (line.split(":", 2) for line in lines):
        if not controllers:  # of version 2
            left += _left(CGROUPS, own, "memory.max", "memory.current", "")
        elif "memory" in controllers.split(","):
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_")
            left += _left(CGROUPS / "memory", own, *names)
    return left


def _left(root: Path, own: str, limit: str, used: str, prefix: str) -> Iterator[int]:
    """Yield what a control group and those around it leave; files that memory mirrors don't count.

    Parameters
    ----------
    root : Path
    own : str
        The group.
    limit, used, prefix : str
        Names of the files, and of what is in ``memory.stat``.
    """
    mirrored = {f"{prefix}inactive_file", f"{prefix}active_file"}
    folder = root / own.strip("/")
    for group in (folder, *folder.parents):
        if not group.is_relative_to(root):
            break
        try:
            most, now = (group / limit).read_text().strip(), int((group / used).read_text())
            stat = (line.split() for line in (group / "memory.stat").read_text().splitlines())
        except OSError:
            continue  # the outermost group has no limit
        if most != "max":
            yield int(most) - now + sum(int(size) for name, size in stat if name in mirrored)


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB"
