"""One viewer's segmentation: voxel size, box, place, finishing and exporting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from supervox.features import PRESETS
from supervox.napari_plugin.layers.make_layers import role_of
from supervox.napari_plugin.layers.source import spacing_of
from supervox.napari_plugin.session.session import Session
from supervox.napari_plugin.session.snapshot import dock_state
from supervox.napari_plugin.session.view_choices import Shown
from supervox.napari_plugin.settings import Settings
from supervox.napari_plugin.tasks import resources
from supervox.napari_plugin.tasks.exporting import ExportKind
from supervox.segmentation import (
    RefinementParameters,
    SegmentationParameters,
    SupervoxelParameters,
    segment,
)
from supervox.volumes import open_volume

BOX = (slice(4, 12), slice(0, 40), slice(8, 48))


def test_an_empty_viewer(open_bench: Callable[..., Any]) -> None:
    session = open_bench().session
    assert session.volume.image is None
    assert session.volume.source is None
    assert session.volume.images() == []
    session.extent.prepare()
    session.delivery.finish()
    session.preview.show_slice()
    session.preview.show_channel("raw")
    session.questions.look_on()
    session.use_tool("regions")
    session.strokes.bring_back()
    session.volume.set_spacing((1, 1, 1), "nm")
    assert not session.delivery.can_export(ExportKind.STROKES)
    assert session.volume.slice_in_view() is None


def test_the_first_image_that_will_do_is_taken(open_bench: Callable[..., Any], scene: Any) -> None:
    bench = open_bench()
    bench.viewer.add_image(np.zeros((3, 4, 5, 6)), name="movie")
    bench.viewer.add_labels(np.zeros((4, 5), int), name="labels")
    assert bench.session.volume.image is None
    bench.viewer.add_image(scene.image, name="volume")
    assert bench.session.volume.image is bench.layer("volume")
    bench.viewer.add_image(scene.image, name="another")
    assert bench.session.volume.image is bench.layer("volume")
    assert [image.name for image in bench.session.volume.images()] == ["volume", "another"]


def test_preferences_are_the_start(qtbot: Any, scene: Any) -> None:
    settings = Settings(
        live=False, preset="fast", supervoxel_size=6.0, brush_size=11, prediction_opacity=0.7
    )
    session = Session(ViewerModel(), settings)
    session.viewer.add_image(scene.image)
    assert not session.live.is_live
    assert session.parameters.features == PRESETS["fast"]
    assert session.parameters.supervoxels.size_voxels == 6
    assert session.painting.layer.brush_size == 11
    assert session.view.choices.opacity == 0.7
    session.close()
    assert Settings(preset="of tomorrow").parameters == SegmentationParameters()


# ------------------------------------------------------------------------------------ voxel size


@pytest.mark.parametrize("rotate", [(0, 0, 0), (0, 0, 30), (20, -30, 40)])
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing is being requested:UserWarning")
def test_another_voxel_size_moves_all_layers_together(
    open_bench: Callable[..., Any], scene: Any, rotate: tuple[float, ...]
) -> None:
    bench = open_bench(
        scene.image, scale=(2, 3, 4), translate=(5, 6, 7), units=("um",) * 3, rotate=rotate
    )
    session = bench.session
    session.volume.set_box(BOX)
    bench.prepare(1, 2, 3)
    session.view.choose(shown=Shown.PROBABILITY, class_id=1)
    session.view.outline_supervoxels(True)
    session.delivery.finish()
    bench.settle()
    stranger = bench.viewer.add_labels(np.zeros((3, 3, 3), int), translate=(1, 2, 3))
    bench.viewer.layers.remove(stranger)
    session.volume.set_spacing((40, 10, 20), "nm")
    assert spacing_of(session.volume.image) == ((40, 10, 20), "nm")
    view = session.view
    for layer in (view.prediction, view.map, view.supervoxels, session.view.final):
        assert str(layer.units[0]) == "nanometer"
        for voxel in ((0, 0, 0), (1, 2, 3), (7, 30, 20)):
            there = session.volume.image.data_to_world(np.add(voxel, (4, 0, 8)))
            np.testing.assert_allclose(layer.data_to_world(voxel), there, atol=1e-6)
    for voxel in ((0, 0, 0), (7, 30, 20)):
        np.testing.assert_allclose(
            bench.strokes.data_to_world(voxel), session.volume.image.data_to_world(voxel), atol=1e-6
        )


def test_layers_of_others_stay_where_they_are(bench: Any) -> None:
    other = bench.viewer.add_labels(np.zeros((3, 3, 3), int), translate=(1, 2, 3), name="other")
    bench.session.volume.set_spacing((4, 2, 2), "nm")
    np.testing.assert_array_equal(other.translate, (1, 2, 3))
    np.testing.assert_array_equal(other.scale, (1, 1, 1))


def test_the_voxel_size_of_an_image_with_an_affine(
    open_bench: Callable[..., Any], scene: Any
) -> None:
    bench = open_bench(scene.image, scale=(2, 1, 1), affine=np.diag([5.0, 1, 1, 1]))
    assert bench.session.volume.source.spacing == (10, 1, 1)
    bench.session.volume.set_spacing((40, 10, 20), "nm")
    assert spacing_of(bench.session.volume.image) == ((40, 10, 20), "nm")
    for voxel in ((0, 0, 0), (7, 30, 20)):
        there = bench.session.volume.image.data_to_world(voxel)
        np.testing.assert_allclose(bench.strokes.data_to_world(voxel), there, atol=1e-6)


def test_another_voxel_size_asks_for_preparing_again(bench: Any) -> None:
    bench.prepare(1, 2)
    bench.session.volume.set_spacing((4, 1, 1), "nm")
    assert bench.session.extent.is_out_of_date
    assert bench.session.view.result is not None
    bench.session.volume.set_spacing((1, 1, 1), None)
    assert not bench.session.extent.is_out_of_date


def test_the_voxel_size_of_a_picture(open_bench: Callable[..., Any], scene: Any) -> None:
    bench = open_bench(scene.image[8])
    bench.session.volume.set_spacing((1, 2, 3), "nm")
    assert tuple(bench.session.volume.image.scale) == (2, 3)
    assert tuple(bench.strokes.scale) == (2, 3)


# ----------------------------------------------------------------------------------- out of date


def test_what_makes_the_preparation_out_of_date(bench: Any) -> None:
    session = bench.session
    bench.prepare()
    assert not session.extent.is_out_of_date
    chosen = session.parameters
    for changed in (
        replace(chosen, supervoxels=SupervoxelParameters(5.0)),
        replace(chosen, supervoxels=SupervoxelParameters(compactness=7.0)),
        replace(chosen, features=replace(chosen.features, sigmas_voxels=(1, 2))),
    ):
        session.choose(changed)
        assert session.extent.is_out_of_date
        session.choose(chosen)
        assert not session.extent.is_out_of_date
    session.choose(replace(chosen, refinement=RefinementParameters(0.3)))
    assert not session.extent.is_out_of_date
    session.volume.set_box(BOX)
    assert session.extent.is_out_of_date
    session.volume.set_box(None)
    assert not session.extent.is_out_of_date
    session.volume.image.data = session.volume.image.data + 1
    assert session.extent.is_out_of_date


def test_strokes_stay_when_the_size_changes(bench: Any) -> None:
    bench.prepare(1, 2, 3)
    session = bench.session
    strokes = bench.strokes.data.copy()
    before = session.view.prediction
    session.choose(replace(session.parameters, supervoxels=SupervoxelParameters(5.0)))
    assert session.extent.is_out_of_date
    assert session.view.prediction is before
    session.extent.prepare()
    bench.settle()
    np.testing.assert_array_equal(bench.strokes.data, strokes)
    assert session.view.result.class_ids == (1, 2, 3)


# ------------------------------------------------------------------------------------ the slice


@pytest.mark.parametrize(
    ("order", "axis"), [((0, 1, 2), 0), ((1, 0, 2), 1), ((2, 0, 1), 2), ((2, 1, 0), 2)]
)
def test_the_slice_in_view(
    open_bench: Callable[..., Any], scene: Any, order: tuple[int, ...], axis: int
) -> None:
    bench = open_bench(scene.image, scale=(2, 3, 4), translate=(50, 60, 70))
    bench.viewer.dims.order = order
    bench.viewer.dims.set_point(axis, (50, 60, 70)[axis] + 10 * (2, 3, 4)[axis])
    expected = [slice(0, n) for n in scene.shape]
    expected[axis] = slice(10, 11)
    assert bench.session.volume.slice_in_view() == tuple(expected)
    bench.viewer.dims.ndisplay = 3
    assert bench.session.volume.slice_in_view() is None


def test_the_slice_in_view_of_a_box(bench: Any) -> None:
    bench.session.volume.set_box(BOX)
    bench.viewer.dims.set_current_step(0, 10)
    assert bench.session.volume.slice_in_view() == (slice(6, 7), slice(0, 40), slice(0, 40))
    bench.viewer.dims.set_current_step(0, 2)
    assert bench.session.volume.slice_in_view() is None


def test_the_slice_in_view_beside_a_layer_of_more_axes(bench: Any) -> None:
    bench.viewer.add_image(np.zeros((2, 16, 40, 48)), name="movie")
    bench.viewer.dims.set_current_step(1, 9)
    assert bench.session.volume.slice_in_view() == (slice(9, 10), slice(0, 40), slice(0, 48))


# -------------------------------------------------------------------------------------- previews


def test_outlines_on_the_slice_before_preparing(bench: Any) -> None:
    bench.viewer.dims.set_current_step(0, 5)
    bench.session.preview.show_slice()
    bench.settle()
    layer = bench.layer("preview of regions")
    assert layer.data.shape == (1, 40, 48)
    assert 0.1 < np.mean(layer.data) < 0.9
    np.testing.assert_allclose(
        layer.data_to_world((0, 1, 2)), bench.session.volume.image.data_to_world((5, 1, 2))
    )
    bench.prepare()
    assert layer not in bench.viewer.layers


def test_a_feature_on_the_slice(bench: Any, scene: Any) -> None:
    bench.session.volume.set_box(BOX)
    bench.viewer.dims.set_current_step(0, 5)
    bench.session.preview.show_channel("gaussian_sigma_2")
    bench.settle()
    layer = bench.layer("gaussian_sigma_2")
    assert layer.data.shape == (1, 40, 40)
    np.testing.assert_allclose(
        layer.data_to_world((0, 0, 0)), bench.session.volume.image.data_to_world((5, 0, 8))
    )
    means = [layer.data[0][:, scene.truth[0, 0, 8:] == k].mean() for k in (1, 2, 3)]
    assert means == sorted(means)
    bench.session.preview.show_channel("raw")
    bench.settle()
    assert layer not in bench.viewer.layers
    assert bench.layer("raw").data.shape == (1, 40, 40)


# ----------------------------------------------------------------------------- finish and export


def test_final_labels(bench: Any, scene: Any) -> None:
    bench.prepare(1, 2, 3)
    session = bench.session
    session.delivery.finish()
    bench.settle()
    assert session.delivery.is_finished
    expected = segment(scene.image, bench.strokes.data, parameters=session.parameters).labels
    np.testing.assert_array_equal(session.view.final.data, expected)
    assert session.view.final.data.dtype == np.uint8
    assert role_of(session.view.final) == "final"
    assert not session.view.prediction.visible
    first = session.view.final
    bench.strokes.undo()
    bench.settle()
    assert not session.delivery.is_finished
    assert session.view.final is first
    session.delivery.finish()
    bench.settle()
    assert first not in bench.viewer.layers
    assert set(np.unique(session.view.final.data)) == {1, 2}


def test_exporting_computes_the_final_labels_first(bench: Any, tmp_path: Path) -> None:
    bench.prepare(1, 2)
    path = tmp_path / "labels.tif"
    bench.session.delivery.export(ExportKind.LABELS, path)
    assert bench.session.delivery.finishing.is_running
    bench.settle()
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data[:], bench.session.view.final.data)
    assert bench.session.delivery.written.path == path


@pytest.mark.parametrize("end", ["cancelled", "failed"])
def test_an_export_that_was_given_up_is_not_made_up_for(
    bench: Any, tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    bench.prepare(1, 2)
    session, path = bench.session, tmp_path / "labels.tif"
    if end == "failed":
        inner = resources.Segmenter

        def fail(*_: object, **__: object) -> None:
            raise MemoryError("out of memory")

        monkeypatch.setattr(resources, "Segmenter", fail)
        session.delivery.export(ExportKind.LABELS, path)
        bench.settle()
        monkeypatch.setattr(resources, "Segmenter", inner)
        assert "enough memory" in told[0]
    else:
        session.delivery.export(ExportKind.LABELS, path)
        session.delivery.finishing.cancel()
    session.delivery.finish()
    bench.settle()
    assert session.delivery.is_finished
    assert list(tmp_path.iterdir()) == []


def test_strokes_need_no_preparation(bench: Any, scene: Any, tmp_path: Path) -> None:
    bench.paint(1)
    bench.settle()
    assert bench.session.delivery.can_export(ExportKind.STROKES)
    assert not bench.session.delivery.can_export(ExportKind.LABELS)
    bench.session.delivery.export(ExportKind.STROKES, tmp_path / "strokes.tif")
    bench.settle()
    with open_volume(tmp_path / "strokes.tif") as volume:
        np.testing.assert_array_equal(volume.data[:], bench.strokes.data)


def test_a_file_that_cannot_be_written(bench: Any, tmp_path: Path, told: list[str]) -> None:
    bench.paint(1)
    bench.settle()
    bench.session.delivery.export(ExportKind.STROKES, tmp_path / "nowhere" / "strokes.tif")
    bench.settle()
    assert len(told) == 1
    assert "nowhere" in told[0]
    assert bench.session.delivery.written is None


def test_classes_that_the_labels_lack_are_not_written(bench: Any, tmp_path: Path) -> None:
    bench.prepare(1, 2)
    bench.session.classes.add("empty")
    path = tmp_path / "labels.tif"
    bench.session.delivery.export(ExportKind.LABELS, path)
    bench.settle()
    with open_volume(path) as volume:
        assert [item.name for item in volume.classes] == ["background", "structure"]


def test_a_picture_from_start_to_file(
    open_bench: Callable[..., Any], scene: Any, tmp_path: Path
) -> None:
    bench = open_bench(scene.image[8], scale=(2, 2), units=("nm", "nm"))
    mask = np.zeros(scene.shape[1:], bool)
    for class_id in (1, 2, 3):
        mask[:] = False
        mask[scene.stroke(class_id)[1:]] = True
        bench.paint_voxels(mask, class_id)
    bench.session.extent.prepare()
    bench.settle()
    assert (np.asarray(bench.session.view.prediction.data) == scene.truth[8]).mean() > 0.9
    bench.session.delivery.export(ExportKind.LABELS, tmp_path / "labels.tif")
    bench.settle()
    assert bench.session.view.final.data.shape == (40, 48)
    with open_volume(tmp_path / "labels.tif") as volume:
        np.testing.assert_array_equal(volume.data[:][0], bench.session.view.final.data)
        assert volume.spacing[1:] == (2, 2)


def test_strokes_that_came_with_the_image_are_looked_for(
    open_bench: Callable[..., Any], scene: Any
) -> None:
    bench = open_bench(scene.image)
    strokes = np.zeros(scene.shape, np.uint8)
    strokes[3, 10:14, 10:14] = 1
    strokes[12, 10:18, 10:14] = 2
    metadata = {"supervox": {"role": "annotations"}}
    bench.viewer.add_labels(strokes, metadata=metadata)
    bench.settle()
    assert bench.session.painting.voxels is strokes
    assert bench.viewer.dims.current_step[0] == 12
    bench.viewer.dims.set_current_step(0, 5)
    bench.paint(1)
    bench.settle()
    assert bench.viewer.dims.current_step[0] == 5


def test_help_names_our_keys(bench: Any) -> None:
    bench.viewer.layers.selection.active = bench.strokes
    for mode in ("erase", "paint", "fill"):
        bench.strokes.mode = mode
        assert bench.viewer.help.startswith("1 to 9 choose a class")


def test_a_scale_bar_where_the_unit_is_known(open_bench: Callable[..., Any], scene: Any) -> None:
    assert not open_bench(scene.image).viewer.canvas.overlays.scale_bar.visible
    bench = open_bench(scene.image, scale=(40, 40, 40), units=("nm",) * 3)
    assert bench.viewer.canvas.overlays.scale_bar.visible


def test_a_file_that_is_older_than_the_labels_is_told(bench: Any, tmp_path: Path) -> None:
    """Until it is written again, or the labels are those of then by undo."""
    delivery, classes = bench.session.delivery, bench.session.classes
    bench.prepare(1, 2)
    delivery.export(ExportKind.LABELS, tmp_path / "labels.tif")
    bench.settle()
    assert not delivery.written.is_old
    bench.paint(3)
    bench.settle()
    assert delivery.written.is_old
    bench.session.painting.undo()
    bench.settle()
    assert not delivery.written.is_old
    classes.change(2, name="cell")  # names are in the file
    assert delivery.written.is_old
    classes.change(2, name="structure")
    bench.paint(3)
    bench.settle()
    delivery.finish()
    bench.settle()
    assert delivery.is_finished
    assert delivery.written.is_old
    assert dock_state(bench.session).export.written.is_old
    delivery.export(ExportKind.STROKES, tmp_path / "strokes.tif")
    bench.settle()
    assert not delivery.written.is_old
    bench.session.painting.undo()
    bench.settle()
    assert delivery.written.is_old


def test_probability_opens_on_the_class_that_is_painted(bench: Any) -> None:
    bench.prepare(1, 2)
    view = bench.session.view
    bench.session.classes.selected = 2
    view.choose(shown=Shown.PROBABILITY)
    assert view.choices.class_id == 2
    assert view.map.name == "probability"
    view.choose(shown=Shown.UNCERTAINTY)
    assert view.map.name == "unsure"
