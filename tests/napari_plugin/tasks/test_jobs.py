"""Work on a thread: its progress, its end, and silence after it was abandoned."""

from __future__ import annotations

import gc
import os
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication
from supervox.execution import Cancelled
from supervox.napari_plugin.tasks import jobs
from supervox.napari_plugin.tasks.jobs import BackgroundTask, Job, Report


@pytest.fixture
def until(qtbot: Any) -> Callable[[Callable[[], object]], None]:
    return lambda condition: qtbot.waitUntil(lambda: bool(condition()), timeout=60_000)


class Gate:
    """A task that does what it is told, step by step."""

    def __init__(self) -> None:
        self.started, self.go = threading.Event(), threading.Event()
        self.threads: list[int] = []

    def __call__(self, report: Report) -> str:
        self.threads.append(threading.get_ident())
        self.started.set()
        while not self.go.wait(0.005):
            if report.should_stop():
                raise Cancelled("stopped on request")
        return "done"


@pytest.fixture
def gate(quiet: None) -> Iterator[Gate]:
    made = Gate()
    yield made
    made.go.set()


def told_by(job: Job) -> list[tuple[Any, ...]]:
    """Collect all signals of a job, with the thread on which they arrive."""
    told: list[tuple[Any, ...]] = []
    for name in ("progressed", "published", "succeeded", "failed", "stopped"):
        getattr(job, name).connect(
            lambda *values, name=name: told.append((name, *values, threading.get_ident()))
        )
    return told


HERE = threading.get_ident()


def test_a_result_arrives_on_the_gui_thread(gate: Gate, until: Callable[..., None]) -> None:
    job = Job(gate, "waiting")
    told = told_by(job)
    assert job.is_running
    gate.go.set()
    until(lambda: told)
    assert told == [("succeeded", "done", HERE)]
    assert gate.threads != [HERE]
    assert not job.is_running


def test_progress_arrives_while_it_works(gate: Gate, until: Callable[..., None]) -> None:
    def work(report: Report) -> str:
        report.progress(3, 7)
        return gate(report)

    job = Job(work, "waiting")
    told = told_by(job)
    until(lambda: told)
    assert told == [("progressed", 3, 7, HERE)]
    gate.go.set()
    until(lambda: not job.is_running)
    assert [item[0] for item in told] == ["progressed", "succeeded"]


