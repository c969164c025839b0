"""In which object of other labels objects lie: ticked in the window, kept, told where gone."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from napari.layers import Layer
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QPoint, Qt
from supervox.cli import supervox
from supervox.napari_plugin.io.readers import read_layers
from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.session.other_labels import labels_in_files
from supervox.napari_plugin.tasks import jobs
from supervox.napari_plugin.tasks.measuring import FinalLabels, MeasureOrder, Measuring
from supervox.napari_plugin.widgets.distances_menu import NO_FILE, NO_LABELS, DistancesMenu
from supervox.objects import (
    Asked,
    MeasureRequest,
    ObjectSteps,
    find_objects,
    measure_objects,
)
from supervox.volumes import write_volume

SPACING = (60.0, 30.0, 30.0)
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def halves(scene: Any) -> np.ndarray:
    """Return two cells: 4 at the left, 9 at the right."""
    columns = np.arange(scene.shape[2])
    return np.broadcast_to(np.where(columns < 20, 4, 9), scene.shape).astype(np.uint8)


@pytest.fixture
def files(scene: Any, halves: np.ndarray, tmp_path: Path) -> Path:
    """Write the image and the cells; return the folder."""
    write_volume(tmp_path / "cell.tif", scene.image, spacing=SPACING, unit="nm", kind="image")
    write_volume(tmp_path / "cells.tif", halves)
    return tmp_path


def add_file(viewer: Any, path: Path, role: Any) -> None:
    for layer in read_layers(str(path), role):
        viewer.layers.append(Layer.create(*layer))


def opened(bench: Any, folder: Path) -> Any:
    """Open the files, save the project under a name, and finish."""
    add_file(bench.viewer, folder / "cell.tif", "volume")
    bench.prepare(1, 2, 3)
    add_file(bench.viewer, folder / "cells.tif", "labels")
    bench.session.autosave.save_as(folder / "cell.supervox")
    bench.settle()
    bench.session.delivery.finish()
    bench.settle()
    return bench.session


def find(bench: Any, asked: Asked) -> Any:
    objects = bench.session.delivery.objects
    bench.session.by_hand.find(asked)
    bench.settle()
    return objects.found


def close(bench: Any) -> None:
    bench.session.close()
    jobs.finish_files()


# ------------------------------------------------------------------------------------- the menu


def test_a_layer_in_no_file_cannot_be_ticked_and_one_entry_can(qtbot: QtBot) -> None:
    menu = DistancesMenu()
    qtbot.addWidget(menu)
    assert [k.text() for k in menu.within.actions()] == [NO_LABELS]
    menu.list_choices((), (("cells", "/d/cells.tif"), ("nuclei", "/d/n.h5::/a"), ("drawn", "")))
    cells, nuclei, drawn = menu.within.actions()
    assert (drawn.text(), drawn.isEnabled(), drawn.toolTip()) == (
        "drawn (in no file)",
        False,
        NO_FILE,
    )
    told: list[str] = []
    menu.chosen.connect(lambda: told.append(menu.parents))
    cells.trigger()
    nuclei.trigger()
    assert [k.isChecked() for k in (cells, nuclei)] == [False, True]
    nuclei.trigger()
    assert told == ["/d/cells.tif", "/d/n.h5::/a", ""]
    assert menu.text() == "nothing"


def test_what_is_ticked_stays_so_where_its_layer_is_gone(qtbot: QtBot) -> None:
    menu = DistancesMenu()
    qtbot.addWidget(menu)
    menu.list_choices((("a", 1),), (("cells", "/d/cells.tif"),))
    menu.tick((1,), (), "/d/cells.tif")
    assert menu.text() == "1 distance, parent"
    menu.list_choices((("a", 1), ("b", 2)), ())
    (entry,) = menu.within.actions()
    assert (entry.text(), entry.isChecked(), menu.parents) == ("cells.tif", True, "/d/cells.tif")
    assert menu.distance_to == (1,)


def test_only_labels_of_others_of_the_same_shape_are_offered(bench: Any, files: Path) -> None:
    add_file(bench.viewer, files / "cells.tif", "labels")
    bench.viewer.add_labels(np.zeros((3, 4, 5), np.uint8), name="of something else")
    bench.viewer.add_labels(np.zeros((16, 40, 48), np.uint8), name="drawn")
    bench.prepare(1, 2)
    offered = labels_in_files(bench.session.volume)
    assert offered == (("cells", str(files / "cells.tif")), ("drawn", ""))


def test_only_the_part_to_work_in_is_read(
    run_stage: Any, files: Path, scene: Any, halves: np.ndarray
) -> None:
    box = slice(2, 10), slice(0, 40), slice(10, 40)
    source = Source("layer", scene.image, 0, SPACING, "nm", box)
    labels = np.zeros(source.shape, np.uint8)
    labels[1:3, 1:3, 9:20] = 1  # columns 19 to 29 of the image
    final = FinalLabels(source, labels, (1,), True)
    steps = ObjectSteps(Asked(parents=str(files / "cells.tif")))
    order = MeasureOrder(final, 0, {1: "cell"}, ("image",), (0.0, 0.0, 0.0), steps)
    found = run_stage(Measuring(), order)
    assert found.table["parent"].tolist() == [9]
    assert found.table["parent_share"].tolist() == [10 / 11]


# ------------------------------------------------------------------------------------- the window


def test_a_tick_is_a_column_and_a_step_that_can_be_undone(
    shown: Any, files: Path, halves: np.ndarray, told: list[str]
) -> None:
    add_file(shown.viewer, files / "cells.tif", "labels")
    shown.prepare(1, 2, 3)
    shown.click("supervox_finish")
    shown.settle()
    section, session = shown.dock.objects, shown.session
    shown.dock.sections[4].set_open(True)
    menu = section.distances.within
    menu.popup(section.distances.mapToGlobal(QPoint(0, 0)))
    shown.until(menu.isVisible)
    (action,) = [k for k in menu.actions() if k.text() == "cells"]
    shown._bot.mouseClick(menu, LEFT, pos=menu.actionGeometry(action).center())
    assert menu.isVisible()  # as with classes, one may go on
    menu.close()
    assert section.distances.text() == "parent"
    shown.click("supervox_objects_find")
    shown.settle()
    check_parents(session, halves)
    # an edit has all measured anew
    objects = session.delivery.objects
    objects.select((int(objects.found.table["id"][np.argmin(objects.found.table["voxels"])]),))
    session.by_hand.delete()
    shown.settle()
    check_parents(session, halves)
    session.painting.undo()
    session.painting.undo()
    shown.settle()
    assert "parent" not in objects.found.table
    assert section.distances.text() == "nothing"
    session.painting.redo()
    shown.settle()
    check_parents(session, halves)
    assert told == []


def check_parents(session: Any, halves: np.ndarray) -> None:
    """Compare the column with what the engine measures of the labels in view."""
    labels = np.asarray(session.correcting.shown.now())
    anew = measure_objects(find_objects(labels), MeasureRequest(parents=halves)).objects
    found = session.delivery.objects.found.table
    order, other = np.argsort(found["volume"]), np.argsort(anew["volume"])
    for name in ("parent", "parent_share"):
        np.testing.assert_allclose(found[name][order], anew[name][other], err_msg=name)
    assert set(found["parent"]) == {4, 9}


def test_the_column_is_that_of_the_command_line_and_comes_back(
    open_bench: Callable[..., Any], files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = open_bench()
    session = opened(bench, files)
    found = find(bench, Asked(parents=str(files / "cells.tif")))
    assert found.about("cell.tif")["parents"] == str(files / "cells.tif")
    kept = session.kept
    bench.until(lambda: kept.is_done and not session.delivery.objects.keeping.is_running)
    close(bench)
    done = CliRunner().invoke(
        supervox, ["objects", str(files / "cell.supervox"), "--table", str(files / "o.csv")]
    )
    assert done.exit_code == 0, done.output
    with (files / "o.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["parent"]) for row in rows] == found.table["parent"].tolist()
    assert json.loads((files / "o.csv.json").read_text())["parents"] == str(files / "cells.tif")

    again = open_bench()
    objects = again.session.delivery.objects
    with monkeypatch.context() as patch:
        patch.setattr(type(objects.measuring), "start", lambda *_: 1 / 0)
        again.session.autosave.open(files / "cell.supervox")
        again.until(lambda: objects.found is not None)
        again.settle()
    assert objects.found.table.to_csv() == found.table.to_csv()
    assert (objects.found.parents_from, objects.found.no_parents) == (found.parents_from, "")
    close(again)
    # other cells in the file: what was kept follows from others
    write_volume(files / "cells.tif", np.full(found.ids.shape, 2, np.uint8))
    third = open_bench()
    third.session.autosave.open(files / "cell.supervox")
    third.until(lambda: third.session.delivery.objects.found is not None)
    third.settle()
    assert set(third.session.delivery.objects.found.table["parent"]) == {2}
    close(third)


def test_a_file_that_is_gone_leaves_the_column_out_and_is_told(
    shown: Any, files: Path, told: list[str]
) -> None:
    add_file(shown.viewer, files / "cells.tif", "labels")
    shown.prepare(1, 2, 3)
    shown.click("supervox_finish")
    shown.settle()
    asked = Asked(parents=str(files / "cells.tif"))
    before = find(shown, asked)
    (files / "cells.tif").rename(files / "moved.tif")
    found = find(shown, asked)
    assert "parent" not in found.table
    np.testing.assert_array_equal(found.table["volume"], before.table["volume"])
    says = shown.dock.objects.status.text
    words = f"without what they lie in: cells.tif isn't in {files} any more"
    assert says.whole == f"{found.number} objects of 3 classes, {words}"
    assert says.property("role") == "warning"
    assert shown.dock.objects.distances.text() == "parent"  # it is still asked for
    assert shown.session.by_hand.edits.steps.asked == asked
    (files / "moved.tif").rename(files / "cells.tif")
    assert find(shown, asked).table.to_csv() == before.table.to_csv()
    assert says.whole == f"{found.number} objects of 3 classes"
    assert told == []
