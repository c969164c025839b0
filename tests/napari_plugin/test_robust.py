"""Whatever a person does while it works, and whatever they open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import dask.array as da
import numpy as np
import pytest
import zarr
from supervox.napari_plugin.layers.source import finest_data
from supervox.napari_plugin.tasks import jobs
from supervox.segmentation import (
    ClassifierParameters,
    RefinementParameters,
    SupervoxelParameters,
)

STAGES = ("preparing", "updating", "finishing")


def start(bench: Any, stage: str) -> None:
    """Have a stage at work."""
    session = bench.session
    if stage == "preparing":
        bench.paint(1, 2)
        session.extent.prepare()
        assert session.preparation.is_running
        return
    bench.prepare(1, 2, 3)
    if stage == "updating":
        session.live.update_again()
        assert session.live.updating.is_running
    else:
        session.delivery.finish()
        assert session.delivery.finishing.is_running


def end_of_all_work(bench: Any) -> None:
    bench.until(lambda: not jobs._running)
    bench.settle()


# ---------------------------------------------------------------------- closing while it works


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("what", ["viewer", "dock"])
def test_closing(window: Any, stage: str, what: str, told: list[str]) -> None:
    start(window, stage)
    if what == "viewer":
        window.viewer.close()
    else:
        window.close_dock()
    window.until(lambda: not jobs._running)
    session = window.session
    live = session.live
    for at_work in (session.preparation, session.delivery.finishing, live.scanning, live.updating):
        assert not at_work.is_running
    assert told == []
    if what == "dock":
        assert window.layer("strokes").data.any()
        assert not window.viewer.window.dock_widgets


def test_a_closed_dock_is_opened_again(window: Any) -> None:
    window.prepare(1, 2)
    strokes = window.strokes
    window.close_dock()
    assert [layer.name for layer in window.viewer.layers] == ["scene", "strokes"]
    window.open()
    window.settle()
    assert window.strokes is strokes
    assert window.session.live.scan.counts == {1: 1, 2: 1}
    assert not window.find("supervox_prepare").isEnabled()  # it is prepared
    assert window.session.view.result.class_ids == (1, 2)


# ---------------------------------------------------------------------- deleting while it works


@pytest.mark.parametrize("stage", STAGES)
def test_deleting_the_image(bench: Any, stage: str, told: list[str]) -> None:
    start(bench, stage)
    strokes = bench.strokes
    bench.viewer.layers.remove(bench.layer("scene"))
    end_of_all_work(bench)
    assert bench.session.volume.image is None
    assert bench.session.preparation.prepared is None
    assert strokes in bench.viewer.layers
    assert strokes.data.any()
    assert [layer.name for layer in bench.viewer.layers] == ["strokes"]
    assert told == []


@pytest.mark.parametrize("stage", STAGES)
def test_deleting_the_strokes(bench: Any, stage: str, told: list[str]) -> None:
    start(bench, stage)
    strokes = bench.strokes
    bench.viewer.layers.remove(strokes)
    end_of_all_work(bench)
    bench.until(lambda: told)
    assert told == ["Strokes removed: get them back in Paint."]
    assert bench.session.painting.layer is None
    assert bench.session.live.scan.counts == {}
    bench.session.live.update()
    bench.session.strokes.bring_back()
    bench.settle()
    assert bench.strokes is strokes
    assert bench.session.live.scan.counts.keys() >= {1, 2}
    assert bench.session.preparation.prepared is not None
    assert bench.session.view.result is not None


@pytest.mark.parametrize("stage", STAGES[1:])
@pytest.mark.parametrize("name", ["live labels", "supervoxels"])
def test_deleting_what_is_derived(bench: Any, stage: str, name: str, told: list[str]) -> None:
    start(bench, stage)
    bench.session.view.outline_supervoxels(True)
    bench.viewer.layers.remove(bench.layer(name))
    end_of_all_work(bench)
    bench.session.live.update()
    end_of_all_work(bench)
    assert bench.layer("live labels") is bench.session.view.prediction
    assert told == []


def test_deleting_the_final_labels_while_they_are_made_anew(bench: Any, told: list[str]) -> None:
    start(bench, "finishing")
    end_of_all_work(bench)
    bench.strokes.undo()
    bench.settle()
    bench.session.delivery.finish()
    bench.viewer.layers.remove(bench.layer("final labels"))
    end_of_all_work(bench)
    assert bench.session.view.final is bench.layer("final labels")
    assert told == []


@pytest.mark.parametrize("stage", STAGES)
def test_deleting_everything(bench: Any, stage: str, told: list[str]) -> None:
    start(bench, stage)
    bench.viewer.layers.clear()
    end_of_all_work(bench)
    assert bench.session.volume.image is None
    assert len(bench.viewer.layers) == 0
    assert told == []


@pytest.mark.parametrize("stage", STAGES)
def test_switching_to_another_image(bench: Any, scene: Any, stage: str, told: list[str]) -> None:
    start(bench, stage)
    first = bench.strokes
    before = first.data.copy()
    bench.viewer.add_image(scene.image[:, ::-1], name="other")
    bench.session.choose_image(bench.layer("other"))
    end_of_all_work(bench)
    session = bench.session
    assert session.preparation.prepared is None
    assert session.view.prediction is None
    assert session.delivery.finishing.finished is None
    assert not bench.strokes.data.any()
    np.testing.assert_array_equal(first.data, before)
    session.choose_image(bench.layer("scene"))
    bench.settle()
    assert bench.strokes is first
    bench.prepare()
    assert session.view.result is not None
    assert told == []


@pytest.mark.parametrize("stage", STAGES)
def test_other_data_in_the_same_layer(bench: Any, scene: Any, stage: str) -> None:
    start(bench, stage)
    bench.session.volume.image.data = scene.image[:, :, ::-1].copy()
    end_of_all_work(bench)
    assert bench.session.extent.is_out_of_date
    bench.prepare()
    assert not bench.session.extent.is_out_of_date


def test_data_of_another_shape_in_the_same_layer(bench: Any, scene: Any, told: list[str]) -> None:
    """The strokes don't fit any more: they stay, and new ones begin."""
    bench.prepare(1, 2)
    strokes = bench.strokes
    bench.session.volume.image.data = scene.image[:10, :30]
    bench.settle()
    assert strokes in bench.viewer.layers
    assert strokes.data.any()
    assert bench.strokes.data.shape == (10, 30, 48)
    assert bench.session.live.scan.counts == {}
    assert bench.session.preparation.prepared is None
    bench.prepare()
    assert told == []


