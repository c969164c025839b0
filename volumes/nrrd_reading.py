"""NRRD read, and Slicer's segmentations (.seg.nrrd) with the names and colours of their segments.

The header is text, ``key: value`` and ``key:=value``.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .address import Address
from .arrays import Array
from .axes import arrange
from .calibration import Calibration, calibrate
from .errors import VolumeError, needing
from .nrrd_segments import segment_doubts, segments_of
from .orientation import Orientation, orient, wants_stored
from .stored_values import StoredValues
from .volume import Volume

_NAME = "NRRD"
_STRANGE = " strange fields"
_FIELDS = frozenset(
    (
        *("dimension", "type", "block size", "blocksize", "encoding", "endian", "content", "min"),
        *("max", "old min", "oldmin", "old max", "oldmax", "data file", "datafile", "line skip"),
        *("lineskip", "byte skip", "byteskip", "number", "sample units", "sampleunits", "sizes"),
        *("spacings", "thicknesses", "axis mins", "axismins", "axis maxs", "axismaxs", "centers"),
        *("centerings", "labels", "units", "kinds", "space", "space dimension", "space units"),
        *("space origin", "space directions", "measurement frame"),
    )
)
_LONGEST_HEADER = 2**22
_PACKED = {"raw": None, "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}
_TO_LPS = {  # by which the axes of a space are multiplied to run to the left, back and up
    "left-posterior-superior": (1, 1, 1),
    "left-anterior-superior": (1, -1, 1),
    "right-anterior-superior": (-1, -1, 1),
    "scanner-xyz": (1, 1, 1),
    "3d-right-handed": (1, 1, 1),
    "3d-left-handed": (1, 1, 1),
}
_SHORT_SPACES = {
    "lps": "left-posterior-superior",
    "las": "left-anterior-superior",
    "ras": "right-anterior-superior",
    "3dr": "3d-right-handed",
    "3dl": "3d-left-handed",
}
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
    """Open a NRRD file: raw values are read in parts, packed ones unpacked at the first look."""
    header, start = _read_header(address.path)
    packed = _encoding(header, address)
    lengths = tuple(int(length) for length in header["sizes"])
    letters, spatial = _axis_letters(header, len(lengths))
    as_stored, address = wants_stored(address)
    orientation = _orientation(header, spatial, lengths, as_stored=as_stored)
    backwards: list[int] = []
    if orientation is not None:
        for axis, letter, back in zip(
            spatial, orientation.letters, orientation.backwards, strict=True
        ):
            letters[axis] = letter
            if back:
                backwards.append(len(lengths) - 1 - axis)  # the file's first axis is our last
    start = _skip_lines(header, start, address.path)
    skip = int(header.get("byte skip", header.get("byteskip", 0)))
    block = StoredValues(
        address.path,
        skip if packed or skip < 0 else start + skip,
        lengths[::-1],
        _dtype(header, address),
        packed=packed,
        skip=start,
        flipped=backwards,
    )
    spare = block.spare_bytes() if skip >= 0 else 0
    named = letters[::-1] if len(spatial) in (2, 3) else None
    data = arrange(block, named, address, _NAME)
    return Volume.make(
        data,
        _calibration(header, orientation, spatial, data.shape[0]),
        address,
        _NAME,
        notes=_notes(header, orientation, spare),
        classes=segments_of(header, address, lengths),
        metadata={"encoding": header["encoding"], "space": header.get("space", "not stated")},
        turned=orientation.turned if orientation else None,
    )


def _notes(
    header: Mapping[str, Any], orientation: Orientation | None, spare: int
) -> tuple[str, ...]:
    """Say what of the header is doubted."""
    notes = orientation.notes if orientation else ()
    if spare:
        notes += (f"the file has {spare} bytes more than its header says",)
    notes += segment_doubts(header)
    notes += tuple(
        f"its header has a field {name!r}, which NRRD has not" for name in header[_STRANGE]
    )
    space = header.get("space")
    if orientation is not None and space is not None and _signs(header) is None:
        notes += (
            f"its space {space!r} isn't a known one; left-posterior-superior is taken for it",
        )
    return notes


def _read_header(path: Path) -> tuple[Mapping[str, Any], int]:
    """Return the header's fields, and where what comes after it begins."""
    with needing("nrrd", path, _NAME):
        import nrrd
    lines, start = _header_lines(path)
    header: dict[str, Any] = nrrd.read_header(lines)
    header[_STRANGE] = _strange_fields(lines)
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


