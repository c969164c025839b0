"""A person at the window: mouse and keys on the real application, and a camera."""

from __future__ import annotations

import io
import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from napari import Viewer
from napari.layers import Layer
from PIL import Image
from qtpy.QtCore import QBuffer, QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent, QPixmap
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractSlider,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QTableWidget,
    QWidget,
)
from supervox.napari_plugin.dock import SupervoxDock

Place = Sequence[float]
Kind = TypeVar("Kind", bound=QWidget)

PATIENCE_S = 600.0
SETTLE_S = 0.4
VOLUME = 3  # column of the table of objects


class Person:
    """Opens the window, works in it, and takes pictures of it.

    Parameters
    ----------
    size : tuple of 2 int
        Width and height of the window in pixels.
    theme : str
        "dark" or "light".
    """

    def __init__(self, size: tuple[int, int] = (1280, 800), theme: str = "dark") -> None:
        self.viewer = Viewer(show=True)
        self.viewer.theme = theme
        self.viewer.window.resize(*size)
        self.dock: SupervoxDock = self.viewer.window.add_plugin_dock_widget("supervox", "Supervox")[
            1
        ]
        self.dock.project.layers.setChecked(False)  # as the application begins
        self.dock.around.show_layers(False)
        self.settle()

    # --------------------------------------------------------------------------------- waiting

    def settle(self, seconds: float = SETTLE_S) -> None:
        """Let the window do what it has to."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            QApplication.processEvents()
            time.sleep(0.01)

    def wait(self, until: Callable[[], Any], what: str) -> None:
        """Wait for something to become true."""
        end = time.monotonic() + PATIENCE_S
        while not until():
            if time.monotonic() > end:
                raise TimeoutError(f"waited {PATIENCE_S:g} s for {what}")
            QApplication.processEvents()
            time.sleep(0.01)
        self.settle()

    def wait_for_labels(self) -> None:
        """Wait until the labels follow from the strokes as they are."""
        live = self.dock.session.live
        self.settle(1.0)  # the pause after a stroke
        self.wait(
            lambda: not live.scanning.is_running and not live.updating.is_running, "the labels"
        )

    # --------------------------------------------------------------------------------- widgets

    def find(self, name: str, kind: type[Kind]) -> Kind:
        """Return a widget of the dock, or of what lies below the picture, by its object name."""
        found: Kind | None = self.dock.findChild(kind, name)
        if found is None:
            found = self.dock.below.panel.findChild(kind, name)
        if found is None:
            raise LookupError(f"the dock has no {name}")
        return found

    def click(self, name: str) -> None:
        """Click on a button."""
        widget = self.find(name, QWidget)
        if not (widget.isVisible() and widget.isEnabled()):
            raise RuntimeError(f"{name} can't be clicked")
        # the left end: a tick is toggled where it is drawn, not on the empty room beside its text
        place = QPoint(min(10, widget.width() // 2), widget.height() // 2)
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton, pos=place)
        self.settle()

    def open_section(self, number: int, is_open: bool = True) -> None:
        """Open or close a section, by its number in the dock."""
        section = self.dock.sections[number - 1]
        if section.is_open != is_open:
            QTest.mouseClick(section.header, Qt.MouseButton.LeftButton)
        self.settle()

    def choose(self, name: str, text: str) -> None:
        """Choose an entry of a menu, by the keyboard."""
        box = self.find(name, QComboBox)
        QTest.keyClick(box, Qt.Key.Key_Home)
        for _ in range(box.findText(text)):
            QTest.keyClick(box, Qt.Key.Key_Down)
        if box.currentText() != text:
            raise LookupError(f"{name} has no {text}")
        self.settle()

    def slide(self, name: str, value: int) -> None:
        """Move a slider to a value, step by step."""
        slider = self.find(name, QAbstractSlider)
        while slider.value() != value:
            up = slider.value() < value
            QTest.keyClick(slider, Qt.Key.Key_Right if up else Qt.Key.Key_Left)
        self.settle()

    def rename_class(self, row: int, name: str) -> None:
        """Rename a class as a person does: double click, type, Enter."""
        table = self.find("supervox_classes", QTableWidget)
        item = table.item(row, 2)
        if item is None:
            raise LookupError(f"there is no class in row {row}")
        place = table.visualItemRect(item).center()
        for act in (QTest.mouseClick, QTest.mouseDClick):
            act(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
        QTest.mouseRelease(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
        editor = table.findChild(QLineEdit)
        if editor is None:
            raise LookupError("a double click does not open the name")
        QTest.keyClick(editor, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(editor, name)
        QTest.keyClick(editor, Qt.Key.Key_Return)
        self.settle()

    def name_added_class(self, name: str) -> None:
        """Type the name of the class that was just added, and Enter."""
        editor = self.find("supervox_classes", QTableWidget).findChild(QLineEdit)
        if editor is None:
            raise LookupError("a class that is added is not named at once")
        QTest.keyClicks(editor, name)
        QTest.keyClick(editor, Qt.Key.Key_Return)
        self.settle()

    def prepare(self) -> None:
        """Prepare the volume, if that has not begun by itself, and wait for it."""
        preparation = self.dock.session.preparation
        if preparation.prepared is None and not preparation.is_running:
            self.open_section(2)
            self.click("supervox_prepare")
        self.wait(lambda: preparation.prepared is not None, "preparing")

    # ---------------------------------------------------------------------------------- canvas

    @property
    def canvas(self) -> QWidget:
        """The widget that shows the layers."""
        window = self.dock.window()
        canvases = [w for w in window.findChildren(QOpenGLWidget) if w.isVisible()]
        return max(canvases, key=lambda widget: widget.width() * widget.height())

    def press(self, key: str) -> None:
        """Press a key over the picture."""
        QTest.keyClicks(self.canvas, key)
        self.settle()

    def on_screen(self, layer: Layer, place: Place) -> QPointF:
        """Return where a voxel is on the canvas, in two dimensions."""
        viewer, canvas = self.viewer, self.canvas
        shown = list(viewer.dims.displayed)
        world = np.asarray(layer.data_to_world(place), float)[shown]
        centre = np.asarray(viewer.camera.center, float)[-2:]
        y, x = (world - centre) * viewer.camera.zoom
        return QPointF(canvas.width() / 2 + x, canvas.height() / 2 + y)

    def stroke(self, layer: Layer, places: Sequence[Place]) -> None:
        """Draw a line with the mouse, from place to place of the slice in view."""
        points = [self.on_screen(layer, place) for place in places]
        self._mouse(QEvent.Type.MouseMove, points[0], pressed=False)
        self._mouse(QEvent.Type.MouseButtonPress, points[0])
        for begin, end in itertools.pairwise(points):
            for part in (0.25, 0.5, 0.75, 1.0):
                self._mouse(QEvent.Type.MouseMove, begin + (end - begin) * part)
        self._mouse(QEvent.Type.MouseButtonRelease, points[-1], pressed=False)
        QApplication.processEvents()

    def _mouse(self, kind: QEvent.Type, place: QPointF, *, pressed: bool = True) -> None:
        canvas = self.canvas
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        if kind != QEvent.Type.MouseMove:  # so that the application knows what is held
            act = QTest.mousePress if kind == QEvent.Type.MouseButtonPress else QTest.mouseRelease
            act(canvas, left, pos=place.toPoint())
            QApplication.processEvents()
            return
        event = QMouseEvent(
            kind,
            place,
            QPointF(canvas.mapToGlobal(place.toPoint())),
            none,
            left if pressed else none,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(canvas, event)
        QApplication.processEvents()

    # ---------------------------------------------------------------------------------- camera

    def picture(self) -> Image.Image:
        """Take a picture of the whole window."""
        self.settle()
        return Image.fromarray(self.viewer.screenshot(canvas_only=False, flash=False)).convert(
            "RGB"
        )

    def section(self, number: int) -> Image.Image:
        """Take a picture of one section of the dock."""
        self.settle()
        return _image_of(self.dock.sections[number - 1].grab())

    def form(self) -> Image.Image:
        """Take a picture of the form with all parameters, which is open."""
        form = self.dock.findChild(QDialog, "parameter_form")
        if form is None or not form.isVisible():
            raise LookupError("the form isn't open")
        self.settle()
        return _image_of(form.grab())

    def planes(self) -> Image.Image:
        """Take a picture of the planes that are compared."""
        window = self.dock.findChild(QDialog, "compare_planes")
        if window is None or not window.isVisible():
            raise LookupError("no planes are compared")
        self.settle()
        return _image_of(window.grab())

    def look_panel(self) -> Image.Image:
        """Take a picture of the panel below the picture."""
        self.settle()
        return _image_of(self.dock.below.panel.grab())

    def objects_table(self) -> Image.Image:
        """Open the table of objects, click on the largest, take a picture, and close it."""
        self.click("supervox_objects_table")
        table = self.dock.around.objects
        table.view.sortByColumn(VOLUME, Qt.SortOrder.DescendingOrder)
        place = table.view.visualRect(table.model.index(0, VOLUME)).center()
        QTest.mouseClick(table.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
        self.settle()
        picture = _image_of(table.grab())
        table.close()
        return picture

    def objects_profile(self, body: Sequence[str]) -> Image.Image:
        """Tick the classes of a body, measure it from its surface inwards, and take a picture."""
        objects, profiles = self.dock.session.delivery.objects, self.dock.session.profiles
        for action in self.dock.objects.distances.below.actions():
            if action.text() in body:
                action.trigger()
        before = objects.found
        self.click("supervox_objects_find")
        self.wait(lambda: objects.found is not before, "the depths")
        self.click("supervox_objects_table")
        table = self.dock.around.objects
        table.tabs.setCurrentWidget(table.profile)
        QTest.mouseClick(table.profile.measure, Qt.MouseButton.LeftButton)
        self.wait(lambda: profiles.found is not None, "the profile")
        picture = _image_of(table.grab())
        table.tabs.setCurrentIndex(0)
        table.close()
        return picture

    def compared_labels(self, other: str) -> Image.Image:
        """Compare the final labels with a layer, fly to the largest difference, take a picture."""
        self.click("supervox_objects_compare")
        around = self.dock.around
        window, found = around.agreement, lambda: around.two.found is not None
        box = window.boxes[1]
        box.setCurrentIndex(box.findText(other))
        box.activated.emit(box.currentIndex())
        QTest.mouseClick(window.compare, Qt.MouseButton.LeftButton)
        self.wait(found, "the comparison")
        QTest.mouseClick(window.on, Qt.MouseButton.LeftButton)
        self.settle()
        picture = self.picture()
        at = window.mapToGlobal(QPoint(0, 0)) - self.dock.window().mapToGlobal(QPoint(0, 0))
        picture.paste(_image_of(window.grab()), (at.x(), at.y()))
        window.close()
        return picture

    def project_menu(self) -> Image.Image:
        """Take a picture of the top of the dock with its menu open."""
        bar = self.dock.project
        bar.menu.aboutToShow.emit()  # fills it
        bar.menu.ensurePolished()
        bar.menu.resize(bar.menu.sizeHint())
        self.settle()
        top, menu = _image_of(bar.grab()), _image_of(bar.menu.grab())
        picture = Image.new("RGB", (top.width, top.height + menu.height), top.getpixel((0, 0)))
        picture.paste(top, (0, 0))
        picture.paste(menu, (top.width - menu.width, top.height))
        return picture

    def close(self) -> None:
        """Close the window."""
        self.viewer.close()
        QApplication.processEvents()


def _image_of(pixmap: QPixmap) -> Image.Image:
    buffer = QBuffer()
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    pixmap.save(buffer, "PNG")
    return Image.open(io.BytesIO(buffer.data().data())).convert("RGB")


def save_png(picture: Image.Image, path: Path) -> None:
    """Write a picture as a small PNG."""
    picture.save(path, optimize=True)


def save_animation(
    frames: Iterable[Image.Image], path: Path, *, width: int, milliseconds: Sequence[int]
) -> None:
    """Write pictures as an animated WebP that repeats for ever."""
    small = [
        frame.resize((width, width * frame.height // frame.width), Image.Resampling.LANCZOS)
        for frame in frames
    ]
    small[0].save(
        path,
        save_all=True,
        append_images=small[1:],
        duration=list(milliseconds),
        loop=0,
        quality=85,
        method=6,
    )
