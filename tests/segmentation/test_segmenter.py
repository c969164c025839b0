"""The segmenter: what it recomputes, what comes out, and what it refuses."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, label
from supervox.execution import Run
from supervox.execution.progress import Cancelled
from supervox.features import FeatureParameters
from supervox.sample_data import example_strokes, make_phantom
from supervox.segmentation import (
    ClassifierParameters,
    Model,
    RefinementParameters,
    Segmentation,
    SegmentationError,
    SegmentationParameters,
    Segmenter,
    SupervoxelParameters,
    balance_probabilities,
    find_strokes,
    load_model,
    prepared_volume,
    save_model,
    segment,
    segment_with_shares,
)
from supervox.segmentation.memory import Memory
from supervox.volumes import VolumeClass

SHAPE = (20, 32, 36)
QUICK = SegmentationParameters(
    supervoxels=SupervoxelParameters(size_voxels=5, iterations=3),
    features=FeatureParameters(
        filters=("raw", "gaussian", "gradient_magnitude"), sigmas_voxels=(1, 2)
    ),
    classifier=ClassifierParameters(trees=20),
    partitions=1,
)
BOTH = replace(QUICK, partitions=3)


class Scene:
    """Bright balls and dim ones in grey, with their truth and strokes."""

    def __init__(self, seed: int = 0, shape: tuple[int, int, int] = SHAPE) -> None:
        rng = np.random.default_rng(seed)
        grid = np.indices(shape)
        self.truth = np.ones(shape, np.uint8)
        for k, at in enumerate(itertools.product((0.3, 0.75), (0.25, 0.7))):
            centre = np.array([shape[0] / 2, shape[1] * at[0], shape[2] * at[1]])
            near = ((grid - centre[:, None, None, None]) ** 2).sum(axis=0) < 36
            self.truth[near] = 2 + k % 2
        noise = gaussian_filter(rng.normal(size=shape), 0.7) * 0.3
        self.image = (np.choose(self.truth - 1, (0.5, 1.0, 0.0)) + noise).astype(np.float32)
        self.strokes = np.zeros(shape, np.uint8)
        inside = gaussian_filter((self.truth > 1).astype(float), 1)
        plane = shape[0] // 2
        for c in (1, 2, 3):
            sure = inside < 0.05 if c == 1 else inside > 0.95
            rows, columns = np.nonzero((self.truth == c)[plane] & sure[plane])
            self.strokes[plane, rows[::2], columns[::2]] = c


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Count the calls of what is dear."""
    counted = {"prepare_partitions": 0, "train": 0}

    def spy_on(place: Any, name: str) -> None:
        inner = getattr(place, name)

        def spy(*args: Any, **more: Any) -> Any:
            counted[name] += 1
            return inner(*args, **more)

        monkeypatch.setattr(place, name, spy)

    spy_on(prepared_volume, "prepare_partitions")
    spy_on(Memory, "train")
    return counted


def labels_of(scene: Scene, parameters: SegmentationParameters = QUICK, **more: Any) -> np.ndarray:
    return segment(scene.image, scene.strokes, parameters=parameters, **more).labels


# What is recomputed


def test_a_new_stroke_never_prepares_again(scene: Scene, calls: dict[str, int]) -> None:
    work = Segmenter(scene.image, parameters=BOTH)
    first = work.segment(scene.strokes)
    assert {"scan", "prepare", "train", "predict", "refine"} <= work.seconds.keys()
    partitions = work.partitions
    more = scene.strokes.copy()
    more[3] = scene.truth[3]
    second = work.segment(more)
    assert calls == {"prepare_partitions": 1, "train": 2}
    assert {"scan", "train", "predict", "refine"} <= work.seconds.keys()
    assert "prepare" not in work.seconds
    assert all(a is b for a, b in zip(partitions, work.partitions, strict=True))
    assert not np.array_equal(first.labels, second.labels)
    np.testing.assert_array_equal(second.labels, segment(scene.image, more, parameters=BOTH).labels)


