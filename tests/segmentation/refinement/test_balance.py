"""More and less of a class: log-odds move by exactly the balance, and refinement sees it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from supervox.segmentation import RefinementParameters, balance_probabilities, balance_text
from supervox.segmentation.refinement.mrf import FLOOR

IDS = (3, 7, 200)
SHIFTS = st.floats(-10, 10, allow_subnormal=False)


def chances(seed: int, n_classes: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(n_classes), 50).astype(np.float32)


def test_without_a_balance_nothing_is_even_copied() -> None:
    p = chances(0, 3)
    assert balance_probabilities(p, IDS, ()) is p
    assert balance_probabilities(p, IDS, ((4, 2.0),)) is p  # of a class that isn't there


@given(st.integers(0, 2**32 - 1), SHIFTS)
def test_the_threshold_between_two_classes_moves_by_the_balance(seed: int, shift: float) -> None:
    p = chances(seed, 2)
    odds = np.log(np.maximum(p[:, 1], FLOOR)) - np.log(np.maximum(p[:, 0], FLOOR))
    clear = np.abs(odds + shift) > 1e-4
    found = balance_probabilities(p, (3, 7), ((7, shift),))
    np.testing.assert_array_equal(found.argmax(axis=1)[clear], (odds > -shift)[clear])


@given(st.integers(0, 2**32 - 1), SHIFTS, SHIFTS)
def test_log_odds_move_by_the_difference_and_rows_sum_to_one(
    seed: int, first: float, second: float
) -> None:
    assume(first or second)  # without any balance nothing is floored either
    p = chances(seed, 3)
    found = balance_probabilities(p, IDS, ((3, first), (200, second)))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    floored = np.maximum(p, np.float32(FLOOR)).astype(float)
    wanted = np.log(floored[:, 0] / floored[:, 2]) + first - second
    np.testing.assert_allclose(np.log(found[:, 0] / found[:, 2]), wanted, atol=1e-4)


def test_a_probability_of_nothing_forbids_no_class() -> None:
    p = np.array([[1, 0]], np.float32)
    assert balance_probabilities(p, (1, 2), ((2, 10.0),)).argmax() == 1  # exp(10) * FLOOR > 1


def test_a_row_depends_on_nothing_but_the_row() -> None:
    p = chances(1, 3)
    whole = balance_probabilities(p, IDS, ((7, 1.3),))
    for rows in (slice(3, 4), slice(10, 31)):
        part = balance_probabilities(np.ascontiguousarray(p[rows]), IDS, ((7, 1.3),))
        np.testing.assert_array_equal(part, whole[rows])


def test_a_balance_has_one_form() -> None:
    made = RefinementParameters(balance=((7, 1), (3, -0.5), (4, 0)))
    assert made == RefinementParameters(balance=((3, -0.5), (7, 1.0)))
    assert made.balance == ((3, -0.5), (7, 1.0))
    assert hash(made) == hash(RefinementParameters(balance=((3, -0.5), (7, 1.0))))
    assert RefinementParameters(balance=((3, 0.0),)) == RefinementParameters()


def test_a_value_takes_the_place_of_the_one_before() -> None:
    made = RefinementParameters(2.0, ((3, -0.5), (7, 1.0)))
    assert made.balanced((3, 0.25), (9, 1)).balance == ((3, 0.25), (7, 1.0), (9, 1.0))
    assert made.balanced((3, 0)).balance == ((7, 1.0),)
    assert made.balanced((3, 0)).strength == 2.0
    assert made.balance_of(3) == -0.5
    assert made.balance_of(4) == 0


@pytest.mark.parametrize(
    ("balance", "message"),
    [
        (((3, 10.1),), "balance of class 3 must lie between -10 and 10, not 10.1"),
        (((3, math.nan),), "between -10 and 10, not nan"),
        (((3, -math.inf),), "between -10 and 10, not -inf"),
        (((0, 1.0),), "of a class from 1 to 65,535, not of 0"),
        (((65536, 1.0),), "not of 65536"),
        (((3, 1.0), (3, 2.0)), "class 3 has two balances: give one"),
    ],
)
def test_a_balance_that_can_not_be_is_refused(balance: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RefinementParameters(balance=balance)


def test_a_balance_is_written_with_its_signs_and_names() -> None:
    assert balance_text(((3, 0.7), (4, -1.25))) == "class 3 +0.7, class 4 -1.25"
    assert balance_text(((3, 0.7), (4, -1)), {3: "mitochondria"}) == "mitochondria +0.7, class 4 -1"
    assert balance_text(()) == "none"
