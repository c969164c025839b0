"""The changes that were made, read again: for undo, for the order of the strokes, for the edits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation import Strokes

from .by_tools import ByTools
from .changes import (
    By,
    Change,
    LockChange,
    ObjectChange,
    PaintedVolumes,
    VoxelChange,
    frozen,
)
from .journal import Journal
from .records import Role
from .stroke_order import StrokeOrder
from .undo import UndoStack
from .writer import JournalWriter


def voxels_of_lock(lock: Change, before: Change | None) -> NDArray[np.int64]:
    """Return what a lock holds, given the change before it; none if the class isn't locked."""
    is_lock = isinstance(lock, LockChange) and lock.is_locked
    if is_lock and isinstance(before, VoxelChange) and before.by is By.LOCK:
        return before.voxels
    return np.zeros(0, np.int64)


class MadeChanges:
    """Reads changes from the journal, or from what waits to be written there.

    Parameters
    ----------
    journal : Journal
    writer : JournalWriter or None
    steps : UndoStack
        Which of them hold.
    """

    def __init__(self, journal: Journal, writer: JournalWriter | None, steps: UndoStack) -> None:
        self._journal, self._writer, self._steps = journal, writer, steps
        self._order: StrokeOrder[int] = StrokeOrder()
        self._ordering = Lock()  # who opens a project and who looks at its strokes both ask

    def read(self, number: int) -> Change:
        """Return the change of a record.

        Raises
        ------
        ProjectError
            If it can't be read any more.
        """
        waiting = None if self._writer is None else self._writer.waiting(number)
        content = (waiting or self._journal.read(number)).content
        assert isinstance(content, Change)
        return content

    def size_of(self, number: int | None) -> int:
        """Return how many voxels a record changes, without reading it from the journal."""
        if number is None:
            return 0
        waiting = None if self._writer is None else self._writer.waiting(number)
        if waiting is not None and isinstance(waiting.content, VoxelChange):
            return waiting.content.voxels.size
        return self._journal.voxels_of(number)

    def change_by(self, role: Role, painted: PaintedVolumes) -> Change | None:
        """Return what undoing the last change, or redoing it, would change; None if nothing.

        Raises
        ------
        ProjectError
            If it can't be read any more.
        """
        target = self._steps.next_undo if role is Role.UNDO else self._steps.next_redo
        if target is None:
            return None
        made = self.read(target)
        if not isinstance(made, VoxelChange):
            return made.inverse if role is Role.UNDO else made
        present = painted[made.paint].reshape(-1)[made.voxels]
        after = made.old if role is Role.UNDO else made.new
        return frozen(replace(made, old=present, new=after))

    def order(self, strokes: Strokes) -> Strokes:
        """Return strokes with the steps at which they were painted; on any thread."""
        with self._ordering:
            self._order.follow(self._steps.strokes, self.read)
            return self._order.order(strokes)

    def by_tools(self, shape: tuple[int, ...]) -> ByTools:
        """Return what tells which corrections of a volume are of tools."""
        return ByTools(shape, self._steps.corrections_since_tools, self.read)

    def held_voxels(self, class_id: int) -> NDArray[np.int64]:
        """Return what the lock of a class holds, as raster indices, ascending.

        Raises
        ------
        ProjectError
            If it can't be read any more.
        """
        for number, before in self._steps.locks:
            lock = self.read(number)
            if isinstance(lock, LockChange) and lock.class_id == class_id:
                made = None if before is None or not lock.n_voxels else self.read(before)
                return voxels_of_lock(lock, made)
        return np.zeros(0, np.int64)

    @property
    def edits(self) -> tuple[Mapping[str, Any], ...]:
        """The edits of the objects that hold, the earliest first."""
        changes = map(self.read, self._steps.edits)
        return tuple(change.edit for change in changes if isinstance(change, ObjectChange))
