from __future__ import annotations

import io
import json
import os
import tracemalloc
import zipfile
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from supervox.features import FeatureParameters, fingerprint
from supervox.segmentation import (
    ClassifierParameters,
    Forest,
    Model,
    SegmentationError,
    SegmentationParameters,
    load_model,
    save_model,
    train_forest,
)
from supervox.segmentation import _archive as archive
from supervox.segmentation.model import FOREST_ARRAYS
from supervox.segmentation.strokes import LabelledSupervoxels
from supervox.volumes import VolumeClass

COLUMNS = 6
PARAMETERS = SegmentationParameters(
    features=FeatureParameters(filters=("raw", "gaussian"), sigmas_voxels=(1.0, 2.0)),
    classifier=ClassifierParameters(trees=5, seed=3),
    partitions=2,
)
Arrays = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def model() -> Model:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, COLUMNS)).astype(np.float32)
    classes = np.repeat(np.array([1, 3, 300], np.uint16), 20)
    return Model(
        PARAMETERS,
        train_forest(features, classes, PARAMETERS.classifier),
        tuple(
            LabelledSupervoxels(np.arange(k, 60, 3, dtype=np.int32), classes[k : 60 - k : 3])
            for k in (0, 1)
        ),
        fingerprint(rng.normal(size=(4, 5, 6))),
        (40.0, 20.5, 20.5),
        np.array([[0, 1, 0.5], [1, 0, 0.25], [0.5, 0.25, 0]]),
        "nm",
        (VolumeClass(1, "Zytoplasma ü"), VolumeClass(300, "nucleus", "#0072b2")),
    )


