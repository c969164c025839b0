"""Arrays in files that other processes open by name: what the workers of a cluster work on."""

from __future__ import annotations

import mmap
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import IO, Any, Self, SupportsIndex
from weakref import WeakSet

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray
from supervox.volumes import remove_leftovers, temporary_beside

from .errors import ExecutionError
from .workspace import Scratch

_SHARED = "shared"
_opened: WeakSet[mmap.mmap] = WeakSet()  # maps of files that others have made
_lock = Lock()


class SharedArray(np.ndarray[Any, np.dtype[Any]]):
    """An array in a file; pickled as the name of the file, and parts of it as any array is.

    Attributes
    ----------
    file : Path or None
        None for what is not all of the file.
    """

    file: Path | None = None

    def __array_finalize__(self, source: Any) -> None:
        # the same bytes seen as another type or shape still are the file; a copy is not
        if isinstance(source, SharedArray) and source.file is not None:
            same = self.nbytes == source.nbytes and self.ctypes.data == source.ctypes.data
            self.file = source.file if same else None

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        if self.file is None:
            return np.asarray(self).__reduce_ex__(protocol)
        return open_shared, (str(self.file), self.dtype.str, self.shape)


def open_shared(file: str, dtype: str, shape: Sequence[int]) -> SharedArray:
    """Open an array that another process has made, for reading and writing.

    Raises
    ------
    ExecutionError
        If the file isn't to be seen from here.
    """
    try:
        handle = os.open(file, os.O_RDWR)
    except OSError as error:
        raise ExecutionError(
            f"{file}: a worker can't open it ({error.strerror}): write to a folder that all "
            "workers share"
        ) from error
    try:
        mapped = mmap.mmap(handle, 0)
    finally:
        os.close(handle)
    with _lock:
        _opened.add(mapped)
    array = np.frombuffer(mapped, dtype).reshape(shape).view(SharedArray)
    array.file = Path(file)
    return array


def _all_opened() -> list[mmap.mmap]:
    with _lock:
        return list(_opened)


def release() -> None:
    """Drop the mapped pages of all files that this process has opened: Dask counts them as used."""
    if hasattr(mmap, "MADV_DONTNEED"):
        for mapped in _all_opened():
            mapped.madvise(mmap.MADV_DONTNEED)


def persist() -> None:
    """Have what was written reach the disk, so that it outlives this computer; then release."""
    for mapped in _all_opened():
        mapped.flush()
    release()


class NamedScratch(Scratch):
    """Large arrays in files with a name, which stay; numbered as they are asked for.

    An array whose file is there already has its content.

    Parameters
    ----------
    folder : Path
        On storage that all workers share, and that gives all of them the same view of a file that
        several write to: a local disk for processes of one machine, Lustre or GPFS for several.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder.resolve())  # workers may be in another one
        self._count = 0

    def empty(self, shape: Sequence[int], dtype: npt.DTypeLike) -> NDArray[Any]:
        """Return an array in a file."""
        self._count += 1
        array = super().empty(shape, dtype).view(SharedArray)
        array.file = self._file
        return array

    @property
    def _file(self) -> Path:
        return self.folder / f"{self._count}.bin"

    def _open(self) -> IO[bytes]:
        return os.fdopen(os.open(self._file, os.O_RDWR | os.O_CREAT), "r+b")


class SharedScratch(NamedScratch):
    """Such arrays in a hidden folder beside an output, which the end of the ``with`` removes.

    Parameters
    ----------
    folder : Path
        Of the output.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(temporary_beside(folder.resolve() / _SHARED))

    def __enter__(self) -> Self:
        remove_leftovers(self.folder.parent / _SHARED)
        try:
            self.folder.mkdir()
        except OSError as error:
            raise ExecutionError(
                f"{self.folder.parent}: can't be written to ({error.strerror}); choose another "
                "folder for the output"
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
