"""NumPy's .npy: one array. Object arrays, which hold code, are never read."""

import os

import numpy as np

from .address import Address
from .arrays import Array
from .axes import arrange
from .calibration import Calibration
from .errors import VolumeError
from .file_values import FileValues
from .formats import WriteRequest
from .volume import Volume

_NAME = "NumPy"


def open_numpy(address: Address) -> Volume:
    """Open a .npy file."""
    if address.inner is not None:
        raise VolumeError(f"{address.path}: is one array, there is no {address.inner!r} in it")
    try:
        found = np.load(address.path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        if "Python objects" not in str(error):
            raise
        raise VolumeError(
            f"{address.path}: holds Python objects, which may be code and are never loaded; save "
            "an array of numbers"
        ) from error
    if not isinstance(found, np.memmap):
        found.close()
        raise VolumeError(f"{address.path}: is an archive of arrays; save one with numpy.save")
    is_reversed = not found.flags.c_contiguous
    source = FileValues(
        address.path, found.dtype, found.offset, found.shape, is_reversed=is_reversed
    )
    return Volume.make(arrange(source, None, address, _NAME), Calibration(), address, _NAME)


class _NumpySink:
    """Writes planes behind a header; each class of probabilities in its own part of the file."""

    preferred_planes = 1

    def __init__(self, request: WriteRequest) -> None:
        self._shape = request.shape
        self._stored = request.dtype.newbyteorder("<")
        self._file = request.path.open("xb")
        np.lib.format.write_array_header_1_0(
            self._file,
            {"descr": self._stored.str, "fortran_order": False, "shape": request.shape},
        )
        self._start = self._file.tell()
        self._done = 0

    def write(self, planes: Array) -> None:
        """Append planes (n, Y, X) or (C, n, Y, X)."""
        depth, rows, columns = self._shape[-3:]
        plane_bytes = rows * columns * self._stored.itemsize
        for i, part in enumerate(planes if planes.ndim == 4 else [planes]):
            self._file.seek(self._start + (i * depth + self._done) * plane_bytes, os.SEEK_SET)
            self._file.write(part.astype(self._stored, copy=False).tobytes())
        self._done += planes.shape[-3]

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def create_numpy(request: WriteRequest) -> _NumpySink:
    """Make a .npy file: the values alone, without a voxel size."""
    return _NumpySink(request)
