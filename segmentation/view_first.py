"""Labels of a few supervoxels before the rest: those that a person looks at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run
from supervox.segmentation.classifier.estimators import Classifier
from supervox.segmentation.graph.neighbourhood import Neighbourhood
from supervox.segmentation.graph.partition import Partition
from supervox.segmentation.refinement.balance import balance_probabilities
from supervox.segmentation.refinement.held import are_held, next_best
from supervox.segmentation.refinement.label_costs import LabelCosts
from supervox.segmentation.refinement.mrf import minimise
from supervox.segmentation.refinement.parameters import RefinementParameters

from .strokes import LabelledSupervoxels

HOPS = 2  # around what is looked at: neighbours that have a say in it


class InView(NamedTuple):
    """What is known of some supervoxels.

    Attributes
    ----------
    supervoxels : int32, (K,)
        Ascending.
    class_ids : uint16, (K,)
        The user's class id of each; 0 where all classes are held.
    probabilities : float32, (K, C)
        Balanced.
    """

    supervoxels: NDArray[np.int32]
    class_ids: NDArray[np.uint16]
    probabilities: NDArray[np.float32]


class Surroundings(NamedTuple):
    """Supervoxels that are looked at, with those near them.

    Attributes
    ----------
    supervoxels : int32, (N,)
        Ascending.
    is_seen : bool, (N,)
        Which of them are looked at.
    probabilities : float32, (N, C)
        As the classifier gave them.
    """

    supervoxels: NDArray[np.int32]
    is_seen: NDArray[np.bool_]
    probabilities: NDArray[np.float32]


def segment_in_view(
    partition: Partition,
    ids: NDArray[np.int32],
    classifier: Classifier,
    label_costs: LabelCosts | None,
    painted: LabelledSupervoxels,
    *,
    refinement: RefinementParameters,
    held: Sequence[int] = (),
    run: Run = Run(),
) -> tuple[Surroundings, InView]:
    """Ask the classifier for what is looked at and its surroundings, and refine these only.

    At the border of the surroundings the result may differ from that of the whole volume, which
    follows.

    Parameters
    ----------
    partition : Partition
    ids : int32, any shape
        Supervoxels that are looked at, as often as you like.
    classifier : Classifier
    label_costs : LabelCosts, optional
        Of earlier strokes, if there were any; not used if there were other classes.
    painted : LabelledSupervoxels
    refinement : RefinementParameters
    held : sequence of int
        Ids of classes that none gets.
    run : Run
        Asked whether to stop every few hundredths of a second, on any thread.
    """
    seen = np.zeros(partition.graph.n_supervoxels, np.bool_)
    seen[ids] = True
    near = Neighbourhood.around(partition, np.flatnonzero(seen), HOPS)
    probabilities = classifier.predict(partition.table.values, near.supervoxels, workers=run)
    surroundings = Surroundings(near.supervoxels, seen[near.supervoxels], probabilities)
    n_classes = len(classifier.class_ids)
    if label_costs is None or len(label_costs.D) != n_classes:
        label_costs = LabelCosts.unknown(n_classes)
    balanced = balance_probabilities(probabilities, classifier.class_ids, refinement.balance)
    labels = minimise(
        balanced,
        near.adjacency,
        refinement.strength * label_costs.D,
        painted=near.known(painted, classifier.class_ids),
        run=run,
    )
    chosen = surroundings.is_seen
    chances, class_ids = balanced[chosen], np.array([*classifier.class_ids, 0], np.uint16)
    columns = next_best(chances, labels[chosen], are_held(classifier.class_ids, held))
    return surroundings, InView(near.supervoxels[chosen], class_ids[columns], chances)
