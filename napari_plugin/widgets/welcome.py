"""The empty window: what to begin with, in the place of the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qtpy.QtCore import QEvent, QObject, QSize, Qt
from qtpy.QtGui import QIcon, QPixmap
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget
from supervox.napari_plugin.project.recent import RecentProject, RecentProjects
from supervox.project import is_held

from .controls import button, mark_next, note
from .project_bar import ago

SHOWN = 6
PICTURE, HEIGHT = 56, 34  # pixels: of a picture, and of a button
WIDTH = 460
TARGET = "QtWelcomeWidget"  # napari's own page, which lies over the picture


@dataclass(frozen=True)
class WelcomeActions:
    """What the page can have done.

    Attributes
    ----------
    open_volume, open_sample, open_project, show_guide, show_keys : callable
    go_on : callable
        Opens the project in a folder.
    is_reader_preferred, prefer_reader : callable
        Whether napari takes our reader without asking; has it do so, or ask again.
    """

    open_volume: Callable[[], object]
    open_sample: Callable[[], object]
    open_project: Callable[[], object]
    show_guide: Callable[[], object]
    show_keys: Callable[[], object]
    go_on: Callable[[Path], object]
    is_reader_preferred: Callable[[], bool]
    prefer_reader: Callable[[bool], object]


class Welcome(QWidget):
    """Lies over napari's own page, as large as that.

    Parameters
    ----------
    recent : RecentProjects
    actions : WelcomeActions
    parent : QWidget
        What it lies over.
    """

    def __init__(self, recent: RecentProjects, actions: WelcomeActions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("supervox_welcome")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._recent, self._do = recent, actions
        self._version: tuple[int, int] | None = None
        outer = QHBoxLayout(self)
        column = QWidget()
        column.setMaximumWidth(WIDTH)
        outer.addStretch(1)
        outer.addWidget(column, 3)
        outer.addStretch(1)
        layout = QVBoxLayout(column)
        layout.addStretch(2)
        title = QLabel("Supervox")
        title.setObjectName("supervox_welcome_title")
        layout.addWidget(title)
        layout.addWidget(note("Paint a few strokes, and get labels for all of a volume."))
        layout.addSpacing(12)
        self._first = button(
            "supervox_welcome_open",
            "Open a volume…",
            "MRC, TIFF, HDF5, NeXus, Zarr, PNG…; dropping a file here does the same",
            actions.open_volume,
        )
        layout.addWidget(self._first)
        line = QHBoxLayout()
        line.addWidget(
            button(
                "supervox_welcome_sample",
                "Try the sample",
                "A synthetic tomogram of a cell, with example strokes",
                actions.open_sample,
            )
        )
        line.addWidget(
            button(
                "supervox_welcome_project",
                "Open a project…",
                "A folder NAME.supervox",
                actions.open_project,
            )
        )
        layout.addLayout(line)
        layout.addSpacing(12)
        self._projects = QVBoxLayout()
        layout.addLayout(self._projects)
        layout.addSpacing(12)
        line = QHBoxLayout()
        line.addWidget(
            button("supervox_welcome_guide", "Guide", "What each step is about", actions.show_guide)
        )
        line.addWidget(button("supervox_welcome_keys", "Keys", "All keys", actions.show_keys))
        layout.addLayout(line)
        self.reads = QCheckBox("File > Open of napari reads volumes with Supervox")
        self.reads.setObjectName("supervox_welcome_reader")
        self.reads.setToolTip(
            "Otherwise napari asks which of its readers to take, wherever several can open a file "
            "(TIFF, PNG…). It is kept in napari's preferences, under Plugins; what you chose there "
            "for other readers stays"
        )
        self.reads.clicked.connect(actions.prefer_reader)
        layout.addWidget(self.reads)
        layout.addStretch(3)
        for made in column.findChildren(QPushButton):
            made.setFixedHeight(HEIGHT)
        parent.installEventFilter(self)
        self.resize(parent.size())

    def show_if(self, is_empty: bool) -> None:
        """Show the page where the window is empty."""
        if is_empty:
            self._list_projects()
            self.reads.setChecked(self._do.is_reader_preferred())
            self.raise_()
        self.setVisible(is_empty)

    def leave(self) -> None:
        """Go for good: napari's own page is below."""
        if (parent := self.parentWidget()) is not None:
            parent.removeEventFilter(self)
        self.hide()
        self.deleteLater()

    def _list_projects(self) -> None:
        """List the projects that there are now."""
        version = self._recent.version
        if version == self._version:
            return
        self._version = version
        while (item := self._projects.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        entries = self._recent.entries()[:SHOWN]
        # what ended unexpectedly goes before, and the dock offers it
        mark_next(self._first, not any(e.is_open and not is_held(Path(e.folder)) for e in entries))
        if entries:
            self._projects.addWidget(QLabel("Go on with"))
        for number, entry in enumerate(entries):
            self._projects.addWidget(self._entry(number, entry))

    def _entry(self, number: int, entry: RecentProject) -> QPushButton:
        folder = Path(entry.folder)
        named = "" if self._recent.is_unnamed(folder) else f"{folder.stem}: "
        made = button(
            f"supervox_welcome_recent_{number}",
            f"{named}{entry.name}\n{ago(entry.time)}",
            f"Open {folder}",
            lambda: self._do.go_on(folder),
        )
        picture = QPixmap(str(self._recent.picture(folder)))
        if picture.isNull():
            picture = QPixmap(PICTURE, PICTURE)
            picture.fill(Qt.GlobalColor.transparent)
        made.setIcon(QIcon(picture))
        made.setIconSize(QSize(PICTURE, PICTURE))
        made.setProperty("plain", True)
        made.setFixedHeight(PICTURE + 8)
        return made

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as what it lies over."""
        if event.type() == QEvent.Type.Resize:
            parent = self.parentWidget()
            if parent is not None:
                self.resize(parent.size())
        return False


def place_of(window: QWidget) -> QWidget | None:
    """Return what the page lies over, in a window of napari."""
    found = (w for w in window.findChildren(QWidget) if type(w).__name__ == TARGET)
    page = next(found, None)
    return None if page is None else page.parentWidget()
