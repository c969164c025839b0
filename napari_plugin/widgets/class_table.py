"""The classes: a row each, with colour, name, strokes, and whether it is shown or locked."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QAbstractItemView,
    QColorDialog,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
)
from supervox.napari_plugin.painting.class_list import ClassError, ClassList
from supervox.napari_plugin.session.dock_state import PaintState

KEY, COLOUR, NAME, STROKES, SHOWN, LOCKED = range(6)
HEADS = ("", "", "Class", "Strokes", "Show", "Lock")
SWATCH = 14  # pixels
ROW_HEIGHT = 24
ROWS_SHOWN = 6
LAST_KEY = 9


class ClassTable(QTableWidget):
    """Shows the classes and changes them.

    Parameters
    ----------
    classes : ClassList
        Which are changed.
    hint : callable
        Tells why something is refused.
    """

    def __init__(self, classes: ClassList, hint: Callable[[str], None]) -> None:
        super().__init__(0, len(HEADS))
        self._classes, self._hint = classes, hint
        self._state = PaintState()
        self.setObjectName("supervox_classes")
        self.setHorizontalHeaderLabels(HEADS)
        self.verticalHeader().setVisible(False)
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setShowGrid(False)
        self.setMinimumWidth(240)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.horizontalHeader()
        for column, width in ((KEY, 20), (COLOUR, 24), (STROKES, 58), (SHOWN, 40), (LOCKED, 40)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(column, width)
        header.setMinimumSectionSize(18)
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        self.cellClicked.connect(self._on_clicked)
        self.itemChanged.connect(self._on_edited)
        self.itemSelectionChanged.connect(self._on_selected)

    def show_state(self, state: PaintState) -> None:
        """Show the classes, and how many strokes each has."""
        self._state = state
        classes, counts = state.classes, dict(state.strokes)
        with QSignalBlocker(self):
            if self.rowCount() != len(classes):
                self.setRowCount(len(classes))
                for row in range(len(classes)):
                    self._make_row(row)
            for row, item in enumerate(classes):
                key = str(row + 1) if row < LAST_KEY else ""
                self._write(row, KEY, key)
                self._colour(row, item.colour)
                self._write(row, NAME, item.name)
                self._cell(row, NAME).setData(Qt.ItemDataRole.UserRole, item.id)
                tip = f"Paint {item.name}: click, or press {key}" if key else f"Paint {item.name}"
                self._cell(row, NAME).setToolTip(f"{tip}. Double-click to rename. Value {item.id}")
                n = counts.get(item.id, 0)
                self._write(row, STROKES, f"{n:,}" if n else "–")
                self._tick(row, SHOWN, item.visible)
                self._tick(row, LOCKED, item.locked)
            if state.selected in state.ids:
                self.selectRow(state.ids.index(state.selected))
        shown = max(2, min(len(classes), ROWS_SHOWN))
        height = shown * (self.rowHeight(0) if classes else ROW_HEIGHT)
        self.setFixedHeight(height + self.horizontalHeader().sizeHint().height() + 4)

    def _make_row(self, row: int) -> None:
        for column in range(len(HEADS)):
            if self.item(row, column) is None:
                cell = QTableWidgetItem()
                flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
                if column == NAME:
                    flags |= Qt.ItemFlag.ItemIsEditable
                if column in (SHOWN, LOCKED):
                    flags |= Qt.ItemFlag.ItemIsUserCheckable
                    cell.setCheckState(Qt.CheckState.Unchecked)  # or there is nothing to tick
                cell.setFlags(flags)
                self.setItem(row, column, cell)
        self._cell(row, COLOUR).setToolTip("Choose another colour")
        self._cell(row, STROKES).setToolTip("Strokes of this class in the volume")
        self._cell(row, SHOWN).setToolTip("Show or hide this class, in strokes and in labels")
        self._cell(row, LOCKED).setToolTip("Keep the strokes of this class from being painted over")

    def _cell(self, row: int, column: int) -> QTableWidgetItem:
        cell = self.item(row, column)
        assert cell is not None
        return cell

    def _write(self, row: int, column: int, text: str) -> None:
        if self._cell(row, column).text() != text:
            self._cell(row, column).setText(text)

    def _tick(self, row: int, column: int, on: bool) -> None:
        state = Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
        if self._cell(row, column).checkState() != state:
            self._cell(row, column).setCheckState(state)

    def _colour(self, row: int, colour: str) -> None:
        """Show a colour as an icon, which keeps it when the row is selected."""
        cell = self._cell(row, COLOUR)
        if cell.data(Qt.ItemDataRole.UserRole) != colour:
            cell.setData(Qt.ItemDataRole.UserRole, colour)
            pixmap = QPixmap(SWATCH, SWATCH)
            pixmap.fill(QColor(colour))
            icon = QIcon(pixmap)
            icon.addPixmap(pixmap, QIcon.Mode.Selected)  # or Qt blends it with the selection
            cell.setIcon(icon)

    def _id(self, row: int) -> int:
        return int(self._cell(row, NAME).data(Qt.ItemDataRole.UserRole))

    def _on_selected(self) -> None:
        rows = {index.row() for index in self.selectedIndexes()}
        if len(rows) == 1:
            self._classes.selected = self._id(rows.pop())

    def _on_clicked(self, row: int, column: int) -> None:
        if column == COLOUR:
            item = self._classes[self._id(row)]
            chosen = QColorDialog.getColor(QColor(item.colour), self, f"Colour of {item.name}")
            if chosen.isValid():
                self._classes.change(item.id, colour=chosen.name())

    def _on_edited(self, cell: QTableWidgetItem) -> None:
        class_id = self._id(cell.row())
        is_on = cell.checkState() == Qt.CheckState.Checked
        try:
            if cell.column() == NAME:
                self._classes.change(class_id, name=cell.text())
            elif cell.column() == SHOWN:
                self._classes.change(class_id, visible=is_on)
            elif cell.column() == LOCKED:
                self._classes.change(class_id, locked=is_on)
        except ClassError as error:
            self._hint(str(error).capitalize())
            self.show_state(self._state)
