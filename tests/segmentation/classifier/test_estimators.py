"""Classifiers by name and by hand: trained alike, checked alike, stopped alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.svm import LinearSVC
from supervox.execution import Cancelled, Run
from supervox.features import parameters_for_preset
from supervox.segmentation import (
    METHODS,
    Classifier,
    ClassifierParameters,
    Forest,
    SegmentationError,
    SegmentationParameters,
    Segmenter,
    segment,
)
from supervox.segmentation.classifier import estimators as module
from supervox.segmentation.classifier.estimators import BLOCK_ROWS, FittedEstimator
from supervox.segmentation.classifier.fitting import Trainer

IDS = (1, 4, 9)
QUICK = SegmentationParameters(
    features=parameters_for_preset("fast"), partitions=1, edge_refinement=False
)


def table(counts: tuple[int, ...] = (40, 40, 40), seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Make clusters of rows that overlap a little, of classes 1, 4 and 9."""
    rng = np.random.default_rng(seed)
    classes = np.repeat(IDS, counts).astype(np.uint16)
    centres = {1: 0.0, 4: 3.0, 9: 6.0}
    middle = np.array([centres[int(value)] for value in classes])
    return (rng.normal(size=(len(classes), 5)) + middle[:, None]).astype(np.float32), classes


def train(method: str, counts: tuple[int, ...] = (40, 40, 40), **more: Any) -> Classifier:
    parameters = ClassifierParameters(method, trees=20, seed=more.pop("seed", 0))
    return Trainer(parameters).train(*table(counts), **more)


class NearestMean:
    """A classifier that knows nothing of scikit-learn: its classes stand in another order."""

    fitted = 0

    def fit(self, X: np.ndarray, y: np.ndarray) -> None:
        NearestMean.fitted += 1
        self.classes_ = np.unique(y)[::-1]
        self.means = np.stack([X[y == value].mean(axis=0) for value in self.classes_])

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        near = np.exp(-np.linalg.norm(X[:, None] - self.means, axis=2))
        return near / near.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("method", METHODS)
def test_every_name_learns_and_gives_probabilities(method: str) -> None:
    found = train(method)
    more, classes = table(seed=1)
    chances = found.predict(more)
    assert found.class_ids == IDS
    assert chances.dtype == np.float32
    assert chances.shape == (120, 3)
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-6)
    assert (np.array(IDS)[chances.argmax(axis=1)] == classes).mean() > 0.9


@pytest.mark.parametrize("method", METHODS)
def test_no_result_depends_on_threads_or_on_which_rows_are_asked_for(method: str) -> None:
    one, two = train(method, run=Run(1)), train(method, run=Run(2))
    rng = np.random.default_rng(3)
    rows = rng.normal(3, 3, size=(BLOCK_ROWS + 500, 5)).astype(np.float32)
    chances = one.predict(rows, workers=1)
    np.testing.assert_array_equal(chances, two.predict(rows, workers=2))
    some = np.array([7, 3, 3, BLOCK_ROWS + 40])
    np.testing.assert_allclose(one.predict(rows, some), chances[some], rtol=1e-6)
    assert one.predict(rows, some[:0]).shape == (0, 3)


@pytest.mark.parametrize("method", ["random-forest", "gradient-boosting", "svm"])
def test_another_seed_is_another_classifier(method: str) -> None:
    rows = np.random.default_rng(3).normal(3, 2, size=(50, 5)).astype(np.float32)
    first = train(method, seed=1).predict(rows)
    np.testing.assert_array_equal(first, train(method, seed=1).predict(rows))
    assert not np.array_equal(first, train(method, seed=2).predict(rows))


@pytest.mark.parametrize("method", METHODS)
def test_classes_weigh_the_same_however_much_was_painted(method: str) -> None:
    """Between two classes that overlap fully, the one with 30 times the strokes isn't favoured."""
    rng = np.random.default_rng(0)
    features = rng.normal(size=(930, 5)).astype(np.float32)
    classes = np.repeat([1, 4], [900, 30]).astype(np.uint16)
    parameters = ClassifierParameters(method, trees=40)
    found = Trainer(parameters).train(features, classes)
    unseen = rng.normal(size=(400, 5)).astype(np.float32)
    # fully grown trees don't heed weights where each leaf has one row: the forests lag behind
    least = 0.02 if METHODS[method].averages_trees else 0.12
    assert found.predict(unseen)[:, 1].mean() > least