def test_the_time_left_follows_the_pace(
    gate: Gate, until: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = Job(gate, "waiting")
    now = job.started_at
    monkeypatch.setattr(jobs, "monotonic", lambda: now)
    job.report.progress(25, 100)
    assert job.seconds_left() is None
    now += 10
    assert job.seconds_left() == pytest.approx(30)
    job.report.progress(1, 100)
    assert job.seconds_left() is None
    gate.go.set()
    until(lambda: not job.is_running)


def test_parts_are_published_in_order(gate: Gate, until: Callable[..., None]) -> None:
    def work(report: Report) -> str:
        report.publish(1)
        report.publish(2)
        return gate(report)

    job = Job(work, "waiting")
    told = told_by(job)
    until(lambda: len(told) == 2)
    gate.go.set()
    until(lambda: not job.is_running)
    assert [item[:2] for item in told] == [
        ("published", 1),
        ("published", 2),
        ("succeeded", "done"),
    ]


class Bar:
    """A progress bar in a window: napari handles waiting events when it makes or moves one."""

    made: ClassVar[list[Bar]] = []

    def __init__(self, total: int, desc: str) -> None:
        self.made.append(self)
        self.is_canceled = self.is_closed = False
        self.n = 0
        QApplication.processEvents()

    def update(self, by: int) -> None:
        self.n += by
        QApplication.processEvents()

    def close(self) -> None:
        self.is_closed = True


def test_what_waits_is_not_handled_in_the_midst_of_a_beginning(
    gate: Gate, until: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job may begin in a release of the mouse, which must not be entered again."""
    monkeypatch.setattr(jobs, "cancelable_progress", Bar)
    monkeypatch.setattr(Bar, "made", [])
    handled: list[str] = []
    QTimer.singleShot(0, lambda: handled.append("waiting"))
    job = Job(gate, "waiting", shown=True)
    assert not handled
    told = told_by(job)
    until(lambda: Bar.made)
    assert handled
    gate.go.set()
    until(lambda: told)
    assert told[-1][:2] == ("succeeded", "done")
    assert [bar.is_closed for bar in Bar.made] == [True]


def test_a_job_that_ends_while_its_bar_is_made(
    gate: Gate, until: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def make(total: int, desc: str) -> Bar:
        gate.go.set()
        job.join()  # its end waits now, and is told while the bar is made
        return Bar(total, desc)

    monkeypatch.setattr(jobs, "cancelable_progress", make)
    monkeypatch.setattr(Bar, "made", [])
    job = Job(gate, "ending", shown=True)
    told = told_by(job)
    until(lambda: told)
    until(lambda: Bar.made and Bar.made[0].is_closed)
    assert len(told) == 1


def test_stopping_is_told_when_it_happened(gate: Gate, until: Callable[..., None]) -> None:
    job = Job(gate, "waiting")
    told = told_by(job)
    until(gate.started.is_set)
    job.stop()
    assert told == []
    until(lambda: told)
    assert told == [("stopped", HERE)]


def test_a_job_that_is_stopped_before_it_began(until: Callable[..., None], quiet: None) -> None:
    ran: list[Report] = []
    job = Job(ran.append, "nothing")
    told = told_by(job)
    job.stop()
    until(lambda: told)
    assert told == [("stopped", HERE)] or ran


def test_an_error_is_a_value(until: Callable[..., None], quiet: None) -> None:
    error = ValueError("the volume is empty")

    def fail(report: Report) -> None:
        raise error

    heard: list[object] = []
    notification_manager.notification_ready.connect(heard.append)
    job = Job(fail, "failing")
    told = told_by(job)
    until(lambda: told)
    notification_manager.notification_ready.disconnect(heard.append)
    assert told == [("failed", error, HERE)]
    assert heard == []


def test_after_abandoning_there_is_silence(gate: Gate, until: Callable[..., None]) -> None:
    def work(report: Report) -> str:
        report.progress(1, 2)
        report.publish("part")
        gate.started.set()
        gate.go.wait(30)
        report.publish("late")
        return "done"

    job = Job(work, "waiting")
    told = told_by(job)
    gate.started.wait(30)
    job.abandon()
    gate.go.set()
    until(lambda: job not in jobs._running)
    QApplication.processEvents()
    assert told == []


def test_abandoned_jobs_stop(gate: Gate, until: Callable[..., None]) -> None:
    job = Job(gate, "waiting")
    told = told_by(job)
    until(gate.started.is_set)
    job.abandon()
    until(lambda: job not in jobs._running)
    assert not gate.go.is_set()  # it ended because it was asked to
    assert told == []


def test_work_lets_the_window_go_first(until: Callable[..., None], quiet: None) -> None:
    if not hasattr(os, "getpriority"):
        pytest.skip("priorities of threads are Linux's")
    own = os.getpriority(os.PRIO_PROCESS, 0)

    def priority(report: Report) -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    job = Job(priority, "looking")
    told = told_by(job)
    until(lambda: told)
    assert told[0][1] == max(own, jobs.NICENESS)
    assert os.getpriority(os.PRIO_PROCESS, 0) == own


def test_no_thread_is_left_when_all_is_stopped(gate: Gate, until: Callable[..., None]) -> None:
    job = Job(gate, "waiting")
    told = told_by(job)
    until(gate.started.is_set)
    jobs.stop_all()
    assert "supervox: waiting" not in [thread.name for thread in threading.enumerate()]
    assert job not in jobs._running
    assert told == []


def test_what_nobody_wants_any_more_is_let_go_when_all_is_stopped(quiet: None) -> None:
    """A project that was made in the last moment is closed, before Python ends."""
    closed: list[str] = []
    made = threading.Event()

    def make(report: Report) -> str:
        made.set()
        return "project"

    def close(value: str) -> None:
        jobs.run_to_end(lambda: closed.append(value))

    Job(make, "making", unwanted=close)
    made.wait(30)
    jobs.stop_all()
    assert closed == ["project"]


def test_many_jobs_at_once(until: Callable[..., None], quiet: None) -> None:
    """Each tells of its own result, once, however fast they end."""
    told: list[int] = []
    for n in range(300):
        job = Job(lambda report, n=n: n, "counting")
        job.succeeded.connect(told.append)
    until(lambda: not jobs._running)
    assert sorted(told) == list(range(300))


def test_a_job_that_is_done_when_it_is_stopped(gate: Gate, until: Callable[..., None]) -> None:
    def stubborn(report: Report) -> str:
        gate.started.set()
        gate.go.wait(30)
        return "done"

    job = Job(stubborn, "waiting")
    told = told_by(job)
    gate.started.wait(30)
    job.stop()
    gate.go.set()
    until(lambda: told)
    assert told == [("stopped", HERE)]


def test_a_warning_is_an_error_here_as_everywhere(until: Callable[..., None], quiet: None) -> None:
    job = Job(lambda report: warnings.warn("a division by zero", stacklevel=1), "warning")
    told = told_by(job)
    until(lambda: told)
    assert told[0][0] == "failed"


def test_a_job_that_ended_holds_nothing(until: Callable[..., None], quiet: None) -> None:
    """What it worked on may be gigabytes."""

    class Volume:
        pass

    volume = Volume()
    seen = weakref.ref(volume)
    job = Job(lambda report, volume=volume: volume, "working")
    results: list[object] = []
    job.succeeded.connect(results.append)
    del volume
    until(lambda: results)
    results.clear()
    del job
    gc.collect()
    assert seen() is None


class Heard:
    """A stage with everything that it told."""

    def __init__(self) -> None:
        self.stage = BackgroundTask()
        self.told: list[Any] = []
        self.n_changes = 0
        self.stage.published.connect(self.told.append)
        self.stage.succeeded.connect(self.told.append)
        self.stage.failed.connect(self.told.append)
        self.stage.changed.connect(self._count)

    def _count(self) -> None:
        self.n_changes += 1


def test_of_two_jobs_of_a_stage_only_the_newer_is_heard(
    gate: Gate, until: Callable[..., None]
) -> None:
    heard = Heard()

    def old(report: Report) -> str:
        gate.started.set()
        gate.go.wait(30)
        report.publish("old part")
        return "old"

    heard.stage.run(old, "the old one")
    gate.started.wait(30)
    heard.stage.run(lambda report: "new", "the new one")
    until(lambda: not heard.stage.is_running)
    gate.go.set()
    until(lambda: not jobs._running)
    assert heard.told == ["new"]


def test_a_stage_tells_of_its_begin_and_end(until: Callable[..., None], quiet: None) -> None:
    heard = Heard()
    heard.stage.run(lambda report: "done", "working")
    assert heard.stage.is_running
    assert heard.n_changes == 1
    until(lambda: not heard.stage.is_running)
    assert heard.told == ["done"]
    assert heard.n_changes >= 2


def test_a_stage_ends_before_it_tells(until: Callable[..., None], quiet: None) -> None:
    """Whoever hears of the end may begin anew."""
    stage = BackgroundTask()
    running: list[bool] = []
    stage.succeeded.connect(lambda _: running.append(stage.is_running))
    stage.run(lambda report: "done", "working")
    until(lambda: running)
    assert running == [False]


def test_a_cancelled_stage_is_free_at_once(gate: Gate, until: Callable[..., None]) -> None:
    heard = Heard()
    heard.stage.run(gate, "waiting")
    until(gate.started.is_set)
    heard.stage.cancel()
    assert not heard.stage.is_running
    until(lambda: not jobs._running)
    assert heard.told == []
    n = heard.n_changes
    heard.stage.cancel()
    assert heard.n_changes == n


def test_a_stage_after_an_error(until: Callable[..., None], quiet: None) -> None:
    heard = Heard()

    def fail(report: Report) -> None:
        raise OSError("the disk is full")

    heard.stage.run(fail, "failing")
    until(lambda: not heard.stage.is_running)
    (error,) = heard.told
    assert str(error) == "the disk is full"
    heard.stage.run(lambda report: "done", "working")
    until(lambda: not heard.stage.is_running)
    assert heard.told[1:] == ["done"]


class Found:
    """Garbage that only a search finds; says on which thread it ended."""

    def __init__(self, ended: list[int]) -> None:
        self.me, self._ended = self, ended

    def __del__(self) -> None:
        self._ended.append(threading.get_ident())


def make_garbage(_: object = None) -> None:
    """Make enough of what searches look at for Python to search."""
    for _ in range(300):
        [[] for _ in range(1000)]


@pytest.mark.parametrize("begin", [Job, lambda task, _: jobs.run_to_end(lambda: task(None))])
def test_garbage_ends_on_the_gui_thread(
    until: Callable[..., None], quiet: None, begin: Callable[..., Any]
) -> None:
    """There may be widgets in it."""
    ended: list[int] = []
    worked = threading.Event()

    def work(_: object) -> None:
        make_garbage()
        worked.set()

    gc.collect()
    Found(ended)
    begin(work, "working")
    until(worked.is_set)
    assert ended in ([], [HERE])  # the GUI thread may have looked meanwhile, and nobody else
    until(gc.isenabled)
    make_garbage()
    gc.collect()
    assert ended == [HERE]


def test_garbage_is_looked_for_while_work_goes_on(gate: Gate, until: Callable[..., None]) -> None:
    ended: list[int] = []
    job = Job(gate, "working")
    assert not gc.isenabled()
    Found(ended)
    kept = [[] for _ in range(1000)]
    until(lambda: ended)
    assert ended == [HERE]
    assert kept
    other = Job(gate, "working as well")
    gate.go.set()
    until(lambda: not job.is_running and not other.is_running)
    assert gc.isenabled()


def test_who_wants_no_search_gets_none(gate: Gate, until: Callable[..., None]) -> None:
    gc.disable()
    try:
        job = Job(gate, "working")
        gate.go.set()
        until(lambda: not job.is_running)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_search_can_be_left_to_python() -> None:
    garbage = jobs._Garbage(is_wanted=False)
    garbage.begin()
    assert gc.isenabled()
    garbage.end()
    assert gc.isenabled()
