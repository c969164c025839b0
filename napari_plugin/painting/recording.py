"""What is painted, and corrected, written down as steps that can be undone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from supervox.execution import Told
from supervox.project import Change, ProjectError, Recorder, VoxelChange

from .corrections import Corrections


class Recording:
    """Has a recorder write steps down, and tells of it.

    Attributes
    ----------
    corrections : Corrections
        Labels that lie over those of the strokes.
    is_held : bool
        Whether a stroke is being painted: it is no step as yet, and nothing can be undone.
    is_unseen : bool
        Whether something was painted where only the next scan will find it.
    """

    changed = Signal()  # voxels may have changed: by a stroke, an undo, a script
    hint = Signal(str)  # why something isn't done
    recorded = Signal()  # there is more, or less, to undo
    recording = Signal()  # something is about to be written down, or to be undone
    failed = Signal(Exception)

    def __init__(self) -> None:
        self._recorder: Recorder | None = None
        self.corrections = Corrections()
        self.is_held = self.is_unseen = False

    @property
    def recorder(self) -> Recorder | None:
        """Writes down what is painted on the layer, and what is corrected."""
        return self._recorder

    @recorder.setter
    def recorder(self, recorder: Recorder | None) -> None:
        self._recorder = recorder
        if recorder is not None:
            self.corrections.follow(recorder)

    def confirm_now(self, voxels: NDArray[np.int64]) -> None:
        """Have what was painted at some voxels written down at once, as a step of its own."""
        if self.recorder is not None:
            with self.telling():
                self.recorder.confirm(voxels)

    def record(self, change: Change) -> None:
        """Write down a step that changed no voxels."""
        if self.recorder is not None:
            with self.telling():
                self.recorder.record(change)

    def record_all(self) -> None:
        """Write down what no scan has seen yet: nothing will look again."""
        if self.recorder is not None:
            with self.telling():
                self.recorder.confirm(self.recorder.look())
                self.corrections.record_all(self.recorder)

    def correct(self, change: VoxelChange, told: tuple[Told, Told] | None = None) -> None:
        """Change corrections, as one step that can be undone, whatever is locked."""
        if self.recorder is None or not change.voxels.size:
            return
        self.recording.emit()
        with self.telling():
            self.corrections.paint(self.recorder, change, told)

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Tell a person of what can't be written down, and the widgets of what was."""
        try:
            yield
        except ProjectError as error:
            self.failed.emit(error)
        self.recorded.emit()
