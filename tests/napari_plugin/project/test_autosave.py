"""Projects in the window: begun by a stroke, closed, opened again, copied, moved, shared."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from supervox.napari_plugin.project import restoring
from supervox.napari_plugin.project.recent import RecentProjects
from supervox.napari_plugin.session.file_opening import ReadFile
from supervox.napari_plugin.session.snapshot import project_state
from supervox.napari_plugin.session.view_choices import Shown
from supervox.napari_plugin.tasks import jobs
from supervox.napari_plugin.tasks.exporting import ExportKind
from supervox.napari_plugin.tasks.resources import Resources
from supervox.napari_plugin.widgets.project_bar import save_text
from supervox.napari_plugin.widgets.recent_list import RecentList
from supervox.project import Project, ProjectError, VoxelChange, is_held
from supervox.segmentation import RefinementParameters, SegmentationError, load_model
from supervox.volumes import write_volume

SPACING = (60.0, 30.0, 30.0)


@pytest.fixture
def open_file(open_bench: Callable[..., Any], scene: Any, tmp_path: Path) -> Callable[[], Any]:
    """Open the scene from a file."""
    path = tmp_path / "cell.tif"
    write_volume(path, scene.image, spacing=SPACING, unit="nm", kind="image")

    def open_one() -> Any:
        from napari.layers import Layer
        from supervox.napari_plugin.io.readers import read_layers

        bench = open_bench()
        for layer in read_layers(str(path), "volume"):
            bench.viewer.layers.append(Layer.create(*layer))
        return bench

    return open_one


def close(bench: Any) -> None:
    bench.session.close()
    jobs.finish_files()


def open_project(bench: Any, folder: Path, **how: Any) -> None:
    bench.session.autosave.open(folder, **how)
    bench.until(lambda: bench.session.autosave.project is not None)
    bench.settle()


def test_nothing_is_written_before_the_first_stroke(bench: Any, home: Path) -> None:
    bench.session.extent.prepare()
    bench.settle()
    close(bench)
    assert not home.exists()
    assert save_text(project_state(bench.session)) == ("Strokes are saved as you paint", False)


def test_a_stroke_begins_a_project(open_file: Any, home: Path) -> None:
    bench = open_file()
    bench.paint(1)
    bench.settle()
    project = bench.session.autosave.project
    assert project.folder.parent == home
    assert project.folder.name.startswith("cell-")
    assert Path(project.settings.volume.absolute).name == "cell.tif"
    assert project.settings.spacing == SPACING
    project.annotations.flush()
    text, is_bad = save_text(project_state(bench.session))
    assert text == "● All strokes saved just now"
    assert not is_bad
    strokes = bench.strokes.data.copy()
    close(bench)
    with Project.open(project.folder, read_only=True) as kept:
        np.testing.assert_array_equal(kept.annotations.voxels, strokes)
        assert [item.name for item in kept.annotations.classes] == ["background", "structure"]


def test_undo_reaches_into_the_time_before(open_file: Any, open_bench: Callable[..., Any]) -> None:
    first = open_file()
    first.paint(1)
    first.settle()
    one = first.strokes.data.copy()
    first.paint(2)
    first.settle()
    two = first.strokes.data.copy()
    folder = first.session.autosave.project.folder
    first.session.classes.change(2, name="lipid", colour="#123456", locked=True)
    close(first)

    second = open_bench()
    open_project(second, folder)
    np.testing.assert_array_equal(second.strokes.data, two)
    assert second.session.volume.image.name == "cell"
    item = second.session.classes[2]
    assert (item.name, item.colour, item.locked) == ("lipid", "#123456", True)
    second.session.classes.change(2, locked=False)
    second.settle()
    second.session.painting.undo()
    np.testing.assert_array_equal(second.strokes.data, one)
    second.settle()
    second.session.painting.undo()
    assert not second.strokes.data.any()
    second.session.painting.redo()
    second.session.painting.redo()
    np.testing.assert_array_equal(second.strokes.data, two)


def test_the_classes_of_the_project_before_stay_its_own(
    open_file: Any, open_bench: Callable[..., Any], scene: Any
) -> None:
    other = open_bench(scene.image, name="other")
    other.paint(1)
    other.settle()
    other.session.classes.change(1, name="lumen")
    its_folder = other.session.autosave.project.folder
    close(other)
    bench = open_file()
    bench.paint(1)
    bench.settle()
    bench.session.classes.change(1, name="cytosol")
    folder = bench.session.autosave.project.folder
    bench.session.autosave.open(its_folder)
    bench.until(lambda: bench.session.autosave.folder == its_folder)
    bench.settle()
    assert bench.session.classes[1].name == "lumen"
    jobs.finish_files()
    with Project.open(folder, read_only=True) as kept:
        assert kept.annotations.classes[0].name == "cytosol"


def _parameters(strength: float) -> Any:
    from supervox.segmentation import SegmentationParameters

    return SegmentationParameters(refinement=RefinementParameters(strength))


def test_choices_come_back(open_file: Any, open_bench: Callable[..., Any]) -> None:
    first = open_file()
    first.paint(1)
    first.settle()
    autosave = first.session.autosave
    first.session.volume.set_box((slice(2, 14), slice(0, 40), slice(4, 48)))
    first.session.choose(_parameters(0.5))
    first.session.volume.set_spacing((90.0, 30.0, 30.0), "nm")
    first.until(lambda: autosave.project.settings.box == ((2, 14), (0, 40), (4, 48)))
    first.settle()
    folder = autosave.project.folder
    close(first)
    second = open_bench()
    open_project(second, folder)
    assert second.session.volume.box == (slice(2, 14), slice(0, 40), slice(4, 48))
    assert second.session.parameters.refinement.strength == 0.5
    assert second.session.volume.source.spacing == (90.0, 30.0, 30.0)


def test_a_project_says_whose_its_voxel_size_is(
    open_file: Any, bench: Any, open_bench: Callable[..., Any]
) -> None:
    def settings_of(bench: Any) -> Any:
        bench.paint(1)
        bench.settle()
        settings = bench.session.autosave.project.settings
        return settings.spacing, settings.spacing_from, settings.voxel_size.known

    # an image that nobody knows the size of, then one whose file states it, then a person
    assert settings_of(bench) == ((1, 1, 1), "unknown", None)
    folder = bench.session.autosave.project.folder
    assert settings_of(open_file()) == (SPACING, "file", SPACING)
    size = (90.0, 30.0, 30.0)
    bench.session.volume.set_spacing(size, "nm")
    bench.until(lambda: bench.session.autosave.project.settings.spacing == size)
    assert settings_of(bench) == (size, "option", size)
    close(bench)
    again = open_bench()
    open_project(again, folder)
    assert again.session.autosave.project.settings.spacing_from == "option"


def test_a_project_with_a_name_needs_no_second_preparation(
    open_file: Any, open_bench: Callable[..., Any], tmp_path: Path
) -> None:
    first = open_file()
    first.prepare(1, 2, 3)
    shown = np.asarray(first.session.view.prediction.data).copy()
    unnamed = first.session.autosave.project.folder
    first.session.autosave.save_as(tmp_path / "cell.supervox")
    first.settle()
    assert first.session.autosave.project.folder == tmp_path / "cell.supervox"
    assert first.session.autosave.is_named
    first.strokes.data_setitem((np.array([1]), np.array([1]), np.array([1])), 1)
    first.settle()
    close(first)
    assert not unnamed.exists()
    assert [entry.name for entry in first.session.autosave.recent.entries()] == ["cell"]

    second = open_bench()
    open_project(second, tmp_path / "cell.supervox")
    assert second.session.preparation.prepared is not None
    assert not second.session.extent.is_out_of_date
    assert second.strokes.data[1, 1, 1] == 1
    second.until(lambda: second.session.view.result is not None)
    second.settle()
    assert (np.asarray(second.session.view.prediction.data) == shown).mean() > 0.99


def kept(folder: Path) -> set[str]:
    """Return the names of what is kept, with the number of times that it was written."""
    return {path.name.removesuffix(".zarr") for path in (folder / "derived").iterdir()}


def pieces(partitions: range) -> set[str]:
    kinds = ("supervoxels", "features", "graph")
    return {f"{kind}-{k}-1" for kind in kinds for k in partitions}


def test_final_labels_write_only_what_is_new(open_file: Any, tmp_path: Path) -> None:
    bench = open_file()
    bench.prepare(1, 2, 3)
    folder = tmp_path / "cell.supervox"
    bench.session.autosave.save_as(folder)
    bench.settle()
    assert kept(folder) == pieces(range(1))
    bench.session.delivery.finish()
    bench.settle()
    every = {*pieces(range(4)), "model.npz", "model.json"}
    assert kept(folder) == {*every, "result-1", "labels-1"}
    bench.paint_voxels(bench.strokes.data == 2, 1)
    bench.settle()
    bench.session.delivery.finish()
    bench.settle()
    assert kept(folder) == {*every, "result-2", "labels-2"}
    bench.session.autosave.save_as(tmp_path / "other.supervox")
    bench.settle()
    assert bench.session.autosave.project.folder == tmp_path / "other.supervox"
    assert kept(tmp_path / "other.supervox") == {*every, "result-2", "labels-2"}
    steps = bench.session.autosave.project.history.steps
    assert [step["what"] for step in steps] == ["created", "segmented", "segmented"]


def test_a_name_after_the_final_labels_keeps_them(open_file: Any, tmp_path: Path) -> None:
    bench = open_file()
    bench.prepare(1, 2, 3)
    bench.session.delivery.finish()
    bench.settle()
    folder = tmp_path / "cell.supervox"
    bench.session.autosave.save_as(folder)
    bench.settle()
    files = {"result-1", "labels-1", "model.npz", "model.json"}
    assert kept(folder) == {*pieces(range(4)), *files}
    close(bench)
    with Project.open(folder, read_only=True) as project:
        assert project.derived.load_result(project.strokes) is not None
        assert project.derived.load_model(project.strokes) is not None


@pytest.fixture
def finished(open_file: Any, tmp_path: Path) -> tuple[Path, np.ndarray]:
    """Return a closed project with final labels, and these."""
    bench = open_file()
    bench.prepare(1, 2, 3)
    bench.session.autosave.save_as(tmp_path / "cell.supervox")
    bench.settle()
    bench.session.delivery.finish()
    bench.settle()
    labels = bench.session.delivery.finishing.finished.labels
    close(bench)
    return tmp_path / "cell.supervox", labels


def test_final_labels_are_there_again(
    finished: Any,
    open_bench: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As they were written: nothing is rendered."""
    folder, labels = finished
    monkeypatch.delattr(restoring, "render_labels")
    before = kept(folder)
    bench = open_bench()
    open_project(bench, folder)
    session = bench.session
    assert session.delivery.is_finished
    assert session.view.choices.shown is Shown.FINAL
    np.testing.assert_array_equal(session.view.final.data, labels)
    session.delivery.export(ExportKind.MODEL, tmp_path / "cell.model")
    bench.settle()
    with Project.open(folder, read_only=True) as project:
        model = project.derived.load_model(project.strokes)
    assert load_model(tmp_path / "cell.model").classifier.class_ids == model.classifier.class_ids
    session.autosave.save_as(tmp_path / "copy.supervox")
    bench.settle()
    assert kept(tmp_path / "copy.supervox") == before
    steps = session.autosave.project.history.steps
    assert [step["what"] for step in steps] == ["created", "segmented"]
    bench.paint_voxels(bench.strokes.data == 2, 1)
    bench.settle()
    assert session.view.choices.shown is Shown.LABELS
    session.delivery.finish()
    bench.settle()
    old, new = {"result-1", "labels-1"}, {"result-2", "labels-2"}
    assert kept(tmp_path / "copy.supervox") == (before - old) | new


