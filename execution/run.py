"""A run: on what a computation works, what a person sees of it, and how it is stopped."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TypeVar

from .blocks import Block
from .executors import Executor, choose_executor, count_workers
from .progress import Progress, ShouldStop, check_stop, latch

Item = TypeVar("Item")
Result = TypeVar("Result")

PARTS = 10_000  # of the whole, in which the progress of a step is told


@dataclass(frozen=True)
class Run:
    """How something runs that takes long; no result depends on it.

    Attributes
    ----------
    workers : int or Executor, optional
        Threads, one per processor by default; or what runs the blocks, as a `Cluster`.
    progress : callable, optional
        Called as ``progress(done, total)`` after every block, on the caller's thread.
    should_stop : callable, optional
        Asked between blocks, and every few hundredths of a second where there are none, on any
        thread; once it says yes, `Cancelled` is raised.
    """

    workers: int | Executor | None = None
    progress: Progress | None = None
    should_stop: ShouldStop | None = None

    @classmethod
    def of(cls, workers: Workers) -> Run:
        """Return the run that a caller gave, or a run on what the caller gave."""
        return workers if isinstance(workers, Run) else cls(workers)

    @property
    def executor(self) -> Executor:
        """What runs the blocks.

        Raises
        ------
        ValueError
            If it was to be less than one thread.
        """
        return choose_executor(self.workers)

    @property
    def threads(self) -> int | None:
        """Threads of this process that were asked for; None for one per processor."""
        return self.workers if isinstance(self.workers, int) else None

    @property
    def n_threads(self) -> int:
        """Threads of this process that may work at the same time."""
        return count_workers(self.threads)

    def check_stop(self) -> None:
        """Ask whether to stop.

        Raises
        ------
        Cancelled
            If so.
        """
        check_stop(self.should_stop)

    def report(self, done: int, total: int) -> None:
        """Tell how much is done."""
        if self.progress is not None:
            self.progress(done, total)

    def part(self, first: float, last: float) -> Run:
        """Return the run of a step: its progress is a part of this one's, which is from 0 to 1."""
        progress = self.progress
        if progress is None:
            return self

        def share(done: int, total: int) -> None:
            progress(round(PARTS * (first + (last - first) * done / max(1, total))), PARTS)

        return replace(self, progress=share)

    def steps(self, costs: Sequence[float]) -> list[Run]:
        """Return the runs of steps that follow one another, by what each of them costs."""
        ends = list(itertools.accumulate(costs, initial=0.0))
        whole = ends[-1] or 1.0
        return [self.part(begin / whole, end / whole) for begin, end in itertools.pairwise(ends)]

    def silent(self) -> Run:
        """Return the same run, of which nothing is seen."""
        return replace(self, progress=None)

    def latched(self) -> Run:
        """Return the same run, asked whether to stop by one thread at a time, until it says yes."""
        return replace(self, should_stop=latch(self.should_stop))

    def on(self, workers: int | Executor | None) -> Run:
        """Return the same run on other workers."""
        return replace(self, workers=workers)

    def by_default_on(self, workers: int | Executor | None) -> Run:
        """Return the same run; on these workers, if it doesn't say on which."""
        return self if self.workers is not None else self.on(workers)

    def local(self) -> Run:
        """Return the same run on threads of this process, for what can't be done elsewhere."""
        return self.on(self.threads)

    def blocks(
        self, function: Callable[[Block], Result], blocks: Sequence[Block]
    ) -> Iterator[Result]:
        """Apply a function to every block and yield the results in block order.

        Only a few results wait at a time, so the memory does not grow with the number of blocks.

        Parameters
        ----------
        function : callable
            Called as ``function(block)``; should release the GIL for most of its time.
        blocks : sequence of Block

        Yields
        ------
        object
            What `function` returned, in the order of `blocks`.

        Raises
        ------
        Cancelled
            If the run is to stop, which is asked before each result, and while it is waited for.
        """
        with closing(self.executor.run(function, blocks, self.should_stop)) as results:
            for done in range(len(blocks)):
                yield next(results)
                self.report(done + 1, len(blocks))

    def parallel(self, function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """Apply a function to a few independent items on threads of this process.

        Parameters
        ----------
        function : callable
            Should release the GIL for most of its time.
        items : sequence

        Returns
        -------
        list
            Results in the order of the items.

        Raises
        ------
        Cancelled
            If the run is to stop, which is asked before each item, on any thread; see `latched`.
        """

        def one(item: Item) -> Result:
            self.check_stop()
            return function(item)

        if len(items) == 1:
            return [one(items[0])]  # no thread need be started for it
        with ThreadPoolExecutor(self.n_threads) as pool:
            return list(pool.map(one, items))


# Threads, one per processor by default; or what runs the blocks; or a `Run`, which also shows
# progress and stops.
Workers = int | Executor | Run | None
