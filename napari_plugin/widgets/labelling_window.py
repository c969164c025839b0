"""Label more volumes: a list of files, where their labels go, and what became of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)
from supervox.napari_plugin.session.models import Models
from supervox.napari_plugin.tasks.labelling import Labelled
from supervox.volumes import FORMATS, Address

from .controls import button, mark_next, note

WAITING, AT_WORK, DONE, FAILED = "waiting", "at work", "labelled", "failed"
LEARNED = "what was learned here"


class LabellingWindow(QDialog):
    """A window beside the work; what failed stays in its list, with why.

    Parameters
    ----------
    models : Models
        What was learned until now, and what labels.
    parent : QWidget
    """

    def __init__(self, models: Models, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("supervox_labelling")
        self.setWindowTitle("Label more volumes")
        self.setModal(False)
        self.resize(720, 420)
        self._models, self._labelling = models, models.labelling
        self._model: Path | None = None  # its file; what was learned here otherwise
        layout = QVBoxLayout(self)
        layout.addWidget(
            note(
                "Labels without a stroke, for volumes of the same kind of sample, microscope and "
                "voxel size. cell.mrc becomes cell_labels.mrc, as with 'supervox apply'."
            )
        )
        layout.addLayout(self._make_model())
        layout.addWidget(self._make_table(), 1)
        layout.addLayout(self._make_folder())
        self.says = note()
        self.says.setObjectName("supervox_labelling_says")
        layout.addWidget(self.says)
        layout.addLayout(self._make_buttons())
        self._labelling.published.connect(self.tell)
        self._labelling.succeeded.connect(self.show_results)
        self._labelling.failed.connect(self.show_failed)
        self._labelling.stopped.connect(self.show_stopped)
        self._labelling.changed.connect(self._follow)
        self.show_running(False)

    def bring(self) -> None:
        """Show the window."""
        self.show()
        self.raise_()

    def _follow(self) -> None:
        self.show_running(self._labelling.is_running)

    def _make_model(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.addWidget(QLabel("With"))
        self.model = QLabel(LEARNED)
        self.model.setObjectName("supervox_labelling_model")
        line.addWidget(self.model, 1)
        line.addWidget(
            button(
                "supervox_labelling_choose_model",
                "Another model…",
                "A file that Export › Model wrote",
                self._choose_model,
            )
        )
        return line

    def _make_table(self) -> QTableWidget:
        self.table = QTableWidget(0, 2)
        self.table.setObjectName("supervox_labelling_volumes")
        self.table.setHorizontalHeaderLabels(["Volume", "State"])
        self.table.verticalHeader().hide()
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setWordWrap(True)
        for column in (0, 1):
            self.table.horizontalHeader().setSectionResizeMode(
                column, QHeaderView.ResizeMode.Stretch
            )
        return self.table

    def _make_folder(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.addWidget(QLabel("Labels go to"))
        self.folder = QLineEdit()
        self.folder.setObjectName("supervox_labelling_folder")
        self.folder.setReadOnly(True)
        self.folder.setPlaceholderText("choose a folder")
        line.addWidget(self.folder, 1)
        self.choose_folder = button(
            "supervox_labelling_choose_folder",
            "Choose…",
            "The folder where labels are written",
            self._choose_folder,
        )
        line.addWidget(self.choose_folder)
        return line

    def _make_buttons(self) -> QHBoxLayout:
        line = QHBoxLayout()
        self.add = button(
            "supervox_labelling_add", "Add volumes…", "Choose files to be labelled", self._add
        )
        self.remove = button(
            "supervox_labelling_remove", "Remove", "Take the chosen ones off the list", self._remove
        )
        self.start = button(
            "supervox_labelling_start", "Label all", "Label one after the other", self._start
        )
        self.cancel = button(
            "supervox_labelling_cancel",
            "Cancel",
            "Stop; labels that are written stay",
            self._labelling.cancel_and_tell,
        )
        line.addWidget(self.add)
        line.addWidget(self.remove)
        line.addStretch(1)
        line.addWidget(self.cancel)
        line.addWidget(self.start)
        return line

    # ---------------------------------------------------------------------------- from a person

    def _choose_model(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Choose a model", "", "Models (*.model);;All files (*)"
        )
        if path:
            self._model = Path(path)
            self.model.setText(self._model.name)
            self.refresh()

    def _choose_folder(self) -> None:
        if path := QFileDialog.getExistingDirectory(self, "Where do the labels go?"):
            self.folder.setText(path)
            self.refresh()

    def _add(self) -> None:
        endings = " ".join(f"*{e}" for entry in FORMATS if entry.open for e in entry.extensions)
        paths, _ = QFileDialog.getOpenFileNames(
            self, "Choose volumes", "", f"Volumes ({endings});;All files (*)"
        )
        for path in paths:
            if path not in self.volumes():
                self._append(path)
        if paths and not self.folder.text():
            self.folder.setText(str(Path(paths[0]).parent / "labels"))
        self.refresh()

    def _append(self, path: str) -> None:
        row = self.table.rowCount()
        self.table.insertRow(row)
        name = QTableWidgetItem(Address.parse(path).path.name)
        name.setToolTip(path)
        name.setData(Qt.ItemDataRole.UserRole, path)
        self.table.setItem(row, 0, name)
        self._set(row, WAITING)

    def _remove(self) -> None:
        for row in sorted({index.row() for index in self.table.selectedIndexes()}, reverse=True):
            self.table.removeRow(row)
        self.refresh()

    def _start(self) -> None:
        model = self._model or self._models.learned()
        if model is None:
            self.says.setText("Nothing was learned as yet: paint two classes, or choose a model")
            return
        for row in range(self.table.rowCount()):
            self._set(row, WAITING)
        self._labelling.start(model, self.volumes(), Path(self.folder.text()))

    # ------------------------------------------------------------------------------ what happens

    def volumes(self) -> list[str]:
        """Return the addresses in the list."""
        items = (self.table.item(row, 0) for row in range(self.table.rowCount()))
        return [str(item.data(Qt.ItemDataRole.UserRole)) for item in items if item is not None]

    def refresh(self) -> None:
        """Offer what can be done."""
        can_start = bool(self.volumes() and self.folder.text())
        self.start.setEnabled(can_start and not self._is_running)
        mark_next(self.start, can_start and not self._is_running)

    def show_running(self, is_running: bool) -> None:
        """Show whether volumes are being labelled."""
        self._is_running = is_running
        self.cancel.setEnabled(is_running)
        for control in (self.add, self.remove, self.choose_folder):
            control.setEnabled(not is_running)
        self.refresh()

    def tell(self, text: str) -> None:
        """Show what is being done."""
        self.says.setText(text)
        name = begun_in(text)
        for row, path in enumerate(self.volumes()):
            if Address.parse(path).path.name == name and self._state(row) == WAITING:
                self._set(row, AT_WORK)
                break  # another of the same name comes later

    def show_results(self, results: Sequence[Labelled]) -> None:
        """Show what became of the volumes."""
        found = {result.volume: result for result in results}
        for row, path in enumerate(self.volumes()):
            result = found.get(path)
            if result is not None:
                text = f"{FAILED}: {result.error}" if result.error else DONE
                self._set(row, text, result.error or result.written)
        failed = sum(bool(result.error) for result in results)
        done = len(results) - failed
        self.says.setText(
            f"{done} of {len(results)} volumes are labelled"
            + (f"; {failed} failed, and the list says why" if failed else "")
        )
        self.table.resizeRowsToContents()

    def show_failed(self, error: Exception) -> None:
        """Show that it ended before it could say what became of each volume, and why."""
        self._wait_again()
        self.says.setText(f"Labelling ended early: {error}. Labels that were written stay.")

    def show_stopped(self) -> None:
        """Show that a person stopped it."""
        self._wait_again()
        self.says.setText("Stopped. Labels that were written stay.")

    def _wait_again(self) -> None:
        for row in range(self.table.rowCount()):
            if self._state(row) == AT_WORK:
                self._set(row, WAITING)

    def _state(self, row: int) -> str:
        item = self.table.item(row, 1)
        return "" if item is None else item.text()

    def _set(self, row: int, text: str, tip: str = "") -> None:
        item = QTableWidgetItem(text)
        item.setToolTip(tip)
        self.table.setItem(row, 1, item)


def begun_in(text: str) -> str:
    """Return the name of the volume that the command begins with in a line; empty if it doesn't."""
    found = re.fullmatch(r"Reading (.+) \.\.\.", text)
    return found[1] if found else ""
