"""Whether the values of an HDF5 dataset can be read: filters, parts in other files, chunks.

HDF5 itself gives fill values, mostly zeros, for whatever isn't there.
"""

import itertools
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py

from .address import Address
from .errors import VolumeError
from .hdf5_outside import Door, places
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
_DEEPEST = 8  # virtual datasets of virtual datasets


def check_values(dataset: h5py.Dataset, address: Address, door: Door) -> tuple[str, ...]:
    """Refuse a dataset whose values can't be read; say which were never written.

    Raises
    ------
    VolumeError
        If a filter or a file that it needs is missing, or a file isn't to be read; the message
        names it.
    """
    sources = dataset.virtual_sources() if dataset.is_virtual else []
    _check_dataset(dataset, sources, address, door, _DEEPEST)
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
    dataset: h5py.Dataset, sources: Sequence[Any], address: Address, door: Door, depth: int
) -> None:
    """Look for the filters and files of a dataset, and of those that it is put together from."""
    properties = dataset.id.get_create_plist()
    _check_filters(properties, address)
    for index in range(properties.get_external_count()):
        text = os.fsdecode(properties.get_external(index)[0])
        if not os.path.isabs(text) and not os.environ.get("HDF5_EXTFILE_PREFIX"):
            text = str(Path.cwd() / text)
        if os.path.isabs(text) and not os.path.isfile(text):
            raise VolumeError(f"{address}: has its values in {text}, which isn't there")
        check_outside(address.path, text, "its values in")
    if not sources:
        return
    if not depth:
        raise VolumeError(
            f"{address}: is put together from virtual datasets of virtual datasets, more than "
            f"{_DEEPEST} deep or in a circle; write it anew as one dataset"
        )
    master = Path(dataset.file.filename)
    parts = dict.fromkeys((item.file_name, item.dset_name) for item in sources)
    blocks = [block for part in parts for block in _blocks(master, *part)]
    door.admit((there for _, there, _, _ in blocks), "a part of its values in")
    lost: list[str] = []
    for name, there, inner, number in blocks:
        if name == ".":
            lost += _lost_inside(dataset.file, "", inner, number, address, door, depth)
        elif not any(map(os.path.isfile, there)):
            lost.append(name)
        else:
            with door.open(door.first(there))[0] as file:
                lost += _lost_inside(file, name, inner, number, address, door, depth)
    if lost:
        names = sorted(set(lost))
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise VolumeError(
            f"{address}: is put together from other files, of which {names[0]}{more} can't be "
            f"found; copy them along, to {master.parent}"
        )


def _blocks(
    master: Path, file_name: str, inner: str
) -> Iterator[tuple[str, list[Path], str, int | None]]:
    """Give the files that a part of a virtual dataset names: one, or a series while it goes on.

    Each with the places where it may be, the dataset in it, and the number of both in a series.
    """
    if file_name == ".":
        yield ".", [], inner, None
        return
    is_series = _numbered(file_name, 0) != _numbered(file_name, 1)
    for number in itertools.count():
        name = _numbered(file_name, number)
        there = list(places(master, name, "HDF5_VDS_PREFIX"))
        if there or number == 0:
            yield name, there, inner, number if is_series else None
        if not there or not is_series:
            return


def _numbered(name: str, number: int) -> str:
    """Return a name of a virtual dataset's part, in which ``%b`` is a number and ``%%`` a sign."""
    return "%".join(piece.replace("%b", str(number)) for piece in name.split("%%"))


def _lost_inside(
    file: h5py.File,
    called: str,
    inner: str,
    number: int | None,
    address: Address,
    door: Door,
    depth: int,
) -> Iterator[str]:
    """Give what is missing of a part of a virtual dataset: of one number, or of all there are."""
    for n in itertools.count() if number is None else (number,):
        name = _numbered(inner, n)
        try:
            part = file[name]
        except (KeyError, OSError, ValueError, RuntimeError):
            if n == 0 or number is not None:
                gone = missing_file(file, name)
                yield gone if gone is not None else f"{name} in {called or 'the file itself'}"
            return
        key = (part.file.filename, str(part.name), depth)
        if isinstance(part, h5py.Dataset) and key not in door.checked:
            door.checked.add(key)
            sources = part.virtual_sources() if part.is_virtual else []
            _check_dataset(part, sources, address, door, depth - 1)
        if name == _numbered(inner, n + 1):
            return


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
