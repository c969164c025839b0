"""HDF5 and NeXus: which dataset is the volume, and what its attributes say."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import h5py
import numpy as np

from .address import Address
from .axes import arrange, known_letters, looks_coloured
from .calibration import Calibration, calibrate
from .errors import Candidate, VolumeError
from .hdf5_outside import Door
from .hdf5_values import check_values, missing_file
from .nexus import axes_calibration, default_signal, marked_signals, text_of
from .volume import Volume, VolumeClass, classes_from_json

_NAME = "HDF5"
_COLOUR = "IMAGE_TRUECOLOR"
_INTERLACED = {"INTERLACE_PIXEL": "yxs", "INTERLACE_PLANE": "syx", "INTERLACE_LINE": "ysx"}


def open_hdf5(address: Address) -> Volume:
    """Open a dataset of an HDF5 file, the one named or the one that is meant."""
    door = Door(address.path)
    file, notes = door.open(address.path)
    try:
        dataset = _find(file, address)
        exact = Address(address.path, dataset.name, address.settings)
        notes += check_values(dataset, exact, door)
        data = arrange(dataset, _axes(dataset), exact, _NAME)
        return Volume.make(
            data,
            _calibration(dataset, data.shape[0]),
            exact,
            _NAME,
            notes=notes,
            classes=_classes(dataset),
            metadata={"dataset": dataset.name, "stored in": dataset.file.filename},
            release=file.close,
        )
    except BaseException:
        file.close()
        raise


def _find(file: h5py.File, address: Address) -> h5py.Dataset:
    """Return the dataset that the address names, or the one that the file is about."""
    group: h5py.Group = file
    if address.inner is not None:
        try:
            item = file[address.inner]
        except (KeyError, ValueError, OSError, RuntimeError) as error:
            _check_link(file, address.inner, address)
            raise VolumeError(
                f"{address.path}: there is no {address.inner!r} in it (or its link leads nowhere); "
                f"it holds {_listing(_candidates(file)) or 'no volume'}",
                _described(_candidates(file)),
            ) from error
        if isinstance(item, h5py.Dataset):
            return item
        group = item
    signal = default_signal(group)
    if isinstance(signal, str):
        _check_link(file, signal, address)
    if isinstance(signal, h5py.Dataset):
        return signal
    lost: set[str] = set()
    candidates = _candidates(group, lost)
    for wanted in (_is_volume, lambda item: item.ndim > 3, lambda item: True):
        chosen = [item for item in candidates if wanted(item)]
        if len(chosen) == 1:
            return chosen[0]
        if len(marked := marked_signals(chosen)) == 1:
            return marked[0]
        if chosen:
            raise VolumeError(
                f"{address.path}: holds several volumes, pick one with "
                f"'{address.path.name}::PATH': {_listing(chosen)}",
                _described(chosen),
            )
    gone = ", ".join(sorted(lost))
    more = f", and its links lead to files that aren't there: {gone}" if lost else ""
    raise VolumeError(f"{address}: holds no dataset with planes, rows and columns{more}")


def _check_link(file: h5py.File, name: str, address: Address) -> None:
    """Refuse a link to a file that isn't there."""
    gone = missing_file(file, name)
    if gone is not None:
        raise VolumeError(
            f"{address.path}: {name} lies in the file {gone}, which can't be found; copy it along, "
            f"to {address.path.parent}"
        )


def _is_volume(item: h5py.Dataset) -> bool:
    """Say whether a dataset has the shape of one volume, and isn't a picture in colour."""
    sizes = item.shape
    is_volume = len(sizes) >= 3 and sum(length > 1 for length in sizes) == 3
    if not is_volume or looks_coloured(sizes, item.dtype):
        return False
    return text_of(item.attrs.get("IMAGE_SUBCLASS")) != _COLOUR


