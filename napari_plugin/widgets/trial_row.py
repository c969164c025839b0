"""Buttons for a change that is shown before it is made, and how it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from qtpy.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from supervox.napari_plugin.session.clean_state import TrialState

from .controls import button
from .next_button import suggest
from .steady import StatusRow


@dataclass(frozen=True)
class TrialActions:
    """What the buttons do.

    Attributes
    ----------
    preview, apply, discard : callable
    """

    preview: Callable[[], None]
    apply: Callable[[], None]
    discard: Callable[[], None]


class TrialRow(QWidget):
    """Preview, apply, discard; below them what would change, or how far the work is.

    Parameters
    ----------
    name : str
        The object names of the buttons begin with it.
    actions : TrialActions
    tip : str
        What the preview shows.
    """

    def __init__(self, name: str, actions: TrialActions, tip: str) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        line = QHBoxLayout()
        self.preview = button(f"{name}_preview", "Preview", tip, actions.preview)
        self.apply = button(
            f"{name}_apply",
            "Apply",
            "Change the labels as the preview shows: as corrections, which Undo takes back at once",
            actions.apply,
        )
        self.discard = button(
            f"{name}_discard", "Discard", "Leave the labels as they are", actions.discard
        )
        for made in (self.preview, self.apply, self.discard):
            # as wide whether it is highlighted or not
            made.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            line.addWidget(made, 1)
        layout.addLayout(line)
        self.status = StatusRow(name, actions.discard)
        layout.addWidget(self.status)

    def show_trial(self, trial: TrialState) -> None:
        """Show how the change stands."""
        self.preview.setEnabled(trial.can_try)
        self.apply.setEnabled(trial.can_apply)
        self.discard.setEnabled(trial.can_discard)
        suggest(self.apply, trial.can_apply, at_once=True)
        self.status.show_state(trial.says, trial.progress, "warning" if trial.is_bad else "note")
