"""A volume that is read as it is looked at, and no faster than the file needs."""

from __future__ import annotations

import operator
import threading
import weakref
from collections import OrderedDict
from typing import Any

import numpy as np
import numpy.typing as npt
from supervox.volumes import Volume

_CACHE_BYTES = 512 * 2**20

Array = npt.NDArray[Any]


class BrowsedVolume:
    """A volume's values as napari slices them; the file is closed when nobody has it any more.

    A plane of a chunked file costs as much as all planes of its chunks, for they are stored and
    compressed together. So that the next plane comes at once, whole slabs of chunks are read along
    whichever axis is looked through, and the last ones kept; parts of them can't be written to.
    Files without chunks, the usual MRC and TIFF stacks, need none of this: the system keeps what it
    read of them.

    Parameters
    ----------
    volume
        The opened volume, which this takes over.
    cache_bytes
        What slabs may take up; a slab that is larger is not kept.
    """

    def __init__(self, volume: Volume, cache_bytes: int = _CACHE_BYTES) -> None:
        self._data = volume.data
        self._cache_bytes = cache_bytes
        self._slabs: OrderedDict[tuple[int, int], Array] = OrderedDict()
        self._lock = threading.Lock()
        weakref.finalize(self, volume.close)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of (planes, rows, columns)."""
        return self._data.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""
        return self._data.dtype

    @property
    def chunks(self) -> tuple[int, int, int] | None:
        """What the file reads at once; None if any voxel by itself."""
        return self._data.chunks

    @property
    def ndim(self) -> int:
        """Number of axes: 3."""
        return self._data.ndim

    @property
    def size(self) -> int:
        """Number of voxels."""
        return self._data.size

    @property
    def nbytes(self) -> int:
        """Size in memory once it is read."""
        return self._data.nbytes

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return f"BrowsedVolume({self._data!r})"

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.array(self._data, dtype=dtype, copy=copy)

    def __getitem__(self, key: Any) -> Array:
        cut = self._cut(key)
        if cut is None:
            return self._data[key]
        axis, start, stop = cut
        with self._lock:
            slab, first = self._slab(axis, start)
        place: list[Any] = [slice(None)] * 3
        inside = slice(start - first, stop - first)
        place[axis] = inside if isinstance(key[axis], slice) else inside.start
        plane: Array = slab[tuple(place)]
        return plane

    def _cut(self, key: Any) -> tuple[int, int, int] | None:
        """Return axis, start and stop of a cut whose slab is worth keeping; None for any other.

        Such a cut takes all of two axes, and of the third a part within one layer of chunks.
        """
        chunks = self._data.chunks
        if chunks is None or not isinstance(key, tuple) or len(key) != 3:
            return None
        ranges = [_range(item, length) for item, length in zip(key, self.shape, strict=True)]
        partial = [axis for axis in range(3) if ranges[axis] != (0, self.shape[axis])]
        if len(partial) != 1 or (part := ranges[partial[0]]) is None:
            return None
        (axis,), (start, stop) = partial, part
        depth = min(chunks[axis], self.shape[axis])
        if start // depth != (stop - 1) // depth:
            return None
        fits = self.nbytes // self.shape[axis] * depth <= self._cache_bytes
        return (axis, start, stop) if fits else None

    def _slab(self, axis: int, index: int) -> tuple[Array, int]:
        """Return the slab of chunks that an index lies in, and the slab's first index."""
        assert self._data.chunks is not None
        depth = self._data.chunks[axis]
        number = index // depth
        if (axis, number) in self._slabs:
            self._slabs.move_to_end((axis, number))
        else:
            key = [slice(None)] * 3
            key[axis] = slice(number * depth, (number + 1) * depth)
            slab = self._data[tuple(key)]
            slab.flags.writeable = False
            self._slabs[axis, number] = slab
            while sum(item.nbytes for item in self._slabs.values()) > self._cache_bytes:
                self._slabs.popitem(last=False)
        return self._slabs[axis, number], number * depth


def _range(item: Any, length: int) -> tuple[int, int] | None:
    """Return start and stop of an index or a slice of every element; None for any other."""
    if isinstance(item, slice):
        start, stop, step = item.indices(length)
        return (start, stop) if step == 1 and start < stop else None
    index = operator.index(item) if hasattr(item, "__index__") else length
    return (index % length, index % length + 1) if -length <= index < length else None
