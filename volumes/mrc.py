"""The MRC family: .mrc, .rec, .st, .map and more, of electron and soft X-ray tomography.

Lengths are in angstrom in the file and given in nm. Headers in the wild are often wrong; what
we doubt about one becomes a note of the volume, and only what leaves the values unreadable is an
error. Values are read where they are sliced; those of packed files (``.map.gz``) are unpacked at
the first look.
"""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .address import Address
from .arrays import Array
from .axes import arrange
from .calibration import Calibration, calibrate, convert_length, times
from .errors import VolumeError
from .file_values import FileValues
from .formats import WriteRequest
from .stored_values import StoredValues, opened, packing_of
from .volume import Volume

_NAME = "MRC"
_MODES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2"}
_REFUSED_MODES = {
    3: "complex numbers (mode 3)",
    4: "complex numbers (mode 4); save its magnitude",
    16: "RGB pictures (mode 16)",
    101: "4-bit numbers (mode 101); convert it with 'newstack -mode 1'",
}
# The 1024 bytes of MRC2014 (Cheng et al., J. Struct. Biol. 192, 2015), little-endian.
_XYZ = [("x", "<f4"), ("y", "<f4"), ("z", "<f4")]
HEADER_DTYPE = np.dtype(
    [
        *((name, "<i4") for name in ("nx", "ny", "nz", "mode", "nxstart", "nystart", "nzstart")),
        *((name, "<i4") for name in ("mx", "my", "mz")),
        ("cella", _XYZ),
        ("cellb", [("alpha", "<f4"), ("beta", "<f4"), ("gamma", "<f4")]),
        *((name, "<i4") for name in ("mapc", "mapr", "maps")),
        *((name, "<f4") for name in ("dmin", "dmax", "dmean")),
        *((name, "<i4") for name in ("ispg", "nsymbt")),
        ("extra1", "V8"),
        ("exttyp", "S4"),
        ("nversion", "<i4"),
        ("extra2", "V84"),
        ("origin", _XYZ),
        ("map", "S4"),
        ("machst", "u1", (4,)),
        ("rms", "<f4"),
        ("nlabl", "<i4"),
        ("label", "S80", (10,)),
    ]
)
_IMOD_STAMP = 1146047817
_RIGHT = 0.1  # degrees by which an angle may differ from a right one
_STAMPS = {b"\x44": "<", b"\x11": ">"}


def open_mrc(address: Address) -> Volume:
    """Open an MRC file of any mode that holds real numbers."""
    size = address.path.stat().st_size
    packed, header, notes = _read_header(address, size)
    dtype = _dtype(header, address)
    values_bytes = math.prod(_shape(header)) * dtype.itemsize
    found = _bytes_unpacked(address.path, packed) if packed else size
    offset, doubts = _offset(header, values_bytes, found, address, is_packed=packed is not None)
    source: Any
    if packed:
        source = StoredValues(address.path, offset, _shape(header), dtype, packed=packed)
    else:
        source = FileValues(address.path, dtype, offset, _shape(header))
    if dtype.itemsize == 1 and _imod_bytes_are_shifted(header):
        source = _ShiftedBytes(source)
    axes, more = _axes(header)
    data = arrange(source, axes, address, _NAME)
    return Volume.make(
        data,
        _calibration(header, axes, data.shape[0]),
        address,
        _NAME,
        notes=notes + doubts + more,
        metadata={"mode": int(header["mode"]), "labels": _labels(header)},
    )


def _read_header(address: Address, size: int) -> tuple[str | None, Array, tuple[str, ...]]:
    """Read the header in the byte order in which it makes sense, and say what is odd about it.

    Before it comes how the file is packed.
    """
    with address.path.open("rb") as file:
        content = file.read(HEADER_DTYPE.itemsize)
    packed = packing_of(content)
    if packed is not None:
        with opened(address.path, packed) as file:
            content = file.read(HEADER_DTYPE.itemsize)
    if len(content) < HEADER_DTYPE.itemsize:
        raise VolumeError(
            f"{address.path}: is cut short, an MRC header alone has {HEADER_DTYPE.itemsize} bytes; "
            "copy it again"
        )
    found = np.frombuffer(content, dtype=HEADER_DTYPE.newbyteorder("<")).reshape(())
    notes: tuple[str, ...] = ()
    stated = _STAMPS.get(content[212:213], "")
    if not stated:
        notes += (f"the machine stamp {content[212:216].hex(' ')} isn't a known one",)
    orders: tuple[Literal["<", ">"], ...] = (">", "<") if stated == ">" else ("<", ">")
    headers = [found.view(HEADER_DTYPE.newbyteorder(order)) for order in orders]
    fitting = [header for header in headers if _makes_sense(header, None if packed else size)]
    plausible = [header for header in headers if _makes_sense(header, None)]
    if not plausible:
        raise VolumeError(
            f"{address.path}: isn't an MRC file, or its header is damaged (sizes "
            f"{_shape(headers[0])}, mode {headers[0]['mode']}); export it again"
        )
    chosen = (fitting or plausible)[0]
    if stated and chosen is not headers[0]:
        notes += ("the machine stamp contradicts the header's byte order and was ignored",)
    if content[208:211] != b"MAP":
        notes += ("the header has no 'MAP' mark",)
    return packed, chosen, notes


