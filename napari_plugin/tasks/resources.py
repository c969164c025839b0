"""What preparing and finishing may use: processors, memory, a disk, a Dask cluster."""

from __future__ import annotations

import math
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from napari.utils.notifications import show_warning
from supervox.execution import Choice, Run, Workspace
from supervox.napari_plugin.layers.source import Source
from supervox.project import checkpoints, prepare_kept
from supervox.segmentation import (
    START_SECONDS,
    DiskTooSmall,
    FolderUnusable,
    MemoryPlan,
    NotEnoughMemory,
    Partition,
    Rooms,
    SegmentationParameters,
    Segmenter,
    WhatWouldFit,
    Workload,
    allocate,
    check_disk,
    choose_device,
    copy_volume,
    default_budget,
    estimate_preparation,
    plan_memory,
    room_for_ids,
)

BUDGET_STEP = 1e8  # bytes: what is available changes all the time, and plans are kept
KEPT_SECONDS = 1.0  # what takes less is as quickly done again as it is kept
# What the steps cost, for the progress: a copy of the volume, a look at all voxels, and the rest.
COPY_COST, LOOK_COST, PREPARE_COST = 10, 2, 90


@dataclass(frozen=True)
class Resources:
    """What a person allows.

    Attributes
    ----------
    scratch : Path
        Folder for arrays that don't fit into memory; with a cluster, all its workers see it.
    workers : int or None
        Processors; None for all.
    memory : float or None
        Bytes that preparing and finishing may use beside what is there already; None for most of
        what is available.
    scheduler : str or None
        Address of a Dask cluster, or ``"local"``; None for threads.
    device : str
        What computes supervoxels and features; see `supervox.execution.find_device`.
    """

    scratch: Path
    workers: int | None = None
    memory: float | None = None
    scheduler: str | None = None
    device: Choice = "auto"

    def plan(
        self,
        source: Source,
        parameters: SegmentationParameters,
        *,
        n_classes: int = 2,
        held_bytes: int = 0,
        resumable: bool = False,
    ) -> MemoryPlan:
        """Say what goes to the disk.

        Parameters
        ----------
        source : Source
        parameters : SegmentationParameters
        n_classes : int
        held_bytes : int
            What the result takes besides.
        resumable : bool
            Whether each block that is finished is kept.

        Raises
        ------
        NotEnoughMemory
            If it can't be done.
        """
        budget = default_budget() if self.memory is None else self.memory
        work = Workload(
            source.shape,
            self.copied_bytes(source) // math.prod(source.shape),
            parameters,
            source.spacing,
            1 + len(source.channels),
            n_classes,
            self.workers,
            held_bytes,
            resumable,
        )
        plan = _plan(work, budget // BUDGET_STEP * BUDGET_STEP, self.scheduler is not None)
        if isinstance(plan, WhatWouldFit):
            raise NotEnoughMemory(source.shape, plan)
        return plan

    def plan_kept(
        self,
        source: Source,
        parameters: SegmentationParameters,
        *,
        n_classes: int = 2,
        held_bytes: int = 0,
    ) -> tuple[MemoryPlan, bool]:
        """Say what goes to the disk, and whether finished blocks can be kept there, too.

        They are where the work would take long to do again, and there is room for them.
        """
        if self.is_worth_keeping(source, parameters):
            with suppress(NotEnoughMemory, DiskTooSmall, FolderUnusable):
                plan = self.plan(
                    source,
                    parameters,
                    n_classes=n_classes,
                    held_bytes=held_bytes,
                    resumable=True,
                )
                check_disk(plan, self.scratch)
                return plan, True
        plan = self.plan(source, parameters, n_classes=n_classes, held_bytes=held_bytes)
        return plan, False

    def is_worth_keeping(self, source: Source, parameters: SegmentationParameters) -> bool:
        """Tell whether it takes long to prepare, about."""
        found = estimate_preparation(
            source.shape,
            parameters,
            spacing=source.spacing,
            n_images=1 + len(source.channels),
            workers=self.workers,
        )
        return found.seconds - START_SECONDS > KEPT_SECONDS

    def prepare(
        self,
        source: Source,
        parameters: SegmentationParameters,
        *,
        partitions: tuple[Partition, ...] = (),
        n_classes: int = 2,
        held_bytes: int = 0,
        run: Run,
    ) -> Segmenter:
        """Prepare all partitions, wherever that is to be done; return what segments with them here.

        What is finished is kept in the scratch folder, where the next preparation of the same
        voxels finds it.

        Parameters
        ----------
        source : Source
        parameters : SegmentationParameters
        partitions : tuple of Partition
            The first ones, where they are known.
        n_classes, held_bytes : int
            As in `plan`.
        run : Run

        Raises
        ------
        SegmentationError
            If memory or disk have no room.
        ExecutionError
            If the cluster can't be used.
        """
        device = choose_device(self.device, self.scheduler, show_warning)
        plan, is_kept = self.plan_kept(
            source, parameters, n_classes=n_classes, held_bytes=held_bytes
        )
        with allocate(
            plan, self.scratch, scheduler=self.scheduler, workers=self.workers, device=device
        ) as rooms:
            found = self._prepare_there(source, parameters, partitions, rooms, is_kept, run)
        return Segmenter(
            source.work_volume(),
            channels=source.work_channels(),
            mask=source.work_mask(),
            spacing=source.spacing,
            parameters=parameters,
            workers=self.workers,
            partitions=[_at_home(partition) for partition in found],
        )

    def _prepare_there(
        self,
        source: Source,
        parameters: SegmentationParameters,
        partitions: tuple[Partition, ...],
        rooms: Rooms,
        is_kept: bool,
        run: Run,
    ) -> tuple[Partition, ...]:
        """Prepare in the rooms that were allocated, and keep what is finished if it `is_kept`."""
        copied = self._is_copied(source)
        costs = [COPY_COST * copied, LOOK_COST * is_kept, PREPARE_COST]
        copying, looking, preparing = run.steps(costs)
        volume, mask = source.work_volume(), source.work_mask()
        channels = source.work_channels()
        if copied:
            first, *others = copying.steps([1] * (1 + len(channels)))
            volume = copy_volume(volume, rooms.images, first)
            channels = tuple(
                copy_volume(channel, rooms.images, step)
                for channel, step in zip(channels, others, strict=True)
            )
            mask = None if mask is None else copy_volume(mask, rooms.images)
        segmenter = Segmenter(
            volume,
            channels=channels,
            mask=mask,
            spacing=source.spacing,
            parameters=parameters,
            workers=self.workers,
            partitions=partitions,
            workspace=rooms.ids,
        )
        with ExitStack() as stack:
            kept = None
            if is_kept:
                place = checkpoints(
                    self.scratch,
                    volume,
                    source.spacing,
                    parameters,
                    mask=None if source.mask is None else source.mask.reference.digest,
                    channels=channels,
                    run=looking,
                )
                kept = stack.enter_context(place)
            if kept is None:
                segmenter.prepare(run=preparing)
            else:
                prepare_kept(segmenter, kept, run=preparing)
        rooms.ids.release()
        return segmenter.partitions

    def room(
        self,
        source: Source,
        parameters: SegmentationParameters,
        *,
        n_classes: int = 2,
        held_bytes: int = 0,
    ) -> Workspace:
        """Return where supervoxels go that were computed another time; parameters as in `plan`.

        Raises
        ------
        SegmentationError
            If memory or disk have no room.
        """
        plan = self.plan(source, parameters, n_classes=n_classes, held_bytes=held_bytes)
        return room_for_ids(plan, self.scratch)

    def copied_bytes(self, source: Source) -> int:
        """Return the size of the copy that many passes go over; 0 if they go over the volume.

        A mask is copied along.
        """
        itemsize = source.voxel_bytes + (source.mask is not None)
        return itemsize * math.prod(source.shape) if self._is_copied(source) else 0

    def _is_copied(self, source: Source) -> bool:
        """Tell whether the many passes over a volume go over a copy of it."""
        return self.scheduler is not None or not source.is_quick


def _at_home(partition: Partition) -> Partition:
    """Return a partition whose voxels are nobody else's any more: the folder of a cluster is gone.

    What is in its file stays as long as it is needed.
    """
    if type(partition.ids) is np.ndarray:
        return partition
    mine = replace(partition, ids=np.asarray(partition.ids))
    _ = mine.adjacency  # no stroke waits for them
    return mine


@lru_cache(maxsize=32)
def _plan(work: Workload, budget: float, shared: bool) -> MemoryPlan | WhatWouldFit:
    try:
        return plan_memory(work, budget, shared=shared)
    except NotEnoughMemory as error:
        return error.instead
