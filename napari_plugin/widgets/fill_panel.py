"""A panel to fill what lies between slices that were painted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout
from supervox.napari_plugin.session.clean_state import FillState
from supervox.project import Paint

from .controls import list_choices
from .objects_section import ALL
from .section import Body
from .trial_row import TrialActions, TrialRow

LEAST_WIDTH, WORD_WIDTH = 90, 124  # pixels; "corrections" is seen whole
WITH = {Paint.CORRECTIONS: "corrections", Paint.STROKES: "strokes"}


@dataclass(frozen=True)
class FillActions:
    """What the panel can have done.

    Attributes
    ----------
    choose : callable
        Takes what is filled between, and the id of a class; 0 for all.
    attempt, apply, discard : callable
    """

    choose: Callable[[Paint, int], None]
    attempt: Callable[[], None]
    apply: Callable[[], None]
    discard: Callable[[], None]


class FillPanel(Body[FillState]):
    """Between what, and of which class; what would be filled is shown before it is done.

    Parameters
    ----------
    actions : FillActions
    """

    def __init__(self, actions: FillActions) -> None:
        super().__init__()
        self._do = actions
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 0, 0, 4)
        line = QHBoxLayout()
        line.setSpacing(2)
        line.addWidget(QLabel("Between"))
        self.paint = QComboBox()
        self.paint.setObjectName("supervox_fill_paint")
        self.paint.setToolTip(
            "What is painted on some slices: things that you corrected, or things that you painted "
            "over with strokes, all of them and not a line in each"
        )
        for paint, word in WITH.items():
            self.paint.addItem(word, paint)
        self.paint.activated.connect(self._on_choice)
        line.addWidget(self.paint)
        line.addWidget(QLabel("of"))
        self.of = QComboBox()
        self.of.setObjectName("supervox_fill_of")
        self.of.setToolTip("Of which class; all by default, and for the key I that which you paint")
        self.paint.setMinimumWidth(WORD_WIDTH)
        self.of.setMinimumWidth(LEAST_WIDTH)
        self.of.activated.connect(self._on_choice)
        line.addWidget(self.of, 1)
        layout.addLayout(line)
        self.trial = TrialRow(
            "supervox_fill",
            TrialActions(actions.attempt, actions.apply, actions.discard),
            "Show what lies between all painted slices, along the axis that you scroll through: by "
            "shape, and by edges of the image nearby. The key I does it for the class that you "
            "paint, around the slice in view only",
        )
        layout.addWidget(self.trial)

    def _on_choice(self) -> None:
        was_shown = self.state.trial.can_apply
        self._do.choose(self.paint.currentData(), int(self.of.currentData() or 0))
        if was_shown:
            self._do.attempt()

    def refresh(self) -> None:
        """Show the state anew."""
        list_choices(self.of, [(ALL, 0), *self.state.classes])
        for widget in (self.paint, self.of):
            widget.setEnabled(self.state.trial.can_try)
        self.trial.show_trial(self.state.trial)

    def describe(self) -> str:
        """Say in a line how it stands."""
        return self.state.trial.says
