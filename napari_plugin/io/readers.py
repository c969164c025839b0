"""Files of the engine's formats as napari layers."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from supervox.volumes import Address, Volume, VolumeError, format_of, open_volume, whole_numbers

from .asking import choose_candidate
from .browsing import BrowsedVolume
from .layer_fields import KEY, Fields, class_fields, fields_of

LayerData = tuple[Any, Fields, str]
Role = Literal["volume", "labels", "annotations"]
Reader = Callable[[Any], list[LayerData]]

_MOST_PAINTABLE_BYTES = 2 * 2**30
_SAMPLES = 3  # along each axis
_SAMPLE_VOXELS = 2**16  # of each
_CONTRAST = (0.1, 99.9)  # percentiles: a gold marker or a hot pixel mustn't darken the cell


def get_reader(path: str | os.PathLike[str] | Sequence[str]) -> Reader | None:
    """Return a reader if the path is one of a known format; napari's first, quick question.

    Parameters
    ----------
    path
        A file, a Zarr folder, or several files that are to be one stack, which isn't ours to read.
    """
    if not isinstance(path, str | os.PathLike):
        return None
    try:
        format_of(Address.parse(path))
    except (VolumeError, OSError, ValueError):
        return None
    return read_layers


def read_layers(path: str | os.PathLike[str], role: Role | None = None) -> list[LayerData]:
    """Read a file as layers: an image is read as it is looked at, labels at once, to be painted.

    Parameters
    ----------
    path
        As `supervox.volumes.open_volume` takes it; ``scan.h5::/entry/data`` picks a dataset.
    role
        What the file is; by default, integers with classes are labels and all else an image.

    Returns
    -------
    list of layer data
        One layer; for a file of several channels, one each.

    Raises
    ------
    VolumeError
        If it can't be opened; the message says why and what to do.
    """
    opened = _open_channels(os.fspath(path))
    volumes = [volume for _, volume in opened]
    for note in dict.fromkeys(note for volume in volumes for note in volume.notes):
        _warn(f"{volumes[0].path.name}: {note}")
    layers = []
    for (address, volume), name in zip(opened, _names(volumes), strict=True):
        data, fields, kind = _layer(volume, name, role)
        fields["metadata"][KEY]["address"] = address
        layers.append((data, fields, kind))
    return layers


def volume_layer(volume: Volume) -> LayerData:
    """Return the layer of a volume that is open."""
    return _layer(volume, _names([volume])[0], "volume")


def _open_channels(path: str) -> list[tuple[str, Volume]]:
    """Open a volume, or each channel of a file that has several; with their addresses."""
    try:
        return [(path, open_volume(path))]
    except VolumeError as error:
        if volumes := _each_channel(path):
            return volumes
        inner = choose_candidate(Address.parse(path).path.name, error.candidates)
        if inner is None:
            raise error
        return _open_channels(f"{Address.parse(path).path}::{inner}")


def _each_channel(path: str) -> list[tuple[str, Volume]]:
    """Open channel after channel, as long as there is another."""
    address = Address.parse(path)
    before = "," if address.inner or address.settings else "::"
    volumes: list[tuple[str, Volume]] = []
    while "c" not in address.settings:
        channel = f"{address}{before}c={len(volumes)}"
        try:
            volumes.append((channel, open_volume(channel)))
        except VolumeError:
            break
    return volumes


def _names(volumes: Sequence[Volume]) -> list[str]:
    """Name layers after the file; channels after their classes where the file says so."""
    name = volumes[0].path.name
    stem = name[: -len(_ending(volumes[0].path))] or name
    if len(volumes) == 1:
        return [stem]
    classes = [item.name for item in volumes[0].classes]
    if len(classes) != len(volumes):
        classes = [f"channel {number}" for number in range(len(volumes))]
    return [f"{stem} {item}" for item in classes]


def _ending(path: Path) -> str:
    """Return the part of a name that says its format."""
    endings = format_of(Address(path)).extensions
    return max(
        (ending for ending in endings if path.name.lower().endswith(ending)), key=len, default=""
    )


def _layer(volume: Volume, name: str, role: Role | None) -> LayerData:
    """Make a layer of one volume."""
    integers = volume.data.dtype.kind in "ui"
    if role is not None and role != "volume":
        volume, integers = whole_numbers(volume, role), True
    if role in ("labels", "annotations") or (role is None and integers and volume.classes):
        return _labels_layer(volume, name, role)
    fields = fields_of(volume, name)
    data = _pixels(BrowsedVolume(volume))
    return data, fields | {"rgb": False, "contrast_limits": contrast_limits(data)}, "image"


def _labels_layer(volume: Volume, name: str, role: Role | None) -> LayerData:
    """Make a layer that can be painted on, unless it is too large to be held in memory."""
    fields = fields_of(volume, name)
    if role is not None:
        fields["metadata"][KEY]["role"] = role
    if volume.classes:
        fields |= class_fields(volume.classes)
    data = _pixels(BrowsedVolume(volume))
    if data.nbytes <= _MOST_PAINTABLE_BYTES:
        data = np.array(data)
        if role == "annotations" and data.min() >= 0 and data.max() <= np.iinfo(np.uint8).max:
            data = data.astype(np.uint8, copy=False)
    else:
        _warn(f"{volume.path.name}: is too large to be painted on; it is only shown")
    return data, fields, "labels"


def _pixels(data: BrowsedVolume) -> Any:
    """Return a volume of a single plane as what it is: a picture, in memory."""
    return np.asarray(data)[0] if len(data) == 1 else data


def contrast_limits(data: Any) -> tuple[float, float]:
    """Take robust limits from a few chunks, the same each time; napari would read all of it."""
    volume = data[np.newaxis] if data.ndim == 2 else data
    values = np.concatenate([_thinned(block) for block in _sample(volume)])
    values = values[np.isfinite(values)]
    if not values.size:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(values, _CONTRAST))
    return (low, high) if low < high else (low, low + 1.0)


def _sample(data: Any) -> Iterator[npt.NDArray[Any]]:
    """Read chunks that are evenly spread; of a file without chunks, planes."""
    chunks = getattr(data, "chunks", None) or (1, *data.shape[1:])
    places = []
    for length, chunk in zip(data.shape, chunks, strict=True):
        count = -(-length // chunk)
        numbers = {count * (2 * i + 1) // (2 * _SAMPLES) for i in range(_SAMPLES)}
        places.append([slice(n * chunk, (n + 1) * chunk) for n in sorted(numbers)])
    for place in itertools.product(*places):
        yield np.asarray(data[place])


def _thinned(block: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Take a regular sample of a block's voxels."""
    step = max(1, int(np.ceil((block.size / _SAMPLE_VOXELS) ** 0.5)))
    return block[:, ::step, ::step].astype(np.float64).ravel()


def _warn(message: str) -> None:
    from napari.utils.notifications import show_warning

    show_warning(message)