@pytest.fixture(scope="module")
def content(model: Model, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("model") / "a.model"
    save_model(model, path)
    return path.read_bytes()


def same(one: Model, other: Model) -> bool:
    plain = [f.name for f in fields(Model) if f.name not in ("classifier", "label_costs")]
    return (
        all(getattr(one, name) == getattr(other, name) for name in plain)
        and one.classifier.class_ids == other.classifier.class_ids
        and np.array_equal(one.label_costs, other.label_costs)
        and all(
            np.array_equal(getattr(one.classifier, name), getattr(other.classifier, name))
            and getattr(one.classifier, name).dtype == getattr(other.classifier, name).dtype
            for name in FOREST_ARRAYS
        )
    )


def test_what_is_saved_comes_back(model: Model, tmp_path: Path) -> None:
    save_model(model, tmp_path / "a")
    loaded = load_model(tmp_path / "a")
    assert same(loaded, model)
    save_model(loaded, tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    bare = replace(model, unit=None, classes=(), painted=())
    save_model(bare, tmp_path / "a")
    assert same(load_model(tmp_path / "a"), bare)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_file_is_complete_or_not_there(model: Model, tmp_path: Path, monkeypatch: Any) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "a").write_text("what was there")
    monkeypatch.setattr(archive.np, "savez_compressed", full)
    with pytest.raises(OSError, match="No space left"):
        save_model(model, tmp_path / "a")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["what was there"]


def test_numpy_can_look_into_a_model(content: bytes) -> None:
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        assert json.loads(str(file["header"]))["class_ids"] == [1, 3, 300]


def test_any_damage_is_told_in_one_sentence(model: Model, content: bytes, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    path = tmp_path / "m"
    messages = []
    for fold in range(400):
        damaged = bytearray(content)
        if fold % 4 == 0:
            del damaged[int(rng.integers(len(content))) :]
        else:
            # every other fold in the directory at the end, where a random byte seldom falls
            first = len(content) - 1500 if fold % 2 else 0
            for at in rng.integers(first, len(content), 1 + fold % 3):
                damaged[at] ^= int(rng.integers(1, 256))
        path.write_bytes(damaged)
        try:
            loaded = load_model(path)
        except SegmentationError as error:
            messages.append(str(error))
        else:
            assert same(loaded, model)
    assert len(messages) > 200
    assert all(str(path) in text and "\n" not in text for text in messages)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SegmentationError, match="there is no model file"):
        load_model(tmp_path / "nope")
    with pytest.raises(SegmentationError, match="not a usable supervox model"):
        load_model(tmp_path)


def rewrite(path: Path, content: bytes, change: Callable[[dict[str, Any], Arrays], object]) -> None:
    """Write a model again, with something changed and all checksums right."""
    with np.load(io.BytesIO(content)) as file:
        arrays = {name: file[name] for name in file.files}
    header = json.loads(str(arrays.pop("header")))
    change(header, arrays)
    with path.open("wb") as file:
        np.savez_compressed(file, header=np.array(json.dumps(header)), **arrays)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("schema", 1, "schema 1, this version reads 4; train it again"),
        ("schema", 5, "schema 5, this version reads 4: it was made by a newer one, use that"),
        ("images", 0, "number of channels is damaged"),
        ("images", 10**9, "number of channels is damaged"),
        ("images", 2, "features are not those of this version"),
        ("schema", None, "schema is missing"),
        ("class_ids", [1, 3], "names of classes are damaged"),
        ("class_ids", [3, 1, 300], "classes are damaged"),
        ("class_ids", [1, 3, 3], "classes are damaged"),
        ("class_ids", [0, 3, 300], "classes are damaged"),
        ("class_ids", [1, 3, 70000], "classes are damaged"),
        ("class_ids", [1, 3, 300.0], r"class_ids\.2 is damaged"),
        ("class_ids", "1", "class_ids is damaged"),
        ("columns", [], "features are not those of this version"),
        ("trained_on", 5, "trained_on is damaged"),
        ("spacing", [1, 1], r"spacing\.2 is damaged: field required"),
        ("spacing", [1, 1, 0], "voxel size is damaged"),
        ("spacing", [1, 1, float("nan")], "voxel size is damaged"),
        ("spacing", ["1", 1, 1], r"spacing\.0 is damaged"),
        ("unit", "furlong", "unit is not one"),
        ("unit", 3, "unit is damaged"),
        ("partitions", 1, "strokes do not fit its partitions"),
        ("partitions", -1, "strokes do not fit its partitions"),
        ("classes", [{"value": 2, "name": "x"}], "names of classes are damaged"),
        ("classes", [{"value": 1, "name": "x", "colour": "red"}], "written like '#ff8000'"),
        ("classes", [{"value": 1, "name": "x", "colour": 7}], r"classes\.0\.colour is damaged"),
        ("classes", [{"value": 1, "name": 5}], r"classes\.0\.name is damaged"),
        ("classes", [{"value": 1, "name": "x"}] * 2, "names of classes are damaged"),
        ("classes", [{"value": 1, "name": "x", "more": 0}], r"classes\.0\.more is unknown"),
        ("classes", [1], r"classes\.0 is damaged"),
        ("parameters", [], "parameters is damaged"),
        ("more", 1, "more is unknown to this version"),
        ("parameters", {"more": 1}, "more is unknown to this version"),
    ],
)
def test_a_damaged_header_is_refused(
    content: bytes, tmp_path: Path, field: str, value: Any, message: str
) -> None:
    rewrite(tmp_path / "m", content, lambda header, _: header.update({field: value}))
    with pytest.raises(SegmentationError, match=f"not a usable supervox model: .*{message}"):
        load_model(tmp_path / "m")


@pytest.mark.parametrize(
    ("stage", "name", "value"),
    [
        (None, "partitions", 2.5),
        (None, "partitions", True),
        (None, "partitions", 17),
        (None, "edge_refinement", 1),
        (None, "unheard_of", 1),
        ("supervoxels", "iterations", "5"),
        ("supervoxels", "size_voxels", None),
        ("supervoxels", "size_voxels", float("inf")),
        ("supervoxels", "unheard_of", 1),
        ("classifier", "seed", 1.5),
        ("classifier", "trees", 0),
        ("classifier", "method", "magic"),
        ("classifier", "method", None),
        ("refinement", "strength", [1]),
        ("refinement", "strength", -1),
        ("features", "filters", "raw"),
        ("features", "filters", ["raw", 5]),
        ("features", "filters", ["import os"]),
        ("features", "sigmas_voxels", [1, "2"]),
    ],
)
def test_damaged_parameters_are_refused(
    content: bytes, tmp_path: Path, stage: str | None, name: str, value: Any
) -> None:
    def change(header: dict[str, Any], _: Arrays) -> None:
        parameters = header["parameters"]
        (parameters[stage] if stage else parameters)[name] = value

    rewrite(tmp_path / "m", content, change)
    with pytest.raises(SegmentationError, match="not a usable supervox model"):
        load_model(tmp_path / "m")