def test_the_same_strokes_never_train_again(scene: Scene, calls: dict[str, int]) -> None:
    work = Segmenter(scene.image, parameters=QUICK)
    first = work.segment(scene.strokes).labels
    second = work.segment(scene.strokes.astype(np.int32)).labels
    assert calls == {"prepare_partitions": 1, "train": 1}
    assert work.seconds.keys() == {"scan"}
    np.testing.assert_array_equal(first, second)


def test_a_new_strength_never_trains(scene: Scene, calls: dict[str, int]) -> None:
    work = Segmenter(scene.image, parameters=QUICK)
    results = {}
    for strength in (1.0, 0.0, 4.0, 1.0):
        chosen = RefinementParameters(strength=strength)
        labels = work.segment(scene.strokes, refinement=chosen).labels
        np.testing.assert_array_equal(labels, results.setdefault(strength, labels))
        assert work.parameters.refinement == chosen
    assert work.seconds.keys() == {"scan", "refine"}
    assert calls == {"prepare_partitions": 1, "train": 1}
    fresh = replace(QUICK, refinement=RefinementParameters(strength=4.0))
    np.testing.assert_array_equal(results[4.0], labels_of(scene, fresh))


def test_a_new_balance_never_trains(scene: Scene, calls: dict[str, int]) -> None:
    work = Segmenter(scene.image, parameters=QUICK)
    plain = work.segment(scene.strokes)
    costs = work.model().label_costs
    results = {}
    for value in (0.0, 2.0, -2.0, 0.0):
        chosen = RefinementParameters(balance=((2, value),))
        result = results[value] = work.segment(scene.strokes, refinement=chosen)
        assert work.parameters.refinement == chosen
        np.testing.assert_array_equal(work.model().label_costs, costs)
        np.testing.assert_array_equal(
            result.probabilities[0],
            balance_probabilities(plain.probabilities[0], plain.class_ids, chosen.balance),
        )
    assert work.seconds.keys() == {"scan", "refine"}
    assert calls == {"prepare_partitions": 1, "train": 1}
    np.testing.assert_array_equal(results[0.0].labels, plain.labels)
    sizes = [(results[value].labels == 2).sum() for value in (-2.0, 0.0, 2.0)]
    assert sizes[0] < sizes[1] < sizes[2]
    fresh = replace(QUICK, refinement=RefinementParameters(balance=((2, 2.0),)))
    np.testing.assert_array_equal(results[2.0].labels, labels_of(scene, fresh))


def test_two_classes_move_their_threshold_by_the_balance(scene: Scene) -> None:
    strokes = np.where(scene.strokes == 3, 0, scene.strokes)
    plain = Segmenter(scene.image, parameters=QUICK)
    p = plain.segment(strokes, refinement=RefinementParameters(0)).probabilities[0]
    moved = plain.segment(strokes, refinement=RefinementParameters(0, ((2, 0.9),)))
    free = np.ones(len(p), np.bool_)
    free[np.unique(plain.partitions[0].ids[strokes > 0])] = False
    wanted = np.log(np.maximum(p, 1e-4)) + np.array([0, 0.9])
    np.testing.assert_array_equal(moved.classes[0][free], wanted.argmax(axis=1)[free])


def test_a_share_is_met_after_refinement(scene: Scene, calls: dict[str, int]) -> None:
    work = Segmenter(scene.image, parameters=BOTH)
    work.segment(scene.strokes)
    before = work.parameters

    def share_at(balance: float) -> float:
        chosen = RefinementParameters(balance=((2, balance),))
        labels = work.segment(scene.strokes, refinement=chosen).labels
        work.segment(scene.strokes, refinement=RefinementParameters())
        return float((labels == 2).mean())

    for wanted in (0.03, 0.1):
        found = work.balance_for_shares(((2, wanted),))[2]
        assert work.parameters == before
        assert found.share == pytest.approx(share_at(found.balance))
        beside = [value for value in (found.balance - 0.01, found.balance + 0.01) if value >= -10]
        around = [abs(share_at(value) - wanted) for value in beside]
        assert abs(found.share - wanted) <= max(0.01 * wanted, min(around) + 1e-12)
    assert calls["train"] == 1


