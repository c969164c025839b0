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
    Progress,
    Scratch,
    ShouldStop,
    VolumeLike,
    Workspace,
    check_stop,
    connected,
    find_device,
)
from supervox.napari_plugin.layers.source import Source
from supervox.segmentation import (
    MemoryPlan,
    NotEnoughMemory,
    Partition,
    Run,
    SegmentationError,
    SegmentationParameters,
    Segmenter,
    WhatWouldFit,
    default_budget,
    plan_memory,
)

PREFERENCES = "Preferences › Supervox › Preparation"
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
        SegmentationError
            If it can't be done; the message says what a person can change in the window.
        """
        budget = default_budget() if self.memory is None else self.memory
        run = Run(
            source.shape,
            self.copied_bytes(source) // math.prod(source.shape),
            parameters,
            source.spacing,
            1,
            n_classes,
            self.workers,
            held_bytes,
        )
        plan = _plan(run, budget // BUDGET_STEP * BUDGET_STEP, self.scheduler is not None)
        if isinstance(plan, WhatWouldFit):
            raise SegmentationError(_refusal(plan, source))
        return plan

    def prepare(
        self,
        source: Source,
        parameters: SegmentationParameters,
        *,
        partitions: tuple[Partition, ...] = (),
        n_classes: int = 2,
        held_bytes: int = 0,
        progress: Progress,
        should_stop: ShouldStop,
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
        progress, should_stop : callable

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
                volume = _copy(volume, images, part(progress, 0, share), should_stop)
            there = Segmenter(
                volume,
                spacing=source.spacing,
                parameters=parameters,
                workers=self.workers,
                partitions=partitions,
                workspace=ids,
            )

            def report(done: int, total: int) -> None:
                source.release()
                part(progress, share, 1)(done, total)

            there.prepare(progress=report, should_stop=should_stop)
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


def part(progress: Progress, first: float, last: float) -> Progress:
    """Return the progress of a step, which is a part of a whole that goes from 0 to 1."""

    def report(done: int, total: int) -> None:
        progress(round(1000 * (first + (last - first) * done / max(1, total))), 1000)

    return report


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
def _plan(run: Run, budget: float, shared: bool) -> MemoryPlan | WhatWouldFit:
    try:
        return plan_memory(run, budget, shared=shared)
    except NotEnoughMemory as error:
        return error.instead


def _refusal(instead: WhatWouldFit, source: Source) -> str:
    """Say what is too large, and what a person can do."""
    ways = []
    if instead.box is not None:
        ways.append(f"work in a box of up to {' × '.join(map(str, instead.box))} voxels")
    if instead.size_voxels is not None and instead.size_voxels <= 24:
        ways.append(f"choose a detail size of {instead.size_voxels} voxels")
    ways.append(f"allow more memory in {PREFERENCES}")
    return (
        f"{' × '.join(map(str, source.shape))} voxels need about {instead.least / 1e9:.1f} GB of "
        f"memory, and {instead.budget / 1e9:.1f} GB may be used: {', or '.join(ways)}"
    )


def _copy(
    volume: VolumeLike, room: Workspace, progress: Progress, should_stop: ShouldStop
) -> VolumeLike:
    """Copy a volume to where many passes over it are quick, and all workers see it."""
    copy = room.empty(volume.shape, volume.dtype)
    planes = max(1, SLAB_BYTES // max(1, copy[0].nbytes))
    for start in range(0, len(copy), planes):
        check_stop(should_stop)
        copy[start : start + planes] = volume[start : start + planes]
        room.release()
        progress(min(start + planes, len(copy)), len(copy))
    return copy
