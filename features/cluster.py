"""Blocks on the workers of a Dask cluster: the same functions as on threads, the same bytes.

What a function of a block refers to travels to the workers once; of volumes that is the name of
their file (arrays that are pickled so), from which the workers read their blocks. Results travel
back, and those of the stages are sums and tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .blocks import Block, Result, Waiting, run_ahead

if TYPE_CHECKING:
    from distributed import Client

RETRIES = 3  # of a task, each time that its worker is lost
MOST_TOGETHER = 4  # blocks of a task: each costs the scheduler and the client some 10 ms


class _Job:
    """What all blocks of a pass have in common.

    It travels as bytes: arrays that Dask unpacks by itself can't be written to, which to compiled
    code are of another type, and every worker would have to compile for it.
    """

    def __init__(self, packed: bytes) -> None:
        self._packed = packed

    @cached_property
    def function(self) -> Callable[[Block], Any]:
        from distributed.protocol.pickle import loads

        function: Callable[[Block], Any] = loads(self._packed)
        return function

    def __reduce__(self) -> tuple[Any, ...]:
        return _Job, (self._packed,)


def _work(job: _Job, blocks: Sequence[Block]) -> list[Any]:
    return [job.function(block) for block in blocks]


class Cluster:
    """The workers of a Dask cluster, for `run_blocks` in the place of threads.

    A worker that is lost is survived as long as another one is left: its blocks are done again, so
    functions must not depend on how often they run.

    Parameters
    ----------
    client : distributed.Client
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def slots(self) -> int:
        """Blocks that the workers can do at the same time; at least 1."""
        return max(1, int(sum(self._client.nthreads().values())))

    def run(
        self, function: Callable[[Block], Result], blocks: Sequence[Block]
    ) -> Generator[Result, None, None]:
        """Yield the results in block order; closed early, it gives up what is unfinished."""
        import dask
        from distributed.protocol.pickle import dumps

        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
            # a task like any other: where the worker that holds it is lost, it is made again
            job = self._client.submit(_Job, dumps(function), pure=False, retries=RETRIES)
        threads, slots = self._client.nthreads(), self.slots
        size = min(max(len(blocks) // (2 * slots), 1), MOST_TOGETHER)
        begun: list[tuple[str | None, Any]] = []

        def start(batch: Sequence[Block]) -> Waiting[list[Result]]:
            begun[:] = [(place, future) for place, future in begun if not future.done()]
            busy = Counter(place for place, _ in begun)
            # left alone, Dask sends all of them to where the job is, and moves them off later
            place = min(threads, key=lambda name: busy[name] / threads[name], default=None)
            future: Waiting[list[Result]] = self._client.submit(
                *(_work, job, batch),
                pure=False,
                retries=RETRIES,
                workers=place,
                allow_other_workers=place is not None,
            )
            begun.append((place, future))
            return future

        batches = [blocks[at : at + size] for at in range(0, len(blocks), size)]
        try:
            for results in run_ahead(start, batches, slots):
                yield from results
        finally:
            self._client.cancel([future for _, future in begun if not future.done()], force=True)
