"""Files that are dropped on the window: the dock opens what it knows, napari the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qtpy.QtCore import QEvent, QObject
from qtpy.QtGui import QDropEvent
from qtpy.QtWidgets import QWidget
from supervox.project import is_project

from .io.readers import get_reader

TARGETS = ("QtViewer", "QtWelcomeWidget")  # of napari's, where files are dropped


class Drops(QObject):
    """Takes single volumes and projects that are dropped where the picture is.

    Napari would ask which of several readers is meant, and pile up layers.

    Parameters
    ----------
    open_volume : callable
        Takes an address.
    open_project : callable
        Takes a folder.
    parent : QWidget
    """

    def __init__(
        self,
        open_volume: Callable[[str], object],
        open_project: Callable[[Path], object],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._open_volume, self._open_project = open_volume, open_project

    def watch(self, window: QWidget) -> None:
        """Follow what is dropped on a window."""
        for widget in window.findChildren(QWidget):
            if type(widget).__name__ in TARGETS:
                widget.installEventFilter(self)  # once, however often it is said

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take a drop that is ours; everything else is none of our business."""
        if event.type() == QEvent.Type.Drop and isinstance(event, QDropEvent):
            path = _path_in(event)
            if path is not None and is_project(Path(path)):
                self._open_project(Path(path))
            elif path is not None and get_reader(path) is not None:
                self._open_volume(path)
            else:
                return False
            event.acceptProposedAction()
            return True
        return False


def _path_in(event: QDropEvent) -> str | None:
    """Return the file that is dropped, if it is a single one of this computer."""
    urls = event.mimeData().urls()
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    return str(urls[0].toLocalFile())