@pytest.mark.parametrize("wanted", [0.002, 0.9, 0.97])
def test_the_share_that_is_told_is_that_of_the_voxels(scene: Scene, wanted: float) -> None:
    work = Segmenter(scene.image, parameters=replace(BOTH, edge_refinement=True))
    result, found = segment_with_shares(work, find_strokes(scene.strokes), ((2, wanted),))
    assert found[2].share == pytest.approx((result.labels == 2).mean())
    classes, sizes = result.classes, [part.graph.size for part in work.partitions]
    means = [n[c == 1].sum() / n.sum() for n, c in zip(sizes, classes, strict=True)]
    assert abs(np.mean(means) - found[2].share) > 1e-3  # which was told once


def test_shares_of_several_classes_are_those_that_they_lead_to_together(scene: Scene) -> None:
    work = Segmenter(scene.image, parameters=QUICK)
    work.segment(scene.strokes)
    wanted = ((2, 0.25), (3, 0.25))
    found = work.balance_for_shares(wanted)
    balances = tuple((class_id, one.balance) for class_id, one in found.items())
    result = work.segment(scene.strokes, refinement=RefinementParameters(balance=balances))
    assert list(found) == [2, 3]
    for class_id, _ in wanted:
        assert found[class_id].share == pytest.approx((result.labels == class_id).mean())


def test_a_share_that_can_not_be_is_refused(scene: Scene) -> None:
    work = Segmenter(scene.image, parameters=QUICK)
    with pytest.raises(SegmentationError, match="nothing is trained"):
        work.balance_for_shares(((2, 0.1),))
    work.segment(scene.strokes)
    with pytest.raises(SegmentationError, match=r"class 9 can't be balanced: .* classes 1, 2, 3"):
        work.balance_for_shares(((9, 0.1),))
    with pytest.raises(SegmentationError, match="between 0 and 100 %, not at 150 %"):
        work.balance_for_shares(((2, 1.5),))
    with pytest.raises(SegmentationError, match=r"add up to 110 %, which leaves nothing for"):
        work.balance_for_shares(((1, 0.5), (2, 0.6)))
    with pytest.raises(SegmentationError, match=r"of all classes add up to 90 %, not to 100 %"):
        work.balance_for_shares(((1, 0.3), (2, 0.3), (3, 0.3)))
    with pytest.raises(Cancelled):
        work.balance_for_shares(((2, 0.3),), run=Run(should_stop=lambda: True))


def test_a_strength_of_zero_takes_the_most_probable_class(scene: Scene) -> None:
    plain = replace(QUICK, refinement=RefinementParameters(strength=0))
    result = segment(scene.image, scene.strokes, parameters=plain)
    free = np.ones(len(result.classes[0]), np.bool_)
    work = Segmenter(scene.image, parameters=plain)
    work.prepare()
    free[np.unique(work.partitions[0].ids[scene.strokes > 0])] = False
    chosen = result.probabilities[0].argmax(axis=1)
    np.testing.assert_array_equal(result.classes[0][free], chosen[free])


def test_preparing_first_changes_nothing(scene: Scene, calls: dict[str, int]) -> None:
    work = Segmenter(scene.image, parameters=BOTH)
    done: list[tuple[int, int]] = []
    work.prepare(run=Run(progress=lambda *at: done.append(at)))
    work.prepare()
    assert calls["prepare_partitions"] == 1
    fractions = [a / b for a, b in done]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    np.testing.assert_array_equal(work.segment(scene.strokes).labels, labels_of(scene, BOTH))
    assert "prepare" not in work.seconds


