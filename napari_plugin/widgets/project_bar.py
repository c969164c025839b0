"""The top of the dock: whether all strokes are saved and where, and what a project can be told."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QMessageBox,
    QToolButton,
    QWidget,
)
from supervox.project import ENDING

from .controls import duration, tool

if TYPE_CHECKING:
    from supervox.napari_plugin.project.autosave import Keeping
    from supervox.napari_plugin.session.session import Session

TICK_MS = 1000
JUST_NOW = 2.0  # seconds


class ProjectBar(QWidget):
    """Says how saving stands; its menu makes, opens and copies projects.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        line = QHBoxLayout(self)
        line.setContentsMargins(10, 0, 4, 0)
        self.state = QLabel()
        self.state.setObjectName("supervox_save_state")
        self.state.setWordWrap(True)
        line.addWidget(self.state, 1)
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill)
        self.button = tool(
            "supervox_project_menu", "Project", "Begin, open or save a project", lambda: None
        )
        self.button.setMenu(self.menu)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        line.addWidget(self.button)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()
        session.keeping.volume_moved.connect(self._ask_for_volume)

    def stop(self) -> None:
        """Tell nothing any more."""
        self._timer.stop()

    def refresh(self) -> None:
        """Show how saving stands."""
        text, is_bad = save_text(self._session.keeping)
        self.state.setText(text)
        keeping = self._session.keeping
        place = "" if keeping.project is None else str(keeping.project.folder)
        hint = "" if keeping.is_named or not place else "\nProject › Save as… gives it a name"
        self.state.setToolTip(place + hint)
        role = "warning" if is_bad else "note"
        if self.state.property("role") != role:
            self.state.setProperty("role", role)
            self.state.style().unpolish(self.state)
            self.state.style().polish(self.state)

    def _fill(self) -> None:
        keeping, menu = self._session.keeping, self.menu
        menu.clear()
        new = menu.addAction("New: begin with empty strokes", self._session.new_project)
        new.setEnabled(keeping.project is not None)
        menu.addAction("Open…", self.ask_what_to_open)
        save = menu.addAction("Save as…", self.ask_where_to_save)
        save.setEnabled(self._session.volume.image is not None)
        recent = menu.addMenu("Recent")
        for entry in keeping.recent.entries():
            action = recent.addAction(f"{Path(entry.folder).stem}  ({ago(entry.time)})")
            action.setToolTip(entry.folder)
            action.triggered.connect(lambda _=False, f=entry.folder: keeping.open(Path(f)))
        recent.setEnabled(not recent.isEmpty())

    def ask_what_to_open(self) -> None:
        """Ask for the folder of a project, and open it."""
        path = QFileDialog.getExistingDirectory(
            self, "Open a project (a folder NAME.supervox)", str(Path.cwd())
        )
        if path:
            self._session.keeping.open(Path(path))

    def ask_where_to_save(self) -> None:
        """Ask for a name, and keep the project there from now on."""
        image = self._session.volume.image
        if image is None:
            self._session.hint("Open a volume first")
            return
        folder = self._session.delivery.folder or Path.cwd()
        start = folder / f"{image.name.partition('.')[0]}{ENDING}"
        while True:
            path, _ = QFileDialog.getSaveFileName(
                self,
                "Save the project as",
                str(start),
                f"*{ENDING}",
                options=QFileDialog.Option.DontConfirmOverwrite,
            )
            if not path:
                return
            start = Path(path)
            if start.suffix != ENDING:
                start = start.with_name(start.name + ENDING)
            if not start.exists():
                break
            text = f"{start.name} exists already, and is not replaced. Choose another name."
            QMessageBox.information(self, "Save the project as", text)
        self._session.keeping.save_as(start)

    def _ask_for_volume(self, folder: Path, why: str) -> None:
        """Ask where the volume of a project is now."""
        answer = QMessageBox.question(
            self, "The volume was moved", f"{why}.\n\nYour strokes are safe. Look for the volume?"
        )
        if answer != QMessageBox.StandardButton.Yes:
            return
        path, _ = QFileDialog.getOpenFileName(self, "Where is the volume now?", str(folder.parent))
        if path:
            self._session.keeping.open(folder, moved_to=path)


def save_text(keeping: Keeping) -> tuple[str, bool]:
    """Say how saving stands, and whether that is bad news."""
    project = keeping.project
    if project is None:
        if keeping.is_beginning:
            return "○ Beginning to save…", False
        return "Strokes are saved as you paint", False
    if project.read_only_because is not None:
        return f"▲ Read-only: {project.read_only_because}. Save it under another name", True
    if not keeping.is_recording:
        return "▲ Not saved: these strokes are in no project. Save it under another name", True
    state = project.annotations.state
    where = f" ({project.folder.stem})" if keeping.is_named else ""
    if state.error is not None:
        return f"▲ Not saved: {state.error}", True
    if state.pending:
        return f"○ Saving…{where}", False
    if state.saved_at is None:
        return f"● All strokes saved{where}", False
    return f"● All strokes saved {ago(state.saved_at)}{where}", False


def ago(when: float) -> str:
    """Write how long ago something was, for a person."""
    seconds = max(0.0, time.time() - when)
    if seconds < JUST_NOW:
        return "just now"
    if seconds < 48 * 3600:
        return f"{duration(float(round(seconds)))} ago".replace(".0 s", " s")
    return time.strftime("%d %B %Y", time.localtime(when))
