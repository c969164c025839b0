"""What a command is given: opened, checked, and read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray
from supervox.execution import Slices, Workspace
from supervox.project import order_beside
from supervox.segmentation import (
    Model,
    SegmentationError,
    Strokes,
    copy_volume,
    count_nonfinite,
    with_order,
)
from supervox.volumes import (
    UNKNOWN,
    Triple,
    Volume,
    VolumeClass,
    VoxelSize,
    choose_voxel_size,
    open_volume,
    times,
)

from .errors import say
from .progress import StageProgress

MOST_MASKED = 0.5  # share of voxels that may be no numbers
LEFT_OUT = "are left out and get the label 0"
STOOD_IN = "count as the median of their channel"


def learned_size(model: Model) -> VoxelSize:
    """Return the voxel size of the volume that a model was trained on."""
    known = model.unit is not None or model.spacing != UNKNOWN
    return VoxelSize(model.spacing, model.unit, "model" if known else "unknown")


def voxel_size(
    volume: Volume,
    given: Triple | None,
    learned: VoxelSize | None = None,
    *,
    prefer_learned: bool = False,
) -> VoxelSize:
    """Choose the voxel size; say so where nobody states one. See `choose_voxel_size`."""
    size = choose_voxel_size(volume, given, learned, prefer_learned=prefer_learned)
    if size.source == "unknown":
        say(
            f"{volume.path}: states no voxel size; voxels are taken for cubes. If they are not, "
            "give --spacing Z Y X"
        )
    return size


def check_same_shape(volume: Volume, strokes: Volume) -> None:
    """Refuse strokes that weren't painted on the volume, naming both files."""
    if strokes.shape != volume.shape:
        raise SegmentationError(
            f"{strokes.path}: has {times(strokes.shape)} voxels, but {volume.path} has "
            f"{times(volume.shape)}; the strokes must be painted on this volume"
        )
    if strokes.data.dtype.kind not in "ui":
        raise SegmentationError(
            f"{strokes.path}: holds {strokes.data.dtype}, but strokes are integers (the ids of "
            "the classes, 0 = unlabelled); save them as uint8"
        )


def in_order(
    painted: Strokes, strokes: Volume, order: str | None, workers: int | None = None
) -> Strokes:
    """Return strokes with the order that a volume states, or that lies beside their file; say so.

    Parameters
    ----------
    painted : Strokes
        All of the file.
    strokes : Volume
        The file.
    order : str, optional
        Address of the order; what lies beside by default.
    workers : int, optional
    """
    beside = order_beside(strokes.path)
    if order is None and not beside.exists():
        return painted
    with open_volume(order or beside) as volume:
        if volume.shape != strokes.shape or volume.data.dtype.kind not in "ui":
            raise SegmentationError(
                f"{volume.path}: is no order of the strokes in {strokes.path}: it has "
                f"{times(volume.shape)} voxels of {volume.data.dtype}, not {times(strokes.shape)} "
                "integers"
            )
        try:
            ordered = with_order(painted, volume.data, workers=workers)
        except SegmentationError as error:
            raise SegmentationError(f"{volume.path}: {error}") from error
        say(f"{strokes.path}: is learned in the order of {volume.path.name}")
        return ordered


def check_channels(volume: Volume, channels: Sequence[Volume]) -> None:
    """Refuse channels that aren't images of the same voxels, naming both files."""
    for channel in channels:
        if channel.shape != volume.shape:
            raise SegmentationError(
                f"{channel.path}: has {times(channel.shape)} voxels, but {volume.path} has "
                f"{times(volume.shape)}; bring the channels onto the same voxels first"
            )


def check_overlay(name: str, overlay: Volume, volume: Volume) -> None:
    """Refuse what can't be laid over the volume."""
    if overlay.shape != volume.shape:
        raise SegmentationError(
            f"{overlay.path}: has {times(overlay.shape)} voxels, but {volume.path} has "
            f"{times(volume.shape)}; the {name} must belong to this volume"
        )
    if overlay.data.dtype.kind not in "ui":
        raise SegmentationError(
            f"{overlay.path}: holds {overlay.data.dtype}, but {name} are integers (class ids)"
        )


def read_volume(
    volume: Volume,
    stages: StageProgress,
    *,
    workspace: Workspace | None = None,
    box: Slices | None = None,
    masked_voxels: str = LEFT_OUT,
) -> tuple[NDArray[Any], int]:
    """Read a volume to where many passes over it are quick: into memory, or as `workspace` has it.

    `box` is the part to read, all of it by default.
    `masked_voxels` says what becomes of voxels that are not finite numbers.

    Returns
    -------
    data : ndarray, (Z, Y, X)
    masked : int
        Voxels that are not finite numbers, which a message has told of.

    Raises
    ------
    SegmentationError
        If more than half of them are not.
    """
    with stages.stage("read", f"Reading {volume.path.name}") as run:
        workspace = workspace or Workspace()
        data = copy_volume(volume.data, workspace, run, box=box, release=volume.data.release)
        masked = count_nonfinite(data, workers=workspace.releasing(run.silent()))
    if masked > MOST_MASKED * data.size:
        raise SegmentationError(
            f"{volume.path}: {masked:,} of {data.size:,} voxels are not finite numbers (NaN or "
            "infinite), more than half: check how the volume was made"
        )
    if masked:
        say(
            f"{volume.path}: {masked:,} of {data.size:,} voxels are not finite numbers (NaN or "
            f"infinite); they {masked_voxels}"
        )
    return data, masked


def read_channels(
    channels: Sequence[Volume],
    stages: StageProgress,
    workspace: Workspace | None = None,
) -> list[NDArray[Any]]:
    """Read further channels, as `read_volume` does."""
    return [
        read_volume(channel, stages, workspace=workspace, masked_voxels=STOOD_IN)[0]
        for channel in channels
    ]


def class_names(classes: Sequence[VolumeClass]) -> dict[int, str]:
    """Return the names of classes by their ids."""
    return {item.value: item.name for item in classes}
