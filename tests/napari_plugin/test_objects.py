"""The step Objects: from final labels to a table, by mouse."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QFileDialog
from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.session.objects_state import ObjectsState
from supervox.napari_plugin.tasks.measuring import FinalLabels, MeasureOrder, Measuring
from supervox.napari_plugin.widgets.object_edits_row import EditActions
from supervox.napari_plugin.widgets.objects_section import ObjectsActions, ObjectsSection
from supervox.napari_plugin.widgets.objects_table import ObjectsModel, example_of
from supervox.objects import (
    Asked,
    Column,
    MeasureRequest,
    ObjectsError,
    ObjectTable,
    find_objects,
    measure_objects,
)

SPACING = (2.0, 1.0, 1.0)
NAMES = {1: "ice", 2: "cell"}


def cubes() -> np.ndarray:
    """Two cubes of class 2 and one of class 1, which touch nothing."""
    labels = np.zeros((8, 20, 24), np.uint8)
    labels[1:4, 2:6, 2:6] = 2
    labels[4:6, 10:16, 10:14] = 2
    labels[2:4, 2:4, 20:22] = 1
    return labels


def order(labels: np.ndarray, class_id: int = 0) -> MeasureOrder:
    image = np.where(labels, 7, 0).astype(np.uint8)
    source = Source("layer", image, 0, SPACING, "nm")
    final = FinalLabels(source, labels, (1, 2), True)
    return MeasureOrder(final, class_id, NAMES, ("image",), (0.0, 0.0, 0.0))


# ------------------------------------------------------------------------------------- engine


def test_cubes_have_the_volumes_that_they_have(run_stage: Any) -> None:
    found = run_stage(Measuring(), order(cubes()))
    assert (found.number, found.class_names) == (3, ("ice", "cell"))
    by_class = zip(found.table["class"], found.table["voxels"], found.table["volume"], strict=True)
    assert sorted(by_class) == [(1, 8, 16.0), (2, 48, 96.0), (2, 48, 96.0)]
    assert found.table.column("volume").unit == "nm^3"
    assert (found.table["mean_image"] == 7).all()
    assert found.ids.dtype == np.uint16
    np.testing.assert_array_equal(found.ids > 0, cubes() > 0)


def test_objects_of_one_class_only(run_stage: Any) -> None:
    found = run_stage(Measuring(), order(cubes(), 2))
    assert (found.number, found.class_names) == (2, ("cell",))


def test_a_class_without_a_voxel_has_no_objects(run_stage: Any) -> None:
    found = run_stage(Measuring(), order(cubes() // 2 * 2, 1))
    assert (found.number, found.class_names) == (0, ())


# ------------------------------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"has_image": False}, "Open a volume first"),
        ({"has_final": False}, "There are no final labels as yet: press Finish in step 4"),
        ({"is_finishing": True}, "The final labels are being computed"),
        ({"is_final_current": False}, "The final labels are older than your strokes or choices"),
        ({}, "Counts and measures each connected piece"),
        ({"number": 0, "asked_for": "cell"}, "No voxel of the final labels is of cell: choose"),
        ({"number": 1, "is_empty": False, "of_classes": ("cell",)}, "1 object of cell"),
        (
            {"number": 1112, "is_empty": False, "of_classes": ("a", "b", "c")},
            "1,112 objects of 3 classes",
        ),
        (
            {"number": 3, "is_empty": False, "of_classes": ("cell",), "is_old": True},
            "3 objects of cell, older than the final labels: find them again",
        ),
    ],
)
def test_the_section_says_how_it_stands(qtbot: QtBot, state: dict[str, Any], words: str) -> None:
    done: list[Any] = []
    section = ObjectsSection(
        ObjectsActions(
            done.append,
            lambda: None,
            done.append,
            lambda: done.append("table"),
            lambda: done.append("compare"),
            EditActions(*(done.append for _ in range(6))),
        )
    )
    qtbot.addWidget(section)
    usual = {"has_image": True, "has_final": True, "is_final_current": True}
    section.set_state(ObjectsState(**(usual | state)))
    assert section.status.text.whole.startswith(words)
    can_find = section.state.can_find
    assert section.search.isEnabled() == can_find
    assert section.table.isEnabled() == bool(section.state.number)
    qtbot.mouseClick(section.search, Qt.MouseButton.LeftButton)
    assert done == ([Asked()] if can_find else [])


# ------------------------------------------------------------------------------------- rows


@pytest.fixture
def model() -> ObjectsModel:
    made = ObjectsModel()
    made.show_table(
        ObjectTable(
            (
                Column("id", np.arange(1, 5)),
                Column("class", np.array([1, 2, 2, 2])),
                Column("class_name", np.array(["ice", "cell", "cell", "cell"], object)),
                Column("volume", np.array([3.0, np.nan, 1.0, 2.0]), "nm^3", "how large it is"),
            )
        )
    )
    return made


def shown(model: ObjectsModel) -> list[int]:
    return [model.object_at(row) for row in range(model.rowCount())]


def test_rows_are_sorted_and_what_is_unknown_is_last(model: ObjectsModel) -> None:
    assert shown(model) == [1, 2, 3, 4]
    model.sort(2)
    assert shown(model) == [3, 4, 1, 2]
    model.sort(2, Qt.SortOrder.DescendingOrder)
    assert shown(model) == [1, 4, 3, 2]
    model.sort(1)
    assert shown(model) == [2, 3, 4, 1]


@pytest.mark.parametrize(
    ("class_id", "text", "ids"),
    [
        (0, "", [1, 2, 3, 4]),
        (2, "", [2, 3, 4]),
        (0, "volume > 1.5", [1, 4]),
        (2, "volume > 1500 pm^3 or voxels == 1", None),
        (2, "not volume > 1.5", [2, 3]),
        (0, "volume > 0.0000000015 µm³", [1, 4]),
        (0, "4", [4]),
        (0, "CEL", [2, 3, 4]),
    ],
)
def test_rows_are_filtered(
    model: ObjectsModel, class_id: int, text: str, ids: list[int] | None
) -> None:
    if ids is None:
        with pytest.raises(ObjectsError, match="there is no measure 'voxels'"):
            model.filter(class_id, text)
        assert shown(model) == [1, 2, 3, 4]
    else:
        model.filter(class_id, text)
        assert shown(model) == ids


@pytest.mark.parametrize(
    ("volumes", "unit", "example"),
    [
        ([1.1e7, 3.1e7, 5e8], "nm^3", "volume > 0.03 µm³"),
        ([120.0, 123.0], "nm^3", "volume > 100 nm³"),
        ([np.nan], "um^3", "volume > 1 µm³"),
        ([26.0, 30.0, 31.0], "voxel^3", "volume > 30 voxel³"),
    ],
)
def test_the_example_of_a_condition_is_of_a_size_and_unit_as_they_are_shown(
    volumes: list[float], unit: str, example: str
) -> None:
    model, n = ObjectsModel(), len(volumes)
    columns = [Column("id", np.arange(1, n + 1)), Column("sphericity", np.ones(n))]
    model.show_table(ObjectTable((*columns, Column("volume", np.array(volumes), unit))))
    text = example_of(model.table)
    assert text == f"{example} and sphericity < 0.7"
    model.filter(0, text.partition(" and ")[0])  # as it stands there, it can be typed
    shown_in_units = model.table.column("volume").values
    least = float(example.split()[2])
    assert shown(model) == (np.flatnonzero(shown_in_units > least) + 1).tolist()


def test_headers_have_units_and_say_what_a_measure_is(model: ObjectsModel) -> None:
    across = Qt.Orientation.Horizontal
    titles = [model.headerData(k, across) for k in range(model.columnCount())]
    assert titles == ["id", "class name", "volume (nm³)"]
    assert model.headerData(2, across, Qt.ItemDataRole.ToolTipRole) == "how large it is"
    assert model.data(model.index(1, 2)) == ""


# ------------------------------------------------------------------------------------- window


def finish(window: Any) -> None:
    window.prepare(1, 2, 3)
    window.click("supervox_finish")
    window.settle()
    window.dock.sections[4].set_open(True)


def find(window: Any) -> Any:
    finish(window)
    window.click("supervox_objects_find")
    window.settle()
    window.click("supervox_objects_table")
    table = window.dock.around.objects
    window.until(table.isVisible)
    return table


def click_row(window: Any, table: Any, row: int) -> None:
    at = table.view.visualRect(table.model.index(row, 1)).center()
    window._bot.mouseClick(table.view.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_from_final_labels_to_a_file(
    shown: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    table = find(shown)
    objects, labels = shown.session.delivery.objects, shown.session.delivery.final.labels
    assert table.model.rowCount() == objects.found.number >= 3
    assert shown.dock.objects.describe() == f"{objects.found.number} objects of 3 classes"
    # other plugins see the measures
    layer = shown.layer("objects")
    assert not layer.visible
    assert list(layer.features["index"]) == list(range(1, objects.found.number + 1))
    assert "voxels" in layer.features
    # a row is flown to
    largest = int(np.argmax(objects.found.table["voxels"])) + 1
    shown.viewer.dims.set_current_step(0, 0)
    click_row(shown, table, table.model.row_of(largest))
    mark = shown.layer("object")
    assert objects.selection == (largest,)
    assert mark.data.sum() == objects.found.table["voxels"][largest - 1]
    plane = shown.viewer.dims.current_step[0]
    assert (objects.found.ids[plane] == largest).any()
    # and to a file
    begins: list[Path] = []

    def answer(*asked: Any) -> tuple[str, str]:
        begins.append(Path(asked[2]))
        return str(tmp_path / "cells"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    shown._bot.mouseClick(table.save, Qt.MouseButton.LeftButton)
    shown.settle()
    with (tmp_path / "cells.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert sum(int(row["voxels"]) for row in rows) == np.count_nonzero(labels)
    about = json.loads((tmp_path / "cells.csv.json").read_text(encoding="utf-8"))
    assert about["rows"] == len(rows)
    assert about["connectivity"] == 26
    assert "saved: cells.csv" in table.says.whole
    assert begins == [shown.session.volume.folder / "scene-objects.csv"]
    table.close()
    assert "object" not in shown.viewer.layers
    assert told == []


def test_a_click_on_an_object_chooses_its_row(shown: Any) -> None:
    table = find(shown)
    objects = shown.session.delivery.objects
    shown.click("supervox_objects_shown")
    assert shown.layer("objects").visible
    assert not shown.session.view.final.visible
    plane = shown.viewer.dims.current_step[0]
    row, column = 20, 40
    number = int(objects.found.ids[plane, row, column])
    strokes = shown.strokes.data.copy()
    shown.drag((plane, row, column), (plane, row, column))
    assert objects.selection == (number,)
    assert table.view.currentIndex().row() == table.model.row_of(number)
    np.testing.assert_array_equal(shown.strokes.data, strokes)
    shown.click("supervox_objects_shown")
    assert shown.session.view.final.visible
    assert shown.session.painting.hand.tool == "paint"
    assert "object" not in shown.viewer.layers


def test_a_condition_that_names_no_measure_is_refused_in_a_line(window: Any) -> None:
    table = find(window)
    everything = table.model.rowCount()
    for text, words in (("weight > 3", "there is no measure 'weight'"), ("voxels <", "voxels")):
        table.text.setText(text)
        window._bot.keyClick(table.text, Qt.Key.Key_Return)
        assert words in table.says.whole
        assert table.model.rowCount() == everything
    table.text.setText("voxels < 0")
    window._bot.keyClick(table.text, Qt.Key.Key_Return)
    assert table.says.whole == f"0 of {everything} objects"


def test_what_is_typed_waits_for_enter_and_says_so(window: Any) -> None:
    table = find(window)
    everything = table.model.rowCount()
    window._bot.keyClicks(table.text, "voxels < 0")
    assert table.model.rowCount() == everything
    assert "press Enter to show only what meets the line above" in table.says.whole
    window._bot.keyClick(table.text, Qt.Key.Key_Return)
    assert table.says.whole == f"0 of {everything} objects"
    # what can't be read leaves no rows of the filter before
    window._bot.keyClicks(table.text, " and")
    window._bot.keyClick(table.text, Qt.Key.Key_Return)
    assert table.model.rowCount() == everything
    assert table.says.whole.startswith("All rows are shown: 'voxels < 0 and': the name of")
    table.text.clear()
    assert table.says.whole == f"{everything} objects"


def tick(window: Any, part: Any, name: str) -> None:
    """Click on a class in a menu that is open, and find it still open."""
    part.popup(part.parentWidget().mapToGlobal(QPoint(0, 0)))
    window.until(part.isVisible)
    (action,) = [k for k in part.actions() if k.text() == name]
    window._bot.mouseClick(
        part, Qt.MouseButton.LeftButton, pos=part.actionGeometry(action).center()
    )
    assert part.isVisible()
    part.close()


def test_distances_are_ticked_and_measured_also_after_an_edit(shown: Any) -> None:
    find(shown)
    session, section = shown.session, shown.dock.objects
    objects, distances = session.delivery.objects, shown.dock.objects.distances
    assert not [k for k in objects.found.table.names if k.startswith(("distance", "depth"))]
    assert distances.text() == "nothing"
    classes = [action.text() for action in distances.to.actions()]
    tick(shown, distances.to, classes[2])
    tick(shown, distances.below, classes[1])
    tick(shown, distances.below, classes[2])
    assert distances.text() == "1 distance, depth"
    assert section.status.text.whole.endswith("press Find objects for what is chosen")
    shown.click("supervox_objects_find")
    shown.settle()
    assert section.status.text.whole == f"{objects.found.number} objects of 3 classes"
    session.classes.move(3, 0)  # another order of the classes is no other choice
    shown.settle()
    assert section.asked == section.state.asked
    session.classes.move(3, 2)
    check_distances(session, classes)
    assert (objects.found.table["distance_class_3"] > 0).any()

    smallest = int(np.argmin(objects.found.table["voxels"]))
    objects.select((int(objects.found.table["id"][smallest]),))
    session.by_hand.delete()
    shown.settle()
    check_distances(session, classes)

    session.painting.undo()
    session.painting.undo()
    shown.settle()
    assert distances.text() == "nothing"
    assert "depth_mean" not in objects.found.table.names


def check_distances(session: Any, classes: list[str]) -> None:
    """Compare what the window measured with what is measured of the labels in view."""
    objects, of = session.delivery.objects, session.by_hand.edits.steps.asked
    assert not objects.is_old
    found, names = objects.found, {item.id: item.name for item in session.classes}
    labels = np.asarray(session.correcting.shown.now())
    request = MeasureRequest(names, {}, labels, of.distance_to, of.depth_below)
    source = found.order.of.source
    anew = measure_objects(
        find_objects(labels), request, spacing=source.spacing, unit=source.unit
    ).objects
    assert len(anew) == len(found.table)
    of_class = "distance_class_3"
    for name in (of_class, f"centre_{of_class}", "depth_least", "depth_mean"):
        np.testing.assert_allclose(np.sort(found.table[name]), np.sort(anew[name]), err_msg=name)
    assert (found.table[of_class][found.table["class_name"] == classes[2]] == 0).all()


def test_objects_of_old_labels_are_said_to_be_old(window: Any) -> None:
    finish(window)
    window.choose("supervox_objects_of", "structure")
    window.click("supervox_objects_find")
    window.settle()
    section = window.dock.objects
    assert section.state.of_classes == ("structure",)
    index = np.zeros(window.strokes.data.shape, bool)
    index[2, 2:6, 40:44] = True
    window.paint_voxels(index, 3)
    window.settle()
    assert section.state.is_old
    assert "press Finish in step 4 again" in section.status.text.whole
    assert not section.search.isEnabled()
    assert section.table.isEnabled()
    window.session.painting.undo()
    window.settle()
    assert not section.state.is_old


def test_nothing_is_found_without_final_labels(window: Any) -> None:
    window.settle()
    assert not window.find("supervox_objects_find").isEnabled()
    window.session.delivery.objects.find()
    assert not window.session.delivery.objects.measuring.is_running


def test_another_image_has_no_objects(window: Any) -> None:
    find(window)
    objects = window.session.delivery.objects
    window.viewer.layers.remove(window.session.volume.image)
    window.settle()
    assert objects.found is None
    assert "objects" not in window.viewer.layers
    assert not window.dock.around.objects.isVisible()


# --------------------------------------------------------------------- boxes, pictures, in space


def found_in(bench: Any) -> Any:
    bench.prepare(1, 2)
    bench.session.delivery.finish()
    bench.settle()
    objects = bench.session.delivery.objects
    objects.find()
    bench.settle()
    return objects


def whole(bench: Any, name: str) -> np.ndarray:
    """Return which voxels of the image a layer covers with its values."""
    layer, image = bench.layer(name), bench.session.volume.image
    covered = np.zeros(image.data.shape, int)
    start = np.rint(image.world_to_data(layer.data_to_world([0] * image.ndim))).astype(int)
    box = tuple(slice(a, a + n) for a, n in zip(start, layer.data.shape, strict=True))
    covered[box] = layer.data
    return covered


@pytest.mark.parametrize("displayed", [2, 3])
def test_in_a_box_an_object_is_outlined_where_it_lies(
    bench: Any, displayed: int, told: list[str]
) -> None:
    bench.session.volume.set_box((slice(4, 12), slice(2, 38), slice(3, 45)))
    objects = found_in(bench)
    bench.viewer.dims.ndisplay = displayed
    labels = whole(bench, "final labels")
    for number in range(1, objects.found.number + 1):
        objects.go_to(number)
        outlined = whole(bench, "object") > 0
        assert outlined.sum() == objects.found.table["voxels"][number - 1]
        assert set(labels[outlined]) == {objects.found.table["class"][number - 1]}
        np.testing.assert_array_equal(outlined, whole(bench, "objects") == number)
    bench.session.space.toggle()
    assert bench.layer("object").contour == displayed - 2
    assert told == []


def test_objects_of_a_flat_picture(open_bench: Any, scene: Any) -> None:
    bench = open_bench(scene.image[8], name="flat")
    bench.session.extent.prepare()
    strokes = np.zeros(scene.shape[1:], bool)
    for class_id in (1, 2):
        strokes[:] = False
        strokes[scene.stroke(class_id)[1:]] = True
        bench.paint_voxels(strokes, class_id)
    bench.settle()
    bench.session.delivery.finish()
    bench.settle()
    objects = bench.session.delivery.objects
    objects.find(2)
    bench.settle()
    objects.go_to(1)
    outlined = whole(bench, "object") > 0
    assert outlined.sum() == objects.found.table["voxels"][0]
    assert set(whole(bench, "final labels")[outlined]) == {2}


def test_places_of_objects_are_where_the_image_lies(open_bench: Any, scene: Any) -> None:
    bench = open_bench(
        scene.image, name="scene", scale=(4, 2, 2), translate=(100, 0, 50), units=("nm",) * 3
    )
    bench.session.volume.set_box((slice(4, 12), slice(2, 38), slice(3, 45)))
    objects = found_in(bench)
    layer, table = bench.layer("objects"), objects.found.table
    for row in range(objects.found.number):
        ids = np.argwhere(np.asarray(layer.data) == row + 1)
        centre = layer.data_to_world(ids.mean(axis=0))
        measured = [table[f"centre_{axis}"][row] for axis in ("plane", "row", "column")]
        np.testing.assert_allclose(measured, centre, rtol=1e-6)


def test_a_table_that_cannot_be_written_leaves_an_error(
    window: Any, tmp_path: Path, told: list[str]
) -> None:
    find(window)
    window.session.delivery.objects.save(tmp_path / "nowhere" / "cells.csv")
    window.settle()
    assert window.session.delivery.objects.saved is None
    said = [*told, getattr(window.dock.state.opening.problem, "text", "")]
    assert "nowhere" in " ".join(map(str, said))
