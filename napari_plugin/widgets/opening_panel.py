"""What is being opened: progress, a question with the picture in view, and what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget
from supervox.napari_plugin.session.next_volume import Offer
from supervox.napari_plugin.session.opening_state import OpeningState

from .controls import StageBar, button, note, tool
from .next_button import suggest
from .section import Body


@dataclass(frozen=True)
class OpeningActions:
    """What the panel can have done.

    Attributes
    ----------
    cancel : callable
        Opens nothing.
    look : callable
        Takes which option of the question is looked at.
    answer : callable
        Opens what is looked at.
    dismiss : callable
        Asks nothing any more, and tells of nothing.
    open_another : callable
        Asks for a file.
    find_volume : callable
        Takes the folder of a project and where its volume is now.
    accept, decline : callable
        Do what is offered, or never mind; they take which offer.
    """

    cancel: Callable[[], None]
    look: Callable[[int], None]
    answer: Callable[[], None]
    dismiss: Callable[[], None]
    open_another: Callable[[], None]
    find_volume: Callable[[Path, str], None]
    accept: Callable[[int], None]
    decline: Callable[[int], None]


class OpeningPanel(Body[OpeningState]):
    """Takes no room while there is nothing to show.

    Parameters
    ----------
    actions : OpeningActions
    """

    def __init__(self, actions: OpeningActions) -> None:
        super().__init__()
        self.setObjectName("supervox_opening")
        self._do = actions
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        self.doing = self._make_doing()
        self.question = self._make_question()
        self.problem = self._make_problem()
        self.offers, self._offer_lines = _part()
        self._offers: tuple[Offer, ...] = ()
        for part in (self.doing, self.question, self.problem, self.offers):
            layout.addWidget(part)
            part.hide()

    def _make_doing(self) -> QWidget:
        part, column = _part()
        self.doing_text = note()
        self.doing_text.setObjectName("supervox_opening_text")
        self.bar = StageBar("supervox_opening", self._do.cancel)
        column.addWidget(self.doing_text)
        column.addWidget(self.bar)
        return part

    def _make_question(self) -> QWidget:
        part, column = _part()
        self.question_text = note()
        self.question_text.setObjectName("supervox_question")
        self.options = QComboBox()
        self.options.setObjectName("supervox_options")
        self.options.setToolTip("What the file may be; what is chosen is shown in the picture")
        self.options.activated.connect(lambda index: self._do.look(index))
        self.options.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.options.setMinimumContentsLength(12)
        line = QHBoxLayout()
        self.answer = button(
            "supervox_answer", "Open this", "Work on what is shown", self._do.answer
        )
        suggest(self.answer, True, at_once=True)
        leave = button("supervox_leave", "Cancel", "Open nothing of this file", self._do.cancel)
        line.addWidget(self.answer, 1)
        line.addWidget(leave)
        column.addWidget(self.question_text)
        column.addWidget(self.options)
        column.addLayout(line)
        return part

    def _make_problem(self) -> QWidget:
        part, column = _part()
        self.problem_text = note(role="warning")
        self.problem_text.setObjectName("supervox_problem")
        line = QHBoxLayout()
        self.another = button(
            "supervox_open_other", "Open another…", "Choose another file", self._do.open_another
        )
        self.find_volume = button(
            "supervox_find_volume",
            "Look for the volume…",
            "Say where the file with the volume is now; the strokes are safe",
            self._ask_where,
        )
        close = tool("supervox_problem_close", "Close", "I have read it", self._do.dismiss)
        line.addWidget(self.another, 1)
        line.addWidget(self.find_volume, 1)
        line.addStretch()
        line.addWidget(close)
        column.addWidget(self.problem_text)
        column.addLayout(line)
        return part

    def _show_offers(self, offers: tuple[Offer, ...]) -> None:
        """Show a line, and a button where there is something to do, for each offer."""
        if offers == self._offers:
            return
        self._offers = offers
        while (item := self._offer_lines.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for number, offer in enumerate(offers):
            self._offer_lines.addWidget(self._offer_row(number, offer))

    def _offer_row(self, number: int, offer: Offer) -> QWidget:
        part, column = _part()
        text = note(offer.text)
        text.setObjectName(f"supervox_offer_{number}")
        line = QHBoxLayout()
        line.addWidget(text, 1)
        line.addWidget(
            tool(
                f"supervox_decline_{number}",
                "×",
                "Leave all as it is",
                lambda: self._do.decline(number),
            ),
            0,
            Qt.AlignmentFlag.AlignTop,
        )
        column.addLayout(line)
        if offer.action:
            do = button(
                f"supervox_accept_{number}",
                offer.action,
                offer.action,
                lambda: self._do.accept(number),
            )
            column.addWidget(do)
        return part

    def refresh(self) -> None:
        """Show what there is."""
        state = self.state
        self.doing.setVisible(bool(state.doing))
        self.doing_text.setText(f"{state.doing}…")
        self.bar.show_progress(state.progress)
        self.question.setVisible(state.question is not None)
        if state.question is not None:
            self.question_text.setText(state.question.text)
            texts = [option.text for option in state.question.options]
            with QSignalBlocker(self.options):
                if texts != [self.options.itemText(k) for k in range(self.options.count())]:
                    self.options.clear()
                    self.options.addItems(texts)
                self.options.setCurrentIndex(state.chosen)
        problem = state.problem
        self.problem.setVisible(problem is not None)
        if problem is not None:
            self.problem_text.setText(problem.text)
            self.another.setVisible(problem.is_of_file and problem.project is None)
            self.find_volume.setVisible(problem.project is not None)
        self._show_offers(state.offers)
        self.offers.setVisible(bool(state.offers))
        self.setVisible(state != OpeningState(chosen=state.chosen))

    def describe(self) -> str:
        """Say what is being opened."""
        return self.state.doing

    def _ask_where(self) -> None:
        problem = self.state.problem
        if problem is None or problem.project is None:
            return
        folder = problem.project
        path, _ = QFileDialog.getOpenFileName(self, "Where is the volume now?", str(folder.parent))
        if path:
            self._do.dismiss()
            self._do.find_volume(folder, path)


def _part() -> tuple[QWidget, QVBoxLayout]:
    part = QWidget()
    column = QVBoxLayout(part)
    column.setContentsMargins(0, 0, 0, 0)
    return part, column
