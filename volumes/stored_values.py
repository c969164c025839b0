"""Values that lie in one piece in a file, raw or compressed, for formats that are header + values.

What is compressed can't be read in parts: at the first look it is unpacked into an unnamed
temporary file, so that memory stays free.
"""

from __future__ import annotations

import bz2
import gzip
import logging
import math
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from .arrays import Array, normalise
from .errors import VolumeError
from .file_values import FileValues

_logger = logging.getLogger(__name__)
_COPIED_BYTES = 2**20
_MORE_BYTES = 2**26  # than its values need, that are unpacked to get to a checksum
_OPENERS: dict[str, Callable[[IO[bytes]], Any]] = {
    "gzip": lambda file: gzip.GzipFile(fileobj=file),
    "bzip2": lambda file: bz2.BZ2File(file),
}
_MARKS = {b"\x1f\x8b": "gzip", b"BZ": "bzip2"}


def packing_of(beginning: bytes) -> str | None:
    """Return how a file is compressed, of its first bytes: a name may be wrong."""
    packed = _MARKS.get(beginning[:2])
    return None if packed == "bzip2" and beginning[2:3] != b"h" else packed


@contextmanager
def opened(path: Path, packed: str | None) -> Iterator[IO[bytes]]:
    """Open a file to be read from its beginning, unpacked."""
    with path.open("rb") as file:
        if packed is None:
            yield file
        else:
            with _OPENERS[packed](file) as values:
                yield values


class StoredValues:
    """An array source of values in one piece.

    Parameters
    ----------
    path
        The file.
    offset
        Bytes before the values: in the file or, with `skip`, in what is unpacked. If it is
        negative, the values end so many bytes before the end, less one: with -1 they are last.
    shape, dtype
        Of the values, the last axis varying fastest.
    packed
        ``"gzip"``, ``"bzip2"`` or None.
    skip
        Bytes of the file before the compressed part begins.
    flipped
        Axes to be read from their end.
    scale
        Slope and intercept that turn what is stored into values.
    """

    def __init__(
        self,
        path: Path,
        offset: int,
        shape: Sequence[int],
        dtype: np.dtype[Any],
        *,
        packed: str | None = None,
        skip: int = 0,
        flipped: Sequence[int] = (),
        scale: tuple[float, float] | None = None,
    ) -> None:
        self._path, self._offset, self._stored = path, offset, dtype
        self._packed, self._skip, self._scale = packed, skip, scale
        self._flipped = frozenset(flipped)
        self._values: FileValues | None = None
        self._lock = threading.Lock()
        self.shape = tuple(shape)
        small = dtype.kind in "iu" and dtype.itemsize < 4
        scaled = np.dtype(np.float32 if small or dtype == np.float32 else np.float64)
        self.dtype = dtype if scale is None else scaled

    def __getitem__(self, key: Any) -> Array:
        slices, dropped = normalise(key, self.shape)
        turned = [
            _from_the_end(piece, length) if axis in self._flipped else piece
            for axis, (piece, length) in enumerate(zip(slices, self.shape, strict=True))
        ]
        back = (
            slice(None, None, -1 if axis in self._flipped else 1) for axis in range(len(slices))
        )
        part: Array = self._file()[tuple(turned)][tuple(back)]
        part = part[tuple(0 if drop else slice(None) for drop in dropped)]
        if self._scale is None:
            return part
        slope, intercept = self._scale
        values: Array = part.astype(self.dtype) * self.dtype.type(slope)
        return values + self.dtype.type(intercept)

    @property
    def nbytes(self) -> int:
        """Size of the values as they are stored, unpacked."""
        return math.prod(self.shape) * self._stored.itemsize

    def spare_bytes(self) -> int:
        """Return how many bytes lie behind the values; 0 of packed ones.

        Raises
        ------
        VolumeError
            If the file has too few.
        """
        if self._packed is not None:
            return 0
        found = self._path.stat().st_size - self._offset
        if found < self.nbytes:
            raise VolumeError(
                f"{self._path}: is cut short, it has {max(found, 0)} bytes of values of the "
                f"{self.nbytes} that its header promises; copy it again"
            )
        return found - self.nbytes

    def _file(self) -> FileValues:
        """Return the values, unpacked."""
        with self._lock:
            if self._values is None:
                self._values = self._open()
        return self._values

    def _open(self) -> FileValues:
        """Open the file, or a temporary one with what is unpacked."""
        with self._path.open("rb") as file, tempfile.TemporaryFile() as unpacked:
            source: Any = file
            offset = self._offset
            if offset < 0:
                offset += 1 + self._length(file) - self.nbytes
                if offset < 0:
                    raise EOFError(f"it has {-offset} bytes less than its values need")
            if self._packed is not None:
                file.seek(self._skip)
                with _OPENERS[self._packed](file) as values:
                    _copy(values, unpacked, offset + self.nbytes)
                    if _read_on(values, offset + self.nbytes) and self._offset >= 0:
                        _logger.warning("%s: holds more bytes than its header says", self._path)
                    unpacked.flush()
                source = unpacked
            return FileValues(self._path, self._stored, offset, self.shape, source.fileno())

    def _length(self, file: IO[bytes]) -> int:
        """Return the number of bytes of the file; of what is packed, by unpacking it."""
        if self._packed is None:
            return self._path.stat().st_size
        file.seek(self._skip)
        length = 0
        with _OPENERS[self._packed](file) as values:
            while piece := values.read(_COPIED_BYTES):
                length += len(piece)
        return length


def _from_the_end(piece: slice, length: int) -> slice:
    """Return the same items of an axis that is counted from its end, in its own order."""
    number = len(range(piece.start, piece.stop, piece.step))
    if not number:
        return slice(0, 0, piece.step)
    last = piece.start + (number - 1) * piece.step
    return slice(length - 1 - last, length - piece.start, piece.step)


def _read_on(values: IO[bytes], most: int) -> int:
    """Read to the end, where a checksum is compared, or so many bytes; return how many came."""
    read = 0
    while read <= max(most, _MORE_BYTES) and (piece := values.read(_COPIED_BYTES)):
        read += len(piece)
    return read


def _copy(values: IO[bytes], unpacked: IO[bytes], needed: int) -> None:
    """Copy so many bytes and no more: a small file may be packed from anything."""
    left = needed
    while left and (piece := values.read(min(left, _COPIED_BYTES))):
        unpacked.write(piece)
        left -= len(piece)
    if left:
        raise EOFError(f"it has {needed - left} bytes of {needed} once it is unpacked")
