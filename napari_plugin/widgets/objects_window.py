"""The table of objects: beside the work, a row each, to sort, filter, fly to and save."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QItemSelection, QItemSelectionModel, QSignalBlocker, Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)
from supervox.napari_plugin.session.object_questions import DoubtsState
from supervox.napari_plugin.tasks.measuring import FoundObjects
from supervox.objects import ObjectsError, Rule

from .controls import button, list_choices
from .object_plots import ObjectPlots
from .objects_section import ALL
from .objects_table import ObjectsModel, example_of, titled
from .profile_panel import ProfileActions, ProfilePanel
from .questions_panel import QuestionActions, QuestionsPanel
from .rules_panel import RulesPanel
from .steady import SteadyLabel
from .where_to import ask_where_to

ENDING = ".csv"
ROW_MARGIN, LEAST_WIDTH = 6, 60  # pixels


@dataclass(frozen=True)
class TableActions:
    """What the window can have done.

    Attributes
    ----------
    go_to : callable
        Shows an object in the picture, by its number.
    select : callable
        Chooses several, without a move of the view.
    colour : callable
        Colours objects by a measure; by none if it is empty.
    set_rules, put_rules_in : callable
        Takes all rules; changes the labels as they say.
    classes : callable
        Returns names and ids of the classes that rules can give objects.
    questions : QuestionActions
    profile : ProfileActions
    save : callable
        Writes the table to a file.
    start_path : callable
        Returns where a dialog begins.
    close : callable
        Takes the outline away.
    """

    go_to: Callable[[int], None]
    select: Callable[[tuple[int, ...]], None]
    colour: Callable[[str], None]
    set_rules: Callable[[Sequence[Rule]], None]
    put_rules_in: Callable[[], None]
    classes: Callable[[], Sequence[tuple[str, int]]]
    questions: QuestionActions
    profile: ProfileActions
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
        self.resize(760, 580)
        self._do = actions
        self._found: FoundObjects | None = None
        self._note, self._refused, self._was_shown = "", "", False
        self._filtered_by = ""  # what the rows that are shown meet
        self.model = ObjectsModel()
        layout = QVBoxLayout(self)
        layout.addLayout(self._make_filters())
        self.plots = ObjectPlots(actions.colour)
        self.plots.brushed.connect(self._on_brushed)
        self.rules = RulesPanel(actions.set_rules, actions.put_rules_in, self._complete_rule)
        self.tabs = self.plots.tabs
        self.profile = ProfilePanel(actions.profile)
        self.tabs.addTab(self.profile, "Profile")
        self.tabs.addTab(self.rules, "Rules")
        self.questions = QuestionsPanel(actions.questions)
        self.tabs.addTab(self.questions, "Questions")
        both = QSplitter(Qt.Orientation.Vertical)
        both.addWidget(self._make_view())
        both.addWidget(self.tabs)
        both.setStretchFactor(0, 1)
        both.setChildrenCollapsible(False)
        layout.addWidget(both, 1)
        line = QHBoxLayout()
        self.says = SteadyLabel(2)
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
        self.text.setToolTip(
            "A condition on measures, with and, or, not; the number of an object; or a part of "
            "a class's name. Numbers are in the units of the table, where none is written. Press "
            "Enter"
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
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setAlternatingRowColors(False)
        self.view.setWordWrap(False)
        rows = self.view.verticalHeader()
        rows.hide()
        rows.setDefaultSectionSize(self.fontMetrics().lineSpacing() + ROW_MARGIN)
        header = self.view.horizontalHeader()
        header.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        self.view.setSortingEnabled(True)
        header.sortIndicatorChanged.connect(lambda *_: self._keep_rows())
        self.view.selectionModel().selectionChanged.connect(self._on_rows)
        self._chosen: tuple[int, ...] = ()
        return self.view

    # ------------------------------------------------------------------------------ what is shown

    def show_objects(self, found: FoundObjects | None, note: str, doubts: DoubtsState) -> None:
        """Show other objects, and a word on them.

        Parameters
        ----------
        found : FoundObjects or None
        note : str
            Such as that they are older than the labels, or where they were saved.
        doubts : DoubtsState
            Questions on them.
        """
        self._note, before = note, self._found
        if found is not before:
            self._found = found
            if found is None or found.is_empty:
                self._chosen = ()
                self.close()
            elif before is not None and before.ids is found.ids:  # edited
                self._update(found)
            else:
                self._show_anew(found)
        if found is not None and not found.is_empty:
            _, caught, refused = found.ruled
            self.rules.show_rules(found.order.steps.rules, caught, refused, self._do.classes())
        self.questions.show_state(doubts)
        self._say()

    def _show_anew(self, found: FoundObjects) -> None:
        self._chosen, self._refused, self._filtered_by = (), "", ""
        self.model.show_table(found.table)
        example = example_of(self.model.table)
        self.text.setPlaceholderText(f"{example}, or a number, or a name")
        self._list_choices()
        with QSignalBlocker(self.text):
            self.text.clear()
        self._fit_columns()
        self._show_plots()

    def _update(self, found: FoundObjects) -> None:
        """Show objects after an edit: what is sorted, filtered and chosen stays so."""
        self._list_choices()
        with QSignalBlocker(self.view.selectionModel()):
            try:
                class_id = int(self.of.currentData() or 0)
                self.model.update_table(found.table, class_id, self._filtered_by)
            except ObjectsError as error:
                self._refused = str(error)
                self.model.update_table(found.table, 0, "")
        self._chosen = tuple(k for k in self._chosen if found.row_of(k) is not None)
        self._fit_columns()
        self._keep_rows()
        self._show_plots()

    def _list_choices(self) -> None:
        """Offer the classes that have objects, and the measures."""
        found = self._found
        if found is None or found.is_empty:
            list_choices(self.of, [(ALL, 0)])
            return
        ids = np.unique(found.table["class"]).tolist()
        list_choices(self.of, [(ALL, 0), *zip(found.class_names, ids, strict=True)])
        self.plots.offer(
            [
                (titled(column), column.name)
                for column in self.model.table.columns
                if column.values.dtype != object and column.name not in ("id", "class")
            ]
        )

    def _fit_columns(self) -> None:
        """Give each column room for its title, as all values are about as long."""
        metrics, header = self.fontMetrics(), self.view.horizontalHeader()
        for k, column in enumerate(self.model.columns):
            width = metrics.horizontalAdvance(titled(column)) + 5 * ROW_MARGIN
            header.resizeSection(k, max(width, LEAST_WIDTH))

    def _say(self) -> None:
        shown, whole = self.model.rowCount(), len(self.model.table)
        number = f"{whole:,}" if shown == whole else f"{shown:,} of {whole:,}"
        count = f"{number} object{'s' * (whole != 1)}"
        is_typed = self.text.text() != self._filtered_by
        note = "press Enter to show only what meets the line above" if is_typed else self._note
        text = "; ".join(part for part in (count, note) if part)
        if self._refused and not is_typed:
            text = f"All rows are shown: {self._refused}"
        self.says.say(text, "warning" if self._refused or is_typed else "note")

    def _show_plots(self) -> None:
        self.plots.show_table(self.model.table, self.model.rows, self._chosen)

    def _complete_rule(self, rule: Rule) -> Rule:
        """Give a rule the units that are shown; refuse one that can't be carried out."""
        rule = rule.with_units(self.model.table)
        if self._found is not None and self._found.measured.columns:
            rule.chooses(self._found.measured)
            if why := self._found.why_nameless(rule):
                raise ObjectsError(why)
        return rule

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
        if text:
            self._say()
        else:
            self._filter()

    def _filter(self) -> None:
        """Show the rows that meet the condition; where it can't be read, say so and show all."""
        if not len(self.model.table):
            return
        class_id, self._filtered_by = int(self.of.currentData() or 0), self.text.text()
        try:
            self.model.filter(class_id, self._filtered_by)
            self._refused = ""
        except ObjectsError as error:
            self._refused = str(error)
            self.model.filter(class_id, "")
        self._keep_rows()
        self._show_plots()
        self._say()

    def _keep_rows(self) -> None:
        """Have the objects that were chosen still chosen, where they are in another order."""
        rows = np.flatnonzero(np.isin(self.model.numbers, self._chosen))
        chosen, last = QItemSelection(), self.model.columnCount() - 1
        # rows that follow one another are one range: ten thousand single ones would take seconds
        for block in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1) if rows.size else ():
            first, end = self.model.index(int(block[0]), 0), self.model.index(int(block[-1]), last)
            chosen.select(first, end)
        self.view.selectionModel().select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if rows.size:
            first = self.model.index(int(rows[0]), 0)
            no_update = QItemSelectionModel.SelectionFlag.NoUpdate
            self.view.selectionModel().setCurrentIndex(first, no_update)
            self.view.scrollTo(first)

    def _on_rows(self, *_: object) -> None:
        rows = np.array([k.row() for k in self.view.selectionModel().selectedRows()], int)
        numbers = tuple(self.model.numbers[np.sort(rows)].tolist())
        hidden = [k for k in self._chosen if self.model.row_of(k) is None] if not numbers else []
        if numbers == self._chosen or hidden:
            return
        is_same = set(numbers) == set(self._chosen)
        self._chosen = numbers
        if is_same:  # sorted
            return
        if len(numbers) == 1:
            self._do.go_to(numbers[0])
        else:
            self._do.select(numbers)
        self._show_plots()

    def _on_brushed(self, rows: NDArray[np.int64]) -> None:
        """Choose what was framed in the plot."""
        numbers = tuple(self.model.table["id"][self.model.rows[rows]].tolist())
        self._chosen = numbers
        if len(numbers) == 1:
            self._do.go_to(numbers[0])
        else:
            self._do.select(numbers)
        with QSignalBlocker(self.view.selectionModel()):
            self._keep_rows()
        self.view.viewport().update()
        self._show_plots()

    def choose(self, numbers: tuple[int, ...]) -> None:
        """Choose the rows of objects that were clicked on in the picture."""
        self._chosen = numbers
        if any(self.model.row_of(number) is None for number in numbers):  # the filter hides it
            self.text.clear()
            self.of.setCurrentIndex(0)
            self._filter()
        self._keep_rows()
        self._show_plots()

    def _ask_and_save(self) -> None:
        if path := ask_where_to(self, "Save the table", self._do.start_path(), (ENDING,)):
            self._do.save(path)

    def done(self, result: int) -> None:
        """Take the outline away when the window closes."""
        self._do.close()
        self._chosen = ()
        super().done(result)
