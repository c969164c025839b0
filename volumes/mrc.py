"""The MRC family: .mrc, .rec, .st, .map of electron and soft X-ray tomography.

Lengths are in angstrom in the file and given in nm. Headers in the wild are often wrong; what
`mrcfile` or we doubt about one becomes a note of the volume, and only what leaves the values
unreadable is an error. Values are mapped, not read.
"""

import datetime
import logging
import os
import struct
import warnings
from typing import Any

import numpy as np
from mrcfile.dtypes import HEADER_DTYPE
from mrcfile.mrcfile import MrcFile

from .address import Address
from .arrays import Array
from .axes import arrange
from .calibration import Calibration, calibrate, convert
from .errors import VolumeError
from .formats import WriteRequest
from .volume import Volume

_NAME = "MRC"
_HEADER_BYTES = HEADER_DTYPE.itemsize
_MODES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2"}
_REFUSED_MODES = {
    3: "complex numbers (mode 3)",
    4: "complex numbers (mode 4); save its magnitude",
    16: "RGB pictures (mode 16)",
    101: "4-bit numbers (mode 101); convert it with 'newstack -mode 1'",
}
_IMOD_STAMP = 1146047817
_logger = logging.getLogger(__name__)


def open_mrc(address: Address) -> Volume:
    """Open an MRC file of any mode that holds real numbers, memory-mapped."""
    path = address.path
    if path.stat().st_size < _HEADER_BYTES:
        raise VolumeError(
            f"{path}: is cut short, an MRC header alone has {_HEADER_BYTES} bytes; copy it again"
        )
    header, notes = _read_header(address)
    dtype = _dtype(header, address)
    shape = (int(header.nz), int(header.ny), int(header.nx))
    offset = _HEADER_BYTES + int(header.nsymbt)
    notes += _check_size(address, shape, dtype, offset)
    source = np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape)
    axes, doubts = _axes(header)
    notes += doubts
    for note in notes:
        _logger.warning("%s: %s", path, note)
    return Volume.make(
        arrange(source, axes, address, _NAME),
        _calibration(header),
        address,
        _NAME,
        notes=notes,
        metadata={"mode": int(header.mode), "labels": _labels(header)},
    )


def _read_header(address: Address) -> tuple[Any, tuple[str, ...]]:
    """Read the header, whatever its byte order, and collect what `mrcfile` doubts."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with MrcFile(address.path, mode="r", permissive=True, header_only=True) as file:
            header = file.header
    sizes = (int(header.nx), int(header.ny), int(header.nz))
    if min(sizes) < 1 or int(header.nsymbt) < 0:
        raise VolumeError(
            f"{address.path}: isn't an MRC file, or its header is damaged (sizes {sizes}); "
            "export it again"
        )
    return header, tuple(str(item.message).replace("\n", " ") for item in caught)


def _dtype(header: Any, address: Address) -> np.dtype[Any]:
    """Return the type of the values in the file."""
    mode = int(header.mode)
    if mode not in _MODES:
        what = _REFUSED_MODES.get(mode, f"values of the unknown mode {mode}; it may be damaged")
        raise VolumeError(f"{address.path}: holds {what}")
    code = _MODES[mode]
    if mode == 0 and _imod_bytes_are_unsigned(header):
        code = "u1"
    return np.dtype(code).newbyteorder(header.mode.dtype.byteorder)


def _imod_bytes_are_unsigned(header: Any) -> bool:
    """Say whether IMOD wrote the file, and its bytes from 0 to 255 as it long did."""
    order = ">" if header.mode.dtype.byteorder == ">" else "<"
    stamp, flags = struct.unpack_from(f"{order}ii", header.extra2.tobytes(), 40)
    return bool(stamp == _IMOD_STAMP and not flags & 1)


def _check_size(
    address: Address, shape: tuple[int, int, int], dtype: np.dtype[Any], offset: int
) -> tuple[str, ...]:
    """Compare the file's size with what the header promises."""
    expected = offset + shape[0] * shape[1] * shape[2] * dtype.itemsize
    found = address.path.stat().st_size
    if found < expected:
        raise VolumeError(
            f"{address.path}: is cut short, it has {found} bytes of the {expected} that its header "
            "promises; copy it again"
        )
    if found > expected:
        return (f"the file has {found - expected} bytes more than its header says",)
    return ()


def _axes(header: Any) -> tuple[str, tuple[str, ...]]:
    """Return which axes sections, rows and columns are."""
    order = (int(header.maps), int(header.mapr), int(header.mapc))
    if sorted(order) != [1, 2, 3]:
        if order == (0, 0, 0):
            return "zyx", ()
        return "zyx", (f"the axis order {order} in the header is invalid and was ignored",)
    return "".join("xyz"[axis - 1] for axis in order), ()


def _calibration(header: Any) -> Calibration:
    """Return voxel size and origin in nm."""
    sizes: list[float] = []
    for axis in "zyx":
        intervals = int(header[f"m{axis}"])
        cell = float(header.cella[axis])
        sizes.append(convert(cell / intervals, "angstrom", "nm") if intervals > 0 else 0.0)
    if sizes == [0.0, 0.0, 0.0]:
        return Calibration()
    origin = [convert(float(header.origin[axis]), "angstrom", "nm") for axis in "zyx"]
    return calibrate(sizes, ("nm", "nm", "nm"), origin)


def _labels(header: Any) -> list[str]:
    """Return the header's lines of text."""
    count = min(max(int(header.nlabl), 0), 10)
    return [bytes(line).decode("latin-1").strip("\0 ") for line in header.label[:count]]


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
            self._squares += float(np.vdot(values, values))
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
        header["cella"][axis] = convert(size * length, unit, "angstrom")
        header["origin"][axis] = convert(place, unit, "angstrom")
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")
    header["nlabl"], header["label"][0] = 1, f"Created by supervox {now} UTC".encode()
    return header
