"""From a box to the whole volume: a button, and how far that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QVBoxLayout, QWidget

from .controls import StageBar, button, give_role, needs, note

if TYPE_CHECKING:
    from supervox.napari_plugin.session.session import Session

MEANWHILE = "Preparing the whole volume: the box stays live meanwhile"


class Widening(QWidget):
    """Prepares the whole volume while a box is worked in; takes no room while none is."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.button = button(
            "supervox_prepare_whole",
            "Prepare the whole volume",
            "Go on painting in the box meanwhile: when it is ready, the labels change over to the "
            "whole volume, with all strokes",
            session.extent.prepare_whole,
        )
        self.bar = StageBar("supervox_prepare_whole", session.preparation)
        self.note = note()
        for widget in (self.button, self.bar, self.note):
            layout.addWidget(widget)

    def refresh(self) -> None:
        """Show the state of the session."""
        session, extent = self._session, self._session.extent
        self.setVisible(extent.is_box_ready)
        if not extent.is_box_ready:
            return
        found, is_running = extent.whole_needs(), session.preparation.is_running
        self.button.setVisible(not is_running)
        self.button.setEnabled(not found.refusal)
        self.bar.refresh()
        self.note.setText(MEANWHILE if is_running else needs(found))
        give_role(self.note, "warning" if found.refusal else "note")
