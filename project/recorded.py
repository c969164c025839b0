"""The annotations as the journal has them: what a snapshot is taken of while painting goes on."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._recovery import Recovered
from .changes import Paint, PaintedVolumes, VoxelChange
from .classes import ProjectClass, classes_to_json
from .errors import ProjectError
from .records import Content, Record, RecordKind, Role
from .writer import JournalWriter


class RecordedClasses(NamedTuple):
    """The classes, and the record that they come from."""

    number: int
    classes: tuple[ProjectClass, ...]


class RecordedVoxels:
    """The state after the last record; memory is taken only where something was painted.

    What somebody paints is in their own array at once, and here when it is recorded. So a snapshot
    of this holds exactly what a record stands for, which one of their array can't promise.

    Parameters
    ----------
    painted : uint8, (Z, Y, X)
        The state to begin with; it is copied.
    is_blank : bool
        Whether nothing is painted there, so that nobody has to look.

    Attributes
    ----------
    now : uint8, (Z, Y, X)
        Changed by `apply` only.
    is_blank : bool
        Whether nothing was ever painted.
    """

    def __init__(self, painted: NDArray[np.uint8], *, is_blank: bool = False) -> None:
        # Pages that nobody writes to cost nothing.
        self.now: NDArray[np.uint8] = np.zeros(painted.shape, np.uint8)
        self.is_blank = is_blank
        if not is_blank:
            voxels = np.flatnonzero(painted)
            self.now.reshape(-1)[voxels] = painted.reshape(-1)[voxels]
        self._lock = Lock()
        self._since: list[VoxelChange] | None = None  # while there is a view: what leads back to it

    def apply(self, change: VoxelChange) -> None:
        """Take over a change that is recorded."""
        with self._lock:
            if self._since is not None:
                before = self.now.reshape(-1)[change.voxels]
                self._since.append(VoxelChange(change.voxels, change.new, before))
            change.apply({change.paint: self.now})
            self.is_blank = False

    @contextmanager
    def held(self) -> Iterator[StateView]:
        """Give a view of the state as it is now, whatever is applied meanwhile; one at a time."""
        with self._lock:
            assert self._since is None
            self._since = []
        try:
            yield StateView(self)
        finally:
            with self._lock:
                self._since = None

    def planes(self, wanted: slice) -> NDArray[np.uint8]:
        """Return planes as they were when the view was made."""
        start, stop, _ = wanted.indices(self.now.shape[0])
        size = math.prod(self.now.shape[1:])
        with self._lock:
            block = self.now[start:stop].copy()
            for back in reversed(self._since or []):
                inside = slice(*np.searchsorted(back.voxels, (start * size, stop * size)))
                block.reshape(-1)[back.voxels[inside] - start * size] = back.new[inside]
        return block


class StateView:
    """An array of the recorded state that doesn't change, read plane by plane.

    Parameters
    ----------
    source : RecordedVoxels
    """

    def __init__(self, source: RecordedVoxels) -> None:
        self._source = source
        self.is_blank = source.is_blank
        self.shape = source.now.shape
        self.dtype = source.now.dtype

    def __getitem__(self, planes: slice) -> NDArray[np.uint8]:
        return self._source.planes(planes)


class RecordedMoment(NamedTuple):
    """The annotations after a record."""

    number: int
    table: RecordedClasses
    painted: Mapping[Paint, StateView]


class RecordedState:
    """What the records make of the annotations, record by record.

    A record gets its number, waits to be written and takes effect here in one step, whichever
    thread makes it.

    Parameters
    ----------
    folder : Path
        Of the project.
    writer : JournalWriter or None
        None if nothing can be changed.
    found : Recovered
        What was read.

    Attributes
    ----------
    next_number : int
        Of the next record.
    table : RecordedClasses
    """

    def __init__(self, folder: Path, writer: JournalWriter | None, found: Recovered) -> None:
        self._folder = folder
        self._writer = writer
        self._lock = Lock()
        self.next_number = found.next_number
        self.table = RecordedClasses(found.classes_number, found.classes)
        self._found: Recovered | None = found
        if writer is not None:
            self.painted  # noqa: B018  before anybody paints

    @cached_property
    def painted(self) -> dict[Paint, RecordedVoxels]:
        """The voxels; of what is open for reading they are copied only if somebody asks."""
        found, self._found = self._found, None
        assert found is not None
        return {
            paint: RecordedVoxels(voxels, is_blank=paint in found.blank)
            for paint, voxels in found.painted.items()
        }

    def begin_with(self, painted: PaintedVolumes) -> None:
        """Take what is painted for the state after the last record."""
        self.painted = {paint: RecordedVoxels(voxels) for paint, voxels in painted.items()}

    def check_writable(self) -> JournalWriter:
        """Return the writer.

        Raises
        ------
        ProjectError
            If there is none.
        """
        if self._writer is None:
            raise ProjectError(f"{self._folder}: is open for reading only; nothing can be changed")
        return self._writer

    def append(
        self,
        content: Content,
        kind: RecordKind,
        role: Role = Role.CHANGE,
        target: int | None = None,
    ) -> int:
        """Append a record; return its number.

        Raises
        ------
        ProjectError
            If the annotations can't be changed.
        """
        with self._lock:
            return self._append(content, kind, role, target)

    def append_classes(self, classes: tuple[ProjectClass, ...]) -> None:
        """Append a table of classes, as `append` does."""
        content = {"classes": classes_to_json(classes)}
        with self._lock:
            number = self._append(content, RecordKind.CLASSES, Role.CHANGE, None)
            self.table = RecordedClasses(number, classes)

    @contextmanager
    def held(self) -> Iterator[RecordedMoment]:
        """Give the annotations as they are now, whatever is appended meanwhile; one at a time."""
        with ExitStack() as stack:
            with self._lock:
                views = {
                    paint: stack.enter_context(voxels.held())
                    for paint, voxels in self.painted.items()
                }
                moment = RecordedMoment(self.next_number - 1, self.table, views)
            yield moment

    def _append(self, content: Content, kind: RecordKind, role: Role, target: int | None) -> int:
        number = self.next_number
        self.check_writable().append(Record(number, time.time(), content, kind, role, target))
        self.next_number += 1
        if isinstance(content, VoxelChange):
            self.painted[content.paint].apply(content)
        return number
