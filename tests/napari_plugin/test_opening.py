"""From an empty window to labels, by the mouse alone, for every kind of file."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QApplication, QFileDialog, QWidget
from supervox.project import Project

from tests.napari_plugin.pictures import MIDDLE, disc, write

MOST_CLICKS, MOST_STROKES = 8, 4
KINDS = [
    "tyx.tif",
    "tzyx.tif",
    "cyx.tif",
    "zcyx.tif",
    "rgb.tif",
    "rgb.png",
    "grey.png",
    "photo.jpg",
]


class Newcomer:
    """Counts what a person does."""

    def __init__(self, window: Any) -> None:
        self.window, self.clicks, self.strokes = window, 0, 0

    def click(self, name: str) -> None:
        self.clicks += 1
        self.window.click(name)

    def stroke(self, *places: tuple[int, int]) -> None:
        self.strokes += 1
        image, point = self.window.session.volume.image, self.window.viewer.dims.point
        plane = image.world_to_data(point)[: image.ndim - 2]
        self.window.drag(*((*plane, *place) for place in places))

    def choose_class(self, row: int) -> None:
        self.clicks += 1
        table = self.window.find("supervox_classes")
        at = table.visualItemRect(table.item(row, 2)).center()
        self.window._bot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=at)
        self.window.settle_widgets()


@pytest.fixture
def newcomer(open_dock: Callable[..., Any]) -> Newcomer:
    window = open_dock(show=True)
    window.viewer.window.resize(1280, 800)
    return Newcomer(window)


@pytest.fixture
def choose_file(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Have the file chooser return a file."""

    def choose(path: Path) -> None:
        monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(path), ""))

    return choose


def label(newcomer: Newcomer) -> None:
    """Paint the disc and what is around it, and wait for labels."""
    window, (row, column) = newcomer.window, MIDDLE
    window.until(lambda: window.session.painting.layer is not None)
    window.settle_widgets()
    newcomer.stroke((6, 8), (6, 70))
    newcomer.choose_class(1)
    newcomer.stroke((row - 5, column), (row + 5, column))
    window.until(lambda: window.session.view.result is not None)


def labels_in_view(window: Any) -> np.ndarray:
    """Return the live labels of the plane in view."""
    prediction, image = window.session.view.prediction, window.session.volume.image
    data = prediction.data[0] if prediction.multiscale else prediction.data
    if image.ndim == 2:
        return np.asarray(data[:, :])
    plane = round(float(image.world_to_data(window.viewer.dims.point)[0]))
    return np.asarray(data[plane])


@pytest.mark.parametrize("name", KINDS)
def test_a_newcomer_labels_a_file_of_her_own(
    newcomer: Newcomer, choose_file: Callable[[Path], None], tmp_path: Path, name: str
) -> None:
    window = newcomer.window
    choose_file(write(tmp_path, name))
    newcomer.click("supervox_open_volume")
    session = window.session
    window.until(lambda: session.opening.question or session.volume.image)
    if session.opening.question is not None:
        assert window.find("supervox_question").isVisible()
        window.settle_widgets()
        newcomer.click("supervox_answer")
    label(newcomer)
    labels = labels_in_view(window)
    assert labels[MIDDLE] == 2
    assert (labels[[3, -4], :] == 1).mean() > 0.9
    assert newcomer.clicks <= MOST_CLICKS
    assert newcomer.strokes <= MOST_STROKES
    assert window.dock.volume.spacing.isHidden(), "no number has to be typed"


