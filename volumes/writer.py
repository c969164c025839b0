"""Writing planes in order, with a file that appears only when it is complete."""

import logging
from types import TracebackType
from typing import Any, Self

import numpy as np

from .arrays import Array
from .atomic import discard, publish, remove_leftovers
from .errors import VolumeError, writing
from .formats import Format, Sink, WriteRequest


class VolumeWriter:
    """A volume being written: ``with create_volume(...) as writer: writer[z0:z1] = planes``.

    Slabs are whole planes, in order, each once. The file gets its name when the ``with`` block
    ends well and all planes were written; after an exception nothing is left of it and a file
    that had the name before is untouched.

    Parameters
    ----------
    file_format
        The format to write.
    request
        What to write.
    """

    def __init__(self, file_format: Format, request: WriteRequest) -> None:
        self._format = file_format
        self._request = request
        self._sink: Sink | None = None
        self._written = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the whole: (Z, Y, X), or (C, Z, Y, X) for probabilities."""
        return self._request.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""
        return self._request.dtype

    @property
    def preferred_planes(self) -> int:
        """Slabs of this many planes, or of a multiple, are written without waste."""
        return self._sink.preferred_planes if self._sink else 1

    def __enter__(self) -> Self:
        assert self._format.create is not None
        remove_leftovers(self._request.target.path)
        try:
            with writing(self._request.target.path, self._format.name):
                self._sink = self._format.create(self._request)
        except BaseException:
            discard(self._request.path)
            raise
        return self

    def __setitem__(self, key: slice | int, planes: Array) -> None:
        target = self._request.target.path
        if self._sink is None:
            raise VolumeError(f"{target}: not open for writing; use it in a 'with' statement")
        count = self.shape[-3]
        start, stop, step = (slice(key, key + 1) if isinstance(key, int) else key).indices(count)
        if start != self._written or step != 1 or stop <= start:
            raise VolumeError(
                f"{target}: planes are written in order, each once: plane {self._written} of "
                f"{count} is next, not {start} to {stop}"
            )
        slab = np.asarray(planes)
        if isinstance(key, int):
            slab = np.expand_dims(slab, axis=-3)
        expected = (*self.shape[:-3], stop - start, *self.shape[-2:])
        if slab.shape != expected:
            raise VolumeError(f"{target}: the slab's shape is {slab.shape}, not {expected}")
        if not np.can_cast(slab.dtype, self.dtype, "safe"):
            raise VolumeError(f"{target}: the slab holds {slab.dtype}, the file {self.dtype}")
        with writing(target, self._format.name):
            self._sink.write(np.ascontiguousarray(slab, dtype=self.dtype))
        self._written = stop

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        target = self._request.target.path
        sink, self._sink = self._sink, None
        assert sink is not None
        try:
            if kind is not None:
                self._abandon(sink)
                return
            with writing(target, self._format.name):
                sink.close()
            if self._written < self.shape[-3]:
                raise VolumeError(
                    f"{target}: only {self._written} of {self.shape[-3]} planes were given; "
                    "nothing was written"
                )
            with writing(target, self._format.name):
                publish(self._request.path, target)
        finally:
            discard(self._request.path)

    @staticmethod
    def _abandon(sink: Sink) -> None:
        """Let go of an unfinished file; the exception that ended it is the one to hear of."""
        try:
            sink.close()
        except Exception as error:
            logging.getLogger(__name__).debug("while giving up an unfinished file: %s", error)
