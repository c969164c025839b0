"""Work that takes long: on a thread, with progress, stoppable, and with an end on the GUI thread.

The only module that knows of threads. A task is a function of a `Report`; it runs at a low
priority, so that painting goes first on a busy machine.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic
from typing import Any

import psygnal
from napari.qt.threading import FunctionWorker, create_worker
from napari.utils import cancelable_progress
from qtpy.QtCore import QObject, QThreadPool, QTimer, Signal
from supervox.features import Cancelled

NICENESS, BACKGROUND_NICENESS = 10, 19
POLL_MS = 100  # how often progress is shown


class Report:
    """What a task tells while it works, and where it asks whether to go on.

    Attributes
    ----------
    publish : callable
        Hands a partial result to the GUI thread.
    """

    def __init__(self, publish: Callable[[object], None]) -> None:
        self.publish = publish
        self.done, self.total = 0, 0
        self._stop = threading.Event()
        self.worker: FunctionWorker | None = None

    def progress(self, done: int, total: int) -> None:
        """Tell how much is done."""
        self.done, self.total = done, total

    def stop(self) -> None:
        """Ask the task to stop."""
        self._stop.set()

    def should_stop(self) -> bool:
        """Tell whether the task is to stop; also asked by napari when it closes."""
        return self._stop.is_set() or (self.worker is not None and self.worker.abort_requested)


Task = Callable[[Report], Any]
_running: set[Job] = set()  # keeps jobs alive that nobody waits for any more


class Job(QObject):
    """A task that runs. All signals arrive on the GUI thread, and none after `abandon`.

    Parameters
    ----------
    task : callable
        Called as ``task(report)`` on a thread. It must touch no layer and no widget.
    description : str
        What is being done, for a person.
    shown : bool
        Whether napari's activity dock shows the progress, with a button to cancel.
    unwanted : callable, optional
        Takes what the task returned if nobody waits for it any more.
    """

    progressed = Signal(int, int)
    published = Signal(object)
    succeeded = Signal(object)
    failed = Signal(Exception)
    stopped = Signal()
    _handed = Signal(object)

    def __init__(
        self,
        task: Task,
        description: str,
        *,
        shown: bool = False,
        unwanted: Callable[[Any], None] | None = None,
    ) -> None:
        super().__init__()
        self.description = description
        self.started_at = monotonic()
        self.report = Report(self._handed.emit)
        self._is_abandoned = False
        self._has_ended = False
        self._handed.connect(self._on_published)
        self._shown_at = (-1, -1)
        self._bar = cancelable_progress(total=100, desc=description) if shown else None
        self._call = _Call(task, self.report, description, unwanted)
        worker = create_worker(self._call, _worker_class=_Worker, _ignore_errors=True)
        self.report.worker = worker
        worker.finished.connect(self._on_finished)
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._show_progress)
        self._timer.start()
        _running.add(self)
        worker.start()

    @property
    def is_running(self) -> bool:
        """Whether the end has not been told yet."""
        return not self._has_ended

    def stop(self) -> None:
        """Ask the task to stop; `stopped` tells when it did."""
        self.report.stop()

    def abandon(self) -> None:
        """Ask the task to stop, and tell nobody of it any more."""
        self._is_abandoned = True
        self.report.stop()

    def seconds_left(self) -> float | None:
        """Estimate how long it will take from the pace so far; None while that is a guess."""
        done, total = self.report.done, self.report.total
        spent = monotonic() - self.started_at
        if not total or done * 50 < total or spent < 1:
            return None
        return spent * (total - done) / done

    def _show_progress(self) -> None:
        if self._bar is not None and self._bar.is_canceled:
            self.stop()
        now = (self.report.done, self.report.total)
        if now == self._shown_at or not now[1] or self._is_abandoned:
            return
        self._shown_at = now
        if self._bar is not None:
            self._bar.update(100 * now[0] // now[1] - self._bar.n)
        self.progressed.emit(*now)

    def _on_published(self, value: object) -> None:
        if not (self._is_abandoned or self.report.should_stop()):
            self.published.emit(value)

    def _on_finished(self) -> None:
        kind, value = self._call.take_outcome()
        self._timer.stop()
        self._has_ended = True
        _running.discard(self)
        if self._bar is not None:
            self._bar.close()
        if self._is_abandoned:
            self._call.drop(kind, value)
        elif kind == "stopped":
            self.stopped.emit()
        elif kind == "failed":
            self.failed.emit(value)
        else:
            self.succeeded.emit(value)
        self.deleteLater()


class Stage:
    """A kind of work of which at most one job runs; a newer one replaces an older one."""

    changed = psygnal.Signal()  # began, progressed or ended
    published = psygnal.Signal(object)
    succeeded = psygnal.Signal(object)
    failed = psygnal.Signal(Exception)

    def __init__(self) -> None:
        self.job: Job | None = None

    @property
    def is_running(self) -> bool:
        """Whether a job runs."""
        return self.job is not None

    def run(
        self,
        task: Task,
        description: str,
        *,
        shown: bool = False,
        unwanted: Callable[[Any], None] | None = None,
    ) -> None:
        """Begin; see `Job`. Nothing of the job that ran before arrives any more."""
        if self.job is not None:
            self.job.abandon()
        job = Job(task, description, shown=shown, unwanted=unwanted)
        job.progressed.connect(lambda done, total: self.changed.emit())
        job.published.connect(self.published.emit)
        job.succeeded.connect(lambda value: self._end(self.succeeded, value))
        job.failed.connect(lambda error: self._end(self.failed, error))
        job.stopped.connect(lambda: self._end(None, None))
        self.job = job
        self.changed.emit()

    def cancel(self) -> None:
        """Stop what is running, and hear no more of it."""
        job, self.job = self.job, None
        if job is not None:
            job.abandon()
            self.changed.emit()

    def _end(self, signal: psygnal.SignalInstance | None, value: object) -> None:
        self.job = None
        if signal is not None:
            signal.emit(value)
        self.changed.emit()


_to_the_end = ThreadPoolExecutor(1, "supervox files")


def run_to_end(work: Callable[[], None]) -> Future[None]:
    """Do something that must not be left undone if the window is closed meanwhile.

    When Python itself is ending, nothing is begun any more: strokes are written by their journal.
    """
    try:
        return _to_the_end.submit(work)
    except RuntimeError:
        done: Future[None] = Future()
        done.set_result(None)
        return done


def finish_files() -> None:
    """Wait until all that must not be left undone is done."""
    run_to_end(lambda: None).result()


def stop_all() -> None:
    """Stop all jobs and wait for their threads, which must not outlive Qt."""
    for job in list(_running):
        job.abandon()
    finish_files()
    pool = QThreadPool.globalInstance()
    if pool is not None:
        pool.waitForDone()


class _Call:
    """A task and what comes of it, which lets go of both: napari keeps all calls that ever were.

    Parameters
    ----------
    task : callable
    report : Report
    description : str
        What napari shows of it when its window is closed.
    unwanted : callable or None
        Takes the outcome of a task that was to stop, and didn't.
    """

    def __init__(
        self,
        task: Task,
        report: Report,
        description: str,
        unwanted: Callable[[Any], None] | None,
    ) -> None:
        self._unwanted = unwanted
        self._work: tuple[Task, Report] | None = (task, report)
        self._description = description
        self._outcome: tuple[str, Any] = ("stopped", None)

    def __call__(self) -> None:
        """Do nothing more: `_Worker` has worked already."""

    def __repr__(self) -> str:
        return self._description

    def run(self) -> None:
        """Run the task; its exceptions become values, so that each has one way to the person."""
        assert self._work is not None
        (task, report), self._work = self._work, None
        _lower_priority()
        try:
            if not report.should_stop():
                self._outcome = ("succeeded", task(report))
        except Cancelled:
            pass
        except Exception as error:
            self._outcome = ("failed", error)
        if report.should_stop():
            self.drop(*self._outcome)
            self._outcome = ("stopped", None)

    def drop(self, kind: str, value: Any) -> None:
        """Let go of what came of it too late."""
        if kind == "succeeded" and self._unwanted is not None:
            self._unwanted(value)

    def take_outcome(self) -> tuple[str, Any]:
        """Return how it ended, and with what."""
        outcome, self._outcome = self._outcome, ("stopped", None)
        return outcome


class _Worker(FunctionWorker):  # type: ignore[misc]
    """Works before superqt does, which changes the warnings of the whole process meanwhile.

    Of workers that overlap, the last one to end would leave them changed for good.
    """

    _one_at_a_time = threading.Lock()

    def __init__(self, call: _Call) -> None:
        super().__init__(call)
        self._call = call

    def run(self) -> None:
        """Run the task, and tell of its end."""
        self._call.run()
        with self._one_at_a_time:
            super().run()


def step_back() -> None:
    """Let other tasks go first as well; called by a task."""
    _lower_priority(BACKGROUND_NICENESS)


def _lower_priority(niceness: int = NICENESS) -> None:
    """Let the GUI thread go first; threads that are started from here inherit it (Linux)."""
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):  # a nicety: refused in some containers
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
