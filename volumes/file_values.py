"""Values that lie in one piece in a file, read where they are sliced.

They are read, not mapped into memory: what happens to a mapped file, cut short by a copy or gone
with its share, ends the whole program at the next look at it.
"""

from __future__ import annotations

import math
import os
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .arrays import Array, normalise
from .errors import VolumeError

_CALL_BYTES = 8192  # how much more could be read in the time that one more call takes
_SPAN_BYTES = 64 * 2**20  # read at most in one piece of which only parts are wanted


class FileValues:
    """An array source of values in one piece, as a memory map is one.

    Slices are copies. Several threads may read.

    Parameters
    ----------
    path
        The file.
    dtype, shape
        Of the values, the last axis varying fastest.
    offset
        Bytes before them.
    handle
        Descriptor of the file if it is open already; it is duplicated.
    is_reversed
        Whether the first axis varies fastest, not the last.

    Raises
    ------
    OSError
        If it can't be opened.
    """

    def __init__(
        self,
        path: Path,
        dtype: np.dtype[Any],
        offset: int,
        shape: Sequence[int],
        handle: int | None = None,
        *,
        is_reversed: bool = False,
    ) -> None:
        self.path, self.dtype, self.shape = path, dtype, tuple(shape)
        self.ndim = len(self.shape)
        self._offset, self._is_reversed = offset, is_reversed
        stored = self.shape[::-1] if is_reversed else self.shape
        self._strides = [
            dtype.itemsize * math.prod(stored[axis + 1 :]) for axis in range(self.ndim)
        ]
        flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
        self._handle = os.open(path, flags) if handle is None else os.dup(handle)
        self._lock = threading.Lock()  # where a read moves the position of all
        weakref.finalize(self, os.close, self._handle)

    def __getitem__(self, key: Any) -> Array:
        slices, dropped = normalise(key, self.shape)
        if self._is_reversed:
            slices.reverse()
        found = np.empty([len(_range(piece)) for piece in slices], self.dtype)
        if found.size:
            self._fill(found, slices, self._offset, self._costs(slices))
        if self._is_reversed:
            found = found.T
        return found[tuple(0 if drop else slice(None) for drop in dropped)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self[...], dtype=dtype, copy=copy)

    def _span(self, slices: Sequence[slice]) -> tuple[int, int]:
        """Return where the first wanted byte of the last axes is, and how far the last is away."""
        strides = self._strides[self.ndim - len(slices) :]
        first = sum(piece.start * stride for piece, stride in zip(slices, strides, strict=True))
        last = sum(
            _range(piece)[-1] * stride for piece, stride in zip(slices, strides, strict=True)
        )
        return first, last - first + self.dtype.itemsize

    def _costs(self, slices: Sequence[slice]) -> list[tuple[bool, float]]:
        """Choose for each axis whether what is wanted of it and the next ones is read at once.

        Returns
        -------
        list of (bool, float)
            Whether, and what that costs in bytes.
        """
        found: list[tuple[bool, float]] = []
        below, wanted = math.inf, self.dtype.itemsize
        for axis in range(self.ndim - 1, -1, -1):
            number = len(_range(slices[axis]))
            wanted *= number
            span = self._span(slices[axis:])[1]
            at_once = float(_CALL_BYTES + span)
            if span > max(_SPAN_BYTES, wanted) and axis < self.ndim - 1:
                at_once = math.inf
            found.insert(0, (at_once <= number * below, min(at_once, number * below)))
            below = found[0][1]
        return found

    def _fill(
        self,
        part: Array,
        slices: Sequence[slice],
        at: int,
        costs: Sequence[tuple[bool, float]],
    ) -> None:
        """Read what is wanted of the last axes."""
        axis = self.ndim - part.ndim
        if not costs[axis][0]:
            for i, place in enumerate(_range(slices[axis])):
                self._fill(
                    part[i, ...],
                    slices,
                    at + place * self._strides[axis],
                    costs,
                )
            return
        first, span = self._span(slices[axis:])
        if span == part.nbytes:
            self._read(part.reshape(-1).view(np.uint8), at + first)
            return
        piece = np.empty(span, np.uint8)
        self._read(piece, at + first)
        steps = [slices[axis + i].step * self._strides[axis + i] for i in range(part.ndim)]
        part[...] = np.ndarray(part.shape, self.dtype, piece, strides=steps)

    def _read(self, target: Array, offset: int) -> None:
        """Read bytes from a place of the file.

        Raises
        ------
        VolumeError
            If they aren't there any more.
        """
        view, done = memoryview(target.data), 0
        try:
            while done < target.nbytes:
                count = self._read_some(view[done:], offset + done)
                if not count:
                    raise VolumeError(
                        f"{self.path}: is shorter than when it was opened; if it is being copied "
                        "or written, wait for that, and open it again"
                    )
                done += count
        except OSError as error:
            raise VolumeError(
                f"{self.path}: can't be read any more ({error.strerror}); see whether its disk or "
                "share is still there, and open it again"
            ) from error

    def _read_some(self, view: memoryview, offset: int) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._handle, [view], offset)
        with self._lock:
            os.lseek(self._handle, offset, os.SEEK_SET)
            data = os.read(self._handle, len(view))
        view[: len(data)] = data
        return len(data)


def _range(piece: slice) -> range:
    return range(piece.start, piece.stop, piece.step)