@pytest.mark.parametrize("stage", STAGES)
def test_another_size_while_it_works(bench: Any, stage: str, told: list[str]) -> None:
    start(bench, stage)
    session = bench.session
    strokes = bench.strokes.data.copy()
    session.choose(replace(session.parameters, supervoxels=SupervoxelParameters(5.0)))
    end_of_all_work(bench)
    assert session.extent.is_out_of_date
    assert not session.delivery.is_finished
    np.testing.assert_array_equal(bench.strokes.data, strokes)
    session.extent.prepare()
    end_of_all_work(bench)
    assert not session.extent.is_out_of_date
    assert session.view.result is not None
    session.delivery.finish()
    end_of_all_work(bench)
    assert session.delivery.is_finished
    assert told == []


def test_cancelling_everything(bench: Any, told: list[str]) -> None:
    start(bench, "preparing")
    bench.session.preparation.cancel()
    end_of_all_work(bench)
    assert bench.session.preparation.prepared is None
    bench.prepare()
    result = bench.session.view.result
    bench.session.extent.prepare()
    bench.session.preparation.cancel()
    bench.session.delivery.finish()
    bench.session.delivery.finishing.cancel()
    bench.session.live.update_again()
    bench.session.live.updating.cancel()
    end_of_all_work(bench)
    assert bench.session.view.result is result
    assert bench.session.view.final is None
    assert told == []


def test_painting_while_it_prepares(bench: Any) -> None:
    bench.session.extent.prepare()
    bench.paint(1)
    bench.paint(2)
    bench.settle()
    assert bench.session.view.result.class_ids == (1, 2)


def test_painting_while_it_finishes(bench: Any) -> None:
    start(bench, "finishing")
    bench.strokes.undo()
    end_of_all_work(bench)
    assert not bench.session.delivery.is_finished
    assert bench.session.view.result.class_ids == (1, 2)


# --------------------------------------------------------------------------- odd strokes, classes


