"""Writing MRC: planes behind a header that is completed at the end."""

import os
from typing import Any

import numpy as np

from .arrays import Array
from .calibration import convert_length
from .formats import WriteRequest
from .mrc import HEADER_DTYPE, MODES


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
    header["mode"] = {np.dtype(code): mode for mode, code in MODES.items()}[stored]
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
