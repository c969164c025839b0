"""The rows of the table of objects: sorted and filtered as whole columns, so that it is quick."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from supervox.napari_plugin.layers.reading_units import in_reading_units, unit_text
from supervox.objects import Column, ObjectTable, Rule

HIDDEN = ("class",)  # its name says it
Index = QModelIndex | QPersistentModelIndex
TOP = QModelIndex()  # of which all rows are


class ObjectsModel(QAbstractTableModel):
    """Shows a table of objects; rows are numbers of objects, in an order of their own.

    Sorting and filtering are done here, on arrays: Qt's own proxy would ask for each two values.
    """

    def __init__(self) -> None:
        super().__init__()
        self._table = ObjectTable(())
        self._columns: tuple[Column, ...] = ()
        self._rows: NDArray[np.int64] = np.zeros(0, np.int64)  # of the table, in their order
        self._chosen: NDArray[np.bool_] = np.zeros(0, bool)
        self._sorted_by: tuple[int, Qt.SortOrder] = (0, Qt.SortOrder.AscendingOrder)

    @property
    def table(self) -> ObjectTable:
        """The whole table, in the units in which it is shown."""
        return self._table

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that are shown."""
        return self._columns

    @property
    def rows(self) -> NDArray[np.int64]:
        """The rows of the table that are shown, from the first."""
        return self._rows

    def show_table(self, table: ObjectTable) -> None:
        """Show another table, all of its rows."""
        self.beginResetModel()
        self._take(in_reading_units(table))
        self._chosen = np.ones(len(table), bool)
        self._rows = self._ordered()
        self.endResetModel()

    def update_table(self, table: ObjectTable, class_id: int, text: str) -> None:
        """Show the same objects after an edit, sorted and filtered as they were."""
        self._take(in_reading_units(table, self._table))
        self.filter(class_id, text)

    def _take(self, table: ObjectTable) -> None:
        self._table = table
        self._columns = tuple(column for column in table.columns if column.name not in HIDDEN)

    def filter(self, class_id: int, text: str) -> None:
        """Show only some rows.

        Parameters
        ----------
        class_id : int
            0 for all classes.
        text : str
            A condition, as of rules, with numbers in the units that are shown; the number of an
            object; or a part of a class's name.

        Raises
        ------
        ObjectsError
            If a condition can't be read, or names no measure.
        """
        chosen = np.ones(len(self._table), bool)
        if class_id:
            chosen &= self._table["class"] == class_id
        if text := text.strip():
            chosen &= self._meets(text)
        self.beginResetModel()
        self._chosen = chosen
        self._rows = self._ordered()
        self.endResetModel()

    def _meets(self, text: str) -> NDArray[np.bool_]:
        if text.isdecimal():
            found: NDArray[np.bool_] = self._table["id"] == int(text)
            return found
        if any(sign in text for sign in "<>="):
            return Rule.parse(f"{text} -> remove").chooses(self._table)
        names = self._table["class_name"].tolist()
        return np.array([text.casefold() in name.casefold() for name in names], bool)

    def _ordered(self) -> NDArray[np.int64]:
        """Return the chosen rows by the column that is sorted by; what is unknown comes last."""
        rows = np.flatnonzero(self._chosen)
        column, order = self._sorted_by
        if column >= len(self._columns):
            return rows
        values = self._columns[column].values[rows]
        if values.dtype == object:
            values = np.unique(values.astype(str), return_inverse=True)[1]
        keys = values if order == Qt.SortOrder.AscendingOrder else -values.astype(np.float64)
        return rows[np.argsort(keys, kind="stable")]

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column."""
        self.beginResetModel()
        self._sorted_by = (column, order)
        self._rows = self._ordered()
        self.endResetModel()

    def object_at(self, row: int) -> int:
        """Return the number of the object in a row that is shown."""
        return int(self._table["id"][self._rows[row]])

    def row_of(self, number: int) -> int | None:
        """Return the row of an object; None if it isn't shown."""
        found = np.flatnonzero(self.numbers == number)
        return int(found[0]) if found.size else None

    @property
    def numbers(self) -> NDArray[np.int64]:
        """Numbers of the objects that are shown, from the first row."""
        if not len(self._table):
            return np.zeros(0, np.int64)
        found: NDArray[np.int64] = self._table["id"][self._rows]
        return found

    # ------------------------------------------------------------------------------- Qt's own

    def rowCount(self, parent: Index = TOP) -> int:
        """Return how many rows there are."""
        return 0 if parent.isValid() else self._rows.size

    def columnCount(self, parent: Index = TOP) -> int:
        """Return how many columns there are."""
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows."""
        if not index.isValid():
            return None
        values = self._columns[index.column()].values
        if role == Qt.ItemDataRole.DisplayRole:
            return written(values[self._rows[index.row()]])
        if role == Qt.ItemDataRole.TextAlignmentRole and values.dtype != object:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the name of a measure with its unit, and what it is."""
        if orientation != Qt.Orientation.Horizontal or section >= len(self._columns):
            return None
        column = self._columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return titled(column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(part for part in (column.definition, column.source) if part)
        return None


def example_of(table: ObjectTable) -> str:
    """Return a condition that some objects of a table meet, in the unit that is shown."""
    if "volume" not in table:
        return "sphericity < 0.7"
    volume = table.column("volume")
    known = volume.values[np.isfinite(volume.values)]
    middle = float(f"{np.median(known) if known.size else 1:.0e}")
    size = f"{np.format_float_positional(middle, trim='-')} {unit_text(volume.unit)}".strip()
    return f"volume > {size} and sphericity < 0.7"


def titled(column: Column) -> str:
    """Return a measure's name for a person, with its unit."""
    name = column.name.replace("_", " ")
    return f"{name} ({unit_text(column.unit)})" if column.unit else name


def written(value: Any) -> str:
    """Write a value for a person: whole numbers whole, others with four digits."""
    if isinstance(value, str):
        return value
    if isinstance(value, np.integer | np.bool_ | int):
        return f"{int(value):,}"
    if not np.isfinite(value):
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