@pytest.mark.parametrize("asked", [1, 3, 8])
def test_after_a_stop_the_segmenter_is_as_before(scene: Scene, asked: int) -> None:
    answers = iter([False] * asked + [True])
    work = Segmenter(scene.image, parameters=BOTH)
    with pytest.raises(Cancelled):
        work.prepare(run=Run(should_stop=lambda: next(answers)))
    assert work.partitions == ()
    with pytest.raises(SegmentationError, match="nothing is trained: segment with strokes first"):
        work.model()
    with pytest.raises(Cancelled):
        work.segment(scene.strokes, run=Run(should_stop=lambda: True))
    np.testing.assert_array_equal(work.segment(scene.strokes).labels, labels_of(scene, BOTH))


@pytest.fixture(scope="module")
def prepared(scene: Scene) -> Segmenter:
    work = Segmenter(scene.image, parameters=BOTH)
    work.prepare()
    return work


def painted_more(scene: Scene) -> np.ndarray:
    more = scene.strokes.copy()
    more[3] = scene.truth[3]
    return more


class After:
    """Says stop when it was asked some times; knows how often it was."""

    def __init__(self, asks: float) -> None:
        self.left, self.asked = asks, 0

    def __call__(self) -> bool:
        self.asked += 1
        self.left -= 1
        return self.left < 0


@dataclass(frozen=True)
class Undisturbed:
    """What two ways of painting come to on fresh segmenters, and how often the second asks."""

    strokes: dict[str, np.ndarray]
    found: dict[str, Segmentation]
    models: list[Model]
    asked: int


@pytest.fixture(scope="module")
def undisturbed(scene: Scene, prepared: Segmenter) -> Undisturbed:
    strokes = {"few": scene.strokes, "more": painted_more(scene)}
    fresh = {key: afresh(scene, prepared) for key in strokes}
    count = After(np.inf)
    found = {
        "few": fresh["few"].segment(strokes["few"]),
        "more": fresh["more"].segment(strokes["more"], run=Run(should_stop=count)),
    }
    return Undisturbed(strokes, found, [one.model() for one in fresh.values()], count.asked)


def afresh(scene: Scene, prepared: Segmenter) -> Segmenter:
    return Segmenter(scene.image, parameters=BOTH, partitions=prepared.partitions)


@settings(max_examples=25)
@given(data=st.data())
def test_after_a_stop_anywhere_the_next_call_is_as_on_a_fresh_segmenter(
    scene: Scene, prepared: Segmenter, undisturbed: Undisturbed, data: st.DataObject
) -> None:
    strokes, work = undisturbed.strokes, afresh(scene, prepared)
    is_known = data.draw(st.booleans(), "labelled before")
    if is_known:
        work.segment(strokes["few"])
    asks = data.draw(st.integers(0, undisturbed.asked - 1), "asks before the stop")
    with pytest.raises(Cancelled):
        work.segment(strokes["more"], run=Run(should_stop=After(asks)))
    if is_known:  # what is known is whole: all of it from before, or all from now
        model = work.model()
        (whole,) = [one for one in undisturbed.models if one.painted == model.painted]
        assert np.array_equal(whole.classifier.threshold, model.classifier.threshold)
        assert np.array_equal(whole.label_costs, model.label_costs)
    for key in data.draw(st.permutations(["few", "more"]), "afterwards"):
        found = work.segment(strokes[key])
        for name in ("probabilities", "classes"):
            for a, b in zip(
                getattr(found, name), getattr(undisturbed.found[key], name), strict=True
            ):
                assert a.tobytes() == b.tobytes()


def test_a_stop_is_asked_for_in_every_stage(scene: Scene, prepared: Segmenter) -> None:
    work, done = afresh(scene, prepared), []

    def note() -> bool:
        done.append(set(work.seconds))
        return False

    work.segment(scene.strokes, run=Run(should_stop=note))
    order = ("scan", "train", "predict", "couple")
    stages = [set(order[:k]) for k in range(5)]
    assert [key for key, _ in itertools.groupby(done)] == stages
    for before in stages:  # and a stop there is one
        other = afresh(scene, prepared)
        with pytest.raises(Cancelled):
            other.segment(scene.strokes, run=Run(should_stop=After(done.index(before))))
        assert set(other.seconds) == before


