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
from .arrays import Array
from .axes import arrange
from .calibration import Calibration, calibrate
from .errors import VolumeError, needing
from .orientation import Orientation, orient, wants_stored
from .stored_values import StoredValues
from .volume import Volume, VolumeClass

_NAME = "NRRD"
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
    """Open a NRRD file: raw values are mapped, compressed ones unpacked at the first look."""
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
    spare = _spare_bytes(block, start + skip, packed, address) if skip >= 0 else 0
    named = letters[::-1] if len(spatial) in (2, 3) else None
    data = arrange(block, named, address, _NAME)
    return Volume.make(
        data,
        _calibration(header, orientation, spatial, data.shape[0]),
        address,
        _NAME,
        notes=_notes(header, orientation, spare),
        classes=_segments(header, address, lengths),
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


def _spare_bytes(block: StoredValues, start: int, packed: str | None, address: Address) -> int:
    """Return how many bytes lie behind the values, and refuse a file that has too few."""
    found = address.path.stat().st_size - start
    if packed is None and found < block.nbytes:
        raise VolumeError(
            f"{address.path}: is cut short, it has {max(found, 0)} bytes of values of the "
            f"{block.nbytes} that its header promises; copy it again"
        )
    return found - block.nbytes if packed is None else 0


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


def _segments(
    header: Mapping[str, Any], address: Address, lengths: tuple[int, ...]
) -> tuple[VolumeClass, ...]:
    """Return the segments that Slicer, or we, named; of several layers, those of the one read.

    Slicer numbers the segments of each layer anew. Before version 4.11 it said neither value nor
    layer: each segment was a layer of ones.
    """
    numbers = sorted(int(m[1]) for key in header if (m := re.fullmatch(r"Segment(\d+)_ID", key)))
    old = not any(f"Segment{n}_LabelValue" in header for n in numbers) and len(lengths) == 4
    layers = {n: str(n if old else header.get(f"Segment{n}_Layer", "0")).strip() for n in numbers}
    wanted = address.settings.get("c", "0")
    in_layers = len(lengths) == 4 and len(set(layers.values())) > 1
    found: list[VolumeClass] = []
    for n in numbers:
        value = "1" if old else str(header.get(f"Segment{n}_LabelValue", ""))
        if value.isdecimal() and (not in_layers or layers[n] == wanted):
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
