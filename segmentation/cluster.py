"""The Dask cluster that a volume is prepared on: found, or started on this computer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from supervox.features import Cluster, count_workers

from .checks import SegmentationError
from .shared import SharedScratch
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
        Its address; ``"local"`` starts one on this computer.
    folder : Path
        Where files may lie meanwhile that all workers work on.
    workers : int, optional
        Processes of one thread that a local one has; one per processor by default.

    Raises
    ------
    SegmentationError
        If it can't be used: Dask isn't installed, nobody answers, there are no workers, or one
        doesn't see the folder; or if the cluster is lost while it is used.
    """
    if scheduler is None:
        yield None
        return
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        how = 'pip install "supervox[cluster]"'
        raise SegmentationError(f"a scheduler needs Dask: {how}") from error
    with ExitStack() as stack:
        if scheduler == LOCAL:
            started = LocalCluster(
                n_workers=count_workers(workers), threads_per_worker=1, dashboard_address=":0"
            )
            scheduler = stack.enter_context(started).scheduler_address
        try:
            client = Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise SegmentationError(
                f"{scheduler}: no Dask scheduler answers there; start one with 'dask scheduler', "
                "and workers with 'dask worker ADDRESS'"
            ) from error
        stack.enter_context(client)
        scratch = stack.enter_context(SharedScratch(folder))
        seen = client.run(os.path.isdir, str(scratch.folder))
        if not seen:
            raise SegmentationError(
                f"{scheduler}: has no workers; start some with 'dask worker {scheduler}'"
            )
        if blind := [name for name, found in seen.items() if not found]:
            raise SegmentationError(
                f"{blind[0]}: this worker doesn't see {folder}; write to a folder that all share"
            )
        with _telling_of_losses(scheduler):
            yield Workspace(scratch, cluster=Cluster(client))


@contextmanager
def _telling_of_losses(scheduler: str) -> Iterator[None]:
    """Say in a line that the workers are gone, or the scheduler is."""
    from distributed import KilledWorker
    from distributed.client import FutureCancelledError
    from distributed.comm import CommClosedError

    try:
        yield
    except (KilledWorker, FutureCancelledError, CommClosedError) as error:
        raise SegmentationError(
            f"{scheduler}: the cluster was lost on the way: see the workers' logs (often they lack "
            "memory), start it anew, and try again"
        ) from error
