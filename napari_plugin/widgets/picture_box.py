"""Picture…: what is in view as a figure, with its scale bar and the names of the classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QColor, QFont, QImage, QPainter
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget
from supervox.napari_plugin.session.objects_state import MeasureScale

from .controls import button
from .legend import gradient, scale_words
from .where_to import ask_where_to

RESOLUTIONS = (150, 300, 600)  # dots per inch; the second is what journals ask for
SCREEN = 96.0  # dots per inch of what is seen
INCHES_TO_METRES = 0.0254
POINTS = 9.0  # height of the names
SCALE_LETTERS = 12.0  # how many of them wide the colours of a measure are
ENDINGS = (".png", ".jpg", ".tif")


@dataclass(frozen=True)
class PictureActions:
    """What the line can have done.

    Attributes
    ----------
    look : callable
        Takes how many times as large as on the screen; returns what is in view, (H, W, 4).
    legend : callable
        Returns names and colours of the classes that are in view.
    scale : callable
        Returns what colours that stand for values mean; None where there are none.
    start : callable
        Returns the folder and the name to begin with.
    tell : callable
        Tells a person something.
    """

    look: Callable[[float], NDArray[np.uint8]]
    legend: Callable[[], Sequence[tuple[str, str]]]
    scale: Callable[[], MeasureScale | None]
    start: Callable[[], Path]
    tell: Callable[[str], None]


class PictureBox(QWidget):
    """A button, and how fine the picture is.

    Parameters
    ----------
    actions : PictureActions
    """

    def __init__(self, actions: PictureActions) -> None:
        super().__init__()
        self._do = actions
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        self.save = button(
            "supervox_picture",
            "Picture…",
            "What is in view, with the scale bar and the names of the classes",
            self.ask,
        )
        line.addWidget(self.save, 1)
        line.addWidget(QLabel("at"))
        self.resolution = QComboBox()
        self.resolution.setObjectName("supervox_picture_dpi")
        self.resolution.setToolTip("Dots per inch; journals mostly ask for 300")
        for dpi in RESOLUTIONS:
            self.resolution.addItem(f"{dpi} dpi", dpi)
        self.resolution.setCurrentIndex(1)
        line.addWidget(self.resolution)

    def ask(self) -> None:
        """Ask where to, and write the picture."""
        chosen = ask_where_to(self, "Save the picture", self._do.start(), ENDINGS, "Pictures")
        if chosen is None:
            return
        dpi = int(self.resolution.currentData())
        figure = figure_of(self._do.look(dpi / SCREEN), self._do.legend(), dpi, self._do.scale())
        written = figure.save(str(chosen))
        self._do.tell(
            f"Written: {chosen}"
            if written
            else f"{chosen}: the picture can't be written there; choose another folder"
        )


def figure_of(
    pixels: NDArray[np.uint8],
    legend: Sequence[tuple[str, str]],
    dpi: int,
    scale: MeasureScale | None = None,
) -> QImage:
    """Return a picture with a legend below it.

    Parameters
    ----------
    pixels : uint8, (H, W, 4)
    legend : sequence of (str, str)
        Names and colours.
    dpi : int
        Dots per inch that the file states; the legend is in points of that.
    scale : MeasureScale, optional
        What colours that stand for values mean: a line of its own.

    Returns
    -------
    QImage
    """
    pixels = np.ascontiguousarray(pixels)
    rows, columns = pixels.shape[:2]
    view = QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888)
    letter = POINTS * dpi / 72
    font = QFont()
    font.setPixelSize(round(letter))
    places, below = _places(legend, font, columns, letter)
    last = round(2 * letter) if scale is not None else 0
    figure = QImage(columns, rows + below + last, QImage.Format.Format_RGB32)
    figure.fill(Qt.GlobalColor.white)
    painter = QPainter(figure)
    painter.setFont(font)
    painter.drawImage(0, 0, view)
    for (name, colour), (x, y) in zip(legend, places, strict=True):
        painter.fillRect(QRectF(x, rows + y, letter, letter), QColor(colour))
        painter.setPen(QColor("black"))
        painter.drawText(round(x + 1.5 * letter), round(rows + y + 0.9 * letter), name)
    if scale is not None:
        _draw_scale(painter, scale, rows + below + 0.5 * letter, letter)
    painter.end()
    for set_dots in (figure.setDotsPerMeterX, figure.setDotsPerMeterY):
        set_dots(round(dpi / INCHES_TO_METRES))
    return figure


def _draw_scale(painter: QPainter, scale: MeasureScale, y: float, letter: float) -> None:
    """Draw the name of a measure, its least value, the colours, and its largest value."""
    title, low, high = scale_words(scale)
    x = letter
    painter.setPen(QColor("black"))
    steps = ", logarithmic" if scale.is_by_ratio else ""
    for text in (f"{title}{steps}: {low}", "", high):
        if text:
            painter.drawText(round(x), round(y + 0.9 * letter), text)
            x += painter.fontMetrics().horizontalAdvance(text) + 0.5 * letter
        else:
            painter.drawImage(QRectF(x, y, SCALE_LETTERS * letter, letter), gradient(scale.colours))
            x += (SCALE_LETTERS + 0.5) * letter


def _places(
    legend: Sequence[tuple[str, str]], font: QFont, width: int, letter: float
) -> tuple[list[tuple[float, float]], int]:
    """Return where the entries go, in lines as wide as the picture, and how high that is."""
    probe = QImage(1, 1, QImage.Format.Format_RGB32)
    painter = QPainter(probe)
    painter.setFont(font)
    metrics = painter.fontMetrics()
    painter.end()
    places: list[tuple[float, float]] = []
    x, y = letter, letter
    for name, _ in legend:
        wide = 1.5 * letter + metrics.horizontalAdvance(name)
        if x > letter and x + wide > width - letter:
            x, y = letter, y + 1.8 * letter
        places.append((x, y))
        x += wide + 2 * letter
    return places, round(y + 2 * letter) if legend else 0
