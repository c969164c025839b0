"""Several images of one specimen: what the first doesn't show, another may."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from supervox.execution import Run
from supervox.features import FeatureBank, FeatureParameters, column_names, pool_features
from supervox.segmentation import (
    ClassifierParameters,
    SegmentationError,
    SegmentationParameters,
    Segmenter,
    SupervoxelParameters,
    load_model,
    save_model,
    segment,
)

SHAPE = (16, 32, 40)
PARAMETERS = SegmentationParameters(
    supervoxels=SupervoxelParameters(size_voxels=4, iterations=3),
    features=FeatureParameters(filters=("raw", "gaussian"), sigmas_voxels=(1, 2)),
    classifier=ClassifierParameters(trees=20),
    partitions=1,
)


class Scene:
    """Bright balls of two classes that look the same; only the second channel tells them apart."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        grid = np.indices(SHAPE)
        self.truth = np.ones(SHAPE, np.uint8)
        for k, (row, column) in enumerate([(8, 10), (8, 30), (24, 10), (24, 30)]):
            centre = np.array([8, row, column])[:, None, None, None]
            self.truth[((grid - centre) ** 2).sum(axis=0) < 40] = 2 + (k in (0, 3))

        def noise() -> np.ndarray:
            return gaussian_filter(rng.normal(size=SHAPE), 0.7) * 0.2

        self.first = ((self.truth > 1) + noise()).astype(np.float32)
        self.second = ((self.truth == 3) + noise()).astype(np.float32)
        self.swapped_truth = self.truth.copy()  # of the balls without strokes
        part, whole = self.swapped_truth[:, SHAPE[1] // 2 :], self.truth[:, SHAPE[1] // 2 :]
        part[whole > 1] = 5 - whole[whole > 1]
        self.swapped = ((self.swapped_truth == 3) + noise()).astype(np.float32)
        self.strokes = np.zeros(SHAPE, np.uint8)
        self.strokes[8, 8, 8:13] = 3
        self.strokes[8, 8, 28:33] = 2
        self.strokes[8, 16, 4:36] = 1

    def accuracy(self, labels: np.ndarray, truth: np.ndarray) -> float:
        """Share of the voxels of the balls without strokes that have the right class."""
        asked = truth > 1
        asked[:, : SHAPE[1] // 2] = False  # those with strokes
        return float((labels == truth)[asked].mean())


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene()


def segmenter(scene: Scene, *channels: np.ndarray) -> Segmenter:
    return Segmenter(scene.first, channels=channels, parameters=PARAMETERS)


def test_what_only_the_second_channel_shows_is_found(scene: Scene) -> None:
    """Volume and strokes are the same both times: without the channel one could not be right."""
    for second, truth in ((scene.second, scene.truth), (scene.swapped, scene.swapped_truth)):
        both = segment(scene.first, scene.strokes, channels=[second], parameters=PARAMETERS)
        assert scene.accuracy(both.labels, truth) > 0.8
        assert both.labels.dtype == np.uint8


def test_the_table_has_the_features_of_both(scene: Scene) -> None:
    prepared = segmenter(scene, scene.second)
    prepared.prepare()
    (part,) = prepared.partitions
    bank = FeatureBank(PARAMETERS.features)
    n = len(bank.column_names)
    for k, image in enumerate((scene.first, scene.second)):
        expected = pool_features(image, part.ids, bank)
        assert np.array_equal(part.table.values[:, k * n : (k + 1) * n], expected.values)
    assert part.table.names == column_names(bank, 2)
    assert part.table.names[n] == f"channel_2 {bank.column_names[0]}"


def test_supervoxels_and_graph_are_those_of_the_first(scene: Scene) -> None:
    one, both = segmenter(scene), segmenter(scene, scene.second)
    for prepared in (one, both):
        prepared.prepare()
    assert np.array_equal(one.partitions[0].ids, both.partitions[0].ids)
    assert np.array_equal(one.partitions[0].adjacency.weight, both.partitions[0].adjacency.weight)


def test_each_channel_has_its_own_scale_of_intensities(scene: Scene) -> None:
    plain = segmenter(scene, scene.second).segment(scene.strokes).labels
    scaled = segmenter(scene, 1000 * scene.second - 7).segment(scene.strokes).labels
    assert (plain == scaled).mean() > 0.999  # but for rounding


def test_the_same_bytes_for_any_number_of_workers(scene: Scene) -> None:
    results = [
        Segmenter(
            scene.first,
            channels=[scene.second, scene.first],
            parameters=replace(PARAMETERS, partitions=2),
            workers=workers,
        )
        .segment(scene.strokes)
        .labels
        for workers in (1, 3)
    ]
    assert np.array_equal(*results)


def test_the_progress_covers_all_images(scene: Scene) -> None:
    seen: list[tuple[int, int]] = []
    segmenter(scene, scene.second).prepare(run=Run(progress=lambda *step: seen.append(step)))
    done = [step for step, _ in seen]
    assert done == sorted(done)
    assert seen[-1][0] == seen[-1][1]


def test_a_voxel_that_is_no_number_in_another_channel_is_labelled(scene: Scene) -> None:
    second = scene.second.copy()
    second[0, 0, 0] = np.nan
    assert segmenter(scene, second).segment(scene.strokes).labels[0, 0, 0] > 0


def test_a_model_goes_to_a_file_and_home_again(scene: Scene, tmp_path: Path) -> None:
    trained = segmenter(scene, scene.second)
    labels = trained.segment(scene.strokes).labels
    save_model(trained.model(), tmp_path / "m")
    model = load_model(tmp_path / "m")
    assert model.n_images == 2
    again = segmenter(scene, scene.second).apply(model)
    assert np.array_equal(again.labels, labels)
    other = Scene(seed=1)
    applied = segmenter(other, other.second).apply(model).labels
    assert other.accuracy(applied, other.truth) > 0.9


def test_another_second_channel_is_another_volume(scene: Scene) -> None:
    trained = segmenter(scene, scene.second)
    trained.segment(scene.strokes)
    model = trained.model()
    assert trained.apply(model) is not None
    assert trained._learned is not None
    assert trained._learned.painted
    other = segmenter(scene, scene.second[::-1])
    other.apply(model)
    assert other._learned is not None
    assert not other._learned.painted


@pytest.mark.parametrize(
    ("needed", "given", "message"),
    [
        (2, 0, "trained on 2 channels, not 1: give as many"),
        (1, 1, "trained on 1 channel, not 2: give as many"),
    ],
)
def test_a_model_wants_as_many_channels(
    scene: Scene, needed: int, given: int, message: str
) -> None:
    trained = segmenter(scene, *[scene.second] * (needed - 1))
    trained.segment(scene.strokes)
    with pytest.raises(SegmentationError, match=message):
        segmenter(scene, *[scene.second] * given).apply(trained.model())


@pytest.mark.parametrize(
    ("channel", "message"),
    [
        (np.zeros((16, 32, 39)), r"channel 2 has shape \(16, 32, 39\), the volume \(16, 32, 40\)"),
        (np.full(SHAPE, 3.0), "channel 2: the volume is constant"),
        (np.full(SHAPE, np.nan), "channel 2: the volume has no voxels with data"),
        (np.zeros(SHAPE, complex), "type complex128"),
    ],
)
def test_channels_that_are_refused(scene: Scene, channel: np.ndarray, message: str) -> None:
    with pytest.raises(SegmentationError, match=message):
        segmenter(scene, channel)


def test_too_many_channels_are_refused(scene: Scene) -> None:
    with pytest.raises(SegmentationError, match="may have 32 channels, not 33"):
        segmenter(scene, *[scene.second] * 32)


def test_pictures_have_channels_too(scene: Scene) -> None:
    plane = 8
    result = segment(
        scene.first[plane],
        scene.strokes[plane],
        channels=[scene.second[plane]],
        parameters=PARAMETERS,
    )
    assert result.labels.shape == (1, *SHAPE[1:])
    asked = (scene.truth[plane] > 1) & (scene.strokes[plane] == 0)
    assert (result.labels[0] == scene.truth[plane])[asked].mean() > 0.9
