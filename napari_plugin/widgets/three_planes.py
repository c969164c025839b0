"""The other two planes through the place under the mouse, beside the picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QCloseEvent, QColor, QImage, QMouseEvent, QPainter, QPaintEvent
from qtpy.QtWidgets import QDialog, QSizePolicy, QVBoxLayout, QWidget
from supervox.napari_plugin.session.comparison import blending
from supervox.napari_plugin.session.cuts import CutPlane, Cuts
from supervox.project import ProjectClass

from .compare_planes import class_colours
from .controls import note

NAMES = ("plane", "row", "column")
SIDE, HEIGHT = 330, 230  # pixels of a cut, at first
GAP = 24  # pixels from the dock
CROSS = "#f0e442"


class CutView(QWidget):
    """One cut, with a cross where it is cut through; a click, or a drag, goes there.

    Parameters
    ----------
    number : int
        For the object name.
    go_to : callable
        Takes a voxel of the image, and the axis that the cut lies across.
    """

    def __init__(self, number: int, go_to: Callable[[Sequence[int], int], None]) -> None:
        super().__init__()
        self.setObjectName(f"supervox_cut_{number}")
        self._go_to = go_to
        self.cut: CutPlane | None = None
        self.pixels: NDArray[np.uint8] | None = None
        self.setMinimumSize(120, 80)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def show_cut(self, cut: CutPlane, pixels: NDArray[np.uint8]) -> None:
        """Show a cut.

        Parameters
        ----------
        cut : CutPlane
        pixels : uint8, (H, W, 3)
        """
        self.cut, self.pixels = cut, np.ascontiguousarray(pixels)
        self.setToolTip(f"{NAMES[cut.axis].capitalize()} {cut.place[cut.axis]}: click to go there")
        self.update()

    def forget(self) -> None:
        """Show no cut."""
        self.cut = self.pixels = None
        self.setToolTip("")
        self.update()

    def frame(self) -> QRectF:
        """Return where the picture is drawn: as large as fits, undistorted."""
        if self.pixels is None or self.cut is None:
            return QRectF()
        rows, columns = self.pixels.shape[:2]
        height = rows * self.cut.aspect
        scale = min(self.width() / columns, self.height() / height)
        wide, high = columns * scale, height * scale
        return QRectF((self.width() - wide) / 2, (self.height() - high) / 2, wide, high)

    def at(self, place: Sequence[int]) -> QPointF:
        """Return where a voxel of the image is drawn."""
        assert self.cut is not None
        assert self.pixels is not None
        frame, (rows, columns) = self.frame(), self._axes()
        height, width = (self.cut.step * size for size in self.pixels.shape[:2])
        x = frame.left() + (place[columns] + 0.5) / width * frame.width()
        return QPointF(x, frame.top() + (place[rows] + 0.5) / height * frame.height())

    def _axes(self) -> tuple[int, int]:
        assert self.cut is not None
        rows, columns = (axis for axis in range(3) if axis != self.cut.axis)
        return rows, columns

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the cut and the cross."""
        if self.cut is None or self.pixels is None:
            return
        rows, columns = self.pixels.shape[:2]
        picture = QImage(self.pixels.data, columns, rows, 3 * columns, QImage.Format.Format_RGB888)
        frame, cross = self.frame(), self.at(self.cut.place)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(frame, picture)
        painter.setPen(QColor(CROSS))
        painter.drawLine(QPointF(frame.left(), cross.y()), QPointF(frame.right(), cross.y()))
        painter.drawLine(QPointF(cross.x(), frame.top()), QPointF(cross.x(), frame.bottom()))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go where the mouse is."""
        self._follow(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow a drag."""
        self._follow(event)

    def _follow(self, event: QMouseEvent) -> None:
        frame = self.frame()
        if self.cut is None or self.pixels is None or frame.isEmpty():
            return
        rows, columns = self._axes()
        height, width = (self.cut.step * size for size in self.pixels.shape[:2])
        at, place = event.position(), list(self.cut.place)
        down = np.clip((at.y() - frame.top()) / frame.height(), 0, 1 - 1e-9)
        right = np.clip((at.x() - frame.left()) / frame.width(), 0, 1 - 1e-9)
        place[rows], place[columns] = int(down * height), int(right * width)
        self._go_to(place, self.cut.axis)


class ThreePlanes(QDialog):
    """A small window beside the dock that follows the mouse over the picture.

    Parameters
    ----------
    cuts : Cuts
    look : callable
        Returns the classes, and how opaque labels are.
    parent : QWidget
        The dock.
    """

    def __init__(
        self,
        cuts: Cuts,
        look: Callable[[], tuple[Sequence[ProjectClass], float]],
        parent: QWidget,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self.setObjectName("supervox_three_planes")
        self.setWindowTitle("The other two planes")
        self.setModal(False)
        self._cuts, self._look = cuts, look
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        self.views = [CutView(number, cuts.go_to) for number in range(2)]
        for view in self.views:
            layout.addWidget(view, 1)
        layout.addWidget(note("They follow the mouse over the picture; a click here goes there."))
        cuts.succeeded.connect(self.show_cuts)
        cuts.gone.connect(self.forget)

    def toggle(self) -> None:
        """Show the window, or hide it."""
        if self.isVisible():
            self.close()
        elif self._cuts.is_possible:
            self._place()
            self.show()
            self._cuts.follow(True)

    def show_cuts(self, cuts: Sequence[CutPlane]) -> None:
        """Show cuts under the labels of now."""
        classes, opacity = self._look()
        table = blending(class_colours(classes), opacity)
        for view, cut in zip(self.views, cuts, strict=True):
            view.show_cut(cut, table[cut.labels, cut.grey])

    def forget(self) -> None:
        """Show nothing: a click on what is gone would lead nowhere."""
        for view in self.views:
            view.forget()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Follow nothing any more."""
        self._cuts.follow(False)
        super().closeEvent(event)

    def _place(self) -> None:
        """Beside the dock, over the edge of the picture."""
        dock = self.parentWidget()
        if dock is None or self.testAttribute(Qt.WidgetAttribute.WA_Moved):
            return
        self.resize(SIDE, 2 * HEIGHT)
        corner = dock.mapToGlobal(dock.rect().topLeft())
        self.move(max(corner.x() - self.width() - GAP, dock.window().x()), corner.y() + GAP)
