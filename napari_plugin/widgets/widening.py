"""From a box to the whole volume: a button, and how far that is."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import QVBoxLayout, QWidget
from supervox.napari_plugin.session.state_pieces import WideningState

from .controls import button, needs
from .steady import StatusRow

MEANWHILE = "Preparing the whole volume: the box stays live meanwhile"


class Widening(QWidget):
    """Prepares the whole volume while a box is worked in; takes no room while none is.

    Parameters
    ----------
    prepare_whole, cancel : callable
        Begins, and stops.
    """

    def __init__(self, prepare_whole: Callable[[], None], cancel: Callable[[], None]) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.button = button(
            "supervox_prepare_whole",
            "Prepare the whole volume",
            "Go on painting in the box meanwhile: when it is ready, the labels change over to the "
            "whole volume, with all strokes",
            prepare_whole,
        )
        self.status = StatusRow("supervox_prepare_whole", cancel)
        for widget in (self.button, self.status):
            layout.addWidget(widget)

    def show_state(self, state: WideningState | None) -> None:
        """Show how far it is; None where no box is worked in."""
        self.setVisible(state is not None)
        if state is None:
            return
        self.button.setEnabled(not state.is_running and not state.needs.refusal)
        text = MEANWHILE if state.is_running else needs(state.needs)
        role = "warning" if state.needs.refusal else "note"
        self.status.show_state(text, state.progress, role)
