"""A run: its steps, its workers, and what is seen of it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

import pytest
from supervox.execution import Block, Cancelled, Run, ShouldStop, Threads, count_workers

Result = TypeVar("Result")
Told = list[tuple[int, int]]


class Elsewhere:
    """An executor that is not this process."""

    slots, slots_in_memory = 8, 1

    def run(
        self,
        function: Callable[[Block], Result],
        blocks: Sequence[Block],
        should_stop: ShouldStop | None = None,
    ) -> Generator[Result, None, None]:
        yield from map(function, blocks)


def shown() -> tuple[Run, Told]:
    told: Told = []
    return Run(2, lambda *step: told.append(step)), told


def test_a_part_of_the_progress() -> None:
    run, told = shown()
    step = run.part(0.5, 1)
    step.report(0, 4)
    step.report(4, 4)
    assert [done / total for done, total in told] == [0.5, 1]


def test_steps_follow_one_another_by_their_costs() -> None:
    run, told = shown()
    for step in run.steps([1, 3, 4]):
        step.report(0, 10)
        step.report(10, 10)
    assert [done / total for done, total in told] == [0, 0.125, 0.125, 0.5, 0.5, 1]


def test_steps_have_steps() -> None:
    run, told = shown()
    run.steps([1, 1])[1].steps([1, 1])[0].report(1, 2)
    ((done, total),) = told
    assert done / total == 0.625


def test_nothing_to_do_has_no_steps() -> None:
    run, told = shown()
    assert run.steps([]) == []
    assert run.steps([0])[0].workers == 2
    assert told == []


def test_nothing_is_seen_of_a_silent_run() -> None:
    run, told = shown()
    run.silent().report(1, 2)
    Run().report(1, 2)
    assert told == []
    assert run.silent() == Run(2)


def test_what_a_caller_gives_becomes_a_run() -> None:
    run, _ = shown()
    assert Run.of(run) is run
    assert Run.of(3) == Run(3)
    assert Run.of(None).executor == Threads(count_workers(None))


def test_workers_by_default() -> None:
    assert Run().by_default_on(3).workers == 3
    assert Run(2).by_default_on(3).workers == 2


def test_only_threads_are_local() -> None:
    elsewhere = Elsewhere()
    run = Run(elsewhere)
    assert run.executor is elsewhere
    assert run.local() == Run()
    assert run.n_threads == count_workers(None)
    assert Run(3).local() == Run(3)


def test_a_run_that_is_to_stop() -> None:
    Run(should_stop=lambda: False).check_stop()
    with pytest.raises(Cancelled, match="stopped on request"):
        Run(should_stop=lambda: True).check_stop()


def test_less_than_one_thread_is_refused() -> None:
    with pytest.raises(ValueError, match="workers must be at least 1, not 0"):
        _ = Run(0).executor
