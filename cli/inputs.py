"""What a command is given: opened, checked, and read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from supervox.execution import Slices, VolumeLike, Workspace
from supervox.features import AUTO, NOTHING, fill_values_of, leave_out
from supervox.project import Mask, order_beside
from supervox.segmentation import (
    Model,
    SegmentationError,
    Strokes,
    copy_volume,
    count_nonfinite,
    with_order,
    without_data,
)
from supervox.volumes import (
    Address,
    Triple,
    Volume,
    VolumeClass,
    VoxelSize,
    choose_voxel_size,
    open_labels,
    open_volume,
    refuse_image,
    times,
)

from .errors import say
from .progress import StageProgress

LEFT_OUT = "labels there are 0"
STOOD_IN = "what is around them stands in there"
SAME_SIZE = 1e-3  # by which sizes may differ that are the same, but for how they were rounded


def learned_size(model: Model) -> VoxelSize:
    """Return the voxel size of the volume that a model was trained on."""
    return VoxelSize.told(model.spacing, model.unit, "model")


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


def size_of_both(first: Path, one: VoxelSize, second: Path, other: VoxelSize) -> VoxelSize:
    """Return the voxel size of two volumes of the same voxels; say so where they disagree on it.

    It is the first's, or the second's where only that states one.
    """
    if one.source == "unknown":
        if other.source == "unknown":
            say(
                f"{first}, {second}: state no voxel size; voxels are taken for cubes. If they are "
                "not, give --spacing Z Y X"
            )
        return other
    there = other.in_unit(one.unit).spacing
    if other.source != "unknown" and not np.allclose(there, one.spacing, rtol=SAME_SIZE):
        say(
            f"{second}: states a voxel size of {other}, and {first} one of {one}, which is taken. "
            "If that is wrong, give --spacing Z Y X"
        )
    return one


class Placed(Protocol):
    """What is known of how a file lies in space; see `Volume`."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def turned(self) -> str | None:
        """How its array was turned, in words."""


def tell_turned(volume: Placed, other: Placed) -> None:
    """Warn where a file that says how it lies in space is put beside one that doesn't."""
    for placed, plain in ((volume, other), (other, volume)):
        if placed.turned and plain.turned is None:
            say(
                f"{placed.path}: {placed.turned}, for it says how it lies in space; {plain.path} "
                "doesn't, and is read as it is. If that was made of the array as the other file "
                "has it, they are mirrored against each other: give "
                f"'{placed.path}::orientation=stored'"
            )


def check_same_shape(volume: Volume, strokes: Volume) -> None:
    """Refuse strokes that weren't painted on the volume, naming both files."""
    if strokes.shape != volume.shape:
        raise SegmentationError(
            f"{strokes.path}: has {times(strokes.shape)} voxels, but {volume.path} has "
            f"{times(volume.shape)}; the strokes must be painted on this volume"
        )
    refuse_image(strokes, "strokes")
    tell_turned(volume, strokes)


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
    given = None if order is None else Address.parse(order)
    if given and not given.inside and given.path.absolute() == strokes.path.absolute():
        raise SegmentationError(
            f"{strokes.path}: holds the strokes themselves; give the file with their order, which "
            f"is written beside them as {beside.name}, or leave --stroke-order out"
        )
    with open_labels(order or beside, "steps") as volume:
        if volume.shape != strokes.shape:
            raise SegmentationError(
                f"{volume.path}: is no order of the strokes in {strokes.path}: it has "
                f"{times(volume.shape)} voxels of {volume.data.dtype}, not {times(strokes.shape)} "
                "integers"
            )
        refuse_image(volume, "order of strokes")
        try:
            ordered = with_order(painted, volume.data, workers=workers)
        except SegmentationError as error:
            raise SegmentationError(f"{volume.path}: {error}") from error
        if not ordered.steps.any():
            say(f"{volume.path}: has no steps: the strokes are learned at once")
            return ordered
        say(f"{strokes.path}: is learned in the order of {volume.path.name}")
        if missing := int(np.count_nonzero(ordered.steps == 0)):
            say(
                f"{volume.path}: has no step for {missing:,} painted voxels; they are learned as "
                "if painted before all others"
            )
        return ordered


def check_channels(volume: Volume, channels: Sequence[Volume]) -> None:
    """Refuse channels that aren't images of the same voxels, naming both files."""
    for channel in channels:
        if channel.shape != volume.shape:
            raise SegmentationError(
                f"{channel.path}: has {times(channel.shape)} voxels, but {volume.path} has "
                f"{times(volume.shape)}; bring the channels onto the same voxels first"
            )
        tell_turned(volume, channel)


def check_overlay(name: str, overlay: Volume, volume: Volume) -> None:
    """Refuse what can't be laid over the volume."""
    _check_belongs(name, overlay, volume)
    if overlay.data.dtype.kind not in "ui":
        raise SegmentationError(
            f"{overlay.path}: holds {overlay.data.dtype}, but {name} are integers (class ids)"
        )
    refuse_image(overlay, name)


def check_mask(mask: Volume, volume: Volume) -> None:
    """Refuse what can't be the mask of a volume; its numbers may be of any type."""
    _check_belongs("mask", mask, volume)


def _check_belongs(name: str, overlay: Volume, volume: Volume) -> None:
    if overlay.shape != volume.shape:
        raise SegmentationError(
            f"{overlay.path}: has {times(overlay.shape)} voxels, but {volume.path} has "
            f"{times(volume.shape)}; the {name} must belong to this volume"
        )
    tell_turned(volume, overlay)


