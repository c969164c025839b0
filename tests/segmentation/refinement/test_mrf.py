from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supervox.segmentation import RefinementParameters, RegionGraph, refine
from supervox.segmentation.graph.region_graph import pair_weights


def graph_of(
    n: int, edges: list[tuple[int, int]], intensity: np.ndarray | None = None
) -> RegionGraph:
    count = len(edges)
    return RegionGraph(
        np.array(edges, np.int32).reshape(-1, 2),
        np.ones(count),
        np.ones(n, np.int64),
        np.zeros(n) if intensity is None else intensity,
    )


def random_problem(seed: int, n_classes: int) -> tuple[np.ndarray, RegionGraph]:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 8))
    edges = [(i, j) for i in range(n) for j in range(i + 1, n) if rng.random() < 0.6]
    probabilities = rng.dirichlet(np.ones(n_classes), n).astype(np.float32)
    return probabilities, graph_of(n, edges, rng.normal(size=n))


def energy(y: np.ndarray, p: np.ndarray, graph: RegionGraph, strength: float) -> float:
    unary = -np.log(np.maximum(p, 1e-4))[np.arange(len(y)), y].sum()
    differs = y[graph.edges[:, 0]] != y[graph.edges[:, 1]]
    return float(unary + strength * (pair_weights(graph) * differs).sum())


@settings(max_examples=100)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.1, 0.5, 2.0]))
def test_two_classes_reach_the_minimum_of_brute_force(seed: int, strength: float) -> None:
    p, graph = random_problem(seed, 2)
    best = min(
        energy(np.array(y), p, graph, strength) for y in itertools.product(range(2), repeat=len(p))
    )
    # costs are rounded to 1/4096 and weights to 1/64: exact for those, close for these
    assert energy(refine(p, graph, strength), p, graph, strength) <= best + 0.03 * len(graph.edges)


def test_strength_zero_takes_the_most_probable_class() -> None:
    p, graph = random_problem(3, 4)
    assert np.array_equal(refine(p, graph, 0), p.argmax(axis=1))


def test_a_great_strength_leaves_one_class() -> None:
    p = np.array([[0.9, 0.1], [0.4, 0.6], [0.8, 0.2]], np.float32)
    assert refine(p, graph_of(3, [(0, 1), (1, 2)]), 50).tolist() == [0, 0, 0]


def test_painted_supervoxels_keep_their_class() -> None:
    p = np.array([[0.99, 0.01], [0.99, 0.01], [0.99, 0.01]], np.float32)
    painted = (np.array([1], np.int32), np.array([1], np.int32))
    labels = refine(p, graph_of(3, [(0, 1), (1, 2)]), 0.5, painted=painted)
    assert labels.tolist() == [0, 1, 0]
    star = graph_of(9, [(0, k) for k in range(1, 9)])
    p = np.tile(np.array([[0.99, 0.01]], np.float32), (9, 1))
    known = (np.arange(9, dtype=np.int32), np.array([1] + [0] * 8, np.int32))
    assert refine(p, star, 100, painted=known).tolist() == [1] + [0] * 8


def test_distances_say_which_borders_are_cheap() -> None:
    p = np.array([[0.98, 0.01, 0.01], [0.3, 0.4, 0.3], [0.01, 0.01, 0.98]], np.float32)
    graph = graph_of(3, [(0, 1), (1, 2)])
    free = np.array([[0, 0.0, 0.2], [0.0, 0, 0.2], [0.2, 0.2, 0]])
    assert refine(p, graph, 1, distance=free).tolist() == [0, 1, 2]
    dear = np.array([[0, 2.0, 2.0], [2.0, 0, 2.0], [2.0, 2.0, 0]])
    assert refine(p, graph, 1, distance=dear)[1] != 1


def test_no_edges() -> None:
    p = np.array([[0.2, 0.8]], np.float32)
    assert refine(p, graph_of(1, [])).tolist() == [1]


def test_weights_have_mean_one_and_fall_with_contrast() -> None:
    graph = graph_of(4, [(0, 1), (1, 2), (2, 3)], np.array([0.0, 0.1, 1.0, 5.0]))
    weight = pair_weights(graph)
    assert weight.mean() == pytest.approx(1)
    assert (np.diff(weight) < 0).all()


@pytest.mark.parametrize("strength", [-1, float("nan"), float("inf"), 101])
def test_bad_strengths_are_refused(strength: float) -> None:
    with pytest.raises(ValueError, match="strength of refinement must lie between 0 and 100"):
        RefinementParameters(strength)
