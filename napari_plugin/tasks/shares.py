"""How much of the volume each class has; and the balance for a share that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation import FoundBalance, SegmentationParameters

from .jobs import BackgroundTask, Report, Task
from .preparing import Prepared


class ClassShare(NamedTuple):
    """How much of the volume a class has.

    Attributes
    ----------
    share : float
        Of the voxels, from 0 to 1.
    regions : int
        Supervoxels.
    """

    share: float
    regions: int


class WantedShare(NamedTuple):
    """A share that was asked for, and the balance that comes closest to it."""

    class_id: int
    share: float
    found: FoundBalance


def shares_of(
    labels: NDArray[np.uint8], sizes: NDArray[np.int64], class_ids: Sequence[int]
) -> dict[int, ClassShare]:
    """Count what each class has.

    Parameters
    ----------
    labels : uint8, (S,)
        Class id of each supervoxel.
    sizes : int64, (S,)
        Its voxels.
    class_ids : sequence of int
    """
    regions = np.bincount(labels, minlength=256)
    voxels = np.bincount(labels, sizes, minlength=256)
    total = voxels.sum()
    return {k: ClassShare(float(voxels[k] / total), int(regions[k])) for k in class_ids}


class ShareSearch(BackgroundTask):
    """Finds the balance that gives a class a share; succeeds with a `WantedShare`."""

    def start(
        self, prepared: Prepared, parameters: SegmentationParameters, class_id: int, share: float
    ) -> None:
        """Begin, from what the live labels were learned from."""
        self.run(_task(prepared, parameters, class_id, share), "Looking for the share")


def _task(
    prepared: Prepared, parameters: SegmentationParameters, class_id: int, share: float
) -> Task:
    def search(report: Report) -> WantedShare:
        segmenter = prepared.segmenter.fork()  # the live labels go on meanwhile
        segmenter.configure(replace(segmenter.parameters, refinement=parameters.refinement))
        found = segmenter.balance_for_shares(((class_id, share),), run=report.run)
        return WantedShare(class_id, share, found[class_id])

    return search
