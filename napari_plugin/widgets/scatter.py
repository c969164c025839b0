"""Two measures of objects against one another, as points; those within a frame are chosen."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from .histogram import BAR, CHOSEN, WIDE
from .objects_table import written

POINT, CHOSEN_POINT, REACH = 4, 6, 6  # pixels: sizes, and how far from a point a click may be
EDGE = 8  # of the area of the points, within that of the plot


class Axis:
    """Where values lie between the least and the largest; logarithmic where these are far apart.

    Parameters
    ----------
    values : float, (N,)
    """

    def __init__(self, values: NDArray[np.float64]) -> None:
        known = values[np.isfinite(values)]
        self.ends = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
        low, high = self.ends
        self.is_wide = low > 0 and high / low > WIDE

    def shares(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where values lie, from 0 to 1; NaN where they are unknown."""
        low, high = self.ends
        if low == high:
            return np.where(np.isfinite(values), 0.5, np.nan)
        if self.is_wide:
            return np.log(values / low) / math.log(high / low)
        return (values - low) / (high - low)


class Scatter(QWidget):
    """Points of two measures. A drag frames objects, a click takes the nearest; both are told."""

    brushed = Signal(object)  # indices of what was shown: int64 array

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("supervox_objects_scatter")
        self._x, self._y = np.zeros(0), np.zeros(0)  # shares
        self._axes, self._titles = (Axis(self._x), Axis(self._x)), ("", "")
        self._chosen: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._frame: tuple[QPointF, QPointF] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setToolTip("Drag a frame around points to choose their objects; click on one")

    def sizeHint(self) -> QSize:
        """Return room for points, and a line on each side."""
        return QSize(300, 150)

    def show_values(
        self,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        titles: tuple[str, str],
        chosen: NDArray[np.bool_],
    ) -> None:
        """Show other values.

        Parameters
        ----------
        x, y : float, (N,)
            What isn't finite is left out.
        titles : tuple of 2 str
            Names of the measures, with their units.
        chosen : bool, (N,)
        """
        self._axes, self._titles = (Axis(x), Axis(y)), titles
        self._x, self._y = self._axes[0].shares(x), self._axes[1].shares(y)
        self._chosen = chosen
        self.update()

    def _area(self) -> QRectF:
        line = self.fontMetrics().lineSpacing()
        left = 4 + line
        return QRectF(left, line + 4, self.width() - left - 8, self.height() - 2 * line - 10)

    def places(self) -> NDArray[np.float64]:
        """Return where the points are in the widget, (N, 2); NaN for what isn't shown."""
        area = self._area().adjusted(EDGE, EDGE, -EDGE, -EDGE)
        x = area.left() + self._x * area.width()
        y = area.bottom() - self._y * area.height()
        return np.stack([x, y], axis=1)

    # ----------------------------------------------------------------------------- from a person

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a frame."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._frame = (event.position(), event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Draw the frame to here."""
        if self._frame is not None:
            self._frame = (self._frame[0], event.position())
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Tell what is in the frame."""
        frame, self._frame = self._frame, None
        if frame is None:
            return
        places = self.places()
        with np.errstate(invalid="ignore"):
            box = QRectF(frame[0], event.position()).normalized()
            if max(box.width(), box.height()) <= REACH / 2:  # a click
                away = np.hypot(places[:, 0] - box.center().x(), places[:, 1] - box.center().y())
                away = np.where(np.isfinite(away), away, np.inf)
                nearest = int(np.argmin(away)) if away.size else 0
                found = np.array([nearest] if away.size and away[nearest] <= REACH else [], int)
            else:
                x, y = places.T
                inside = (x >= box.left()) & (x <= box.right())
                found = np.flatnonzero(inside & (y >= box.top()) & (y <= box.bottom()))
        self.update()
        self.brushed.emit(found)

    # --------------------------------------------------------------------------------- painting

    def paintEvent(self, _: QPaintEvent) -> None:
        """Paint axes, points and the frame."""
        painter = QPainter(self)
        text = self.palette().text().color()
        painter.setPen(text)
        places = self.places()
        is_known = np.isfinite(places).all(axis=1)
        if not is_known.any():
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No object is shown")
            return
        area = self._area()
        faint = QColor(text)
        faint.setAlpha(90)
        painter.setPen(faint)
        painter.drawRect(area)
        painter.setPen(text)
        self._write(painter, area)
        for chosen, colour, size in ((False, BAR, POINT), (True, CHOSEN, CHOSEN_POINT)):
            shown = places[is_known & (self._chosen == chosen)]
            pen = QPen(QColor(colour), size)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawPoints(QPolygonF([QPointF(x, y) for x, y in shown.tolist()]))
        if self._frame is not None:
            painter.setPen(QPen(QColor(CHOSEN), 1, Qt.PenStyle.DashLine))
            painter.drawRect(QRectF(*self._frame).normalized())

    def _write(self, painter: QPainter, area: QRectF) -> None:
        """Write both measures with their ends: one below, one at the left from below upwards."""
        line = self.fontMetrics().lineSpacing()
        for axis, title, is_up in zip(self._axes, self._titles, (False, True), strict=True):
            painter.save()
            if is_up:
                painter.translate(0, area.bottom())
                painter.rotate(-90)
                room = QRectF(0, 0, area.height(), line)
            else:
                room = QRectF(area.left(), area.bottom() + 2, area.width(), line)
            whole = f"{title}, logarithmic" if axis.is_wide else title
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft, written(axis.ends[0]))
            painter.drawText(room, Qt.AlignmentFlag.AlignRight, written(axis.ends[1]))
            painter.drawText(room, Qt.AlignmentFlag.AlignHCenter, whole)
            painter.restore()