def _set(name: str, index: Any, value: Any) -> Callable[[Arrays], None]:
    def change(arrays: Arrays) -> None:
        arrays[name][index] = value

    return change


def _replace(name: str, function: Callable[[np.ndarray], np.ndarray]) -> Callable[[Arrays], None]:
    def change(arrays: Arrays) -> None:
        arrays[name] = function(arrays[name])

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays: arrays.pop("forest_roots"), "the array forest_roots is missing"),
        (lambda arrays: arrays.pop("painted_1_classes"), "painted_1_classes is missing"),
        (lambda arrays: arrays.pop("distance"), "the array distance is missing"),
        (_replace("forest_child", lambda a: a.astype(np.int64)), "wrong type"),
        (_replace("forest_child", lambda a: a.astype(">i4")), "wrong type"),
        (_replace("forest_share", lambda a: a.astype(np.float64)), "wrong type"),
        (_replace("forest_child", lambda a: a[:-1]), "nodes are incomplete"),
        (_replace("forest_feature", lambda a: a[:, np.newaxis]), "nodes are incomplete"),
        (_replace("forest_share", lambda a: a[:, :2]), "does not fit its classes"),
        (_replace("forest_share", lambda a: np.asfortranarray(a)), "an array in it is damaged"),
        (_replace("forest_depths", lambda a: a[:-1]), "roots are damaged"),
        (_replace("forest_roots", lambda a: a[:0]), "roots are damaged"),
        (_set("forest_share", (0, 0), np.nan), "shares of classes are damaged"),
        (_set("forest_share", (0, 0), -1), "shares of classes are damaged"),
        (_set("forest_share", 0, 0), "shares of classes are damaged"),
        (_set("forest_feature", 0, COLUMNS), "features beyond the 6"),
        (_set("forest_feature", 0, -1), "features beyond the 6"),
        (_set("forest_threshold", -1, -np.inf), "thresholds are damaged"),
        (_set("forest_threshold", 0, np.nan), "thresholds are damaged"),
        (_set("forest_depths", 0, 2**31 - 1), "depths are damaged"),
        (_set("forest_depths", 0, -1), "depths are damaged"),
        (_set("forest_roots", 0, 1), "do not form trees"),
        (_set("forest_roots", 0, -1), "do not form trees"),
        (_set("painted_0_supervoxels", 0, -1), "strokes are damaged"),
        (_set("painted_0_supervoxels", 1, 0), "strokes are damaged"),
        (_set("painted_0_classes", 0, 2), "strokes are damaged"),
        (_replace("painted_0_classes", lambda a: a[:-1]), "strokes are damaged"),
        (_replace("painted_0_supervoxels", lambda a: a.astype(float)), "strokes are damaged"),
        (_set("distance", (0, 1), np.nan), "label costs are damaged"),
        (_set("distance", (0, 1), 7), "label costs are damaged"),
        (_set("distance", (0, 0), 1), "label costs are damaged"),
        (_replace("distance", lambda a: a[:2, :2]), "do not fit its classes"),
    ],
)
def test_damaged_arrays_are_refused(
    content: bytes, tmp_path: Path, change: Callable[[Arrays], object], message: str
) -> None:
    rewrite(tmp_path / "m", content, lambda _, arrays: change(arrays))
    with pytest.raises(SegmentationError, match=message):
        load_model(tmp_path / "m")


@pytest.mark.parametrize("target", [-1, 0, 1, 2, 10**9, 2**31 - 1])
def test_no_tree_leads_in_circles_or_outside(model: Model, target: int) -> None:
    forest = model.classifier
    inner = np.flatnonzero(forest.child != np.arange(forest.child.size))
    for node in (inner[3], inner[-1]):
        child = forest.child.copy()
        child[node] = target
        with pytest.raises(ValueError, match=r"points outside itself|do not form trees"):
            replace(forest, child=child).verify(COLUMNS)


