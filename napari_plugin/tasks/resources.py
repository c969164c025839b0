"""What preparing and finishing may use: processors, memory, a disk, a Dask cluster."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from napari.utils.notifications import show_warning
from supervox.execution import (
    Choice,
    Device,
    Run,
    Scratch,
    VolumeLike,
    Workspace,
    connected,
    find_device,
)
from supervox.napari_plugin.layers.source import Source
from supervox.segmentation import (
    MemoryPlan,
    NotEnoughMemory,
    Partition,
    SegmentationError,
    SegmentationParameters,
    Segmenter,
    WhatWouldFit,
    Workload,
    default_budget,
    plan_memory,
)

from .remedies import PREFERENCES

BUDGET_STEP = 1e8  # bytes: what is available changes all the time, and plans are kept
COPY_SHARE = 0.1  # of the progress, where the volume is copied first
SLAB_BYTES = 64 * 2**20


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
        What computes supervoxels and features; see `supervox.features.find_device`.
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
    ) -> MemoryPlan:
        """Say what goes to the disk.

        Parameters
        ----------
        source : Source
        parameters : SegmentationParameters
        n_classes : int
        held_bytes : int
            What the result takes besides.

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
            1,
            n_classes,
            self.workers,
            held_bytes,
        )
        plan = _plan(work, budget // BUDGET_STEP * BUDGET_STEP, self.scheduler is not None)
        if isinstance(plan, WhatWouldFit):
            raise NotEnoughMemory(source.shape, plan)
        return plan

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
            If memory or disk have no room, or the cluster can't be used.
        """
        plan = self.plan(source, parameters, n_classes=n_classes, held_bytes=held_bytes)
        with self._rooms(plan) as (images, ids):
            share = COPY_SHARE if self._is_copied(source) else 0.0
            volume = source.work_volume()
            if share:
                volume = _copy(volume, images, run.part(0, share))
            there = Segmenter(
                volume,
                spacing=source.spacing,
                parameters=parameters,
                workers=self.workers,
                partitions=partitions,
                workspace=ids,
            )

            step = run.part(share, 1)

            def report(done: int, total: int) -> None:
                source.release()
                step.report(done, total)

            there.prepare(run=replace(step, progress=report))
            ids.release()
            found = there.partitions
        return Segmenter(
            source.work_volume(),
            spacing=source.spacing,
            parameters=parameters,
            workers=self.workers,
            partitions=[_at_home(partition) for partition in found],
        )

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
        if not plan.ids_on_disk:
            return Workspace()
        self._check_disk(plan)
        return Workspace(Scratch(self.scratch))

    def copied_bytes(self, source: Source) -> int:
        """Return the size of the copy that many passes go over; 0 if they go over the volume."""
        itemsize = np.dtype(source.volume.dtype).itemsize
        return itemsize * math.prod(source.shape) if self._is_copied(source) else 0

    def _is_copied(self, source: Source) -> bool:
        """Tell whether the many passes over a volume go over a copy of it."""
        return self.scheduler is not None or not source.is_quick

    @contextmanager
    def _rooms(self, plan: MemoryPlan) -> Iterator[tuple[Workspace, Workspace]]:
        """Give where the image lies, and where supervoxels."""
        device = self._find_device()
        if self.scheduler is None and not plan.ids_on_disk:
            yield Workspace(), Workspace(device=device)
            return
        self._check_disk(plan)
        with connected(self.scheduler, self.scratch, workers=self.workers) as shared:
            room = shared or Workspace(Scratch(self.scratch))
            images = room if plan.volume_on_disk else Workspace()
            yield images, replace(room, pooled_together=plan.pooled_together, device=device)

    def _find_device(self) -> Device | None:
        if self.scheduler is None:
            return find_device(self.device, show_warning)
        if self.device == "gpu":
            raise SegmentationError(
                "a GPU and a Dask cluster don't go together: the workers of a cluster compute on "
                f"their processors; change one of the two in {PREFERENCES}"
            )
        return None

    def _check_disk(self, plan: MemoryPlan) -> None:
        try:
            self.scratch.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.scratch).free
        except OSError as error:
            raise SegmentationError(
                f"{self.scratch}: can't be used for large arrays ({error.strerror}): choose "
                f"another folder in {PREFERENCES}"
            ) from error
        if free < plan.disk_bytes:
            raise SegmentationError(
                f"{self.scratch}: needs room for {plan.disk_bytes / 1e9:.1f} GB that don't fit "
                f"into memory, and has {free / 1e9:.1f} GB: choose a folder on a larger disk in "
                f"{PREFERENCES}"
            )


def _at_home(partition: Partition) -> Partition:
    """Return a partition whose voxels are nobody else's any more: the folder of a cluster is gone.

    What is in its file stays as long as it is needed.
    """
    if type(partition.ids) is np.ndarray:
        return partition
    mine = replace(partition, ids=np.asarray(partition.ids))
    _ = mine.links  # no stroke waits for them
    return mine


@lru_cache(maxsize=32)
def _plan(work: Workload, budget: float, shared: bool) -> MemoryPlan | WhatWouldFit:
    try:
        return plan_memory(work, budget, shared=shared)
    except NotEnoughMemory as error:
        return error.instead


def _copy(volume: VolumeLike, room: Workspace, run: Run) -> VolumeLike:
    """Copy a volume to where many passes over it are quick, and all workers see it."""
    copy = room.empty(volume.shape, volume.dtype)
    planes = max(1, SLAB_BYTES // max(1, copy[0].nbytes))
    for start in range(0, len(copy), planes):
        run.check_stop()
        copy[start : start + planes] = volume[start : start + planes]
        room.release()
        run.report(min(start + planes, len(copy)), len(copy))
    return copy
