from __future__ import annotations

from dataclasses import replace

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
    with pytest.raises(ValueError, match=r"at least one tree|seed must lie"):
        replace(ClassifierParameters(), **{field: value})
