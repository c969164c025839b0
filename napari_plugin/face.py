"""What of napari's window is our own: its title, panels, Ctrl+S, and what it says at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from qtpy.QtCore import QChildEvent, QEvent, QObject, Qt
from qtpy.QtGui import QAction, QKeySequence, QShortcut
from qtpy.QtWidgets import QDialog, QDockWidget, QLabel, QMainWindow, QMenu, QWidget

TITLE = "Supervox"
PANELS = ("layer list", "layer controls")  # napari's, to the left
CLOSING = "ConfirmCloseDialog"  # napari's question


class Face(QObject):
    """Makes a napari window that of Supervox, as far as one can from a dock.

    Parameters
    ----------
    save : callable
        What Ctrl+S does: napari's would write the layer that is selected.
    last_word : callable
        Returns what a person is told who closes the window.
    parent : QWidget
        The dock.
    """

    def __init__(
        self, save: Callable[[], None], last_word: Callable[[], str], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._save, self._last_word = save, last_word
        self._shortcut: QShortcut | None = None
        self._silenced: list[QAction] = []  # napari's actions that had these keys

    def settle(self, dock: QWidget) -> None:
        """Take over what there is of the window that the dock is in, once."""
        window, frame = dock.window(), dock.parent()
        if isinstance(frame, QDockWidget):
            frame.setWindowTitle(TITLE)
            bar = frame.titleBarWidget()
            for label in [] if bar is None else bar.findChildren(QLabel):
                if TITLE in label.text():
                    label.setText(TITLE)
        if self._shortcut is not None or not isinstance(window, QMainWindow):
            return
        keys = QKeySequence("Ctrl+S")
        for action in _actions_in(window.menuBar().actions()):
            if action.shortcut() == keys:
                action.setShortcut(QKeySequence())
                self._silenced.append(action)
        self._shortcut = QShortcut(keys, dock)
        self._shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
        self._shortcut.activated.connect(self._save)
        window.installEventFilter(self)

    def release(self) -> None:
        """Give napari its keys back."""
        if self._shortcut is not None:
            self._shortcut.setEnabled(False)
        for action in self._silenced:
            action.setShortcut(QKeySequence("Ctrl+S"))
        self._silenced = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Add what becomes of the strokes to napari's question whether to close."""
        if event.type() == QEvent.Type.ChildPolished and isinstance(event, QChildEvent):
            dialog = event.child()
            if isinstance(dialog, QDialog) and type(dialog).__name__ == CLOSING:
                label = next((x for x in dialog.findChildren(QLabel) if x.text()), None)
                if label is not None:
                    label.setText(f"{self._last_word()}\n\n{label.text()}")
        return False


def _actions_in(actions: Iterable[QAction]) -> Iterator[QAction]:
    """Go through menus: their actions may have other parents."""
    for action in actions:
        yield action
        menu = action.menu()
        if isinstance(menu, QMenu):
            yield from _actions_in(menu.actions())


def side_panels(window: QWidget) -> list[QDockWidget]:
    """Return napari's panels of layers."""
    docks = window.findChildren(QDockWidget)
    return [dock for dock in docks if dock.objectName() in PANELS]


def show_side_panels(window: QWidget, on: bool) -> None:
    """Show napari's panels of layers, or fold them away."""
    for panel in side_panels(window):
        panel.setVisible(on)
