"""Two segmentations compared: a row for each class, and a way to every place that differs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)
from supervox.napari_plugin.layers.agreement_layer import AGREEMENT_COLOURS
from supervox.napari_plugin.layers.reading_units import in_reading_units, unit_text
from supervox.napari_plugin.session.agreement_state import AgreementState
from supervox.napari_plugin.tasks.agreement import Compared
from supervox.objects import OVERLAY_NAMES
from supervox.volumes import FORMATS

from .controls import button, list_choices
from .legend import ColourKey
from .objects_section import ALL
from .steady import StatusRow, SteadyLabel
from .where_to import ask_where_to

A_FILE, ASK = "a file…", "ask"
A_PROJECT, ASK_FOLDER = "a project…", "ask for a folder"
ENDING = ".csv"
GAP = 24  # pixels from the dock
WIDTH, HEIGHT, ROW_MARGIN = 760, 380, 6
# Title, measures, how they are written, and whether they are lengths.
COLUMNS = (
    ("Dice", ("dice",), "{:.4f}", False),
    ("IoU", ("iou",), "{:.4f}", False),
    ("Volume\nB − A", ("volume_difference",), "{:+.1%}", False),
    ("Mean\ndistance", ("mean_surface_distance",), "{:.4g}", True),
    ("95 %\ndistance", ("surface_distance_95",), "{:.4g}", True),
    ("Boundary\nF-score", ("boundary_f",), "{:.4f}", False),
    ("Objects\nA, B, matched", ("objects_a", "objects_b", "matched"), "{:,.0f}", False),
    ("Objects\nF1", ("object_f1",), "{:.4f}", False),
)


@dataclass(frozen=True)
class AgreementActions:
    """What the window can have done.

    Attributes
    ----------
    look : callable
        Returns what there is to show.
    compare : callable
        Compares two, by their keys.
    cancel : callable
    add_file : callable
        Offers a file; returns its key.
    choose_class : callable
        Shows overlay and differences of a class; 0 for all.
    show : callable
        Shows the overlay, or takes it away.
    go : callable
        Flies to a difference that comes so many later.
    save : callable
        Writes the table to a file.
    start_path : callable
        Returns where a dialog begins.
    close : callable
        Takes away what is shown in the picture.
    """

    look: Callable[[], AgreementState]
    compare: Callable[[str, str], None]
    cancel: Callable[[], None]
    add_file: Callable[[Path], str]
    choose_class: Callable[[int], None]
    show: Callable[[bool], None]
    go: Callable[[int], None]
    save: Callable[[Path], None]
    start_path: Callable[[], Path]
    close: Callable[[], None]


class AgreementWindow(QDialog):
    """A small window beside the dock.

    Parameters
    ----------
    actions : AgreementActions
    parent : QWidget
        The dock.
    """

    def __init__(self, actions: AgreementActions, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self.setObjectName("supervox_agreement_window")
        self.setWindowTitle("Compare labels")
        self.setModal(False)
        self._do = actions
        self._shown: Compared | None = None  # in the table
        layout = QVBoxLayout(self)
        layout.addLayout(self._make_sides())
        self.status = StatusRow("supervox_agreement", actions.cancel)
        layout.addWidget(self.status)
        layout.addWidget(self._make_table(), 1)
        layout.addLayout(self._make_overlay())
        layout.addLayout(self._make_places())
        self._list_classes()

    def _make_sides(self) -> QHBoxLayout:
        line = QHBoxLayout()
        self.boxes: list[QComboBox] = []
        for letter in ("a", "b"):
            box = QComboBox()
            box.setObjectName(f"supervox_agreement_{letter}")
            box.setToolTip(
                "Labels of this volume: ours, a layer of the viewer, a file, or the final labels "
                "of another project, as of somebody else. Volume differences are those of B to A"
            )
            box.setSizeAdjustPolicy(
                QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
            )
            box.setMinimumContentsLength(8)
            box.activated.connect(self._on_chosen)
            line.addWidget(QLabel(letter.upper()))
            line.addWidget(box, 1)
            self.boxes.append(box)
        self.compare = button(
            "supervox_agreement_compare",
            "Compare",
            "Measure how far A and B agree, class by class and object by object",
            lambda: self._do.compare(*self._keys),
        )
        self.compare.setAutoDefault(False)
        line.addWidget(self.compare)
        return line

    def _make_table(self) -> QTableWidget:
        self.table = QTableWidget(0, 1 + len(COLUMNS))
        self.table.setObjectName("supervox_agreement_rows")
        rows = self.table.verticalHeader()
        rows.hide()
        rows.setMinimumSectionSize(1)
        rows.setDefaultSectionSize(self.fontMetrics().lineSpacing() + ROW_MARGIN)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.table.itemSelectionChanged.connect(self._on_row)
        return self.table

    def _make_overlay(self) -> QHBoxLayout:
        line = QHBoxLayout()
        self.overlay = QCheckBox("Show in the picture")
        self.overlay.setObjectName("supervox_agreement_shown")
        self.overlay.setToolTip(
            "Where both say the same and where they don't, in place of the labels: of the class "
            "that is chosen in the table, or of all: in 3D, only what differs then"
        )
        self.overlay.clicked.connect(self._do.show)
        line.addWidget(self.overlay)
        line.addSpacing(GAP)
        key = [(OVERLAY_NAMES[k], colour) for k, colour in AGREEMENT_COLOURS.items()]
        line.addWidget(ColourKey(key), 1)
        return line

    def _make_places(self) -> QHBoxLayout:
        line = QHBoxLayout()
        self.back = button(
            "supervox_agreement_previous",
            "Previous",
            "Fly to the difference that is next larger",
            lambda: self._do.go(-1),
        )
        self.on = button(
            "supervox_agreement_next",
            "Next difference",
            "Fly to the largest place that differs, then to the next by size, and outline it",
            lambda: self._do.go(1),
        )
        self.place = SteadyLabel(2)
        self.place.setObjectName("supervox_agreement_place")
        self.save = button(
            "supervox_agreement_save",
            "Save table…",
            "All measures as CSV, with units; beside it, what each column is and what was compared",
            self._ask_and_save,
        )
        for made in (self.back, self.on, self.save):
            made.setAutoDefault(False)
        line.addWidget(self.back)
        line.addWidget(self.on)
        line.addWidget(self.place, 1)
        line.addWidget(self.save)
        return line

    # ------------------------------------------------------------------------------ what is shown

    def refresh(self) -> None:
        """Show how things stand, if anybody sees it."""
        if not self.isVisible():
            return
        state = self._do.look()
        self._list_sides(state)
        has_found = state.found is not None
        are_known = not {ASK, ASK_FOLDER} & {*self._keys}
        can_compare = are_known and self._keys[0] != self._keys[1]
        self.compare.setEnabled(can_compare and state.progress is None)
        self.status.show_state(state.says, state.progress, "warning" if state.is_bad else "note")
        if state.found is not self._shown:
            self._shown = state.found
            self._list_classes()
        self.overlay.setEnabled(has_found)
        self.overlay.setChecked(state.is_shown)
        self.back.setEnabled(state.can_go_back)
        self.on.setEnabled(state.can_go_on)
        self.save.setEnabled(has_found)
        self.place.say(state.place)

    def _list_sides(self, state: AgreementState) -> None:
        asking = (A_FILE, ASK), (A_PROJECT, ASK_FOLDER)
        for box, first in zip(self.boxes, (state.a, state.b), strict=True):
            list_choices(box, [*state.choices, *asking], first)

    @property
    def _keys(self) -> tuple[str, str]:
        a, b = (str(box.currentData() or ASK) for box in self.boxes)
        return a, b

    def _list_classes(self) -> None:
        """List all classes, and each of them."""
        found, table = self._shown, self.table
        with QSignalBlocker(table):
            table.setRowCount(0)
            table.setHorizontalHeaderLabels(["Class", *(column[0] for column in COLUMNS)])
            if found is None:
                return
            measured = in_reading_units(found.table)
            for k, (title, names, _, is_length) in enumerate(COLUMNS, 1):
                columns = [measured.column(name) for name in names]
                if (header := table.horizontalHeaderItem(k)) is not None:
                    header.setToolTip("; ".join(column.definition for column in columns))
                    unit = unit_text(columns[0].unit)
                    header.setText(f"{title} ({unit})" if is_length and unit else title)
            table.setRowCount(1 + len(measured))
            table.setItem(0, 0, _cell(ALL, 0))
            for row in range(len(measured)):
                class_id = int(measured["class"][row])
                table.setItem(row + 1, 0, _cell(str(measured["class_name"][row]), class_id))
                for k, (_, names, form, _) in enumerate(COLUMNS, 1):
                    values = [measured[name][row] for name in names]
                    words = ("–" if value != value else form.format(value) for value in values)
                    table.setItem(row + 1, k, _number(", ".join(words)))
            table.selectRow(0)

    # ----------------------------------------------------------------------------- from a person

    def bring(self) -> None:
        """Show the window beside the dock, at the bottom, where it hides least of the picture."""
        self.show()
        self.raise_()

    def _place_it(self) -> None:
        dock = self.parentWidget()
        if dock is None or self.testAttribute(Qt.WidgetAttribute.WA_Moved):
            return
        self.resize(WIDTH, HEIGHT)
        corner, window = dock.mapToGlobal(dock.rect().topLeft()), dock.window().geometry()
        left = max(corner.x() - self.width() - GAP, window.x())
        self.move(left, max(window.bottom() - self.height() - GAP, window.y()))

    def _on_chosen(self, _: int) -> None:
        """Take another side; a file, or a project, is asked for."""
        for box in self.boxes:
            if box.currentData() in (ASK, ASK_FOLDER):
                path = self._ask(is_folder=box.currentData() == ASK_FOLDER)
                if not path:
                    box.setCurrentIndex(0)
                    continue
                key = self._do.add_file(Path(path))
                self._list_sides(self._do.look())
                box.setCurrentIndex(box.findData(key))
        self.refresh()

    def _ask(self, *, is_folder: bool) -> str:
        """Ask for a file, or for a project, which is a folder; empty if nothing was chosen."""
        start = str(self._do.start_path().parent)
        if is_folder:
            return QFileDialog.getExistingDirectory(self, "Project to compare with", start)
        endings = " ".join(f"*{e}" for entry in FORMATS if entry.open for e in entry.extensions)
        kinds = f"Volumes ({endings});;All files (*)"
        return QFileDialog.getOpenFileName(self, "Labels to compare with", start, kinds)[0]

    def _on_row(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        if rows:
            self._do.choose_class(int(rows[0].data(Qt.ItemDataRole.UserRole) or 0))

    def _ask_and_save(self) -> None:
        if path := ask_where_to(self, "Save the table", self._do.start_path(), (ENDING,)):
            self._do.save(path)

    def showEvent(self, event: QShowEvent) -> None:
        """Take a place, and show in the picture again what was found before."""
        super().showEvent(event)
        self._place_it()
        self._do.show(True)
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Take away what is shown in the picture."""
        super().hideEvent(event)
        self._do.close()


def _cell(text: str, class_id: int) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setData(Qt.ItemDataRole.UserRole, class_id)
    return item


def _number(text: str) -> QTableWidgetItem:
    item = QTableWidgetItem(text)
    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item
