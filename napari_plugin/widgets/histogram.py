"""How often which values of a measure are, as bars."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent
from qtpy.QtWidgets import QSizePolicy, QWidget

from .objects_table import written

BARS = 30
STRIP = 4  # pixels: the height of the colours below the bars
WIDE = 100.0  # from here on, the largest value over the least, bars are for equal ratios
BAR, CHOSEN = "#6cb6ff", "#f0e442"  # the second as the outline in the picture


class Histogram(QWidget):
    """Bars from the least to the largest value, with both written below."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("supervox_objects_histogram")
        self.counts: NDArray[np.int64] = np.zeros(0, np.int64)
        self._ends, self._title, self._is_wide = (0.0, 0.0), "", False
        self._chosen: float | None = None
        self.colours: NDArray[np.float32] | None = None  # of the bars, RGBA
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return room for bars and two lines."""
        return QSize(300, 130)

    def show_values(
        self, values: NDArray[np.float64], title: str, chosen: float | None = None
    ) -> None:
        """Show other values.

        Parameters
        ----------
        values : float, (N,)
            What isn't finite is left out.
        title : str
            Name of the measure, with its unit.
        chosen : float, optional
            Of the object that is chosen.
        """
        values = values[np.isfinite(values)]
        self._title, self._chosen = title, chosen
        if values.size:
            low, high = self._ends = float(values.min()), float(values.max())
            self._is_wide = low > 0 and high / low > WIDE
            self.counts = np.histogram(self._shares(values), bins=BARS, range=(0.0, 1.0))[0]
        else:
            self.counts = np.zeros(0, np.int64)
        self.update()

    def middles(self) -> NDArray[np.float64]:
        """Return the value in the middle of each bar."""
        shares, (low, high) = (np.arange(BARS) + 0.5) / BARS, self._ends
        return low * (high / low) ** shares if self._is_wide else low + shares * (high - low)

    def show_colours(self, colours: NDArray[np.float32] | None) -> None:
        """Say which colour the picture has for which values; None if it has none for them.

        Parameters
        ----------
        colours : float32, (30, 4), optional
            Of the values in the middle of the bars.
        """
        self.colours = colours
        self.update()

    def _shares(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where values lie, from 0 at the left to 1 at the right."""
        low, high = self._ends
        if low == high:
            return np.full(values.shape, 0.5)
        if self._is_wide:  # and what is chosen may be less than what is shown
            shares: NDArray[np.float64] = np.log(np.maximum(values, low) / low)
            return shares / math.log(high / low)
        return (values - low) / (high - low)

    def paintEvent(self, _: QPaintEvent) -> None:
        """Paint the bars."""
        painter = QPainter(self)
        line = self.fontMetrics().lineSpacing()
        area = QRectF(4, line + 4, self.width() - 8, self.height() - 2 * line - 10)
        painter.setPen(self.palette().text().color())
        if not self.counts.size:
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "No object is shown")
            return
        most, (low, high) = int(self.counts.max()), self._ends
        title = f"{self._title}, logarithmic" if self._is_wide else self._title
        above, below = QRectF(4, 0, area.width(), line), QRectF(4, area.bottom() + 2, 0, line)
        below.setWidth(area.width())
        words = f"{most:,} object{'s' * (most != 1)} in the highest bar"
        painter.drawText(above, Qt.AlignmentFlag.AlignLeft, words)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, written(low))
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, written(high))
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, title)
        width = area.width() / self.counts.size
        for k, count in enumerate(self.counts.tolist()):
            height = area.height() * count / most
            bar = QRectF(area.left() + k * width, area.bottom() - height, width - 1, height)
            colour = QColor(BAR)
            if self.colours is not None:
                colour = QColor.fromRgbF(*self.colours[k].tolist())
                strip = QRectF(bar.left(), area.bottom() - STRIP, width, STRIP)
                painter.fillRect(strip, colour)  # also where no object is
            painter.fillRect(bar, colour)
        if self._chosen is not None and np.isfinite(self._chosen):
            share = float(self._shares(np.array([self._chosen])).clip(0, 1)[0])
            x = area.left() + share * area.width()
            painter.setPen(QColor(CHOSEN))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
