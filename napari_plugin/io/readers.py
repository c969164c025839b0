"""Files of the engine's formats as napari layers."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from supervox.volumes import Address, Volume, VolumeError, format_of, open_volume, whole_numbers

from .browsing import BrowsedVolume
from .file_names import ending_of
from .layer_fields import KEY, Fields, class_fields, fields_of

LayerData = tuple[Any, Fields, str]
Role = Literal["volume", "labels", "annotations"]
Reader = Callable[[Any], list[LayerData]]
Opened = tuple[str, Volume]  # and its address

_MOST_PAINTABLE_BYTES = 2 * 2**30
_SAMPLES = 3  # along each axis
_SAMPLE_VOXELS = 2**16  # of each
MOST_CHANNELS = 16  # that become layers
MOST_SHOWN = 3  # of them at first: the colours of more add up to white
_COLOURS = ("red", "green", "blue")
_TWO_COLOURS = ("magenta", "green")
_MANY_COLOURS = ("cyan", "magenta", "yellow", "red", "green", "blue")
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
    layers, notes = read_file(os.fspath(path), role)
    for note in notes:
        _warn(note)
    return layers


def read_file(path: str, role: Role | None = None) -> tuple[list[LayerData], list[str]]:
    """Read a file as `read_layers` does; return what a person should know of it as well."""
    opened = open_channels(path)
    told = dict.fromkeys(note for _, volume in opened for note in volume.notes)
    notes = [f"{opened[0][1].path.name}: {note}" for note in told]
    layers = layers_of(opened, role)
    notes += [
        f"{opened[0][1].path.name}: is too large to be painted on; it is only shown"
        for data, _, kind in layers
        if kind == "labels" and isinstance(data, BrowsedVolume)
    ]
    return layers, notes


def layers_of(opened: Sequence[Opened], role: Role | None = None) -> list[LayerData]:
    """Return the layers of a volume that is open, or of the channels of one.

    Channels know each other, the first one first, and have colours that add up; the first
    `MOST_SHOWN` are seen.

    Parameters
    ----------
    opened : sequence of (str, Volume)
        Their addresses, and what was opened there.
    role : str, optional
        As for `read_layers`.
    """
    layers = []
    names = _names(opened)
    for number, ((address, volume), name) in enumerate(zip(opened, names, strict=True)):
        data, fields, kind = _layer(volume, name, role)
        record = fields["metadata"][KEY]
        record["address"] = address
        if len(opened) > 1 and kind == "image":
            record |= {"group": opened[0][0], "channel": number}
            fields |= {"blending": "additive", "colormap": _colour(address, number, len(opened))}
            fields["visible"] = number < MOST_SHOWN
        layers.append((data, fields, kind))
    return layers


def open_channels(path: str) -> list[Opened]:
    """Open a volume, or each channel of a file that has several; with their addresses.

    Raises
    ------
    VolumeError
        If it can't be opened, or only a person can say how: `choices` or `candidates` has the ways.
    """
    try:
        return [(path, open_volume(path))]
    except VolumeError as error:
        if not 0 < len(error.channels) <= MOST_CHANNELS:
            raise
        addresses = [channel.address for channel in error.channels]
    if "s" in Address.parse(addresses[0]).settings:  # green, which is most like what the eye sees
        addresses.insert(0, addresses.pop(1))
    return [(address, open_volume(address)) for address in addresses]


def _names(opened: Sequence[Opened]) -> list[str]:
    """Name layers after the file; channels after their classes where the file says so."""
    volumes = [volume for _, volume in opened]
    name = volumes[0].path.name
    ending = ending_of(name, format_of(Address(volumes[0].path)).extensions)
    stem = name[: len(name) - len(ending)] or name
    if len(volumes) == 1:
        return [stem]
    classes = [item.name for item in volumes[0].classes]
    are_layers = any(volume.classes != volumes[0].classes for volume in volumes)
    if len(classes) != len(volumes) or are_layers:
        settings = [Address.parse(address).settings for address, _ in opened]
        classes = [
            _COLOURS[int(taken["s"])] if "s" in taken else f"channel {taken.get('c', '')}"
            for taken in settings
        ]
    return [f"{stem} {item}" for item in classes]


def _colour(address: str, number: int, count: int) -> str:
    """Return the colour that a channel is shown in."""
    taken = Address.parse(address).settings.get("s")
    if taken is not None:
        return _COLOURS[int(taken)]
    colours = _TWO_COLOURS if count == 2 else _MANY_COLOURS
    return colours[number % len(colours)]


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
