"""Labels of a few supervoxels before the rest: those that a person looks at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from supervox.features import ShouldStop

from .coupling import Coupling
from .forest import Forest
from .links import link
from .model import Painted
from .partition import Partition
from .refinement import minimise

HOPS = 2  # around what is looked at: neighbours that have a say in it


class InView(NamedTuple):
    """What is known of some supervoxels.

    Attributes
    ----------
    supervoxels : int32, (K,)
        Ascending.
    class_ids : uint16, (K,)
        The user's class id of each.
    probabilities : float32, (K, C)
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
    """

    supervoxels: NDArray[np.int32]
    is_seen: NDArray[np.bool_]
    probabilities: NDArray[np.float32]


def predict_in_view(
    partition: Partition,
    ids: NDArray[np.int32],
    forest: Forest,
    *,
    workers: int | None = None,
    should_stop: ShouldStop | None = None,
) -> Surroundings:
    """Ask the forest for what is looked at, and for its surroundings.

    Parameters
    ----------
    partition : Partition
    ids : int32, any shape
        Supervoxels that are looked at, as often as you like.
    forest : Forest
    workers : int, optional
        Threads; one per processor by default.
    should_stop : callable, optional
        Asked every few hundredths of a second, on any thread.
    """
    seen = np.zeros(partition.graph.n_supervoxels, np.bool_)
    seen[ids] = True
    near = partition.links.within(np.flatnonzero(seen), HOPS)
    probabilities = forest.predict(
        partition.table.values, near, workers=workers, should_stop=should_stop
    )
    return Surroundings(near, seen[near], probabilities)


def label_in_view(
    partition: Partition,
    surroundings: Surroundings,
    class_ids: Sequence[int],
    coupling: Coupling | None,
    painted: Painted,
    *,
    strength: float,
    workers: int | None = None,
    should_stop: ShouldStop | None = None,
) -> InView:
    """Refine supervoxels with their surroundings only.

    At the border of the surroundings the result may differ from that of the whole volume, which
    follows.

    Parameters
    ----------
    partition : Partition
    surroundings : Surroundings
    class_ids : sequence of int
        The user's class id of each column.
    coupling : Coupling, optional
        Of earlier strokes, if there were any; not used if there were other classes.
    painted : Painted
    strength : float
        Of refinement.
    workers : int, optional
        Threads; one per processor by default.
    should_stop : callable, optional
        Asked every few hundredths of a second, on any thread.
    """
    n_classes = len(class_ids)
    if coupling is None or len(coupling.distance) != n_classes:
        coupling = Coupling.unknown(n_classes)
    near, chosen, probabilities = surroundings
    edges, edge = partition.links.among(near)
    local = np.full(partition.graph.n_supervoxels, -1, np.int32)
    local[near] = np.arange(near.size, dtype=np.int32)
    place = local[painted.supervoxels]
    known = place >= 0
    columns = np.searchsorted(class_ids, painted.classes).astype(np.int32)
    labels = minimise(
        probabilities,
        link(edges, partition.weights[edge], near.size),
        strength * coupling.distance,
        painted=(place[known], columns[known]),
        workers=workers,
        should_stop=should_stop,
    )
    found = np.array(class_ids, np.uint16)[labels[chosen]]
    return InView(near[chosen], found, probabilities[chosen])
