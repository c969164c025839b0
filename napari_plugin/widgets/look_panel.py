"""Below the picture: the next place to look at with its question, and what each plane has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from qtpy.QtGui import QIcon
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget
from supervox.napari_plugin.session.looking import LookState

from .controls import button, swatch
from .plane_strip import PlaneStrip

MOST_OPTIONS = 2
KEYS = ("Enter", "Shift+Enter")
SWATCH = 12  # pixels


@dataclass(frozen=True)
class LookActions:
    """What the panel can have done.

    Attributes
    ----------
    look_on : callable
        Goes to the next place.
    answer : callable
        Takes the class id that is right at the place.
    leave : callable
        Ends the question; nothing is painted.
    go_to_plane : callable
        Takes a plane of the image.
    """

    look_on: Callable[[], None]
    answer: Callable[[int], None]
    leave: Callable[[], None]
    go_to_plane: Callable[[int], None]


class LookPanel(QWidget):
    """A line with the question, over the strip of planes. Nothing in it moves.

    Parameters
    ----------
    actions : LookActions
    """

    def __init__(self, actions: LookActions) -> None:
        super().__init__()
        self.setObjectName("supervox_look_panel")
        self._do, self._state = actions, LookState()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 2, 6, 2)
        layout.setSpacing(3)
        line = QHBoxLayout()
        self.next = button(
            "supervox_look_next",
            "Next to look at",
            "Go to a place whose labels are in doubt, and much of the volume like it  (N)",
            actions.look_on,
        )
        line.addWidget(self.next)
        self.options: list[QPushButton] = []
        for k in range(MOST_OPTIONS):
            made = button(
                f"supervox_look_option_{k}",
                "",
                f"Paint the region in the ring with this class  ({KEYS[k]})",
                partial(self._answer, k),
            )
            made.setMinimumWidth(110)
            made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            line.addWidget(made)
            self.options.append(made)
        self.leave = button(
            "supervox_look_leave", "Leave it", "Paint nothing here  (Esc)", actions.leave
        )
        line.addWidget(self.leave)
        self.text = QLabel()
        self.text.setObjectName("supervox_look_text")
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        line.addWidget(self.text, 1)
        layout.addLayout(line)
        self.strip = PlaneStrip(actions.go_to_plane)
        layout.addWidget(self.strip)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.show_state(self._state, force=True)

    def _answer(self, number: int) -> None:
        self._do.answer(self._state.options[number].id)

    def show_state(self, state: LookState, *, force: bool = False) -> None:
        """Show what there is to look at."""
        old, self._state = self._state, state
        if state == old and not force:
            return
        self.next.setEnabled(state.can_look)
        self.leave.setEnabled(bool(state.options))
        for k, made in enumerate(self.options):
            option = state.options[k] if k < len(state.options) else None
            made.setEnabled(option is not None)
            made.setText("" if option is None else _short(option.name))
            made.setIcon(QIcon() if option is None else swatch(option.colour, SWATCH))
        self.text.setText(self.describe())
        self.text.setToolTip(self.text.text())
        self.strip.setVisible(state.has_planes)
        self.strip.show_amounts(state.amounts, state.classes)

    def describe(self) -> str:
        """Say what is asked, or what a look is good for."""
        state = self._state
        if len(state.options) == MOST_OPTIONS:
            now, other = (option.name for option in state.options)
            return f"In the ring: labelled {now}, may be {other}. Which is right?"
        if state.is_looking:
            return "Looking for a place in doubt…"
        return "Places in doubt, one after the other" if state.can_look else ""


def _short(name: str) -> str:
    return name if len(name) <= 20 else f"{name[:19]}…"
