"""Classifiers of others behind one face: what may be chosen by name, and what is asked of it.

The engine asks a `Classifier` for probabilities. Our own `forest` is one; a `FittedEstimator` makes
one of anything with scikit-learn's interface, an `Estimator`, and believes nothing that it says
unchecked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Block, Run, Workers, split_blocks
from supervox.segmentation.checks import SegmentationError

from .parameters import METHODS, OWN

INSTALL = "pip install 'supervox[classifiers]'"
BLOCK_ROWS = 4096  # asked for at a time, whatever the number of threads: results don't depend on it
TOLERANCE = 1e-3  # of the sum of a row of probabilities


class Estimator(Protocol):
    """What scikit-learn calls a classifier, and anything that does the same.

    Attributes
    ----------
    classes_ : array, (C,)
        After `fit`: the classes, in the order of the columns of `predict_proba`.
    """

    classes_: Any

    def fit(self, X: NDArray[np.float64], y: NDArray[np.int64], /) -> Any:
        """Learn from rows of features (L, F) and their class ids (L,)."""

    def predict_proba(self, X: NDArray[np.float64], /) -> Any:
        """Return the probabilities (R, C) of rows of features (R, F)."""


class Classifier(Protocol):
    """What was learned of features, and is asked for probabilities."""

    @property
    def class_ids(self) -> tuple[int, ...]:
        """The user's id of each of the C classes, ascending."""

    def predict(
        self,
        features: NDArray[np.float32],
        rows: NDArray[np.integer] | None = None,
        *,
        workers: Workers = None,
    ) -> NDArray[np.float32]:
        """Return the probabilities (R, C) of rows of features (S, F); all by default."""


