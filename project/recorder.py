"""What was painted into an array by somebody else, noticed and written down."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from supervox.execution import ShouldStop, Slices, check_stop
from supervox.segmentation import Strokes

from .annotations import AnnotationStore
from .changes import BalanceChange, Change, VoxelChange
from .stroke_order import StrokeOrder

LOOK_VOXELS = 2**24  # compared between two questions whether to stop


class Recorder:
    """Compares an array that is painted on with a copy of it, and has differences written down.

    The copy, the store's own where there is one, takes memory only where something was painted.
    What is recorded before there is a store waits for it. All methods but `look` belong to one
    thread.

    Parameters
    ----------
    voxels : uint8, (Z, Y, X)
        What is painted on, contiguous in memory; 0 = unlabelled.
    store : AnnotationStore, optional
        Where it is written down; what differs already is found by `look`.
    """

    def __init__(self, voxels: NDArray[np.uint8], store: AnnotationStore | None = None) -> None:
        self._voxels = voxels
        self._waiting: list[Change] = []
        self._undone: list[Change] = []  # of those that wait
        self._store = store
        self._order: StrokeOrder[Change] = StrokeOrder()  # of those that wait
        if store is None:
            self._known = np.zeros(voxels.shape, np.uint8)  # pages nobody writes to cost nothing
        else:
            self._known = store.recorded
            store.voxels = voxels

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
        self._store = store
        store.voxels = self._voxels
        waiting, self._waiting = self._waiting, []
        self._undone.clear()
        for change in waiting:
            store.record(change)
        self._known = store.recorded

    def notice(self, part: Slices) -> VoxelChange | None:
        """Write down what was painted in a part of the volume.

        Parameters
        ----------
        part : tuple of 3 slice
            Small, like a slice: it is compared at once.

        Returns
        -------
        VoxelChange or None
            None if nothing changed there.
        """
        differs = np.nonzero(self._voxels[part] != self._known[part])
        if not differs[0].size:
            return None
        places = tuple(at + piece.start for at, piece in zip(differs, part, strict=True))
        return self.confirm(np.ravel_multi_index(places, self._voxels.shape))

    def look(self, should_stop: ShouldStop | None = None) -> NDArray[np.int64]:
        """Find where the array differs from what is recorded; on any thread.

        Parameters
        ----------
        should_stop : callable, optional
            Asked now and then.

        Returns
        -------
        int64, (P,)
            Raster indices for `confirm`, ascending.
        """
        now, known = self._voxels.reshape(-1), self._known.reshape(-1)
        found = []
        for start in range(0, now.size, LOOK_VOXELS):
            check_stop(should_stop)
            piece = slice(start, start + LOOK_VOXELS)
            found.append(np.flatnonzero(now[piece] != known[piece]) + start)
        return np.concatenate(found)

    def confirm(self, voxels: NDArray[np.int64]) -> VoxelChange | None:
        """Write down what was painted at some voxels, if they still differ from what is recorded.

        Parameters
        ----------
        voxels : int64, (P,)
            Raster indices, ascending.

        Returns
        -------
        VoxelChange or None
            None if nothing changed.

        Raises
        ------
        ProjectError
            If the store can't be changed.
        """
        old, new = self._present(voxels), self._voxels.reshape(-1)[voxels]
        differs = old != new
        if not differs.any():
            return None
        change = VoxelChange(voxels[differs], old[differs], new[differs])
        self.record(change)
        return change

    def undo(self) -> Change | None:
        """Take the last change back, in the array as well; None if there is none.

        A balance, or the table of classes, whoever asks has to set.

        Raises
        ------
        ProjectError
            If the store can't be changed.
        """
        return self._step(back=True)

    def redo(self) -> Change | None:
        """Make the change again that was taken back last; as `undo` otherwise."""
        return self._step(back=False)

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
        """Return strokes of the array with the steps at which they were painted."""
        if self._store is not None:
            return self._store.order(strokes)
        self._order.follow(tuple(self._waiting), lambda change: change)
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
            if isinstance(change, VoxelChange):
                count += 1
            elif isinstance(change, BalanceChange) and change.class_id == class_id:
                return count
        return None

    def _step(self, *, back: bool) -> Change | None:
        if self._store is not None:
            change = self._store.undo() if back else self._store.redo()
        else:
            change = self.preview(back=back)
            if change is None:
                return None
            if back:
                self._undone.append(self._waiting.pop())
            else:
                self._waiting.append(self._undone.pop())
            change.apply(self._voxels)
            change.apply(self._known)
        return change

    def _present(self, voxels: Sequence[int] | NDArray[np.int64]) -> NDArray[np.uint8]:
        known: NDArray[np.uint8] = self._known.reshape(-1)[voxels]
        return known

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
