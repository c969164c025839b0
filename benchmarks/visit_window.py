"""The process of the `visit` benchmark: a person at the real window, on a real volume.

``python -m benchmarks.visit_window NAME WIDTH HEIGHT THEME STROKES CORRECTIONS [PICTURES]`` opens
the file of a volume, names its classes, paints strokes, corrects the largest mistakes of the planes
that she looks at, and finishes: all by mouse and keys. Prints JSON.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from qtpy.QtCore import QPoint, Qt, QTimer
from qtpy.QtGui import QCursor
from qtpy.QtWidgets import QAbstractButton, QAbstractSlider, QApplication, QWidget

from docs.screenshots.person import Person

from .datasets import Dataset, load_real
from .made_volumes import make_plates
from .robots import START, Painted, Stroke, play
from .sessions import classes_of
from .slider import mean_dice
from .timing import say

LOOK_MS = 25  # between two looks at where everything is
BEFORE_S = 1.0  # before a click, in which its button must not move
EVERY = 3  # pixels of a stroke between two places of the mouse
PLATES, PLATES_SHAPE = "plates", (24, 64, 64)  # where there are no real volumes
HAND_S = 0.3  # from where the mouse was
REST_S = 1.5  # that a person looks before she goes on


@dataclass
class Movement:
    """A button that moved when it must not.

    Attributes
    ----------
    what : str
        Its object name, and what it says.
    when : str
        "under the mouse", while a button of the mouse is down, or "before a click".
    by : tuple of 2 int
        Pixels, along the row and down.
    """

    what: str
    when: str
    by: tuple[int, int]


@dataclass
class Stillness:
    """Watches where the buttons and sliders of the dock are.

    Attributes
    ----------
    person : Person
    moved : list of Movement
    """

    person: Person
    moved: list[Movement] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._places: dict[QWidget, QPoint] = {}
        self._changes: dict[QWidget, tuple[float, QPoint]] = {}
        self._was_down = False
        self._timer = QTimer()
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def _widgets(self) -> Iterator[QWidget]:
        dock = self.person.dock
        for kind in (QAbstractButton, QAbstractSlider):
            for parent in (dock, dock.below.panel):
                for widget in parent.findChildren(kind):
                    if widget.isVisible() and widget.objectName().startswith("supervox"):
                        yield widget

    def look(self) -> None:
        """Look where everything is now."""
        places = {w: w.mapToGlobal(QPoint(0, 0)) for w in self._widgets()}
        is_down = QApplication.mouseButtons() != Qt.MouseButton.NoButton
        was_down, self._was_down = self._was_down, is_down
        for widget, place in places.items():
            before = self._places.get(widget, place)
            if place != before:
                by = place - before
                self._changes[widget] = time.monotonic(), by
                if was_down and is_down:
                    self._note(widget, "under the mouse", by)
        self._places = places

    def before_click(self, widget: QWidget) -> None:
        """Note whether the button that is clicked has just moved."""
        self.look()
        at, by = self._changes.get(widget, (-BEFORE_S, QPoint()))
        if time.monotonic() - at < BEFORE_S:
            self._note(widget, "before a click", by)

    def scrolled(self) -> None:
        """Forget what moved: she scrolled herself."""
        self.look()
        self._changes.clear()

    def _note(self, widget: QWidget, when: str, by: QPoint) -> None:
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        self.moved.append(Movement(f"{widget.objectName()} {text}", when, (by.x(), by.y())))


class Visitor:
    """A person with a volume whose truth she knows.

    Parameters
    ----------
    data : Dataset
    person : Person
    pictures : Path or None
        Folder for pictures of the window.
    """

    def __init__(self, data: Dataset, person: Person, pictures: Path | None) -> None:
        self.data, self.person, self._pictures = data, person, pictures
        self.still = Stillness(person)
        self.painted = Painted(data.image.shape)
        self.clicks = 0

    def picture(self, name: str) -> None:
        """Take a picture of the window."""
        if self._pictures is not None:
            self.person.picture().save(self._pictures / f"{name}.png")

    def click(self, name: str) -> None:
        """Open the section of a button, scroll to it, if it is out of sight, and click."""
        widget = self.person.find(name, QWidget)
        self.open_section_of(widget)
        scroll = self.person.dock._scroll
        if scroll.isAncestorOf(widget) and widget.visibleRegion().isEmpty():
            scroll.ensureWidgetVisible(widget)
            self.person.settle()
            self.still.scrolled()
        QCursor.setPos(widget.mapToGlobal(widget.rect().center()))
        self.person.settle(HAND_S)
        self.still.before_click(widget)
        self.person.click(name)
        self.clicks += 1

    def open_section_of(self, widget: QWidget) -> None:
        """Open the section that a widget is in, if it is closed."""
        for number, section in enumerate(self.person.dock.sections, 1):
            if section.isAncestorOf(widget) and not section.is_open:
                QCursor.setPos(section.header.mapToGlobal(section.header.rect().center()))
                self.person.settle(HAND_S)
                self.still.before_click(section.header)
                self.person.open_section(number)
                self.clicks += 1
                self.person.settle(BEFORE_S)  # she looks for the button in what has opened
                self.still.scrolled()

    def open(self, path: Path) -> None:
        """Drop a file onto the window, and prepare it, if it is not prepared by itself."""
        session = self.person.dock.session
        session.opening.open(str(path))
        self.person.wait(lambda: session.volume.image is not None, "the volume")
        self.person.settle(1)
        self.picture("opened")
        if session.preparation.prepared is None and not session.preparation.is_running:
            self.click("supervox_prepare")

    def name_classes(self) -> None:
        """Give each class its name: the first two are there, others are added."""
        session = self.person.dock.session
        self.open_section_of(self.person.find("supervox_classes", QWidget))
        for number, class_id in enumerate(classes_of(self.data)):
            name = self.data.class_names[class_id]
            if number < len(session.classes):
                self.person.rename_class(number, name)
                continue
            self.click("supervox_class_add")
            self.person.name_added_class(name)
        self.picture("classes")

    def paint(self, stroke: Stroke) -> None:
        """Go to the plane, choose the class by its key, and draw."""
        person, session = self.person, self.person.dock.session
        plane = int(np.atleast_1d(stroke.plane)[0])
        session.volume.show_plane(0, plane)
        person.settle()
        QCursor.setPos(person.canvas.mapToGlobal(person.canvas.rect().center()))
        person.settle(HAND_S)
        person.press(str(classes_of(self.data).index(stroke.label) + 1))
        image = session.volume.image
        assert image is not None
        rows, columns = _path(stroke.rows, stroke.columns)
        person.stroke(image, [(plane, y, x) for y, x in zip(rows, columns, strict=True)])
        self.painted.add(stroke)
        person.settle(REST_S)
        person.wait_for_labels()

    def shown(self, plane: int) -> NDArray[np.uint8]:
        """Return the labels of a plane as the window shows them."""
        view = self.person.dock.session.view
        layer = view.final if view.final is not None and view.final.visible else view.prediction
        assert layer is not None
        data = layer.data[0] if layer.multiscale else layer.data
        labels: NDArray[np.uint8] = np.asarray(data[plane, :, :])
        return labels

    def wait_for_quality(self) -> None:
        """Wait until the slice in view is in full quality."""
        session = self.person.dock.session
        others = session.delivery.others
        self.person.wait(
            lambda: (
                not others.is_running
                and not session.sharpening.is_running
                and not session.sharpening.is_waiting
                and not session.live.is_busy
            ),
            "full quality",
        )


def _path(
    rows: NDArray[np.integer], columns: NDArray[np.integer]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return places along the middle of a stroke, from one end to the other."""
    places = np.stack([rows, columns], axis=1).astype(np.float64)
    centred = places - places.mean(axis=0)
    along = centred @ np.linalg.svd(centred, full_matrices=False)[2][0]
    steps = np.round((along - along.min()) / EVERY).astype(int)
    middle = np.stack([np.bincount(steps, axis) for axis in places.T], axis=1)
    count = np.bincount(steps)[:, np.newaxis]
    path = (middle / np.maximum(count, 1))[count[:, 0] > 0]
    if len(path) == 1:
        path = np.concatenate([path, path + np.array([0, 1])])
    return path[:, 0], path[:, 1]


