"""Growing a tree: one by hand, number by number, then scikit-learn's, then what always holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.tree import ExtraTreeClassifier
from supervox.segmentation.classifier._tree_training import RANDOM_MAX, Rows, Tree, grow_tree

# what Marsaglia's xorshift yields from the seed 1, in the lower 31 bits
FIRST_DRAWS = [270369, 67634689, 2647435461 & RANDOM_MAX, 307599695]


def rows_of(features: object, classes: object, weight: object = (1, 1), tried: int = 1) -> Rows:
    """Return rows (L, F) of classes (L,) to learn from."""
    columns = np.ascontiguousarray(np.array(features, np.float32).T)
    return Rows(columns, np.array(classes, np.int32), np.array(weight, np.float64), tried)


def random_rows(seed: int) -> Rows:
    """Return up to 40 rows with ties, constants, and twins of different classes."""
    rng = np.random.default_rng(seed)
    n, n_features = int(rng.integers(1, 41)), int(rng.integers(1, 6))
    features = rng.integers(0, int(rng.integers(1, 9)), (n, n_features)) / 4
    weight = rng.integers(1, 9, int(rng.integers(1, 5))) / 4
    classes = rng.integers(0, weight.size, n)
    return rows_of(features, classes, weight, int(rng.integers(1, n_features + 1)))


def leaves_of(tree: Tree, rows: Rows) -> np.ndarray:
    """Return the leaf that each row walks to."""
    node, each = np.zeros(rows.classes.size, np.int64), np.arange(rows.classes.size)
    for _ in range(tree.depth):
        right = rows.columns[tree.feature[node], each] > tree.threshold[node]
        node = np.where(tree.child[node] == node, node, tree.child[node] + right)
    assert (tree.child[node] == node).all()
    return node


@pytest.fixture
def staircase() -> Rows:
    r"""Return four steps of one feature, two of each class, whose tree from seed 1 is::

                  0: x <= 0.09 ?
                   /         \
             1: {0}          2: x <= 1.29 ?
            class 0            /         \
                          3: {1}       4: {2, 3}
                          class 0      class 1
    """
    return rows_of([[0], [1], [2], [3]], [0, 0, 1, 1])


def test_a_tree_by_hand(staircase: Rows) -> None:
    tree = grow_tree(staircase, 1)
    _, first, _, second = (draw / RANDOM_MAX for draw in FIRST_DRAWS)  # in turns with a feature
    assert tree.threshold.tolist() == [3 * first, np.inf, 1 + 2 * second, np.inf, np.inf]
    assert tree.child.tolist() == [1, 1, 3, 3, 4]
    assert tree.feature[[0, 2]].tolist() == [0, 0]
    assert tree.share == pytest.approx(
        np.array([[1 / 2, 1 / 2], [1, 0], [1 / 3, 2 / 3], [1, 0], [0, 1]])
    )
    assert tree.depth == 2
    assert leaves_of(tree, staircase).tolist() == [1, 3, 4, 4]


def test_the_better_of_two_features_splits() -> None:
    # the first feature tells the classes apart wherever it is cut, the second nowhere
    rows = rows_of([[0, 0], [0, 9], [1, 0], [1, 9]], [0, 0, 1, 1], tried=2)
    for seed in range(20):
        tree = grow_tree(rows, seed)
        assert tree.feature[0] == 0
        assert 0 <= tree.threshold[0] < 1
        assert tree.child.tolist() == [1, 1, 2]
        assert tree.share[1:].tolist() == [[1, 0], [0, 1]]


def test_constant_features_are_passed_over_though_one_is_to_be_tried() -> None:
    rows = rows_of([[5, 5, 0], [5, 5, 1]], [0, 1])
    for seed in range(20):
        tree = grow_tree(rows, seed)
        assert tree.feature[0] == 2
        assert tree.depth == 1


@pytest.mark.parametrize(
    ("features", "classes", "share"),
    [
        ([[3]], [1], [0, 1]),  # one row
        ([[0], [1], [2]], [0, 0, 0], [1, 0]),  # one class
        ([[7], [7], [7]], [0, 1, 1], [1 / 3, 2 / 3]),  # twins of two classes
        ([[1], [1 + 1e-8]], [0, 1], [0.5, 0.5]),  # as good as twins
    ],
)
def test_what_cannot_be_split_is_a_leaf(features: list, classes: list, share: list) -> None:
    tree = grow_tree(rows_of(features, classes), 3)
    assert tree.child.tolist() == [0]
    assert tree.threshold.tolist() == [np.inf]
    assert tree.share[0] == pytest.approx(share)
    assert tree.depth == 0


def test_shares_are_of_the_weight_and_not_of_the_rows() -> None:
    tree = grow_tree(rows_of([[7], [7], [7], [7]], [0, 0, 0, 1], weight=[1, 6]), 0)
    assert tree.share[0].tolist() == pytest.approx([3 / 9, 6 / 9])


@pytest.mark.parametrize("n_classes", [2, 7])
@pytest.mark.parametrize("n", [2, 9, 300])
def test_it_is_the_tree_of_scikit_learn(n: int, n_classes: int) -> None:
    rng = np.random.default_rng(n)
    features = rng.normal(size=(n, 7)).astype(np.float32)
    features[:, 2], features[:, 3] = 5, np.round(features[:, 3])  # constant; and with ties
    classes = np.arange(n) % n_classes
    features[n // 2 :] = features[: n - n // 2]  # twins of other classes: impure leaves
    weight = 1 + np.arange(min(n, n_classes)) / 4
    rows = rows_of(features, classes, weight, tried=2)
    for seed in range(10):
        peer = ExtraTreeClassifier(max_features=2, random_state=seed)
        peer.fit(features, classes, sample_weight=weight[classes])
        tree = grow_tree(rows, int(np.random.RandomState(seed).randint(0, RANDOM_MAX)))
        assert_same(tree, peer.tree_)


def assert_same(tree: Tree, peer: Any) -> None:
    """Compare with a tree of scikit-learn, whose nodes stand depth first."""
    order = [0]
    for node in order:
        if peer.children_left[node] >= 0:
            order += [peer.children_left[node], peer.children_right[node]]
    inner = peer.children_left[order] >= 0
    np.testing.assert_array_equal(tree.child != np.arange(len(order)), inner)
    np.testing.assert_array_equal(tree.feature[inner], peer.feature[order][inner])
    np.testing.assert_array_equal(tree.threshold[inner], peer.threshold[order][inner])
    np.testing.assert_allclose(tree.share, peer.value[order, 0], rtol=1e-12)
    assert tree.depth == peer.max_depth


@given(st.integers(0, 2**32 - 1), st.integers(0, RANDOM_MAX))
def test_every_tree_is_one_and_tells_what_it_learnt(table: int, seed: int) -> None:
    rows = random_rows(table)
    tree = grow_tree(rows, seed)
    n = tree.child.size
    inner = np.flatnonzero(tree.child != np.arange(n))
    children = np.concatenate([tree.child[inner], tree.child[inner] + 1])
    assert sorted(children.tolist()) == list(range(1, n))  # each hangs on one node
    assert (tree.child[inner] > inner).all()
    assert np.isinf(tree.threshold).sum() == n - inner.size
    leaf = leaves_of(tree, rows)
    for node in set(leaf.tolist()):
        here = leaf == node
        weight = np.bincount(rows.classes[here], minlength=rows.weight.size) * rows.weight
        assert tree.share[node] == pytest.approx(weight / weight.sum())
        pure = np.unique(rows.classes[here]).size == 1
        assert pure or (np.ptp(rows.columns[:, here], axis=1) == 0).all()


def test_the_same_seed_grows_the_same_tree(staircase: Rows) -> None:
    first, again, other = (grow_tree(staircase, seed) for seed in (5, 5, 6))
    assert first.threshold.tolist() == again.threshold.tolist() != other.threshold.tolist()