def _candidates(group: h5py.Group, lost: set[str] | None = None) -> list[h5py.Dataset]:
    """Return every dataset of numbers with two dimensions or more, each once.

    The files that links lead to in vain are added to `lost`.
    """
    return [
        item
        for item in _walk(group, set(), set() if lost is None else lost)
        if len(item.shape or ()) >= 2 and item.dtype.kind in "biufc"
    ]


def _walk(group: h5py.Group, seen: set[tuple[int, int]], lost: set[str]) -> Iterator[h5py.Dataset]:
    """Go through datasets, links followed; one with several names is met once."""
    for name in group:
        try:
            item = group[name]
        except (
            KeyError,
            OSError,
            RuntimeError,
        ):  # a link to something that isn't there holds no volume
            if (gone := missing_file(group, name)) is not None:
                lost.add(gone)
            continue
        info = h5py.h5o.get_info(item.id)
        key = (info.fileno, info.addr)
        if key in seen:
            continue
        seen.add(key)
        if isinstance(item, h5py.Dataset):
            yield item
        elif isinstance(item, h5py.Group):
            yield from _walk(item, seen, lost)


def _described(datasets: Sequence[h5py.Dataset]) -> tuple[Candidate, ...]:
    """Return what there is to choose from."""
    return tuple(Candidate(item.name, tuple(item.shape), str(item.dtype)) for item in datasets)


def _listing(datasets: Sequence[h5py.Dataset]) -> str:
    """List datasets with their shapes, for a message."""
    return ", ".join(str(item) for item in _described(datasets))


def _axes(dataset: h5py.Dataset) -> list[str] | None:
    """Return the axes' names if the file says them.

    In our way, ilastik's, that of HDF5's labels of dimensions, or of its pictures in colour.
    """
    letters: list[str] | None = None
    names = set(dataset.attrs)
    own = text_of(dataset.attrs["axes"]) if "axes" in names else ""
    tags = text_of(dataset.attrs["axistags"]) if "axistags" in names else ""
    if tags:
        try:
            letters = [str(item["key"]) for item in json.loads(tags)["axes"]]
        except (ValueError, KeyError, TypeError):
            return None
    elif own and len(own) == dataset.ndim:
        letters = list(own)
    elif "DIMENSION_LABELS" in names:
        letters = known_letters(
            [text_of(name) for name in np.ravel(dataset.attrs["DIMENSION_LABELS"])]
        )
    elif "IMAGE_SUBCLASS" in names and text_of(dataset.attrs["IMAGE_SUBCLASS"]) == _COLOUR:
        mode = text_of(dataset.attrs.get("INTERLACE_MODE"))
        letters = list(_INTERLACED.get(mode, "yxs"))
    return letters if letters is not None and len(letters) == dataset.ndim else None


def _calibration(dataset: h5py.Dataset, planes: int) -> Calibration:
    """Return voxel size and origin: ours, else ilastik's and Fiji's, else the NeXus axes'."""
    attributes = dataset.attrs
    if "spacing" in attributes:
        unit = text_of(attributes.get("unit"))
        sizes, origin = _three(attributes["spacing"]), _three(attributes.get("origin", 0))
        return calibrate(sizes, (unit,) * 3, origin, planes=planes)
    if "element_size_um" in attributes:
        sizes = _three(attributes["element_size_um"])
        return calibrate(sizes, ("um",) * 3, planes=planes)
    return axes_calibration(dataset)


def _three(value: Any) -> list[Any]:
    """Return an attribute's last three numbers, repeating what is single."""
    numbers = list(np.ravel(value))
    return numbers[-3:] if len(numbers) >= 3 else [numbers[0] if numbers else 0] * 3


def _classes(dataset: h5py.Dataset) -> tuple[VolumeClass, ...]:
    """Return the classes that we wrote."""
    text = text_of(dataset.attrs.get("classes"))
    try:
        return classes_from_json(json.loads(text)) if text else ()
    except ValueError:
        return ()
