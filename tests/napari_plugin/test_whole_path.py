"""The whole path in one window, by mouse: a file, strokes, corrections, objects, numbers."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt
from qtpy.QtWidgets import QFileDialog, QWidget
from supervox.napari_plugin.widgets.class_table import LOCKED, NAME
from supervox.volumes import open_volume, write_volume

LEFT = Qt.MouseButton.LeftButton
PLANE = 8
PREPARE, PAINT, SEGMENT, OBJECTS, EXPORT = range(1, 6)  # steps of the dock


class Hands:
    """What a person does with the window of one sample."""

    def __init__(self, window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.window, self._patch = window, monkeypatch

    def click(self, *names: str) -> None:
        for name in names:
            self.window.click(name)
            self.window.settle()

    def unfold(self, step: int) -> None:
        """Click on the header of a step, if it is folded."""
        section = self.window.dock.sections[step]
        if not section.is_open:
            header = section.findChild(QWidget, "supervox_section_header")
            self.window._bot.mouseClick(header, LEFT)
            self.window.settle_widgets()

    def pick(self, number: int, column: int = NAME) -> None:
        """Click on a class in the table, on its name or on the box of its lock."""
        table = self.window.find("supervox_classes")
        at = table.visualItemRect(table.item(number - 1, column)).center()
        self.window._bot.mouseClick(table.viewport(), LEFT, pos=at - QPoint(9, 0) * (column > NAME))
        self.window.settle()

    def paint(self, number: int, *places: tuple[int, int]) -> None:
        """Choose a class, and drag through places of the plane."""
        self.pick(number)
        self.window.drag(*((PLANE, *place) for place in places))
        self.window.settle()

    def type(self, field: QWidget, text: str) -> None:
        field.setFocus()
        self.window._bot.mouseClick(field, LEFT)
        field.selectAll()
        self.window._bot.keyClicks(field, text)

    def answer(self, path: Path) -> None:
        """Have the file choosers return a file."""
        for name in ("getOpenFileName", "getSaveFileName"):
            self._patch.setattr(QFileDialog, name, lambda *_, **__: (str(path), ""))


def labels(window: Any) -> np.ndarray:
    return np.array(window.session.correcting.shown.now())


@pytest.fixture
def hands(open_dock: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Hands:
    window = open_dock(show=True)
    window.viewer.window.resize(1280, 800)
    return Hands(window, monkeypatch)


def test_from_a_file_to_numbers_and_back_to_all_of_it(
    hands: Hands, scene: Any, tmp_path: Path, told: list[str]
) -> None:
    window = hands.window
    segment(hands, scene, tmp_path)
    put_right(hands)
    count(hands)
    before = labels(window), window.strokes.data.copy()
    export(hands, tmp_path, *before)
    # all of it, from the project
    folder, edits = window.session.autosave.project.folder, window.session.by_hand.edits.steps
    counts = window.session.painting.corrections.counts.copy()
    window.close_dock()
    window.viewer.layers.clear()
    window.open()
    window.session.autosave.open(folder)
    window.settle()
    window.until(lambda: window.session.delivery.final is not None)
    window.settle()
    np.testing.assert_array_equal(labels(window), before[0])
    np.testing.assert_array_equal(window.strokes.data, before[1])
    np.testing.assert_array_equal(window.session.painting.corrections.counts, counts)
    assert window.session.classes.held == (2,)
    assert window.session.by_hand.edits.steps == edits
    hands.unfold(OBJECTS)
    if window.session.delivery.objects.found is None:
        hands.click("supervox_objects_find")
    assert "1 cut, 1 rule" in window.find("supervox_objects_by_hand").whole
    assert told == []


def segment(hands: Hands, scene: Any, folder: Path) -> None:
    """Open a file, paint a stroke for each of three classes, prepare, and finish."""
    window = hands.window
    write_volume(folder / "cell.tif", scene.image, spacing=(20, 10, 10), unit="nm", kind="image")
    hands.answer(folder / "cell.tif")
    window.click("supervox_open_volume")
    window.until(lambda: window.session.painting.layer is not None)
    window.settle()
    hands.answer(folder / "cell.supervox")
    menu = window.dock.project.menu
    menu.aboutToShow.emit()
    next(action for action in menu.actions() if action.text() == "Save as…").trigger()
    window.until(lambda: window.session.autosave.is_named)
    window.settle()
    window.session.volume.show_plane(0, PLANE)
    hands.unfold(PAINT)
    window.click("supervox_class_add")
    window.slide("supervox_brush_size", 3)
    for number, column in ((1, 8), (2, 24), (3, 40)):
        hands.paint(number, (14, column), (26, column))
    if window.session.preparation.prepared is None:
        hands.unfold(PREPARE)
        hands.click("supervox_prepare")
    hands.unfold(SEGMENT)
    hands.click("supervox_finish")
    assert window.session.delivery.is_finished
    assert (labels(window) == scene.truth).mean() > 0.97


def put_right(hands: Hands) -> None:
    """Lock a class, correct by brush, and remove the specks that the brush left."""
    window, raw = hands.window, labels(hands.window)
    hands.unfold(PAINT)
    hands.pick(2, LOCKED)
    assert window.session.classes.held == (2,)
    assert window.session.delivery.is_finished
    hands.click("supervox_paint_corrections")
    hands.paint(3, (6, 6), (6, 8))
    hands.paint(1, (10, 38), (34, 38))
    painted = labels(window)
    assert (painted[PLANE, 6, 6:9] == 3).all()
    assert (painted[PLANE, 10:35, 38] == 1).all()
    hands.unfold(OBJECTS)
    window.click("supervox_clean_fold")
    window.choose("supervox_clean_of", window.session.classes[3].name)
    amount = window.find("supervox_clean_amount")
    hands.type(amount, "100000")  # nm³: 50 voxels
    window._bot.keyClick(amount, Qt.Key.Key_Return)
    hands.click("supervox_clean_preview", "supervox_clean_apply")
    after = labels(window)
    np.testing.assert_array_equal(after[:, :, :16], raw[:, :, :16])  # the speck is gone
    np.testing.assert_array_equal(after == 2, raw == 2)
    np.testing.assert_array_equal(after[:, :, 20:], painted[:, :, 20:])


def count(hands: Hands) -> None:
    """Find objects, cut one by a line, sort one out by a rule, look one up, compare planes."""
    window = hands.window
    objects = window.session.delivery.objects
    hands.click("supervox_objects_find")
    number = objects.found.number
    window.click("supervox_object_cut")
    window.drag((PLANE, 20, 2), (PLANE, 20, 14))  # across class 1
    window.settle()
    window.click("supervox_object_cut")
    assert objects.found.number == number + 1
    window.click("supervox_objects_table")
    table = window.dock.around.objects
    window.until(table.isVisible)
    table.tabs.setCurrentWidget(table.rules)
    hands.type(table.rules.text, "volume < 0.0005 um^3")
    table.rules.to.setCurrentIndex(table.rules.to.findText("removed"))
    window._bot.mouseClick(table.rules.add, LEFT)
    window.settle()
    assert table.rules.list.count() == 1
    assert "1 cut, 1 rule" in window.find("supervox_objects_by_hand").whole
    window.viewer.dims.set_current_step(0, 0)
    at = table.view.visualRect(table.model.index(0, 1)).center()
    window._bot.mouseClick(table.view.viewport(), LEFT, pos=at)
    (chosen,) = objects.selection
    plane = window.viewer.dims.current_step[0]
    assert (objects.found.ids[plane] == chosen).any()
    hands.unfold(SEGMENT)
    hands.click("supervox_compare")
    assert window.dock.planes.isVisible()
    window.dock.planes.close()


def export(hands: Hands, folder: Path, expected: np.ndarray, strokes: np.ndarray) -> None:
    """Write the labels and the table."""
    window = hands.window
    hands.answer(folder / "objects.csv")
    window._bot.mouseClick(window.dock.around.objects.save, LEFT)
    window.settle()
    with (folder / "objects.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == window.dock.around.objects.model.rowCount()
    window.dock.around.objects.close()
    hands.unfold(EXPORT)
    hands.answer(folder / "labels.tif")
    window.choose("supervox_export_kind", "Labels")
    hands.click("supervox_export")
    with open_volume(folder / "labels.tif") as written:
        np.testing.assert_array_equal(written.data[:], expected)
