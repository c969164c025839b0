"""Whether the values of an HDF5 dataset can be read: filters, parts in other files, chunks.

HDF5 itself gives fill values, mostly zeros, for whatever isn't there.
"""

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py

from .address import Address
from .errors import VolumeError
from .outside import check_outside

_FILTERS = {
    4: "szip",
    307: "bzip2",
    32000: "LZF",
    32001: "Blosc",
    32004: "LZ4",
    32008: "bitshuffle",
    32012: "MAFISC",
    32013: "ZFP",
    32015: "Zstandard",
    32017: "SZ",
    32018: "FCIDECOMP",
    32024: "SZ3",
    32026: "Blosc2",
    32028: "SPERR",
}
_MOST_LOOKED_INTO = 4  # files of a virtual dataset; of the others only the name is looked for
_DEEPEST = 8  # virtual datasets of virtual datasets


def check_values(dataset: h5py.Dataset, address: Address) -> tuple[str, ...]:
    """Refuse a dataset whose values can't be read; say which were never written.

    Raises
    ------
    VolumeError
        If a filter or a file that it needs is missing; the message names it.
    """
    sources = dataset.virtual_sources() if dataset.is_virtual else []
    _check_dataset(dataset, sources, address, _DEEPEST)
    return _unwritten(dataset, sources)


def missing_file(
    group: h5py.Group, name: str, seen: frozenset[tuple[str, str]] = frozenset()
) -> str | None:
    """Return the file that a name in a group leads to and that isn't there; None if it's not that.

    A link on the way is enough: ``/entry/data`` may itself lie in another file. `seen` are groups
    and names that were followed on the way: links can lead in a circle.
    """
    parts = [part for part in name.split("/") if part]
    at: h5py.Group = group.file if name.startswith("/") else group
    for part in parts:
        link = at.get(part, getlink=True)
        try:
            below = at[part]
        except (KeyError, OSError, ValueError, RuntimeError):
            if isinstance(link, h5py.ExternalLink):
                return str(link.filename)
            if isinstance(link, h5py.SoftLink) and (way := (at.name, link.path)) not in seen:
                return missing_file(at, link.path, seen | {way})
            return None
        if not isinstance(below, h5py.Group):
            return None
        at = below
    return None


