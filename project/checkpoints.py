"""Preparations at work that belong to no project: kept by their voxels, so that they go on.

Whoever prepares the same voxels again in the same folder finds what there is: the pieces that are
finished, and the blocks of the stage at work, however the program ended. What is found there was
made from these very voxels: their digest, of all of them, is the name of its folder.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

import numpy as np
from supervox.execution import Run, VolumeLike
from supervox.segmentation import SegmentationParameters, Spacing

from ._folder import remove_leftovers
from .errors import Finding, writing
from .lock import FolderLock, Locked, is_held
from .partition_store import PartitionStore
from .settings import PreparedFrom

FOLDER = "preparing"
MOST = 2  # preparations whose folders stay, besides the one at work
READ_BYTES = 64 * 2**20
_logger = logging.getLogger(__name__)


def digest_voxels(volume: VolumeLike, run: Run = Run()) -> str:
    """Return a digest of shape, type and every voxel of a volume (Z, Y, X), read slab by slab."""
    shape, dtype = tuple(volume.shape), np.dtype(volume.dtype)
    digest = blake2b(repr((shape, dtype.str)).encode(), digest_size=16)
    plane = max(1, dtype.itemsize * shape[1] * shape[2])
    planes = max(1, READ_BYTES // plane)
    for start in range(0, shape[0], planes):
        run.check_stop()
        digest.update(np.ascontiguousarray(volume[start : start + planes]).data)
        run.report(min(start + planes, shape[0]), shape[0])
    return digest.hexdigest()


@contextmanager
def checkpoints(
    folder: Path,
    volume: VolumeLike,
    spacing: Spacing,
    parameters: SegmentationParameters,
    *,
    mask: str | None = None,
    channels: Sequence[VolumeLike] = (),
    run: Run = Run(),
) -> Iterator[PartitionStore | None]:
    """Give where the partitions of a volume are kept while they are prepared.

    The folders of the last preparations stay, for those who come back to them; older ones that
    nobody uses are removed.

    Parameters
    ----------
    folder : Path
        There is room in it.
    volume : array-like, (Z, Y, X)
        What is prepared.
    spacing : tuple of 3 float
    parameters : SegmentationParameters
    mask : str, optional
        Digest of its mask.
    channels : sequence of array-like, (Z, Y, X)
        Further images of the same voxels.
    run : Run
        Of the look at all voxels.

    Yields
    ------
    PartitionStore or None
        None if another program prepares the same volume now.

    Raises
    ------
    ProjectError
        If the folder can't be written to.
    Cancelled
        If the run is to stop.
    """
    of_volume, *of_channels = run.steps([1] * (1 + len(channels)))
    digest = digest_voxels(volume, of_volume)
    further = tuple(map(digest_voxels, channels, of_channels))
    own = folder / FOLDER / digest
    with writing(own):
        lock = _take_lock(own)
    if lock is None:
        yield None
        return
    try:
        remove_leftovers(own)
        os.utime(own)
        _remove_old(own)
        z, y, x = volume.shape
        made_from = PreparedFrom(digest, None, (z, y, x), spacing, parameters, mask, further)
        yield PartitionStore(own, lambda: made_from, _log)
    finally:
        lock.release()


def _take_lock(own: Path) -> FolderLock | None:
    own.mkdir(parents=True, exist_ok=True)
    try:
        return FolderLock(own)
    except Locked:
        return None


def _remove_old(own: Path) -> None:
    """Remove what nobody uses, but for the newest."""
    others = [path for path in own.parent.iterdir() if path != own and path.is_dir()]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[MOST:]:
        if not is_held(path):
            shutil.rmtree(path, ignore_errors=True)


def _log(finding: Finding) -> None:
    _logger.info("%s", finding)
