"""Estimators of scikit-learn as data: written by skops, read only if made of known parts.

Nothing is pickled. skops describes an object by the types of its parts, their attributes and
arrays; a file that names any type but those of `TYPES` is refused before anything is made of it.
What is made is verified as well: compiled code follows the indices in some of these arrays without
looking where they lead.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation.checks import SegmentationError

from .estimators import (
    FittedEstimator,
    check_classes_of,
    name_of,
    require,
)

SCHEMA_FILE = "schema.json"
# What skops calls a part's kind, and the types that it may have.
TYPES = {
    "DictNode": {"builtins.dict"},
    "JsonNode": {"builtins.str"},
    "ListNode": {"builtins.list"},
    "TupleNode": {"builtins.tuple"},
    "TypeNode": {"builtins.str"},
    "NdArrayNode": {"numpy.ndarray", "numpy.float64", "numpy.uint64"},
    "RandomGeneratorNode": {"numpy.random._generator.Generator"},
    "LossNode": {
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss._loss.CyHalfMultinomialLoss",
    },
    "ObjectNode": {
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.link.MultinomialLogit",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss.loss.HalfMultinomialLoss",
        "sklearn.calibration.CalibratedClassifierCV",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.linear_model._logistic.LogisticRegression",
        "sklearn.model_selection._split.StratifiedKFold",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.preprocessing._label.LabelEncoder",
        "sklearn.svm._classes.SVC",
    },
}


class NotStorable(SegmentationError):
    """A classifier that can't be kept as data, and the reason."""


def store_estimator(fitted: FittedEstimator) -> tuple[NDArray[np.uint8], str]:
    """Describe an estimator as bytes; the same estimator gives the same.

    Returns
    -------
    content : uint8, (N,)
    version : str
        Of scikit-learn, which must read it again.

    Raises
    ------
    NotStorable
        If it is made of anything but `TYPES`.
    SegmentationError
        If skops isn't installed.
    """
    require("a model with a classifier of scikit-learn", "sklearn", "skops")
    import sklearn
    import skops.io

    who = name_of(fitted.estimator)
    refusal = f"a model with {who} can't be saved as data, and a pickle is never written"
    try:
        dumped = skops.io.dumps(fitted.estimator)
    except Exception as error:  # of code that isn't ours, whatever it is
        raise NotStorable(f"{refusal} ({str(error).partition(chr(10))[0]})") from error
    with zipfile.ZipFile(io.BytesIO(dumped)) as file:
        content = json.loads(file.read(SCHEMA_FILE))
        if strange := _strange_types(content):
            raise NotStorable(
                f"{refusal}: it holds {strange[0]}; the classifiers that have a name can be saved"
            )
        arrays = {name: file.read(name) for name in file.namelist() if name != SCHEMA_FILE}
    return np.frombuffer(_pack(content, arrays), np.uint8), str(sklearn.__version__)


def restore_estimator(
    content: NDArray[np.uint8], version: str, class_ids: Sequence[int], n_features: int
) -> FittedEstimator:
    """Make the estimator that `store_estimator` described, of whatever file the bytes come.

    Parameters
    ----------
    content : uint8, (N,)
    version : str
        Of scikit-learn, that wrote it.
    class_ids : sequence of int
        The classes that it must tell apart.
    n_features : int
        That it is given.

    Raises
    ------
    ValueError
        If it is damaged, made of unknown types, or of another version.
    SegmentationError
        If scikit-learn or skops isn't installed.
    """
    require("a model with a classifier of scikit-learn", "sklearn", "skops")
    import sklearn
    import skops.io

    if version != sklearn.__version__:
        raise ValueError(
            f"it was trained with scikit-learn {version}, and {sklearn.__version__} is installed, "
            "which may read it otherwise; install that version, or train it again"
        )
    data = content.tobytes()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            strange = _strange_types(json.loads(file.read(SCHEMA_FILE)))
        if not strange:
            trusted = sorted(set().union(*TYPES.values()))
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                estimator = skops.io.loads(data, trusted=trusted)
            _verify(estimator)
            fitted = FittedEstimator(tuple(class_ids), estimator, is_named=True)
            check_classes_of(estimator, class_ids)
            fitted.predict(np.zeros((1, n_features), np.float32), workers=1)
            return fitted
    except Exception as error:  # damage makes skops and scikit-learn raise nearly anything
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ValueError(f"its classifier is damaged ({reason})") from error
    raise ValueError(
        f"its classifier holds {strange[0]}, which is none of the types that supervox trusts"
    )


