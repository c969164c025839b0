"""The panel below the picture, in the viewer's window: where to look next."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMainWindow, QWidget
from supervox.napari_plugin.session.looking import LookState
from supervox.napari_plugin.session.session import Session

from .widgets.look_panel import LookActions, LookPanel


class BelowPicture:
    """Belongs to one dock, and goes with it.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self._session, self._viewer = session, session.viewer
        looking = session.looking
        self.panel = LookPanel(
            LookActions(
                look_on=session.questions.look_on,
                answer=looking.answer,
                leave=looking.clear,
                go_to_plane=looking.go_to_plane,
            )
        )
        self._frame = self._viewer.window.add_dock_widget(
            self.panel, name="Next to look at", area="bottom"
        )
        self._frame.setTitleBarWidget(QWidget())  # room for the picture
        self._frame.setVisible(False)
        self._viewer.dims.events.point.connect(self._show_plane)

    def settle(self, window: QWidget) -> None:
        """Lie below the picture, and not below the docks at its sides."""
        if isinstance(window, QMainWindow):
            sides = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
            window.setCorner(Qt.Corner.BottomLeftCorner, sides[0])
            window.setCorner(Qt.Corner.BottomRightCorner, sides[1])

    def show(self, state: LookState, has_volume: bool) -> None:
        """Show what there is to look at; an empty window has no panel."""
        if has_volume == self._frame.isHidden():
            self._frame.setVisible(has_volume)
        self.panel.show_state(state)
        self._show_plane()

    def _show_plane(self, *_: object) -> None:
        """Show which plane is in view; at every step of the slider, so that it must be quick."""
        self.panel.strip.show_plane(self._session.looking.plane)

    def close(self) -> None:
        """Leave the window as it was."""
        self._viewer.dims.events.point.disconnect(self._show_plane)
        self._viewer.window.remove_dock_widget(self.panel)
