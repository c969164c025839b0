"""Work on the files of a project, one task after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psygnal import Signal
from supervox.napari_plugin.tasks.jobs import BackgroundTask, Task

from .project_files import discard


class FileWork:
    """Runs tasks one by one, each when the one before has ended.

    Attributes
    ----------
    working : BackgroundTask
        What is being done now.
    given_up : Signal
        A task failed, or a person stopped it: nothing comes of it.
    mended : Signal
        A task succeeded that failed before.
    """

    changed = Signal()
    failed = Signal(Exception)
    given_up = Signal()
    mended = Signal()

    def __init__(self) -> None:
        self.working = BackgroundTask()
        self.working.changed.connect(self._on_working)
        self.working.succeeded.connect(self._on_done)
        self.working.failed.connect(self._on_failed)
        self._waiting: list[tuple[Task, str, Callable[[Any], None]]] = []
        self._then: Callable[[Any], None] | None = None
        self._doing = self._failed_at = ""  # descriptions of tasks

    def run(
        self, task: Task, description: str, then: Callable[[Any], None] = lambda _: None
    ) -> None:
        """Do something with files, after what is being done with them now."""
        self._waiting.append((task, description, then))
        self._next()

    def drop(self, then: Callable[[Any], None]) -> None:
        """Don't do, or stop, what would end with a call of `then`."""
        self._waiting = [entry for entry in self._waiting if entry[2] != then]
        if self._then == then:
            self._then = None
            self.working.cancel()

    def clear(self) -> None:
        """Stop, and do nothing of what waits."""
        self._waiting.clear()
        self._then = None
        self.working.cancel()

    def _next(self) -> None:
        if self._waiting and not self.working.is_running:
            task, self._doing, self._then = self._waiting.pop(0)
            self.working.run(task, self._doing, shown=True, unwanted=discard)

    def _on_done(self, value: Any) -> None:
        then, self._then = self._then, None
        if self._doing == self._failed_at:
            self._failed_at = ""
            self.mended.emit()
        if then is not None:
            then(value)

    def _on_failed(self, error: Exception) -> None:
        self._then, self._failed_at = None, self._doing
        self.given_up.emit()
        self.failed.emit(error)

    def _on_working(self) -> None:
        if self._then is not None and not self.working.is_running:  # a person stopped it
            self._then = None
            self.given_up.emit()
        self._next()
        self.changed.emit()
