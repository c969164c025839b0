"""What can be gone on with: projects that were open lately, first of all one that a crash ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qtpy.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget
from supervox.napari_plugin.project.recent import RecentProject, RecentProjects
from supervox.project import is_held

from .controls import button, note
from .next_button import suggest
from .project_bar import ago

SHOWN = 4
LONGEST = 26  # characters of a name


class RecentList(QWidget):
    """Offers projects to be opened.

    Parameters
    ----------
    recent : RecentProjects
    open_project : callable
        Opens the project in a folder.
    """

    def __init__(self, recent: RecentProjects, open_project: Callable[[Path], None]) -> None:
        super().__init__()
        self._recent, self._open = recent, open_project
        self._shown: list[RecentProject] = []
        self._version: tuple[int, int] | None = None  # of the list, when it was read
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 8, 0, 0)

    @property
    def crashed(self) -> RecentProject | None:
        """The project that was open when the program ended unexpectedly."""
        return next((e for e in self._shown if e.is_open and not is_held(Path(e.folder))), None)

    def refresh(self) -> None:
        """Show the projects that there are now; the list is read only if it was written since."""
        recent = self._recent
        version = recent.version
        if version == self._version:
            return
        self._version = version
        self._shown = entries = recent.entries()[:SHOWN]
        while (item := self._layout.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        crashed = self.crashed
        if crashed is not None:
            text = "Supervox ended unexpectedly. Your strokes are saved: go on where you were."
            self._layout.addWidget(note(text, role="warning"))
            recover = self._button("supervox_recover", crashed)
            suggest(recover, is_wanted=True)
            self._layout.addWidget(recover)
        others = [entry for entry in entries if entry is not crashed]
        if others:
            self._layout.addWidget(QLabel("Recent projects"))
        for number, entry in enumerate(others):
            self._layout.addWidget(self._button(f"supervox_recent_{number}", entry))

    def _button(self, name: str, entry: RecentProject) -> QPushButton:
        folder = Path(entry.folder)
        unnamed = self._recent.is_unnamed(folder)
        title = entry.name if unnamed else folder.stem
        short = title if len(title) <= LONGEST else f"{title[: LONGEST - 1]}…"
        return button(
            name,
            f"{short}, {ago(entry.time)}",
            f"Open {folder}" + (" (it has no name yet)" if unnamed else ""),
            lambda: self._open(folder),
        )
