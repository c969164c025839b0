"""The balance for a share: found wherever the share only grows with the balance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervox.segmentation.refinement.share import FoundBalance, find_balance


def logistic(value: float) -> float:
    return 1 / (1 + math.exp(2 - value))


@given(st.floats(0.001, 0.999), st.floats(-10, 10))
def test_a_smooth_share_is_met(wanted: float, start: float) -> None:
    found = find_balance(logistic, wanted, start)
    assert found.share == logistic(found.balance)
    truth = 2 + math.log(wanted / (1 - wanted))
    if abs(truth) < 9.9:
        near = max(abs(logistic(truth + step) - wanted) for step in (-0.01, 0.01))
        assert abs(found.share - wanted) <= max(0.01 * wanted, near)


def test_few_refinements_are_enough() -> None:
    for wanted in (0.01, 0.03, 0.1, 0.5, 0.9):
        asked: list[float] = []

        def share_at(value: float, asked: list[float] = asked) -> float:
            asked.append(value)
            return logistic(value)

        find_balance(share_at, wanted)
        assert len(asked) <= 9
        assert len(set(asked)) == len(asked)


@given(st.floats(0.01, 0.9), st.lists(st.floats(-9.9, 9.9), min_size=1, max_size=6))
def test_a_share_in_steps_is_met_as_closely_as_it_comes(wanted: float, edges: list[float]) -> None:
    edges = sorted(edges)
    shares = np.linspace(0.05, 0.95, len(edges) + 1)

    def share_at(value: float) -> float:
        return float(shares[np.searchsorted(edges, value)])

    found = find_balance(share_at, wanted)
    reached = {share_at(step / 100) for step in range(-1000, 1001)}
    below = max((share for share in reached if share < wanted), default=None)
    above = min((share for share in reached if share >= wanted), default=None)
    best = min(abs(share - wanted) for share in (below, above) if share is not None)
    assert abs(found.share - wanted) <= best + 0.01 * wanted


@pytest.mark.parametrize(("wanted", "end"), [(0.001, -10), (0.9, 10)])
def test_what_can_not_be_reached_ends_at_the_end(wanted: float, end: float) -> None:
    found = find_balance(lambda value: 0.1 + 0.01 * value / 10, wanted)
    assert found == FoundBalance(end, pytest.approx(0.1 + 0.01 * end / 10))


def test_of_equal_shares_the_smallest_balance_is_taken() -> None:
    assert find_balance(lambda _: 0.2, 0.3).balance == 0