def _strange_types(node: Any) -> list[str]:
    """Return the types in a description by skops that are not in `TYPES`."""
    return sorted(
        {
            name
            for kind, name in _types(node)
            if name not in TYPES.get(kind, ())  # a kind that is unknown has no types
        }
    )


def _types(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        if "__loader__" in node:
            yield str(node["__loader__"]), f"{node.get('__module__')}.{node.get('__class__')}"
        for part in node.values():
            yield from _types(part)
    elif isinstance(node, list):
        for part in node:
            yield from _types(part)


def _pack(content: Any, arrays: dict[str, bytes]) -> bytes:
    """Put a description and its arrays into a file that has no dates and no addresses.

    skops numbers parts by where they lay in memory; here they are numbered as they come.
    """
    numbers: dict[int, int] = {}
    names: dict[str, str] = {}

    def renumber(node: Any) -> None:
        if isinstance(node, dict):
            if "__id__" in node:
                node["__id__"] = numbers.setdefault(node["__id__"], len(numbers))
            if isinstance(node.get("file"), str):
                ending = node["file"].rpartition(".")[2]
                node["file"] = names.setdefault(node["file"], f"{len(names)}.{ending}")
        if isinstance(node, dict | list):
            for part in node.values() if isinstance(node, dict) else node:
                renumber(part)

    renumber(content)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, new in names.items():
            file.writestr(zipfile.ZipInfo(new), arrays[name])
        file.writestr(zipfile.ZipInfo(SCHEMA_FILE), json.dumps(content))
    return packed.getvalue()


def _verify(part: Any) -> None:
    """Check every array whose indices compiled code follows blindly, in all parts of an estimator.

    Raises
    ------
    ValueError
        If one leads astray.
    """
    if isinstance(part, dict):
        for item in part.values():
            _verify(item)
    elif isinstance(part, list | tuple):
        for item in part:
            _verify(item)
    elif type(part).__module__.startswith("sklearn.") and hasattr(part, "__dict__"):
        kind = type(part).__name__
        if kind == "HistGradientBoostingClassifier":
            _verify_boosting(part)
        elif kind == "SVC" and hasattr(part, "support_vectors_"):  # else a pattern to be copied
            _verify_svm(part)
        _verify(vars(part))


def _verify_boosting(estimator: Any) -> None:
    """Check that the nodes of each tree lead forwards, and ask for features that there are."""
    if estimator._preprocessor is not None:
        raise ValueError("its trees ask for categories")
    for tree in (tree for trees in estimator._predictors for tree in trees):
        nodes = tree.nodes
        inner = np.flatnonzero(nodes["is_leaf"] == 0)
        asked, ahead = nodes["feature_idx"][inner], nodes[["left", "right"]][inner]
        if nodes.ndim != 1 or not nodes.size or nodes["is_categorical"].any():
            raise ValueError("its trees are damaged")
        if asked.size and not 0 <= asked.min() <= asked.max() < estimator.n_features_in_:
            raise ValueError("its trees ask for features beyond those that there are")
        for child in (ahead["left"].astype(np.int64), ahead["right"].astype(np.int64)):
            if (child <= inner).any() or (child >= nodes.size).any():
                raise ValueError("its trees point outside themselves, or in circles")


def _verify_svm(machine: Any) -> None:
    """Check that the arrays of a support vector machine belong together."""
    vectors, counts = machine.support_vectors_, machine._n_support
    n, n_classes = len(vectors), len(machine.classes_)
    expected = {
        "support_": (n,),
        "_n_support": (n_classes,),
        "_dual_coef_": (n_classes - 1, n),
        "_intercept_": (n_classes * (n_classes - 1) // 2,),
        "support_vectors_": (n, machine.n_features_in_),
        "_probA": (0,),
        "_probB": (0,),
    }
    if any(np.shape(getattr(machine, name)) != shape for name, shape in expected.items()):
        raise ValueError("its support vectors do not fit together")
    if counts.min() < 0 or int(counts.sum()) != n or machine._sparse or machine.kernel != "rbf":
        raise ValueError("its support vectors are damaged")
