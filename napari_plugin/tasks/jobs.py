"""Work that takes long: on a thread, with progress, stoppable, and with an end on the GUI thread.

The only module that knows of threads. A task is a function of a `Report`; it runs at a low
priority, so that painting goes first on a busy machine.

Threads are Python's, and hand over what they have at one letter box that lives as long as the
process. Qt's own pool deletes its workers on their thread while Python may still use, or delete,
them on another: now and then that crashed. For the same reason, Python looks for garbage on the GUI
thread only while such threads run: widgets may be in it, whoever finds them [1]_. That concerns
the whole process, so it is left alone where somebody else switched the search off, and by
``SUPERVOX_GC=python`` in the environment.

References
----------
.. [1] K. Goyal, on the PyQt mailing list, August 2011,
   https://riverbankcomputing.com/pipermail/pyqt/2011-August/030378.html: the known remedy, to
   switch the search off and do it by a timer of the GUI thread. The package qtpygc does that for
   all of an application's life; here it lasts as long as a job.
"""

from __future__ import annotations

import contextlib
import gc
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic
from typing import Any

import psygnal
from napari.utils import cancelable_progress
from qtpy.QtCore import QObject, Qt, QTimer, Signal
from supervox.execution import Cancelled, Run, compiling_now

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

    def progress(self, done: int, total: int) -> None:
        """Tell how much is done."""
        self.done, self.total = done, total

    @property
    def run(self) -> Run:
        """The run of the task: it tells here, and asks here."""
        return Run(None, self.progress, self.should_stop)

    def stop(self) -> None:
        """Ask the task to stop."""
        self._stop.set()

    def should_stop(self) -> bool:
        """Tell whether the task is to stop."""
        return self._stop.is_set()


class _Garbage:
    """Has Python look for garbage on the GUI thread only, as long as anything else is at work.

    That is of what is young; older objects wait for Python itself, when it may again.

    Parameters
    ----------
    is_wanted : bool
        Otherwise Python goes on as it does.
    """

    def __init__(self, is_wanted: bool = True) -> None:
        self._is_wanted = is_wanted
        self._at_work, self._lock = 0, threading.Lock()
        self._was_enabled = False

    def begin(self) -> None:
        """Something begins on another thread."""
        with self._lock:
            if not self._at_work and self._is_wanted:
                self._was_enabled = gc.isenabled()
                gc.disable()
            self._at_work += 1

    def end(self) -> None:
        """Something ended."""
        with self._lock:
            self._at_work -= 1
            if not self._at_work and self._was_enabled:
                gc.enable()

    def look(self) -> None:
        """Look for garbage if Python would, on the GUI thread."""
        due = [n > limit for n, limit in zip(gc.get_count(), gc.get_threshold(), strict=True)]
        if self._was_enabled and any(due[:2]):
            gc.collect(int(due[1]))


_garbage = _Garbage(os.environ.get("SUPERVOX_GC") != "python")
Task = Callable[[Report], Any]
_running: set[Job] = set()  # keeps jobs alive that nobody waits for any more


class _LetterBox(QObject):
    """Where threads leave what is to be done on the GUI thread, in order."""

    _arrived = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._letters: deque[Callable[[], None]] = deque()
        self._arrived.connect(self.open_all, Qt.ConnectionType.QueuedConnection)

    def post(self, letter: Callable[[], None]) -> None:
        """Leave a letter, from any thread."""
        self._letters.append(letter)
        self._arrived.emit()

    def open_all(self) -> None:
        """Do what is to be done, on the GUI thread."""
        while self._letters:
            self._letters.popleft()()


