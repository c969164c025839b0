"""The memory that a command may use: what is kept on the disk meanwhile, and where."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from supervox.execution import Choice, Device, Scratch, Workspace, find_device
from supervox.segmentation import (
    MemoryPlan,
    SegmentationError,
    SegmentationParameters,
    Workload,
    default_budget,
    plan_memory,
)
from supervox.volumes import Volume

from .errors import say


@dataclass(frozen=True)
class Rooms:
    """Where a command's large arrays lie.

    Attributes
    ----------
    images : Workspace
        Of the volume and its channels.
    ids : Workspace
        Of the supervoxels; one scratch with that of the images, if both lie on the disk.
    """

    images: Workspace
    ids: Workspace

    def on(self, device: Device | None) -> Rooms:
        """Return the same rooms, where a device computes."""
        return replace(self, ids=replace(self.ids, device=device))


def make_rooms(
    images: Sequence[Volume],
    parameters: SegmentationParameters,
    memory: float | None,
    folder: Path,
    *,
    spacing: tuple[float, float, float],
    n_classes: int,
    shape: tuple[int, int, int] | None = None,
    workers: int | None = None,
    held_bytes: int = 0,
    resumable: bool = False,
    shared: Workspace | None = None,
) -> Rooms:
    """Estimate what a run needs, and say where its arrays go.

    Parameters
    ----------
    images
        The volume and its channels.
    parameters
    memory
        Bytes that a person allows; most of what is available by default.
    folder
        Where files may lie meanwhile.
    spacing, n_classes, workers
        Of the run.
    shape
        Voxels that are segmented, if not the whole volume.
    held_bytes
        What the command holds besides.
    resumable
        Whether the preparation keeps each block that is finished.
    shared
        That of a cluster, where all of it must lie.

    Raises
    ------
    SegmentationError
        If it can't be done in this memory, or the disk has no room for the rest.
    """
    work = Workload(
        shape or images[0].shape,
        sum(image.data.dtype.itemsize for image in images),
        parameters,
        spacing,
        len(images),
        n_classes,
        workers,
        held_bytes,
        resumable,
    )
    budget = default_budget() if memory is None else memory
    plan = plan_memory(work, budget, shared=shared is not None)
    _check_disk(plan, folder, "" if shared is not None else ", or give more --memory")
    if shared is not None:
        return Rooms(shared, replace(shared, pooled_together=plan.pooled_together))
    if not plan.ids_on_disk:
        return Rooms(Workspace(), Workspace())
    what = "volume and supervoxels" if plan.volume_on_disk else "supervoxels"
    say(
        f"about {plan.bytes / 1e9:.1f} of {budget / 1e9:.1f} GB of memory will be used; {what} "
        f"({plan.disk_bytes / 1e9:.1f} GB) are kept in {folder} until the end"
    )
    scratch = Scratch(folder)
    ids = Workspace(scratch, plan.pooled_together)
    return Rooms(Workspace(scratch) if plan.volume_on_disk else Workspace(), ids)


def choose_device(choice: Choice, scheduler: str | None = None) -> Device | None:
    """Return the device that a person chose; None for the processors, and on a cluster.

    Raises
    ------
    SegmentationError
        If a GPU and a cluster were asked for.
    DeviceError
        If a GPU was asked for and none can be used.
    """
    if scheduler is None:
        return find_device(choice, say)
    if choice == "gpu":
        raise SegmentationError(
            "--device gpu and --scheduler don't go together: the workers of a cluster compute on "
            "their processors; leave one of them out"
        )
    return None


def _check_disk(plan: MemoryPlan, folder: Path, otherwise: str) -> None:
    """Refuse a disk without room for what lies there meanwhile."""
    free = shutil.disk_usage(folder).free
    if free < plan.disk_bytes:
        raise SegmentationError(
            f"{folder}: needs room for {plan.disk_bytes / 1e9:.1f} GB meanwhile, and has "
            f"{free / 1e9:.1f} GB: write to a larger disk{otherwise if plan.ids_on_disk else ''}"
        )
