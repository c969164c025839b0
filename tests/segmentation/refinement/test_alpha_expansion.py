"""Alpha-expansion on tiny graphs, against all labelings and all moves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supervox.execution import Cancelled, Run
from supervox.segmentation.refinement._alpha_expansion import expand

from tests.segmentation.region_graphs import RegionProblem, potts, random_problem, subsets


def solve(problem: RegionProblem, initial: np.ndarray) -> np.ndarray:
    start = initial.astype(np.int32)
    return expand(problem.unary, problem.adjacency, problem.distance, start)


@settings(max_examples=150)
@given(st.integers(0, 2**32 - 1))
def test_two_classes_reach_the_minimum(seed: int) -> None:
    problem = random_problem(seed, 2)
    found = solve(problem, np.zeros(len(problem.unary)))
    assert problem.energy(found) == problem.minimum()


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(3, 4))
def test_no_expansion_improves_more_classes(seed: int, n_classes: int) -> None:
    problem = random_problem(seed, n_classes)
    found = solve(problem, problem.unary.argmin(axis=1))
    reached, n = problem.energy(found), len(found)
    for alpha in range(n_classes):
        for takes in subsets(n, np.arange(n)):
            assert reached <= problem.energy(np.where(takes, alpha, found))


def test_a_lonely_dissenter_yields_and_a_sure_one_stays() -> None:
    # 0 - 1 - 2 - 3 - 4: all prefer class 0 but the middle one; a border costs 2 x 10
    edges = np.array([[0, 1], [1, 2], [2, 3], [3, 4]], np.int32)
    unary = np.tile([0, 30], (5, 1))
    problem = RegionProblem(unary, edges, np.full(4, 10), potts(2))
    unary[2] = [19, 0]
    assert solve(problem, np.zeros(5)).tolist() == [0] * 5
    unary[2] = [21, 0]
    assert solve(problem, np.zeros(5)).tolist() == [0, 0, 1, 0, 0]


def test_no_edges_and_no_preference() -> None:
    unary, none = np.array([[3, 1, 2], [0, 5, 5]]), np.zeros((0, 2), np.int32)
    problem = RegionProblem(unary, none, np.zeros(0), potts(3))
    assert solve(problem, np.zeros(2)).tolist() == [1, 0]


def test_it_can_be_stopped() -> None:
    problem = random_problem(3, 3)
    initial = np.zeros(len(problem.unary), np.int32)
    with pytest.raises(Cancelled):
        expand(
            problem.unary,
            problem.adjacency,
            problem.distance,
            initial,
            run=Run(should_stop=lambda: True),
        )