def _check_dataset(
    dataset: h5py.Dataset, sources: Sequence[Any], address: Address, depth: int
) -> None:
    """Look for the filters and files of a dataset, and of those that it is put together from."""
    properties = dataset.id.get_create_plist()
    _check_filters(properties, address)
    for number in range(properties.get_external_count()):
        text = os.fsdecode(properties.get_external(number)[0])
        if not os.path.isabs(text) and not os.environ.get("HDF5_EXTFILE_PREFIX"):
            text = str(Path.cwd() / text)
        if os.path.isabs(text) and not os.path.isfile(text):
            raise VolumeError(f"{address}: has its values in {text}, which isn't there")
        check_outside(address.path, text, "its values in")
    if not sources or not depth:
        return
    lost: list[str] = []
    master = Path(dataset.file.filename)
    parts = list({(item.file_name, item.dset_name): None for item in sources})
    step = max(1, len(parts) // _MOST_LOOKED_INTO)
    for number, (file_name, inner) in enumerate(parts):
        if file_name == ".":
            lost += _lost_inside(dataset.file, inner, "", address, depth)
            continue
        first = file_name.replace("%b", "0").replace("%%", "%")
        path = _find_source(master, first)
        if path is None:
            lost.append(first)
            continue
        for part in _series(path, file_name):
            check_outside(address.path, part, "a part of its values in")
        if (number % step == 0 or number == len(parts) - 1) and not _is_simple(path, inner):
            with h5py.File(path, "r") as file:
                lost += _lost_inside(file, inner, first, address, depth)
    if lost:
        names = sorted(set(lost))
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise VolumeError(
            f"{address}: is put together from other files, of which {names[0]}{more} can't be "
            f"found; copy them along, to {master.parent}"
        )


def _is_simple(path: Path, inner: str) -> bool:
    """Say whether a part of a virtual dataset is there, and needs no filter and no other file.

    It is what most are, and found out in half of the time that all of the questions take.
    """
    try:
        file = h5py.h5f.open(os.fsencode(path), h5py.h5f.ACC_RDONLY)
        properties = h5py.h5d.open(file, inner.encode()).get_create_plist()
    except (OSError, KeyError, ValueError, RuntimeError):
        return False
    simple = (h5py.h5d.CONTIGUOUS, h5py.h5d.CHUNKED, h5py.h5d.COMPACT)
    has_more = properties.get_nfilters() or properties.get_external_count()
    return properties.get_layout() in simple and not has_more


def _lost_inside(
    file: h5py.File, inner: str, called: str, address: Address, depth: int
) -> Iterator[str]:
    """Give what is missing of a part of a virtual dataset."""
    first = inner.replace("%b", "0").replace("%%", "%")
    try:
        part = file[first]
    except (KeyError, OSError, ValueError, RuntimeError):
        gone = missing_file(file, first)
        yield gone if gone is not None else f"{first} in {called or 'the file itself'}"
        return
    if isinstance(part, h5py.Dataset):
        sources = part.virtual_sources() if part.is_virtual else []
        _check_dataset(part, sources, address, depth - 1)


def _find_source(master: Path, name: str) -> Path | None:
    """Look for a file of a virtual dataset where HDF5 does, and in the same order."""
    folders = os.environ.get("HDF5_VDS_PREFIX", "").split(os.pathsep)
    is_whole = os.path.isabs(name)
    beside = os.path.basename(name) if is_whole else name
    home = str(master.parent)
    if is_whole and os.path.isfile(name):
        return Path(name)
    for folder in [item.replace("${ORIGIN}", home) for item in folders if item] + [home, ""]:
        if os.path.isfile(place := os.path.join(folder, beside)):
            return Path(place)
    place = os.path.join(os.path.dirname(os.path.realpath(master)), beside)
    return Path(place) if os.path.isfile(place) else None  # where a link to the master leads


def _series(first: Path, name: str) -> Iterator[Path]:
    """Give the files of a virtual dataset that a name with a number in it stands for."""
    yield first
    if "%b" in os.path.basename(name):
        pattern = os.path.basename(name).replace("%b", "*").replace("%%", "%")
        yield from first.parent.glob(pattern)


def _check_filters(properties: Any, address: Address) -> None:
    """Refuse values that went through a filter that isn't there, after looking for it."""
    for number in range(properties.get_nfilters()):
        code, _, _, told = properties.get_filter(number)
        if h5py.h5z.filter_avail(code):
            continue
        name = _FILTERS.get(code) or told.decode("utf-8", "replace") or "an unknown filter"
        compressed = f"{address}: is compressed with {name} (HDF5's filter {code}), which"
        try:
            import hdf5plugin  # noqa: F401  (registers its filters)
        except ImportError as error:
            raise VolumeError(
                f"{compressed} needs the package hdf5plugin; install it with: pip install "
                f"hdf5plugin, or with all formats: pip install 'supervox[formats]' ({error})"
            ) from error
        if not h5py.h5z.filter_avail(code):
            raise VolumeError(
                f"{compressed} neither HDF5 nor the package hdf5plugin has here; install its "
                "plugin, or write the file anew with gzip where it was made"
            )


def _unwritten(dataset: h5py.Dataset, sources: Sequence[Any]) -> tuple[str, ...]:
    """Say which values were never written: they count as the fill value."""
    if sources:
        if None in dataset.maxshape:
            return ()  # it grows with its files, whatever is mapped now
        mapped, size = sum(item.vspace.get_select_npoints() for item in sources), dataset.size
        if mapped >= size:
            return ()
        missing = f"{size - mapped} of its {size} voxels are in none of its files, and count as"
        return (f"{missing} {dataset.fillvalue}",)
    if dataset.chunks is None:
        if dataset.id.get_offset() is not None or dataset.id.get_storage_size():
            return ()
        return (f"no value of it was ever written: all voxels count as {dataset.fillvalue}",)
    counts = (
        -(-length // chunk) for length, chunk in zip(dataset.shape, dataset.chunks, strict=True)
    )
    expected, written = math.prod(counts), dataset.id.get_num_chunks()
    if written >= expected:
        return ()
    return (
        f"{expected - written} of its {expected} chunks were never written, and count as "
        f"{dataset.fillvalue}: in an image, its acquisition or writing was perhaps not finished",
    )
