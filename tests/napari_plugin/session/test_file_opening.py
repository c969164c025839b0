"""Files come into the window: what they hold is asked, what is wrong is told, nothing piles up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.layers import Labels
from supervox.napari_plugin.io.readers import read_layers
from supervox.napari_plugin.layers.make_layers import role_of
from supervox.napari_plugin.tasks.jobs import finish_files
from supervox.volumes import write_volume

from tests.napari_plugin.pictures import COLUMNS, ROWS, write


@pytest.fixture
def empty(open_bench: Any) -> Any:
    return open_bench()


def opened(bench: Any, path: Path | str) -> Any:
    """Open a file as far as no person is needed."""
    bench.session.opening.open(str(path))
    bench.until(lambda: not bench.session.opening.reading.is_running)
    return bench.session


def names(bench: Any) -> list[str]:
    return [layer.name for layer in bench.viewer.layers]


def test_a_file_is_read_beside_the_window(empty: Any, tmp_path: Path) -> None:
    empty.session.opening.open(str(write(tmp_path, "grey.png")))
    assert empty.session.opening.reading.job.description == "Opening grey.png"
    empty.until(lambda: empty.session.volume.image is not None)
    assert names(empty) == ["grey", "strokes"]


def test_time_points_are_looked_at_before_one_is_chosen(empty: Any, tmp_path: Path) -> None:
    session = opened(empty, write(tmp_path, "tyx.tif"))
    question = session.opening.question
    assert question.text == "tyx.tif holds 6 time points. Which is meant?"
    empty.until(lambda: names(empty) == ["preview of tyx"])
    assert empty.viewer.layers[0].data.shape == (6, ROWS, COLUMNS)
    assert session.volume.image is None, "a preview is not worked on"
    session.opening.look(3)
    empty.until(lambda: empty.viewer.layers and empty.viewer.layers[0].data.ndim == 2)
    session.opening.answer()
    assert names(empty) == ["tyx", "strokes"]
    assert session.volume.source.full_shape == (1, ROWS, COLUMNS)
    assert session.opening.question is None


def test_a_person_wants_none_of_it(empty: Any, tmp_path: Path) -> None:
    first = opened(empty, write(tmp_path, "grey.png")).volume.image
    session = opened(empty, write(tmp_path, "tyx.tif"))
    empty.until(lambda: "preview of tyx" in names(empty))
    assert not first.visible
    session.opening.cancel()
    assert names(empty) == ["grey", "strokes"]
    assert first.visible
    assert session.opening.question is None


def test_an_array_of_unnamed_axes_is_asked_about_twice_at_most(empty: Any, tmp_path: Path) -> None:
    session = opened(empty, write(tmp_path, "four.npy"))
    texts = [option.text for option in session.opening.question.options]
    session.opening.look(next(k for k, text in enumerate(texts) if "(second axis)" in text))
    session.opening.answer()
    empty.until(lambda: session.volume.image is not None)
    assert len(session.volume.channel_layers()) == 2
    assert session.volume.source.full_shape == (4, ROWS, COLUMNS)


def test_one_of_several_data_sets(empty: Any, tmp_path: Path) -> None:
    session = opened(empty, write(tmp_path, "two.h5"))
    assert session.opening.question.text == "two.h5 holds 2 volumes. Which is meant?"
    session.opening.look(1)
    session.opening.answer()
    empty.until(lambda: session.volume.image is not None)
    expected = read_layers(f"{tmp_path / 'two.h5'}::/raw")[0][0]
    np.testing.assert_array_equal(session.volume.image.data, expected)


@pytest.mark.parametrize("name", ["cyx.tif", "zcyx.tif", "rgb.tif", "rgb.png", "photo.jpg"])
def test_all_channels_are_used(empty: Any, tmp_path: Path, name: str) -> None:
    session = opened(empty, write(tmp_path, name))
    empty.settle()
    source = session.volume.source
    assert len(source.channels) == 2
    assert [role_of(layer) for layer in empty.viewer.layers] == [None] * 3 + ["annotations"]
    columns = session.preparation.prepared.segmenter.partitions[0].table.values.shape[1]
    session.volume.use_channels(False)
    session.extent.prepare()
    empty.settle()
    assert columns == 3 * session.preparation.prepared.segmenter.partitions[0].table.values.shape[1]
    assert [layer.visible for layer in session.volume.channel_layers()] == [False, False]


def test_channels_are_gone_on_with(empty: Any, tmp_path: Path, open_bench: Any) -> None:
    session = opened(empty, write(tmp_path, "zcyx.tif"))
    mask = np.zeros(session.painting.voxels.shape, bool)
    mask[1, 30:34, 38:42] = True
    empty.paint_voxels(mask, 1)
    empty.until(lambda: session.autosave.project is not None)
    session.autosave.save_as(tmp_path / "cell.supervox")
    empty.settle()
    channels = session.autosave.project.settings.channels
    assert [channel.inside for channel in channels] == ["c=1", "c=2"]
    session.close()
    again = open_bench()
    again.session.autosave.open(tmp_path / "cell.supervox")
    again.until(lambda: again.session.volume.image is not None)
    again.settle()
    assert len(again.session.volume.source.channels) == 2
    again.session.volume.use_channels(False)
    again.until(lambda: not again.session.autosave.project.settings.channels)


def test_a_file_that_is_damaged_stays_told(empty: Any, tmp_path: Path) -> None:
    (tmp_path / "cut.mrc").write_bytes(b"123")
    session = opened(empty, tmp_path / "cut.mrc")
    assert "is cut short" in session.opening.problem.text
    assert session.opening.problem.is_of_file
    opened(empty, write(tmp_path, "grey.png"))
    assert session.opening.problem is None


def test_what_failed_is_told_until_it_succeeds(empty: Any, tmp_path: Path) -> None:
    session = opened(empty, write(tmp_path, "grey.png"))
    exporting, saving = session.delivery.exporting, session.delivery.objects.saving
    exporting.failed.emit(OSError("the disk is full"))
    saving.succeeded.emit(tmp_path / "objects.csv")
    assert "the disk is full" in session.opening.problem.text
    exporting.succeeded.emit(tmp_path / "labels.tif")
    assert session.opening.problem is None


def test_opening_can_be_stopped(empty: Any, tmp_path: Path) -> None:
    empty.session.opening.open(str(write(tmp_path, "grey.png")))
    empty.session.opening.cancel()
    empty.until(lambda: not empty.session.opening.reading.is_running)
    assert names(empty) == []


def test_the_next_volume_takes_the_place_of_the_one_before(empty: Any, tmp_path: Path) -> None:
    session = opened(empty, write(tmp_path, "zcyx.tif"))
    session.classes.add()
    mask = np.zeros(session.painting.voxels.shape, bool)
    mask[1, 30:34, 38:42] = True
    empty.paint_voxels(mask, 1)
    empty.until(lambda: session.autosave.project is not None)
    folder = session.autosave.folder
    classes = list(session.classes)
    opened(empty, write(tmp_path, "grey.png"))
    assert names(empty) == ["grey", "strokes"]
    assert not session.painting.voxels.any()
    assert list(session.classes) == classes
    assert session.next.offers[0].text.startswith("zcyx channel 0 is closed")
    assert folder in [Path(entry.folder) for entry in session.autosave.recent.entries()]
    assert len({str(layer.units) for layer in empty.viewer.layers}) == 1


def test_labels_are_added_to_what_there_is(empty: Any, tmp_path: Path) -> None:
    session = opened(empty, write(tmp_path, "grey.png"))
    image = session.volume.image
    path = tmp_path / "labels.tif"
    write_volume(path, np.ones((1, ROWS, COLUMNS), np.uint8))
    session.opening.open(str(path), "labels")
    empty.until(lambda: "labels" in names(empty))
    assert session.volume.image is image


def test_an_image_that_is_added_lies_under_strokes_and_can_be_worked_on(bench: Any) -> None:
    other = bench.viewer.add_image(np.zeros((4, 8, 9), np.float32), name="other")
    bench.until(lambda: names(bench) == ["scene", "other", "strokes"])
    (offer,) = bench.session.next.offers
    assert offer.action == "Work on other instead"
    bench.viewer.layers.remove(other)
    assert not bench.session.next.offers
    other = bench.viewer.add_image(np.zeros((4, 8, 9), np.float32), name="other")
    bench.until(lambda: bench.session.next.offers)
    bench.session.next.accept(0)
    assert bench.session.volume.image is other
    assert names(bench) == ["other", "strokes"]
    assert bench.session.next.offers == () or bench.session.next.offers[0].action != offer.action


def test_results_lie_above_every_image(bench: Any, scene: Any) -> None:
    bench.prepare(1, 2, 3)
    bench.viewer.add_image(scene.image, name="other")
    bench.until(lambda: bench.session.view.result is not None)
    bench.until(lambda: names(bench)[:2] == ["scene", "other"])
    assert all(isinstance(layer, Labels) for layer in bench.viewer.layers[2:])


def test_what_takes_seconds_is_prepared_by_itself(empty: Any, tmp_path: Path) -> None:
    session = opened(empty, write(tmp_path, "zcyx.tif"))
    assert session.extent.began_by_itself
    empty.settle()
    assert session.preparation.prepared is not None
    assert session.next.offers[0].action == "Set the voxel size"
    session.extent.set_spacing((5.0, 1.0, 1.0), "nm")
    assert not session.next.offers, "the size is set"
    empty.settle()
    assert session.preparation.prepared.source.spacing == (5.0, 1.0, 1.0)


def test_a_voxel_size_keeps_plane_and_zoom(bench: Any) -> None:
    viewer, volume = bench.viewer, bench.session.volume
    viewer.dims.set_point(0, 11)
    viewer.scene.camera.center, viewer.scene.camera.zoom = (0, 20, 30), 8.0
    volume.set_spacing((50.0, 4.0, 4.0), "nm")
    assert volume.image.world_to_data(viewer.dims.point)[0] == pytest.approx(11)
    assert viewer.scene.camera.center[1:] == pytest.approx((80, 120))
    assert viewer.scene.camera.zoom == pytest.approx(2.0)
    assert viewer.canvas.overlays.scale_bar.visible


@pytest.fixture
def kept(open_bench: Any, tmp_path: Path) -> Path:
    """Leave a project behind."""
    bench = open_bench()
    session = opened(bench, write(tmp_path, "grey.png"))
    mask = np.zeros(session.painting.voxels.shape, bool)
    mask[10:14, 12:16] = True
    bench.paint_voxels(mask, 1)
    bench.until(lambda: session.autosave.project is not None)
    folder: Path = session.autosave.folder
    bench.settle()
    session.choose_image(None)
    finish_files()
    return folder


def test_a_project_takes_the_question_of_a_file_away(
    kept: Path, open_bench: Any, tmp_path: Path
) -> None:
    bench = open_bench()
    session = opened(bench, write(tmp_path, "tyx.tif"))
    bench.until(lambda: names(bench) == ["preview of tyx"])
    session.autosave.open(kept)
    bench.until(lambda: session.autosave.project is not None)
    bench.settle()
    assert session.opening.question is None
    assert names(bench) == ["grey", "strokes"]
    assert bench.layer("grey").visible


def test_the_last_that_was_asked_for_is_opened(kept: Path, open_bench: Any, tmp_path: Path) -> None:
    bench = open_bench()
    session, file = bench.session, str(write(tmp_path, "rgb.png"))
    session.opening.open(file)
    session.autosave.open(kept)
    bench.until(lambda: session.autosave.project is not None)
    bench.settle()
    assert session.volume.image.name == "grey"
    session.choose_image(None)
    bench.viewer.layers.clear()
    finish_files()
    session.autosave.open(kept)
    session.opening.open(file)
    bench.until(lambda: session.volume.image is not None)
    bench.settle()
    assert session.volume.image.name.startswith("rgb")
    assert session.autosave.project is None