def _makes_sense(header: Array, size: int | None) -> bool:
    """Say whether a header read in one byte order describes a volume that fits in the file."""
    mode = int(header["mode"])
    if min(_shape(header)) < 1:
        return False
    if mode not in _MODES:
        return mode in _REFUSED_MODES
    itemsize = np.dtype(_MODES[mode]).itemsize
    return size is None or HEADER_DTYPE.itemsize + math.prod(_shape(header)) * itemsize <= size


def _shape(header: Array) -> tuple[int, int, int]:
    """Return the number of sections, rows and columns."""
    return int(header["nz"]), int(header["ny"]), int(header["nx"])


def _bytes_unpacked(path: Path, packed: str) -> int | None:
    """Return how many bytes there are, unpacked; None if only unpacking would tell."""
    if packed != "gzip":
        return None
    with path.open("rb") as file:  # gzip notes it at its end, up to 4 GiB
        file.seek(-4, os.SEEK_END)
        return int.from_bytes(file.read(4), "little")


def _offset(
    header: Array, values_bytes: int, size: int | None, address: Address, *, is_packed: bool
) -> tuple[int, tuple[str, ...]]:
    """Return where the values begin, and what is odd about it.

    Programs that process volumes copy the header of their input, and leave out the extended one
    that its length is of.
    """
    own, extended = HEADER_DTYPE.itemsize, int(header["nsymbt"])
    if extended and size == own + values_bytes:
        return own, (
            f"the header tells of an extended header of {extended} bytes that isn't there; the "
            f"values are read from byte {own} on",
        )
    if extended < 0:
        raise VolumeError(
            f"{address.path}: isn't an MRC file, or its header is damaged (an extended header of "
            f"{extended} bytes); export it again"
        )
    expected = own + extended + values_bytes
    if is_packed or size is None:
        return own + extended, ()  # what is cut short is told when it is unpacked
    if size < expected:
        raise VolumeError(
            f"{address.path}: is cut short, it has {size} bytes of the {expected} that its header "
            "promises; copy it again"
        )
    if size > expected:
        return own + extended, (f"the file has {size - expected} bytes more than its header says",)
    return own + extended, ()


def _dtype(header: Array, address: Address) -> np.dtype[Any]:
    """Return the type of the values in the file."""
    mode = int(header["mode"])
    if mode in _REFUSED_MODES:
        raise VolumeError(f"{address.path}: holds {_REFUSED_MODES[mode]}")
    code = "u1" if mode == 0 and _imod_bytes_are_unsigned(header) else _MODES[mode]
    return np.dtype(code).newbyteorder(header["mode"].dtype.byteorder)


def _imod_flags(header: Array) -> int | None:
    """Return the flags of a file that IMOD wrote; None if another program did."""
    stamp, flags = np.frombuffer(
        header["extra2"].tobytes(), dtype=header["mode"].dtype, count=2, offset=40
    )
    return int(flags) if stamp == _IMOD_STAMP else None


def _imod_bytes_are_unsigned(header: Array) -> bool:
    """Say whether IMOD wrote the file, and its bytes from 0 to 255 as it long did."""
    flags = _imod_flags(header)
    return flags is not None and not flags & 1


def _imod_bytes_are_shifted(header: Array) -> bool:
    """Say whether IMOD wrote bytes from 0 to 255 as MRC has them: less 128, with a sign."""
    flags = _imod_flags(header)
    return flags is not None and bool(flags & 1)


class _ShiftedBytes:
    """IMOD's bytes from 0 to 255 of those from -128 to 127 that are stored."""

    dtype = np.dtype(np.uint8)

    def __init__(self, stored: Any) -> None:
        self._stored = stored
        self.shape = stored.shape

    def __getitem__(self, key: Any) -> Array:
        part: Array = np.asarray(self._stored[key]).view(np.uint8) ^ np.uint8(128)
        return part


