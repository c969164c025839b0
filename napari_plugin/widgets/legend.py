"""What the colours of probability and doubt mean, and those of an overlay."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from napari.utils.colormaps import ensure_colormap
from qtpy.QtGui import QImage, QPainter, QPaintEvent
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget
from supervox.napari_plugin.layers.make_layers import MAP_COLOURS

from .controls import swatch

HEIGHT, STEPS = 10, 128  # pixels
SWATCH = 12  # pixels


class Legend(QWidget):
    """A bar with the colours of a map, between words for its ends.

    Parameters
    ----------
    low, high : str
    """

    def __init__(self, low: str, high: str) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(QLabel(low))
        layout.addWidget(_Gradient(), 1)
        layout.addWidget(QLabel(high))


class _Gradient(QWidget):
    """The colours alone."""

    def __init__(self) -> None:
        super().__init__()
        colours = ensure_colormap(MAP_COLOURS).map(np.linspace(0, 1, STEPS))
        self._pixels = np.ascontiguousarray((255 * colours).round().astype(np.uint8))
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(30)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the colours from the lowest to the highest."""
        image = QImage(self._pixels.data, STEPS, 1, QImage.Format.Format_RGBA8888)
        painter = QPainter(self)
        painter.drawImage(self.rect(), image)
        painter.end()


class ColourKey(QWidget):
    """Some colours in a line, each with what it stands for.

    Parameters
    ----------
    entries : sequence of (str, str)
        Words and colour of each.
    """

    def __init__(self, entries: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for words, colour in entries:
            square = QLabel()
            square.setPixmap(swatch(colour, SWATCH).pixmap(SWATCH, SWATCH))
            layout.addWidget(square)
            layout.addWidget(QLabel(words))
            layout.addSpacing(SWATCH)
        layout.addStretch(1)
