"""What strokes teach, and what follows from it for every supervoxel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from supervox.execution import ShouldStop, run_parallel
from supervox.segmentation.classifier.forest import Forest
from supervox.segmentation.classifier.parameters import ClassifierParameters
from supervox.segmentation.preparation.partition import Partition
from supervox.segmentation.refinement.cross_validation import hold_out, sample_volume
from supervox.segmentation.refinement.label_costs import Coupling, learn_coupling
from supervox.segmentation.refinement.mrf import minimise

from .strokes import LabelledSupervoxels, Strokes
from .view_first import Surroundings


@dataclass(frozen=True, eq=False)
class Learned:
    """All that one set of strokes determines before refinement; whole, or not there.

    Attributes
    ----------
    painted : tuple of LabelledSupervoxels
        Labelled supervoxels of each partition; empty if a model from elsewhere decides.
    forest : Forest
    probabilities : tuple of float32, (S, C)
        Of the supervoxels of each partition.
    coupling : Coupling
    """

    painted: tuple[LabelledSupervoxels, ...]
    forest: Forest
    probabilities: tuple[NDArray[np.float32], ...]
    coupling: Coupling


def predict_partitions(
    forest: Forest,
    partitions: Sequence[Partition],
    known: Surroundings | None = None,
    *,
    workers: int | None = None,
    should_stop: ShouldStop | None = None,
) -> tuple[NDArray[np.float32], ...]:
    """Return the probabilities (S, C) of the supervoxels of each partition.

    Those of the first partition that are `known` of this forest are not asked for again.
    """
    ask = partial(forest.predict, workers=workers, should_stop=should_stop)
    if known is None:
        return tuple(ask(part.table.values) for part in partitions)
    values = partitions[0].table.values
    rest = np.delete(np.arange(len(values), dtype=np.int32), known.supervoxels)
    first = np.empty((len(values), len(forest.class_ids)), np.float32)
    first[known.supervoxels] = known.probabilities
    first[rest] = ask(values, rest)
    return (first, *(ask(part.table.values) for part in partitions[1:]))


def couple_classes(
    partitions: Sequence[Partition],
    strokes: Strokes,
    painted: Sequence[LabelledSupervoxels],
    probabilities: NDArray[np.float32],
    parameters: ClassifierParameters,
    *,
    workers: int | None = None,
    should_stop: ShouldStop | None = None,
) -> Coupling:
    """Learn from held-out strokes and the volume what borders between the classes cost.

    Parameters
    ----------
    partitions : sequence of Partition
    strokes : Strokes
    painted : sequence of LabelledSupervoxels
    probabilities : float32, (S, C)
        What the forest of all strokes says of the first partition.
    parameters : ClassifierParameters
    workers, should_stop
        As everywhere; `should_stop` on any thread.
    """
    graph = partitions[0].graph
    trials = hold_out(
        partitions, strokes, painted, parameters, workers=workers, should_stop=should_stop
    )
    per_supervoxel = max(1.0, len(graph.edges) / graph.n_supervoxels)
    sample = sample_volume(partitions[0], probabilities)
    return learn_coupling(trials, sample, per_supervoxel, workers=workers, should_stop=should_stop)


def refine_partitions(
    learned: Learned,
    partitions: Sequence[Partition],
    strength: float,
    *,
    workers: int | None = None,
    should_stop: ShouldStop | None = None,
) -> tuple[NDArray[np.int32], ...]:
    """Choose the column of a class for every supervoxel (S,) of each partition.

    Parameters
    ----------
    learned : Learned
    partitions : sequence of Partition
    strength : float
        Factor on the coupling.
    workers, should_stop
        As everywhere; `should_stop` on any thread.
    """
    known: list[tuple[NDArray[np.int32], NDArray[np.int32]] | None]
    known = [
        (at.supervoxels, np.searchsorted(learned.forest.class_ids, at.classes).astype(np.int32))
        for at in learned.painted
    ] or [None for _ in partitions]

    def one(index: int) -> NDArray[np.int32]:
        return minimise(
            learned.probabilities[index],
            partitions[index].links,
            strength * learned.coupling.distance,
            painted=known[index],
            workers=workers,
            should_stop=should_stop,
        )

    indices = range(len(partitions))
    return tuple(run_parallel(one, indices, workers=workers, should_stop=should_stop))
