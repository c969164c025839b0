"""Results as files: what is written is what is read back."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from supervox.execution import Cancelled
from supervox.features import FeatureParameters
from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.settings import Settings
from supervox.napari_plugin.tasks import exporting, measuring
from supervox.napari_plugin.tasks.exporting import Exporting, ExportKind, ExportRequest
from supervox.napari_plugin.tasks.finishing import Finished, Finishing
from supervox.napari_plugin.tasks.jobs import Report
from supervox.napari_plugin.tasks.preparing import Preparation
from supervox.objects import ObjectTable
from supervox.segmentation import (
    RefinementParameters,
    SegmentationParameters,
    Segmenter,
    find_strokes,
    load_model,
    segment,
)
from supervox.volumes import VolumeClass, VolumeError, open_volume

PARAMETERS = SegmentationParameters(
    features=FeatureParameters(filters=("raw", "gaussian"), sigmas_voxels=(1, 2))
)
CLASSES = tuple(
    VolumeClass(k, name, colour)
    for k, name, colour in ((1, "ice", "#112233"), (2, "cell", "#445566"), (3, "lipid", "#778899"))
)
BOX = (slice(4, 12), slice(0, 40), slice(8, 48))
SPACING = (20.0, 10.0, 10.0)


def finish(scene: Any, run_stage: Callable[..., Any], box: Any) -> Finished:
    source = Source("id", scene.image, 0, SPACING, "nm", box)
    prepared = run_stage(Preparation(Settings(workers=2).resources), source, PARAMETERS)
    painted = np.zeros(scene.shape, np.uint8)
    for class_id in (1, 2, 3):
        painted[scene.stroke(class_id)] = class_id
    strokes = find_strokes(painted).crop(scene.shape, box)
    return run_stage(
        Finishing(Settings(workers=2).resources),
        prepared,
        strokes,
        replace(PARAMETERS, refinement=RefinementParameters(0.7)),
    )


@pytest.fixture
def finished(scene: Any, run_stage: Callable[..., Any]) -> Finished:
    return finish(scene, run_stage, None)


def request(finished: Finished, kind: ExportKind, path: Path, **changes: Any) -> ExportRequest:
    made = ExportRequest(
        kind, path, CLASSES, finished.source, (100.0, -50.0, 5.0), finished=finished
    )
    return replace(made, **changes)


def test_finishing_is_the_full_pipeline(scene: Any, finished: Finished) -> None:
    painted = np.zeros(scene.shape, np.uint8)
    for class_id in (1, 2, 3):
        painted[scene.stroke(class_id)] = class_id
    alone = segment(
        scene.image,
        painted,
        spacing=SPACING,
        parameters=replace(PARAMETERS, refinement=RefinementParameters(0.7)),
    )
    assert finished.labels.dtype == np.uint8
    np.testing.assert_array_equal(finished.labels, alone.labels)
    assert len(finished.segmenter.partitions) == PARAMETERS.partitions


def test_finishing_again_keeps_what_was_prepared(
    scene: Any, run_stage: Callable[..., Any], finished: Finished
) -> None:
    prepared = run_stage(Preparation(Settings(workers=2).resources), finished.source, PARAMETERS)
    stage = Finishing(Settings(workers=2).resources)
    first = run_stage(stage, prepared, finished.strokes, PARAMETERS)
    unrefined = replace(PARAMETERS, refinement=RefinementParameters(0))
    again = run_stage(stage, prepared, finished.strokes, unrefined)
    kept = zip(again.segmenter.partitions, first.segmenter.partitions, strict=True)
    assert all(now is before for now, before in kept)
    assert "prepare" not in again.segmenter.seconds
    assert stage.finished is again
    assert again.is_for(again.source, again.strokes, again.segmenter.parameters)
    assert not again.is_for(again.source, again.strokes, PARAMETERS)


@pytest.mark.parametrize("ending", [".tif", ".ome.tif", ".mrc", ".h5", ".zarr"])
def test_labels(
    ending: str, finished: Finished, tmp_path: Path, run_stage: Callable[..., Any]
) -> None:
    path = tmp_path / f"labels{ending}"
    assert run_stage(Exporting(), request(finished, ExportKind.LABELS, path)) == path
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data[:], finished.labels)
        assert volume.spacing == pytest.approx(SPACING)
        if ending != ".mrc":  # holds neither classes nor unsigned bytes
            assert volume.data.dtype == np.uint8
            assert volume.classes == CLASSES
            assert volume.origin == pytest.approx((100.0, -50.0, 5.0))


def test_a_box_lies_where_it_lay_in_the_image(
    scene: Any, tmp_path: Path, run_stage: Callable[..., Any]
) -> None:
    finished = finish(scene, run_stage, BOX)
    assert finished.labels.shape == (8, 40, 40)
    path = tmp_path / "labels.tif"
    run_stage(Exporting(), request(finished, ExportKind.LABELS, path))
    with open_volume(path) as volume:
        assert volume.origin == pytest.approx((100 + 4 * 20, -50, 5 + 8 * 10))
        np.testing.assert_array_equal(volume.data[:], finished.labels)


@pytest.mark.parametrize("voxels", [1, 5000, 10**9])
def test_strokes_of_the_whole_image(
    voxels: int,
    scene: Any,
    tmp_path: Path,
    run_stage: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exporting, "SLAB_VOXELS", voxels)
    painted = np.zeros(scene.shape, np.uint8)
    painted[scene.stroke(2)] = 2
    painted[15, 39, 47] = 3
    source = Source("id", scene.image, 0, SPACING, "nm", BOX)
    path = tmp_path / "strokes.tif"
    asked = ExportRequest(ExportKind.STROKES, path, CLASSES, source, (0.0, 0.0, 0.0), painted)
    run_stage(Exporting(), asked)
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data[:], painted)
        assert volume.classes == CLASSES
        assert volume.origin == pytest.approx((0, 0, 0))


def test_probabilities_and_uncertainty(
    finished: Finished, tmp_path: Path, run_stage: Callable[..., Any]
) -> None:
    for kind in (ExportKind.PROBABILITIES, ExportKind.UNCERTAINTY):
        run_stage(Exporting(), request(finished, kind, tmp_path / f"{kind}.h5"))
    with open_volume(f"{tmp_path / 'probabilities.h5'}::,c=1") as volume:
        second = volume.data[:]
    with open_volume(tmp_path / "uncertainty.h5") as volume:
        uncertainty = volume.data[:]
    expected = list(finished.segmentation.slabs(probabilities=True, uncertainty=True))
    np.testing.assert_array_equal(second, np.concatenate([s.probabilities[1] for s in expected]))
    np.testing.assert_array_equal(uncertainty, np.concatenate([s.uncertainty for s in expected]))


def test_a_model_labels_the_volume_again(
    scene: Any, finished: Finished, tmp_path: Path, run_stage: Callable[..., Any]
) -> None:
    path = tmp_path / "mine.model"
    run_stage(Exporting(), request(finished, ExportKind.MODEL, path))
    model = load_model(path)
    assert model.classes == CLASSES
    assert model.unit == "nm"
    labels = Segmenter(scene.image, spacing=SPACING).apply(model).labels
    np.testing.assert_array_equal(labels, finished.labels)


def test_an_image_of_unknown_size_stays_of_unknown_size(
    finished: Finished, tmp_path: Path, run_stage: Callable[..., Any]
) -> None:
    unknown = replace(finished.source, spacing=(1.0, 1.0, 1.0), unit=None)
    path = tmp_path / "labels.tif"
    run_stage(Exporting(), request(finished, ExportKind.LABELS, path, source=unknown))
    with open_volume(path) as volume:
        assert volume.unit is None
        assert volume.spacing == (1.0, 1.0, 1.0)


def test_stopping_leaves_no_file(finished: Finished, tmp_path: Path) -> None:
    for kind in (ExportKind.LABELS, ExportKind.PROBABILITIES):
        report = Report(lambda _: None)
        report.stop()
        task = exporting._task(request(finished, kind, tmp_path / f"{kind}.tif"))
        with pytest.raises(Cancelled):
            task(report)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "name"), [(ExportKind.LABELS, "a.tif"), (ExportKind.MODEL, "a.model")]
)
def test_a_folder_that_is_not_there(
    finished: Finished, tmp_path: Path, run_stage: Callable[..., Any], kind: ExportKind, name: str
) -> None:
    words = rf"nowhere/{name}: the folder .*nowhere doesn't exist; make it first$"
    with pytest.raises(VolumeError, match=words):
        run_stage(Exporting(), request(finished, kind, tmp_path / "nowhere" / name))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full, nothing was written"),
        (errno.EACCES, "no permission to write in this folder; choose another one"),
        (errno.EIO, r"can't be written as a (model|table) \(Input/output error\)$"),
    ],
)
def test_what_the_system_refuses_is_told_in_words(
    finished: Finished,
    tmp_path: Path,
    run_stage: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    words: str,
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(code, os.strerror(code), str(tmp_path / ".a1b2.partial"))

    monkeypatch.setattr(exporting, "save_model", refuse)
    monkeypatch.setattr(measuring, "write_with_provenance", refuse)
    with pytest.raises(VolumeError, match=f"a.model: {words}"):
        run_stage(Exporting(), request(finished, ExportKind.MODEL, tmp_path / "a.model"))
    with pytest.raises(VolumeError, match=f"a.csv: {words}"):
        run_stage(measuring.SavingTable(), tmp_path / "a.csv", ObjectTable(()), {})
