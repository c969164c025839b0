"""Writing HDF5: one chunked dataset with our attributes, which ilastik and Fiji understand too."""

import io
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import h5py

from .arrays import Array
from .calibration import convert_length
from .formats import WriteRequest

_CHUNK = (16, 128, 128)


class _GuardedFile(io.RawIOBase):
    """A file whose first failed write is remembered and whose later ones are ignored.

    When a write fails (a full disk) HDF5 can't close its file any more: it tries again and again,
    and the process dies when the file's objects are collected. So it is told that all went well,
    and whoever uses this looks at `error`.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("x+b", buffering=0)
        self.error: OSError | None = None

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place in the file."""
        return self._file.tell()

    def readinto(self, buffer: Any) -> int:
        """Read; what a failed write should have put there is zeros."""
        view = memoryview(buffer).cast("B")
        count = self._file.readinto(view) or 0
        if self.error is None:
            return count
        view[count:] = bytes(len(view) - count)
        return len(view)

    def write(self, data: Any) -> int:
        """Write all of it, unless a write failed before."""
        view = memoryview(data).cast("B")
        done = 0
        while self.error is None and done < len(view):
            try:
                done += self._file.write(view[done:])
            except OSError as error:
                self.error = error
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        """Set the length of the file, unless a write failed before."""
        if self.error is None:
            try:
                self._file.truncate(size)
            except OSError as error:
                self.error = error
        return size or 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


class _Hdf5Sink:
    """Appends planes to a dataset."""

    preferred_planes = _CHUNK[0]

    def __init__(self, request: WriteRequest) -> None:
        self._guard = _GuardedFile(request.path)
        with ExitStack() as undo:
            undo.callback(self._guard.close)
            self._file = h5py.File(self._guard, "w")
            undo.callback(self._file.close)
            self._dataset = _new_dataset(self._file, request)
            self._check()
            undo.pop_all()
        self._done = 0

    def write(self, planes: Array) -> None:
        """Append planes (n, Y, X) or (C, n, Y, X)."""
        stop = self._done + planes.shape[-3]
        self._dataset[..., self._done : stop, :, :] = planes
        self._done = stop
        self._check()

    def close(self) -> None:
        """Close the file."""
        try:
            self._file.close()
        finally:
            self._guard.close()
        self._check()

    def _check(self) -> None:
        """Raise what HDF5 wasn't told."""
        if self._guard.error is not None:
            raise self._guard.error


def create_hdf5(request: WriteRequest) -> _Hdf5Sink:
    """Make an HDF5 file with one dataset, named after what it holds if nothing else is said."""
    return _Hdf5Sink(request)


def _new_dataset(file: h5py.File, request: WriteRequest) -> h5py.Dataset:
    """Make the dataset and say in its attributes what there is to say."""
    leading = (1,) * (len(request.shape) - 3)
    chunks = tuple(
        min(chunk, length) for chunk, length in zip((*leading, *_CHUNK), request.shape, strict=True)
    )
    packed = request.kind != "image"
    dataset = file.create_dataset(
        request.target.inner or f"/{request.kind}",
        shape=request.shape,
        dtype=request.dtype,
        chunks=chunks,
        compression="gzip" if packed else None,
        compression_opts=4 if packed else None,
        shuffle=packed,
    )
    dataset.attrs["axes"] = "czyx"[-len(request.shape) :]
    if request.spacing is not None:
        dataset.attrs["spacing"] = request.spacing
        dataset.attrs["origin"] = request.origin
        if request.unit is not None:
            dataset.attrs["unit"] = request.unit
            dataset.attrs["element_size_um"] = [
                convert_length(size, request.unit, "um") for size in request.spacing
            ]
    if request.classes:
        dataset.attrs["classes"] = json.dumps([item.as_json() for item in request.classes])
    return dataset
