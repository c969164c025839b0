"""Models with classifiers of scikit-learn: data, the same after reading, and never believed."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from supervox.features import FeatureParameters
from supervox.segmentation import (
    METHODS,
    ClassifierParameters,
    Forest,
    Model,
    SegmentationError,
    SegmentationParameters,
    load_model,
    save_model,
)
from supervox.segmentation.classifier import estimators, stored_estimators
from supervox.segmentation.classifier.estimators import FittedEstimator
from supervox.segmentation.classifier.fitting import Trainer
from supervox.segmentation.classifier.stored_estimators import TYPES, NotStorable, store_estimator

from tests.segmentation.test_model import rewrite

FEATURES = FeatureParameters(filters=("raw", "gaussian"), sigmas_voxels=(1.0, 2.0))
COLUMNS = 6
STORED = [method for method in METHODS if not METHODS[method].averages_trees]
Change = Callable[[Any], object]


def model_of(method: str, n_classes: int = 3, estimator: Any = None) -> Model:
    rng = np.random.default_rng(0)
    classes = np.repeat(np.array([1, 3, 300], np.uint16)[:n_classes], 20)
    features = (rng.normal(size=(len(classes), COLUMNS)) + classes[:, None] % 7).astype(np.float32)
    parameters = ClassifierParameters(method, trees=12)
    return Model(
        SegmentationParameters(features=FEATURES, classifier=parameters),
        Trainer(parameters, estimator).train(features, classes),
        (),
        "",
        (1.0, 1.0, 1.0),
        np.zeros((n_classes, n_classes)),
    )


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Files of models, by method."""
    folder = tmp_path_factory.mktemp("models")
    for method in STORED:
        save_model(model_of(method), folder / method)
    return {method: (folder / method).read_bytes() for method in STORED}


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("method", METHODS)
def test_a_model_says_the_same_after_it_was_saved(
    tmp_path: Path, method: str, n_classes: int
) -> None:
    model = model_of(method, n_classes)
    save_model(model, tmp_path / "a")
    loaded = load_model(tmp_path / "a")
    rows = np.random.default_rng(1).normal(3, 3, size=(500, COLUMNS)).astype(np.float32)
    assert loaded.parameters == model.parameters
    assert loaded.classifier.class_ids == model.classifier.class_ids
    found, expected = loaded.classifier.predict(rows), model.classifier.predict(rows)
    assert found.tobytes() == expected.tobytes()
    for name, again in (("b", loaded), ("c", model_of(method, n_classes))):
        save_model(again, tmp_path / name)
        assert (tmp_path / name).read_bytes() == (tmp_path / "a").read_bytes()


def test_a_random_forest_needs_no_library_to_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_model(model_of("random-forest"), tmp_path / "m")
    monkeypatch.setattr(estimators, "find_spec", lambda name: None)
    assert isinstance(load_model(tmp_path / "m").classifier, Forest)


