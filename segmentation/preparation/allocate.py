"""Where the arrays of a segmentation lie, and what computes it: memory, disk, cluster or device.

The command line and the window allocate here, and say what a person can do about a refusal.
"""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from supervox.execution import (
    Choice,
    Device,
    Run,
    Scratch,
    Slices,
    VolumeLike,
    Workspace,
    connected,
    find_device,
)
from supervox.segmentation.checks import SegmentationError

from .memory_plan import MemoryPlan

COPIED_BYTES = 64 * 2**20  # of a volume, at a time


@dataclass(frozen=True)
class Rooms:
    """Where large arrays lie.

    Attributes
    ----------
    images : Workspace
        Of the volume and its channels.
    ids : Workspace
        Of the supervoxels, with what computes them; one scratch with that of the images, if both
        lie on the disk.
    """

    images: Workspace
    ids: Workspace


class DiskTooSmall(SegmentationError):
    """A disk has no room for what lies there meanwhile.

    Attributes
    ----------
    folder : Path
    plan : MemoryPlan
        What was to lie there.
    free : float
        Bytes that there are.
    is_shared : bool
        Whether it must lie there in any case, for the workers of a cluster.
    """

    def __init__(self, folder: Path, plan: MemoryPlan, free: float, is_shared: bool) -> None:
        self.folder, self.plan, self.free, self.is_shared = folder, plan, free, is_shared
        super().__init__(
            f"{folder}: needs room for {plan.disk_bytes / 1e9:.1f} GB meanwhile, and has "
            f"{free / 1e9:.1f} GB"
        )


class FolderUnusable(SegmentationError):
    """A folder can't be used for large arrays.

    Attributes
    ----------
    folder : Path
    """

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder = folder
        super().__init__(f"{folder}: can't be used for large arrays ({reason})")


class DeviceAndCluster(SegmentationError):
    """A GPU and a cluster were asked for."""

    def __init__(self) -> None:
        super().__init__(
            "a GPU and a Dask cluster don't go together: the workers of a cluster compute on their "
            "processors"
        )


def choose_device(
    choice: Choice, scheduler: str | None, tell: Callable[[str], None]
) -> Device | None:
    """Return the device that a person chose; None for the processors, and on a cluster.

    Parameters
    ----------
    choice : str
        "auto", "cpu" or "gpu".
    scheduler : str, optional
        Address of a cluster.
    tell : callable
        Takes a sentence about a device that can't be used.

    Raises
    ------
    DeviceAndCluster
        If a GPU and a cluster were asked for.
    DeviceError
        If a GPU was asked for and none can be used.
    """
    if scheduler is None:
        return find_device(choice, tell)
    if choice == "gpu":
        raise DeviceAndCluster
    return None


def check_disk(plan: MemoryPlan, folder: Path, *, is_shared: bool = False) -> None:
    """Refuse a disk without room for what a plan keeps there; the folder may be missing as yet.

    Raises
    ------
    FolderUnusable
        If nothing can be written there.
    DiskTooSmall
        If there is no room.
    """
    if not plan.disk_bytes:
        return
    place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not place.is_dir():
        raise FolderUnusable(folder, f"{place} is no folder")
    if not os.access(place, os.W_OK):
        raise FolderUnusable(folder, f"{place} can't be written to")
    free = shutil.disk_usage(place).free
    if free < plan.disk_bytes:
        raise DiskTooSmall(folder, plan, free, is_shared)


@contextmanager
def allocate(
    plan: MemoryPlan,
    folder: Path,
    *,
    scheduler: str | None = None,
    workers: int | None = None,
    device: Device | None = None,
) -> Iterator[Rooms]:
    """Give where the arrays of a segmentation lie, until it is done.

    Parameters
    ----------
    plan : MemoryPlan
        What goes to the disk.
    folder : Path
        Where files may lie meanwhile; with a cluster, all its workers see it.
    scheduler : str, optional
        Address of a Dask cluster, which prepares the volume; see `connected`.
    workers : int, optional
        Processes of a cluster on this computer.
    device : Device, optional
        Computes in place of the processors.

    Raises
    ------
    DiskTooSmall, FolderUnusable
        If the disk can't take what is to lie there.
    ExecutionError
        If the cluster can't be used.
    """
    check_disk(plan, folder, is_shared=scheduler is not None)
    if plan.disk_bytes:
        _make(folder)
    with connected(scheduler, folder, workers=workers) as shared:
        if shared is not None:
            yield Rooms(shared, replace(shared, pooled_together=plan.pooled_together))
            return
        ids = replace(room_for_ids(plan, folder), device=device)
        yield Rooms(Workspace(ids.scratch) if plan.volume_on_disk else Workspace(), ids)


def room_for_ids(plan: MemoryPlan, folder: Path) -> Workspace:
    """Return where supervoxels lie by a plan: in memory, or on the disk.

    Raises
    ------
    DiskTooSmall, FolderUnusable
        If the disk can't take them.
    """
    check_disk(plan, folder)
    if not plan.ids_on_disk:
        return Workspace()
    _make(folder)
    return Workspace(Scratch(folder), plan.pooled_together)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderUnusable(folder, error.strerror or "") from error


def copy_volume(
    volume: VolumeLike,
    room: Workspace,
    run: Run = Run(),
    *,
    box: Slices | None = None,
) -> NDArray[Any]:
    """Copy a volume to where many passes over it are quick, and all workers see it.

    Parameters
    ----------
    volume : array-like, (Z, Y, X)
        Read by whole chunks of planes.
    room : Workspace
    run : Run
        Asked whether to stop between slabs.
    box : tuple of 3 slice, optional
        The part to copy; all of it by default.

    Returns
    -------
    ndarray, (Z, Y, X)
    """
    planes, rows, columns = box or tuple(slice(0, size) for size in volume.shape)
    shape = [part.stop - part.start for part in (planes, rows, columns)]
    copy = room.empty(shape, volume.dtype)
    step = _planes_at_a_time(volume)
    for start in range(0, len(copy), step):
        run.check_stop()
        stop = min(start + step, len(copy))
        there = slice(planes.start + start, planes.start + stop)
        copy[start:stop] = volume[there, rows, columns]
        room.release()
        run.report(stop, len(copy))
    return copy


def _planes_at_a_time(volume: VolumeLike) -> int:
    """Return how many planes to read at once: whole chunks of the file."""
    chunks = getattr(volume, "chunks", None)
    chunk = chunks[0] if chunks else 1
    plane = math.prod(volume.shape[1:]) * volume.dtype.itemsize
    return int(chunk * max(1, COPIED_BYTES // max(1, chunk * plane)))