def test_a_stop_lets_others_in_at_once(scene: Scene, prepared: Segmenter) -> None:
    work = Segmenter(scene.image, parameters=BOTH, partitions=prepared.partitions)
    begun, stop = threading.Event(), threading.Event()

    def should_stop() -> bool:
        begun.set()
        return stop.wait(timeout=30)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(work.segment, scene.strokes, run=Run(should_stop=should_stop))
        assert begun.wait(timeout=30)
        second = pool.submit(work.segment, scene.strokes)
        stop.set()
        with pytest.raises(Cancelled):
            first.result(timeout=30)
        labels = second.result(timeout=30).labels
    np.testing.assert_array_equal(labels, labels_of(scene, BOTH))


def test_a_second_stroke_in_one_class_leaves_refinement_at_work() -> None:
    """What one stroke of each other class can't tell must not be taken for harm."""
    sample = make_phantom((40, 64, 64), seed=0)
    strokes = example_strokes(sample.labels, strokes_per_class=2, seed=0)
    for value in range(2, 7):  # the first stroke of each class but one
        numbers, _ = label(strokes == value, np.ones((3, 3, 3)))
        strokes[numbers > 1] = 0
    live = SegmentationParameters(partitions=1, edge_refinement=False)
    prepared = Segmenter(sample.image, spacing=sample.spacing, parameters=live)
    result = prepared.segment(strokes)
    a, b = prepared.partitions[0].graph.edges.T

    def borders(columns: np.ndarray) -> int:
        return int((columns[a] != columns[b]).sum())

    # sent to nothing, refinement left all but some per mille of them
    assert borders(result.classes[0]) < 0.8 * borders(result.probabilities[0].argmax(axis=1))


def test_refused_strokes_leave_the_segmenter_as_it_was(scene: Scene, calls: dict[str, int]) -> None:
    work = Segmenter(scene.image, parameters=QUICK)
    first = work.segment(scene.strokes).labels
    with pytest.raises(SegmentationError, match="only class 1 is painted"):
        work.segment((scene.strokes == 1).astype(np.uint8))
    np.testing.assert_array_equal(work.segment(scene.strokes).labels, first)
    assert calls == {"prepare_partitions": 1, "train": 1}


# What comes out


def test_the_labels_are_those_of_the_truth(scene: Scene) -> None:
    result = segment(scene.image, scene.strokes, parameters=BOTH)
    assert result.labels.dtype == np.uint8
    assert result.labels.shape == SHAPE
    unpainted = scene.strokes == 0
    assert (result.labels == scene.truth)[unpainted].mean() > 0.93


@pytest.mark.parametrize(
    ("ids", "dtype"), [((1, 3), np.uint8), ((2, 300), np.uint16), ((255, 65535), np.uint16)]
)
@pytest.mark.parametrize("source", [np.uint16, np.int64])
def test_class_ids_survive(scene: Scene, ids: tuple[int, int], dtype: type, source: type) -> None:
    table = np.array([0, ids[0], ids[1], 0]).astype(source)
    result = segment(scene.image, table[scene.strokes], parameters=QUICK)
    assert result.class_ids == ids
    assert result.labels.dtype == dtype
    assert set(np.unique(result.labels)) == set(ids)
    plain = segment(scene.image, np.where(scene.strokes < 3, scene.strokes, 0), parameters=QUICK)
    np.testing.assert_array_equal(result.labels, table[plain.labels])


def test_the_same_bytes_twice_and_for_any_number_of_workers(scene: Scene) -> None:
    results = [
        segment(scene.image, scene.strokes, parameters=BOTH, workers=workers)
        for workers in (None, 1, 3)
    ]
    for other in results[1:]:
        assert results[0].labels.tobytes() == other.labels.tobytes()
        for a, b in zip(results[0].probabilities, other.probabilities, strict=True):
            assert a.tobytes() == b.tobytes()