@pytest.mark.parametrize("method", METHODS)
def test_a_class_may_have_a_single_supervoxel(method: str) -> None:
    found = train(method, (20, 20, 1))
    assert found.class_ids == IDS
    assert np.isfinite(found.predict(table()[0])).all()


@pytest.mark.parametrize("method", METHODS)
def test_what_cannot_be_learned_from_is_refused(method: str) -> None:
    features, classes = table()
    trainer = Trainer(ClassifierParameters(method, trees=3))
    with pytest.raises(SegmentationError, match="only class 1 is painted"):
        trainer.train(features[:40], classes[:40])
    features[3, 2] = np.nan
    with pytest.raises(ValueError, match="must be finite"):
        trainer.train(features, classes)


@pytest.mark.parametrize("method", METHODS)
def test_training_and_predicting_can_be_stopped(method: str) -> None:
    found, stopped = train(method), Run(should_stop=lambda: True)
    with pytest.raises(Cancelled):
        train(method, run=stopped)
    with pytest.raises(Cancelled):
        found.predict(np.zeros((5 * BLOCK_ROWS, 5), np.float32), workers=stopped)


@pytest.mark.parametrize("kind", [RandomForestClassifier, ExtraTreesClassifier])
def test_forests_of_scikit_learn_become_ours_and_say_the_same(kind: Any) -> None:
    features, classes = table()
    found = Trainer(ClassifierParameters("own"), kind(15, random_state=0)).train(features, classes)
    assert isinstance(found, Forest)
    found.verify(5)
    rows = table(seed=2)[0]
    peer = kind(15, random_state=0).fit(features, classes)
    np.testing.assert_allclose(found.predict(rows), peer.predict_proba(rows), atol=1e-6)


def test_a_fifth_of_the_trees_vote_in_cross_validation_and_nothing_else_changes() -> None:
    trees = {
        method: Trainer(ClassifierParameters(method, trees=9)).with_fewer_trees().parameters.trees
        for method in [*METHODS, "own"]
    }
    assert trees == {
        "extra-trees": 1,
        "random-forest": 1,
        "gradient-boosting": 9,
        "logistic": 9,
        "svm": 9,
        "own": 9,
    }


# Objects that are given in Python


@pytest.fixture(scope="module")
def scene() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    image = rng.normal(0, 0.3, (16, 40, 40)).astype(np.float32)
    image[:, :, 20:] += 3
    strokes = np.zeros(image.shape, np.uint8)
    for row in (4, 18, 32):
        strokes[8, row : row + 3, 3:15] = 1
        strokes[8, row : row + 3, 25:37] = 2
    return image, strokes


def test_any_object_with_the_interface_segments(scene: Any) -> None:
    image, strokes = scene
    mine = NearestMean()
    NearestMean.fitted = 0
    work = Segmenter(image, parameters=QUICK, estimator=mine)
    labels = work.segment(strokes).labels
    assert (labels[:, :, :18] == 1).all()
    assert (labels[:, :, 22:] == 2).all()
    assert NearestMean.fitted == 1 + 3  # of all strokes, and without a third of them in turn
    assert not hasattr(mine, "classes_")  # copies learned
    assert work.parameters.classifier.method == "own"
    np.testing.assert_array_equal(
        segment(image, strokes, parameters=QUICK, estimator=mine).labels, labels
    )
    work.configure(replace(work.parameters, classifier=ClassifierParameters(trees=10)))
    assert isinstance(work.segment(strokes).probabilities[0], np.ndarray)
    assert isinstance(work.model().classifier, Forest)


