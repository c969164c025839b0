"""The top of the dock: whether all strokes are saved and where, and what a project can be told."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QMessageBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from supervox.napari_plugin.io.file_names import stem_of
from supervox.napari_plugin.project.recent import RecentProjects
from supervox.napari_plugin.session.dock_state import ProjectState
from supervox.project import ENDING

from .controls import duration, tool
from .steady import SteadyLabel

TICK_MS = 1000
JUST_NOW = 2.0  # seconds


@dataclass(frozen=True)
class ProjectActions:
    """What the bar can have done.

    Attributes
    ----------
    look : callable
        Returns how saving stands now.
    open_volume : callable
        Asks for a volume, and opens it.
    new, open, save_as : callable
        Begin anew; open the project in a folder, whose volume may have moved to an address; keep
        the project in another folder.
    load_model : callable
        Labels the volume with the model in a file.
    label_more : callable
        Shows the window for that.
    look_in_space : callable
        Shows the labels in 3D, or the slice again.
    look_around : callable
        Shows the other two planes through the place under the mouse, or hides them.
    show_layers : callable
        Takes whether napari's panels of layers are shown.
    show_help : callable
    hint : callable
        Tells why something can't be done.
    """

    look: Callable[[], ProjectState]
    open_volume: Callable[[], None]
    new: Callable[[], None]
    open: Callable[[Path, str | None], None]
    save_as: Callable[[Path], None]
    load_model: Callable[[Path], None]
    label_more: Callable[[], None]
    look_in_space: Callable[[], None]
    look_around: Callable[[], None]
    show_layers: Callable[[bool], None]
    show_help: Callable[[], None]
    hint: Callable[[str], None]


class ProjectBar(QWidget):
    """Says how saving stands; its menu makes, opens and copies projects.

    Parameters
    ----------
    recent : RecentProjects
    actions : ProjectActions
    """

    def __init__(self, recent: RecentProjects, actions: ProjectActions) -> None:
        super().__init__()
        self._recent, self._do = recent, actions
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 0, 4, 0)
        column.setSpacing(4)
        line = QHBoxLayout()
        self.state = SteadyLabel()
        self.state.setObjectName("supervox_save_state")
        self.open_volume = tool(
            "supervox_open_another",
            "Open…",
            "Work on another volume in this window. This one is closed, its project is saved; "
            "classes and settings stay",
            actions.open_volume,
        )
        line.addWidget(self.open_volume)
        self.menu = QMenu(self)
        self.menu.aboutToShow.connect(self._fill)
        self.button = tool(
            "supervox_project_menu", "Project", "Begin, open or save a project", lambda: None
        )
        self.button.setMenu(self.menu)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        line.addWidget(self.button)
        line.addStretch(1)
        for made in self._make_tools():
            line.addWidget(made)
        column.addLayout(line)
        column.addWidget(self.state)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.refresh)  # strokes reach the disk, and time passes
        self._timer.start()

    def _make_tools(self) -> list[QToolButton]:
        """Make the buttons for the view and for help."""
        self.space = tool(
            "supervox_3d",
            "3D",
            "The labels in space, without the image and what surrounds them; again: the slice",
            self._do.look_in_space,
        )
        planes = tool(
            "supervox_three_planes_button",
            "XZ YZ",
            "The other two planes through the place under the mouse",
            self._do.look_around,
        )
        self.layers = tool(
            "supervox_layers",
            "Layers",
            "napari's panels of layers, at the left: show them, or fold them away",
            lambda: self._do.show_layers(self.layers.isChecked()),
        )
        self.layers.setCheckable(True)
        self.layers.setChecked(True)
        about = tool(
            "supervox_help", "?", "What this step is about, and all keys", self._do.show_help
        )
        return [self.space, planes, self.layers, about]

    def stop(self) -> None:
        """Tell nothing any more."""
        self._timer.stop()

    def refresh(self) -> None:
        """Show how saving stands now."""
        state = self._do.look()
        text, is_bad = save_text(state)
        place = "" if state.folder is None else str(state.folder)
        hint = "" if state.is_named or not place else "\nProject › Save as… gives it a name"
        if state.saving is not None and state.saving.error is not None:
            hint = f"\n{state.saving.error}\nProject › Save as… keeps them in another place"
        self.state.say(text, "warning" if is_bad else "note", place + hint)

    def _fill(self) -> None:
        state, menu = self._do.look(), self.menu
        menu.clear()
        new = menu.addAction("New: begin with empty strokes", self._do.new)
        new.setEnabled(state.folder is not None)
        menu.addAction("Open…", self.ask_what_to_open)
        save = menu.addAction("Save as…", self.ask_where_to_save)
        save.setEnabled(state.image_name is not None)
        menu.addSeparator()
        model = menu.addAction("Load a model…", self.ask_for_model)
        model.setEnabled(state.image_name is not None)
        menu.addAction("Label more volumes…", self._do.label_more)
        menu.addSeparator()
        recent = menu.addMenu("Recent")
        for entry in self._recent.entries():
            action = recent.addAction(f"{Path(entry.folder).stem}  ({ago(entry.time)})")
            action.setToolTip(entry.folder)
            action.triggered.connect(lambda _=False, f=entry.folder: self._do.open(Path(f), None))
        recent.setEnabled(not recent.isEmpty())

    def ask_what_to_open(self) -> None:
        """Ask for the folder of a project, and open it."""
        path = QFileDialog.getExistingDirectory(
            self,
            "Open a project (a folder NAME.supervox)",
            str(self._do.look().save_in or Path.cwd()),
        )
        if path:
            self._do.open(Path(path), None)

    def ask_for_model(self) -> None:
        """Ask for a model, and label the volume with it."""
        path, _ = QFileDialog.getOpenFileName(
            self, "Label this volume with a model", "", "Models (*.model);;All files (*)"
        )
        if path:
            self._do.load_model(Path(path))

    def ask_where_to_save(self) -> None:
        """Ask for a name, and keep the project there from now on."""
        state = self._do.look()
        if state.image_name is None:
            self._do.hint("Open a volume first")
            return
        folder = state.save_in or Path.cwd()
        start = folder / f"{stem_of(state.image_name)}{ENDING}"
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
        self._do.save_as(start)


def save_text(state: ProjectState) -> tuple[str, bool]:
    """Say how saving stands, and whether that is bad news."""
    saving = state.saving
    if state.folder is None or saving is None:
        if state.is_beginning:
            return "○ Beginning to save…", False
        return "Strokes are saved as you paint", False
    if state.read_only_because is not None:
        return f"▲ Read-only: {state.read_only_because}. Save it under another name", True
    if not state.is_recording:
        return "▲ Not saved: these strokes are in no project. Save it under another name", True
    where = f" ({state.folder.stem})" if state.is_named else ""
    if saving.error is not None:  # the reason first: where it was is in the tooltip
        return f"▲ Not saved: {saving.why or saving.error}", True
    if saving.pending:
        return f"○ Saving…{where}", False
    if saving.saved_at is None:
        return f"● All strokes saved{where}", False
    return f"● All strokes saved {ago(saving.saved_at)}{where}", False


def ago(when: float) -> str:
    """Write how long ago something was, for a person."""
    seconds = max(0.0, time.time() - when)
    if seconds < JUST_NOW:
        return "just now"
    if seconds < 48 * 3600:
        return f"{duration(float(round(seconds)))} ago".replace(".0 s", " s")
    return time.strftime("%d %B %Y", time.localtime(when))
