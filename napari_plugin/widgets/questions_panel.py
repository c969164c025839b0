"""Questions on objects: which may be several things, and which may be one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qtpy.QtWidgets import QHBoxLayout, QListWidget, QVBoxLayout, QWidget
from supervox.napari_plugin.session.object_questions import DoubtsState
from supervox.objects import EditQuestion

from .controls import button
from .steady import SteadyLabel


@dataclass(frozen=True)
class QuestionActions:
    """What the panel can have done.

    Attributes
    ----------
    look : callable
        Looks for objects in doubt.
    show : callable
        Shows what a question is about.
    answer : callable
        Takes a question, and whether the answer is yes.
    """

    look: Callable[[], None]
    show: Callable[[EditQuestion], None]
    answer: Callable[[EditQuestion, bool], None]


class QuestionsPanel(QWidget):
    """A list of questions, the surest first, and buttons for the answers.

    Parameters
    ----------
    actions : QuestionActions
    """

    def __init__(self, actions: QuestionActions) -> None:
        super().__init__()
        self._do, self._state = actions, DoubtsState()
        self._is_awaited = False  # the next question, by a person who asked or answered
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.list = QListWidget()
        self.list.setObjectName("supervox_object_questions")
        self.list.setToolTip(
            "Likely, or perhaps: by shape alone, as how narrow the neck is, or how narrow the gap, "
            "and how the two face each other over it"
        )
        self.list.currentRowChanged.connect(self._on_row)
        layout.addWidget(self.list, 1)
        line = QHBoxLayout()
        self.look = button(
            "supervox_object_look",
            "Look for doubts",
            "Look for objects with a neck, and for pairs of a class with a narrow gap",
            self._look,
        )
        self.yes = button(
            "supervox_object_yes",
            "Yes",
            "Split it at its necks, or merge both; undo takes it back",
            lambda: self._answer(is_yes=True),
        )
        self.no = button(
            "supervox_object_no",
            "No",
            "Leave it as it is, and don't ask again; undo takes it back",
            lambda: self._answer(is_yes=False),
        )
        self.says = SteadyLabel()
        self.says.setObjectName("supervox_object_questions_say")
        for made in (self.look, self.yes, self.no):
            made.setAutoDefault(False)
            line.addWidget(made)
        line.addWidget(self.says, 1)
        layout.addLayout(line)

    def show_state(self, state: DoubtsState) -> None:
        """Show the questions that are open; the first is chosen after an answer."""
        if state != self._state:
            row = max(self.list.currentRow(), 0)
            self._state = state
            self.list.blockSignals(True)
            self.list.clear()
            for item in state.candidates:
                self.list.addItem(f"{item.text}   {item.how_sure}")
            self.list.setCurrentRow(min(row, len(state.candidates) - 1))
            self.list.blockSignals(False)
            if self._is_awaited and not state.is_looking:
                self._is_awaited = False
                self._on_row(self.list.currentRow())
        self.look.setEnabled(not state.is_looking)
        self._enable()
        count = len(state.candidates)
        if state.is_looking:
            self.says.say("Looking at the shape of each object")
        elif not state.is_known:
            self.says.say("Which objects may be several things, and which one?")
        else:
            words = "1 question" if count == 1 else f"{count:,} questions"
            self.says.say(words if count else "No question is open")

    def _enable(self) -> None:
        is_chosen = self._chosen() is not None
        self.yes.setEnabled(is_chosen)
        self.no.setEnabled(is_chosen)

    def _chosen(self) -> EditQuestion | None:
        row = self.list.currentRow()
        return self._state.candidates[row] if 0 <= row < len(self._state.candidates) else None

    def _on_row(self, _: int) -> None:
        self._enable()
        chosen = self._chosen()
        if chosen is not None:
            self._do.show(chosen)

    def _look(self) -> None:
        self._is_awaited = True
        self._do.look()

    def _answer(self, *, is_yes: bool) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self._is_awaited = True
            self._do.answer(chosen, is_yes)
