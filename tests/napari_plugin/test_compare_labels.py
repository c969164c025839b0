"""Two segmentations compared in the window, by mouse."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QWidget
from supervox.napari_plugin.session.agreement import TwoLabels
from supervox.objects import ONLY_A, ONLY_B, OTHER, SAME
from supervox.volumes import VolumeClass, write_volume

from tests.napari_plugin.corrector import put

BOX = (slice(4, 12), slice(10, 20), slice(20, 30))  # of class 1 in both
MORE = (slice(4, 6), slice(10, 20), slice(20, 30))  # only in B, 4 planes from it
OTHERS = (slice(14, 16), slice(30, 33), slice(2, 6))  # class 2 in A, class 3 in B


def pair(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """A has a box without its first planes, B all of it; and a place where each says another."""
    a, b = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    a[BOX] = b[BOX] = 1
    a[MORE] = 0
    a[OTHERS], b[OTHERS] = 2, 3
    return a, b


class Comparing:
    """The window that compares, with layers A and B in the viewer, and a hand."""

    def __init__(self, shown: Any) -> None:
        self.shown, self.bot = shown, shown._bot
        image = shown.session.volume.image
        self.a, self.b = pair(image.data.shape)
        for name, values in (("mine", self.a), ("hers", self.b)):
            shown.viewer.add_labels(values, name=name, scale=image.scale, units=image.units)
        shown.settle()
        shown.dock.sections[4].set_open(True)
        shown.click("supervox_objects_compare")
        self.two, self.window = shown.dock.around.two, shown.dock.around.agreement
        shown.until(self.window.isVisible)

    def find(self, name: str) -> Any:
        (found,) = self.window.findChildren(QWidget, f"supervox_agreement_{name}")
        return found

    def choose(self, letter: str, text: str) -> None:
        box = self.find(letter)
        index = box.findText(text)
        assert index >= 0, [box.itemText(k) for k in range(box.count())]
        box.setCurrentIndex(index)
        box.activated.emit(index)

    def click(self, name: str) -> None:
        made = self.find(name)
        assert made.isEnabled(), name
        self.bot.mouseClick(made, Qt.MouseButton.LeftButton)
        self.shown.settle()

    def compare(self, a: str, b: str) -> None:
        self.choose("a", a)
        self.choose("b", b)
        self.click("compare")

    def row(self, number: int) -> list[str]:
        table = self.find("rows")
        return [table.item(number, k).text() for k in range(table.columnCount())]

    def click_row(self, number: int) -> None:
        table = self.find("rows")
        at = table.visualItemRect(table.item(number, 0)).center()
        self.bot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
        self.shown.settle()

    def says(self) -> str:
        text: str = self.find("says").whole
        return text

    def overlay(self) -> np.ndarray:
        return np.asarray(self.shown.layer("agreement").data)


@pytest.fixture
def comparing(open_dock: Callable[..., Any], scene: Any) -> Comparing:
    image = scene.image
    fields = {"scale": (2.0, 1.0, 1.0), "units": ("um",) * 3}
    return Comparing(open_dock(image, name="scene", show=True, **fields))


def test_two_layers_that_differ_in_known_boxes(
    comparing: Comparing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    shown = comparing.shown
    comparing.compare("mine", "hers")
    # the numbers: 600 voxels of class 1 in A, 800 in B
    assert comparing.row(1)[:4] == ["background", f"{1200 / 1400:.4f}", "0.7500", "+33.3%"]
    header = comparing.find("rows").horizontalHeaderItem(4)
    assert header.text() == "Mean\ndistance (µm)"
    assert [comparing.row(k)[1] for k in (2, 3)] == ["0.0000", "0.0000"]
    differ = 200 + 24
    assert comparing.says().startswith(f"{100 * (1 - differ / comparing.a.size):.2f} % of all")
    # the picture
    expected = np.zeros_like(comparing.a)
    expected[BOX], expected[MORE], expected[OTHERS] = SAME, ONLY_B, OTHER
    np.testing.assert_array_equal(comparing.overlay(), expected)
    comparing.click_row(2)
    expected = np.zeros_like(comparing.a)
    expected[OTHERS] = ONLY_A
    np.testing.assert_array_equal(comparing.overlay(), expected)
    # differences, the largest first
    comparing.click_row(0)
    comparing.click("next")
    assert comparing.find("place").whole == (
        "1 of 2: A says nothing, B says background (400 µm³, 200 voxels)"
    )
    assert shown.viewer.dims.current_step[0] in (4, 5)
    assert shown.layer("difference").data.sum() == 200
    comparing.click("next")
    assert comparing.find("place").whole.startswith("2 of 2: A says structure, B says class 3 (48")
    assert shown.viewer.dims.current_step[0] in (14, 15)
    assert not comparing.find("next").isEnabled()
    comparing.click("previous")
    assert shown.viewer.dims.current_step[0] in (4, 5)
    # a file
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "both"), ""))
    comparing.click("save")
    with (tmp_path / "both.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["class"] for row in rows] == ["1", "2", "3"]
    assert (rows[0]["volume_a (um^3)"], rows[0]["volume_b (um^3)"]) == ("1200", "1600")
    # what was painted since makes it old
    layer = shown.layer("mine")
    layer.data_setitem((np.array([0]), np.array([0]), np.array([0])), 1)
    shown.settle()
    assert comparing.says() == "The labels have changed since: compare again"
    # and nothing is left in the picture
    comparing.window.close()
    assert {"agreement", "difference"}.isdisjoint(layer.name for layer in shown.viewer.layers)
    assert told == []


def test_final_labels_against_live_and_corrected_ones(comparing: Comparing) -> None:
    shown = comparing.shown
    shown.prepare(1, 2, 3)
    shown.session.delivery.finish()
    shown.settle()
    comparing.compare("final labels (shown now)", "live labels")
    assert comparing.says().startswith("100.00 % of all voxels have the same label")
    assert comparing.find("place").whole == "No place differs"
    assert not shown.session.view.final.visible  # the overlay is in its place
    # a correction makes both old, and the labels before it can be compared
    voxels = np.arange(50)
    classes = np.full(50, 3, np.uint8)
    assert put(shown.session, voxels, classes, "corrected") == 50
    shown.settle()
    assert comparing.says() == "The labels have changed since: compare again"
    comparing.compare("final labels, uncorrected", "final labels (shown now)")
    found = comparing.two.found
    first = np.resize(comparing.shown.session.delivery.final.labels, 50)
    assert found.agreement.voxels - found.agreement.same == np.count_nonzero(first != 3) > 0
    assert comparing.find("place").whole == "2 places differ"  # of two classes
    comparing.click("shown")
    assert "agreement" not in shown.viewer.layers
    assert shown.session.view.final.visible
    # another volume ends it
    comparing.click("shown")
    shown.viewer.layers.remove(shown.session.volume.image)
    shown.settle()
    assert comparing.two.found is None
    assert "agreement" not in shown.viewer.layers


def test_a_file_is_compared_or_refused_in_a_sentence(
    comparing: Comparing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: list[str]
) -> None:
    classes = [VolumeClass(3, "vesicles")]
    write_volume(tmp_path / "good.tif", comparing.b, classes=classes)
    write_volume(tmp_path / "small.tif", comparing.b[:5], classes=classes)
    answers = iter([tmp_path / "small.tif", tmp_path / "good.tif"])
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(next(answers)), ""))
    comparing.choose("a", "mine")
    comparing.choose("b", "a file…")
    comparing.click("compare")
    assert comparing.says() == (
        "small.tif: has 5 x 40 x 48 voxels, the image 16 x 40 x 48: choose labels of this image"
    )
    comparing.choose("b", "a file…")
    comparing.click("compare")
    assert comparing.row(3)[0] == "vesicles"
    assert len(comparing.two.found.places) == 2
    assert told == []


# ------------------------------------------------------------------------- without a window


def compared(bench: Any, a: str, b: str) -> TwoLabels:
    """Compare two in a bench, by their words."""
    session = bench.session
    two = TwoLabels(
        session.volume,
        session.painting,
        session.view,
        lambda: session.delivery.final,
        session.settings.resources,
    )
    two.sides.note_final()
    keys = dict(two.sides.choices())
    two.compare(keys[a], keys[b])
    bench.until(lambda: not two.working.is_running)
    return two


def test_an_undo_makes_what_was_compared_old(open_bench: Any, scene: Any) -> None:
    bench = open_bench(scene.image, name="scene")
    mine = bench.viewer.add_labels(pair(scene.shape)[0], name="mine")
    bench.viewer.add_labels(pair(scene.shape)[1], name="hers")
    mine.data_setitem((np.array([8]), np.array([0]), np.array([0])), 1)
    two = compared(bench, "mine", "hers")
    assert not two.is_old
    bench.viewer.dims.set_current_step(0, 3)
    bench.viewer.dims.set_current_step(0, 8)
    assert not two.is_old  # another slice is no change
    mine.undo()
    assert two.is_old
    two.release()


def test_pictures_and_parts_are_compared_where_they_lie(open_bench: Any, scene: Any) -> None:
    flat = open_bench(scene.image[8], name="flat")
    for name, values in zip(("mine", "hers"), pair(scene.shape), strict=True):
        flat.viewer.add_labels(values[4], name=name)
    two = compared(flat, "mine", "hers")
    assert len(two.found.places) == 1
    two.go(1)
    assert "A says nothing, B says background (100 voxels)" in two.state().place
    np.testing.assert_array_equal(
        flat.layer("agreement").data, ONLY_B * (pair(scene.shape)[1][4] > 0)
    )
    two.release()
    # live labels of a box against a layer of all voxels
    bench = open_bench(scene.image, name="scene")
    bench.session.volume.set_box((slice(4, 12), slice(2, 38), slice(3, 45)))
    bench.viewer.add_labels(np.full(scene.shape, 2, np.uint8), name="all two")
    bench.prepare(1, 2)
    two = compared(bench, "live labels (shown now)", "all two")
    assert two.found.start == (4, 2, 3)
    assert two.found.a.shape == (8, 36, 42)
    two.go(1)
    assert tuple(bench.layer("agreement").translate) == (4, 2, 3)
    two.release()


def test_labels_of_before_the_last_finish(bench: Any) -> None:
    session = bench.session
    two = TwoLabels(
        session.volume,
        session.painting,
        session.view,
        lambda: session.delivery.final,
        session.settings.resources,
    )
    keys = []
    for classes in ((1, 2), (3,)):
        bench.prepare(*classes)
        session.delivery.finish()
        bench.settle()
        two.sides.note_final()
        keys.append([key for _, key in two.sides.choices()])
    assert "before" not in keys[0]
    assert "before" in keys[1]
    two.compare("before", "final")
    bench.until(lambda: not two.working.is_running)
    assert [item.class_id for item in two.found.agreement.classes] == [1, 2, 3]
    assert two.found.agreement.classes[2].voxels_a == 0 < two.found.agreement.classes[2].voxels_b
    two.release()
