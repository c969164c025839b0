"""Evaluating trees that are written down by hand, row by row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervox.segmentation.classifier._prediction import (
    BLOCK_VALUES,
    LEAST_ROWS,
    MAX_ROWS,
    Nodes,
    predict_rows,
    rows_per_block,
)

INF = np.inf


def predict(
    nodes: Nodes, roots: list[int], depth: int, rows: object, moments: list[int] | None = None
) -> np.ndarray:
    values = np.array(rows, np.float32)
    result = np.full((len(values), nodes.share.shape[1]), np.nan, np.float32)
    when = np.array(moments or [0] * len(roots), np.int32)
    predict_rows(values, np.array(roots, np.int32), when, depth, nodes, result)
    return result


def fork_and_stump() -> Nodes:
    r"""Return a tree, and a stump behind it::

            0: a <= 1 ?                         5: b <= 0 ?
             /       \                           /       \
        1: B alone   2: b <= 5 ?           6: A alone   7: B alone
                      /       \
                3: A alone    4: half A, half B
    """
    return Nodes(
        feature=np.array([0, 0, 1, 0, 0, 1, 0, 0], np.int32),
        threshold=np.array([1, INF, 5, INF, INF, 0, INF, INF], np.float32),
        child=np.array([1, 1, 3, 3, 4, 6, 6, 7], np.int32),
        share=np.array(
            [[0.5, 0.5], [0, 1], [0.7, 0.3], [1, 0], [0.5, 0.5], [0.5, 0.5], [1, 0], [0, 1]],
            np.float32,
        ),
        sole=np.array([-1, 1, -1, 0, -1, -1, 0, 1], np.int32),
        is_fresh=np.zeros(8, np.bool_),
    )


@pytest.fixture
def fork() -> Nodes:
    return fork_and_stump()


def test_a_row_gets_the_share_of_its_leaf(fork: Nodes) -> None:
    found = predict(fork, [0], 2, [[0, 9], [2, 4], [2, 6]])
    assert found.tolist() == [[0, 1], [1, 0], [0.5, 0.5]]


def test_a_value_on_the_threshold_goes_left(fork: Nodes) -> None:
    above = np.nextafter(np.float32(1), np.float32(2))
    assert predict(fork, [0], 2, [[1, 5], [above, 5]]).tolist() == [[0, 1], [1, 0]]


def test_several_trees_are_averaged(fork: Nodes) -> None:
    found = predict(fork, [0, 5], 2, [[0, 9], [0, -1], [2, 6], [2, -1]])
    assert found.tolist() == [[0, 1], [0.5, 0.5], [0.25, 0.75], [1, 0]]


def test_a_tree_of_one_leaf(fork: Nodes) -> None:
    assert predict(fork, [4], 0, [[0, 0], [7, 7]]).tolist() == [[0.5, 0.5]] * 2


def test_trees_of_later_moments_have_their_share_where_nothing_is_near(fork: Nodes) -> None:
    rows = [[0, 9], [0, -1], [2, 6], [2, -1]]
    found = predict(fork, [0, 5, 5, 0], 2, rows, [0, 1, 1, 2])
    assert found == pytest.approx(predict(fork, [0, 5, 5, 0], 2, rows), abs=1e-6)


def test_near_to_what_is_new_later_trees_decide(fork: Nodes) -> None:
    fork.is_fresh[7] = True  # what was painted at the second moment has b > 0
    found = predict(fork, [0, 0, 0, 5], 2, [[2, 1], [2, -1]], [0, 0, 0, 1])
    assert found.tolist() == [[0, 1], [1, 0]]


def test_the_say_of_new_trees_grows_with_the_square_of_the_reach(fork: Nodes) -> None:
    fork.is_fresh[7] = True  # in one of the two trees of the second moment
    found = predict(fork, [0, 0, 0, 0, 5, 4], 2, [[2, 1]], [0, 0, 0, 0, 1, 1])
    say = 2 / 6 + 0.5**2
    assert found[0, 1] == pytest.approx(say * (1 + 0.5) / 2, abs=1e-6)


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 7)), min_size=1, max_size=60))
def test_rows_do_not_heed_each_other(rows: list[tuple[int, int]]) -> None:
    nodes = fork_and_stump()
    together = predict(nodes, [0, 5], 2, rows)
    alone = np.concatenate([predict(nodes, [0, 5], 2, [row]) for row in rows])
    np.testing.assert_array_equal(together, alone)
    assert together.sum(axis=1) == pytest.approx(1)


def test_the_largest_block_fits_the_numbers_of_rows(fork: Nodes) -> None:
    rows = np.stack([np.arange(MAX_ROWS) % 3, np.arange(MAX_ROWS) % 8], axis=1)
    found = predict(fork, [0], 2, rows)
    a, b = rows.T
    expected = np.where(a <= 1, 0, np.where(b <= 5, 1, 0.5))
    np.testing.assert_array_equal(found[:, 0], expected)


@pytest.mark.parametrize(
    ("n_rows", "n_features", "workers", "expected"),
    [
        (10**6, 64, 1, BLOCK_VALUES // 64),  # what the cache holds
        (10**6, 1, 1, MAX_ROWS),  # what 16 bits count
        (8000, 1, 2, 1000),  # four tasks for each of two threads
        (10, 64, 1, LEAST_ROWS),
        (10**6, 10**6, 1, LEAST_ROWS),
        (10**6, 0, 1, MAX_ROWS),
    ],
)
def test_blocks_suit_cache_and_threads(
    n_rows: int, n_features: int, workers: int, expected: int
) -> None:
    assert rows_per_block(n_rows, n_features, workers) == expected
