"""Undo and redo: one step after the other, once what was painted before is written down."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from supervox.napari_plugin.tasks.jobs import BackgroundTask
from supervox.project import Change, Paint, VoxelChange

from .chains import may_go_on
from .class_list import ClassList
from .recording import Recording
from .stepping import LARGE, NextStep, look_at_next


class Undoing:
    """Takes steps back, or makes them again, each with all that belong to it.

    Parameters
    ----------
    recording : Recording
        Of the steps.
    classes : ClassList
    show : callable
        Called with a change that was carried out, unless it is one of corrections.

    Attributes
    ----------
    reading : BackgroundTask
        Reads a large step.
    """

    def __init__(
        self, recording: Recording, classes: ClassList, show: Callable[[Change], None]
    ) -> None:
        self._recording, self._classes, self._show = recording, classes, show
        # Back or forth, of which chain, and after which step of it: to be done after a scan, or
        # a large step.
        self._waiting: list[tuple[bool, Change | None, Change | None]] = []
        self.reading = BackgroundTask()
        self.reading.succeeded.connect(self._take)
        self.reading.changed.connect(self.go_on)

    def step(self, *, back: bool, chain: Change | None = None, after: Change | None = None) -> None:
        """Undo, or redo, as soon as that can be done.

        Parameters
        ----------
        back : bool
            Whether to undo.
        chain : Change, optional
            With which the steps began that this one belongs to.
        after : Change, optional
            The step before it, if this one is done only where it belongs to that.
        """
        recording, recorder = self._recording, self._recording.recorder
        if recorder is None or recording.is_held:
            return
        recording.recording.emit()
        if recording.is_unseen or self.reading.is_running:  # what was begun just now comes first
            self._waiting.append((back, chain, after))
            if recording.is_unseen:
                recording.changed.emit()
            return
        corrections = recording.corrections
        key = recorder.next_key(back=back)
        look = partial(look_at_next, recorder, key, back, chain, after, self._classes, corrections)
        if recorder.next_size(back=back) > LARGE:
            self.reading.run(lambda _: look(), "Undoing" if back else "Redoing", shown=True)
        else:
            with recording.telling():
                self._take(look())

    def _take(self, step: NextStep) -> None:
        """Carry out what was looked at, and the steps that belong to it."""
        change, recorder, back = step.change, step.recorder, step.back
        if recorder is not self._recording.recorder or not step.belongs:
            return
        if change is None or step.obstacle:
            self._recording.hint.emit(step.obstacle)
            return
        with self._recording.telling():
            _ = recorder.undo(change) if back else recorder.redo(change)
            if isinstance(change, VoxelChange) and change.paint is Paint.CORRECTIONS:
                self._recording.corrections.note(change, step.told)
            else:
                self._show(change)
            chain, paints = step.chain or change, recorder.next_size(back=back) > 0
            if may_go_on(change, chain, paints=paints, back=back):
                self.step(back=back, chain=chain, after=change)

    def go_on(self) -> None:
        """Carry out what was asked for while a step was looked at."""
        if not self.reading.is_running:
            steps, self._waiting = self._waiting, []
            for back, chain, after in steps:
                self.step(back=back, chain=chain, after=after)

    def stop(self) -> None:
        """Carry out nothing more of what was asked for."""
        self._waiting = []
        self.reading.cancel()
