"""Labels of a few supervoxels before the rest: those that a person looks at."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .coupling import Coupling
from .forest import Forest
from .graph import RegionGraph
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


def label_in_view(
    partition: Partition,
    ids: NDArray[np.int32],
    forest: Forest,
    coupling: Coupling,
    painted: Painted,
    *,
    strength: float,
    workers: int | None = None,
) -> InView:
    """Predict and refine supervoxels with their surroundings only.

    At the border of the surroundings the result may differ from that of the whole volume, which
    follows.

    Parameters
    ----------
    partition : Partition
    ids : int32, any shape
        Supervoxels that are looked at, as often as you like.
    forest : Forest
    coupling : Coupling
        For the classes of the forest.
    painted : Painted
    strength : float
        Of refinement.
    workers : int, optional
        Threads; one per processor by default.
    """
    seen = np.zeros(partition.graph.n_supervoxels, np.bool_)
    seen[ids] = True
    near, inside = _surroundings(partition.graph, seen)
    numbers = np.flatnonzero(near)
    local = np.full(near.size, -1, np.int32)
    local[numbers] = np.arange(numbers.size, dtype=np.int32)
    probabilities = forest.predict(partition.table.values[numbers], workers=workers)
    place = local[painted.supervoxels]
    known = place >= 0
    columns = np.searchsorted(forest.class_ids, painted.classes).astype(np.int32)
    labels = minimise(
        probabilities,
        local[partition.graph.edges[inside]],
        partition.weights[inside],
        strength * coupling.distance,
        painted=(place[known], columns[known]),
    )
    chosen = seen[numbers]
    ids_of_columns = np.array(forest.class_ids, np.uint16)
    return InView(
        numbers[chosen].astype(np.int32), ids_of_columns[labels[chosen]], probabilities[chosen]
    )


def _surroundings(
    graph: RegionGraph, seen: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return what lies within `HOPS` edges of a set, and which edges lie among that."""
    near = seen.copy()
    a, b = graph.edges.T
    for _ in range(HOPS):
        reached = near[a] | near[b]
        near[a[reached]] = True
        near[b[reached]] = True
    return near, near[a] & near[b]
