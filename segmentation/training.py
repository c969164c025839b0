"""What strokes teach, and what follows from it for every supervoxel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run
from supervox.segmentation.classifier.estimators import Classifier
from supervox.segmentation.classifier.fitting import Trainer
from supervox.segmentation.graph.partition import Partition
from supervox.segmentation.refinement.balance import balance_probabilities
from supervox.segmentation.refinement.cross_validation import cross_validate, sample_volume
from supervox.segmentation.refinement.label_costs import LabelCosts, estimate_label_costs
from supervox.segmentation.refinement.mrf import minimise
from supervox.segmentation.refinement.parameters import Balance

from .strokes import LabelledSupervoxels, Strokes
from .view_first import Surroundings


@dataclass(frozen=True, eq=False)
class Learned:
    """All that one set of strokes determines before refinement; whole, or not there.

    Attributes
    ----------
    painted : tuple of LabelledSupervoxels
        Labelled supervoxels of each partition; empty if a model from elsewhere decides.
    classifier : Classifier
    probabilities : tuple of float32, (S, C)
        Of the supervoxels of each partition.
    label_costs : LabelCosts
    """

    painted: tuple[LabelledSupervoxels, ...]
    classifier: Classifier
    probabilities: tuple[NDArray[np.float32], ...]
    label_costs: LabelCosts

    def balanced(self, balance: Balance) -> Learned:
        """Return the same with more or less of some classes; the label costs stay as learned."""
        ids = self.classifier.class_ids
        return replace(
            self,
            probabilities=tuple(
                balance_probabilities(chances, ids, balance) for chances in self.probabilities
            ),
        )


def predict_partitions(
    classifier: Classifier,
    partitions: Sequence[Partition],
    known: Surroundings | None = None,
    *,
    run: Run = Run(),
) -> tuple[NDArray[np.float32], ...]:
    """Return the probabilities (S, C) of the supervoxels of each partition.

    Those of the first partition that are `known` of this classifier are not asked for again.
    """
    ask = partial(classifier.predict, workers=run)
    if known is None:
        return tuple(ask(part.table.values) for part in partitions)
    values = partitions[0].table.values
    rest = np.delete(np.arange(len(values), dtype=np.int32), known.supervoxels)
    first = np.empty((len(values), len(classifier.class_ids)), np.float32)
    first[known.supervoxels] = known.probabilities
    first[rest] = ask(values, rest)
    return (first, *(ask(part.table.values) for part in partitions[1:]))


def learn(
    partitions: Sequence[Partition],
    strokes: Strokes,
    painted: tuple[LabelledSupervoxels, ...],
    classifier: Classifier,
    trainer: Trainer,
    *,
    known: Surroundings | None,
    timed: Callable[[str], AbstractContextManager[None]],
    run: Run = Run(),
) -> Learned:
    """Ask the classifier for all supervoxels, and held-out strokes for the label costs.

    Parameters
    ----------
    partitions : sequence of Partition
    strokes : Strokes
    painted : tuple of LabelledSupervoxels
        Supervoxels of each partition that the strokes touch.
    classifier : Classifier
        Trained on these.
    trainer : Trainer
        Trains others like it.
    known : Surroundings, optional
        What the classifier was asked already.
    timed : callable
        Makes the context that a stage of some name runs in.
    run : Run
        Asked whether to stop every few hundredths of a second, on any thread.
    """
    with timed("predict"):
        chances = predict_partitions(classifier, partitions, known, run=run)
    with timed("couple"):
        label_costs = _estimate_costs(*(partitions, strokes, painted, chances[0], trainer), run=run)
    return Learned(painted, classifier, chances, label_costs)


def _estimate_costs(
    partitions: Sequence[Partition],
    strokes: Strokes,
    painted: Sequence[LabelledSupervoxels],
    probabilities: NDArray[np.float32],
    trainer: Trainer,
    *,
    run: Run = Run(),
) -> LabelCosts:
    """Learn from held-out strokes and the volume what borders between the classes cost.

    Parameters
    ----------
    partitions : sequence of Partition
    strokes : Strokes
    painted : sequence of LabelledSupervoxels
    probabilities : float32, (S, C)
        What the classifier of all strokes says of the first partition.
    trainer : Trainer
    run : Run
        Asked whether to stop on any thread.
    """
    graph = partitions[0].graph
    folds = cross_validate(partitions, strokes, painted, trainer, run=run)
    per_supervoxel = max(1.0, len(graph.edges) / graph.n_supervoxels)
    sample = sample_volume(partitions[0], probabilities)
    return estimate_label_costs(folds, sample, per_supervoxel, run=run)


def refine_partitions(
    learned: Learned,
    partitions: Sequence[Partition],
    strength: float,
    *,
    run: Run = Run(),
) -> tuple[NDArray[np.int32], ...]:
    """Choose the column of a class for every supervoxel (S,) of each partition.

    Parameters
    ----------
    learned : Learned
        Balanced.
    partitions : sequence of Partition
    strength : float
        Factor on the label costs.
    run : Run
        Asked whether to stop on any thread.
    """
    known: list[tuple[NDArray[np.int32], NDArray[np.int32]] | None]
    known = [
        (at.supervoxels, np.searchsorted(learned.classifier.class_ids, at.classes).astype(np.int32))
        for at in learned.painted
    ] or [None for _ in partitions]

    def one(index: int) -> NDArray[np.int32]:
        return minimise(
            learned.probabilities[index],
            partitions[index].adjacency,
            strength * learned.label_costs.D,
            painted=known[index],
            run=run,
        )

    return tuple(run.parallel(one, range(len(partitions))))
