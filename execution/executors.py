"""What runs a stage: a function of one block, on threads or on another executor.

The kernels release the GIL. Results come back in block order, so a reduction over them does not
depend on the timing.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, TypeVar

from .blocks import Block
from .progress import ShouldStop, check_stop

Item = TypeVar("Item")
Result = TypeVar("Result")
Made = TypeVar("Made", covariant=True)

WAIT_SECONDS = 0.5


class Executor(Protocol):
    """What runs a function on blocks."""

    @property
    def slots(self) -> int:
        """Blocks that can be at work at the same time."""

    @property
    def slots_in_memory(self) -> int:
        """How many of them share the memory of one process."""

    def run(
        self,
        function: Callable[[Block], Result],
        blocks: Sequence[Block],
        should_stop: ShouldStop | None = None,
    ) -> Generator[Result, None, None]:
        """Yield the results in block order, a few ahead; closed, it gives up what is unfinished.

        Raises
        ------
        Cancelled
            If `should_stop` said so, which is asked while a result is waited for.
        """


class Waiting(Protocol[Made]):
    """A result that may not be there yet."""

    def done(self) -> bool:
        """Tell whether it is there."""

    def result(self, timeout: float | None = None) -> Made:
        """Return it, when it is there.

        Raises
        ------
        TimeoutError
            If it isn't in time.
        """


@dataclass(frozen=True)
class Threads:
    """Runs blocks on threads of this process.

    Attributes
    ----------
    slots : int
        Threads.
    """

    slots: int

    @property
    def slots_in_memory(self) -> int:
        """All of them share the memory of this process."""
        return self.slots

    def run(
        self,
        function: Callable[[Block], Result],
        blocks: Sequence[Block],
        should_stop: ShouldStop | None = None,
    ) -> Generator[Result, None, None]:
        """Yield the results in block order."""
        with ThreadPoolExecutor(self.slots) as pool:

            def start(block: Block) -> Waiting[Result]:
                return pool.submit(function, block)

            try:
                yield from run_ahead(start, blocks, self.slots, should_stop)
            finally:
                pool.shutdown(cancel_futures=True)


def run_ahead(
    start: Callable[[Item], Waiting[Result]],
    items: Iterable[Item],
    slots: int,
    should_stop: ShouldStop | None = None,
) -> Iterator[Result]:
    """Yield the results of what is started, in order; two for each slot are under way at a time."""
    todo, under_way = iter(items), deque[Waiting[Result]]()
    while True:
        under_way.extend(start(item) for item in islice(todo, 2 * slots - len(under_way)))
        if not under_way:
            return
        yield _wait(under_way.popleft(), should_stop)


def _wait(waiting: Waiting[Result], should_stop: ShouldStop | None) -> Result:
    """Return a result when it is there, unless somebody wants to stop before."""
    while True:
        check_stop(should_stop)
        try:
            return waiting.result(timeout=WAIT_SECONDS)
        except TimeoutError:
            if waiting.done():
                return waiting.result()  # just in time, or an error of its own


def count_workers(workers: int | Executor | None) -> int:
    """Return the number of threads to use: `workers`, or one per processor of this process."""
    if workers is None:
        if hasattr(os, "sched_getaffinity"):
            return max(1, len(os.sched_getaffinity(0)))
        return os.cpu_count() or 1
    if not isinstance(workers, int):
        return workers.slots
    if workers < 1:
        raise ValueError(f"workers must be at least 1, not {workers}")
    return workers


def choose_executor(workers: int | Executor | None) -> Executor:
    """Return what runs blocks: `workers` itself, or so many threads."""
    if workers is None or isinstance(workers, int):
        return Threads(count_workers(workers))
    return workers
