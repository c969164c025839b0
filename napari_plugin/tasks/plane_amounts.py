"""How much of each class, and how much doubt, each plane of the volume has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from supervox.napari_plugin.layers.corrected import Overlay
from supervox.segmentation import Extents, Strokes, count_labels, find_extents

from .jobs import BackgroundTask, Report, Task, step_back
from .live import LiveResult
from .preparing import Prepared

LabelsAt = Callable[[tuple[int, slice, slice], tuple[NDArray[np.intp], ...]], NDArray[np.uint8]]


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
    voxels : float64, (N,)
        Those that have data.
    """

    axis: int
    start: int
    class_ids: tuple[int, ...]
    shares: NDArray[np.float64]
    doubt: NDArray[np.float64]
    is_painted: NDArray[np.bool_]
    voxels: NDArray[np.float64]

    @property
    def overall(self) -> NDArray[np.float64]:
        """Share of the voxels of all planes that each class has, (C,)."""
        return self._mean(self.shares)

    @property
    def overall_doubt(self) -> float:
        """Mean uncertainty of the voxels of all planes."""
        return float(self._mean(self.doubt))

    def _mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean over all voxels of what is the mean of each plane."""
        found: NDArray[np.float64] = self.voxels @ values / max(self.voxels.sum(), 1e-12)
        return found


@dataclass(frozen=True, eq=False)
class CountedLabels:
    """Final labels, and the voxels that each class has in them.

    Attributes
    ----------
    labels : uint8, (Z, Y, X)
        Without corrections.
    plain, corrected : int64, (256,)
        In these labels, and with the corrections over them.
    """

    labels: NDArray[np.uint8]
    plain: NDArray[np.int64]
    corrected: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class MeasuredPlanes:
    """Amounts, and the extents of supervoxels that they were summed over."""

    of: Prepared
    extents: Extents
    amounts: PlaneAmounts
    moved: NDArray[np.int64]  # voxels that each class has got by corrections, (256,)
    final: CountedLabels | None


class AmountsPerPlane(BackgroundTask):
    """Follows the results; succeeds with `MeasuredPlanes`.

    The extents of supervoxels are found once per preparation and axis.
    """

    def __init__(self) -> None:
        super().__init__()
        self.measured: MeasuredPlanes | None = None
        self.succeeded.connect(self._keep)

    def follow(
        self,
        prepared: Prepared,
        strokes: Strokes,
        result: LiveResult,
        axis: int,
        over: Overlay | None = None,
        final: NDArray[np.uint8] | None = None,
    ) -> None:
        """Sum up a result, with the corrections over it, over the planes across an axis.

        Voxels of final labels are counted as well, if there are any of the same part.
        """
        known = self.extents_of(prepared, axis)
        counted = None if self.measured is None else self.measured.final
        task = _task(prepared, known, strokes, result, axis, over, final, counted)
        self.run(task, "Summing up planes")

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
    prepared: Prepared,
    known: Extents | None,
    strokes: Strokes,
    result: LiveResult,
    axis: int,
    over: Overlay | None,
    final: NDArray[np.uint8] | None,
    counted: CountedLabels | None,
) -> Task:
    def measure(report: Report) -> MeasuredPlanes:
        extents = known
        if extents is None:
            step_back()
            run = report.run.silent()
            extents = find_extents(prepared.ids, prepared.n_supervoxels, axis, run=run)
        moved = np.zeros((extents.n_planes, 256), np.int64)
        ids, labels = prepared.ids, result.labels
        if over is not None and not over.is_blank:
            moved = moved_by(over, lambda part, there: labels[ids[part][there]], extents.axis)
        amounts = amounts_of(prepared, extents, strokes, result, moved)
        found = None if final is None else _count(final, over, counted)
        return MeasuredPlanes(prepared, extents, amounts, moved.sum(axis=0), found)

    return measure


def _count(
    labels: NDArray[np.uint8], over: Overlay | None, known: CountedLabels | None
) -> CountedLabels:
    """Count the voxels of labels, alone if they aren't known yet, and with corrections over them.

    Parameters
    ----------
    labels : uint8, (Z, Y, X)
    over : Overlay or None
    known : CountedLabels or None
        What was counted last.
    """
    is_known = known is not None and known.labels is labels
    plain = known.plain if is_known and known else count_labels(labels)
    if over is None or over.is_blank:
        return CountedLabels(labels, plain, plain)
    moved = moved_by(over, lambda part, there: labels[part][there], 0).sum(axis=0)
    return CountedLabels(labels, plain, plain + moved)


def amounts_of(
    prepared: Prepared,
    extents: Extents,
    strokes: Strokes,
    result: LiveResult,
    moved: NDArray[np.int64],
) -> PlaneAmounts:
    """Sum up a result over planes.

    Parameters
    ----------
    prepared : Prepared
    extents : Extents
    strokes : Strokes
        In the part that is prepared.
    result : LiveResult
    moved : int64, (N, 256)
        From `moved_by`.
    """
    axis, sizes = extents.axis, prepared.segmenter.partitions[0].graph.size
    by_hand = np.flatnonzero(moved.any(axis=0))
    ids = tuple(sorted({*result.class_ids, *(int(k) for k in by_hand if k)}))
    column = np.zeros(256, np.uint8)  # 0: without data, or of a class that went
    column[list(ids)] = np.arange(1, len(ids) + 1)
    groups = column[result.labels]
    has_data = sizes / np.maximum(extents.sizes, 1)
    voxels = extents.sum_by_plane(has_data, groups, len(ids) + 1)[:, 1:]
    voxels = np.maximum(voxels + moved[:, list(ids)], 0)
    doubt = extents.sum_by_plane(has_data * result.uncertainty, groups * 0, 1)[:, 0]
    total = np.maximum(voxels.sum(axis=1), 1e-12)
    planes = np.unravel_index(strokes.voxels, prepared.ids.shape)[axis]
    return PlaneAmounts(
        axis,
        prepared.source.start[axis],
        ids,
        voxels / total[:, np.newaxis],
        doubt / total,
        np.bincount(planes, minlength=extents.n_planes) > 0,
        voxels.sum(axis=1),
    )


def moved_by(over: Overlay, labels_at: LabelsAt, axis: int) -> NDArray[np.int64]:
    """Count what corrections give to each class, and take from it, in each plane across an axis.

    Parameters
    ----------
    over : Overlay
        Of the part that is prepared, (Z, Y, X).
    labels_at : callable
        Takes a part of a plane and indices into it; returns the labels there, without corrections;
        0 where there is no data.
    axis : int

    Returns
    -------
    int64, (N, 256)
        By plane and class.
    """
    moved = np.zeros((over.voxels.shape[axis], 256), np.int64)
    rows, columns = over.box[1:]
    # A plane at a time, so that a correction of everything needs little memory.
    for z in np.flatnonzero(over.marks[0]):
        new = over.voxels[z, rows, columns]
        there = np.nonzero(new)
        if not there[0].size:
            continue
        old = labels_at((int(z), rows, columns), there)
        first = (z, rows.start, columns.start)[axis]
        planes = first + (np.zeros(old.size, np.int64) if axis == 0 else there[axis - 1])
        for classes, sign in ((old, -1), (new[there], 1)):
            counts = np.bincount(planes * 256 + classes, minlength=moved.size)
            moved += sign * counts.reshape(moved.shape)
    moved[:, 0] = 0
    return moved
