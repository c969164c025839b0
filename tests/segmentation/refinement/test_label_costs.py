from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervox.features import FeatureTable
from supervox.segmentation.graph.adjacency import build_adjacency
from supervox.segmentation.graph.neighbourhood import Neighbourhood
from supervox.segmentation.graph.partition import Partition
from supervox.segmentation.graph.region_graph import RegionGraph
from supervox.segmentation.refinement.cross_validation import (
    ALWAYS,
    FOLDS,
    MAX_STROKES,
    SAMPLE_SIZE,
    Fold,
    deal_strokes,
    number_strokes,
    sample_volume,
)
from supervox.segmentation.refinement.label_costs import (
    UNKNOWN,
    _costs_of_labels,
    border_costs,
    count_contacts,
    estimate_label_costs,
    make_metric,
    solve_shares,
)
from supervox.segmentation.refinement.mrf import minimise
from supervox.segmentation.strokes import LabelledSupervoxels

GRID = 24


def grid_edges() -> np.ndarray:
    number = np.arange(GRID * GRID).reshape(GRID, GRID)
    across = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1)
    down = np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1)
    return np.concatenate([across, down]).astype(np.int32)


def fold(truth: np.ndarray, held: np.ndarray, noise: float, seed: int = 0) -> Fold:
    """A forest that is right on average but unsure, on a picture of supervoxels."""
    rng = np.random.default_rng(seed)
    evidence = np.eye(2)[truth.ravel()] * 1.2 + noise * rng.normal(size=(truth.size, 2))
    p = np.exp(evidence) / np.exp(evidence).sum(axis=1, keepdims=True)
    edges = grid_edges()
    nothing = np.zeros(0, np.int32)
    at = np.flatnonzero(held.ravel() >= 0).astype(np.int32)
    return Fold(
        p.astype(np.float32),
        Neighbourhood(np.arange(truth.size, dtype=np.int32), edges, np.ones(len(edges))),
        (nothing, nothing),
        at,
        truth.ravel()[at].astype(np.int32),
        held.ravel()[at].astype(np.int32),
    )


def strokes_on(truth: np.ndarray, per_class: int = 6) -> np.ndarray:
    """Short strokes on both classes; -1 where nothing is painted."""
    rng = np.random.default_rng(1)
    held = np.full(truth.shape, -1)
    for number in range(2 * per_class):
        places = np.argwhere((truth == number % 2) & (held < 0))
        row, column = places[rng.integers(len(places))]
        inside = truth[row, column : column + 3] == number % 2
        held[row, column : column + 3][inside] = number
    return held


def test_compact_objects_are_coupled() -> None:
    truth = np.zeros((GRID, GRID), int)
    truth[4:14, 5:15] = 1
    one = fold(truth, strokes_on(truth), 0.5)
    label_costs = estimate_label_costs([one], one, 2.0)
    assert label_costs.scale == 1
    assert label_costs.D[0, 1] > 0.5
    assert label_costs.D[0, 1] == label_costs.D[1, 0]


def test_threads_are_spared() -> None:
    truth = np.zeros((GRID, GRID), int)
    truth[::6] = 1  # one supervoxel wide, amid five of the other class
    one = fold(truth, strokes_on(truth), 0.8)
    label_costs = estimate_label_costs([one], one, 2.0)

    def recall(distance: np.ndarray) -> float:
        labels = minimise(one.probabilities, one.around.adjacency, distance)
        return float((labels == 1)[truth.ravel() == 1].mean())

    before = (one.probabilities.argmax(axis=1) == 1)[truth.ravel() == 1].mean()
    assert recall(0.5 * (1 - np.eye(2))) < before - 0.2  # what a fixed Potts strength does
    assert recall(label_costs.D) > before - 0.05


def test_without_held_out_strokes_a_weak_default_stands() -> None:
    three = np.full((4, 3), 1 / 3, np.float32)
    nothing = np.zeros(0, np.int32)
    apart = Neighbourhood(np.arange(4, dtype=np.int32), np.zeros((0, 2), np.int32), np.zeros(0))
    sample = Fold(three, apart, (nothing, nothing), *[nothing] * 3)
    label_costs = estimate_label_costs([], sample, 7.0)
    assert np.array_equal(label_costs.D, UNKNOWN * (1 - np.eye(3)))


