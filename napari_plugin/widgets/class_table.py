"""The classes: a row each, with key, colour, name, strokes, and whether it is shown or locked."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QColorDialog,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)
from supervox.napari_plugin.painting.class_list import ClassError, ClassList
from supervox.napari_plugin.session.dock_state import PaintState

from .controls import swatch

KEY, COLOUR, NAME, STROKES, LESS, SHARE, MORE, SHOWN, LOCKED = range(9)
HEADS = ("", "", "Class", "✎", "", "Share", "", "Show", "Lock")
WIDTHS = {KEY: 16, COLOUR: 22, STROKES: 30, LESS: 14, SHARE: 46, MORE: 14, SHOWN: 40, LOCKED: 36}
MARGIN = 12  # pixels beside a number
WIDEST_SHARES = "0.88 %", "<.01 %"
SWATCH = 14  # pixels
ROW_HEIGHT = 24
LAST_KEY = 9


class ClassTable(QTableWidget):
    """Shows the classes and changes them.

    Parameters
    ----------
    classes : ClassList
        Which are changed.
    paint : callable
        Takes the id of a class that is to be painted.
    nudge : callable
        Gives a class more or less: takes its id, and steps.
    lock : callable
        Locks the class of an id, or unlocks it.
    hint : callable
        Tells why something is refused.
    """

    def __init__(
        self,
        classes: ClassList,
        paint: Callable[[int], None],
        nudge: Callable[[int, int], None],
        lock: Callable[[int, bool], None],
        hint: Callable[[str], None],
    ) -> None:
        super().__init__(0, len(HEADS))
        self._classes, self._nudge, self._hint = classes, nudge, hint
        self._paint, self._lock = paint, lock
        self._state = PaintState()
        self._is_late = False  # what is shown: a name is being edited
        self.setObjectName("supervox_classes")
        self.setHorizontalHeaderLabels(HEADS)
        strokes = QTableWidgetItem(HEADS[STROKES])
        strokes.setToolTip("Strokes of each class")
        self.setHorizontalHeaderItem(STROKES, strokes)
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
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # the dock has one
        header = self.horizontalHeader()
        header.setMinimumSectionSize(min(WIDTHS.values()))
        for column, width in WIDTHS.items():
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(column, width)
        widest = max(map(self.fontMetrics().horizontalAdvance, WIDEST_SHARES))
        self.setColumnWidth(SHARE, max(WIDTHS[SHARE], widest + MARGIN))
        header.setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        self.cellClicked.connect(self._on_clicked)
        self.itemChanged.connect(self._on_edited)
        self.itemSelectionChanged.connect(self._on_selected)

    def show_state(self, state: PaintState) -> None:
        """Show the classes, and how many strokes each has."""
        self._state = state
        self._is_late = self.is_editing and len(state.classes) == self.rowCount()
        if self._is_late:
            return  # a row that is written to would end the editing
        classes, counts, shares = state.classes, dict(state.strokes), dict(state.shares)
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
                self._balance(row, shares.get(item.id))
                self._tick(row, SHOWN, item.visible)
                self._tick(row, LOCKED, item.locked)
            if state.selected in state.ids:
                self.selectRow(state.ids.index(state.selected))
        most = max((f"{n:,}" for n in counts.values()), key=len, default="")
        wanted = self.fontMetrics().horizontalAdvance(most) + MARGIN
        self.setColumnWidth(STROKES, max(WIDTHS[STROKES], wanted))
        height = max(2, len(classes)) * ROW_HEIGHT
        self.setFixedHeight(height + self.horizontalHeader().sizeHint().height() + 4)

    @property
    def is_editing(self) -> bool:
        """Whether a name is being typed."""
        return self.state() == QAbstractItemView.State.EditingState

    def edit_name(self, class_id: int) -> None:
        """Let a person type the name of a class that is shown."""
        ids = [self._id(row) for row in range(self.rowCount())]
        if class_id in ids:
            cell = self._cell(ids.index(class_id), NAME)
            self.scrollToItem(cell)
            self.setCurrentItem(cell)
            self.editItem(cell)

    def closeEditor(self, editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        """Show what changed while a name was typed."""
        super().closeEditor(editor, hint)
        if self._is_late:
            self.show_state(self._state)

    def _make_row(self, row: int) -> None:
        for column in range(len(HEADS)):
            if self.item(row, column) is None:
                cell = QTableWidgetItem()
                flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
                if column in (KEY, STROKES, LESS, SHARE, MORE):
                    cell.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                if column == NAME:
                    flags |= Qt.ItemFlag.ItemIsEditable
                if column in (SHOWN, LOCKED):
                    flags |= Qt.ItemFlag.ItemIsUserCheckable
                    cell.setCheckState(Qt.CheckState.Unchecked)  # or there is nothing to tick
                cell.setFlags(flags)
                self.setItem(row, column, cell)
        self._cell(row, COLOUR).setToolTip("Choose another colour")
        self._cell(row, STROKES).setToolTip("Strokes of this class in the volume")
        self._cell(row, KEY).setToolTip(
            "The key that chooses this class, by its place in the table"
        )
        self._cell(row, SHARE).setToolTip(
            "Share of the volume that this class has in the live labels; step 4 takes another one"
        )
        self._cell(row, LESS).setToolTip("Less of this class (balance)  (, for the chosen one)")
        self._cell(row, MORE).setToolTip("More of this class (balance)  (. for the chosen one)")
        self._cell(row, SHOWN).setToolTip("Show or hide this class, in strokes and in labels")
        self._cell(row, LOCKED).setToolTip(
            "Keep this class: its strokes aren't painted over, and its labels stay as they are, "
            "whatever is corrected, cleaned or learned, until it is unlocked"
        )

    def _cell(self, row: int, column: int) -> QTableWidgetItem:
        cell = self.item(row, column)
        assert cell is not None
        return cell

    def _write(self, row: int, column: int, text: str) -> None:
        if self._cell(row, column).text() != text:
            self._cell(row, column).setText(text)

    def _balance(self, row: int, share: float | None) -> None:
        """Show a share, with more and less beside it; nothing where there are no labels."""
        is_there = share is not None and not self._state.is_read_only
        self._write(row, SHARE, "" if share is None else percent(share))
        self._write(row, LESS, "−" if is_there else "")
        self._write(row, MORE, "+" if is_there else "")

    def _tick(self, row: int, column: int, on: bool) -> None:
        state = Qt.CheckState.Checked if on else Qt.CheckState.Unchecked
        if self._cell(row, column).checkState() != state:
            self._cell(row, column).setCheckState(state)

    def _colour(self, row: int, colour: str) -> None:
        """Show a colour as an icon."""
        cell = self._cell(row, COLOUR)
        if cell.data(Qt.ItemDataRole.UserRole) != colour:
            cell.setData(Qt.ItemDataRole.UserRole, colour)
            cell.setIcon(swatch(colour, SWATCH))

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
        elif column in (NAME, KEY, STROKES):
            self._paint(self._id(row))
        elif column in (LESS, MORE) and self._cell(row, column).text():
            self._nudge(self._id(row), 1 if column == MORE else -1)

    def _on_edited(self, cell: QTableWidgetItem) -> None:
        class_id = self._id(cell.row())
        is_on = cell.checkState() == Qt.CheckState.Checked
        try:
            if cell.column() == NAME:
                self._classes.change(class_id, name=cell.text())
            elif cell.column() == SHOWN:
                self._classes.change(class_id, visible=is_on)
            elif cell.column() == LOCKED:
                self._lock(class_id, is_on)
        except ClassError as error:
            self._hint(str(error).capitalize())
            self.show_state(self._state)


def percent(share: float) -> str:
    """Write a share for a person: "4.1 %", "0.03 %"."""
    value = 100 * share
    if value >= 9.95:
        return f"{value:.0f} %"
    return f"{value:.2g} %" if value >= 0.01 or not value else "<.01 %"
