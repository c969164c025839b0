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
from supervox.segmentation.graph.partition import Partition
from supervox.segmentation.refinement.balance import balance_probabilities
from supervox.segmentation.refinement.label_costs import LabelCosts
from supervox.segmentation.refinement.mrf import minimise
from supervox.segmentation.refinement.parameters import Balance
from supervox.volumes import VolumeClass

from .checks import Spacing
from .history import Moment
from .memory import Memory
from .model import Model
from .parameters import SegmentationParameters
from .strokes import LabelledSupervoxels
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
    keys : tuple of bytes
        Digests of the moments that all this was learned at.
    """

    painted: tuple[LabelledSupervoxels, ...]
    classifier: Classifier
    probabilities: tuple[NDArray[np.float32], ...]
    label_costs: LabelCosts
    keys: tuple[bytes, ...] = ()

    def follows_from(self, moments: Sequence[Moment]) -> bool:
        """Tell whether it was learned at these moments."""
        return self.keys == tuple(moment.keys[-1] for moment in moments)

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
    memory: Memory,
    partitions: Sequence[Partition],
    moments: Sequence[Moment],
    classifier: Classifier,
    *,
    known: Surroundings | None,
    timed: Callable[[str], AbstractContextManager[None]],
    run: Run = Run(),
) -> Learned:
    """Ask the classifier for all supervoxels, and held-out strokes for the label costs.

    Parameters
    ----------
    memory : Memory
        Of earlier calls.
    partitions : sequence of Partition
    moments : sequence of Moment
    classifier : Classifier
        Of these moments.
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
        costs = memory.estimate_costs(partitions[0], moments, classifier, run=run)
    memory.forget_all_but(moments)
    keys = tuple(moment.keys[-1] for moment in moments)
    return Learned(moments[-1].painted, classifier, chances, costs, keys)


def model_of(
    learned: Learned,
    parameters: SegmentationParameters,
    images: tuple[str, int],
    spacing: Spacing,
    classes: Sequence[VolumeClass],
    unit: str | None,
) -> Model:
    """Return what was learned as a model.

    Parameters
    ----------
    learned : Learned
    parameters : SegmentationParameters
    images : tuple of str and int
        Fingerprint of the volume and its further channels, and their number.
    spacing : tuple of 3 float
    classes : sequence of VolumeClass
        Those that were not learned are left out.
    unit : str, optional
        Of the spacing.
    """
    ids = learned.classifier.class_ids
    named = {item.value: item for item in classes}
    return Model(
        parameters,
        learned.classifier,
        learned.painted,
        images[0],
        spacing,
        learned.label_costs.D,
        unit,
        tuple(named[k] for k in ids if k in named),
        images[1],
    )


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
