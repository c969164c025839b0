"""Planes far apart in the volume, side by side, under the labels of now."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QRect, Qt
from qtpy.QtGui import (
    QColor,
    QHideEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QShowEvent,
)
from qtpy.QtWidgets import QDialog, QGridLayout, QSizePolicy, QVBoxLayout, QWidget
from supervox.napari_plugin.session.comparison import ComparedPlane, blending
from supervox.project import ProjectClass

from .controls import note

COLUMNS = 2
SIDE = 290  # pixels of a picture, at first
GAP = 24  # pixels from the dock


class PlaneView(QWidget):
    """One plane; a click goes there.

    Parameters
    ----------
    number : int
        For the object name.
    go_to : callable
        Takes the plane.
    """

    def __init__(self, number: int, go_to: Callable[[ComparedPlane], None]) -> None:
        super().__init__()
        self.setObjectName(f"supervox_plane_{number}")
        self._go_to = go_to
        self.plane: ComparedPlane | None = None
        self.pixels: NDArray[np.uint8] | None = None
        self.setMinimumSize(120, 100)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_plane(self, plane: ComparedPlane, pixels: NDArray[np.uint8]) -> None:
        """Show a plane.

        Parameters
        ----------
        plane : ComparedPlane
        pixels : uint8, (H, W, 3)
        """
        self.plane, self.pixels = plane, np.ascontiguousarray(pixels)
        self.setToolTip(f"Plane {plane.at}: click to go there")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the picture as large as fits, undistorted, with the plane's number."""
        if self.plane is None or self.pixels is None:
            return
        rows, columns = self.pixels.shape[:2]
        picture = QImage(self.pixels.data, columns, rows, 3 * columns, QImage.Format.Format_RGB888)
        scale = min(self.width() / columns, self.height() / (rows * self.plane.aspect))
        width, height = round(columns * scale), round(rows * self.plane.aspect * scale)
        place = QRect((self.width() - width) // 2, (self.height() - height) // 2, width, height)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, picture)
        words = f" {self.plane.at} "
        size = painter.fontMetrics().size(0, words)
        corner = QRect(place.left(), place.top(), size.width(), size.height())
        painter.fillRect(corner, QColor(0, 0, 0, 150))
        painter.setPen(QColor("white"))
        painter.drawText(corner, Qt.AlignmentFlag.AlignCenter, words)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the plane."""
        if self.plane is not None:
            self._go_to(self.plane)


class ComparePlanes(QDialog):
    """A small window beside the dock that follows the labels.

    Parameters
    ----------
    look : callable
        Has the planes read, if they aren't.
    watch : callable
        Hears whether the window is seen.
    go_to : callable
        Shows a plane in the viewer.
    parent : QWidget
        The dock.
    """

    def __init__(
        self,
        look: Callable[[], None],
        watch: Callable[[bool], None],
        go_to: Callable[[ComparedPlane], None],
        parent: QWidget,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self._look, self._watch, self._go_to = look, watch, go_to
        self._shown: tuple[object, ...] = ()
        self.setObjectName("compare_planes")
        self.setWindowTitle("Compare planes")
        self.setModal(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        self._grid = QGridLayout()
        self._grid.setSpacing(6)
        layout.addLayout(self._grid, 1)
        self.text = note()
        layout.addWidget(self.text)
        self.views: list[PlaneView] = []

    def toggle(self) -> None:
        """Show the window, or hide it."""
        if self.isVisible():
            self.hide()
            return
        self._look()
        self._place()
        self.show()

    def show_planes(
        self,
        planes: Sequence[ComparedPlane],
        labels: Callable[[], Sequence[NDArray[np.uint8]]],
        classes: Sequence[ProjectClass],
        opacity: float,
        state: Hashable,
    ) -> None:
        """Show planes under labels, if either is another one than before.

        Parameters
        ----------
        planes : sequence of ComparedPlane
        labels : callable
            Returns those of each plane, uint8 (H, W).
        classes : sequence of ProjectClass
            Their colours, and which are visible.
        opacity : float
        state : hashable
            The same as long as planes, labels and corrections are the same.
        """
        if not self.isVisible():
            return
        self._look()
        self.text.setText(
            "Planes far apart: right in all of them is right in the volume. Click one to go there."
            if planes
            else "Reading planes…"
        )
        now = (state, tuple(classes), opacity)
        if now == self._shown:
            return
        self._shown = now
        self._make_views(len(planes))
        table = blending(class_colours(classes), opacity)
        for view, plane, found in zip(self.views, planes, labels(), strict=True):
            shown = np.where(plane.by_hand > 0, plane.by_hand, found)
            view.show_plane(plane, table[shown, plane.grey])

    def _make_views(self, count: int) -> None:
        while len(self.views) > count:
            view = self.views.pop()
            self._grid.removeWidget(view)
            view.deleteLater()
        while len(self.views) < count:
            view = PlaneView(len(self.views), self._go_to)
            self._grid.addWidget(view, *divmod(len(self.views), COLUMNS))
            self.views.append(view)

    def _place(self) -> None:
        """Cover the canvas, not the dock: the slider is moved while one looks here."""
        dock = self.parentWidget()
        if dock is None or self.testAttribute(Qt.WidgetAttribute.WA_Moved):
            return
        self.resize(COLUMNS * SIDE, COLUMNS * SIDE + 40)
        corner = dock.mapToGlobal(dock.rect().topLeft())
        left = max(corner.x() - self.width() - GAP, dock.window().x())
        self.move(left, corner.y() + GAP)

    def showEvent(self, event: QShowEvent) -> None:
        """Tell that the planes are seen."""
        super().showEvent(event)
        self._watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Tell that they aren't any more."""
        super().hideEvent(event)
        self._watch(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close with the key that opens it, too."""
        if event.key() == Qt.Key.Key_K:
            self.hide()
        else:
            super().keyPressEvent(event)


def class_colours(classes: Sequence[ProjectClass]) -> NDArray[np.uint8]:
    """Return red, green, blue and visibility by class id, (256, 4)."""
    table = np.zeros((256, 4), np.uint8)
    for item in classes:
        colour = QColor(item.colour)
        table[item.id] = (colour.red(), colour.green(), colour.blue(), 255 * item.visible)
    return table
