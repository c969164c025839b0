"""One expansion move: the bounds of an edge, what is plain, what is cut; against all moves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from supervox.segmentation.refinement._alpha_expansion import _best_move
from supervox.segmentation.refinement._expansion_move import (
    KEEP,
    OPEN,
    TAKE,
    Move,
    arcs,
    decide,
    edge_bounds,
    find_open,
)

from tests.segmentation.region_graphs import RegionProblem, potts, random_problem, subsets

SEEDS = st.integers(0, 2**32 - 1)


def move_of(problem: RegionProblem, labels: np.ndarray, alpha: int) -> Move:
    adjacency, bounds = problem.adjacency, edge_bounds(problem.distance, alpha)
    rows = adjacency.start, adjacency.neighbour, adjacency.weight, adjacency.total
    return Move(*rows, problem.unary, labels.astype(np.int32), alpha, bounds)


def random_move(
    seed: int, n_classes: int, *, rounded: bool = False
) -> tuple[RegionProblem, Move, np.ndarray]:
    """Return a problem, a move from a random labeling, and the region that it is about."""
    problem = random_problem(seed, n_classes, rounded=rounded)
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_classes, len(problem.unary))
    move = move_of(problem, labels, int(rng.integers(n_classes)))
    return problem, move, np.flatnonzero(rng.random(len(labels)) < 0.8).astype(np.int32)


def opened(move: Move, region: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the codes with the candidates open, and the candidates."""
    code = move.labels.astype(np.uint16)
    return code, find_open(move, code, region)


@pytest.fixture
def necklace() -> tuple[RegionProblem, np.ndarray]:
    """Return a chain of class 0 whose middle would rather be 1; an edge between classes costs 10::

    0 --10-- 1 --10-- 2 --10-- 3 --10-- 4
    sure     unsure   eager    unsure   sure       of class 0 but for "eager": class 1

    0, 90    0, 5     40, 0    0, 5     0, 90      costs of class 0 and of class 1
    """
    unary = np.array([[0, 90], [0, 5], [40, 0], [0, 5], [0, 90]])
    edges = np.array([[0, 1], [1, 2], [2, 3], [3, 4]], np.int32)
    return RegionProblem(unary, edges, np.full(4, 10), potts(2)), np.zeros(5, np.int64)


def test_bounds_of_an_edge_between_equal_distances() -> None:
    # taking class 1 from class 0; neighbours of class 0 and 1, which keep, take, or are open
    of_lower, of_higher = (edge_bounds(potts(2), 1)[lower, 0] for lower in (1, 0))
    assert of_lower.tolist() == of_higher.tolist()
    keeps, takes, open_ = of_lower.reshape(3, 2, 2)
    assert keeps.tolist() == [[1, 1], [-1, -1]]  # a new border, or one less
    assert takes.tolist() == [[-1, -1], [-1, -1]]
    assert open_.tolist() == [[-1, 1], [-1, -1]]


@given(SEEDS, st.integers(2, 4))
def test_bounds_are_least_and_most_of_what_the_neighbour_may_do(seed: int, n_classes: int) -> None:
    distance = random_problem(seed, n_classes).distance
    for alpha in range(n_classes):
        bounds = edge_bounds(distance, alpha)
        for own, other in np.ndindex(n_classes, n_classes):
            keeps = distance[alpha, other] - distance[own, other]
            takes = -distance[own, alpha]
            for lower in range(2):  # a metric has submodular edges: both ends see the same
                row = bounds[lower, own]
                assert row[other + KEEP * n_classes].tolist() == [keeps, keeps]
                assert row[other + TAKE * n_classes].tolist() == [takes, takes]
                assert row[other + OPEN * n_classes].tolist() == [takes, keeps]


def test_only_who_may_gain_is_open(necklace: tuple[RegionProblem, np.ndarray]) -> None:
    code, candidates = opened(move_of(*necklace, alpha=1), np.arange(5, dtype=np.int32))
    assert candidates.tolist() == [1, 2, 3]  # the ends lose 90, and can gain no more than 10
    assert code.tolist() == [0, 2 * OPEN, 2 * OPEN, 2 * OPEN, 0]


