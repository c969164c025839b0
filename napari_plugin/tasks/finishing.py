"""The full pipeline: all partitions and sharpened edges, exactly as the command line does it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run
from supervox.napari_plugin.layers.source import Source
from supervox.segmentation import (
    Model,
    Partition,
    Segmentation,
    SegmentationParameters,
    Segmenter,
    Strokes,
)

from .jobs import BackgroundTask, Report, Task
from .preparing import Prepared, for_final_labels
from .resources import Resources

PREPARE_SHARE = 0.7  # of the work; the rest is making voxels


@dataclass(frozen=True)
class Finished:
    """Labels of every voxel in full quality.

    Attributes
    ----------
    source : Source
    strokes : Strokes
        What it was made from, in the part to work in.
    segmenter : Segmenter
        Keeps all partitions, for the next time and for the model.
    segmentation : Segmentation
    labels : uint8, (Z, Y, X)
    seconds : float
        What it took; 0 if it was read from a project.
    held : tuple of int
        Ids of the classes whose labels were held.
    beside : Strokes or None
        Where a model made it: the strokes that there were, and that it does not follow from.
    """

    source: Source
    strokes: Strokes = field(repr=False)
    segmenter: Segmenter = field(repr=False)
    segmentation: Segmentation = field(repr=False)
    labels: NDArray[np.uint8] = field(repr=False)
    seconds: float
    held: tuple[int, ...] = ()
    beside: Strokes | None = field(default=None, repr=False)

    @property
    def is_to_keep(self) -> bool:
        """Whether it follows from a project's strokes, and isn't there already."""
        return self.beside is None and self.seconds > 0

    def is_of(self, source: Source, parameters: SegmentationParameters) -> bool:
        """Tell whether it was made from this, whatever the strokes."""
        return self.source == source and self.segmenter.parameters == parameters

    def is_for(self, source: Source, strokes: Strokes, parameters: SegmentationParameters) -> bool:
        """Return whether the result is of these strokes and parameters, or of a model since."""
        then = self.strokes if self.beside is None else self.beside
        return self.is_of(source, parameters) and then == strokes


class Finishing(BackgroundTask):
    """Runs the full pipeline, and keeps what came of it.

    Parameters
    ----------
    resources : Resources
    """

    def __init__(self, resources: Resources) -> None:
        super().__init__()
        self._resources = resources
        self.finished: Finished | None = None
        self.succeeded.connect(self._keep)

    def start(
        self,
        prepared: Prepared,
        strokes: Strokes,
        parameters: SegmentationParameters,
        partitions: tuple[Partition, ...] = (),
        held: tuple[int, ...] = (),
    ) -> None:
        """Begin.

        Parameters
        ----------
        prepared : Prepared
        strokes : Strokes
            In the part to work in.
        parameters : SegmentationParameters
            Supervoxels and features are as they were prepared, whatever these say.
        partitions : tuple of Partition
            Those that there are, that of what is prepared first; this alone by default.
        held : tuple of int
            Ids of the classes whose labels are held.
        """
        parameters = for_final_labels(prepared, parameters)
        segmenter, partitions = None, partitions or prepared.segmenter.partitions
        earlier = self.finished
        if earlier is not None and prepared.is_for(earlier.source, earlier.segmenter.parameters):
            partitions = earlier.segmenter.partitions
            if len(partitions) >= parameters.partitions:
                # what is shown still is of the earlier one, whatever becomes of this
                segmenter = earlier.segmenter.fork()
                segmenter.configure(parameters)
        of = strokes, held, parameters, segmenter
        task = _task(prepared, partitions, *of, self._resources, self._volumes)
        self.run(task, "Computing the final labels", shown=True)

    def start_with(
        self, prepared: Prepared, model: Model, strokes: Strokes, held: tuple[int, ...] = ()
    ) -> None:
        """Label a volume with a model, whatever is painted.

        Parameters
        ----------
        prepared : Prepared
            With the parameters of the model.
        model : Model
        strokes : Strokes
            What is painted: as long as it stays so, these labels are the latest.
        held : tuple of int
            As for `start`.
        """
        task = _model_task(prepared, model, strokes, held, self._resources, self._volumes)
        self.run(task, "Labelling with the model", shown=True)

    @property
    def _volumes(self) -> int:
        """How many labels of all voxels there are in the end: those before stay for comparisons."""
        return 1 if self.finished is None else 3

    def forget(self) -> None:
        """Stop the job, and drop the last result."""
        self.cancel()
        self.finished = None

    def _keep(self, finished: Finished) -> None:
        self.finished = finished


def _task(
    prepared: Prepared,
    partitions: tuple[Partition, ...],
    strokes: Strokes,
    held: tuple[int, ...],
    parameters: SegmentationParameters,
    segmenter: Segmenter | None,
    resources: Resources,
    volumes: int,
) -> Task:
    def finish(report: Report) -> Finished:
        started = time.perf_counter()
        source = prepared.source
        full = segmenter or resources.prepare(
            source,
            parameters,
            partitions=partitions,
            n_classes=len(strokes.class_ids),
            held_bytes=volumes * math.prod(source.shape),  # labels
            run=report.run.part(0, PREPARE_SHARE),
        )
        silent = report.run.silent()
        segmentation = full.segment(strokes, held=held, run=silent)
        labels = render_labels(segmentation, source, report.run.part(PREPARE_SHARE, 1))
        seconds = time.perf_counter() - started
        return Finished(source, strokes, full, segmentation, labels, seconds, held)

    return finish


def _model_task(
    prepared: Prepared,
    model: Model,
    strokes: Strokes,
    held: tuple[int, ...],
    resources: Resources,
    volumes: int,
) -> Task:
    def label(report: Report) -> Finished:
        started = time.perf_counter()
        source = prepared.source
        full = resources.prepare(
            source,
            model.parameters,
            partitions=prepared.segmenter.partitions,
            n_classes=len(model.classifier.class_ids),
            held_bytes=volumes * math.prod(source.shape),  # labels
            run=report.run.part(0, PREPARE_SHARE),
        )
        segmentation = full.apply(model, held=held, run=report.run.silent())
        labels = render_labels(segmentation, source, report.run.part(PREPARE_SHARE, 1))
        seconds = time.perf_counter() - started
        of = source, Strokes.empty(), full, segmentation, labels, seconds, held
        return Finished(*of, strokes)

    return label


def render_labels(segmentation: Segmentation, source: Source, run: Run) -> NDArray[np.uint8]:
    """Return the labels of all voxels of the part to work in, (Z, Y, X)."""
    labels = np.zeros(segmentation.shape, np.uint8)
    for block in segmentation.render(run=run):
        labels[block.block.core] = block.labels
    return labels
