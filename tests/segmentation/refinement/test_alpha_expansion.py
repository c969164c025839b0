"""Exact moves on tiny graphs, against all labellings."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow
from supervox.execution import Cancelled, Run
from supervox.segmentation.graph.adjacency import UNIT, link
from supervox.segmentation.refinement._alpha_expansion import _best_move, expand
from supervox.segmentation.refinement._expansion_move import Move, edge_bounds
from supervox.segmentation.refinement._min_cut import min_cut


def solve(
    unary: np.ndarray, edges: np.ndarray, w: np.ndarray, d: np.ndarray, start: np.ndarray
) -> np.ndarray:
    return expand(unary, link(edges, w / UNIT, len(unary)), d, start.astype(np.int32))


def energy(
    y: np.ndarray, unary: np.ndarray, edges: np.ndarray, w: np.ndarray, d: np.ndarray
) -> int:
    return int(unary[np.arange(len(y)), y].sum() + (w * d[y[edges[:, 0]], y[edges[:, 1]]]).sum())


def minimum(unary: np.ndarray, edges: np.ndarray, w: np.ndarray, d: np.ndarray) -> int:
    n, c = unary.shape
    return min(
        energy(np.array(y), unary, edges, w, d) for y in itertools.product(range(c), repeat=n)
    )


def random_problem(seed: int, n_classes: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 8))
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n) if rng.random() < 0.6]
    edges = np.array(pairs, np.int32).reshape(-1, 2)
    points = rng.integers(0, 5, (n_classes, 2))  # distances of points are a metric
    distance = np.abs(points[:, np.newaxis] - points[np.newaxis]).sum(axis=-1)
    return rng.integers(0, 40, (n, n_classes)), edges, rng.integers(0, 9, len(edges)), distance


@settings(max_examples=150)
@given(st.integers(0, 2**32 - 1))
def test_two_classes_reach_the_minimum(seed: int) -> None:
    unary, edges, weight, distance = random_problem(seed, 2)
    y = solve(unary, edges, weight, distance, np.zeros(len(unary)))
    assert energy(y, unary, edges, weight, distance) == minimum(unary, edges, weight, distance)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(3, 4))
def test_no_expansion_improves_more_classes(seed: int, n_classes: int) -> None:
    unary, edges, weight, distance = random_problem(seed, n_classes)
    y = solve(unary, edges, weight, distance, unary.argmin(axis=1))
    reached = energy(y, unary, edges, weight, distance)
    for alpha in range(n_classes):
        for take in itertools.product((False, True), repeat=len(y)):
            moved = np.where(take, alpha, y)
            assert reached <= energy(moved, unary, edges, weight, distance)


def test_a_lonely_dissenter_yields_and_a_sure_one_stays() -> None:
    # 0 - 1 - 2 - 3 - 4: all prefer class 0 but the middle one; a border costs 2 x 10
    edges = np.array([[0, 1], [1, 2], [2, 3], [3, 4]], np.int32)
    weight, potts = np.full(4, 10), 1 - np.eye(2, dtype=int)
    unary = np.tile([0, 30], (5, 1))
    unary[2] = [19, 0]
    assert solve(unary, edges, weight, potts, np.zeros(5)).tolist() == [0] * 5
    unary[2] = [21, 0]
    assert solve(unary, edges, weight, potts, np.zeros(5)).tolist() == [0, 0, 1, 0, 0]


def test_no_edges_and_no_preference() -> None:
    none = np.zeros((0, 2), np.int32)
    unary = np.array([[3, 1, 2], [0, 5, 5]])
    y = solve(unary, none, np.zeros(0), 1 - np.eye(3, dtype=int), np.zeros(2))
    assert y.tolist() == [1, 0]


@settings(max_examples=150)
@given(st.integers(0, 2**32 - 1), st.integers(3, 4), st.booleans(), st.integers(1, 8))
def test_a_move_takes_the_fewest_of_the_best(
    seed: int, n_classes: int, rounded: bool, piece: int
) -> None:
    unary, edges, weight, distance = random_problem(seed, n_classes)
    if rounded:  # rounding breaks the triangle inequality, where it held just so
        distance = np.round(distance * 0.6).astype(np.int64)
    links = link(edges, weight / UNIT, len(unary))
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_classes, len(unary)).astype(np.int32)
    alpha = int(rng.integers(n_classes))
    region = np.flatnonzero(rng.random(len(unary)) < 0.8).astype(np.int32)
    found = _best_move(
        Move(
            links.start,
            links.neighbour,
            links.weight,
            links.total,
            unary,
            labels,
            alpha,
            edge_bounds(distance, alpha),
        ),
        region,
        piece=piece,
    )
    free = region[labels[region] != alpha]
    best: dict[int, list[frozenset[int]]] = {}
    for take in itertools.product((False, True), repeat=free.size):
        x = np.zeros(len(unary), np.int64)
        x[free[list(take)]] = 1
        cost = truncated(x, labels, alpha, unary, edges, weight, distance)
        best.setdefault(cost, []).append(frozenset(np.flatnonzero(x).tolist()))
    assert frozenset(found.tolist()) == frozenset.intersection(*best[min(best)])


def truncated(
    x: np.ndarray,
    labels: np.ndarray,
    alpha: int,
    unary: np.ndarray,
    edges: np.ndarray,
    w: np.ndarray,
    d: np.ndarray,
) -> int:
    """Energy of a move; an edge that is not submodular has the cost of its second end raised."""
    y = np.where(x == 1, alpha, labels)
    a, b = labels[edges].T
    slack = np.minimum(d[a, alpha] + d[alpha, b] - d[a, b], 0)
    second_alone = x[edges[:, 1]] * (1 - x[edges[:, 0]])
    return energy(y, unary, edges, w, d) - int((w * slack * second_alone).sum())


@pytest.mark.parametrize("surplus", [-30, 0, 30])
def test_the_cut_is_as_cheap_as_scipys(surplus: int) -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(2, 60))
        tail, head = rng.integers(0, n, (2, 4 * n)).astype(np.int32)
        tail, head = tail[tail != head], head[tail != head]
        capacity = rng.integers(0, 50, tail.size)
        excess = rng.integers(-60, 60, n) + surplus
        takes = min_cut(tail, head, capacity, excess)
        cut = capacity[~takes[tail] & takes[head]].sum()
        cut += excess[takes & (excess > 0)].sum() - excess[~takes & (excess < 0)].sum()
        up, down = np.flatnonzero(excess > 0), np.flatnonzero(excess < 0)
        rows = np.concatenate([tail, np.full(up.size, n), down])
        columns = np.concatenate([head, up, np.full(down.size, n + 1)])
        limits = np.concatenate([capacity, excess[up], -excess[down]]).astype(np.int32)
        graph = csr_array((limits, (rows, columns)), shape=(n + 2, n + 2))
        graph.sum_duplicates()
        assert cut == maximum_flow(graph, n, n + 1).flow_value


@settings(max_examples=150)
@given(st.integers(0, 2**32 - 1))
def test_the_sinks_side_is_the_smallest(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 8))
    tail, head = rng.integers(0, n, (2, 2 * n)).astype(np.int32)
    tail, head = tail[tail != head], head[tail != head]
    capacity, excess = rng.integers(0, 4, tail.size), rng.integers(-4, 5, n)
    best: dict[int, list[np.ndarray]] = {}
    for take in itertools.product((False, True), repeat=n):
        x = np.array(take)
        cost = capacity[~x[tail] & x[head]].sum() + excess[x].sum()
        best.setdefault(int(cost), []).append(x)
    smallest = np.logical_and.reduce(best[min(best)])
    assert min_cut(tail, head, capacity, excess).tolist() == smallest.tolist()


def test_a_move_and_its_cut_can_be_stopped() -> None:
    unary, edges, weight, distance = random_problem(3, 3)
    links = link(edges, weight / UNIT, len(unary))
    with pytest.raises(Cancelled):
        expand(
            unary,
            links,
            distance,
            np.zeros(len(unary), np.int32),
            run=Run(should_stop=lambda: True),
        )
    tail, head = np.array([0], np.int32), np.array([1], np.int32)
    with pytest.raises(Cancelled):
        min_cut(tail, head, np.array([5]), np.array([3, -3]), should_stop=lambda: True)
