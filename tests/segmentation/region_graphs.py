"""Small region graphs with costs, and their energies by brute force, for tests of refinement."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from supervox.segmentation.graph.adjacency import UNIT, Adjacency, build_adjacency


@dataclass(frozen=True)
class RegionProblem:
    """Label costs on a region graph: unary (S, C), edges (E, 2), weight (E,), distance (C, C).

    All are integers; weights count steps of 1 / `UNIT`, as the kernels do.
    """

    unary: np.ndarray
    edges: np.ndarray
    weight: np.ndarray
    distance: np.ndarray

    @property
    def adjacency(self) -> Adjacency:
        return build_adjacency(self.edges, self.weight / UNIT, len(self.unary))

    def energy(self, labels: np.ndarray) -> int:
        a, b = labels[self.edges].T
        own = self.unary[np.arange(len(labels)), labels].sum()
        return int(own + (self.weight * self.distance[a, b]).sum())

    def minimum(self) -> int:
        """Return the least energy of all labelings."""
        n, n_classes = self.unary.shape
        labelings = itertools.product(range(n_classes), repeat=n)
        return min(self.energy(np.array(labels)) for labels in labelings)

    def move_cost(self, takes: np.ndarray, labels: np.ndarray, alpha: int) -> int:
        """Return the energy after a move, its edges made submodular.

        Rounded distances may break the triangle inequality; an edge that isn't submodular then
        has the cost of its second end raised, where that one alone takes `alpha`.
        """
        d = self.distance
        a, b = labels[self.edges].T
        slack = np.minimum(d[a, alpha] + d[alpha, b] - d[a, b], 0)
        second_alone = takes[self.edges[:, 1]] & ~takes[self.edges[:, 0]]
        cost = self.energy(np.where(takes, alpha, labels))
        return cost - int((self.weight * slack * second_alone).sum())

    def best_move(self, labels: np.ndarray, alpha: int, region: np.ndarray) -> set[int]:
        """Return the fewest supervoxels of a region that take `alpha` in a best move."""
        free = region[labels[region] != alpha]
        best: dict[int, list[frozenset[int]]] = {}
        for takes in subsets(len(labels), free):
            cost = self.move_cost(takes, labels, alpha)
            best.setdefault(cost, []).append(frozenset(np.flatnonzero(takes).tolist()))
        return set(frozenset.intersection(*best[min(best)]))


def subsets(n: int, members: np.ndarray) -> Iterable[np.ndarray]:
    """Yield all subsets of some of n supervoxels, as masks (n,)."""
    for chosen in itertools.product((False, True), repeat=len(members)):
        mask = np.zeros(n, np.bool_)
        mask[members] = chosen
        yield mask


def potts(n_classes: int) -> np.ndarray:
    """Return the distance that is 1 between any two classes."""
    return 1 - np.eye(n_classes, dtype=np.int64)


def random_problem(seed: int, n_classes: int, *, rounded: bool = False) -> RegionProblem:
    """Return a problem of at most seven supervoxels; rounded distances are nearly a metric."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 8))
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n) if rng.random() < 0.6]
    edges = np.array(pairs, np.int32).reshape(-1, 2)
    points = rng.integers(0, 5, (n_classes, 2))  # distances of points are a metric
    distance = np.abs(points[:, np.newaxis] - points[np.newaxis]).sum(axis=-1)
    if rounded:
        distance = np.round(distance * 0.6).astype(np.int64)
    unary, weight = rng.integers(0, 40, (n, n_classes)), rng.integers(0, 9, len(edges))
    return RegionProblem(unary, edges, weight, distance)
