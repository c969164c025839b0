"""From painted voxels to labelled supervoxels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.features import (
    Block,
    VolumeLike,
    read_block,
    run_blocks,
    split_blocks,
)

from .checks import SegmentationError

MAX_CLASS = np.iinfo(np.uint16).max
# Slabs of whole planes are contiguous in memory: a scan is one pass over it.
SCAN_VOXELS = 2**23


@dataclass(frozen=True)
class Strokes:
    """The painted voxels of a volume, in raster order.

    Attributes
    ----------
    voxels : int64, (P,)
        Raster indices of the painted voxels.
    classes : uint16, (P,)
        Class id of each.
    """

    voxels: NDArray[np.int64]
    classes: NDArray[np.uint16]

    @property
    def class_ids(self) -> tuple[int, ...]:
        """The class ids that were painted, ascending."""
        return tuple(int(value) for value in np.unique(self.classes))


def find_strokes(annotations: VolumeLike, *, workers: int | None = None) -> Strokes:
    """Scan an annotation volume for painted voxels.

    Parameters
    ----------
    annotations : array-like of integers, (Z, Y, X)
        0 = unlabelled.
    workers : int, optional
        Threads; one per processor by default.

    Raises
    ------
    SegmentationError
        If a class id is negative or above 65535.
    """
    rows, columns = annotations.shape[1:]
    planes = max(1, SCAN_VOXELS // (rows * columns))

    def scan(block: Block) -> tuple[NDArray[np.int64], NDArray[Any]]:
        values = read_block(annotations, block.core).ravel()
        found = _nonzero(values)
        return found + block.core[0].start * rows * columns, values[found]

    blocks = split_blocks(annotations.shape, (planes, rows, columns))
    voxels, classes = zip(*run_blocks(scan, blocks, workers=workers), strict=True)
    values = np.concatenate(classes)
    if values.size and (values.min() < 0 or values.max() > MAX_CLASS):
        wrong = int(values.min()) if values.min() < 0 else int(values.max())
        raise SegmentationError(
            f"the annotations hold the class id {wrong}; ids go from 1 to {MAX_CLASS}"
        )
    return Strokes(np.concatenate(voxels), values.astype(np.uint16))


def _nonzero(values: NDArray[Any]) -> NDArray[np.int64]:
    """Find the painted voxels; eight bytes at a time, since nearly all are empty."""
    whole = values.nbytes // 8 * 8 // values.itemsize
    words = np.flatnonzero(values[:whole].view(np.uint64))
    per_word = 8 // values.itemsize
    near = (words[:, np.newaxis] * per_word + np.arange(per_word)).ravel()
    candidates = np.concatenate([near, np.arange(whole, values.size)])
    found: NDArray[np.int64] = candidates[values[candidates] != 0]
    return found


def label_supervoxels(
    ids: NDArray[np.int32], strokes: Strokes
) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
    """Give every supervoxel that a stroke touches the class that most of its painted voxels have.

    Parameters
    ----------
    ids : int32, (Z, Y, X)
        Supervoxels.
    strokes : Strokes

    Returns
    -------
    supervoxels : int32, (L,)
        Ids of the labelled supervoxels, ascending.
    classes : uint16, (L,)
        Class id of each; ties go to the lowest id.
    """
    supervoxels, classes = majority(ids.reshape(-1)[strokes.voxels], strokes.classes)
    return supervoxels.astype(np.int32), classes.astype(np.uint16)


def majority(
    owners: NDArray[Any], votes: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each owner once, ascending, with its most frequent vote (ties: the lowest).

    Parameters
    ----------
    owners, votes : integers, (P,)
        Not negative.
    """
    base = int(votes.max()) + 1 if votes.size else 1
    key, count = np.unique(owners.astype(np.int64) * base + votes, return_counts=True)
    owner, vote = key // base, key % base
    order = np.lexsort((vote, -count, owner))
    best = order[np.flatnonzero(np.diff(owner[order], prepend=-1))]
    return owner[best], vote[best]
