"""The Dask cluster that a volume is prepared on: found, or started on this computer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .dask_cluster import Cluster, ClusterLost
from .errors import ExecutionError
from .executors import count_workers
from .shared_arrays import SharedScratch, persist, release
from .workspace import Workspace

CONNECT_SECONDS = 10
LOCAL = "local"  # in the place of an address


@contextmanager
def connected(
    scheduler: str | None, folder: Path, *, workers: int | None = None
) -> Iterator[Workspace | None]:
    """Connect to a cluster; None without an address.

    Parameters
    ----------
    scheduler : str or None
        Its address; ``"local"`` for one on this computer, which ends with it, or ``"local:4"``
        for one of four workers.
    folder : Path
        Where files may lie meanwhile that all workers work on.
    workers : int, optional
        Processes of one thread that a local one has; one per processor by default.

    Raises
    ------
    ExecutionError
        If it can't be used: Dask isn't installed, nobody answers, there are no workers, or one
        doesn't see the folder; or if the cluster is lost while it is used.
    """
    if scheduler is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError as error:
        how = 'pip install "supervox[cluster]"'
        raise ExecutionError(f"a scheduler needs Dask: {how}") from error
    with ExitStack() as stack:
        if scheduler.partition(":")[0] == LOCAL:
            n_workers = _count_local(scheduler) or count_workers(workers)
            scheduler = stack.enter_context(local_cluster(n_workers))
        is_here = "//127.0.0.1:" in scheduler  # and so are all its workers
        try:
            client = Client(
                scheduler,
                timeout=CONNECT_SECONDS,
                set_as_default=False,
                direct_to_workers=is_here,  # not by way of the scheduler
            )
        except (OSError, ValueError) as error:
            raise ExecutionError(
                f"{scheduler}: no Dask scheduler answers there; start one with 'dask scheduler', "
                f"and workers with 'dask worker ADDRESS', or choose '{LOCAL}'"
            ) from error
        stack.enter_context(client)
        scratch = stack.enter_context(SharedScratch(folder))
        seen = client.run(os.path.isdir, str(scratch.folder))
        if not seen:
            raise ExecutionError(
                f"{scheduler}: has no workers; start some with 'dask worker {scheduler}'"
            )
        if blind := [name for name, found in seen.items() if not found]:
            raise ExecutionError(
                f"{blind[0]}: this worker doesn't see {folder}; write to a folder that all share"
            )
        try:
            yield Workspace(scratch, cluster=Cluster(client, release if is_here else persist))
        except ClusterLost as error:
            raise ExecutionError(
                f"{scheduler}: the cluster was lost on the way ({error}): see the workers' logs "
                "(often they lack memory), start it anew, and try again"
            ) from error


def _count_local(words: str) -> int | None:
    """Return how many workers of this computer are asked for, if it is said."""
    _, said, number = words.partition(":")
    if not said:
        return None
    if not (number.isdecimal() and int(number) > 0):
        raise ExecutionError(
            f"{words}: say how many workers to start on this computer, like {LOCAL}:4"
        )
    return int(number)


@contextmanager
def local_cluster(n_workers: int) -> Iterator[str]:
    """Start workers of one thread each, as processes of this computer; give the address."""
    import dask
    from distributed import LocalCluster

    no_profile = dask.config.set({"distributed.worker.profile.enabled": False})  # nobody looks
    with (
        no_profile,
        LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",  # any free port; None would be 8787, free or not
        ) as cluster,
    ):
        yield cluster.scheduler_address
