"""NRRD read, and Slicer's segmentations (.seg.nrrd) with the names and colours of their segments.

The header is text, ``key: value`` and ``key:=value``; the fields of segments are those of
https://slicer.readthedocs.io/en/latest/developer_guide/modules/segmentations.html.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .address import Address
from .axes import arrange
from .calibration import Calibration, calibrate
from .errors import VolumeError, needing
from .orientation import Orientation, orient
from .stored_values import StoredValues
from .volume import Volume, VolumeClass

_NAME = "NRRD"
_LONGEST_HEADER = 2**22
_PACKED = {"raw": None, "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}
_TO_LPS = {"left-posterior-superior": (1, 1, 1), "right-anterior-superior": (-1, -1, 1)}
_SHORT_SPACES = {"lps": "left-posterior-superior", "ras": "right-anterior-superior"}
_WORDS = {  # for what NRRD calls by C's words, the others being int8, uint8_t and the like
    "int8": ("signed char",),
    "uint8": ("uchar", "unsigned char"),
    "int16": ("short", "short int", "signed short", "signed short int"),
    "uint16": ("ushort", "unsigned short", "unsigned short int"),
    "int32": ("int", "signed int"),
    "uint32": ("uint", "unsigned int"),
    "int64": ("longlong", "long long", "long long int", "signed long long", "signed long long int"),
    "uint64": ("ulonglong", "unsigned long long", "unsigned long long int"),
    "float32": ("float",),
    "float64": ("double",),
}
_TYPES = {word: name for name, words in _WORDS.items() for word in (name, f"{name}_t", *words)}


def open_nrrd(address: Address) -> Volume:
    """Open a NRRD file: raw values are mapped, compressed ones unpacked at the first look."""
    header, start = _read_header(address.path)
    packed = _encoding(header, address)
    lengths = tuple(int(length) for length in header["sizes"])
    letters, spatial = _axis_letters(header, len(lengths))
    orientation = _orientation(header, spatial, lengths)
    backwards: list[int] = []
    if orientation is not None:
        for axis, letter, back in zip(
            spatial, orientation.letters, orientation.backwards, strict=True
        ):
            letters[axis] = letter
            if back:
                backwards.append(len(lengths) - 1 - axis)  # the file's first axis is our last
    skip = int(header.get("byte skip", header.get("byteskip", 0)))
    block = StoredValues(
        address.path,
        skip if packed else start + skip,
        lengths[::-1],
        _dtype(header, address),
        packed=packed,
        skip=start,
        flipped=backwards,
    )
    _check_size(block, start + skip, packed, address)
    named = letters[::-1] if len(spatial) in (2, 3) else None
    return Volume.make(
        arrange(block, named, address, _NAME),
        _calibration(header, orientation, spatial),
        address,
        _NAME,
        notes=orientation.notes if orientation else (),
        classes=_segments(header),
        metadata={"encoding": header["encoding"], "space": header.get("space", "not stated")},
    )


def _read_header(path: Path) -> tuple[Mapping[str, Any], int]:
    """Return the header's fields, and where what comes after it begins."""
    with needing("nrrd", path, _NAME):
        import nrrd
    lines, start = _header_lines(path)
    header: Mapping[str, Any] = nrrd.read_header(lines)
    if "data file" in header or "datafile" in header:
        raise VolumeError(f"{path}: has its values in another file; save it in one piece, as .nrrd")
    if len(header["sizes"]) != header["dimension"]:
        raise VolumeError(f"{path}: its header contradicts itself; export it again")
    return header, start


def _header_lines(path: Path) -> tuple[list[str], int]:
    """Return the header, up to its empty line, and where what comes after it begins."""
    with path.open("rb") as file:
        content = file.read(_LONGEST_HEADER)
    if not content.startswith(b"NRRD"):
        raise VolumeError(f"{path}: isn't a NRRD file; export it again")
    end = re.search(rb"\r?\n\r?\n", content)
    if end is None:
        raise VolumeError(f"{path}: is cut short within its header; copy it again")
    return content[: end.start()].decode("utf-8", "replace").splitlines(), end.end()