def test_final_labels_of_other_strokes_are_not_shown(
    finished: Any, open_bench: Callable[..., Any]
) -> None:
    folder, _ = finished
    first = open_bench()
    open_project(first, folder)
    first.paint_voxels(first.strokes.data == 2, 1)
    first.settle()
    close(first)
    second = open_bench()
    open_project(second, folder)
    assert second.session.preparation.prepared is not None
    assert second.session.delivery.finishing.finished is None
    assert second.session.view.choices.shown is Shown.LABELS


def test_where_there_is_no_memory(
    finished: Any, open_bench: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, labels = finished
    plan = Resources.plan
    monkeypatch.setattr(
        Resources, "plan", lambda *of, **more: replace(plan(*of, **more), ids_on_disk=True)
    )
    bench = open_bench()
    open_project(bench, folder)
    np.testing.assert_array_equal(bench.session.view.final.data, labels)
    partitions = bench.session.delivery.finishing.finished.segmenter.partitions
    assert [isinstance(part.ids.base, np.ndarray) for part in partitions] == [True] * 4
    close(bench)

    def refuse(*of: Any, **more: Any) -> Any:
        raise SegmentationError("too large")

    monkeypatch.setattr(Resources, "plan", refuse)
    bench = open_bench()
    open_project(bench, folder)
    assert bench.session.preparation.prepared is None
    assert bench.session.delivery.finishing.finished is None
    assert bench.session.view.choices.shown is Shown.FINAL  # before anything is prepared
    np.testing.assert_array_equal(bench.session.view.final.data, labels)
    assert (bench.strokes.data == 2).any()


def test_final_labels_of_a_project_from_before_are_rendered(
    finished: Any, open_bench: Callable[..., Any]
) -> None:
    folder, labels = finished
    shutil.rmtree(folder / "derived" / "labels-1.zarr")
    bench = open_bench()
    open_project(bench, folder)
    assert bench.session.delivery.is_finished
    np.testing.assert_array_equal(bench.session.view.final.data, labels)


def test_labels_that_are_damaged_are_told_and_rendered(
    finished: Any, open_bench: Callable[..., Any]
) -> None:
    folder, labels = finished
    (chunk,) = [p for p in (folder / "derived" / "labels-1.zarr").rglob("c/*/*/*") if p.is_file()]
    chunk.write_bytes(chunk.read_bytes()[:-1] + b"?")
    bench = open_bench()
    open_project(bench, folder)
    np.testing.assert_array_equal(bench.session.view.final.data, labels)
    findings = [str(item) for item in bench.session.autosave.project.findings]
    assert any("labels-1.zarr" in text and "damaged" in text for text in findings)


def test_choices_that_changed_since_are_not_undone(open_file: Any, tmp_path: Path) -> None:
    bench = open_file()
    bench.prepare(1, 2, 3)
    bench.session.delivery.finish()
    bench.settle()
    bench.session.choose(_parameters(0.5))
    bench.session.autosave.save_as(tmp_path / "cell.supervox")
    bench.settle()
    assert kept(tmp_path / "cell.supervox") == pieces(range(1))
    assert bench.session.autosave.project.settings.parameters.refinement.strength == 0.5


def test_an_image_in_memory_is_kept_as_well(
    bench: Any, scene: Any, open_bench: Callable[..., Any], tmp_path: Path
) -> None:
    bench.paint(1)
    bench.settle()
    bench.session.autosave.save_as(tmp_path / "made.supervox")
    bench.settle()
    close(bench)
    moved = tmp_path / "elsewhere.supervox"
    (tmp_path / "made.supervox").rename(moved)
    second = open_bench()
    open_project(second, moved)
    np.testing.assert_array_equal(np.asarray(second.session.volume.image.data), scene.image)
    assert second.session.live.scan.counts == {1: 1}


def test_voxels_that_are_not_those_of_the_file_are_kept(open_file: Any, scene: Any) -> None:
    bench = open_file()
    bench.session.volume.image.data = scene.image[::-1].copy()
    bench.paint(1)
    bench.settle()
    project = bench.session.autosave.project
    assert Path(project.settings.volume.absolute).parent == project.folder
    with project.open_volume() as volume:
        np.testing.assert_array_equal(volume.data[:], scene.image[::-1])


def test_a_beginning_that_was_stopped_is_made_up_for(open_file: Any) -> None:
    bench = open_file()
    autosave = bench.session.autosave
    bench.paint(1)
    bench.as_soon_as(autosave.working, lambda: autosave.working.job.stop())
    bench.settle()
    bench.paint(2)
    bench.settle()
    assert autosave.project is not None
    bench.session.painting.undo()
    bench.settle()
    assert bench.session.live.scan.counts == {1: 1}


def stored(bench: Any) -> np.ndarray:
    """Return what the project has on the disk."""
    project = bench.session.autosave.project
    project.annotations.flush()
    with Project.open(project.folder, read_only=True) as kept:
        return kept.annotations.voxels.copy()


def test_strokes_that_are_brought_back_are_saved_as_before(open_file: Any) -> None:
    bench = open_file()
    bench.paint(1)
    bench.settle()
    layer = bench.strokes
    bench.viewer.layers.remove(layer)
    bench.session.strokes.bring_back()
    bench.paint(2)
    bench.settle()
    assert bench.session.autosave.is_recording
    np.testing.assert_array_equal(stored(bench), bench.strokes.data)
    bench.session.painting.undo()
    bench.session.painting.undo()
    bench.settle()
    assert not bench.strokes.data.any()


def test_a_name_that_is_given_while_the_project_is_made(bench: Any, tmp_path: Path) -> None:
    autosave = bench.session.autosave
    bench.paint(1)
    bench.as_soon_as(autosave.working, lambda: autosave.save_as(tmp_path / "named.supervox"))
    bench.paint(2)
    bench.settle()
    assert autosave.project.folder == tmp_path / "named.supervox"
    np.testing.assert_array_equal(stored(bench), bench.strokes.data)
    jobs.finish_files()
    assert [Path(entry.folder).name for entry in autosave.recent.entries()] == ["named.supervox"]


def test_what_is_chosen_while_the_project_is_copied_is_in_the_copy(
    open_file: Any, tmp_path: Path, told: list[str]
) -> None:
    bench = open_file()
    bench.paint(1)
    bench.settle()
    autosave = bench.session.autosave
    autosave.save_as(tmp_path / "first.supervox")
    bench.settle()
    first = autosave.project
    autosave.save_as(tmp_path / "second.supervox")
    bench.session.choose(_parameters(0.5))
    autosave._on_settled()  # as a second later, and the copy isn't there yet
    bench.until(lambda: autosave.project is not first)
    bench.until(lambda: autosave.project.settings.parameters.refinement.strength == 0.5)
    bench.settle()
    assert first.settings.parameters.refinement.strength == 1
    assert told == []


def test_switching_the_image_while_the_project_is_copied(
    open_file: Any, scene: Any, tmp_path: Path
) -> None:
    bench = open_file()
    bench.paint(1)
    bench.settle()
    first, autosave = bench.session.autosave.project.folder, bench.session.autosave
    autosave.save_as(tmp_path / "named.supervox")
    other = bench.viewer.add_image(scene.image[:, ::-1].copy(), name="other")
    bench.session.choose_image(other)
    bench.paint(2)
    bench.settle()
    assert autosave.project.folder not in (first, tmp_path / "named.supervox")
    np.testing.assert_array_equal(stored(bench), bench.strokes.data)
    assert set(np.unique(bench.strokes.data)) == {0, 2}


def test_a_layer_that_is_behind_its_project_shows_what_that_holds(open_file: Any) -> None:
    bench = open_file()
    bench.paint(1)
    bench.settle()
    image, folder = bench.session.volume.image, bench.session.autosave.project.folder
    before = bench.strokes.data.copy()
    bench.session.choose_image(None)
    jobs.finish_files()
    with Project.open(folder) as project:
        voxels = np.arange(200, 260)
        zeros = np.zeros(60, np.uint8)
        project.annotations.apply(VoxelChange(voxels, zeros, zeros + 2))
        newest = project.annotations.voxels.copy()
    bench.session.choose_image(image)
    bench.until(lambda: bench.session.autosave.project is not None)
    bench.settle()
    np.testing.assert_array_equal(bench.strokes.data, newest)
    np.testing.assert_array_equal(stored(bench), newest)
    bench.session.painting.redo()  # what the layer had
    np.testing.assert_array_equal(bench.strokes.data, before)


def test_opening_again_what_the_window_shows(open_file: Any) -> None:
    bench = open_file()
    bench.paint(1)
    bench.settle()
    folder = bench.session.autosave.project.folder
    bench.session.choose_image(None)
    open_project(bench, folder)
    assert [layer.name for layer in bench.viewer.layers] == ["cell", "strokes"]
    assert bench.session.live.scan.counts == {1: 1}


def test_no_home_for_projects(open_file: Any, home: Path, tmp_path: Path, told: list[str]) -> None:
    home.parent.joinpath("projects").write_text("a file in the way")
    bench = open_file()
    bench.paint(1)
    bench.settle()
    assert bench.session.live.scan.counts == {1: 1}
    assert "can't be made" in told[0]
    assert "Save as" in told[0]
    bench.paint(2)
    bench.settle()
    assert len(told) == 1
    bench.session.painting.undo()
    bench.settle()
    assert bench.session.live.scan.counts == {1: 1}
    bench.session.autosave.save_as(tmp_path / "cell.supervox")
    bench.settle()
    np.testing.assert_array_equal(stored(bench), bench.strokes.data)


@pytest.mark.parametrize("how", ["file", "project", "anew"])
def test_strokes_that_no_project_holds_stay_where_they_are(
    open_file: Any,
    open_bench: Callable[..., Any],
    scene: Any,
    home: Path,
    tmp_path: Path,
    told: list[str],
    how: str,
) -> None:
    other = open_bench(scene.image, name="other")
    other.paint(1)
    other.settle()
    other.session.autosave.save_as(tmp_path / "other.supervox")
    other.settle()
    close(other)
    shutil.rmtree(home)
    home.write_text("a file in the way")
    bench = open_file()
    bench.paint(1)
    bench.settle()
    layer, image, strokes = bench.strokes, bench.session.volume.image, bench.strokes.data.copy()
    if how == "file":
        fields = {"name": "next", "metadata": {"supervox": {}}}
        bench.session.next.show(ReadFile("", [(scene.image.copy(), fields, "image")], []))
    elif how == "project":
        bench.session.autosave.open(tmp_path / "other.supervox")
    else:
        bench.session.next.begin_anew()
    bench.settle()
    assert "so they stay open" in told[-1]
    assert "can't be made" in told[-1]
    assert bench.session.volume.image is image
    assert bench.strokes is layer
    np.testing.assert_array_equal(layer.data, strokes)
    jobs.finish_files()
    assert not is_held(tmp_path / "other.supervox")
    bench.session.autosave.save_as(tmp_path / "kept.supervox")
    bench.settle()
    bench.session.next.begin_anew()
    bench.settle()
    jobs.finish_files()
    with Project.open(tmp_path / "kept.supervox") as kept:
        np.testing.assert_array_equal(kept.annotations.voxels, strokes)


def test_strokes_that_could_not_be_saved_as_their_window_went_are_told(
    open_file: Any, told: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    bench = open_file()
    bench.session.autosave.recent.home.write_text("a file in the way")
    bench.paint(1)
    close(bench)
    assert any("Strokes could not be saved" in text for text in told)
    assert "strokes could not be saved" in caplog.text


def test_a_stroke_right_before_the_next_volume_is_in_its_project(
    open_file: Any, scene: Any, home: Path
) -> None:
    bench = open_file()
    bench.paint(1)
    strokes = bench.strokes.data.copy()
    fields = {"name": "next", "metadata": {"supervox": {}}}
    bench.session.next.show(ReadFile("", [(scene.image.copy(), fields, "image")], []))
    bench.until(lambda: bench.session.volume.image.name == "next")
    jobs.finish_files()
    (entry,) = RecentProjects(home).entries()
    with Project.open(entry.folder, read_only=True) as kept:
        np.testing.assert_array_equal(kept.annotations.voxels, strokes)
        assert [item.name for item in kept.annotations.classes] == ["background", "structure"]


def test_strokes_of_a_file_begin_no_project(open_file: Any, scene: Any, home: Path) -> None:
    bench = open_file()
    strokes = np.zeros(scene.shape, np.uint8)
    strokes[scene.stroke(1)] = 1
    bench.viewer.add_labels(strokes, metadata={"supervox": {"role": "annotations"}})
    bench.settle()
    assert bench.session.autosave.project is None
    bench.paint(2)
    bench.settle()
    np.testing.assert_array_equal(stored(bench), bench.strokes.data)
    bench.session.painting.undo()
    bench.settle()
    assert bench.session.live.scan.counts == {1: 1}


def test_undo_stops_at_a_locked_class(open_file: Any, told: list[str]) -> None:
    bench = open_file()
    bench.paint(1)
    bench.settle()
    bench.paint(2)
    bench.settle()
    bench.session.classes.change(2, locked=True)
    bench.settle()
    before = bench.strokes.data.copy()
    bench.session.painting.undo()
    bench.settle()
    assert bench.said == "structure locked: unlock to undo this step"
    np.testing.assert_array_equal(bench.strokes.data, before)
    bench.session.classes.change(2, locked=False)
    bench.settle()
    bench.session.painting.undo()
    bench.settle()
    assert bench.session.live.scan.counts == {1: 1}
    assert bench.session.painting.recorder.can_redo


def test_a_picture(open_bench: Callable[..., Any], scene: Any) -> None:
    first = open_bench(scene.image[8])
    mask = np.zeros(scene.shape[1:], bool)
    mask[4:8, 4:8] = True
    first.paint_voxels(mask, 2)
    first.settle()
    folder = first.session.autosave.project.folder
    close(first)
    second = open_bench()
    open_project(second, folder)
    np.testing.assert_array_equal(second.strokes.data, 2 * mask)
    second.session.painting.undo()
    assert not second.strokes.data.any()


def paint_and_close(bench: Any) -> Path:
    """Paint a stroke, and close the window; return the project that it began."""
    bench.paint(1)
    bench.settle()
    folder: Path = bench.session.autosave.project.folder
    close(bench)
    return folder


def test_a_volume_that_was_moved_is_asked_for(
    open_file: Any, open_bench: Callable[..., Any], tmp_path: Path, told: list[str]
) -> None:
    folder = paint_and_close(open_file())
    (tmp_path / "cell.tif").rename(tmp_path / "other.tif")
    second = open_bench()
    asked: list[tuple[Path, str]] = []
    second.session.autosave.volume_moved.connect(lambda *what: asked.append(what))
    second.session.autosave.open(folder)
    second.until(lambda: asked)
    assert asked[0][0] == folder
    assert "say where it is now" in asked[0][1]
    open_project(second, folder, moved_to=str(tmp_path / "other.tif"))
    assert second.session.live.scan.counts == {1: 1}
    assert not told


def test_another_volume_than_the_moved_one_is_asked_about_again(
    open_file: Any, open_bench: Callable[..., Any], scene: Any, tmp_path: Path, told: list[str]
) -> None:
    folder = paint_and_close(open_file())
    volume = tmp_path / "cell.tif"
    volume.rename(tmp_path / "other.tif")
    write_volume(volume, np.zeros(scene.shape, np.uint8))
    second = open_bench()
    opening = second.session.opening
    second.session.autosave.open(folder)
    second.until(lambda: opening.problem)
    assert "voxels are not those" in opening.problem.text
    assert opening.problem.project == folder
    (tmp_path / "broken.tif").write_bytes(b"II*")
    second.session.autosave.open(folder, str(tmp_path / "broken.tif"))
    second.until(lambda: opening.problem and "broken.tif" in opening.problem.text)
    assert opening.problem.project == folder
    open_project(second, folder, moved_to=str(tmp_path / "other.tif"))
    assert opening.problem is None
    assert not told


def test_what_could_not_be_kept_is_told_until_it_is(
    open_file: Any, tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = open_file()
    bench.prepare(1, 2)
    autosave, opening = bench.session.autosave, bench.session.opening
    autosave.save_as(tmp_path / "cell.supervox")
    bench.settle()
    with monkeypatch.context() as patch:
        patch.setattr(type(autosave.project.derived), "save_partition", refuse)
        autosave.keep()
        bench.settle()
    assert opening.problem.text == "cell.supervox: can't be written (No space left on device)"
    autosave.keep()
    bench.settle()
    assert opening.problem is None
    assert told == ["cell.supervox: can't be written (No space left on device)"]


def refuse(*_: Any, **options: Any) -> None:
    raise ProjectError("cell.supervox: can't be written (No space left on device)")


def test_the_second_window_may_only_look(
    open_file: Any, open_bench: Callable[..., Any], tmp_path: Path
) -> None:
    first = open_file()
    first.paint(1)
    first.settle()
    folder = first.session.autosave.project.folder
    first.session.autosave.project.annotations.flush()
    second = open_bench()
    open_project(second, folder)
    assert second.session.autosave.is_read_only
    assert not second.strokes.editable
    text, is_bad = save_text(project_state(second.session))
    assert text.startswith("▲ Read-only: it is open for writing already (this one, in another")
    assert is_bad
    second.session.autosave.save_as(tmp_path / "mine.supervox")
    second.settle()
    assert not second.session.autosave.is_read_only
    assert second.strokes.editable
    assert folder.exists()


def test_closing_right_after_a_stroke(open_file: Any, home: Path) -> None:
    bench = open_file()
    bench.session.classes.change(2, name="lipid")
    bench.paint(1)
    strokes = bench.strokes.data.copy()
    close(bench)
    (entry,) = RecentProjects(home).entries()
    with Project.open(entry.folder, read_only=True) as kept:
        np.testing.assert_array_equal(kept.annotations.voxels, strokes)
        assert kept.annotations.classes[1].name == "lipid"


def test_closing_right_after_a_choice(open_file: Any) -> None:
    bench = open_file()
    bench.paint(1)
    bench.settle()
    folder = bench.session.autosave.project.folder
    bench.session.choose(_parameters(0.5))
    bench.session.volume.set_box((slice(2, 14), slice(0, 40), slice(4, 48)))
    close(bench)
    with Project.open(folder, read_only=True) as kept:
        assert kept.settings.parameters.refinement.strength == 0.5
        assert kept.settings.box == ((2, 14), (0, 40), (4, 48))


def test_going_on_after_the_dock_was_closed(open_file: Any, open_bench: Callable[..., Any]) -> None:
    from supervox.napari_plugin.session.session import Session
    from supervox.napari_plugin.settings import Settings

    bench = open_file()
    bench.paint(1)
    bench.settle()
    folder = bench.session.autosave.project.folder
    close(bench)
    bench.session = Session(bench.viewer, Settings())
    bench.session.choose_image(bench.session.volume.images()[0])
    bench.until(lambda: bench.session.autosave.project is not None)
    assert bench.session.autosave.project.folder == folder
    bench.paint(2)
    bench.settle()
    bench.session.painting.undo()
    bench.settle()
    assert bench.session.live.scan.counts == {1: 1}
    bench.session.close()


@pytest.mark.parametrize("what", ["dock", "image"])
def test_choices_of_a_project_outlast_a_closed_dock_and_a_look_at_another_image(
    open_file: Any, what: str
) -> None:
    from supervox.napari_plugin.session.session import Session
    from supervox.napari_plugin.settings import Settings

    bench = open_file()
    session, box = bench.session, (slice(2, 14), slice(0, 40), slice(4, 48))
    image = session.volume.image
    session.volume.set_box(box)
    session.choose(_parameters(0.5))
    bench.prepare(1, 2, 3)
    session.correcting.locking.set_locked(2, True)
    session.classes.change(3, visible=False)
    session.classes.move(3, 0)
    bench.until(lambda: session.classes[2].held and session.autosave.project.settings.box)
    bench.settle()
    folder, classes = session.autosave.project.folder, tuple(session.classes)
    assert bench.session.autosave.project.annotations.classes == classes
    if what == "dock":
        close(bench)
        session = bench.session = Session(bench.viewer, Settings())
    else:
        other = bench.viewer.add_image(np.zeros((4, 5, 6), np.uint8), name="other")
        session.choose_image(other)
        session.choose(_parameters(0.7))
        bench.settle()
        assert not session.classes[2].locked
    session.choose_image(image)
    session.autosave.open(folder)  # which it is about to do
    bench.until(lambda: session.autosave.project is not None)
    assert tuple(session.classes) == classes
    assert session.volume.box == box
    assert session.parameters.refinement.strength == 0.5
    assert session.autosave.project.annotations.classes == classes
    bench.settle()
    assert not session.autosave.is_read_only
    assert "This project is open already" in bench.said
    session.close()


def test_beginning_anew(open_file: Any, home: Path) -> None:
    bench = open_file()
    bench.paint(1)
    bench.settle()
    first, layer = bench.session.autosave.project.folder, bench.strokes
    bench.session.next.begin_anew()
    bench.settle()
    assert layer not in bench.viewer.layers
    assert not bench.strokes.data.any()
    assert bench.session.autosave.project is None
    bench.paint(2)
    bench.settle()
    assert bench.session.autosave.project.folder != first
    jobs.finish_files()
    with Project.open(first) as kept:
        assert set(np.unique(kept.annotations.voxels)) == {0, 1}


def test_labels_of_a_model_do_not_replace_those_of_the_strokes(
    open_file: Any, tmp_path: Path
) -> None:
    bench = open_file()
    session, folder = bench.session, tmp_path / "cell.supervox"
    bench.prepare(1, 2, 3)
    session.autosave.save_as(folder)
    bench.settle()
    session.delivery.finish()
    bench.settle()
    first = session.delivery.finishing.finished
    project = session.autosave.project
    model = session.models.learned()
    share = np.ascontiguousarray(model.classifier.share[:, ::-1])
    session.models.use(replace(model, classifier=replace(model.classifier, share=share)))
    bench.until(lambda: session.delivery.finishing.finished is not first)
    bench.settle()
    assert (session.delivery.finishing.finished.labels != first.labels).any()
    np.testing.assert_array_equal(project.derived.load_labels(project.strokes), first.labels)


def test_a_report(open_file: Any, tmp_path: Path) -> None:
    bench = open_file()
    bench.prepare(1, 2, 3)
    bench.session.classes.change(2, name="lipid")
    bench.session.delivery.export(ExportKind.REPORT, tmp_path / "cell.html")
    bench.settle()
    text = (tmp_path / "cell.html").read_text("utf-8")
    assert "<h2>Methods</h2>" in text
    count = bench.session.preparation.prepared.n_supervoxels
    assert f"voxels edge length ({count:,} in the first partition)" in text
    assert ">segmented<" in text
    assert "lipid" in text
    assert "data:image/png;base64," in text


def test_a_folder_that_is_no_project(bench: Any, tmp_path: Path, told: list[str]) -> None:
    bench.session.autosave.open(tmp_path)
    bench.until(lambda: told)
    assert "is no project of supervox" in told[0]
    bench.paint(1)
    bench.settle()
    assert bench.session.autosave.project is not None


def test_what_a_crash_leaves_is_offered(window: Any, home: Path, tmp_path: Path) -> None:
    volume = tmp_path / "cell.tif"
    write_volume(volume, np.zeros((2, 8, 9), np.uint8), kind="image")
    home.mkdir(parents=True)
    folder = home / "cell-1.supervox"
    Project.create(folder, volume).close()
    RecentProjects(home).note(folder, "cell", is_open=True)  # and nobody noted that it was closed
    assert not is_held(folder)
    window.viewer.layers.clear()
    window.settle()
    window.click("supervox_recover")
    window.until(lambda: window.session.autosave.project is not None)
    assert window.session.autosave.project.folder == folder


def test_the_list_is_read_only_if_it_was_written_since(
    window: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recent, read = window.session.autosave.recent, []
    entries = recent.entries
    monkeypatch.setattr(recent, "entries", lambda: read.append(1) or entries())
    offered = RecentList(recent, lambda folder: None)
    for _ in range(3):
        offered.refresh()
    assert len(read) == 1
    for number in (1, 2):
        folder = home / f"{number}.supervox"
        folder.mkdir(parents=True)
        RecentProjects(home).note(folder, f"cell {number}", is_open=False)
        for _ in range(3):
            offered.refresh()
        assert len(read) == 1 + number
        assert offered.layout().count() == 1 + number


def test_a_project_that_is_dropped_on_the_window(window: Any, home: Path, tmp_path: Path) -> None:
    volume = tmp_path / "cell.tif"
    write_volume(volume, np.zeros((2, 8, 9), np.uint8), kind="image")
    folder = tmp_path / "cell.supervox"
    Project.create(folder, volume).close()
    assert window.viewer.open(str(folder), plugin="supervox") == []
    window.until(lambda: window.session.autosave.project is not None)
    assert window.session.autosave.project.folder == folder
    assert window.session.volume.image.name == "cell"


def test_a_damaged_list_of_projects_is_an_empty_one(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "recent.json").write_text('[{"folder": 3')
    recent = RecentProjects(home)
    assert recent.entries() == []
    (home / "a.supervox").mkdir()
    recent.note(home / "a.supervox", "a", is_open=True)
    recent.note_closed(home / "a.supervox")
    (entry,) = recent.entries()
    assert (entry.name, entry.is_open) == ("a", False)
    recent.forget(home / "a.supervox")
    assert recent.entries() == []