def test_a_missing_library_is_named(
    contents: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m").write_bytes(contents["svm"])
    monkeypatch.setattr(estimators, "find_spec", lambda name: None if name == "skops" else True)
    with pytest.raises(SegmentationError, match=r"m: a model .* needs skops: pip install 'superv"):
        load_model(tmp_path / "m")
    with pytest.raises(SegmentationError, match="needs skops"):
        save_model(model_of("svm"), tmp_path / "other")


def test_only_types_that_are_needed_are_trusted() -> None:
    seen: dict[str, set[str]] = {}
    for method in STORED:
        for n_classes in (2, 3):
            classifier = model_of(method, n_classes).classifier
            assert isinstance(classifier, FittedEstimator)
            with zipfile.ZipFile(io.BytesIO(skops.io.dumps(classifier.estimator))) as file:
                content = json.loads(file.read("schema.json"))
            for kind, name in stored_estimators._types(content):
                seen.setdefault(kind, set()).add(name)
    assert seen == TYPES


class Mine:
    """An estimator that nobody else has."""

    def fit(self, X: np.ndarray, y: np.ndarray) -> None:
        self.classes_ = np.unique(y)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


@pytest.mark.parametrize(
    ("estimator", "strange"),
    [(Mine(), r"test_stored_estimators\.Mine"), (LinearDiscriminantAnalysis(), "LinearDiscrim")],
)
def test_what_is_not_made_of_known_parts_is_not_saved(
    tmp_path: Path, estimator: Any, strange: str
) -> None:
    with pytest.raises(
        NotStorable, match=rf"can't be saved as data, and a pickle is never .* holds .*{strange}"
    ):
        save_model(model_of("own", estimator=estimator), tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_an_object_of_known_parts_is_saved_whoever_made_it(tmp_path: Path) -> None:
    save_model(model_of("own", estimator=LogisticRegression(C=3)), tmp_path / "m")
    assert load_model(tmp_path / "m").parameters.classifier.method == "own"


# Files that somebody changed


def tamper(path: Path, content: bytes, change: Change, arrays: Change | None = None) -> None:
    """Write a model again, with something changed in what skops reads, and all checksums right."""

    def repack(_: Any, stored: dict[str, np.ndarray]) -> None:
        with zipfile.ZipFile(io.BytesIO(stored["estimator"].tobytes())) as file:
            members = {name: file.read(name) for name in file.namelist()}
        schema = json.loads(members["schema.json"])
        change(schema)
        members["schema.json"] = json.dumps(schema).encode()
        if arrays is not None:
            arrays(members)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as file:
            for name, data in members.items():
                file.writestr(name, data)
        stored["estimator"] = np.frombuffer(packed.getvalue(), np.uint8)

    rewrite(path, content, repack)


@pytest.mark.parametrize(
    ("change", "strange"),
    [
        ({"__class__": "system", "__module__": "os"}, r"os\.system"),
        (
            {"__class__": "FunctionNode", "__module__": "builtins", "__loader__": "FunctionNode"},
            r"builtins\.FunctionNode",
        ),
        ({"__class__": "OneHotEncoder"}, r"sklearn\.pipeline\.OneHotEncoder"),
        ({"__loader__": "MethodNode"}, r"sklearn\.pipeline\.Pipeline"),
    ],
)
def test_an_untrusted_type_is_refused_before_anything_is_made(
    contents: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, str],
    strange: str,
) -> None:
    monkeypatch.setattr(skops.io, "loads", None)
    tamper(tmp_path / "m", contents["logistic"], lambda schema: schema.update(change))
    with pytest.raises(SegmentationError, match=f"holds {strange}, which is none of the types"):
        load_model(tmp_path / "m")


@pytest.mark.parametrize("method", STORED)
def test_damaged_bytes_are_told_in_one_sentence(
    contents: dict[str, bytes], tmp_path: Path, method: str
) -> None:
    rng = np.random.default_rng(4)

    def damage(_: Any, arrays: dict[str, np.ndarray]) -> None:
        values = arrays["estimator"].copy()
        values[rng.integers(0, values.size, 3)] ^= 255
        arrays["estimator"] = values[: values.size if rng.random() < 0.7 else values.size // 2]

    messages = []
    for _ in range(12):
        rewrite(tmp_path / "m", contents[method], damage)
        try:
            load_model(tmp_path / "m")
        except SegmentationError as error:
            messages.append(str(error))
    assert len(messages) > 6
    assert all("not a usable supervox model" in text and "\n" not in text for text in messages)


def edit(name: str, index: Any, value: Any) -> Change:
    """Return what changes a member of all arrays whose type has it, or all of that length."""

    def change(members: dict[str, bytes]) -> None:
        found = 0
        for member, data in members.items():
            if not member.endswith(".npy"):
                continue
            array = np.load(io.BytesIO(data), allow_pickle=False)
            if array.dtype.names and name in array.dtype.names and array.size:
                array[name][index] = value
                found += 1
            elif name == "support" and array.ndim == 2 and array.shape[1] == COLUMNS:
                array = array[1:]
                found += 1
            stream = io.BytesIO()
            np.save(stream, array)
            members[member] = stream.getvalue()
        assert found

    return change


@pytest.mark.parametrize(
    ("method", "change", "message"),
    [
        ("gradient-boosting", edit("feature_idx", 0, COLUMNS), "features beyond those"),
        ("gradient-boosting", edit("feature_idx", 0, -1), "features beyond those"),
        ("gradient-boosting", edit("left", 0, 10**6), "point outside themselves, or in circles"),
        ("gradient-boosting", edit("right", 0, 0), "point outside themselves, or in circles"),
        ("gradient-boosting", edit("is_categorical", 0, 1), "its trees are damaged"),
        ("svm", edit("support", 0, 0), "support vectors do not fit together"),
    ],
)
def test_indices_that_lead_astray_are_found(
    contents: dict[str, bytes], tmp_path: Path, method: str, change: Change, message: str
) -> None:
    """Compiled code of scikit-learn follows them blindly, out of its memory."""
    tamper(tmp_path / "m", contents[method], lambda schema: None, change)
    with pytest.raises(SegmentationError, match=f"its classifier is damaged .*{message}"):
        load_model(tmp_path / "m")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda header, arrays: header.update({"class_ids": [1, 3, 5]}), "it learned from the cl"),
        (lambda header, arrays: header.update({"class_ids": [1, 3]}), "label costs|damaged"),
        (lambda header, arrays: header.update({"scikit_learn": 5}), "scikit_learn is damaged"),
        (lambda header, arrays: header.update({"scikit_learn": None}), "array forest_roots is"),
        (lambda header, arrays: arrays.pop("estimator"), "the array estimator is missing"),
        (
            lambda header, arrays: arrays.update(estimator=np.zeros((2, 2), np.uint8)),
            "its classifier is damaged",
        ),
        (
            lambda header, arrays: header.update({"scikit_learn": "0.1"}),
            r"trained with scikit-learn 0\.1, and .* is installed, .* install that version, or",
        ),
    ],
)
def test_a_damaged_header_is_refused(
    contents: dict[str, bytes], tmp_path: Path, change: Any, message: str
) -> None:
    rewrite(tmp_path / "m", contents["logistic"], change)
    with pytest.raises(SegmentationError, match=message):
        load_model(tmp_path / "m")


def test_the_same_estimator_gives_the_same_bytes() -> None:
    one, two = model_of("svm").classifier, model_of("svm").classifier
    assert isinstance(one, FittedEstimator)
    assert isinstance(two, FittedEstimator)
    first, version = store_estimator(one)
    assert first.tobytes() == store_estimator(two)[0].tobytes()
    assert version.count(".") >= 1


# Files of the version before


def test_models_from_before_classifiers_had_names_still_open(tmp_path: Path) -> None:
    model = model_of("extra-trees")
    save_model(model, tmp_path / "new")

    def as_before(header: dict[str, Any], _: Any) -> None:
        header["schema"] = 2
        del header["parameters"]["classifier"]["method"], header["scikit_learn"]

    rewrite(tmp_path / "old", (tmp_path / "new").read_bytes(), as_before)
    loaded = load_model(tmp_path / "old")
    assert loaded.parameters == replace(
        model.parameters, classifier=ClassifierParameters("extra-trees", trees=12)
    )
    rows = np.zeros((3, COLUMNS), np.float32)
    np.testing.assert_array_equal(loaded.classifier.predict(rows), model.classifier.predict(rows))