def _encoding(header: Mapping[str, Any], address: Address) -> str | None:
    """Return how the values are compressed."""
    encoding = str(header["encoding"]).lower()
    if encoding not in _PACKED or header.get("line skip", header.get("lineskip", 0)):
        raise VolumeError(
            f"{address.path}: its values are written as {encoding!r}, which supervox doesn't read; "
            "save it as raw or gzip"
        )
    return _PACKED[encoding]


def _dtype(header: Mapping[str, Any], address: Address) -> np.dtype[Any]:
    """Return the type of the values in the file."""
    name = _TYPES.get(str(header["type"]).lower())
    if name is None:
        raise VolumeError(f"{address.path}: holds {header['type']}, not numbers")
    big = header.get("endian", "little") == "big"
    return np.dtype(name).newbyteorder(">" if big else "<")


def _check_size(block: StoredValues, start: int, packed: str | None, address: Address) -> None:
    found = address.path.stat().st_size - start
    if packed is None and found < block.nbytes:
        raise VolumeError(
            f"{address.path}: is cut short, it has {max(found, 0)} bytes of values of the "
            f"{block.nbytes} that its header promises; copy it again"
        )


def _axis_letters(header: Mapping[str, Any], count: int) -> tuple[list[str], list[int]]:
    """Return a letter for each axis of the file, the fastest first, and which are spatial."""
    kinds = [str(kind).lower() for kind in header.get("kinds", [])]
    directions = header.get("space directions")
    if directions is not None:
        rows = list(directions)
        spatial = [i for i in range(count) if rows[i] is not None and not np.isnan(rows[i]).any()]
    elif kinds:
        spatial = [i for i, kind in enumerate(kinds) if kind in ("domain", "space")]
    else:
        spatial = list(range(count))
    letters = ["c"] * count
    for axis, letter in zip(spatial, "xyz", strict=False):
        letters[axis] = letter
    return letters, spatial


def _orientation(
    header: Mapping[str, Any], spatial: list[int], lengths: tuple[int, ...]
) -> Orientation | None:
    """Return how the axes lie in space; None where the header doesn't say in a way we know."""
    directions = header.get("space directions")
    space = str(header.get("space", "left-posterior-superior")).lower()
    signs = _TO_LPS.get(_SHORT_SPACES.get(space, space), (1, 1, 1))
    if directions is None or len(spatial) != 3:
        return None
    steps = np.array([list(directions)[i] for i in spatial], dtype=np.float64)
    if steps.shape != (3, 3) or not steps.any(axis=1).all():
        return None
    origin = np.array(header.get("space origin", (0.0, 0.0, 0.0)), dtype=np.float64)
    sizes = tuple(lengths[i] for i in spatial)
    return orient(steps * signs, np.nan_to_num(origin) * signs, sizes)


def _calibration(
    header: Mapping[str, Any], orientation: Orientation | None, spatial: list[int]
) -> Calibration:
    """Return voxel size and origin."""
    units = header.get("space units") or header.get("units") or [None] * 3
    unit = next((item for item in units if item), None)
    if orientation is not None:
        return calibrate(orientation.sizes, (unit,) * 3, orientation.origin)
    spacings = header.get("spacings")
    if spacings is None or len(spatial) != 3:
        return Calibration()
    return calibrate([spacings[i] for i in reversed(spatial)], (unit,) * 3)


def _segments(header: Mapping[str, Any]) -> tuple[VolumeClass, ...]:
    """Return the segments that Slicer, or we, named."""
    numbers = sorted(int(m[1]) for key in header if (m := re.fullmatch(r"Segment(\d+)_ID", key)))
    found: list[VolumeClass] = []
    for n in numbers:
        value = str(header.get(f"Segment{n}_LabelValue", ""))
        if value.isdecimal():
            name = str(header.get(f"Segment{n}_Name", header[f"Segment{n}_ID"]))
            colour = _colour(str(header.get(f"Segment{n}_Color", "")))
            if header.get(f"Segment{n}_ColorAutoGenerated") == "1":
                colour = None
            found.append(VolumeClass(int(value), name, colour))
    return tuple(found)


def _colour(text: str) -> str | None:
    """Return ``0.5 1 0`` as ``#80ff00``."""
    try:
        parts = [round(255 * float(part)) for part in text.split()]
    except ValueError:
        return None
    fits = len(parts) == 3 and all(0 <= part <= 255 for part in parts)
    return f"#{bytes(parts).hex()}" if fits else None
