"""Volumes of labels and strokes: whole numbers, however they are stored."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from .arrays import Array
from .errors import VolumeError
from .files import open_volume
from .volume import Volume

_logger = logging.getLogger(__name__)
_NOT_PAINTED = (
    -1,
    255,
    65535,
)  # what other programs write where nothing is known, and to be ignored
_SAMPLED_PLANES = 8
_LOOKED_AT = 256  # rows and columns in the middle of such a plane
_MANY_VALUES = 64  # that labels of different voxels rarely have side by side


def open_labels(path: str | os.PathLike[str], what: str = "labels") -> Volume:
    """Open a volume of labels; numbers with a point are taken if they are whole ones.

    Parameters
    ----------
    path
        As for `open_volume`.
    what
        What the values are, for messages.

    Returns
    -------
    Volume
        Its `data` are integers; where a value isn't a whole number, slicing raises `VolumeError`.
    """
    return whole_numbers(open_volume(path), what)


def whole_numbers(volume: Volume, what: str = "labels") -> Volume:
    """Return a volume of labels with its values as integers."""
    if volume.data.dtype.kind != "f":
        return volume
    convert = _to_integers(volume.path, what)
    return replace(volume, data=volume.data.converted(convert, np.int32))


def open_strokes(path: str | os.PathLike[str]) -> Volume:
    """Open a volume of strokes, in which 0 is what isn't painted.

    If most voxels have -1, 255 or 65535, as others write what is to be ignored, those stand for
    that instead; it is said. Then 0 would be a class, which it can't be here: `VolumeError` is
    raised where it is sliced.
    """
    volume = open_labels(path, "strokes")
    try:
        ignored = _ignored(volume)
    except VolumeError:
        volume.close()
        raise
    if ignored is None:
        return volume
    _logger.warning(
        "%s: %d, which most of its voxels have, is taken for 'not painted'", volume.path, ignored
    )

    def without(values: Array) -> Array:
        if (values == 0).any():
            raise VolumeError(
                f"{volume.path}: most of its voxels have {ignored}, and some 0; if {ignored} is "
                "what isn't painted, write 0 for it and give the classes ids from 1 on"
            )
        cleared: Array = np.where(values == ignored, values.dtype.type(0), values)
        return cleared

    return replace(volume, data=volume.data.converted(without, volume.data.dtype))


def refuse_image(volume: Volume, what: str = "labels") -> Volume:
    """Return a volume of labels, or of other numbers that stand for things, unless it is an image.

    An image has many values, nearly everywhere, that change from voxel to voxel; labels of as many
    things are the same on most neighbours. A few planes are looked at.

    Parameters
    ----------
    volume : Volume
        Of whole numbers; see `open_labels`.
    what : str
        What the values are taken for, for messages.

    Raises
    ------
    VolumeError
        If it looks like one.
    """
    planes, rows, columns = volume.shape
    middle = tuple(
        slice(max(0, (size - _LOOKED_AT) // 2), (size + _LOOKED_AT) // 2)
        for size in (rows, columns)
    )
    seen = np.stack([np.asarray(volume.data[z, *middle]) for z in _few_planes(planes)])
    n_values = np.unique(seen).size
    if n_values < _MANY_VALUES or 2 * np.count_nonzero(seen) < seen.size:
        return volume
    left, right = seen[..., :-1], seen[..., 1:]
    is_there = (left != 0) | (right != 0)
    if 2 * np.count_nonzero(left[is_there] == right[is_there]) < np.count_nonzero(is_there):
        raise VolumeError(
            f"{volume.path}: is an image, and no {what}: its values change from voxel to voxel "
            f"({n_values:,} of them in a few planes)"
        )
    return volume


def _ignored(volume: Volume) -> int | None:
    """Return the value of most voxels, if it may stand for what isn't painted.

    A few planes are looked at.
    """
    data = volume.data
    planes = [data[z] for z in _few_planes(data.shape[0])]
    size = sum(plane.size for plane in planes)
    limits = np.iinfo(data.dtype)
    for value in _NOT_PAINTED:
        if limits.min <= value <= limits.max:
            count = sum(int(np.count_nonzero(plane == value)) for plane in planes)
            if 2 * count > size:
                return value
    return None


def _few_planes(planes: int) -> range:
    """Return planes all over a volume, to look at in place of all of them."""
    return range(0, planes, max(1, -(-planes // _SAMPLED_PLANES)))


def _to_integers(path: Path, what: str) -> Callable[[Array], Array]:
    """Return a function that turns whole numbers with a point into integers."""

    def convert(values: Array) -> Array:
        with np.errstate(invalid="ignore"):
            integers = values.astype(np.int32)
        wrong = integers != values
        if wrong.any():
            first = float(values[wrong][0])
            if first.is_integer():
                raise VolumeError(
                    f"{path}: holds {first:.0f}, which is too large for {what}: ids go up to "
                    f"{np.iinfo(np.int32).max}"
                )
            raise VolumeError(
                f"{path}: holds {first:g}, but {what} are whole numbers (0 = nothing); 'supervox "
                f"convert {path.name} NEW.tif --kind labels --dtype uint16' rounds them"
            )
        return integers

    return convert
