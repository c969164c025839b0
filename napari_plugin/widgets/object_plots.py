"""Plots beside the table of objects: bars of one measure, or points of two."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)
from supervox.napari_plugin.session.object_marks import measure_colours
from supervox.objects import ObjectTable

from .histogram import Histogram
from .objects_table import titled
from .scatter import Scatter

FIRST_MEASURES = ("volume", "volume", "sphericity")  # of the bars; along x and y


class ObjectPlots(QObject):
    """Two tabs, each with a choice of measures.

    Parameters
    ----------
    colour : callable
        Colours objects by a measure; each by itself if it is empty.

    Attributes
    ----------
    tabs : QTabWidget
    """

    brushed = Signal(object)  # indices of the rows that were shown: int64 array

    def __init__(self, colour: Callable[[str], None]) -> None:
        super().__init__()
        self._colour = colour
        self._table, self._chosen = ObjectTable(()), tuple[int, ...]()
        self._rows: NDArray[np.int64] = np.zeros(0, np.int64)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("supervox_objects_tabs")
        self.measure, self.x, self.y = (
            self._choice(name, tip)
            for name, tip in (
                ("supervox_objects_measure", "Which measure of the rows above the bars are of"),
                ("supervox_objects_x", "Which measure points are placed by, from left to right"),
                ("supervox_objects_y", "Which measure points are placed by, upwards"),
            )
        )
        self.coloured = QCheckBox("Colour objects by it")
        self.coloured.setObjectName("supervox_objects_coloured")
        self.coloured.setToolTip(
            "In the picture, from the least value in dark violet to the largest in yellow: bars "
            "have the colours of their values"
        )
        self.coloured.clicked.connect(self._on_coloured)
        self.measure.activated.connect(self._on_coloured)
        self.histogram, self.scatter = Histogram(), Scatter()
        self.scatter.brushed.connect(self.brushed.emit)
        self._add("Histogram", [self.measure, self.coloured], self.histogram)
        self._add("Scatter plot", [self.y, QLabel("against"), self.x], self.scatter)

    def _choice(self, name: str, tip: str) -> QComboBox:
        made = QComboBox()
        made.setObjectName(name)
        made.setToolTip(tip)
        made.activated.connect(self._show)
        return made

    def _add(self, title: str, choices: Sequence[QWidget], plot: QWidget) -> None:
        page = QWidget()
        layout = QVBoxLayout(page)
        line = QHBoxLayout()
        for choice in choices:
            line.addWidget(choice)
        line.addStretch(1)
        layout.addLayout(line)
        layout.addWidget(plot, 1)
        self.tabs.addTab(page, title)

    def offer(self, measures: Sequence[tuple[str, str]]) -> None:
        """Offer measures: what each is called, and its name; what was chosen stays so."""
        for box, first in zip((self.measure, self.x, self.y), FIRST_MEASURES, strict=True):
            before = box.currentData() or first
            box.clear()
            for title, name in measures:
                box.addItem(title, name)
            box.setCurrentIndex(max(box.findData(before), 0))

    def show_table(
        self, table: ObjectTable, rows: NDArray[np.int64], chosen: Collection[int]
    ) -> None:
        """Show measures of some rows.

        Parameters
        ----------
        table : ObjectTable
        rows : int64, (R,)
        chosen : collection of int
            Numbers of the objects that are chosen.
        """
        self._table, self._rows, self._chosen = table, rows, tuple(chosen)
        self._show()

    def _show(self, *_: object) -> None:
        table, rows = self._table, self._rows
        if not table.columns or self.measure.currentData() is None:
            return
        chosen = np.isin(table["id"], self._chosen)
        name = self.measure.currentData()
        values = table[name].astype(np.float64)
        one = float(values[chosen][0]) if chosen.sum() == 1 else None
        self.histogram.show_values(values[rows], titled(table.column(name)), one)
        colours = None
        if self.coloured.isChecked():  # of all objects, whatever rows are shown
            colours = measure_colours(self.histogram.middles(), values)
        self.histogram.show_colours(colours)
        names = (self.x.currentData(), self.y.currentData())
        x, y = (table[k].astype(np.float64)[rows] for k in names)
        titles = (titled(table.column(names[0])), titled(table.column(names[1])))
        self.scatter.show_values(x, y, titles, chosen[rows])

    def _on_coloured(self, *_: object) -> None:
        self._show()
        self._colour(str(self.measure.currentData()) if self.coloured.isChecked() else "")