def test_painting_outside_of_the_box(bench: Any, scene: Any) -> None:
    bench.session.volume.set_box((slice(0, 16), slice(0, 40), slice(0, 32)))
    bench.prepare(1, 2)
    assert bench.session.view.result.class_ids == (1, 2)
    bench.paint(3)
    bench.settle()
    n = int((bench.strokes.data == 3).sum())
    assert bench.session.unused == f"{n} painted voxels lie outside of the box: kept, but not used"
    assert bench.session.view.result.class_ids == (1, 2)
    assert bench.session.live.scan.counts == {1: 1, 2: 1, 3: 1}
    assert (bench.strokes.data[scene.stroke(3)] == 3).all()


def test_one_class_is_no_error(bench: Any, told: list[str]) -> None:
    bench.prepare(2)
    session = bench.session
    assert not session.live.can_update
    session.live.update()
    session.delivery.finish()
    bench.settle()
    assert session.view.prediction is None
    assert session.view.final is None
    assert told == []


def test_255_classes(open_bench: Callable[..., Any], told: list[str]) -> None:
    rng = np.random.default_rng(0)
    bench = open_bench(rng.normal(size=(8, 64, 64)).astype(np.float32))
    session = bench.session
    small, few = SupervoxelParameters(4.0), ClassifierParameters(trees=10)  # 255 columns each
    session.choose(replace(session.parameters, supervoxels=small, classifier=few, partitions=1))
    session.extent.prepare()
    cells = np.arange(256).reshape(16, 16)
    bench.strokes.data[4, 1::4, 1::4] = cells
    bench.strokes.refresh()
    bench.settle()
    assert session.view.result.class_ids == tuple(range(1, 256))
    assert len(session.classes) == 255
    ids = session.preparation.prepared.ids
    labels = np.asarray(session.view.prediction.data)
    assert np.isin(labels, np.arange(1, 256)).all()
    assert labels.shape == ids.shape
    assert told == []


# ----------------------------------------------------------------------------------- odd volumes


@pytest.mark.parametrize(
    "make",
    [
        lambda image: image.astype(np.int16) - 120,
        lambda image: image.astype(np.uint16) * 200,
        lambda image: image.astype(np.float64) * 1e-9 - 3e-8,
        lambda image: image.astype(np.float16),
        lambda image: image.astype(">f4"),
        lambda image: da.from_array(image, chunks=(4, 16, 16)),
        lambda image: zarr.array(image, chunks=(4, 16, 16)),
        lambda image: image[:, :, ::-1][:, :, ::-1],
    ],
    ids=["int16", "uint16", "float64", "float16", "big-endian", "dask", "zarr", "reversed"],
)
def test_volumes_of_all_kinds(
    open_bench: Callable[..., Any], scene: Any, make: Callable[..., Any], told: list[str]
) -> None:
    values = make(scene.image)
    limits = (-1, 255) if not isinstance(values, np.ndarray) else None
    bench = open_bench(values, contrast_limits=limits)
    assert bench.session.volume.image is not None
    bench.prepare(1, 2, 3)
    assert (np.asarray(bench.session.view.prediction.data) == scene.truth).mean() > 0.97
    bench.session.delivery.finish()
    bench.settle()
    assert (bench.session.view.final.data == scene.truth).mean() > 0.97
    assert told == []


def test_voxels_that_are_no_numbers(
    open_bench: Callable[..., Any], scene: Any, told: list[str]
) -> None:
    values = scene.image.astype(np.float32)
    values[:, :8] = np.nan
    values[0, 10, 10] = np.inf
    bench = open_bench(values, contrast_limits=(0, 255))
    bench.prepare(1, 2, 3)
    known = np.isfinite(values)
    labels = np.asarray(bench.session.view.prediction.data)
    assert (labels == scene.truth)[known].mean() > 0.95
    bench.session.delivery.finish()
    bench.settle()
    assert not bench.session.view.final.data[~known].any()
    assert told == []


def test_a_finish_that_is_cancelled_leaves_the_one_before(
    open_bench: Callable[..., Any], scene: Any
) -> None:
    bench = open_bench(scene.image, contrast_limits=(0, 255))
    bench.prepare(1, 2, 3)
    session, delivery = bench.session, bench.session.delivery
    delivery.finish()
    bench.settle()
    first, model = delivery.finishing.finished, delivery.finishing.finished.segmenter.model()
    assert delivery.is_finished
    session.choose(replace(session.parameters, refinement=RefinementParameters(0.25)))
    bench.settle()
    delivery.finish()
    bench.settle()
    second = delivery.finishing.finished
    assert second is not first
    assert delivery.is_finished
    session.choose(replace(session.parameters, refinement=RefinementParameters(0.5)))
    bench.settle()
    delivery.finish()
    delivery.finishing.cancel()
    end_of_all_work(bench)
    assert delivery.finishing.finished is second
    assert not delivery.is_finished  # they are of another strength
    assert second.segmenter.parameters.refinement.strength == 0.25
    assert first.segmenter.model().parameters == model.parameters
    session.choose(replace(session.parameters, refinement=RefinementParameters(0.25)))
    assert delivery.is_finished