def test_another_seed_grows_another_forest(scene: Scene) -> None:
    other = replace(QUICK, classifier=replace(QUICK.classifier, seed=1))
    one, two = (segment(scene.image, scene.strokes, parameters=p) for p in (QUICK, other))
    assert not np.array_equal(one.probabilities[0], two.probabilities[0])


@pytest.mark.parametrize("dtype", ["u1", "<i2", ">i2", "<u4", "<f4", ">f8", "f2"])
def test_types_of_voxels(scene: Scene, dtype: str) -> None:
    low, high = scene.image.min(), scene.image.max()
    whole = np.round((scene.image - low) / (high - low) * 255)
    expected = segment(whole, scene.strokes, parameters=QUICK).labels
    found = segment(whole.astype(dtype), scene.strokes, parameters=QUICK).labels
    assert (found == expected).mean() > 0.999  # the scale is rounded to the type


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_gets_no_label(scene: Scene, dtype: type, value: float) -> None:
    image = scene.image.astype(dtype)
    image[2:5, 10:14, :9] = value
    result = segment(image, scene.strokes, parameters=BOTH)
    np.testing.assert_array_equal(result.labels == 0, ~np.isfinite(image))
    for table in result.probabilities:
        assert np.isfinite(table).all()
    clean = labels_of(scene, BOTH)
    far = np.s_[10:, 18:, 18:]
    assert (result.labels[far] == clean[far]).mean() > 0.97


