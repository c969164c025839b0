from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervox.segmentation.graph.neighbourhood import Neighbourhood
from supervox.segmentation.refinement.cost_scale import (
    ENOUGH,
    MOST,
    MOST_UNSURE,
    Evidence,
    class_shares,
    cost_scale_of,
    dice_changes,
    gather_evidence,
    trustworthiness,
    weigh,
)
from supervox.segmentation.refinement.cross_validation import Fold


def evidence(
    first: list[float],
    then: list[float],
    observed: tuple[float, float],
    refined: tuple[float, float],
) -> Evidence:
    """Strokes of class 0 with the given shares right before and after; those of 1 are all right."""
    n = len(first)
    before = np.zeros((2 * n, 2))
    before[:n, 0], before[:n, 1] = first, 1 - np.array(first)
    before[n:, 1] = 1
    return Evidence(
        np.repeat([0, 1], n),
        before,
        np.concatenate([then, np.ones(n)]),
        np.array(observed),
        np.array(refined),
    )


def test_nothing_changed_is_no_change() -> None:
    same = evidence([0.5, 1.0], [0.5, 1.0], (0.3, 0.7), (0.3, 0.7))
    assert dice_changes(same) == pytest.approx(np.zeros(2))
    assert cost_scale_of(same) == MOST_UNSURE  # as likely good as bad


def test_dice_follows_from_recall_and_shares() -> None:
    """With many strokes the factor is r (p + n) / (p + n')."""
    many = 100_000
    found = evidence([0.8] * many, [0.6] * many, (0.24, 0.76), (0.2, 0.8))
    shares = class_shares(found)
    assert shares == pytest.approx([0.3, 0.7], abs=1e-3)  # 0.24 = 0.8 * 0.3
    factor = 0.6 / 0.8 * (0.3 + 0.24) / (0.3 + 0.2)
    assert dice_changes(found)[0] == pytest.approx(factor - 1, abs=1e-3)


def test_false_ones_that_go_are_a_gain() -> None:
    gain = evidence([1.0] * 6, [1.0] * 6, (0.3, 0.7), (0.2, 0.8))
    assert dice_changes(gain)[0] > 0.1
    assert cost_scale_of(gain) == 1


def test_right_ones_that_go_are_a_loss() -> None:
    loss = evidence([1.0] * 6, [0.2, 0.4, 0.3, 0.1, 0.5, 0.3], (0.3, 0.7), (0.2, 0.8))
    assert dice_changes(loss)[0] < -0.3
    assert cost_scale_of(loss) < 0.02


def test_a_class_that_vanishes_suffers_even_if_its_few_strokes_stay() -> None:
    gone = evidence([1.0] * 4, [1.0] * 4, (0.3, 0.7), (0.01, 0.99))
    assert dice_changes(gone)[0] < -0.5


def test_losses_count_double_and_gains_are_bounded() -> None:
    assert weigh(np.array([-0.1, 0.1])) == pytest.approx(-0.1)
    assert weigh(np.array([-0.1, 10.0])) == pytest.approx(MOST - 0.2)


def test_the_level_grows_with_the_evidence() -> None:
    levels = [
        cost_scale_of(evidence([1.0] * 6, [1.0] * 5 + [last], (0.3, 0.7), (0.2, 0.8)))
        for last in (0.0, 0.4, 1.0)
    ]
    assert levels == sorted(levels)
    assert levels[0] < MOST_UNSURE
    assert levels[2] == 1


def ruin(first: int, second: int, third: int = 3) -> Evidence:
    """So many strokes of three classes; refinement loses all those of the first."""
    column = np.repeat([0, 1, 2], (first, second, third))
    return Evidence(
        column,
        np.eye(3)[column],
        (column > 0).astype(float),
        np.array([0.2, 0.4, 0.4]),
        np.array([0.01, 0.5, 0.49]),
    )


@pytest.mark.parametrize("strokes", [(2, 0), (0, 2), (9, 0), (0, 9), (9, 1)])
def test_a_class_without_evidence_leaves_the_default(strokes: tuple[int, int]) -> None:
    """A stroke that is the only one of its class can't be left out: nothing is known of it."""
    assert trustworthiness(ruin(*strokes)) == 0
    assert cost_scale_of(ruin(*strokes)) == MOST_UNSURE


def test_few_strokes_are_believed_in_part() -> None:
    """Two strokes of each class have one degree of freedom: a part of `ENOUGH`."""
    two = ruin(2, 2, 2)
    assert trustworthiness(two) == pytest.approx(1 / ENOUGH)
    assert cost_scale_of(two) == pytest.approx((1 - 1 / ENOUGH) * MOST_UNSURE, abs=1e-6)


def test_enough_strokes_are_believed_in_full() -> None:
    assert trustworthiness(ruin(3, 3)) == 1  # two degrees of freedom each
    assert trustworthiness(ruin(4, 2)) == 1  # 3 / (1/3 + 1/1 + 1/2) = 1.64
    assert cost_scale_of(ruin(4, 4)) < 1e-9


@given(st.tuples(*[st.integers(0, 12)] * 3))
def test_another_stroke_is_no_less_evidence(strokes: tuple[int, int, int]) -> None:
    more = strokes[0] + 1, *strokes[1:]
    assert 0 <= trustworthiness(ruin(*strokes)) <= trustworthiness(ruin(*more)) <= 1


def test_every_stroke_counts_the_same_however_long() -> None:
    nothing = np.zeros(0, np.int32)
    p = np.array([[0.9, 0.1], [0.2, 0.8], [0.8, 0.2], [0.3, 0.7]], np.float32)
    line = np.array([[0, 1], [1, 2], [2, 3]], np.int32)
    held = np.array([0, 1, 2, 3], np.int32)
    one = Fold(
        p,
        Neighbourhood(held, line, np.ones(3)),
        (nothing, nothing),
        held,
        np.array([0, 0, 0, 1], np.int32),
        np.array([7, 7, 9, 4], np.int32),
    )
    labels = np.array([0, 0, 1, 1], np.int32)
    found = gather_evidence([one], [labels], one, labels)
    assert found.column.tolist() == [1, 0, 0]  # strokes 4, 7, 9
    assert found.before.tolist() == [[0, 1], [0.5, 0.5], [1, 0]]
    assert found.right.tolist() == [1, 1, 0]
    assert found.observed.tolist() == [0.5, 0.5]
    assert found.refined.tolist() == [0.5, 0.5]
