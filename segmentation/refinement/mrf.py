"""Refinement: a Markov random field on the region graph decides for supervoxels together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run
from supervox.segmentation.graph.adjacency import UNIT, Adjacency, build_adjacency
from supervox.segmentation.graph.region_graph import RegionGraph, pair_weights

from ._alpha_expansion import expand

FLOOR = 1e-4  # of a probability: no single classifier may forbid a class
POTTS_STRENGTH = 0.5


def refine(
    probabilities: NDArray[np.float32],
    graph: RegionGraph,
    strength: float = POTTS_STRENGTH,
    *,
    distance: NDArray[np.float64] | None = None,
    painted: tuple[NDArray[np.int32], NDArray[np.int32]] | None = None,
) -> NDArray[np.int32]:
    """Choose one class per supervoxel, weighing its own probabilities against its neighbours.

    Minimises ``sum -log p[i, y_i] + strength * sum w[e] * distance[y_i, y_j]``.

    Parameters
    ----------
    probabilities : float32, (S, C)
    graph : RegionGraph
    strength : float
        Factor on all label costs; 0 takes the most probable class.
    distance : float64, (C, C), optional
        Cost of a border between two classes; a metric. One for all pairs by default (Potts).
    painted : tuple of int32 (L,), int32 (L,), optional
        Supervoxels whose class is known, and the column of that class.

    Returns
    -------
    int32, (S,)
        Column of the class of each supervoxel; the minimum for two classes, the result of
        alpha-expansion for more.
    """
    n_classes = probabilities.shape[1]
    if distance is None:
        distance = 1 - np.eye(n_classes)
    adjacency = build_adjacency(graph.edges, pair_weights(graph), graph.n_supervoxels)
    return minimise(probabilities, adjacency, strength * distance, painted=painted)


def minimise(
    probabilities: NDArray[np.float32],
    adjacency: Adjacency,
    distance: NDArray[np.float64],
    *,
    painted: tuple[NDArray[np.int32], NDArray[np.int32]] | None = None,
    run: Run = Run(),
) -> NDArray[np.int32]:
    """Refine on any graph: `refine` with the weighted edges as `adjacency`.

    The threads of `run` are used where there are many supervoxels.

    Raises
    ------
    Cancelled
        If the run is to stop, which is asked every few hundredths of a second on any thread.
    """
    cost = np.round(-np.log(np.maximum(probabilities, FLOOR)) * UNIT * UNIT).astype(np.int64)
    whole_distance = np.round(distance * UNIT).astype(np.int64)
    if painted is not None:
        borders = int(adjacency.total.max(initial=0)) * int(whole_distance.max())
        cost[painted[0]] = cost.max() + borders + 1  # more than all borders around could save
        cost[painted[0], painted[1]] = 0
    initial: NDArray[np.int32] = cost.argmin(axis=1).astype(np.int32)
    if not adjacency.weight.size or not whole_distance.any():
        return initial
    return expand(cost, adjacency, whole_distance, initial, run=run)
