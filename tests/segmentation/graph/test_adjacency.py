from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from supervox.segmentation.graph.adjacency import UNIT, build_adjacency


def random_graph(seed: int) -> tuple[int, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 30))
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n) if rng.random() < 0.1]
    return n, np.array(pairs, np.int32).reshape(-1, 2), rng.random(len(pairs)) * 3


@given(st.integers(0, 2**32 - 1))
def test_rows_hold_every_edge_from_both_ends(seed: int) -> None:
    n, edges, weight = random_graph(seed)
    adjacency = build_adjacency(edges, weight, n)
    for i in range(n):
        row = slice(adjacency.start[i], adjacency.start[i + 1])
        at = np.flatnonzero((edges == i).any(axis=1))
        assert adjacency.edge[row].tolist() == at.tolist()
        assert adjacency.neighbour[row].tolist() == (edges[at].sum(axis=1) - i).tolist()
        assert adjacency.weight[row].tolist() == np.round(weight[at] * UNIT).tolist()
        assert adjacency.total[i] == adjacency.weight[row].sum()


@given(st.integers(0, 2**32 - 1), st.integers(0, 4))
def test_surroundings_are_those_of_a_walk_over_all_edges(seed: int, hops: int) -> None:
    n, edges, weight = random_graph(seed)
    adjacency = build_adjacency(edges, weight, n)
    centre = np.random.default_rng(seed).integers(0, n, 2)
    inside = np.zeros(n, np.bool_)
    inside[centre] = True
    for _ in range(hops):
        inside[edges[inside[edges].any(axis=1)]] = True
    near = adjacency.within(centre, hops)
    assert near.tolist() == np.flatnonzero(inside).tolist()
    pairs, edge = adjacency.among(near)
    assert edge.tolist() == np.flatnonzero(inside[edges].all(axis=1)).tolist()
    assert near[pairs].tolist() == edges[edge].tolist()


def test_nothing_is_near_nothing() -> None:
    adjacency = build_adjacency(np.array([[0, 1]], np.int32), np.ones(1), 3)
    nothing = adjacency.within(np.zeros(0, np.int64), 5)
    assert nothing.size == 0
    pairs, edge = adjacency.among(nothing)
    assert pairs.shape == (0, 2)
    assert edge.shape == (0,)
