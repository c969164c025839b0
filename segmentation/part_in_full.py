"""The labels of a few voxels in full quality, as of a slice, without those of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Block, Run, Slices, read_block
from supervox.segmentation.classifier.estimators import Classifier
from supervox.segmentation.graph.neighbourhood import Neighbourhood
from supervox.segmentation.refinement.balance import balance_probabilities
from supervox.segmentation.refinement.label_costs import LabelCosts
from supervox.segmentation.refinement.mrf import minimise
from supervox.segmentation.rendering.renderer import Renderer
from supervox.segmentation.rendering.segmentation import Segmentation
from supervox.segmentation.supervoxels.guide_image import split_around

from .history import Moment
from .parameters import SegmentationParameters
from .segmenter import Segmenter
from .strokes import Strokes, usable_strokes
from .strokes_in_data import strokes_in_data

HOPS = 2  # around what has an influence on the voxels: neighbours that have a say in it


class PartInFull:
    """Labels parts of a volume as `Segmenter.segment` would label all of it, edges and all.

    All partitions that the segmenter has vote, and borders follow the image. What lies far from a
    part is left out, so that a slice takes a small part of the time; at a few voxels refinement may
    decide otherwise than for the whole volume.

    Several threads may ask at once, as where one has not heard yet that it is to stop.

    Parameters
    ----------
    segmenter : Segmenter
        Whose partitions are prepared; what it learned so far is known here as well.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter.fork()
        self._memory = self._segmenter.memory
        self._lock = Lock()  # what was learned changes while it is looked through

    def take_costs(self, segmenter: Segmenter) -> None:
        """Know what another segmenter of the same first partition learned of the label costs."""
        with self._lock:
            self._memory.take_costs(segmenter.memory)

    def label(
        self,
        strokes: Strokes,
        parameters: SegmentationParameters,
        part: Slices,
        run: Run = Run(),
        *,
        held: Sequence[int] = (),
    ) -> NDArray[np.unsignedinteger]:
        """Return the class ids of the voxels of a part.

        Parameters
        ----------
        strokes : Strokes
        parameters : SegmentationParameters
            Of which classifier and refinement matter, and whether edges are refined.
        part : tuple of 3 slice
            In voxels of the volume.
        run : Run
            Asked whether to stop every few hundredths of a second, on any thread.
        held : sequence of int
            As for `Segmenter.segment`.

        Returns
        -------
        uint8 or uint16, (Z, Y, X)
            Of the part.

        Raises
        ------
        SegmentationError
            If the strokes hold fewer than two classes, or the classifier can't be trained.
        Cancelled
            If the run is to stop.
        """
        segmenter, run = self._segmenter, run.latched().local().silent()
        partitions = segmenter.partitions
        strokes = usable_strokes(strokes, segmenter.volume.shape)
        strokes = strokes_in_data(strokes, segmenter.data_seen)
        with self._lock:
            run.check_stop()  # it may have waited
            moments, classifier, costs = self._learn(strokes, parameters, run)
        refinement, ids = parameters.refinement, classifier.class_ids
        renderer = replace(
            Renderer.of_partitions(
                *(segmenter.volume, segmenter.spacing, segmenter.intensity),
                *(segmenter.parameters, partitions),
            ),
            edge_refinement=parameters.edge_refinement,
        )
        around = split_around(Block(0, part, part), segmenter.volume.shape, renderer.halo).padded
        tables, classes = [], []
        for partition, painted in zip(partitions, moments[-1].painted, strict=True):
            n = partition.graph.n_supervoxels
            seeds = np.unique(read_block(partition.ids, around))
            near = Neighbourhood.around(partition, seeds, HOPS)
            chances = balance_probabilities(
                classifier.predict(partition.table.values, near.supervoxels, workers=run),
                *(ids, refinement.balance),
            )
            table, columns = np.zeros((n, len(ids)), np.float32), np.zeros(n, np.int32)
            table[near.supervoxels] = chances
            columns[near.supervoxels] = minimise(
                *(chances, near.adjacency, refinement.strength * costs.D),
                painted=near.known(painted, ids),
                run=run,
            )
            tables.append(table)
            classes.append(columns)
        of = ids, tuple(tables), tuple(classes), renderer, run.threads
        found = Segmentation(*of, held=tuple(held))
        (rendered,) = found.render(blocks=[Block(0, part, part)], run=run)
        return rendered.labels

    def _learn(
        self, strokes: Strokes, parameters: SegmentationParameters, run: Run
    ) -> tuple[list[Moment], Classifier, LabelCosts]:
        """Learn what isn't known yet, and forget what is of no use any more."""
        segmenter = self._segmenter
        chosen = {"classifier": parameters.classifier, "refinement": parameters.refinement}
        segmenter.configure(replace(segmenter.parameters, **chosen))  # type: ignore[arg-type]
        if segmenter.memory.trainer is not self._memory.trainer:
            self._memory = segmenter.memory
        partitions, memory = segmenter.partitions, self._memory
        moments = memory.moments(partitions, strokes)
        classifier = memory.train(partitions, moments, run=run)
        costs = memory.estimate_costs(partitions[0], moments, classifier, run=run)
        memory.forget_all_but(moments)
        return moments, classifier, costs