def test_contacts_are_the_weights_between_classes() -> None:
    one = fold(np.zeros((GRID, GRID), int), np.full((GRID, GRID), -1), 0.5)
    labels = np.zeros((GRID, GRID), np.int32)
    labels[:, GRID // 2 :] = 2  # GRID edges across, the others within
    contacts = count_contacts(one, labels.ravel(), 3)
    within = 2 * GRID * (GRID - 1) - GRID
    assert contacts.tolist() == [[within, 0, GRID], [0, 0, 0], [GRID, 0, within]]


def test_a_class_that_refinement_wipes_out_keeps_the_cost_that_strokes_told() -> None:
    truth = np.zeros((GRID, GRID), int)
    truth[4:14, 5:15] = 1
    one = fold(truth, strokes_on(truth), 0.5)
    told = np.array([[0, 0.3], [0.3, 0]])
    assert np.array_equal(_costs_of_labels(one, np.zeros(truth.size, np.int32), told, 2.0), told)


def test_true_shares_are_solved_out_of_what_an_imperfect_forest_says() -> None:
    shares = np.array([[0.8, 0.2, 0.0], [0.1, 0.7, 0.2], [0.0, 0.5, 0.5]])
    own = np.array([[0.7, 0.2, 0.1], [0.2, 0.6, 0.2], [0.1, 0.2, 0.7]])
    assert solve_shares(shares @ own, own) == pytest.approx(shares, abs=1e-6)


def test_costs_are_high_for_classes_that_keep_apart() -> None:
    apart = border_costs(np.array([[0.95, 0.05], [0.1, 0.9]]))
    mixed = border_costs(np.array([[0.5, 0.5], [0.5, 0.5]]))
    assert apart[0, 1] == pytest.approx(0.5 * np.log(0.95 * 0.9 / (0.05 * 0.1)))
    assert mixed[0, 1] == 0
    assert np.diag(apart).tolist() == [0, 0]


def test_detours_lower_the_cost() -> None:
    cost = np.array([[0, 1.0, 5.0], [1.0, 0, 2.0], [5.0, 2.0, 0]])
    metric = make_metric(cost)
    assert metric[0, 2] == 3
    assert metric[0, 1] == 1


def test_touching_supervoxels_of_a_class_are_one_stroke() -> None:
    edges = np.stack([np.arange(7), np.arange(1, 8)], axis=1).astype(np.int32)
    adjacency = build_adjacency(edges, np.ones(7), 8)
    painted = LabelledSupervoxels(
        np.array([0, 1, 2, 4, 6], np.int32), np.array([5, 5, 9, 5, 9], np.uint16)
    )
    number = number_strokes(adjacency, painted)
    fold_of = deal_strokes(number, painted.classes, 0)
    assert number[0] == number[1]
    assert len(set(number)) == 4
    assert ALWAYS not in fold_of
    assert set(fold_of[[number[0], number[3]]]) == {0, 1}


def test_a_single_stroke_is_never_held_out() -> None:
    adjacency = build_adjacency(np.zeros((0, 2), np.int32), np.zeros(0), 3)
    painted = LabelledSupervoxels(np.array([0, 2], np.int32), np.array([1, 2], np.uint16))
    number = number_strokes(adjacency, painted)
    assert (deal_strokes(number, painted.classes, 0) == ALWAYS).all()


@given(deal=st.integers(0, 2**31), n=st.integers(2, 60))
def test_every_deal_has_as_many_strokes_of_a_class_in_each_fold(deal: int, n: int) -> None:
    number = np.arange(2 * n, dtype=np.int32)
    classes = np.repeat(np.array([1, 7], np.uint16), n)
    fold_of = deal_strokes(number, classes, deal)
    for value in (1, 7):
        sizes = np.bincount(fold_of[(classes == value) & (fold_of != ALWAYS)], minlength=FOLDS)
        assert sizes.sum() == min(n, MAX_STROKES)
        assert sizes.max() - sizes.min() <= 1
    assert np.array_equal(fold_of, deal_strokes(number, classes, deal))


def test_deals_differ() -> None:
    number, classes = np.arange(24, dtype=np.int32), np.ones(24, np.uint16)
    deals = {tuple(deal_strokes(number, classes, deal)) for deal in range(9)}
    assert len(deals) == 9


def line_of(n: int) -> Partition:
    """A row of `n` supervoxels of one voxel."""
    edges = np.stack([np.arange(n - 1), np.arange(1, n)], axis=1).astype(np.int32)
    graph = RegionGraph(edges, np.ones(n - 1), np.ones(n, np.int64), np.zeros(n))
    table = FeatureTable(np.zeros((n, 1), np.float32), ("raw_mean",), np.ones(n, np.int64))
    return Partition(np.arange(n, dtype=np.int32).reshape(1, 1, n), table, graph)


class Known:
    """A classifier that knows what to say of each supervoxel."""

    class_ids = (1, 2)

    def __init__(self, probabilities: np.ndarray) -> None:
        self._probabilities = probabilities

    def predict(self, features: object, rows: np.ndarray, *, workers: object) -> np.ndarray:
        return self._probabilities[rows]


def test_a_small_volume_is_its_own_sample() -> None:
    part = line_of(10)
    sample = sample_volume(part, Known(np.full((10, 2), 0.5, np.float32)))
    assert len(sample.probabilities) == 10
    assert np.array_equal(sample.around.edges, part.graph.edges)
    assert not sample.held.size


def test_a_large_volume_is_sampled_all_over() -> None:
    n = SAMPLE_SIZE + 1
    p = np.stack([np.arange(n), n - np.arange(n)], axis=1).astype(np.float32)
    sample = sample_volume(line_of(n), Known(p))
    taken = sample.probabilities[:, 0]
    assert len(taken) < 1000
    assert taken[0] == 0
    assert taken[-1] == n - 1
    assert np.diff(taken).max() < n / 20
    a, b = sample.around.edges.T
    assert np.array_equal(taken[b], taken[a] + 1)
