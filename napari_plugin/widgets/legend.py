"""What the colours of probability, doubt, measures of objects and overlays mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.utils.colormaps import ensure_colormap
from qtpy.QtGui import QImage, QPainter, QPaintEvent
from qtpy.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget
from superqt import QElidingLabel
from supervox.napari_plugin.layers.make_layers import MAP_COLOURS
from supervox.napari_plugin.session.objects_state import MEASURE_MAP, MeasureScale
from supervox.objects import Column

from .controls import swatch
from .objects_table import titled, written

HEIGHT, STEPS = 10, 128  # pixels
SWATCH = 12  # pixels
BY_RATIO = "Steps of colour are equal ratios: the largest value is far above the least"


class Legend(QWidget):
    """A bar with the colours of a map, between words for its ends.

    Parameters
    ----------
    low, high : str
    colours : Any
        A colour map, as napari knows it.
    """

    def __init__(self, low: str, high: str, colours: Any = MAP_COLOURS) -> None:
        super().__init__()
        self.low, self.high = QLabel(low), QLabel(high)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.low)
        layout.addWidget(_Gradient(colours), 1)
        layout.addWidget(self.high)


class MeasureLegend(QWidget):
    """The colours of objects by a measure: its name and unit, and the values of its ends.

    It takes its room where there is nothing to say as well.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("supervox_objects_legend")
        self.title = QElidingLabel()
        self.bar = Legend("", "", MEASURE_MAP)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.title, 1)
        layout.addWidget(self.bar, 1)
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        self.hide()

    def show_scale(self, scale: MeasureScale | None) -> None:
        """Show what the colours mean, if they are of a measure."""
        self.setVisible(scale is not None)
        if scale is not None:
            title, low, high = scale_words(scale)
            self.title.setText(title)
            self.bar.low.setText(low)
            self.bar.high.setText(high)
            self.setToolTip(f"{title}. {BY_RATIO}" if scale.is_by_ratio else title)


def scale_words(scale: MeasureScale) -> tuple[str, str, str]:
    """Return the name of a measure with its unit, and its least and largest value."""
    title = titled(Column(scale.name, np.zeros(0), scale.unit))
    return title, written(scale.low), written(scale.high)


def gradient(colours: Any) -> QImage:
    """Return a line of pixels with the colours of a map, from the lowest to the highest."""
    shades = ensure_colormap(colours).map(np.linspace(0, 1, STEPS))
    pixels = np.ascontiguousarray((255 * shades).round().astype(np.uint8))
    return QImage(pixels.tobytes(), STEPS, 1, QImage.Format.Format_RGBA8888).copy()


class _Gradient(QWidget):
    """The colours alone."""

    def __init__(self, colours: Any) -> None:
        super().__init__()
        self._image = gradient(colours)
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(30)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the colours from the lowest to the highest."""
        painter = QPainter(self)
        painter.drawImage(self.rect(), self._image)
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