@dataclass(frozen=True)
class NoData:
    """What has no data in a volume.

    Attributes
    ----------
    voxels : int
    fill_values : tuple of float
        Constants that stand for it.
    is_masked : bool
        Whether a mask leaves some out.
    """

    voxels: int
    fill_values: tuple[float, ...]
    is_masked: bool

    def describe(self, size: int) -> str:
        """Say how much of a volume of `size` voxels it is, and why."""
        reasons = [f"the constant {value:g}" for value in self.fill_values]
        reasons += ["the mask"] if self.is_masked else []
        why = " and ".join(reasons) or "NaN or infinite"
        share = f"{self.voxels:,} of {size:,} voxels ({100 * self.voxels / size:.1f} %)"
        return f"{share} are taken for no data ({why})"

    def as_json(self) -> dict[str, Any]:
        """Return what a report has of it."""
        return {"masked_voxels": self.voxels, "fill_values": list(self.fill_values)}


def read_volume(
    volume: Volume,
    stages: StageProgress,
    *,
    no_data: str = AUTO,
    mask: VolumeLike | None = None,
    workspace: Workspace | None = None,
    box: Slices | None = None,
    consequence: str = LEFT_OUT,
) -> tuple[VolumeLike, NoData]:
    """Read a volume to where many passes over it are quick: into memory, or as `workspace` has it.

    A message tells what has no data, and its `consequence`.

    Parameters
    ----------
    volume
    stages
    no_data
        As in the parameters.
    mask
        0 where there is no data.
    workspace
    box
        The part to read; all of it by default.
    consequence

    Returns
    -------
    data : array-like, (Z, Y, X)
        What has no data reads as NaN.
    found : NoData
    """
    with stages.stage("read", f"Reading {volume.path.name}") as run:
        workspace = workspace or Workspace()
        copied = copy_volume(volume.data, workspace, run, box=box)
        data = leave_out(copied, no_data, mask)
        missing = count_nonfinite(data, workers=workspace.releasing(run.silent()))
    found = NoData(missing, fill_values_of(data), mask is not None)
    if missing:
        say(f"{volume.path}: {found.describe(math.prod(data.shape))}; {consequence}")
    elif no_data not in (AUTO, NOTHING):
        say(f"{volume.path}: no voxel has the value {no_data} that stands for no data: all is data")
    if found.fill_values and no_data == AUTO:
        values = ",".join(f"{value:g}" for value in found.fill_values)
        say(f"if that is data, give --no-data none; --no-data {values} takes it for granted")
    return data, found


def read_channels(
    channels: Sequence[Volume],
    stages: StageProgress,
    no_data: str,
    mask: VolumeLike | None = None,
    workspace: Workspace | None = None,
) -> list[VolumeLike]:
    """Read further channels, as `read_volume` does; the mask is theirs, too."""
    read = partial(read_volume, no_data=no_data, mask=mask, workspace=workspace)
    return [read(channel, stages, consequence=STOOD_IN)[0] for channel in channels]


def opened_mask(stack: ExitStack, address: str | None) -> Volume | None:
    """Open a mask until the stack ends; None if there is none, in so many words."""
    if address is None or address == NOTHING:
        return None
    return stack.enter_context(open_volume(address))


def read_mask(
    mask: Volume | None, volume: Volume, stages: StageProgress, workspace: Workspace
) -> VolumeLike | None:
    """Read the mask of a volume, if there is one.

    Raises
    ------
    SegmentationError
        If it is no mask of this volume.
    ProjectError
        If it is 0 everywhere.
    """
    if mask is None:
        return None
    check_mask(mask, volume)
    with stages.stage("read", f"Reading {mask.path.name}") as run:
        copying, looking = run.steps([2, 1])
        data = copy_volume(mask.data, workspace, copying)
        tell_mask(Mask.of(data, str(mask.path), run=workspace.releasing(looking)), mask)
        return data


def tell_mask(mask: Mask, file: Volume) -> None:
    """Say so where a mask does nothing."""
    if not mask.reference.left_out:
        say(f"{file.path}: leaves nothing out, for no voxel of this mask is 0")


def tell_strokes_without_data(painted: Strokes, data: VolumeLike, found: NoData) -> Strokes:
    """Warn of strokes that lie where there is no data, and return them."""
    lost = without_data(painted, data)
    if not lost.voxels.size:
        return lost
    ways = ["--no-data none"] if found.fill_values else []
    ways += ["another --mask"] if found.is_masked else []
    say(
        f"{lost.voxels.size:,} painted voxels lie where the volume has no data, and teach nothing"
        + (f"; if it is data, give {' or '.join(ways)}" if ways else "")
    )
    if only_there := sorted(set(lost.class_ids) - classes_taught(painted, lost)):
        say(
            f"{classes_text(only_there)}: every stroke lies there, so that no voxel gets this label"
        )
    return lost


def classes_taught(painted: Strokes, without_data: Strokes) -> set[int]:
    """Return the classes that are painted where there is data."""
    taught = np.delete(painted.classes, np.searchsorted(painted.voxels, without_data.voxels))
    return set(np.unique(taught).tolist())


def classes_text(class_ids: Sequence[int]) -> str:
    """Write class ids for people: "class 3", or "classes 3, 5"."""
    return f"class{'es' * (len(class_ids) > 1)} {', '.join(map(str, class_ids))}"


def class_names(classes: Sequence[VolumeClass]) -> dict[int, str]:
    """Return the names of classes by their ids."""
    return {item.value: item.name for item in classes}
