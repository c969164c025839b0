"""Context columns hold the means of the neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from supervox.features import FeatureTable, add_context

table = FeatureTable(
    np.array([[0, 1], [2, 4], [6, 8], [9, 9]], np.float32), ("a", "b"), np.array([1, 1, 1, 1])
)


def test_mean_over_neighbours_once_and_twice():
    # 0 - 1 - 2, with a repeated and a reversed edge; 3 is alone
    edges = [(0, 1), (1, 2), (2, 1), (0, 1)]
    found = add_context(table, edges, hops=2)
    assert found.names == (
        *("a", "b"),
        *("a neighbours 1", "b neighbours 1"),
        *("a neighbours 2", "b neighbours 2"),
    )
    np.testing.assert_array_equal(found.values[:, :2], table.values)
    np.testing.assert_allclose(found.column("a neighbours 1"), [2, 3, 2, 9])
    np.testing.assert_allclose(found.column("a neighbours 2"), [3, 2, 3, 9])
    assert found.values.dtype == np.float32


def test_agrees_with_a_loop():
    rng = np.random.default_rng(0)
    big = FeatureTable(
        rng.normal(size=(50, 3)).astype(np.float32), ("a", "b", "c"), np.ones(50, int)
    )
    edges = rng.integers(0, 50, (80, 2))
    found = add_context(big, edges)
    for region in range(50):
        near = {b for a, b in edges if a == region} | {a for a, b in edges if b == region}
        near = sorted(near - {region}) or [region]
        np.testing.assert_allclose(found.values[region, 3:], big.values[near].mean(0), atol=1e-6)


def test_no_edges():
    found = add_context(table, np.empty((0, 2), int))
    np.testing.assert_array_equal(found.values[:, 2:], table.values)


def test_errors():
    with pytest.raises(ValueError, match="pairs of ids"):
        add_context(table, [1, 2, 3])
    with pytest.raises(ValueError, match="the table has 0 to 3"):
        add_context(table, [(0, 4)])
    with pytest.raises(ValueError, match="at least 1"):
        add_context(table, [(0, 1)], hops=0)
    with pytest.raises(KeyError, match="no column 'z', but a, b"):
        table.column("z")