def _axes(header: Array) -> tuple[str, tuple[str, ...]]:
    """Return which axes sections, rows and columns are."""
    order = (int(header["maps"]), int(header["mapr"]), int(header["mapc"]))
    if sorted(order) != [1, 2, 3]:
        if order == (0, 0, 0):
            return "zyx", ()
        return "zyx", (f"the axis order {order} in the header is invalid and was ignored",)
    return "".join("xyz"[axis - 1] for axis in order), ()


def _calibration(header: Array, axes: str, planes: int) -> Calibration:
    """Return voxel size and origin in nm."""
    sizes: list[float] = []
    for axis in "zyx":
        intervals = int(header[f"m{axis}"])
        cell = float(header["cella"][axis])
        sizes.append(convert_length(cell / intervals, "angstrom", "nm") if intervals > 0 else 0.0)
    if sizes == [0.0, 0.0, 0.0]:
        return Calibration()
    origin = [convert_length(float(header["origin"][axis]), "angstrom", "nm") for axis in "zyx"]
    if not any(origin):  # crystallography's way: the first voxel counted from the cell's corner
        starts = dict(zip(axes, ("nzstart", "nystart", "nxstart"), strict=True))
        origin = [int(header[starts[axis]]) * size for axis, size in zip("zyx", sizes, strict=True)]
    found = calibrate(sizes, ("nm", "nm", "nm"), origin, planes=planes)
    angles = [float(header["cellb"][name]) for name in ("alpha", "beta", "gamma")]
    if any(angles) and max(abs(angle - 90) for angle in angles) > _RIGHT:
        skew = f"the cell has angles of {times(angles)} degrees, which are ignored"
        return replace(found, notes=(*found.notes, skew))
    return found


def _labels(header: Array) -> list[str]:
    """Return the header's lines of text."""
    count = min(max(int(header["nlabl"]), 0), 10)
    return [bytes(line).decode("latin-1").strip("\0 ") for line in header["label"][:count]]


class _MrcSink:
    """Writes planes behind a header that is completed at the end.

    The file is written, not mapped: a full disk is then an error rather than a crash.
    """

    preferred_planes = 1

    def __init__(self, request: WriteRequest) -> None:
        self._stored = np.dtype("u2") if request.dtype == np.uint8 else request.dtype
        self._header = _new_header(request, self._stored)
        self._file = request.path.open("xb")
        self._file.write(self._header.tobytes())
        self._low, self._high, self._sum, self._squares, self._count = np.inf, -np.inf, 0.0, 0.0, 0

    def write(self, planes: Array) -> None:
        """Append planes (n, Y, X)."""
        self._file.write(planes.astype(self._stored.newbyteorder("<")).tobytes())
        for plane in planes:
            values = plane.astype(np.float64)
            self._low = min(self._low, float(values.min()))
            self._high = max(self._high, float(values.max()))
            self._sum += float(values.sum())
            self._squares += float(np.square(values).sum())
            self._count += values.size

    def close(self) -> None:
        """Complete the header with the values' range, mean and deviation."""
        with self._file:
            if self._count:
                mean = self._sum / self._count
                self._header["dmin"], self._header["dmax"] = self._low, self._high
                self._header["dmean"] = mean
                self._header["rms"] = max(0.0, self._squares / self._count - mean**2) ** 0.5
            self._file.seek(0, os.SEEK_SET)
            self._file.write(self._header.tobytes())


def create_mrc(request: WriteRequest) -> _MrcSink:
    """Make an MRC file; uint8 is stored as uint16 (mode 6), for MRC's bytes are signed."""
    return _MrcSink(request)


def _new_header(request: WriteRequest, stored: np.dtype[Any]) -> Array:
    """Return an MRC2014 header in little-endian order."""
    header = np.zeros((), dtype=HEADER_DTYPE.newbyteorder("<"))
    depth, rows, columns = request.shape
    header["nx"], header["ny"], header["nz"] = columns, rows, depth
    header["mx"], header["my"], header["mz"] = columns, rows, depth
    header["mode"] = {np.dtype(code): mode for mode, code in _MODES.items()}[stored]
    header["mapc"], header["mapr"], header["maps"] = 1, 2, 3
    header["cellb"]["alpha"] = header["cellb"]["beta"] = header["cellb"]["gamma"] = 90
    header["ispg"], header["nversion"] = 1, 20140
    header["map"], header["machst"] = b"MAP ", (0x44, 0x44, 0, 0)
    unit = request.unit or "nm"
    for axis, length, size, place in zip(
        "zyx", request.shape, request.spacing or (0.0, 0.0, 0.0), request.origin, strict=True
    ):
        header["cella"][axis] = convert_length(size * length, unit, "angstrom")
        header["origin"][axis] = convert_length(place, unit, "angstrom")
    header["nlabl"], header["label"][0] = 1, b"Created by supervox"  # no time: same bytes twice
    return header
