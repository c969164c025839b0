"""A volume that is read as it is looked at, and no faster than the file needs."""

from __future__ import annotations

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
    whichever axis is looked through, and the last ones kept. Mapped files, the usual MRC and TIFF
    stacks, need none of this: the system keeps their pages.

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
        place = self._plane_of(key)
        if place is None:
            return self._data[key]
        axis, index = place
        with self._lock:
            slab, first = self._slab(axis, index)
        plane: Array = slab.take(index - first, axis)
        return plane

    def _plane_of(self, key: Any) -> tuple[int, int] | None:
        """Return axis and index of a whole plane whose slab is worth keeping, else None."""
        chunks = self._data.chunks
        if chunks is None or not isinstance(key, tuple) or len(key) != 3:
            return None
        whole = [
            isinstance(k, slice) and k.indices(n) == (0, n, 1)
            for k, n in zip(key, self.shape, strict=True)
        ]
        if sum(whole) != 2:
            return None
        axis = whole.index(False)
        length = self.shape[axis]
        if isinstance(key[axis], slice) or not -length <= key[axis] < length:
            return None
        if self.nbytes // length * min(chunks[axis], length) > self._cache_bytes:
            return None
        return axis, int(key[axis]) % length

    def _slab(self, axis: int, index: int) -> tuple[Array, int]:
        """Return the slab of chunks that a plane lies in, and the slab's first index."""
        assert self._data.chunks is not None
        depth = self._data.chunks[axis]
        number = index // depth
        if (axis, number) in self._slabs:
            self._slabs.move_to_end((axis, number))
        else:
            key = [slice(None)] * 3
            key[axis] = slice(number * depth, (number + 1) * depth)
            self._slabs[axis, number] = self._data[tuple(key)]
            while sum(slab.nbytes for slab in self._slabs.values()) > self._cache_bytes:
                self._slabs.popitem(last=False)
        return self._slabs[axis, number], number * depth
