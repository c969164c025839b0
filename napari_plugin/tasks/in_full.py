"""The slice in view in full quality, behind the quick answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from supervox.napari_plugin.layers.source import Box
from supervox.segmentation import PartInFull, SegmentationParameters, Segmenter, Strokes

from .jobs import BackgroundTask, Report, Task, step_back
from .live import LiveResult
from .preparing import Prepared


@dataclass(frozen=True, eq=False)
class SliceInFull:
    """The final labels of a slice.

    Attributes
    ----------
    prepared : Prepared
    result : LiveResult
        Of the same strokes.
    part : tuple of 3 slice
        In voxels of the part to work in.
    labels : uint8, (Z, Y, X)
        Of the slice.
    """

    prepared: Prepared
    result: LiveResult
    part: Box
    labels: NDArray[np.uint8]


class InFull(BackgroundTask):
    """Labels slices in full quality; succeeds with a `SliceInFull`."""

    def __init__(self) -> None:
        super().__init__()
        self._known: tuple[Segmenter, PartInFull] | None = None  # and what it has learned

    def start(
        self,
        prepared: Prepared,
        best: Segmenter,
        strokes: Strokes,
        parameters: SegmentationParameters,
        held: tuple[int, ...],
        result: LiveResult,
        part: Box,
    ) -> None:
        """Begin.

        Parameters
        ----------
        prepared : Prepared
        best : Segmenter
            That has all partitions, or as many as there are.
        strokes : Strokes
            In the part that is prepared.
        parameters : SegmentationParameters
        held : tuple of int
            Ids of the classes whose labels are held.
        result : LiveResult
            Of these strokes.
        part : tuple of 3 slice
        """
        if self._known is None or self._known[0] is not best:
            self._known = best, PartInFull(best)
        labeller = self._known[1]
        task = _task(labeller, prepared, strokes, parameters, held, result, part)
        self.run(task, "Labelling the slice in full quality")

    def forget(self) -> None:
        """Stop, and let go of what was learned."""
        self.cancel()
        self._known = None


def _task(
    labeller: PartInFull,
    prepared: Prepared,
    strokes: Strokes,
    parameters: SegmentationParameters,
    held: tuple[int, ...],
    result: LiveResult,
    part: Box,
) -> Task:
    def label(report: Report) -> SliceInFull:
        step_back()
        labeller.take_costs(prepared.segmenter)
        labels = labeller.label(strokes, parameters, part, report.run, held=held)
        return SliceInFull(prepared, result, part, labels.astype(np.uint8, copy=False))

    return label
