"""HDF5 and NeXus: which dataset is the volume, and what its attributes say."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from .address import Address
from .axes import arrange
from .calibration import Calibration, calibrate
from .errors import Candidate, VolumeError
from .nexus import axes_calibration, default_signal, marked_signals
from .volume import Volume, VolumeClass, classes_from_json

_NAME = "HDF5"


def open_hdf5(address: Address) -> Volume:
    """Open a dataset of an HDF5 file, the one named or the one that is meant."""
    if not h5py.is_hdf5(address.path):
        raise VolumeError(
            f"{address.path}: isn't an HDF5 file, or its beginning is damaged; export it again"
        )
    file = h5py.File(address.path, "r")
    try:
        dataset = _find(file, address)
        exact = Address(address.path, dataset.name, address.settings)
        _check_sources(dataset, exact)
        return Volume.make(
            arrange(dataset, _axes(dataset), exact, _NAME),
            _calibration(dataset),
            exact,
            _NAME,
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
        except (KeyError, ValueError) as error:
            raise VolumeError(
                f"{address.path}: there is no {address.inner!r} in it (or its link leads nowhere); "
                f"it holds {_listing(_candidates(file)) or 'no volume'}",
                _described(_candidates(file)),
            ) from error
        if isinstance(item, h5py.Dataset):
            return item
        group = item
    signal = default_signal(group)
    if signal is not None:
        return signal
    candidates = _candidates(group)
    for wanted in (_is_volume, lambda shape: len(shape) > 3, lambda shape: True):
        chosen = [item for item in candidates if wanted(item.shape)]
        marked = marked_signals(chosen)
        if len(chosen) == 1 or len(marked) == 1:
            return (marked or chosen)[0]
        if chosen:
            raise VolumeError(
                f"{address.path}: holds several volumes, pick one with "
                f"'{address.path.name}::PATH': {_listing(chosen)}",
                _described(chosen),
            )
    raise VolumeError(f"{address}: holds no dataset with planes, rows and columns")


def _is_volume(shape: Sequence[int]) -> bool:
    """Say whether a shape is that of one volume."""
    return len(shape) >= 3 and sum(length > 1 for length in shape) == 3


def _candidates(group: h5py.Group) -> list[h5py.Dataset]:
    """Return every dataset of numbers with two dimensions or more, each once."""
    return [
        item
        for item in _walk(group, set())
        if len(item.shape or ()) >= 2 and item.dtype.kind in "biufc"
    ]


def _walk(group: h5py.Group, seen: set[tuple[str, int]]) -> Iterator[h5py.Dataset]:
    """Go through datasets, links followed; one with several names is met once."""
    for name in group:
        try:
            item = group[name]
        except (KeyError, OSError):
            continue  # a link to something that isn't there holds no volume
        key = (item.file.filename, h5py.h5o.get_info(item.id).addr)
        if key in seen:
            continue
        seen.add(key)
        if isinstance(item, h5py.Dataset):
            yield item
        elif isinstance(item, h5py.Group):
            yield from _walk(item, seen)


def _described(datasets: Sequence[h5py.Dataset]) -> tuple[Candidate, ...]:
    """Return what there is to choose from."""
    return tuple(Candidate(item.name, tuple(item.shape), str(item.dtype)) for item in datasets)


def _listing(datasets: Sequence[h5py.Dataset]) -> str:
    """List datasets with their shapes, for a message."""
    return ", ".join(str(item) for item in _described(datasets))


def _check_sources(dataset: h5py.Dataset, address: Address) -> None:
    """Refuse a virtual dataset whose parts are missing: HDF5 would give zeros for them."""
    if not dataset.is_virtual:
        return
    home = Path(dataset.file.filename).parent
    names = {source.file_name for source in dataset.virtual_sources()} - {"."}
    missing = sorted(name for name in names if "%" not in name and not (home / name).is_file())
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise VolumeError(
            f"{address}: is put together from other files, of which {missing[0]}{more} can't be "
            f"found; copy them along, to {home}"
        )


def _axes(dataset: h5py.Dataset) -> list[str] | None:
    """Return the axes' letters if the file says them: our way, or ilastik's."""
    letters: list[str] | None = None
    own = dataset.attrs.get("axes")
    tags = dataset.attrs.get("axistags")
    if isinstance(own, str):
        letters = list(own)
    elif isinstance(tags, str | bytes):
        try:
            letters = [str(item["key"]) for item in json.loads(tags)["axes"]]
        except (ValueError, KeyError, TypeError):
            return None
    return letters if letters is not None and len(letters) == dataset.ndim else None


def _calibration(dataset: h5py.Dataset) -> Calibration:
    """Return voxel size and origin: ours, else ilastik's and Fiji's, else the NeXus axes'."""
    attributes = dataset.attrs
    if "spacing" in attributes:
        unit = attributes.get("unit")
        return calibrate(
            _three(attributes["spacing"]), (unit,) * 3, _three(attributes.get("origin", 0))
        )
    if "element_size_um" in attributes:
        return calibrate(_three(attributes["element_size_um"]), ("um",) * 3)
    return axes_calibration(dataset)


def _three(value: Any) -> list[Any]:
    """Return an attribute's last three numbers, repeating what is single."""
    numbers = list(np.ravel(value))
    return numbers[-3:] if len(numbers) >= 3 else [numbers[0] if numbers else 0] * 3


def _classes(dataset: h5py.Dataset) -> tuple[VolumeClass, ...]:
    """Return the classes that we wrote."""
    text = dataset.attrs.get("classes")
    try:
        return classes_from_json(json.loads(text)) if isinstance(text, str) else ()
    except ValueError:
        return ()