@pytest.mark.parametrize("method", METHODS)
def test_every_name_segments(scene: Any, method: str) -> None:
    image, strokes = scene
    chosen = replace(QUICK, classifier=ClassifierParameters(method, trees=20))
    labels = segment(image, strokes, parameters=chosen).labels
    assert (labels[:, :, :17] == 1).all()
    assert (labels[:, :, 23:] == 2).all()


def test_a_classifier_of_ones_own_must_be_given_again(scene: Any) -> None:
    image, strokes = scene
    own = replace(QUICK, classifier=ClassifierParameters("own"))
    with pytest.raises(SegmentationError, match=r"give it in Python, as Segmenter\(volume, estim"):
        Segmenter(image, parameters=own).segment(strokes)


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (NearestMean, r"NearestMean is a class.*give an object of it: NearestMean\(\)"),
        (object(), r"object can't be the classifier: it has no fit"),
        (LinearSVC(), r"LinearSVC can't be the classifier: it has no predict_proba.*Calibrated"),
    ],
)
def test_what_is_no_estimator_is_refused_before_anything_is_computed(
    scene: Any, estimator: Any, message: str
) -> None:
    with pytest.raises(SegmentationError, match=message):
        Segmenter(scene[0], estimator=estimator)


def changed(**methods: Callable[..., Any]) -> Any:
    """Return an estimator with some methods replaced."""
    return type("Odd", (NearestMean,), methods)()


def fit_others(self: Any, X: np.ndarray, y: np.ndarray) -> None:
    NearestMean.fit(self, X, y)
    self.classes_ = np.array([1, 4, 5])


def fail(self: Any, X: np.ndarray, *_: Any) -> None:
    raise RuntimeError("no memory on the device\nand more")


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (
            changed(fit=fail),
            "Odd: fit failed on 120 supervoxels .RuntimeError: no memory on the dev",
        ),
        (changed(fit=lambda self, X, y: None), "has no classes_ after fit"),
        (changed(fit=fit_others), r"classes_ are \[1, 4, 5\] after fit; it learned .* \[1, 4, 9\]"),
        (changed(__deepcopy__=lambda self, memo: fail(self, memo)), "can't be copied .no memory"),
    ],
)
def test_an_estimator_that_learns_otherwise_is_refused(estimator: Any, message: str) -> None:
    with pytest.raises(SegmentationError, match=message):
        Trainer(ClassifierParameters("own"), estimator).train(*table())


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda self, X: np.ones(len(X)), r"array of shape \(120,\) for 120 rows and 3 classes"),
        (lambda self, X: np.ones((len(X), 2)) / 2, r"must be \(120, 3\)"),
        (lambda self, X: np.full((len(X), 3), np.nan), "values that are no numbers"),
        (lambda self, X: np.ones((len(X), 3)), "must sum to 1"),
        (lambda self, X: np.tile([1.5, -0.5, 0], (len(X), 1)), "none may be negative"),
        (lambda self, X: "yes", "Odd: predict_proba failed"),
        (fail, "Odd: predict_proba failed .RuntimeError: no memory on the device.$"),
    ],
)
def test_what_an_estimator_says_is_not_believed_unchecked(answer: Any, message: str) -> None:
    features, classes = table()
    found = Trainer(ClassifierParameters("own"), changed(predict_proba=answer)).train(
        features, classes
    )
    with pytest.raises(SegmentationError, match=message):
        found.predict(features)


def test_columns_follow_the_classes_ids_whatever_order_the_estimator_has() -> None:
    features, classes = table()
    found = Trainer(ClassifierParameters("own"), NearestMean()).train(features, classes)
    assert isinstance(found, FittedEstimator)
    assert (np.array(IDS)[found.predict(features).argmax(axis=1)] == classes).mean() > 0.9


def test_a_missing_library_is_named_with_what_installs_it(
    scene: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    chosen = replace(QUICK, classifier=ClassifierParameters("svm"))
    work = Segmenter(scene[0], parameters=chosen)
    with pytest.raises(
        SegmentationError,
        match=r"svm needs scikit-learn and threadpoolctl: pip install 'supervox\[classifiers\]'",
    ):
        work.segment(scene[1])
    assert work.partitions == ()  # hours may have been spent on them
