"""How much of each class, and how much doubt, each plane of the volume has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation import Extents, Strokes, find_extents

from .jobs import BackgroundTask, Report, Task, step_back
from .live import LiveResult
from .preparing import Prepared


@dataclass(frozen=True, eq=False)
class PlaneAmounts:
    """What the planes across an axis have, N of them.

    Attributes
    ----------
    axis : int
        Of the image's last three axes.
    start : int
        Place of the first plane in the image.
    class_ids : tuple of int
    shares : float64, (N, C)
        Of the voxels of each plane that have data, from 0 to 1.
    doubt : float64, (N,)
        Mean uncertainty of these voxels.
    is_painted : bool, (N,)
        Whether strokes lie in a plane.
    """

    axis: int
    start: int
    class_ids: tuple[int, ...]
    shares: NDArray[np.float64]
    doubt: NDArray[np.float64]
    is_painted: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class MeasuredPlanes:
    """Amounts, and the extents of supervoxels that they were summed over."""

    of: Prepared
    extents: Extents
    amounts: PlaneAmounts


class AmountsPerPlane(BackgroundTask):
    """Follows the results; succeeds with `MeasuredPlanes`.

    The extents of supervoxels are found once per preparation and axis.
    """

    def __init__(self) -> None:
        super().__init__()
        self.measured: MeasuredPlanes | None = None
        self.succeeded.connect(self._keep)

    def follow(self, prepared: Prepared, strokes: Strokes, result: LiveResult, axis: int) -> None:
        """Sum up a result over the planes across an axis."""
        known = self.extents_of(prepared, axis)
        self.run(_task(prepared, known, strokes, result, axis), "Summing up planes")

    def extents_of(self, prepared: Prepared, axis: int | None = None) -> Extents | None:
        """Return the extents that are known, along an axis or any; None if there are none."""
        known = self.measured
        if known is None or known.of is not prepared or axis not in (None, known.extents.axis):
            return None
        return known.extents

    def forget(self) -> None:
        """Let go of everything."""
        self.cancel()
        self.measured = None

    def _keep(self, measured: MeasuredPlanes) -> None:
        self.measured = measured


def _task(
    prepared: Prepared, known: Extents | None, strokes: Strokes, result: LiveResult, axis: int
) -> Task:
    def measure(report: Report) -> MeasuredPlanes:
        extents = known
        if extents is None:
            step_back()
            run = report.run.silent()
            extents = find_extents(prepared.ids, prepared.n_supervoxels, axis, run=run)
        return MeasuredPlanes(prepared, extents, amounts_of(prepared, extents, strokes, result))

    return measure


def amounts_of(
    prepared: Prepared, extents: Extents, strokes: Strokes, result: LiveResult
) -> PlaneAmounts:
    """Sum up a result over planes; the strokes are those in the part that is prepared."""
    axis, sizes = extents.axis, prepared.segmenter.partitions[0].graph.size
    column = np.zeros(256, np.uint8)  # 0: without data, or of a class that went
    column[list(result.class_ids)] = np.arange(1, len(result.class_ids) + 1)
    groups = column[result.labels]
    has_data = sizes / np.maximum(extents.sizes, 1)
    voxels = extents.sum_by_plane(has_data, groups, len(result.class_ids) + 1)[:, 1:]
    doubt = extents.sum_by_plane(has_data * result.uncertainty, groups * 0, 1)[:, 0]
    total = np.maximum(voxels.sum(axis=1), 1e-12)
    planes = np.unravel_index(strokes.voxels, prepared.ids.shape)[axis]
    return PlaneAmounts(
        axis,
        prepared.source.start[axis],
        result.class_ids,
        voxels / total[:, np.newaxis],
        doubt / total,
        np.bincount(planes, minlength=extents.n_planes) > 0,
    )