_letters = _LetterBox()


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
        self.report = Report(lambda part: _letters.post(lambda: self._on_published(part)))
        self._is_abandoned = False
        self._has_ended = False
        self._unwanted = unwanted
        self._shown_at: tuple[int, int, int | None] = (-1, -1, None)
        self._compiled_before = compiling_now().done
        self._is_shown = shown
        self._bar: cancelable_progress | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._show_progress)
        self._timer.start()
        _running.add(self)
        _garbage.begin()
        self._thread = threading.Thread(
            target=self._run, args=(task,), name=f"supervox: {description}", daemon=True
        )
        self._thread.start()

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
        has_compiled = compiling_now().done > self._compiled_before  # which tells of no pace
        if not total or done * 50 < total or spent < 1 or has_compiled:
            return None
        return spent * (total - done) / done

    @property
    def compiled(self) -> int | None:
        """How many functions were compiled since it began; None if none is compiled just now."""
        done, at_work = compiling_now()
        return done - self._compiled_before if at_work else None

    def _show_progress(self) -> None:
        _garbage.look()
        if self._is_shown and self._bar is None:
            # Not when it begins: napari handles waiting events when it makes or moves a bar, and
            # a job may be begun in the midst of one, like the release of the mouse.
            self._bar = cancelable_progress(total=100, desc=self.description)
        if self._has_ended:  # meanwhile, for the same reason
            self._close_bar()
            return
        if self._bar is not None and self._bar.is_canceled:
            self.stop()
        done, total, compiled = now = (self.report.done, self.report.total, self.compiled)
        is_known = total > 0 or compiled is not None
        if now == self._shown_at or not is_known or self._is_abandoned:
            return
        self._shown_at = now
        if self._bar is not None and total:
            self._bar.update(100 * done // total - self._bar.n)
        if not self._has_ended:
            self.progressed.emit(done, total)

    def _on_published(self, value: object) -> None:
        if not (self._is_abandoned or self.report.should_stop()):
            self.published.emit(value)

    def _run(self, task: Task) -> None:
        """Run on the thread; exceptions become values, so that each has one way to the person."""
        _lower_priority()
        kind, value = "stopped", None
        try:
            if not self.report.should_stop():
                kind, value = "succeeded", task(self.report)
        except Cancelled:
            pass
        except Exception as error:
            kind, value = "failed", error
        if self.report.should_stop():
            self._drop(kind, value)
            kind, value = "stopped", None
        _letters.post(lambda: self._on_finished(kind, value))

    def _drop(self, kind: str, value: Any) -> None:
        """Let go of what came of it too late."""
        if kind == "succeeded" and self._unwanted is not None:
            self._unwanted(value)

    def _on_finished(self, kind: str, value: Any) -> None:
        self._timer.stop()
        self._has_ended = True
        _running.discard(self)
        _garbage.end()
        self._close_bar()
        if self._is_abandoned:
            self._drop(kind, value)
        elif kind == "stopped":
            self.stopped.emit()
        elif kind == "failed":
            self.failed.emit(value)
        else:
            self.succeeded.emit(value)
        self.deleteLater()

    def _close_bar(self) -> None:
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.close()

    def join(self) -> None:
        """Wait for the thread."""
        self._thread.join()


class BackgroundTask:
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
    _garbage.begin()
    try:
        done = _to_the_end.submit(work)
    except RuntimeError:
        done = Future()
        done.set_result(None)
    done.add_done_callback(lambda _: _garbage.end())
    return done


def finish_files() -> None:
    """Wait until all that must not be left undone is done."""
    run_to_end(lambda: None).result()


def stop_all() -> None:
    """Stop all jobs and wait for their threads, and for the files that they leave to be closed."""
    stopping = list(_running)
    for job in stopping:
        job.abandon()
    for job in stopping:
        job.join()
    _letters.open_all()
    finish_files()


def step_back() -> None:
    """Let other tasks go first as well; called by a task."""
    _lower_priority(BACKGROUND_NICENESS)


def _lower_priority(niceness: int = NICENESS) -> None:
    """Let the GUI thread go first; threads that are started from here inherit it (Linux)."""
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):  # a nicety: refused in some containers
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