@dataclass(frozen=True, eq=False)
class FittedEstimator:
    """An estimator that has learned.

    Attributes
    ----------
    class_ids : tuple of int
        The user's id of each of the C classes, ascending.
    estimator : Estimator
        Fitted; its classes are these, in any order.
    is_named : bool
        Whether it is one of `METHODS`, which several threads may ask at once. Of any other nobody
        knows, so that it is asked by one, and takes as many threads as it likes.
    """

    class_ids: tuple[int, ...]
    estimator: Estimator
    is_named: bool = False

    def predict(
        self,
        features: NDArray[np.float32],
        rows: NDArray[np.integer] | None = None,
        *,
        workers: Workers = None,
    ) -> NDArray[np.float32]:
        """Return the probabilities of the classes.

        Parameters
        ----------
        features : float32, (S, F)
        rows : integers, (R,), optional
            Those that are asked for; all by default.
        workers : int or Run, optional
            Threads, one per processor by default; or a `Run` on threads, asked between blocks of
            some thousand rows whether to stop.

        Returns
        -------
        float32, (R, C)
            Rows sum to 1.

        Raises
        ------
        SegmentationError
            If the estimator fails, or what it returns are no probabilities of these classes.
        """
        n_rows = len(features) if rows is None else rows.size
        result = np.empty((n_rows, len(self.class_ids)), np.float32)
        columns = np.argsort(np.asarray(self.estimator.classes_))

        def fill(block: Block) -> None:
            part = block.core[0]
            asked = features[part] if rows is None else features[rows[part]]
            with one_thread():
                result[part] = self._ask(asked.astype(np.float64))[:, columns]

        blocks = split_blocks((n_rows, 1, 1), (BLOCK_ROWS, 1, 1)) if n_rows else []
        run = Run.of(workers).silent()
        with single_threaded() if self.is_named else nullcontext(nullcontext) as one_thread:
            for _ in (run if self.is_named else run.on(1)).blocks(fill, blocks):
                pass
        return result

    def _ask(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return checked probabilities (R, C) in the order of the estimator's classes."""
        who, shape = name_of(self.estimator), (len(rows), len(self.class_ids))
        try:
            found = np.asarray(self.estimator.predict_proba(rows), np.float64)
        except Exception as error:  # of code that isn't ours, whatever it is
            raise SegmentationError(f"{who}: predict_proba failed ({_words(error)})") from error
        if found.shape != shape:
            raise SegmentationError(
                f"{who}: predict_proba returned an array of shape {found.shape} for {shape[0]} "
                f"rows and {shape[1]} classes; it must be {shape}"
            )
        if not np.isfinite(found).all():
            raise SegmentationError(f"{who}: predict_proba returned values that are no numbers")
        total = found.sum(axis=1, keepdims=True)
        if found.min() < -TOLERANCE or (np.abs(total - 1) > TOLERANCE).any():
            raise SegmentationError(
                f"{who}: predict_proba returned no probabilities; none may be negative, and the "
                "classes of a row must sum to 1"
            )
        positive: NDArray[np.float64] = np.maximum(found, 0) / total
        return positive


def check_estimator(estimator: Any) -> None:
    """Refuse what can't be a classifier before anything is computed.

    Raises
    ------
    SegmentationError
        If it is a class, or lacks a method.
    """
    who = name_of(estimator)
    if isinstance(estimator, type):
        raise SegmentationError(
            f"{estimator.__name__} is a class, not an estimator; give an object of it: "
            f"{estimator.__name__}()"
        )
    for method in ("fit", "predict_proba"):
        if not callable(getattr(estimator, method, None)):
            raise SegmentationError(
                f"{who} can't be the classifier: it has no {method}. What is needed are fit(X, y), "
                "predict_proba(X) and classes_, as scikit-learn's classifiers have them; where one "
                "has no probabilities of its own, sklearn.calibration.CalibratedClassifierCV does"
            )


def fit_estimator(
    estimator: Estimator,
    features: NDArray[np.float32],
    classes: NDArray[np.uint16],
    *,
    is_named: bool = False,
    **more: Any,
) -> FittedEstimator:
    """Fit an estimator, and check that it knows the classes that were painted.

    Parameters
    ----------
    estimator : Estimator
        Is changed.
    features : float32, (L, F)
    classes : uint16, (L,)
        Class id of each row.
    is_named : bool
        See `FittedEstimator`.
    **more
        Further arguments of its `fit`.

    Raises
    ------
    SegmentationError
        If it fails, or tells other classes apart.
    """
    ids = tuple(int(value) for value in np.unique(classes))
    who, fit = name_of(estimator), cast(Callable[..., Any], estimator.fit)
    try:
        fit(features.astype(np.float64), classes.astype(np.int64), **more)
    except Exception as error:  # of code that isn't ours, whatever it is
        raise SegmentationError(
            f"{who}: fit failed on {len(features):,} supervoxels ({_words(error)})"
        ) from error
    check_classes_of(estimator, ids)
    return FittedEstimator(ids, estimator, is_named)


def check_classes_of(estimator: Any, class_ids: Sequence[int]) -> None:
    """Refuse an estimator whose classes are not these, in any order.

    Raises
    ------
    SegmentationError
        If they are others, or it doesn't say.
    """
    who, found = name_of(estimator), getattr(estimator, "classes_", None)
    if found is None:
        raise SegmentationError(f"{who}: has no classes_ after fit; it must say which it knows")
    known = np.asarray(found)
    if known.ndim != 1 or sorted(known.tolist()) != list(class_ids):
        raise SegmentationError(
            f"{who}: its classes_ are {known.tolist()} after fit; it learned from the classes "
            f"{list(class_ids)}, and must tell just these apart"
        )


@contextmanager
def single_threaded() -> Iterator[Callable[[], AbstractContextManager[Any]]]:
    """Keep the libraries behind scikit-learn to one thread each: ours work side by side.

    On a few hundred rows their threads cost many times what they save where others compute too,
    and sums would depend on how many there are.

    Yields
    ------
    callable
        Makes the context in which each further thread works: the limits of OpenMP are a thread's.
    """
    from threadpoolctl import ThreadpoolController

    controller = ThreadpoolController()
    with controller.limit(limits=1):
        yield lambda: controller.limit(limits=1, user_api="openmp")


def check_installed(method: str) -> None:
    """Refuse a classifier whose library isn't there.

    Raises
    ------
    SegmentationError
        If it is one of scikit-learn's, and that isn't installed.
    """
    if method != OWN and METHODS[method].of_scikit_learn:
        require(f"the classifier {method}", "sklearn", "threadpoolctl")


def libraries_of(method: str) -> tuple[str, ...]:
    """Return the libraries whose versions a classifier depends on, besides those of all."""
    by_name = method != OWN and METHODS[method].of_scikit_learn
    return ("scikit-learn",) if by_name and find_spec("sklearn") else ()


def require(what: str, *modules: str) -> None:
    """Refuse what needs modules that aren't installed, and say how they come.

    Raises
    ------
    SegmentationError
        If one is missing.
    """
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        known = {"sklearn": "scikit-learn"}
        names = " and ".join(known.get(name, name) for name in missing)
        raise SegmentationError(f"{what} needs {names}: {INSTALL}")


def name_of(estimator: Any) -> str:
    """Return how an estimator is called in a message."""
    return estimator.__name__ if isinstance(estimator, type) else type(estimator).__name__


def _words(error: Exception) -> str:
    """Return the first line of what an error says, with its kind."""
    text = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
