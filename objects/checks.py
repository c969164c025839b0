"""Checks of what callers hand in; each message says what was wrong and what to do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Slices, VolumeLike, read_block
from supervox.volumes import times

from .errors import ObjectsError

Spacing = tuple[float, float, float]

MOST_IDS = 2**31 - 1  # of classes and of objects
SLAB_VOXELS = 2**22


def checked_labels(labels: VolumeLike, what: str = "labels") -> VolumeLike:
    """Return a 3D view of labels; a 2D picture becomes one plane.

    Raises
    ------
    ObjectsError
        If the values are no integers, or the array is not 2D or 3D, or has no voxels.
    """
    if np.dtype(labels.dtype).kind not in "bui":
        raise ObjectsError(
            f"{what} are whole numbers (0 = nothing), not {labels.dtype}: is this the image?"
        )
    return _in_space(labels, what)


def checked_image(image: VolumeLike, shape: Sequence[int], what: str = "image") -> VolumeLike:
    """Return a 3D view of an image of the labels' shape.

    Raises
    ------
    ObjectsError
        If the shapes differ, or the values are no real numbers.
    """
    if np.dtype(image.dtype).kind not in "buif":
        raise ObjectsError(f"the {what} holds {image.dtype}; integers or real numbers are needed")
    image = _in_space(image, what)
    check_same_shape(image, shape, what)
    return image


def check_same_shape(
    volume: VolumeLike, shape: Sequence[int], what: str, than: str = "labels"
) -> None:
    """Refuse a volume that has other voxels than the labels, or another one."""
    if tuple(volume.shape) != tuple(shape):
        raise ObjectsError(
            f"the {what} has {times(volume.shape)} voxels, the {than} {times(shape)}: both must "
            "be of the same voxels"
        )


def _in_space(volume: VolumeLike, what: str) -> VolumeLike:
    if len(volume.shape) == 2:
        volume = np.asarray(volume[:, :])[np.newaxis]
    if len(volume.shape) != 3:
        raise ObjectsError(
            f"{what} have the axes plane, row and column; this array has shape {volume.shape}"
        )
    if 0 in volume.shape:
        raise ObjectsError(f"the {what} have no voxels (shape {volume.shape})")
    return volume


def checked_spacing(spacing: Sequence[float]) -> Spacing:
    """Return the voxel size along planes, rows and columns.

    Raises
    ------
    ObjectsError
        If it isn't three positive finite numbers.
    """
    values = tuple(float(value) for value in spacing)
    if len(values) != 3 or not all(math.isfinite(value) and value > 0 for value in values):
        shown = " ".join(f"{value:g}" for value in values)
        raise ObjectsError(f"spacing must be three positive numbers, not {shown}")
    return values[0], values[1], values[2]


def read_ids(labels: VolumeLike, box: Slices, what: str = "labels") -> NDArray[np.int32]:
    """Read a box of labels as the kernels want them, as a copy that the caller may change.

    Raises
    ------
    ObjectsError
        If a value is no id.
    """
    values: NDArray[Any] = read_block(labels, box)
    if values.dtype.kind == "b":
        values = values.view(np.uint8)
    limits = np.iinfo(values.dtype)
    if values.size and (limits.min < 0 or limits.max > MOST_IDS):
        low, high = int(values.min()), int(values.max())
        if low < 0 or high > MOST_IDS:
            raise ObjectsError(
                f"the {what} hold {low if low < 0 else high}, which is no id: ids are from 0 to "
                f"{MOST_IDS}"
            )
    return np.array(values, np.int32, order="C")


def slab_shape(shape: Sequence[int]) -> tuple[int, int, int]:
    """Return whole planes of some million voxels: files are mostly read fastest in these."""
    return max(1, min(shape[0], SLAB_VOXELS // (shape[1] * shape[2]))), shape[1], shape[2]
