"""Where large arrays lie, and how much is done at once; no result depends on it."""

from __future__ import annotations

import math
import mmap
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from .dask_cluster import Cluster
from .device import Device
from .errors import NoRoom
from .run import Run


class Scratch:
    """Large arrays in files without a name, which end with the program, however it ends.

    Parameters
    ----------
    folder : Path
        Where there is room for them; best a local disk.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._maps: list[mmap.mmap] = []

    def empty(self, shape: Sequence[int], dtype: npt.DTypeLike) -> NDArray[Any]:
        """Return a new memory-mapped array, as `numpy.empty` does.

        Raises
        ------
        NoRoom
            If the disk has no room for it, or can't be written to.
        """
        size = math.prod(shape) * np.dtype(dtype).itemsize
        try:
            with self._open() as file:
                _reserve(file.fileno(), size)
                mapped = mmap.mmap(file.fileno(), size)
        except OSError as error:
            raise NoRoom(self.folder, size, error.strerror or "") from error
        self._maps.append(mapped)
        return np.frombuffer(mapped, dtype).reshape(shape)

    def _open(self) -> IO[bytes]:
        return TemporaryFile(dir=self.folder)

    def release(self) -> None:
        """Drop the mapped pages of the files; what is needed again is read again."""
        if hasattr(mmap, "MADV_DONTNEED"):
            for mapped in self._maps:
                mapped.madvise(mmap.MADV_DONTNEED)

    def releasing(self, run: Run = Run()) -> Run:
        """Return the same run, which also releases after every block."""
        return Workspace(self).releasing(run)


def _reserve(handle: int, size: int) -> None:
    """Make a file as long as it will be, on the disk: writing through a map can't fail politely."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, size)
    else:
        os.ftruncate(handle, size)


@dataclass(frozen=True)
class Workspace:
    """What the stages work with; by default all in memory and at once.

    Attributes
    ----------
    scratch : Scratch, optional
        Holds supervoxel ids; they are in memory without it.
    pooled_together : int, optional
        Partitions whose features are summed in one pass over the volume: fewer take less memory,
        and filter the volume more often. All of them by default.
    cluster : Cluster, optional
        Runs the blocks of a preparation; threads do without it. The volume and the scratch must
        then be shared (`SharedScratch`).
    device : Device, optional
        Computes supervoxels and features in place of the processors, where no cluster does.
    """

    scratch: Scratch | None = None
    pooled_together: int | None = None
    cluster: Cluster | None = None
    device: Device | None = None

    def empty(self, shape: Sequence[int], dtype: npt.DTypeLike) -> NDArray[Any]:
        """Return a new array for voxels, in memory or in a file."""
        return np.empty(shape, dtype) if self.scratch is None else self.scratch.empty(shape, dtype)

    def renewed(self) -> Workspace:
        """Return one like this, whose files end when nobody uses its arrays any more."""
        scratch = None if self.scratch is None else Scratch(self.scratch.folder)
        return replace(self, scratch=scratch)

    def release(self) -> None:
        """Drop the mapped pages of files, where there are any."""
        if self.scratch is not None:
            self.scratch.release()

    def releasing(self, run: Run = Run()) -> Run:
        """Return the same run, which also releases after every block."""

        def report(done: int, total: int) -> None:
            self.release()
            run.report(done, total)

        return replace(run, progress=report)