def test_several_resolutions(open_bench: Callable[..., Any], scene: Any) -> None:
    levels = [scene.image, scene.image[:, ::2, ::2]]
    bench = open_bench(levels, multiscale=True, contrast_limits=(0, 255))
    assert finest_data(bench.session.volume.image).shape == scene.shape
    bench.prepare(1, 2, 3)
    assert (np.asarray(bench.session.view.prediction.data) == scene.truth).mean() > 0.97


def test_scale_translation_and_units(open_bench: Callable[..., Any], scene: Any) -> None:
    bench = open_bench(scene.image, scale=(80, 40, 40), translate=(100, -50, 7), units=("nm",) * 3)
    source = bench.session.volume.source
    assert (source.spacing, source.unit) == ((80, 40, 40), "nm")
    bench.prepare(1, 2, 3)
    assert bench.session.preparation.prepared.segmenter.spacing == (80, 40, 40)
    prediction = bench.session.view.prediction
    np.testing.assert_allclose(prediction.data_to_world((1, 1, 1)), (180, -10, 47))


@pytest.mark.parametrize(
    "values",
    [np.full((8, 16, 16), 7, np.uint8), np.full((8, 16, 16), np.nan, np.float32)],
    ids=["constant", "no numbers"],
)
def test_volumes_without_anything_in_them(
    open_bench: Callable[..., Any], values: np.ndarray, told: list[str]
) -> None:
    bench = open_bench(values, contrast_limits=(0, 255))
    bench.session.extent.prepare()
    bench.settle()
    assert len(told) == 1, told
    assert bench.session.preparation.prepared is None
    assert not bench.session.preparation.is_running


def test_a_volume_of_one_voxel(open_bench: Callable[..., Any], told: list[str]) -> None:
    bench = open_bench(np.ones((1, 1, 1), np.uint8), contrast_limits=(0, 2))
    bench.session.extent.prepare()
    bench.settle()
    assert len(told) == 1, told
    assert bench.session.preparation.prepared is None
    assert not bench.session.preparation.is_running


def test_a_file_that_fails_while_it_is_read(
    open_bench: Callable[..., Any], scene: Any, told: list[str]
) -> None:
    class Broken:
        shape, dtype, ndim, size = scene.shape, scene.image.dtype, 3, scene.image.size
        is_broken = False

        def __len__(self) -> int:
            return self.shape[0]

        def __getitem__(self, key: Any) -> np.ndarray:
            if self.is_broken:
                raise OSError("the disk was unplugged")
            return scene.image[key]

    volume = Broken()
    bench = open_bench(volume, contrast_limits=(0, 255))
    bench.paint(1, 2)
    volume.is_broken = True
    bench.session.extent.prepare()
    bench.settle()
    assert set(told) == {"the disk was unplugged"}  # preparing, and beginning the project
    volume.is_broken = False
    bench.prepare()
    assert bench.session.view.result is not None


# -------------------------------------------------------------------------------- several windows


def test_two_viewers_at_once(open_bench: Callable[..., Any], scene: Any) -> None:
    first, second = open_bench(scene.image), open_bench(scene.image[:, :, ::-1].copy())
    first.session.extent.prepare()
    second.session.extent.prepare()
    first.paint(1, 2, 3)
    second.paint(1, 3)
    first.settle()
    second.settle()
    assert first.session.view.result.class_ids == (1, 2, 3)
    assert second.session.view.result.class_ids == (1, 3)
    assert (np.asarray(first.session.view.prediction.data) == scene.truth).mean() > 0.97
    first.session.classes.change(1, name="mine")
    assert second.session.classes[1].name == "background"
    first.viewer.layers.clear()
    second.strokes.undo()
    second.settle()
    assert second.session.live.scan.counts == {1: 1}
