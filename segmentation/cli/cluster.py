"""The Dask cluster that a command prepares on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from supervox.features import Cluster
from supervox.segmentation.checks import SegmentationError
from supervox.segmentation.shared import SharedScratch
from supervox.segmentation.workspace import Workspace

CONNECT_SECONDS = 10


@contextmanager
def connected(scheduler: str | None, folder: Path) -> Iterator[Workspace | None]:
    """Connect to a cluster; None without an address.

    Parameters
    ----------
    scheduler
        Its address.
    folder
        Where files may lie meanwhile that all workers work on.

    Raises
    ------
    SegmentationError
        If it can't be used: nobody answers, there are no workers, or one doesn't see the folder.
    """
    if scheduler is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError as error:
        how = 'pip install "supervox[cluster]"'
        raise SegmentationError(f"--scheduler needs Dask: {how}") from error
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise SegmentationError(
            f"{scheduler}: no Dask scheduler answers there; start one with 'dask scheduler', and "
            "workers with 'dask worker ADDRESS'"
        ) from error
    with client, SharedScratch(folder) as scratch:
        seen = client.run(os.path.isdir, str(scratch.folder))
        if not seen:
            raise SegmentationError(
                f"{scheduler}: has no workers; start some with 'dask worker {scheduler}'"
            )
        if blind := [name for name, found in seen.items() if not found]:
            raise SegmentationError(
                f"{blind[0]}: this worker doesn't see {folder}; write to a folder that all share"
            )
        yield Workspace(scratch, cluster=Cluster(client))
