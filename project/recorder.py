"""What was painted into arrays by somebody else, noticed and written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import ShouldStop, Slices, check_stop
from supervox.segmentation import Strokes

from .annotations import AnnotationStore
from .by_tools import ByTools
from .changes import (
    BalanceChange,
    Change,
    LockChange,
    ObjectChange,
    Paint,
    PaintedVolumes,
    VoxelChange,
)
from .made_changes import voxels_of_lock
from .stroke_order import StrokeOrder

LOOK_VOXELS = 2**24  # compared between two questions whether to stop


class Recorder:
    """Compares arrays that are painted on with copies of them, and has differences written down.

    The copies, the store's own where there is one, take memory only where something was painted.
    What is recorded before there is a store waits for it. All methods but `look` and `order` belong
    to one thread; one thread at a time may ask for the order.

    Parameters
    ----------
    voxels : uint8, (Z, Y, X)
        The strokes that are painted on, contiguous in memory; 0 = unlabelled.
    store : AnnotationStore, optional
        Where it is written down; what differs already is found by `look`.
    corrections : uint8, (Z, Y, X), optional
        The corrections that are painted on; those of the store, or none, by default.
    """

    def __init__(
        self,
        voxels: NDArray[np.uint8],
        store: AnnotationStore | None = None,
        corrections: NDArray[np.uint8] | None = None,
    ) -> None:
        if corrections is None:
            corrections = np.zeros(voxels.shape, np.uint8) if store is None else store.corrections
        self._painted = {Paint.STROKES: voxels, Paint.CORRECTIONS: corrections}
        self._waiting: list[Change] = []
        self._undone: list[Change] = []  # of those that wait
        self._store = store
        self._order: StrokeOrder[Change] = StrokeOrder()  # of those that wait
        self._known: PaintedVolumes
        if store is None:  # pages nobody writes to cost nothing
            self._known = {paint: np.zeros(voxels.shape, np.uint8) for paint in Paint}
        else:
            self._paint_in(store)

    @property
    def store(self) -> AnnotationStore | None:
        """Where changes are written down."""
        return self._store

    @property
    def is_waiting(self) -> bool:
        """Whether something was painted for which there is no store yet."""
        return bool(self._waiting)

    def attach(self, store: AnnotationStore) -> None:
        """Write to a new, empty store from now on, beginning with what waited for it.

        Raises
        ------
        ProjectError
            If the store can't be changed.
        """
        for change in self._waiting:
            store.record(change)
        self._paint_in(store)
        self._store = store  # before nothing waits any more: another thread may ask for the order
        self._waiting, self._undone = [], []

    def _paint_in(self, store: AnnotationStore) -> None:
        """Make the arrays that are painted on those of the store."""
        self._known = store.recorded
        store.voxels = self._painted[Paint.STROKES]
        store.corrections = self._painted[Paint.CORRECTIONS]

    @property
    def corrections(self) -> NDArray[np.uint8]:
        """The corrections that are painted on, (Z, Y, X)."""
        return self._painted[Paint.CORRECTIONS]

    @property
    def edits(self) -> tuple[Mapping[str, Any], ...]:
        """The edits of the objects that hold, the earliest first."""
        if self._store is not None:
            return self._store.edits
        return tuple(change.edit for change in self._waiting if isinstance(change, ObjectChange))

    @property
    def by_tools(self) -> ByTools:
        """What tells which corrections are of tools, as things are now."""
        if self._store is not None:
            return self._store.by_tools
        waiting = tuple(self._waiting)
        return ByTools(self.corrections.shape, range(len(waiting)), waiting.__getitem__)

    def held_voxels(self, class_id: int) -> NDArray[np.int64]:
        """Return the voxels that the lock of a class holds as corrections; on any thread.

        Raises
        ------
        ProjectError
            If they can't be read any more.
        """
        if self._store is not None:
            return self._store.made.held_voxels(class_id)
        made = tuple(self._waiting)
        for lock, before in zip(made[::-1], (*made[-2::-1], None), strict=False):
            if isinstance(lock, LockChange) and lock.class_id == class_id:
                return voxels_of_lock(lock, before)
        return np.zeros(0, np.int64)

    def find(self, part: Slices, paint: Paint = Paint.STROKES) -> VoxelChange | None:
        """Return what was painted in a part of the volume, and isn't written down.

        Parameters
        ----------
        part : tuple of 3 slice
            Small, like a slice: it is compared at once.
        paint : Paint
            With what.

        Returns
        -------
        VoxelChange or None
            None if nothing changed there.
        """
        now, known = self._painted[paint], self._known[paint]
        differs = np.nonzero(now[part] != known[part])
        if not differs[0].size:
            return None
        places = tuple(at + piece.start for at, piece in zip(differs, part, strict=True))
        voxels = np.ravel_multi_index(places, now.shape)
        return VoxelChange(voxels, known[places], now[places], paint)

    def notice(self, part: Slices, paint: Paint = Paint.STROKES) -> VoxelChange | None:
        """Write down what `find` finds, and return it.

        Raises
        ------
        ProjectError
            If the store can't be changed.
        """
        change = self.find(part, paint)
        if change is not None:
            self.record(change)
        return change

    def look(
        self, should_stop: ShouldStop | None = None, paint: Paint = Paint.STROKES
    ) -> NDArray[np.int64]:
        """Find where an array differs from what is recorded; on any thread.

        Parameters
        ----------
        should_stop : callable, optional
            Asked now and then.
        paint : Paint
            Which array.

        Returns
        -------
        int64, (P,)
            Raster indices for `confirm`, ascending.
        """
        now, known = self._painted[paint].reshape(-1), self._known[paint].reshape(-1)
        found = []
        for start in range(0, now.size, LOOK_VOXELS):
            check_stop(should_stop)
            piece = slice(start, start + LOOK_VOXELS)
            found.append(np.flatnonzero(now[piece] != known[piece]) + start)
        return np.concatenate(found)

    def confirm(
        self, voxels: NDArray[np.int64], paint: Paint = Paint.STROKES
    ) -> VoxelChange | None:
        """Write down what was painted at some voxels, if they still differ from what is recorded.

        Parameters
        ----------
        voxels : int64, (P,)
            Raster indices, ascending.
        paint : Paint
            With what.

        Returns
        -------
        VoxelChange or None
            None if nothing changed.

        Raises
        ------
        ProjectError
            If the store can't be changed.
        """
        old, new = (volumes[paint].reshape(-1)[voxels] for volumes in (self._known, self._painted))
        differs = old != new
        if not differs.any():
            return None
        change = VoxelChange(voxels[differs], old[differs], new[differs], paint)
        self.record(change)
        return change

    def undo(self, known: Change | None = None) -> Change | None:
        """Take the last change back, in the array as well; None if there is none.

        What `preview` returned needn't be read again, if it is `known`.

        A balance, or the table of classes, whoever asks has to set.

        Raises
        ------
        ProjectError
            If the store can't be changed.
        """
        return self._step(True, known)

    def redo(self, known: Change | None = None) -> Change | None:
        """Make the change again that was taken back last; as `undo` otherwise."""
        return self._step(False, known)

    def next_key(self, *, back: bool) -> int | None:
        """Return what tells the next step of undo, or redo, from all others; None for none."""
        if self._store is not None:
            steps = self._store.steps
            return steps.next_undo if back else steps.next_redo
        waiting = self._waiting if back else self._undone
        return id(waiting[-1]) if waiting else None

    def next_size(self, *, back: bool) -> int:
        """Return how many voxels the next step of undo, or redo, changes."""
        if self._store is not None:
            return self._store.made.size_of(self.next_key(back=back))
        waiting = self._waiting if back else self._undone
        last = waiting[-1] if waiting else None
        return last.voxels.size if isinstance(last, VoxelChange) else 0

    def preview(self, *, back: bool) -> Change | None:
        """Return what `undo` (or `redo`, if not `back`) would change; None if nothing.

        Raises
        ------
        ProjectError
            If the store can't be changed.
        """
        if self._store is not None:
            return self._store.preview(back=back)
        if back:
            return self._waiting[-1].inverse if self._waiting else None
        return self._undone[-1] if self._undone else None

    def order(self, strokes: Strokes) -> Strokes:
        """Return strokes of the array with the steps at which they were painted; on any thread."""
        waiting, store = tuple(self._waiting), self._store
        if store is not None:
            return store.order(strokes)
        self._order.follow(waiting, lambda change: change)
        return self._order.order(strokes)

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._waiting) if self._store is None else self._store.can_undo

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to make again."""
        return bool(self._undone) if self._store is None else self._store.can_redo

    def strokes_since(self, class_id: int) -> int | None:
        """Count the strokes since the balance of a class was set; None if it wasn't."""
        if self._store is not None:
            return self._store.steps.strokes_since(class_id)
        count = 0
        for change in reversed(self._waiting):
            if isinstance(change, VoxelChange) and change.paint is Paint.STROKES:
                count += 1
            elif isinstance(change, BalanceChange) and change.class_id == class_id:
                return count
        return None

    def _step(self, back: bool, known: Change | None) -> Change | None:
        if self._store is not None:
            change = self._store.undo(known) if back else self._store.redo(known)
        else:
            change = self.preview(back=back)
            if change is None:
                return None
            if back:
                self._undone.append(self._waiting.pop())
            else:
                self._waiting.append(self._undone.pop())
            change.apply(self._painted)
            change.apply(self._known)
        return change

    def record(self, change: Change) -> None:
        """Write down a change that was made already, in the array as well.

        Raises
        ------
        ProjectError
            If the store can't be changed.
        """
        if self._store is None:
            self._waiting.append(change)
            self._undone.clear()
            change.apply(self._known)
        else:
            self._store.record(change)