def test_coarse_planes(scene: Scene) -> None:
    image, strokes = scene.image[::3], np.zeros_like(scene.strokes[::3])
    strokes[3] = scene.strokes[SHAPE[0] // 2]
    result = segment(image, strokes, spacing=(120, 40, 40), parameters=QUICK)
    assert (result.labels == scene.truth[::3])[strokes == 0].mean() > 0.85
    scaled = segment(image, strokes, spacing=(3, 1, 1), parameters=QUICK)
    np.testing.assert_array_equal(result.labels, scaled.labels)


def test_a_picture_is_one_plane(scene: Scene) -> None:
    plane = SHAPE[0] // 2
    image, strokes = scene.image[plane], scene.strokes[plane]
    result = segment(image, strokes, parameters=BOTH, spacing=(2, 2))
    assert result.labels.shape == (1, *image.shape)
    np.testing.assert_array_equal(
        result.labels, segment(image[None], strokes[None], parameters=BOTH).labels
    )
    assert (result.labels[0] == scene.truth[plane])[strokes == 0].mean() > 0.85


def test_lazy_arrays_do(scene: Scene) -> None:
    class Lazy:
        def __init__(self, values: np.ndarray) -> None:
            self.values, self.shape, self.dtype = values, values.shape, values.dtype

        def __getitem__(self, key: Any) -> np.ndarray:
            return self.values[key].copy()

    found = segment(Lazy(scene.image), Lazy(scene.strokes), parameters=QUICK).labels
    np.testing.assert_array_equal(found, labels_of(scene))


# Models


def learn(scene: Scene, parameters: SegmentationParameters) -> tuple[Model, np.ndarray]:
    work = Segmenter(scene.image, spacing=(2, 2, 2), parameters=parameters)
    labels = work.segment(scene.strokes).labels
    return work.model(), labels


@pytest.mark.parametrize("edges", [True, False])
@pytest.mark.parametrize("partitions", [1, 3])
def test_at_home_a_model_gives_the_same_labels(
    scene: Scene, tmp_path: Path, partitions: int, edges: bool
) -> None:
    parameters = replace(
        QUICK,
        partitions=partitions,
        edge_refinement=edges,
        refinement=RefinementParameters(strength=2.0, balance=((2, 0.8),)),
    )
    model, labels = learn(scene, parameters)
    save_model(model, tmp_path / "m")
    work = Segmenter(scene.image, spacing=(2, 2, 2))
    np.testing.assert_array_equal(work.apply(load_model(tmp_path / "m")).labels, labels)
    assert work.parameters == parameters
    save_model(work.model(), tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "m").read_bytes()


@pytest.mark.parametrize("method", ["extra-trees", "logistic"])
def test_a_model_that_asks_for_other_features_is_refused(scene: Scene, method: str) -> None:
    known = replace(QUICK, partitions=1, classifier=ClassifierParameters(method=method))
    model, _ = learn(scene, known)
    fewer = replace(known, features=replace(known.features, filters=("raw",)))
    work = Segmenter(scene.image, spacing=(2, 2, 2))
    with pytest.raises(SegmentationError, match="learned from other features than the"):
        work.apply(replace(model, parameters=fewer))


def test_a_model_labels_another_volume(scene: Scene) -> None:
    model, _ = learn(scene, BOTH)
    other = Scene(1, (18, 30, 40))
    result = Segmenter(other.image, spacing=(2, 2, 2), parameters=BOTH).apply(model)
    assert (result.labels == other.truth).mean() > 0.9
    assert result.class_ids == (1, 2, 3)


def test_strokes_after_a_model(scene: Scene, calls: dict[str, int]) -> None:
    other = Scene(1)
    model, _ = learn(other, QUICK)
    work = Segmenter(scene.image, spacing=(2, 2, 2), parameters=QUICK)
    work.apply(model)
    calls["prepare_partitions"] = 0
    found = work.segment(scene.strokes).labels
    np.testing.assert_array_equal(found, labels_of(scene))
    assert calls["prepare_partitions"] == 1  # that of `labels_of`
    work.apply(model)
    assert "train" not in work.seconds
    np.testing.assert_array_equal(work.segment(scene.strokes).labels, found)


def test_a_model_with_other_parameters_replaces_the_partitions(scene: Scene) -> None:
    finer = replace(QUICK, supervoxels=SupervoxelParameters(size_voxels=4, iterations=2))
    model, labels = learn(scene, finer)
    work = Segmenter(scene.image, spacing=(2, 2, 2), parameters=BOTH)
    work.segment(scene.strokes)
    np.testing.assert_array_equal(work.apply(model).labels, labels)


def test_with_another_spacing_the_volume_is_another(scene: Scene) -> None:
    work = Segmenter(scene.image, spacing=(2, 6, 6), parameters=QUICK)
    work.segment(scene.strokes)
    elsewhere = Segmenter(scene.image, spacing=(2, 2, 2), parameters=QUICK)
    labels = elsewhere.apply(work.model()).labels
    assert elsewhere.model().painted == ()
    assert (labels == scene.truth).mean() > 0.9


def test_a_stop_within_apply_leaves_nothing_stale(scene: Scene) -> None:
    features = FeatureParameters(filters=("gaussian", "laplacian_of_gaussian"), sigmas_voxels=(1,))
    other = replace(QUICK, features=features)
    model, _ = learn(Scene(1), other)
    work = Segmenter(scene.image, spacing=(2, 2, 2), parameters=QUICK)
    work.segment(scene.strokes)
    with pytest.raises(Cancelled):
        work.apply(model, run=Run(should_stop=lambda: True))
    found = work.segment(scene.strokes).labels
    np.testing.assert_array_equal(found, labels_of(scene, work.parameters))


def test_a_model_knows_names_and_unit(scene: Scene) -> None:
    work = Segmenter(scene.image, spacing=(2, 2, 2), parameters=QUICK)
    work.segment(scene.strokes)
    names = [VolumeClass(k, f"class {k}") for k in (9, 3, 1)]
    model = work.model(classes=names, unit="nm")
    assert model.classes == (names[2], names[1])
    assert (model.spacing, model.unit) == ((2, 2, 2), "nm")
    assert (work.model().classes, work.model().unit) == ((), None)


# What is refused


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s * 0, "annotations are empty: paint at least one stroke"),
        (lambda s: (s == 2) * np.uint8(7), "only class 7 is painted"),
        (lambda s: s[1:], r"shape \(19, 32, 36\), the volume \(20, 32, 36\)"),
        (lambda s: s[0], r"shape \(1, 32, 36\), the volume \(20, 32, 36\)"),
        (lambda s: s.astype(float), "must be integers .* not float64"),
        (lambda s: -s.astype(np.int16), "hold the class id -3; ids go from 1 to 65535"),
        (lambda s: s.astype(np.int32) * 30000, "hold the class id 90000"),
        (lambda s: np.arange(s.size).reshape(s.shape) % 999, "999|998 different values"),
    ],
)
def test_strokes_that_are_refused(
    scene: Scene, change: Callable[[np.ndarray], np.ndarray], message: str
) -> None:
    with pytest.raises(SegmentationError, match=message):
        segment(scene.image, change(scene.strokes), parameters=QUICK)


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        (np.full(SHAPE, 5, np.uint8), r"constant \(every voxel is 5\)"),
        (np.full(SHAPE, np.nan, np.float32), "no voxels with data"),
        (np.zeros((0, 4, 4), np.uint8), "has no voxels"),
        (np.zeros((4, 4, 4, 3), np.uint8), "axes plane, row and column"),
        (np.zeros(5, np.uint8), "axes plane, row and column"),
        (np.zeros(SHAPE, np.complex64), "of type complex64"),
        (np.zeros(SHAPE, "U3"), "of type <U3"),
    ],
)
def test_volumes_that_are_refused(volume: np.ndarray, message: str) -> None:
    with pytest.raises(SegmentationError, match=message):
        Segmenter(volume)


