"""The memory that a command may use: what is kept on the disk meanwhile, and where."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from supervox.execution import Device, Scratch, Workspace
from supervox.segmentation import (
    Rooms,
    SegmentationParameters,
    Workload,
    allocate,
    default_budget,
    plan_memory,
)
from supervox.volumes import Volume

from .errors import say


class RoomForLabels:
    """Gives where labels of one shape lie, and all that is made of them; says so if it is a disk.

    Parameters
    ----------
    each : int
        Bytes that are needed for each voxel.
    what : str
        What needs them, in words.
    memory : float, optional
        Bytes that a person allows; most of what is available by default.
    folder : Path
        Where files may lie meanwhile.
    """

    def __init__(self, each: int, what: str, memory: float | None, folder: Path) -> None:
        self._each, self._what, self._memory, self._folder = each, what, memory, folder
        self._room: Workspace | None = None

    def __call__(self, shape: Sequence[int]) -> Workspace:
        """Return the room, the same every time: what has another shape is refused elsewhere."""
        if self._room is None:
            self._room = self._found(self._each * math.prod(shape))
        return self._room

    def _found(self, needed: int) -> Workspace:
        budget = default_budget() if self._memory is None else self._memory
        if needed <= budget:
            return Workspace()
        say(
            f"{self._what} ({needed / 1e9:.1f} GB) doesn't fit into {budget / 1e9:.1f} GB of "
            f"memory, and is kept in {self._folder} until the end"
        )
        return Workspace(Scratch(self._folder))


@contextmanager
def rooms_for(
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
    scheduler: str | None = None,
    device: Device | None = None,
    beside_bytes: int = 0,
) -> Iterator[Rooms]:
    """Estimate what a segmentation needs, say where its arrays go, and give them.

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
        Of the segmentation.
    shape
        Voxels that are segmented, if not the whole volume.
    held_bytes
        What the command holds besides.
    resumable
        Whether the preparation keeps each block that is finished.
    scheduler
        Address of the cluster that prepares.
    device
        Computes in place of the processors.
    beside_bytes
        Of each voxel of what lies beside the images, as a mask.

    Raises
    ------
    SegmentationError
        If it can't be done in this memory, or the disk has no room for the rest.
    ExecutionError
        If the cluster can't be used.
    """
    work = Workload(
        shape or images[0].shape,
        sum(item.data.dtype.itemsize for item in images) + beside_bytes,
        parameters,
        spacing,
        len(images),
        n_classes,
        workers,
        held_bytes,
        resumable,
    )
    budget = default_budget() if memory is None else memory
    plan = plan_memory(work, budget, shared=scheduler is not None)
    with allocate(plan, folder, scheduler=scheduler, workers=workers, device=device) as rooms:
        if plan.ids_on_disk and scheduler is None:
            what = "volume and supervoxels" if plan.volume_on_disk else "supervoxels"
            say(
                f"about {plan.bytes / 1e9:.1f} of {budget / 1e9:.1f} GB of memory will be used; "
                f"{what} ({plan.disk_bytes / 1e9:.1f} GB) are kept in {folder} until the end"
            )
        yield rooms
