"""From labelled supervoxels to a classifier, whichever was chosen."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run
from supervox.segmentation.checks import SegmentationError, check_classes

from ._tree_training import Tree
from .estimators import (
    Classifier,
    Estimator,
    FittedEstimator,
    check_estimator,
    check_installed,
    fit_estimator,
    name_of,
    single_threaded,
)
from .forest import Forest, join_trees, train_forest
from .parameters import DEFAULT, METHODS, OWN, ClassifierParameters

CALIBRATION_FOLDS = 3


@dataclass(frozen=True)
class Trainer:
    """Trains the classifier that was chosen, as often as it is needed.

    Attributes
    ----------
    parameters : ClassifierParameters
    estimator : Estimator, optional
        What `OWN` stands for. It stays as it is: a copy is fitted each time.
    """

    parameters: ClassifierParameters
    estimator: Estimator | None = None

    def __post_init__(self) -> None:
        if self.estimator is not None:
            check_estimator(self.estimator)

    def check(self) -> None:
        """Refuse what can't be trained, before hours are spent on the volume.

        Raises
        ------
        SegmentationError
            If a library is missing, or the estimator.
        """
        if self.parameters.method == OWN and self.estimator is None:
            raise SegmentationError(
                "the classifier was an estimator of one's own, which is not kept: give it in "
                "Python, as Segmenter(volume, estimator=...), or choose another classifier"
            )
        check_installed(self.parameters.method)

    def with_fewer_trees(self) -> Trainer:
        """Return what trains a fifth of the trees where these vote, and all the same elsewhere.

        A fifth of a vote is as sure of itself as the whole; boosting that ends sooner is not.
        """
        method, trees = self.parameters.method, self.parameters.trees
        if method == OWN or not METHODS[method].averages_trees:
            return self
        return replace(self, parameters=replace(self.parameters, trees=max(1, trees // 5)))

    def with_trees(self, trees: int, seed: int) -> Trainer:
        """Return what trains so many trees; others of them for every seed."""
        most = 2**32
        parameters = replace(
            self.parameters, trees=trees, seed=(self.parameters.seed + seed) % most
        )
        return replace(self, parameters=parameters)

    @property
    def renews_trees(self) -> bool:
        """Whether trees that were grown at several moments make one classifier."""
        return self.parameters.method == DEFAULT

    def train(
        self,
        features: NDArray[np.float32],
        classes: NDArray[np.uint16],
        *,
        run: Run = Run(),
    ) -> Classifier:
        """Learn from labelled supervoxels; of the classifiers by name, classes weigh the same.

        Parameters
        ----------
        features : float32, (L, F)
            Rows of the feature table that are labelled.
        classes : uint16, (L,)
            Class id of each row.
        run : Run
            Asked whether to stop before each of our trees, on any thread; with other classifiers
            before and after the whole, which takes up to seconds.

        Raises
        ------
        SegmentationError
            If fewer than two classes are painted, or the classifier can't be trained.
        ValueError
            If a feature is not finite.
        """
        method = self.parameters.method
        if method == DEFAULT:
            return train_forest(features, classes, self.parameters, workers=run)
        self.check()
        check_classes([int(value) for value in np.unique(classes)])
        if not np.isfinite(features).all():
            raise ValueError("features to learn from must be finite")
        run.check_stop()
        if method == OWN:
            fitted = fit_estimator(self._copy(), features, classes)
        else:
            fitted = self._fit_named(features, classes, run.n_threads)
        run.check_stop()
        return _lay_out(fitted)

    def _copy(self) -> Estimator:
        try:
            return deepcopy(self.estimator)  # type: ignore[return-value]
        except Exception as error:  # of code that isn't ours, whatever it is
            raise SegmentationError(
                f"{name_of(self.estimator)}: can't be copied ({error}), and a copy is fitted each "
                "time; give an object that copy.deepcopy can copy"
            ) from error

    def _fit_named(
        self, features: NDArray[np.float32], classes: NDArray[np.uint16], workers: int
    ) -> FittedEstimator:
        recipe = RECIPES[self.parameters.method]
        rows = _enough_of_each(classes, recipe.rows_of_each)
        estimator = recipe.make(self.parameters, workers)
        more = {}
        if recipe.weights:
            more[recipe.weights] = _balanced(classes[rows])
        with single_threaded():
            return fit_estimator(estimator, features[rows], classes[rows], is_named=True, **more)


def _random_forest(parameters: ClassifierParameters, workers: int) -> Estimator:
    from sklearn.ensemble import RandomForestClassifier

    made: Estimator = RandomForestClassifier(
        parameters.trees, class_weight="balanced", random_state=parameters.seed, n_jobs=workers
    )
    return made


def boosting_rounds(parameters: ClassifierParameters) -> int:
    """Return the rounds of boosting, each of which grows a tree for every class."""
    return max(1, parameters.trees // 4)


def _gradient_boosting(parameters: ClassifierParameters, workers: int) -> Estimator:
    from sklearn.ensemble import HistGradientBoostingClassifier

    made: Estimator = HistGradientBoostingClassifier(
        max_iter=boosting_rounds(parameters),
        # strokes are few: with the 20 of the library in a leaf, nothing is split
        min_samples_leaf=2,
        max_leaf_nodes=8,
        max_features=0.2,  # at a node: features are many and alike, as for a forest
        max_bins=32,  # of the values of a feature: enough for so few rows, and five times as fast
        early_stopping=False,
        class_weight="balanced",
        random_state=parameters.seed,
    )
    return made


def _logistic(parameters: ClassifierParameters, workers: int) -> Estimator:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # features are many and alike, so that weights must be held back more than by default
    regression = LogisticRegression(C=0.1, class_weight="balanced", max_iter=5000)
    made: Estimator = make_pipeline(StandardScaler(), regression)
    return made


def _svm(parameters: ClassifierParameters, workers: int) -> Estimator:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.model_selection import StratifiedKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    folds = StratifiedKFold(CALIBRATION_FOLDS, shuffle=True, random_state=parameters.seed)
    calibrated = CalibratedClassifierCV(SVC(), ensemble=False, cv=folds)
    made: Estimator = make_pipeline(StandardScaler(), calibrated)
    return made


@dataclass(frozen=True)
class Recipe:
    """How one of scikit-learn's classifiers is trained.

    Attributes
    ----------
    make : callable
        Makes it, of parameters and threads.
    rows_of_each : int
        Rows of a class that it needs at least.
    weights : str
        The argument of its `fit` for weights of rows, where it doesn't balance classes by itself.
    """

    make: Callable[[ClassifierParameters, int], Estimator]
    rows_of_each: int = 1
    weights: str = ""


RECIPES = {
    "random-forest": Recipe(_random_forest),
    "gradient-boosting": Recipe(_gradient_boosting),
    "logistic": Recipe(_logistic),
    # calibration learns how frequent classes are, too, unless it gets the weights as well
    "svm": Recipe(_svm, CALIBRATION_FOLDS, "calibratedclassifiercv__sample_weight"),
}


def _balanced(classes: NDArray[np.uint16]) -> NDArray[np.float64]:
    """Return weights of rows with which all classes weigh the same, 1 on average; (L,)."""
    _, column, count = np.unique(classes, return_inverse=True, return_counts=True)
    weight: NDArray[np.float64] = len(classes) / (len(count) * count)
    return weight[column]


def _enough_of_each(classes: NDArray[np.uint16], least: int) -> NDArray[np.int64]:
    """Return all rows, those of rare classes as often as each class has `least`."""
    rows = [np.arange(len(classes))]
    for value in np.unique(classes):
        own = np.flatnonzero(classes == value)
        rows.append(np.resize(own, max(0, least - own.size)))
    return np.concatenate(rows)


def _lay_out(fitted: FittedEstimator) -> Classifier:
    """Return a forest of scikit-learn as one of ours, which predicts the same, faster.

    It is checked, saved and stopped like ours, and needs scikit-learn no more.
    """
    estimator: Any = fitted.estimator
    kind = type(estimator)
    names = ("RandomForestClassifier", "ExtraTreesClassifier")
    if kind.__module__ != "sklearn.ensemble._forest" or kind.__name__ not in names:
        return fitted
    return lay_out_forest(estimator)


def lay_out_forest(grown: Any) -> Forest:
    """Lay a fitted forest of scikit-learn out for the kernel of `Forest`.

    Parameters
    ----------
    grown : RandomForestClassifier or ExtraTreesClassifier
    """
    ids = tuple(int(value) for value in grown.classes_)
    return join_trees(ids, [_lay_out_tree(tree.tree_) for tree in grown.estimators_])


def _lay_out_tree(tree: Any) -> Tree:
    """Return a tree of scikit-learn with its nodes level by level."""
    levels = [np.zeros(1, np.int64)]
    while levels[-1].size:
        inner = levels[-1][tree.children_left[levels[-1]] >= 0]
        pairs = np.stack([tree.children_left[inner], tree.children_right[inner]], axis=1)
        levels.append(pairs.ravel())
    order = np.concatenate(levels)
    number = np.empty(order.size, np.int32)
    number[order] = np.arange(order.size)
    is_leaf = tree.children_left[order] < 0
    return Tree(
        np.where(is_leaf, 0, tree.feature[order]).astype(np.int32),
        np.where(is_leaf, np.inf, tree.threshold[order]),
        np.where(is_leaf, number[order], number[tree.children_left[order]]),
        tree.value[order, 0, :],
        int(tree.max_depth),
    )