@pytest.mark.parametrize(
    ("spacing", "message"),
    [
        ((1, 1), "one value per axis"),
        ((1, 0, 1), "three positive numbers, not 1 0 1"),
        ((1, -2, 1), "three positive numbers"),
        ((1, 1, float("nan")), "three positive numbers"),
    ],
)
def test_spacings_that_are_refused(spacing: tuple[float, ...], message: str) -> None:
    with pytest.raises(SegmentationError, match=message):
        Segmenter(np.random.default_rng(0).normal(size=SHAPE), spacing=spacing)


def test_other_parameters_forget_only_what_they_determine() -> None:
    volume = np.random.default_rng(5).normal(size=(12, 24, 24)).astype(np.float32)
    volume[:, :, 12:] += 2
    strokes = np.zeros(volume.shape, np.uint8)
    strokes[6, 6, 3:9], strokes[6, 6, 15:21] = 1, 2
    small = SegmentationParameters(partitions=2)
    one_volume = Segmenter(volume, parameters=small)
    one_volume.segment(strokes)
    kept = one_volume.partitions

    one_volume.configure(replace(small, partitions=1))
    one = one_volume.segment(strokes).labels
    assert len(one_volume.partitions) == 1
    assert one_volume.partitions[0] is kept[0]
    assert np.array_equal(one, segment(volume, strokes, parameters=one_volume.parameters).labels)

    other = replace(small, partitions=1, classifier=ClassifierParameters(seed=3))
    one_volume.configure(other)
    one_volume.segment(strokes)
    assert "train" in one_volume.seconds
    assert "prepare" not in one_volume.seconds

    one_volume.configure(replace(other, supervoxels=SupervoxelParameters(size_voxels=5)))
    one_volume.segment(strokes)
    assert "prepare" in one_volume.seconds


def test_a_fork_leaves_the_segmenter_as_it_is(scene: Scene) -> None:
    volume, strokes = scene.image, scene.strokes
    first = Segmenter(volume, parameters=SegmentationParameters(partitions=1))
    labels = first.segment(strokes).labels
    other = first.fork()
    assert other.partitions == first.partitions
    changed = other.segment(strokes, refinement=RefinementParameters(0.25))
    assert "train" not in other.seconds
    assert other.parameters.refinement.strength == 0.25
    other.configure(replace(other.parameters, supervoxels=SupervoxelParameters(size_voxels=5)))
    assert other.partitions == ()
    assert first.parameters.refinement.strength == 1
    assert len(first.partitions) == 1
    np.testing.assert_array_equal(first.segment(strokes).labels, labels)
    assert "refine" not in first.seconds
    assert changed.shape == labels.shape
