"""Refinement: a Markov random field on the region graph decides for supervoxels together."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ._expansion import expand
from .graph import RegionGraph

FLOOR = 1e-4  # of a probability: no single forest may forbid a class
UNIT = 64  # integer steps of a weight of 1, and of a cost of 1


@dataclass(frozen=True)
class RefinementParameters:
    """How strongly neighbours agree.

    Attributes
    ----------
    strength : float
        Factor on the cost of a border between two classes; 0 leaves the forest's decision alone.
    """

    strength: float = 0.5

    def __post_init__(self) -> None:
        if not (math.isfinite(self.strength) and self.strength >= 0):
            raise ValueError(f"the strength of refinement must be 0 or more, not {self.strength:g}")


def refine(
    probabilities: NDArray[np.float32],
    graph: RegionGraph,
    strength: float = RefinementParameters.strength,
    *,
    painted: tuple[NDArray[np.int32], NDArray[np.int32]] | None = None,
) -> NDArray[np.int32]:
    """Choose one class per supervoxel, weighing its own probabilities against its neighbours.

    Parameters
    ----------
    probabilities : float32, (S, C)
    graph : RegionGraph
    strength : float
        See `RefinementParameters`.
    painted : tuple of int32 (L,), int32 (L,), optional
        Supervoxels whose class is known, and the column of that class.

    Returns
    -------
    int32, (S,)
        Column of the class of each supervoxel.
    """
    cost = np.round(-np.log(np.maximum(probabilities, FLOOR)) * UNIT * UNIT).astype(np.int64)
    if painted is not None:
        cost[painted[0]] = 2**20
        cost[painted[0], painted[1]] = 0
    initial = cost.argmin(axis=1).astype(np.int32)
    if strength == 0 or not len(graph.edges):
        return initial
    n_classes = probabilities.shape[1]
    weight = np.round(pair_weights(graph) * UNIT).astype(np.int64)
    distance = np.round((1 - np.eye(n_classes)) * strength * UNIT).astype(np.int64)
    return expand(cost, graph.edges, weight, distance, initial)


def pair_weights(graph: RegionGraph) -> NDArray[np.float64]:
    """Weigh the edges of the region graph by boundary area and likeness; the mean is 1."""
    a, b = graph.mean_intensity[graph.edges.T]
    squared = (a - b) ** 2
    scale = 2 * max(float(np.median(squared)), 1e-12)
    weight = np.sqrt(graph.area) * np.exp(-squared / scale)
    return weight / weight.mean()
