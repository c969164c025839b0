"""Values by depth, as curves: of classes in their colours, of an image with how far it spreads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from .objects_table import written

TICKS = 5  # about as many numbers stand along an axis
SPREAD_ALPHA, GRID_ALPHA = 60, 50
THICK, DOT, GAP = 2, 5, 4  # pixels
MOST_DOTS = 60  # shells; of more, the line alone is seen


@dataclass(frozen=True, eq=False)
class Curve:
    """One curve.

    Attributes
    ----------
    name : str
    values : float, (N,)
        NaN where they are unknown.
    colour : str
    spread : float, (N,), optional
        Shown as a band, so much above and below.
    """

    name: str
    values: NDArray[np.float64]
    colour: str
    spread: NDArray[np.float64] | None = None

    @property
    def low(self) -> NDArray[np.float64]:
        """The lower end of the band; the values where there is none."""
        return self.values if self.spread is None else self.values - self.spread

    @property
    def high(self) -> NDArray[np.float64]:
        """Its upper end."""
        return self.values if self.spread is None else self.values + self.spread


def ticks(low: float, high: float) -> list[float]:
    """Return a few round numbers from one end to the other.

    Examples
    --------
    >>> ticks(0, 1), ticks(112, 380)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [200.0, 300.0])
    """
    if not high > low:
        return [low]
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(k * power for k in (1, 2, 5, 10) if rough <= k * power * (1 + 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{k * step:.12g}") for k in range(first, last + 1)]


class Curves(QWidget):
    """A plot of some curves over the same places, with their names above.

    Parameters
    ----------
    name : str
        The object name.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self._x: NDArray[np.float64] = np.zeros(0)
        self.curves: tuple[Curve, ...] = ()
        self.titles = ("", "")
        self._ends = ((0.0, 1.0), (0.0, 1.0))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """Return room for curves, and a line above and below."""
        return QSize(300, 150)

    def show_curves(
        self,
        edges: NDArray[np.float64],
        curves: Sequence[Curve],
        titles: tuple[str, str],
        ends: tuple[float, float] | None = None,
    ) -> None:
        """Show other curves.

        Parameters
        ----------
        edges : float, (N + 1,)
            Where the steps end that values are of; a value is shown in the middle of its step.
        curves : sequence of Curve
        titles : tuple of 2 str
            What is written along x and y, with units.
        ends : tuple of 2 float, optional
            Of the values that are shown; by default those that there are.
        """
        self._x, self.curves, self.titles = (edges[1:] + edges[:-1]) / 2, tuple(curves), titles
        across = (float(edges[0]), float(edges[-1])) if edges.size else (0.0, 1.0)
        self._ends = across, ends or _ends_of(self.curves)
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        """Paint the grid, the bands, the curves and their names."""
        if not self.curves:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text = self.palette().text().color()
        area = self._area()
        self._paint_grid(painter, area, text)
        places = [self._places(area, curve.values) for curve in self.curves]
        for curve, middle in zip(self.curves, places, strict=True):
            colour = QColor(curve.colour)
            if curve.spread is not None:
                faint = QColor(colour)
                faint.setAlpha(SPREAD_ALPHA)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(faint)
                low, high = self._places(area, curve.low), self._places(area, curve.high)
                for part in _runs(middle):
                    painter.drawPolygon(_polygon(np.concatenate([low[part], high[part][::-1]])))
            pen = QPen(colour, THICK)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            for part in _runs(middle):
                painter.drawPolyline(_polygon(middle[part]))
            if self._x.size <= MOST_DOTS:
                pen.setWidth(DOT)
                painter.setPen(pen)
                for part in _runs(middle):
                    painter.drawPoints(_polygon(middle[part]))
        self._paint_names(painter, area, text)

    def _area(self) -> QRectF:
        """Return where the curves are: names are above it, numbers left of it and below."""
        metrics, line = self.fontMetrics(), self.fontMetrics().lineSpacing()
        numbers = [written(value) for value in ticks(*self._ends[1])]
        left = line + 2 * GAP + max(map(metrics.horizontalAdvance, numbers))
        width = self.width() - left - 3 * GAP
        top = 2 * GAP + line * (1 + max((row for row, _, _ in self._names(width)), default=0))
        return QRectF(left, top, width, self.height() - top - 2 * line - 2 * GAP)

    def _names(self, width: float) -> list[tuple[int, float, str]]:
        """Return line, place from the left, and words of each name, in lines of a width."""
        metrics, row, x = self.fontMetrics(), 0, 0.0
        side, found = metrics.lineSpacing() - 2 * GAP, []
        for curve in self.curves:
            room = max(int(width) - side - GAP, 0)
            name = metrics.elidedText(curve.name, Qt.TextElideMode.ElideRight, room)
            wide = side + GAP + metrics.horizontalAdvance(name)
            if x and x + wide > width:
                row, x = row + 1, 0.0
            found.append((row, x, name))
            x += wide + 3 * GAP
        return found

    def _places(self, area: QRectF, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where values are in the widget, (N, 2)."""
        (left, right), (low, high) = self._ends
        x = area.left() + (self._x - left) / (right - left) * area.width()
        y = area.bottom() - (values - low) / (high - low) * area.height()
        return np.stack([x, y], axis=1)

    def _paint_grid(self, painter: QPainter, area: QRectF, text: QColor) -> None:
        line = self.fontMetrics().lineSpacing()
        faint = QColor(text)
        faint.setAlpha(GRID_ALPHA)
        (left, right), (low, high) = self._ends
        for value in ticks(low, high):
            y = area.bottom() - (value - low) / (high - low) * area.height()
            painter.setPen(faint)
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(text)
            room = QRectF(0, y - line / 2, area.left() - GAP, line)
            painter.drawText(room, Qt.AlignmentFlag.AlignRight, written(value))
        for value in ticks(left, right):
            x = area.left() + (value - left) / (right - left) * area.width()
            painter.setPen(faint)
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.setPen(text)
            room = QRectF(x - area.width(), area.bottom() + GAP, 2 * area.width(), line)
            painter.drawText(room, Qt.AlignmentFlag.AlignHCenter, written(value))
        below = QRectF(area.left(), area.bottom() + GAP + line, area.width(), line)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, self.titles[0])
        painter.save()
        painter.translate(0, area.bottom())
        painter.rotate(-90)
        room = QRectF(0, 0, area.height(), line)
        painter.drawText(room, Qt.AlignmentFlag.AlignHCenter, self.titles[1])
        painter.restore()

    def _paint_names(self, painter: QPainter, area: QRectF, text: QColor) -> None:
        """Write the names above, each behind a square of its colour."""
        metrics, line = self.fontMetrics(), self.fontMetrics().lineSpacing()
        side = line - 2 * GAP
        for curve, (row, x, name) in zip(self.curves, self._names(area.width()), strict=True):
            left, top = area.left() + x, row * line
            painter.fillRect(QRectF(left, top + 1.5 * GAP, side, side), QColor(curve.colour))
            painter.setPen(text)
            painter.drawText(QPointF(left + side + GAP, top + GAP / 2 + metrics.ascent()), name)


def _ends_of(curves: Sequence[Curve]) -> tuple[float, float]:
    """Return the least and the largest of what is shown, apart where both are the same."""
    ends = [part for curve in curves for part in (curve.low, curve.high)]
    values = np.concatenate([np.zeros(0), *ends])
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    margin = (abs(low) or 1.0) / 10
    return (low, high) if high > low else (low - margin, high + margin)


def _runs(places: NDArray[np.float64]) -> list[slice]:
    """Return the stretches without a place that is unknown."""
    known = np.flatnonzero(np.isfinite(places).all(axis=1))
    parts = np.split(known, np.flatnonzero(np.diff(known) > 1) + 1) if known.size else []
    return [slice(int(part[0]), int(part[-1]) + 1) for part in parts]


def _polygon(places: NDArray[np.float64]) -> QPolygonF:
    return QPolygonF([QPointF(x, y) for x, y in places.tolist()])