def test_a_file_that_states_its_voxels_needs_no_word(
    newcomer: Newcomer, choose_file: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "cell.tif"
    tifffile.imwrite(
        path, disc(5), imagej=True, resolution=(1 / 20, 1 / 20),
        metadata={"axes": "ZYX", "spacing": 40, "unit": "nm"},
    )  # fmt: skip
    choose_file(path)
    newcomer.click("supervox_open_volume")
    label(newcomer)
    window = newcomer.window
    assert (newcomer.clicks, newcomer.strokes) == (2, 2)
    assert window.session.volume.source.spacing == (40.0, 20.0, 20.0)
    assert window.session.next.offers == ()
    assert window.viewer.canvas.overlays.scale_bar.visible


def the_dock_says_what_is_on_its_way(newcomer: Newcomer, monkeypatch: pytest.MonkeyPatch) -> None:
    window, may_end = newcomer.window, threading.Event()
    monkeypatch.setattr(
        "supervox.napari_plugin.session.file_opening.cell_with_strokes",
        lambda: may_end.wait() and [],
    )
    window.click("supervox_try_sample")
    assert window.find("supervox_opening_text").isVisible()
    assert "Making the sample" in window.find("supervox_opening_text").text()
    window.click("supervox_opening_cancel")
    may_end.set()
    assert not window.find("supervox_opening_text").isVisible()
    assert not window.viewer.layers


def a_project_that_is_opened_says_so_and_can_be_stopped(
    newcomer: Newcomer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Project.create(tmp_path / "cell.supervox", write(tmp_path, "grey.png")).close()
    window, may_end = newcomer.window, threading.Event()

    def reopen(folder: Path) -> Project:
        may_end.wait()
        return Project.open(folder)

    monkeypatch.setattr("supervox.napari_plugin.project.project_files.reopen", reopen)
    window.session.autosave.open(tmp_path / "cell.supervox")
    window.settle_widgets()
    assert window.find("supervox_opening_text").text() == "Opening the project…"
    window.click("supervox_opening_cancel")
    may_end.set()
    window.until(lambda: not window.session.autosave.working.is_running)
    window.settle_widgets()
    assert not window.find("supervox_opening_text").isVisible()
    assert not window.viewer.layers


def what_is_wrong_stays_with_what_helps(
    newcomer: Newcomer, choose_file: Callable[[Path], None], tmp_path: Path
) -> None:
    window = newcomer.window
    (tmp_path / "cut.mrc").write_bytes(b"123")
    choose_file(tmp_path / "cut.mrc")
    newcomer.click("supervox_open_volume")
    window.until(lambda: window.session.opening.problem)
    window.settle_widgets()
    problem = window.find("supervox_problem")
    assert problem.isVisible()
    assert "is cut short" in problem.text()
    choose_file(write(tmp_path, "grey.png"))
    newcomer.click("supervox_open_other")
    window.until(lambda: window.session.volume.image is not None)
    window.settle_widgets()
    assert not problem.isVisible()


def test_a_voxel_size_is_asked_for_where_it_matters(
    newcomer: Newcomer, choose_file: Callable[[Path], None], tmp_path: Path
) -> None:
    window = newcomer.window
    choose_file(write(tmp_path, "zcyx.tif"))
    newcomer.click("supervox_open_volume")
    window.until(lambda: window.session.next.offers)
    window.settle_widgets()
    newcomer.click("supervox_accept_0")
    field = window.find("supervox_spacing_0")
    assert field.isVisible()
    assert field.selectedText() == "1"
    window._bot.keyClicks(field, "5")
    window.choose("supervox_unit", "µm")
    window.until(lambda: window.session.volume.source.spacing == (5.0, 1.0, 1.0))
    assert window.session.volume.source.unit == "um"
    assert "5 × 1 × 1 µm" in window.find("supervox_volume_facts").text()


def test_a_file_that_is_dropped_is_opened_in_the_dock(newcomer: Newcomer, tmp_path: Path) -> None:
    window = newcomer.window
    path = write(tmp_path, "tyx.tif")
    root = window.dock.window()
    (target,) = (w for w in root.findChildren(QWidget) if type(w).__name__ == "QtViewer")
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(path))])
    where, what = QPointF(50, 50), (Qt.DropAction.CopyAction, dropped)
    held = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(target, QDragEnterEvent(where.toPoint(), *what, *held))
    QApplication.sendEvent(target, QDropEvent(where, *what, *held))
    window.until(lambda: window.session.opening.question)


def test_what_napari_opens_is_asked_about_in_the_dock(newcomer: Newcomer, tmp_path: Path) -> None:
    window = newcomer.window
    window.viewer.open(str(write(tmp_path, "tyx.tif")), plugin="supervox")
    window.until(lambda: window.session.opening.question)
    assert not [layer for layer in window.viewer.layers if layer.name == "tyx"]


# ---------------------------------------------------------- one window for what goes together


def test_what_is_on_its_way_is_said_and_what_is_wrong_stays(
    newcomer: Newcomer,
    choose_file: Callable[[Path], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    the_dock_says_what_is_on_its_way(newcomer, monkeypatch)
    a_project_that_is_opened_says_so_and_can_be_stopped(newcomer, tmp_path, monkeypatch)
    what_is_wrong_stays_with_what_helps(newcomer, choose_file, tmp_path)
