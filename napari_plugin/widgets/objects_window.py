"""The table of objects: beside the work, a row each, to sort, filter, fly to and save."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from supervox.napari_plugin.tasks.measuring import FoundObjects
from supervox.objects import ObjectsError

from .controls import button
from .histogram import Histogram
from .objects_section import ALL
from .objects_table import ObjectsModel, titled
from .steady import SteadyLabel

ENDING = ".csv"
FIRST_MEASURE = "volume"
ROW_MARGIN, LEAST_WIDTH = 6, 60  # pixels


@dataclass(frozen=True)
class TableActions:
    """What the window can have done.

    Attributes
    ----------
    go_to : callable
        Shows an object in the picture, by its number.
    save : callable
        Writes the table to a file.
    start_path : callable
        Returns where a dialog begins.
    close : callable
        Takes the outline away.
    """

    go_to: Callable[[int], None]
    save: Callable[[Path], None]
    start_path: Callable[[], Path]
    close: Callable[[], None]


class ObjectsWindow(QDialog):
    """Shows the measures of the objects that were found last.

    Parameters
    ----------
    actions : TableActions
    parent : QWidget
    """

    def __init__(self, actions: TableActions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("supervox_objects_window")
        self.setWindowTitle("Objects")
        self.setModal(False)
        self.resize(760, 460)
        self._do = actions
        self._found: FoundObjects | None = None
        self._note, self._refused, self._was_shown = "", "", False
        self.model = ObjectsModel()
        layout = QVBoxLayout(self)
        layout.addLayout(self._make_filters())
        layout.addWidget(self._make_view(), 1)
        line = QHBoxLayout()
        line.addWidget(QLabel("Histogram of"))
        self.measure = QComboBox()
        self.measure.setObjectName("supervox_objects_measure")
        self.measure.setToolTip("Which measure of the rows above the bars are of")
        self.measure.activated.connect(self._show_histogram)
        line.addWidget(self.measure)
        line.addStretch(1)
        layout.addLayout(line)
        self.histogram = Histogram()
        layout.addWidget(self.histogram)
        line = QHBoxLayout()
        self.says = SteadyLabel()
        self.says.setObjectName("supervox_objects_table_says")
        line.addWidget(self.says, 1)
        self.save = button(
            "supervox_objects_save",
            "Save table…",
            "All rows as CSV, for Excel, R or Python; beside it, what each column is and what "
            "the table was made from",
            self._ask_and_save,
        )
        self.save.setAutoDefault(False)  # Enter is for the filter
        line.addWidget(self.save)
        layout.addLayout(line)

    def _make_filters(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.addWidget(QLabel("Show"))
        self.of = QComboBox()
        self.of.setObjectName("supervox_objects_table_of")
        self.of.setToolTip("Show the objects of one class only")
        self.of.activated.connect(self._filter)
        line.addWidget(self.of)
        line.addWidget(QLabel("where"))
        self.text = QLineEdit()
        self.text.setObjectName("supervox_objects_filter")
        self.text.setPlaceholderText("volume > 100 and sphericity < 0.7, or a number, or a name")
        self.text.setToolTip(
            "A condition on measures, with and, or, not; the number of an object; or a part of "
            "a class's name. Press Enter"
        )
        self.text.setClearButtonEnabled(True)
        self.text.editingFinished.connect(self._filter)
        self.text.textChanged.connect(self._on_text)
        line.addWidget(self.text, 1)
        return line

    def _make_view(self) -> QTableView:
        self.view = QTableView()
        self.view.setObjectName("supervox_objects_rows")
        self.view.setModel(self.model)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setAlternatingRowColors(False)
        self.view.setWordWrap(False)
        rows = self.view.verticalHeader()
        rows.hide()
        rows.setDefaultSectionSize(self.fontMetrics().lineSpacing() + ROW_MARGIN)
        header = self.view.horizontalHeader()
        header.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        self.view.setSortingEnabled(True)
        header.sortIndicatorChanged.connect(lambda *_: self._keep_row())
        self.view.selectionModel().currentRowChanged.connect(self._on_row)
        self._chosen = 0
        return self.view

    # ------------------------------------------------------------------------------ what is shown

    def show_objects(self, found: FoundObjects | None, note: str) -> None:
        """Show other objects, and a word on them.

        Parameters
        ----------
        found : FoundObjects or None
        note : str
            Such as that they are older than the labels, or where they were saved.
        """
        self._note = note
        if found is not self._found:
            self._found, self._chosen, self._refused = found, 0, ""
            self._list_choices()
            with QSignalBlocker(self.text):
                self.text.clear()
            if found is None or not found.number:
                self.close()
            else:
                self.model.show_table(found.table)
                self._fit_columns()
                self._show_histogram()
        self._say()

    def _list_choices(self) -> None:
        """Offer the classes that have objects, and the measures."""
        self.of.clear()
        self.of.addItem(ALL, 0)
        before = self.measure.currentData() or FIRST_MEASURE
        self.measure.clear()
        found = self._found
        if found is None or not found.number:
            return
        for class_id, name in zip(
            np.unique(found.table["class"]).tolist(), found.class_names, strict=True
        ):
            self.of.addItem(name, class_id)
        for column in found.table.columns:
            if column.values.dtype != object and column.name not in ("id", "class"):
                self.measure.addItem(titled(column), column.name)
        self.measure.setCurrentIndex(max(self.measure.findData(before), 0))

    def _fit_columns(self) -> None:
        """Give each column room for its title, as all values are about as long."""
        metrics, header = self.fontMetrics(), self.view.horizontalHeader()
        for k, column in enumerate(self.model.columns):
            width = metrics.horizontalAdvance(titled(column)) + 5 * ROW_MARGIN
            header.resizeSection(k, max(width, LEAST_WIDTH))

    def _say(self) -> None:
        shown, whole = self.model.rowCount(), len(self.model.table)
        count = f"{whole:,} objects" if shown == whole else f"{shown:,} of {whole:,} objects"
        text = self._refused or "; ".join(part for part in (count, self._note) if part)
        self.says.say(text, "warning" if self._refused else "note")

    def _show_histogram(self) -> None:
        name, table = self.measure.currentData(), self.model.table
        if name is None or not len(table):
            return
        values = table[name].astype(np.float64)
        chosen = float(values[self._chosen - 1]) if self._chosen else None
        title = titled(table.column(name))
        self.histogram.show_values(values[self.model.rows], title, chosen)

    # ----------------------------------------------------------------------------- from a person

    def bring(self) -> None:
        """Show the window, at first in the lower left, where it hides least of the picture."""
        if not self._was_shown and (parent := self.parentWidget()) is not None:
            corner = parent.window().geometry().bottomLeft()
            self.move(corner.x(), max(corner.y() - self.height(), 0))
        self._was_shown = True
        self.show()
        self.raise_()

    def _on_text(self, text: str) -> None:
        if not text:
            self._filter()

    def _filter(self) -> None:
        """Show the rows that meet the condition; where it can't be read, say so and change none."""
        if not len(self.model.table):
            return
        try:
            self.model.filter(int(self.of.currentData() or 0), self.text.text())
            self._refused = ""
        except ObjectsError as error:
            self._refused = str(error)
        self._keep_row()
        self._show_histogram()
        self._say()

    def _keep_row(self) -> None:
        """Have the object that was chosen still chosen, where it is in another order."""
        row = self.model.row_of(self._chosen) if self._chosen else None
        if row is not None:
            self._select(row)

    def _select(self, row: int) -> None:
        self.view.selectRow(row)
        self.view.scrollTo(self.model.index(row, 0))

    def _on_row(self, current: object) -> None:
        row = current.row()  # type: ignore[attr-defined]
        if row < 0:
            return
        number = self.model.object_at(row)
        if number != self._chosen:
            self._chosen = number
            self._do.go_to(number)
            self._show_histogram()

    def choose(self, number: int) -> None:
        """Choose the row of an object that was clicked on in the picture."""
        self._chosen = number
        if self.model.row_of(number) is None:  # the filter hides it
            self.text.clear()
            self.of.setCurrentIndex(0)
            self._filter()
        self._keep_row()
        self._show_histogram()

    def _ask_and_save(self) -> None:
        start = str(self._do.start_path())
        path, _ = QFileDialog.getSaveFileName(self, "Save the table", start, f"*{ENDING}")
        if path:
            chosen = Path(path)
            if chosen.suffix.lower() != ENDING:
                chosen = chosen.with_name(chosen.name + ENDING)
            self._do.save(chosen)

    def done(self, result: int) -> None:
        """Take the outline away when the window closes."""
        self._do.close()
        self._chosen = 0
        super().done(result)