def _skip_lines(header: Mapping[str, Any], start: int, path: Path) -> int:
    """Return where the values begin behind the lines of text that are to be left out."""
    lines = int(header.get("line skip", header.get("lineskip", 0)))
    if not lines:
        return start
    with path.open("rb") as file:
        file.seek(start)
        for _ in range(lines):
            if not file.readline(_LONGEST_HEADER):
                raise VolumeError(f"{path}: is cut short before its values; copy it again")
        return file.tell()


def _strange_fields(lines: list[str]) -> list[str]:
    """Return the fields of a header that NRRD doesn't have; what anybody may add has ``:=``."""
    named = [line.partition(": ")[0] for line in lines[1:] if line[:1] != "#" and ": " in line]
    return [name for name in named if ":=" not in name and name.strip().lower() not in _FIELDS]


def _encoding(header: Mapping[str, Any], address: Address) -> str | None:
    """Return how the values are compressed."""
    encoding = str(header["encoding"]).lower()
    if encoding not in _PACKED:
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


def _axis_letters(header: Mapping[str, Any], count: int) -> tuple[list[str], list[int]]:
    """Return a letter for each axis of the file, the fastest first, and which are spatial."""
    kinds = [str(kind).lower() for kind in header.get("kinds", [])]
    directions = header.get("space directions")
    times: set[int] = set()
    if directions is not None:
        rows = list(directions)
        spatial = [i for i in range(count) if rows[i] is not None and not np.isnan(rows[i]).any()]
        times = {i for i in spatial if len(rows[i]) == 4 and not np.any(rows[i][:3])}
        spatial = [i for i in spatial if i not in times]
    elif kinds:
        spatial = [i for i, kind in enumerate(kinds) if kind in ("domain", "space")]
    else:
        spatial = list(range(count))
    letters = ["t" if i in times or kinds[i : i + 1] == ["time"] else "c" for i in range(count)]
    for axis, letter in zip(spatial, "xyz", strict=False):
        letters[axis] = letter
    return letters, spatial


def _signs(header: Mapping[str, Any]) -> tuple[int, int, int] | None:
    """Return what takes the axes of the header's space to ours; None if it isn't a known one."""
    space = str(header.get("space", "left-posterior-superior")).strip().lower()
    space = space.removesuffix("-time")
    if len(space) == 4 and space.endswith("t"):
        space = space[:3]
    return _TO_LPS.get(_SHORT_SPACES.get(space, space))


def _steps(header: Mapping[str, Any], spatial: list[int]) -> list[Array]:
    """Return the step in space along each spatial axis; of four numbers the last is time."""
    return [np.array(list(header["space directions"])[i], np.float64)[:3] for i in spatial]


def _orientation(
    header: Mapping[str, Any], spatial: list[int], lengths: tuple[int, ...], *, as_stored: bool
) -> Orientation | None:
    """Return how the axes lie in space; None where the header doesn't say in a way we know."""
    if header.get("space directions") is None or len(spatial) != 3:
        return None
    steps = np.array(_steps(header, spatial))
    if steps.shape != (3, 3) or not steps.any(axis=1).all():
        return None
    signs = np.array(_signs(header) or (1, 1, 1))
    origin = np.array(header.get("space origin", (0.0, 0.0, 0.0)), dtype=np.float64)[:3]
    sizes = tuple(lengths[i] for i in spatial)
    return orient(steps * signs, np.nan_to_num(origin) * signs, sizes, as_stored=as_stored)


def _calibration(
    header: Mapping[str, Any], orientation: Orientation | None, spatial: list[int], planes: int
) -> Calibration:
    """Return voxel size and origin."""
    by_direction = list(header.get("space units") or [])[:3]  # of the space's x, y and z
    by_axis = list(header.get("units") or [])  # of the file's axes
    if by_direction:
        units = [*by_direction, None, None][2::-1]
    else:
        known = [by_axis[i] for i in spatial if i < len(by_axis)]
        units = [*known, None, None, None][2::-1]
        if orientation is not None:
            named = dict(zip(orientation.letters, [*known, None, None, None], strict=False))
            units = [named[axis] for axis in "zyx"]
    if orientation is not None:
        return calibrate(orientation.sizes, units, orientation.origin, planes=planes)
    if header.get("space directions") is not None and len(spatial) == 2:  # a picture
        sizes: list[Any] = [
            None,
            *(float(np.linalg.norm(s)) for s in _steps(header, spatial)[::-1]),
        ]
        return calibrate(sizes, units, planes=planes)
    spacings = header.get("spacings")
    if spacings is None or len(spatial) not in (2, 3):
        return Calibration()
    sizes = [spacings[i] for i in reversed(spatial)]
    return calibrate([*[None] * (3 - len(sizes)), *sizes], units, planes=planes)