def test_every_single_wrong_number_in_a_tree_is_found(model: Model) -> None:
    rng = np.random.default_rng(1)
    forest = model.classifier
    for name in ("roots", "depths", "child", "moments"):
        values = getattr(forest, name)
        for at in rng.integers(0, values.size, 60):
            wrong = values.copy()
            wrong[at] += rng.choice([-50, -2, -1, 1, 2, 50])
            with pytest.raises(ValueError, match=r"the forest|the forest's"):
                replace(forest, **{name: wrong}).verify(COLUMNS)


def test_a_tree_that_is_one_leaf(model: Model) -> None:
    stump = Forest(
        (1, 2),
        *(np.zeros(1, np.int32) for _ in range(3)),
        np.full(1, np.inf, np.float32),
        np.zeros(1, np.int32),
        np.array([[0.25, 0.75]], np.float32),
        np.zeros(1, np.int32),
        np.zeros(1, np.bool_),
    )
    stump.verify(1)
    assert stump.predict(np.full((3, 1), np.nan, np.float32)).tolist() == [[0.25, 0.75]] * 3


def _zip(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in members.items():
            file.writestr(name, data)


def _npy(head: str, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    text = head.encode() + b"\n"
    return b"\x93NUMPY" + version + len(text).to_bytes(2, "little") + text + data


HUGE = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 1000000), }"


@pytest.mark.parametrize(
    "header",
    [
        _npy(HUGE, b"1234"),
        _npy(HUGE.replace("(1000000,", "(-1,"), b"1234"),
        _npy(HUGE.replace("<f4", "|O"), b"1234"),
        _npy(HUGE.replace("<f4", "<U0")),
        _npy("(" * 9000),
        _npy("{'descr': '''"),
        _npy("__import__('os').abort()"),
        _npy(HUGE, version=b"\x03\x00"),
        _npy("{'descr': '<U2', 'fortran_order': False, 'shape': (), }", "[1".encode("utf-32-le")),
        _npy("{'descr': '<U2', 'fortran_order': False, 'shape': (), }", "[]".encode("utf-32-le")),
        _npy("{'descr': '<U1', 'fortran_order': False, 'shape': (), }", b"\xff" * 4),
        b"",
        b"cos\nsystem\n(S'true'\ntR.",
    ],
)
def test_hostile_archives_are_refused(tmp_path: Path, header: bytes) -> None:
    _zip(tmp_path / "m", {"header.npy": header})
    with pytest.raises(SegmentationError, match="not a usable supervox model"):
        load_model(tmp_path / "m")


def test_no_pickle_is_opened(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "opened",)

    np.savez(tmp_path / "m.npz", header=np.array(Evil(), dtype=object))
    with pytest.raises(SegmentationError, match="not a usable supervox model"):
        load_model(tmp_path / "m.npz")
    assert not (tmp_path / "opened").exists()


def test_a_file_that_unpacks_to_gigabytes_is_refused_at_once(tmp_path: Path, monkeypatch: Any):
    monkeypatch.setattr(archive, "MOST_BYTES", 10**6)
    _zip(tmp_path / "m", {"header.npy": _npy(HUGE, bytes(10**7))})
    tracemalloc.start()
    try:
        with pytest.raises(SegmentationError, match="larger than anything"):
            load_model(tmp_path / "m")
        assert tracemalloc.get_traced_memory()[1] < 10**6
    finally:
        tracemalloc.stop()


def test_fingerprints_tell_volumes_apart() -> None:
    volume = np.random.default_rng(0).normal(size=(5, 6, 7)).astype(np.float32)
    one = fingerprint(volume)
    assert one == fingerprint(volume.copy(order="F"))
    changed = volume.copy()
    changed[2, 3, 4] += 1
    others = [changed, volume.astype(float), volume.reshape(6, 5, 7), volume[:4]]
    assert len({one, *map(fingerprint, others)}) == 5


def test_a_small_file_does_not_unpack_to_gigabytes(tmp_path):
    archive.write_archive(tmp_path / "m", {}, {"zeros": np.zeros(2**27, np.uint8)})
    assert (tmp_path / "m").stat().st_size < 2**20
    with pytest.raises(ValueError, match="is larger than anything that supervox writes"):
        archive.read_archive(tmp_path / "m")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes are others there")
def test_a_pipe_is_no_model(tmp_path):
    os.mkfifo(tmp_path / "m")
    with pytest.raises(ValueError, match="no ordinary file"):
        archive.read_archive(tmp_path / "m")
