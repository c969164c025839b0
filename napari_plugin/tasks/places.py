"""Places whose labels are in doubt, one after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from supervox.napari_plugin.layers.corrected import Overlay
from supervox.segmentation import (
    DoubtfulPlace,
    Extents,
    Strokes,
    find_extents,
    find_places,
    find_voxel,
    label_supervoxels,
)

from .jobs import BackgroundTask, Report, Task
from .live import LiveResult
from .preparing import Prepared


@dataclass(frozen=True, eq=False)
class PlaceInView:
    """A place in the image.

    Attributes
    ----------
    place : DoubtfulPlace
        Which supervoxel, and between which classes.
    voxel : tuple of 3 int
        In its middle, in the image.
    voxels : tuple of int64, each (P,)
        All of its voxels, as indices into the strokes' layer.
    """

    place: DoubtfulPlace
    voxel: tuple[int, int, int]
    voxels: tuple[NDArray[np.int64], ...]


class Places(BackgroundTask):
    """Finds the next place; succeeds with a `PlaceInView`, or None where nothing is in doubt.

    The places of a result are found together. One that was shown is shown again only after all
    others, or after its label has changed.
    """

    def __init__(self) -> None:
        super().__init__()
        self._result: LiveResult | None = None
        self._places: list[DoubtfulPlace] = []
        self._shown: set[DoubtfulPlace] = set()
        self._of: Prepared | None = None
        self._begun = 0
        self.succeeded.connect(self._keep)

    def start(
        self,
        prepared: Prepared,
        extents: Extents | None,
        strokes: Strokes,
        result: LiveResult,
        over: Overlay | None = None,
    ) -> None:
        """Look for the next place.

        Parameters
        ----------
        prepared : Prepared
        extents : Extents, optional
            Of its supervoxels, where they are known.
        strokes : Strokes
            In the part that is prepared.
        result : LiveResult
            What came of them.
        over : Overlay, optional
            Corrections in that part: what is right by hand is no place to look at.
        """
        if prepared is not self._of:
            self._of, self._shown = prepared, set()
        known = self._places if result is self._result else None
        self._result = result
        shown = frozenset(self._shown)
        task = _task(prepared, extents, strokes, result, known, shown, over)
        self.run(task, "Looking for a place in doubt")

    def forget(self) -> None:
        """Let go of everything."""
        self.cancel()
        self._result = self._of = None
        self._places, self._shown = [], set()

    def _keep(self, found: tuple[list[DoubtfulPlace], PlaceInView | None]) -> None:
        self._places, now = found
        if now is not None:
            if now.place in self._shown:  # all were shown
                self._shown -= set(self._places)
            self._shown.add(now.place)


def _task(
    prepared: Prepared,
    extents: Extents | None,
    strokes: Strokes,
    result: LiveResult,
    known: list[DoubtfulPlace] | None,
    shown: frozenset[DoubtfulPlace],
    over: Overlay | None,
) -> Task:
    def find(report: Report) -> tuple[list[DoubtfulPlace], PlaceInView | None]:
        run = report.run.silent()
        places = known
        if places is None:
            where = extents or find_extents(prepared.ids, prepared.n_supervoxels, run=run)
            places = find_places(
                prepared.segmenter.partitions[0],
                where,
                result.labels,
                result.probabilities,
                result.class_ids,
                result.uncertainty,
                label_supervoxels(prepared.ids, strokes).supervoxels,
                spacing=prepared.source.spacing,
                run=run,
            )
        right: frozenset[int] = frozenset()
        if over is not None and not over.is_blank:
            sizes = prepared.segmenter.partitions[0].graph.size
            right = corrected_supervoxels(over, prepared.ids, sizes)
        left = [place for place in places if place.supervoxel not in right]
        if not left:
            return places, None
        place = next((place for place in left if place not in shown), left[0])
        return places, _in_image(prepared, place)

    return find


def corrected_supervoxels(
    over: Overlay, ids: NDArray[np.int32], sizes: NDArray[np.int64]
) -> frozenset[int]:
    """Return the supervoxels of which at least half is corrected.

    Parameters
    ----------
    over : Overlay
        Of the part that is prepared, (Z, Y, X).
    ids : int32, (Z, Y, X)
        Supervoxel of each voxel.
    sizes : int64, (S,)
        Voxels of each.
    """
    corrected = np.zeros(sizes.size, np.int64)
    rows, columns = over.box[1:]
    for z in np.flatnonzero(over.marks[0]):
        here = ids[z, rows, columns][over.voxels[z, rows, columns] > 0]
        np.add.at(corrected, here, 1)
    is_right = (corrected > 0) & (2 * corrected >= sizes)
    return frozenset(np.flatnonzero(is_right).tolist())


def _in_image(prepared: Prepared, place: DoubtfulPlace) -> PlaceInView:
    at = find_voxel(prepared.ids, place.supervoxel)
    start = prepared.source.start
    voxel = (at[0] + start[0], at[1] + start[1], at[2] + start[2])
    return PlaceInView(place, voxel, prepared.voxels_at(at))
