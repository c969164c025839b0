"""Blocks on the workers of a Dask cluster: the same functions as on threads, the same bytes.

What a function of a block refers to travels to the workers once; of volumes that is the name of
their file (arrays that are pickled so), from which the workers read their blocks. Results travel
back, and those of the stages are sums and tables.

Where a worker is lost, Dask does again what only that one had, wanted or not. A later pass may
write to the same files, so none begins while a worker still is at blocks of the one before.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent import futures
from contextlib import contextmanager, suppress
from functools import cached_property
from threading import Lock
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Generic
from uuid import uuid4

from .blocks import Block
from .errors import ExecutionError
from .executors import Made, Result, Waiting, run_ahead
from .progress import ShouldStop

if TYPE_CHECKING:
    from distributed import Client, Future, Scheduler

RETRIES = 3  # of a task, each time that its worker is lost
MOST_TOGETHER = 4  # blocks of a task: each costs the scheduler and the client some 10 ms
NO_WORKERS_SECONDS = 300.0  # others may start meanwhile
LOOK_SECONDS = 0.01  # between two looks whether something is over

# Of a worker: how many threads are at blocks of which pass, and which passes are over.
_at_work, _over, _lock = Counter[str](), set[str](), Lock()


class ClusterLost(ExecutionError):
    """The workers of a cluster are gone, or its scheduler is."""


class _Job:
    """What all blocks of a pass have in common.

    It travels as bytes: arrays that Dask unpacks by itself can't be written to, which to compiled
    code are of another type, and every worker would have to compile for it.

    Parameters
    ----------
    name : str
        Of the pass.
    packed : bytes
        The function.
    """

    def __init__(self, name: str, packed: bytes) -> None:
        self.name, self._packed = name, packed

    @cached_property
    def function(self) -> Callable[[Block], Any]:
        from distributed.protocol.pickle import loads

        function: Callable[[Block], Any] = loads(self._packed)
        return function

    def __reduce__(self) -> tuple[Any, ...]:
        return _Job, (self.name, self._packed)


def _work(job: _Job, blocks: Sequence[Block], afterwards: Callable[[], None] | None) -> list[Any]:
    with _lock:
        if job.name in _over:  # nobody waits for it
            return []
        _at_work[job.name] += 1
    try:
        results = [job.function(block) for block in blocks]
        if afterwards is not None:
            afterwards()
    finally:
        with _lock:
            _at_work[job.name] -= 1
            if not _at_work[job.name]:
                del _at_work[job.name]
    return results


async def _end(name: str) -> None:
    """Begin no more blocks of a pass on this worker, and wait for those that it is at."""
    with _lock:
        _over.add(name)
    while name in _at_work:
        await asyncio.sleep(LOOK_SECONDS)


def _look(keys: Sequence[str], dask_scheduler: Scheduler) -> tuple[bool, set[str]]:
    """Tell whether the scheduler knows any of some tasks, and which workers it has."""
    is_known = any(key in dask_scheduler.tasks for key in keys)
    return is_known, {worker.server_id for worker in dask_scheduler.workers.values()}


class Cluster:
    """The workers of a Dask cluster, for `Run.blocks` in the place of threads.

    A worker that is lost is survived as long as another one is left: its blocks are done again, so
    functions must not depend on how often they run.

    Parameters
    ----------
    client : distributed.Client
    afterwards : callable, optional
        Called on the worker after each few blocks, before their results are sent; a function of a
        module.
    """

    def __init__(self, client: Client, afterwards: Callable[[], None] | None = None) -> None:
        self._client, self._afterwards = client, afterwards
        self._alone_since: float | None = None

    @property
    def slots(self) -> int:
        """Blocks that the workers can do at the same time; at least 1."""
        return max(1, sum(self._threads().values()))

    @property
    def slots_in_memory(self) -> int:
        """Threads of a worker."""
        return max([1, *self._threads().values()])

    def run(
        self,
        function: Callable[[Block], Result],
        blocks: Sequence[Block],
        should_stop: ShouldStop | None = None,
    ) -> Generator[Result, None, None]:
        """Yield the results in block order; closed early, it gives up what is unfinished.

        Raises
        ------
        ClusterLost
            If there have been no workers for long, a block was the end of several, or the scheduler
            doesn't answer.
        """
        import dask
        from distributed.protocol.pickle import dumps

        packed, name = dumps(function), uuid4().hex
        threads, slots, workers = self._threads(), self.slots, self._workers()[1]
        with (
            _telling_of_losses(),
            dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}),
        ):
            # a task like any other: where the worker that holds it is lost, it is made again
            job = self._client.submit(_Job, name, packed, pure=False, retries=RETRIES)
        size = min(max(len(blocks) // (2 * slots), 1), MOST_TOGETHER)
        begun: list[tuple[str | None, Future]] = []
        sent: list[Future] = []

        def start(batch: Sequence[Block]) -> Waiting[list[Result]]:
            begun[:] = [(place, future) for place, future in begun if not future.done()]
            busy = Counter(place for place, _ in begun)
            # left alone, Dask sends all of them to where the job is, and moves them off later
            place = min(threads, key=lambda name: busy[name] / threads[name], default=None)
            with _telling_of_losses():
                future = self._client.submit(
                    *(_work, job, batch, self._afterwards),
                    pure=False,
                    retries=RETRIES,
                    workers=place,
                    allow_other_workers=place is not None,
                )
            begun.append((place, future))
            sent.append(future)
            return _Sent(future, self)

        batches = [blocks[at : at + size] for at in range(0, len(blocks), size)]
        try:
            for results in run_ahead(start, batches, slots, should_stop):
                yield from results
        finally:
            self._finish(name, sent, workers)

    def check_workers(self) -> None:
        """Raise `ClusterLost` if there have been no workers for long."""
        now = monotonic()
        if self._threads():
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = now
        elif now - self._alone_since > NO_WORKERS_SECONDS:
            raise ClusterLost(f"there have been no workers for {NO_WORKERS_SECONDS:.0f} s")

    def _threads(self) -> dict[str, int]:
        """Return how many threads each worker has."""
        with _telling_of_losses(OSError):  # nothing else than the scheduler is asked here
            threads: dict[str, int] = self._client.nthreads()
        return threads

    def _workers(self, keys: Sequence[str] = ()) -> tuple[bool, set[str]]:
        """Tell whether any of some tasks is known, and return which workers there are."""
        with _telling_of_losses(OSError):
            found: tuple[bool, set[str]] = self._client.run_on_scheduler(_look, keys)
        return found

    def _finish(self, name: str, sent: Sequence[Future], before: set[str]) -> None:
        """See to it that nobody works on a pass any more; if the scheduler is gone, nobody does.

        Once the scheduler has forgotten its tasks, it gives none of them to a worker. If it had the
        same workers all the time, none was done twice.
        """
        if self._client.status != "running":
            return
        with suppress(ClusterLost), _telling_of_losses(OSError):
            unfinished = [future for future in sent if not future.done()]
            if unfinished:
                self._client.cancel(unfinished, force=True)
            for future in sent:
                future.release()
            keys = [future.key for future in sent]
            is_known, now = self._workers(keys)
            while is_known:
                sleep(LOOK_SECONDS)
                is_known, now = self._workers(keys)
            if unfinished or not before <= now:
                self._client.run(_end, name, on_error="ignore")


class _Sent(Generic[Made]):
    """The results of a task that was sent to the workers, which forget them once they are taken."""

    def __init__(self, future: Future, cluster: Cluster) -> None:
        self._future, self._cluster = future, cluster
        self._taken: futures.Future[Made] | None = None

    def done(self) -> bool:
        """Tell whether they are there."""
        return self._taken is not None and self._taken.done()

    def result(self, timeout: float | None = None) -> Made:
        """Return them; see `Waiting`."""
        if self._taken is None:
            # With a timeout of its own Dask would give up fetching, for whoever fetches then.
            loop = self._future.client.loop.asyncio_loop
            self._taken = asyncio.run_coroutine_threadsafe(self._take(), loop)
        try:
            found = self._taken.result(timeout)
        except TimeoutError:
            if not self.done():
                self._cluster.check_workers()
            raise
        self._future.release()
        return found

    async def _take(self) -> Made:
        with _telling_of_losses():
            found: Made = await self._future
        return found


@contextmanager
def _telling_of_losses(*others: type[Exception]) -> Iterator[None]:
    """Turn what Dask says when a cluster is lost into a `ClusterLost`."""
    from distributed import KilledWorker
    from distributed.client import ClosedClientError, FutureCancelledError
    from distributed.comm import CommClosedError

    try:
        yield
    except (
        KilledWorker,
        ClosedClientError,
        FutureCancelledError,
        CommClosedError,
        *others,
    ) as error:
        died = isinstance(error, KilledWorker)
        reason = "several workers ended at the same block" if died else "its scheduler is gone"
        raise ClusterLost(reason) from error
