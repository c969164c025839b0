"""Held-out strokes: what classifiers say of strokes that they were not trained on.

A classifier is nearly always right about the strokes that it learned from. What it is worth
elsewhere, and what refinement does to each class, shows where a stroke was left out: three are
trained, each without a third of the strokes, and asked for the surroundings of those. Which third a
stroke is in is chance: another deal can say something quite different, so that several are heard
(see `segmentation.history`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from supervox.execution import Run
from supervox.segmentation.classifier.estimators import Classifier
from supervox.segmentation.classifier.fitting import Trainer
from supervox.segmentation.graph.adjacency import Adjacency
from supervox.segmentation.graph.neighbourhood import Neighbourhood
from supervox.segmentation.graph.partition import Partition
from supervox.segmentation.strokes import LabelledSupervoxels

FOLDS = 3
HOPS = 5  # around a stroke: as far as refinement carries decisions that matter there
MAX_STROKES = 24  # of a class that are tried; more cost time and change the outcome little
MOST_ROWS = 800  # of a class that these classifiers learn from, so that long sessions stay quick
ALWAYS = -1  # fold of strokes that are in every training set
# A volume of more supervoxels is known by a sample: by the surroundings of so many, some twenty
# thousand supervoxels together, which tell shares and contacts of the classes well enough.
SAMPLE_SIZE, SAMPLE_CENTRES = 40_000, 24


@dataclass(frozen=True)
class Fold:
    """The surroundings of some held-out strokes in one partition.

    Attributes
    ----------
    probabilities : float32, (N, C)
        Of the classifier that did not see these strokes, for the N supervoxels around them.
    around : Neighbourhood
        The surroundings.
    known : tuple of int32 (L,), int32 (L,)
        Supervoxels that other strokes paint, and the columns of their classes.
    held : int32, (H,)
        Supervoxels that the held-out strokes paint.
    column, stroke : int32, (H,)
        Column of the class, and number of the stroke, of each.
    """

    probabilities: NDArray[np.float32]
    around: Neighbourhood
    known: tuple[NDArray[np.int32], NDArray[np.int32]]
    held: NDArray[np.int32]
    column: NDArray[np.int32]
    stroke: NDArray[np.int32]


def cross_validate(
    partition: Partition,
    painted: LabelledSupervoxels,
    trainer: Trainer,
    *,
    deal: int = 0,
    run: Run = Run(),
) -> list[Fold]:
    """Leave out a third of the strokes of each class in turn, and look at what is said of it.

    Parameters
    ----------
    partition : Partition
    painted : LabelledSupervoxels
    trainer : Trainer
        Of the classifiers that don't see all strokes.
    deal : int
        How the strokes are dealt into thirds: 0 for in turn, and others by chance.
    run : Run
        Asked whether to stop every few hundredths of a second, on any thread.

    Returns
    -------
    list of Fold
        Empty if no class has two strokes.
    """
    number = number_strokes(partition.adjacency, painted)
    fold_of = deal_strokes(number, painted.classes, deal)
    folds = []
    for fold in range(FOLDS):
        held = fold_of[number] == fold
        if held.any():
            classifier = train_for_costs(trainer, partition, painted.where(~held), run=run)
            folds.append(_ask_for_fold(classifier, partition, painted, number, held, run))
    return folds


def sample_volume(partition: Partition, classifier: Classifier, *, run: Run = Run()) -> Fold:
    """Ask for the surroundings of supervoxels that are spread over the volume, or for all of it.

    Parameters
    ----------
    partition : Partition
    classifier : Classifier
    run : Run
        Asked whether to stop on any thread.

    Returns
    -------
    Fold
        Without held-out strokes. All that has data of a volume of up to `SAMPLE_SIZE` supervoxels.
    """
    with_data = np.flatnonzero(partition.graph.size).astype(np.int32)
    centres = with_data[np.linspace(0, with_data.size - 1, SAMPLE_CENTRES).astype(np.int32)]
    if with_data.size > SAMPLE_SIZE:
        around = Neighbourhood.around(partition, centres, HOPS)
    else:
        around = Neighbourhood.of(partition, with_data)
    nothing = np.zeros(0, np.int32)
    probabilities = classifier.predict(partition.table.values, around.supervoxels, workers=run)
    return Fold(probabilities, around, (nothing, nothing), nothing, nothing, nothing)


def train_for_costs(
    trainer: Trainer, partition: Partition, painted: LabelledSupervoxels, *, run: Run = Run()
) -> Classifier:
    """Train on labelled supervoxels of one partition; on some, spread over all, if they are many.

    Parameters
    ----------
    trainer : Trainer
    partition : Partition
    painted : LabelledSupervoxels
    run : Run
        Asked whether to stop on any thread.
    """
    chosen = np.zeros(painted.classes.size, np.bool_)
    for value in np.unique(painted.classes):
        rows = np.flatnonzero(painted.classes == value)
        n = min(rows.size, MOST_ROWS)
        chosen[rows[np.linspace(0, rows.size - 1, n).astype(np.int64)]] = True
    return trainer.train(*training_rows([partition], [painted.where(chosen)]), run=run)


def training_rows(
    partitions: Sequence[Partition], painted: Sequence[LabelledSupervoxels]
) -> tuple[NDArray[np.float32], NDArray[np.uint16]]:
    """Return the features and classes of the labelled supervoxels of several partitions."""
    rows = [part.table.values[at.supervoxels] for part, at in zip(partitions, painted, strict=True)]
    return np.concatenate(rows), np.concatenate([at.classes for at in painted])


def _ask_for_fold(
    classifier: Classifier,
    part: Partition,
    painted: LabelledSupervoxels,
    number: NDArray[np.int32],
    held: NDArray[np.bool_],
    run: Run,
) -> Fold:
    """Ask a classifier for the surroundings of the painted supervoxels that it did not see."""
    left_out = painted.where(held)
    others = painted.where(~held)
    around = Neighbourhood.around(part, left_out.supervoxels, HOPS)
    probabilities = classifier.predict(part.table.values, around.supervoxels, workers=run)
    return Fold(
        probabilities,
        around,
        around.known(others, classifier.class_ids),
        *around.known(left_out, classifier.class_ids),
        number[held],
    )


def number_strokes(adjacency: Adjacency, painted: LabelledSupervoxels) -> NDArray[np.int32]:
    """Group the labelled supervoxels into strokes.

    Those of one class that touch belong to one: what lies so close together is no independent
    evidence.

    Returns
    -------
    int32, (L,)
        Number of the stroke of each, from 0.
    """
    edges, _ = adjacency.among(painted.supervoxels)
    a, b = edges[painted.classes[edges[:, 0]] == painted.classes[edges[:, 1]]].T
    n = painted.supervoxels.size
    joined = csr_array((np.ones(a.size, np.int8), (a, b)), shape=(n, n))
    number: NDArray[np.int32] = connected_components(joined, directed=False)[1]
    return number


def deal_strokes(
    number: NDArray[np.int32], classes: NDArray[np.uint16], deal: int
) -> NDArray[np.int64]:
    """Deal the strokes of each class into folds.

    Parameters
    ----------
    number : int32, (L,)
        Number of the stroke of each labelled supervoxel.
    classes : uint16, (L,)
    deal : int
        0 for in turn; all others shuffle the strokes of a class before.

    Returns
    -------
    int64, (strokes,)
        Fold of each stroke, or `ALWAYS`.
    """
    class_of_stroke = np.zeros(int(number.max()) + 1, np.int64)
    class_of_stroke[number] = classes
    fold_of = np.full(class_of_stroke.size, ALWAYS)
    chance = np.random.default_rng(deal)
    for value in np.unique(class_of_stroke):
        members = np.flatnonzero(class_of_stroke == value)
        if members.size < 2:
            continue
        if deal:
            members = chance.permutation(members)
        chosen = members[
            np.linspace(0, members.size - 1, min(members.size, MAX_STROKES)).astype(int)
        ]
        fold_of[chosen] = np.arange(chosen.size) % FOLDS
    return fold_of