def visit(
    data: Dataset, person: Person, pictures: Path | None, n_strokes: int, n_corrections: int
) -> dict[str, Any]:
    """Open, name, paint, correct and finish; return what was seen."""
    visitor, session = Visitor(data, person, pictures), person.dock.session
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{data.name}.ome.tif"
        z, y, x = data.spacing
        sizes = {"PhysicalSizeZ": z, "PhysicalSizeY": y, "PhysicalSizeX": x}
        units = {f"{name}Unit": "nm" for name in sizes}
        tifffile.imwrite(path, data.image, metadata={"axes": "ZYX", **sizes, **units})
        visitor.open(path)
        visitor.name_classes()
        looked = data.image.shape[0] // 2
        robot = play(
            "error", data.truth, visitor.shown, visitor.painted, 0, classes_of(data), lambda: None
        )
        scores = []
        for number in range(max(n_strokes, START * len(classes_of(data))) + n_corrections):
            stroke = next(robot)
            visitor.paint(stroke)
            looked = int(np.atleast_1d(stroke.plane)[0])
            if number == 0:
                person.wait(lambda: session.preparation.prepared is not None, "preparing")
            result = session.view.result
            if result is not None:
                prepared = session.preparation.prepared
                assert prepared is not None
                labels = result.labels[prepared.ids]
                scores.append(round(mean_dice(data, visitor.painted.classes, labels), 4))
        visitor.wait_for_quality()
        visitor.picture("before-finish")
        before = visitor.shown(looked).copy()
        visitor.click("supervox_finish")
        person.wait(lambda: session.delivery.is_finished, "final labels")
        visitor.picture("finished")
        after, final = visitor.shown(looked), session.view.final
        assert final is not None
        whole = np.asarray(final.data[0] if final.multiscale else final.data)
        return {
            "volume": data.name,
            "strokes": visitor.painted.n_strokes,
            "clicks": visitor.clicks,
            "dice": scores,
            "final": round(mean_dice(data, visitor.painted.classes, whole), 4),
            "changed_at_finish": float((before != after).mean()),
            "moved": [[move.what, move.when, *move.by] for move in visitor.still.moved],
        }


def main(arguments: list[str]) -> None:
    """Make one visit."""
    name, width, height, theme, n_strokes, n_corrections, *pictures = arguments
    person = Person((int(width), int(height)), theme)
    folder = Path(pictures[0]) if pictures else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    say(f"visit: {name}, {width} x {height}, {theme}")
    data = make_plates(PLATES_SHAPE) if name == PLATES else load_real(name)
    found = visit(data, person, folder, int(n_strokes), int(n_corrections))
    print(json.dumps(found | {"size": [int(width), int(height)], "theme": theme}), flush=True)
    os._exit(0)  # the window is not closed: what is measured is measured


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:  # projects begin with the first stroke
        os.environ["XDG_DATA_HOME"] = home
        main(sys.argv[1:])
