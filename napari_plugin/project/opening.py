"""Projects that are opened in a window: their volume, strokes, and what was computed before."""

from __future__ import annotations

from pathlib import Path

from napari.layers import Labels
from psygnal import Signal
from supervox.napari_plugin.layers.make_layers import record_of
from supervox.napari_plugin.tasks.resources import Resources
from supervox.project import Project, ProjectError, Severity

from . import project_files, restoring
from .open_project import OpenProject
from .project_files import Opened
from .restoring import Kept, Restored


class ProjectOpening:
    """Opens projects, in place of the one that is open.

    Parameters
    ----------
    current : OpenProject
    resources : Resources
        What reading what was prepared may use.

    Attributes
    ----------
    folder : Path or None
        Of the project that was asked for last.
    asked : Signal
        A person wants a project opened: nothing else that was asked for is wanted any more.
    opened : Signal
        Tells a project that was opened: who listens shows its volume, and attaches its strokes.
    reopened : Signal
        Tells a project whose strokes are in their layer already: who listens takes its choices.
    attached : Signal
        Strokes that were in their layer already are written to their project again.
    kept : Signal
        Tells the final labels that it has.
    restored : Signal
        Tells the project that is open, and what was computed of it before.
    masked : Signal
        Tells the mask of a project that was opened, or None.
    """

    asked = Signal()
    opened = Signal(Opened)
    reopened = Signal(Opened)
    attached = Signal()
    kept = Signal(Kept)
    restored = Signal(Project, Restored)
    masked = Signal(object)

    def __init__(self, current: OpenProject, resources: Resources) -> None:
        self._current, self._resources = current, resources
        self.folder: Path | None = None

    def open(self, folder: Path, moved_to: str | None = None) -> None:
        """Open a project: its volume, strokes, classes and choices, and what was prepared.

        Parameters
        ----------
        folder : Path
        moved_to : str, optional
            Where its volume is now.
        """
        current = self._current
        self.asked.emit()
        self.open_none()
        if folder in (current.folder, current.reopening):
            current.hint.emit("This project is open already")
            return
        self.folder = folder
        current.painting.record_all()
        task = project_files.opening(folder, moved_to)
        current.files.run(task, "Opening the project", self._on_opened)

    def open_none(self) -> None:
        """Stop opening a project; the one that is open stays."""
        self._current.files.drop(self._on_opened)

    def _on_opened(self, opened: Opened) -> None:
        current, project = self._current, opened.project
        if why := current.why_unsaved:
            project_files.discard(opened)
            current.failed.emit(ProjectError(why))
            return
        self.opened.emit(opened)
        self.masked.emit(opened.mask)
        current.painting.recorder = opened.recorder
        current.take(project)
        for finding in project.findings:
            if finding.severity is Severity.LOSS:
                current.failed.emit(ProjectError(str(finding)))
        self._read_computed(project)

    def _read_computed(self, project: Project) -> None:
        """Read what a project has of what was computed."""
        current, source = self._current, self._current.work().source
        assert source is not None
        labels = restoring.reading_labels(project, source)
        current.files.run(labels, "Reading the final labels", self._on_kept)
        prepared = restoring.restoring(project, source, self._resources)
        current.files.run(prepared, "Reading what was prepared", self._on_restored)

    def _on_kept(self, kept: Kept | None) -> None:
        current = self._current
        if kept is None or current.project is None:
            return
        if kept.source == current.work().source:
            self.kept.emit(kept)

    def _on_restored(self, restored: Restored | None) -> None:
        current = self._current
        if restored is None or current.project is None:
            return
        if restored.prepared.source == current.work().source:
            self.restored.emit(current.project, restored)

    def reopen_for(self, layer: Labels) -> None:
        """Go on with the project of strokes whose dock was closed, if they have one."""
        current, record = self._current, record_of(layer)
        folder = Path(record["project"]) if "project" in record else None
        if folder is not None and project_files.is_there(folder):
            current.reopening = folder
            at = record.get("changes")  # none of a project that was made as its window went
            task = project_files.reopening(folder, current.painting.planes, at)
            current.files.run(task, "Opening the project", self._on_reopened)

    def _on_reopened(self, opened: Opened) -> None:
        current = self._current
        current.reopening = None
        layer = current.painting.layer
        if layer is None or record_of(layer).get("project") != str(opened.project.folder):
            project_files.discard(opened)
            return
        current.painting.recorder = opened.recorder
        self.reopened.emit(opened)
        self.masked.emit(opened.mask)
        current.take(opened.project)
        if opened.is_newer:
            layer.refresh(extent=False)
            current.hint.emit("The project was changed meanwhile: its strokes are shown (Redo)")
        self.attached.emit()
        if current.work().prepared is None:  # the dock before left nothing, or there was none
            self._read_computed(opened.project)
