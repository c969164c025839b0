"""Blocks on the workers of a Dask cluster: the same functions as on threads, the same bytes.

What a function of a block refers to travels to the workers once; of volumes that is the name of
their file (arrays that are pickled so), from which the workers read their blocks. Results travel
back, and those of the stages are sums and tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .blocks import Block, Waiting

if TYPE_CHECKING:
    from distributed import Client

RETRIES = 3  # of a block, each time that its worker is lost


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


def _work(job: _Job, block: Block) -> Any:
    return job.function(block)


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

    @contextmanager
    def starting(self, function: Callable[[Block], Any]) -> Iterator[Callable[[Block], Waiting]]:
        """Give what starts the work on a block; what is unfinished at the end is given up."""
        import dask
        from distributed.protocol.pickle import dumps

        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
            # a task like any other: where the worker that holds it is lost, it is made again
            job = self._client.submit(_Job, dumps(function), pure=False, retries=RETRIES)
        threads = self._client.nthreads()
        begun: list[tuple[str | None, Any]] = []

        def start(block: Block) -> Waiting:
            begun[:] = [(place, future) for place, future in begun if not future.done()]
            busy = Counter(place for place, _ in begun)
            # left alone, Dask sends all of them to where the job is, and moves them off later
            place = min(threads, key=lambda name: busy[name] / threads[name], default=None)
            future: Waiting = self._client.submit(
                *(_work, job, block),
                pure=False,
                retries=RETRIES,
                workers=place,
                allow_other_workers=place is not None,
            )
            begun.append((place, future))
            return future

        try:
            yield start
        finally:
            self._client.cancel([future for _, future in begun if not future.done()], force=True)
