from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier
from supervox.segmentation import ClassifierParameters, SegmentationError, train_forest


def table(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows, 6)).astype(np.float32)
    classes = 1 + (features[:, 0] + 0.5 * rng.normal(size=rows) > 0) + 4 * (features[:, 1] > 1)
    return features, classes.astype(np.uint16)


def test_probabilities_are_those_of_scikit_learn() -> None:
    features, classes = table(200)
    more, _ = table(3000, 1)
    forest = train_forest(features, classes, ClassifierParameters(trees=30, seed=7))
    peer = ExtraTreesClassifier(30, class_weight="balanced", random_state=7).fit(features, classes)
    assert forest.class_ids == tuple(peer.classes_)
    assert np.allclose(forest.predict(more), peer.predict_proba(more), atol=1e-6)


@pytest.mark.parametrize("rows", [2, 9, 300])
@pytest.mark.parametrize("many", [False, True])
def test_trees_are_those_of_scikit_learn(rows: int, many: bool) -> None:
    rng = np.random.default_rng(rows)
    features = rng.normal(size=(rows, 7)).astype(np.float32)
    features[:, 2], features[:, 3] = 5, np.round(features[:, 3])  # constant; and with ties
    classes = np.arange(rows) % (9 if many else 2)
    features[rows // 2 :] = features[: rows - rows // 2]  # twins of other classes: impure leaves
    classes[rows // 2 :] = rng.permutation(classes[rows // 2 :])
    forest = train_forest(
        features, classes.astype(np.uint16) + 1, ClassifierParameters(trees=40, seed=3)
    )
    peer = ExtraTreesClassifier(40, class_weight="balanced", random_state=3).fit(features, classes)
    ends = np.append(forest.roots[1:], forest.feature.size)
    trees = [estimator.tree_ for estimator in peer.estimators_]
    for root, end, tree in zip(forest.roots, ends, trees, strict=True):
        order = by_level(tree)
        inner = np.flatnonzero(tree.children_left[order] >= 0)
        assert end - root == order.size
        assert np.array_equal(np.flatnonzero(forest.child[root:end] != np.arange(root, end)), inner)
        assert np.array_equal(forest.feature[root + inner], tree.feature[order][inner])
        below = tree.threshold[order][inner] - forest.threshold[root + inner]
        assert ((below >= 0) & (below < 1e-6)).all()  # rounded down
        assert np.allclose(forest.share[root:end], tree.value[order, 0], rtol=0, atol=1e-7)
    assert forest.depths.tolist() == [tree.max_depth for tree in trees]


def by_level(tree: Any) -> np.ndarray:
    order = [0]
    for node in order:
        if tree.children_left[node] >= 0:
            order += [tree.children_left[node], tree.children_right[node]]
    return np.array(order)


@pytest.mark.parametrize("rows", [1, 255, 256, 257, 5000])
def test_every_row_ends_in_the_leaves_that_it_walks_to(rows: int) -> None:
    features, classes = table(80)
    features[40:], classes[40:60] = features[:40], 1  # leaves that classes share
    forest = train_forest(features, classes, ClassifierParameters(trees=7))
    more, _ = table(rows, 3)
    expected = np.zeros((rows, len(forest.class_ids)))
    for root in forest.roots:
        node = np.full(rows, root)
        while (forest.child[node] != node).any():
            right = more[np.arange(rows), forest.feature[node]] > forest.threshold[node]
            node = forest.child[node] + right
        expected += forest.share[node]
    for workers in (1, 2):
        found = forest.predict(more, workers=workers)
        assert np.allclose(found, expected / len(forest.roots), rtol=0, atol=1e-6)


def test_features_that_are_no_numbers_are_refused() -> None:
    features, classes = table(10)
    features[3, 2] = np.nan
    with pytest.raises(ValueError, match="must be finite"):
        train_forest(features, classes)


def test_values_on_a_threshold_go_left() -> None:
    features, classes = table(60)
    forest = train_forest(features, classes, ClassifierParameters(trees=5))
    peer = ExtraTreesClassifier(5, class_weight="balanced", random_state=0).fit(features, classes)
    rows = np.tile(features[:1], (500, 1))
    for k, tree in enumerate(peer.estimators_):
        split = tree.tree_.feature[0]
        near = np.float32(tree.tree_.threshold[0])
        rows[k, split] = near
        rows[100 + k, split] = np.nextafter(near, np.float32(np.inf))
        rows[200 + k, split] = np.nextafter(near, np.float32(-np.inf))
    assert np.allclose(forest.predict(rows), peer.predict_proba(rows), atol=1e-6)


def test_rows_sum_to_one_for_any_number_of_threads() -> None:
    features, classes = table(100)
    forest = train_forest(features, classes)
    more, _ = table(5003, 2)
    one = forest.predict(more, workers=1)
    assert np.allclose(one.sum(axis=1), 1, atol=1e-6)
    assert np.array_equal(one, forest.predict(more, workers=3))
    rows = np.array([7, 3, 3, 40])
    assert np.array_equal(forest.predict(more, rows), one[rows])
    assert forest.predict(more, rows[:0]).shape == (0, len(forest.class_ids))
    assert forest.predict(more[:0]).shape == (0, len(forest.class_ids))


def test_the_same_seed_grows_the_same_forest() -> None:
    features, classes = table(100)
    one, same = (train_forest(features, classes, workers=w) for w in (1, 2))
    other = train_forest(features, classes, ClassifierParameters(seed=1))
    assert np.array_equal(one.threshold, same.threshold)
    assert not np.array_equal(one.threshold, other.threshold)


@pytest.mark.parametrize(
    ("rows", "message"), [(0, "nothing is painted"), (3, "only class 1 is painted")]
)
def test_two_classes_are_needed(rows: int, message: str) -> None:
    with pytest.raises(SegmentationError, match=message):
        train_forest(np.zeros((rows, 2), np.float32), np.ones(rows, np.uint16))


@pytest.mark.parametrize(("field", "value"), [("trees", 0), ("seed", -1)])
def test_bad_parameters_are_refused(field: str, value: int) -> None:
    with pytest.raises(ValueError, match=r"trees must be 1 or more|seed must lie"):
        replace(ClassifierParameters(), **{field: value})