def test_the_eager_one_is_plain_and_then_its_neighbours(
    necklace: tuple[RegionProblem, np.ndarray],
) -> None:
    move = move_of(*necklace, alpha=1)
    code, candidates = opened(move, np.arange(5, dtype=np.int32))
    assert decide(move, code, candidates).size == 0
    # -40 + 2 x 10 at most for the middle; then 5 + 10 - 10 at least for the others
    assert code.tolist() == [0, 0, 2 * TAKE, 0, 0]
    assert _best_move(move, np.arange(5, dtype=np.int32)).tolist() == [2]


def test_two_that_gain_only_together_are_left_to_the_cut() -> None:
    # the middle two gain 2 each by class 1, and pay 1 at the ends: 10 more if one goes alone
    problem = RegionProblem(
        np.array([[0, 9], [2, 0], [2, 0], [0, 9]]),
        np.array([[0, 1], [1, 2], [2, 3]], np.int32),
        np.array([1, 10, 1]),
        potts(2),
    )
    move, everywhere = move_of(problem, np.zeros(4, np.int64), 1), np.arange(4, dtype=np.int32)
    code, candidates = opened(move, everywhere)
    members = decide(move, code, candidates)
    assert sorted(members.tolist()) == [1, 2]
    tail, head, capacity, cost = arcs(move, code, members)
    assert [members[tail].tolist(), members[head].tolist()] == [[1], [2]]
    assert capacity.tolist() == [20]
    assert dict(zip(members.tolist(), cost.tolist(), strict=True)) == {
        1: -2 + 1 + 10,
        2: -2 + 1 - 10,
    }
    assert sorted(_best_move(move, everywhere).tolist()) == [1, 2]


@settings(max_examples=150)
@given(SEEDS, st.integers(2, 4), st.booleans())
def test_what_is_plain_is_so_in_the_best_move(seed: int, n_classes: int, rounded: bool) -> None:
    problem, move, region = random_move(seed, n_classes, rounded=rounded)
    best = problem.best_move(move.labels, move.alpha, region)
    code, candidates = opened(move, region)
    assert best <= set(candidates.tolist())
    rest = decide(move, code, candidates)
    state = code // n_classes
    assert set(np.flatnonzero(state == TAKE).tolist()) <= best
    assert not best & set(np.flatnonzero(state == KEEP).tolist())
    assert sorted(rest.tolist()) == np.flatnonzero(state == OPEN).tolist()
    np.testing.assert_array_equal(code % n_classes, move.labels)


@settings(max_examples=150)
@given(SEEDS, st.integers(2, 4), st.booleans())
def test_arcs_and_costs_write_the_energy_of_every_move(
    seed: int, n_classes: int, rounded: bool
) -> None:
    problem, move, region = random_move(seed, n_classes, rounded=rounded)
    code, members = opened(move, region)  # nothing is decided: all that may take is in the cut
    tail, head, capacity, cost = arcs(move, code, members)
    assert (capacity >= 0).all()
    before = problem.move_cost(np.zeros(len(move.labels), np.bool_), move.labels, move.alpha)
    for takes in subsets(len(move.labels), members):
        x = takes[members]
        written = cost[x].sum() + capacity[~x[tail] & x[head]].sum()
        assert written == problem.move_cost(takes, move.labels, move.alpha) - before


@settings(max_examples=150)
@given(SEEDS, st.integers(2, 4), st.booleans(), st.integers(1, 8))
def test_a_move_takes_the_fewest_of_the_best_in_pieces_of_any_size(
    seed: int, n_classes: int, rounded: bool, piece: int
) -> None:
    problem, move, region = random_move(seed, n_classes, rounded=rounded)
    found = _best_move(move, region, piece=piece)
    assert set(found.tolist()) == problem.best_move(move.labels, move.alpha, region)


def test_an_empty_region_takes_nothing(necklace: tuple[RegionProblem, np.ndarray]) -> None:
    assert _best_move(move_of(*necklace, alpha=1), np.zeros(0, np.int32)).size == 0
