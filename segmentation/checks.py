"""Checks of what callers hand in; each message says what was wrong and what to do."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from supervox.execution import (
    Block,
    Run,
    VolumeLike,
    Workers,
    default_block_shape,
    read_block,
    split_blocks,
)
from supervox.features import IntensityRange, leave_out
from supervox.volumes import SupervoxError

Spacing = tuple[float, float, float]

MOST_CLASSES = 255
MOST_CHANNELS = 32  # of an image
# Beyond these a number is a slip, and its powers soon no numbers.
MOST_ANISOTROPY = 1e6
MOST_SPACING = 1e30


class SegmentationError(SupervoxError, ValueError):
    """The input can't be segmented; the message is one line that names the remedy."""


def check_spacing(spacing: Sequence[float], ndim: int = 3) -> Spacing:
    """Return the voxel size as (plane, row, column); 2D pictures get a plane as thick as a row.

    Raises
    ------
    SegmentationError
        If the number of values does not fit the axes, or one is not a positive finite number, or
        is of no plausible size.
    """
    values = tuple(float(value) for value in spacing)
    if len(values) == 2 and ndim == 2:
        values = (values[0], *values)
    if len(values) != 3:
        raise SegmentationError(
            f"spacing needs one value per axis (plane row column), not {len(values)}"
        )
    if not all(math.isfinite(value) and value > 0 for value in values):
        raise SegmentationError(
            f"spacing must be three positive numbers, not {' '.join(f'{v:g}' for v in values)}"
        )
    low, high = min(values), max(values)
    if high > MOST_ANISOTROPY * low or high > MOST_SPACING or low < 1 / MOST_SPACING:
        raise SegmentationError(
            f"spacing can't be {' '.join(f'{v:g}' for v in values)}: give the size of a voxel "
            "along planes, rows and columns, all in the same unit"
        )
    return values[0], values[1], values[2]


def check_volume(volume: VolumeLike) -> VolumeLike:
    """Return a 3D view of the volume; a 2D picture becomes one plane.

    Raises
    ------
    SegmentationError
        If the array is not 2D or 3D, has no voxels, or is not of a real type.
    """
    if len(volume.shape) == 2:
        volume = np.asarray(volume[:, :])[np.newaxis]
    if len(volume.shape) != 3:
        raise SegmentationError(
            f"a volume has the axes plane, row and column; this array has shape {volume.shape}"
        )
    if 0 in volume.shape:
        raise SegmentationError(f"the volume has no voxels (shape {volume.shape})")
    if np.dtype(volume.dtype).kind not in "buif":
        raise SegmentationError(
            f"the volume's voxels are of type {volume.dtype}; integers or real numbers are needed"
        )
    return volume


def check_channels(channels: Sequence[VolumeLike], shape: Sequence[int]) -> tuple[VolumeLike, ...]:
    """Return 3D views of further channels, which have the volume's shape.

    Raises
    ------
    SegmentationError
        If one can't be a volume, or has another shape, or there are too many.
    """
    if len(channels) >= MOST_CHANNELS:
        raise SegmentationError(
            f"an image may have {MOST_CHANNELS} channels, not {len(channels) + 1}: leave out those "
            "that tell the classes least apart"
        )
    checked = tuple(check_volume(channel) for channel in channels)
    for number, channel in enumerate(checked, 2):
        if tuple(channel.shape) != tuple(shape):
            raise SegmentationError(
                f"channel {number} has shape {tuple(channel.shape)}, the volume {tuple(shape)}: "
                "bring them onto the same voxels first"
            )
    return checked


def look_at(
    image: VolumeLike, no_data: str, mask: VolumeLike | None = None, name: str = ""
) -> tuple[VolumeLike, IntensityRange]:
    """Find out where an image has data, and measure its intensity scale there.

    Parameters
    ----------
    image : array-like, (Z, Y, X)
    no_data : str
        As for `supervox.features.leave_out`.
    mask : array-like, of the image's shape, optional
        0 = no data.
    name : str
        Begins the message of an error.

    Returns
    -------
    image : array-like, (Z, Y, X)
        What has no data reads as NaN.
    intensity : IntensityRange

    Raises
    ------
    SegmentationError
        If it holds no data, or only one value; or the mask doesn't fit.
    """
    try:
        image = leave_out(image, no_data, None if mask is None else check_volume(mask))
        return image, IntensityRange.measure(image)
    except ValueError as error:
        raise SegmentationError(f"{name}{error}") from error


def check_channel_count(needed: int, given: int) -> None:
    """Refuse images that are more or fewer than those that a model learned from."""
    if needed != given:
        raise SegmentationError(
            f"the model was trained on {needed} channel{'s' * (needed > 1)}, not {given}: give as "
            "many images of the same voxels, in the same order"
        )


def check_annotations(annotations: VolumeLike, shape: Sequence[int]) -> VolumeLike:
    """Return a 3D view of the annotations, which have the volume's shape.

    Raises
    ------
    SegmentationError
        If they are not integers, or have another shape.
    """
    if np.dtype(annotations.dtype).kind not in "bui":
        raise SegmentationError(
            f"annotations must be integers (0 = unlabelled), not {annotations.dtype}"
        )
    if len(annotations.shape) == 2:
        annotations = np.asarray(annotations[:, :])[np.newaxis]
    if tuple(annotations.shape) != tuple(shape):
        raise SegmentationError(
            f"the annotations have shape {tuple(annotations.shape)}, the volume {tuple(shape)}: "
            "they must be painted on this volume"
        )
    return annotations


def check_classes(class_ids: Sequence[int]) -> None:
    """Refuse annotations that leave nothing to tell apart, or that nobody can have painted.

    Raises
    ------
    SegmentationError
        If fewer than two classes are painted, or more than `MOST_CLASSES`.
    """
    if not class_ids:
        raise SegmentationError(
            "the annotations are empty: paint at least one stroke for each of two classes"
        )
    if len(class_ids) == 1:
        raise SegmentationError(
            f"only class {class_ids[0]} is painted: paint at least one stroke of another class"
        )
    if len(class_ids) > MOST_CLASSES:
        raise SegmentationError(
            f"the annotations hold {len(class_ids):,} different values, more than {MOST_CLASSES}: "
            "is this an image, or a numbering of objects? The values are the ids of classes"
        )


def count_nonfinite(volume: VolumeLike, *, workers: Workers = None) -> int:
    """Count the voxels that are not finite numbers, block by block.

    Parameters
    ----------
    volume : array-like, (Z, Y, X)
    workers : int or Run, optional
        Threads, one per processor by default; or a `Run`, which also shows progress and stops.
    """
    if np.dtype(volume.dtype).kind != "f":
        return 0

    def count(block: Block) -> int:
        return math.prod(block.shape) - int(np.isfinite(read_block(volume, block.core)).sum())

    blocks = split_blocks(volume.shape, default_block_shape(volume.shape))
    return sum(Run.of(workers).blocks(count, blocks))
