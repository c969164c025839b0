"""A strip as long as the volume: how much of each class and how much doubt each plane has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QEvent, QRect, Qt
from qtpy.QtGui import QColor, QHelpEvent, QImage, QMouseEvent, QPainter, QPaintEvent
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget
from supervox.napari_plugin.tasks.plane_amounts import PlaneAmounts
from supervox.project import ProjectClass

BARS, HEAT, TICKS = 44, 9, 4  # rows of pixels for classes, doubt and strokes
DOUBT = (230, 159, 0)
GROUND, LIGHT_GROUND = (60, 60, 64), (208, 206, 206)  # in a dark theme, in a light one
MIDDLE = 128  # between dark and light
Rgb: TypeAlias = tuple[int, int, int]
NOTHING = "How much of each class each plane has, once there are live labels"
CAPTIONS = 62  # pixels at the left


class PlaneStrip(QWidget):
    """A row of bars for each class, doubt below them, and ticks where strokes are.

    Parameters
    ----------
    go_to : callable
        Shows a plane, given by its place in the image.
    """

    def __init__(self, go_to: Callable[[int], None]) -> None:
        super().__init__()
        self.setObjectName("supervox_plane_strip")
        self.setAccessibleName("What each plane of the volume has")
        self._go_to = go_to
        self._amounts: PlaneAmounts | None = None
        self._classes: dict[int, ProjectClass] = {}
        self._plane: int | None = None
        self._drawn: tuple[object, object] | None = None  # of what the pixels are
        self._pixels = np.zeros((0, 0, 3), np.uint8)
        self.setFixedHeight(BARS + HEAT + TICKS + 2)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMouseTracking(True)

    def show_amounts(self, amounts: PlaneAmounts | None, classes: Sequence[ProjectClass]) -> None:
        """Show what planes have."""
        known = {item.id: item for item in classes}
        if amounts is not self._amounts or known != self._classes:
            self._amounts, self._classes, self._drawn = amounts, known, None
            self.update()

    def show_plane(self, plane: int | None) -> None:
        """Show which plane of the image is in view."""
        if plane != self._plane:
            self._plane = plane
            self.update()

    def describe(self, plane: int) -> str:
        """Say in words what a plane has."""
        amounts = self._amounts
        if amounts is None:
            return NOTHING
        k = plane - amounts.start
        overall = amounts.overall
        lines = [f"Plane {plane}"]
        for column in np.argsort(-amounts.shares[k], kind="stable"):
            item = self._classes.get(amounts.class_ids[column])
            if item is not None:
                here, all_of_it = 100 * amounts.shares[k, column], 100 * overall[column]
                lines.append(f"{item.name}: {here:.2g} % here, {all_of_it:.2g} % of all planes")
        doubt, mean = 100 * amounts.doubt[k], 100 * amounts.overall_doubt
        lines.append(f"doubt: {doubt:.2g} % here, {mean:.2g} % of all planes")
        lines.append("strokes lie in this plane" if amounts.is_painted[k] else "no stroke here")
        return "\n".join(lines)

    # ------------------------------------------------------------------------------ Qt's own

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the strip, its captions, and a line at the plane in view."""
        painter = QPainter(self)
        place = self._place()
        pen = self.palette().windowText().color()
        painter.setPen(pen)
        font = painter.font()
        font.setPointSizeF(max(6.0, font.pointSizeF() * 0.8))
        painter.setFont(font)
        side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRect(0, 0, CAPTIONS - 6, BARS), side, "classes\nper plane")
        painter.drawText(QRect(0, BARS - 2, CAPTIONS - 6, HEAT + TICKS + 2), side, "doubt")
        ground = GROUND if pen.lightness() > MIDDLE else LIGHT_GROUND
        if self._amounts is None:
            painter.fillRect(place, QColor(*ground))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, NOTHING)
        else:
            self._draw(self._amounts, ground)
            rows, columns = self._pixels.shape[:2]
            format_ = QImage.Format.Format_RGB888
            picture = QImage(self._pixels.data, columns, rows, 3 * columns, format_)
            painter.drawImage(place, picture)
            self._draw_cursor(painter, place)
        painter.end()

    def _draw(self, amounts: PlaneAmounts, ground: Rgb) -> None:
        """Draw what planes have, unless that is drawn already."""
        wanted = amounts, ground
        if self._drawn is None or self._drawn[0] is not amounts or self._drawn[1] != ground:
            colours = {k: _rgb(item) for k, item in self._classes.items()}
            self._drawn, self._pixels = wanted, draw(amounts, colours, ground)

    def _draw_cursor(self, painter: QPainter, place: QRect) -> None:
        amounts = self._amounts
        if amounts is None or self._plane is None:
            return
        n = len(amounts.doubt)
        at = place.left() + (self._plane - amounts.start + 0.5) * place.width() / n
        if place.left() <= at <= place.right() + 1:
            painter.fillRect(QRect(round(at) - 2, place.top(), 4, place.height()), QColor("black"))
            painter.fillRect(QRect(round(at) - 1, place.top(), 2, place.height()), QColor("white"))

    def _place(self) -> QRect:
        return QRect(CAPTIONS, 0, max(1, self.width() - CAPTIONS - 8), BARS + HEAT + TICKS)

    def _plane_at(self, x: float) -> int | None:
        if self._amounts is None:
            return None
        place, n = self._place(), len(self._amounts.doubt)
        k = int((x - place.left()) * n / place.width())
        return self._amounts.start + min(max(k, 0), n - 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the plane."""
        self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go along while the button is down."""
        self._go(event)

    def _go(self, event: QMouseEvent) -> None:
        plane = self._plane_at(event.position().x())
        is_down = bool(event.buttons() & Qt.MouseButton.LeftButton)
        if is_down and plane is not None and plane != self._plane:
            self._go_to(plane)

    def event(self, event: QEvent) -> bool:
        """Say what the plane under the mouse has."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            plane = self._plane_at(event.pos().x())
            QToolTip.showText(event.globalPos(), self.describe(0 if plane is None else plane), self)
            return True
        return bool(super().event(event))


def _rgb(item: ProjectClass) -> Rgb:
    colour = QColor(item.colour)
    return colour.red(), colour.green(), colour.blue()


def draw(amounts: PlaneAmounts, colours: dict[int, Rgb], ground: Rgb = GROUND) -> NDArray[np.uint8]:
    """Draw what planes have, one column of pixels each.

    Each class has a row of bars, as high as its share is beside that in its fullest plane: so a
    plane with far more of it than others is seen for rare classes as well. Doubt has one, too.

    Parameters
    ----------
    amounts : PlaneAmounts
        Of N planes.
    colours : dict of int to tuple of 3 int
        Red, green and blue by class id; classes without a colour are left out.
    ground : tuple of 3 int
        Where there is nothing.

    Returns
    -------
    uint8, (H, N, 3)
    """
    pixels = np.empty((BARS + HEAT + TICKS, len(amounts.doubt), 3), np.uint8)
    pixels[:] = ground
    columns = [k for k, class_id in enumerate(amounts.class_ids) if class_id in colours]
    rows = np.linspace(0, BARS, len(columns) + 1).round().astype(int)
    for first, end, k in zip(rows, rows[1:], columns, strict=False):
        _draw_bars(pixels[first:end], amounts.shares[:, k], colours[amounts.class_ids[k]])
    _draw_bars(pixels[BARS : BARS + HEAT], amounts.doubt, DOUBT)
    is_dark = np.mean(ground) < MIDDLE
    pixels[BARS + HEAT :, amounts.is_painted] = 255 * is_dark
    pixels[BARS + HEAT :, ~amounts.is_painted] = np.array(ground) // 2 + 127 * (not is_dark)
    return pixels


def _draw_bars(
    rows: NDArray[np.uint8], values: NDArray[np.float64], colour: tuple[int, int, int]
) -> None:
    """Draw values (N,) into rows (H, N, 3), over one that stays empty."""
    room = len(rows) - 1
    height = np.ceil(values / max(float(values.max()), 1e-12) * room)
    rows[np.arange(len(rows))[:, np.newaxis] >= len(rows) - height] = colour
