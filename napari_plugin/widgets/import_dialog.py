"""Which class each value of some labels becomes, asked beside the window, which stays usable."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)
from supervox.napari_plugin.painting.class_list import ClassList
from supervox.napari_plugin.painting.importing import EVERYTHING, Found, Importing

CLASS = 3  # column of the menus
HEADS = ("Value", "Name", "Voxels", "Becomes")
LEAVE_OUT = 0
NEW = None


class ImportDialog(QDialog):
    """Asks, and paints when it is accepted.

    Parameters
    ----------
    importing : Importing
    classes : ClassList
    found : Found
    parent : QWidget
    """

    def __init__(
        self, importing: Importing, classes: ClassList, found: Found, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._importing, self._classes, self._found = importing, classes, found
        self.setObjectName("supervox_import_dialog")
        self.setWindowTitle(f"Strokes from {found.name}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = QVBoxLayout(self)
        text = QLabel(
            "Every voxel becomes part of a stroke. Leave out what you don't trust: strokes are "
            "what the rest is learned from."
        )
        text.setWordWrap(True)
        layout.addWidget(text)
        self.table = self._make_table()
        layout.addWidget(self.table)
        self.over = QCheckBox("also over strokes that are there")
        self.over.setObjectName("supervox_import_over")
        self.over.setToolTip("Otherwise what you painted stays as it is")
        layout.addWidget(self.over)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.accept_button = buttons.addButton("Paint", QDialogButtonBox.ButtonRole.AcceptRole)
        self.accept_button.setObjectName("supervox_import_accept")
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.resize(440, 360)

    def _make_table(self) -> QTableWidget:
        found = self._found
        table = QTableWidget(len(found.counts), len(HEADS))
        table.setObjectName("supervox_import_values")
        table.setHorizontalHeaderLabels(HEADS)
        table.verticalHeader().setVisible(False)
        table.setSelectionMode(QTableWidget.SelectionMode.NoSelection)
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        names = {item.value: item.name for item in found.classes}
        suggested = found.suggest(self._classes)
        for row, (value, count) in enumerate(found.counts.items()):
            shown = "all" if value == EVERYTHING else str(value)
            for column, entry in enumerate((shown, names.get(value, ""), f"{count:,}")):
                table.setItem(row, column, QTableWidgetItem(entry))
            table.setCellWidget(row, CLASS, self._make_choice(suggested[value]))
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(CLASS, QHeaderView.ResizeMode.Stretch)
        return table

    def _make_choice(self, suggested: int | None) -> QComboBox:
        box = QComboBox()
        for item in self._classes:
            box.addItem(item.name, item.id)
        box.addItem("a new class", NEW)
        box.addItem("(leave out)", LEAVE_OUT)
        box.setCurrentIndex(max(0, box.findData(suggested)) if suggested else box.count() - 2)
        return box

    def choice(self, row: int) -> QComboBox:
        """Return the menu of a row."""
        box = self.table.cellWidget(row, CLASS)
        assert isinstance(box, QComboBox)
        return box

    def _accept(self) -> None:
        chosen = {
            value: self.choice(row).currentData() for row, value in enumerate(self._found.counts)
        }
        wanted = {value: class_id for value, class_id in chosen.items() if class_id != LEAVE_OUT}
        if wanted:
            self._importing.paint(self._found, wanted, over=self.over.isChecked())
        self.accept()
