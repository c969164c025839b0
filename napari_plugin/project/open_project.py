"""The project that strokes are written to: which it is, and what may be done with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from psygnal import Signal
from supervox.napari_plugin.layers.make_layers import record_of
from supervox.napari_plugin.painting.class_list import ClassList
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.jobs import Task
from supervox.project import Project, Recorder

from . import project_files
from .file_work import FileWork
from .recent import RecentProjects
from .recent_picture import keep_picture
from .work import Work, unsaved


class OpenProject:
    """The project of a window, if there is one, and the work on its files.

    Parameters
    ----------
    home : path
        Where projects are that have no name yet.
    painting : Painting
    classes : ClassList
    work : callable
        Returns a `Work`: what there is now.

    Attributes
    ----------
    project : Project or None
        Where strokes are written down.
    recent : RecentProjects
    files : FileWork
    is_making : bool
        Whether a project is being made.
    reopening : Path or None
        Folder of the project that is being opened, whose strokes are in their layer already.
    last_error : str
        Why work on files failed, until other work succeeds; empty if it didn't.
    """

    changed = Signal()
    failed = Signal(Exception)
    hint = Signal(str)

    def __init__(
        self, home: Path, painting: Painting, classes: ClassList, work: Callable[[], Work]
    ) -> None:
        self.painting, self.classes, self.work = painting, classes, work
        self.project: Project | None = None
        self.recent = RecentProjects(home)
        self.files = FileWork()
        self.is_making = False
        self.reopening: Path | None = None
        self.last_error = ""
        classes.changed.connect(self._write_classes)

    @property
    def folder(self) -> Path | None:
        """Of the project that is open."""
        return None if self.project is None else self.project.folder

    @property
    def is_named(self) -> bool:
        """Whether a person said where the project is kept."""
        return self.project is not None and not self.recent.is_unnamed(self.project.folder)

    @property
    def is_read_only(self) -> bool:
        """Whether nothing can be changed."""
        return bool(self.project and self.project.read_only_because is not None)

    @property
    def is_recording(self) -> bool:
        """Whether strokes are written to the project that is open."""
        recorder, project = self.painting.recorder, self.project
        return project is not None and (recorder is None or recorder.store is project.annotations)

    @property
    def is_beginning(self) -> bool:
        """Whether something was painted for which a project is being made."""
        recorder = self.painting.recorder
        return self.is_making or (recorder is not None and self.is_waiting(recorder))

    def is_waiting(self, recorder: Recorder) -> bool:
        """Tell whether a person painted what no project has; strokes of a file are in that."""
        painting = self.painting
        return recorder.is_waiting and (painting.is_blank or painting.is_touched)

    @property
    def why_unsaved(self) -> str:
        """Which strokes would be lost without their layer, and what to do; empty if none."""
        return unsaved(self.project, self.is_beginning, self.last_error)

    def take(self, project: Project) -> None:
        """Write to a project from now on."""
        self.project = project
        if (layer := self.painting.layer) is not None:
            record_of(layer)["project"] = str(project.folder)
        image = self.work().image
        name = project.folder.stem if image is None else image.name
        self.recent.note(project.folder, name, is_open=True)
        if image is not None:
            keep_picture(image, self.recent.picture(project.folder))
        self.painting.hand.set_read_only(self.is_read_only)
        self._write_classes()
        self.painting.changed.emit()  # look whether anything is not written down
        self.changed.emit()

    def _write_classes(self) -> None:
        if self.project is not None and not self.is_read_only:
            self.project.annotations.classes = tuple(self.classes)

    def let_go(self, project: Project, last: Task | None = None, *, remove: bool) -> None:
        """Close a project in the background, with something that is done in it before.

        Its folder is removed if another took its place.
        """
        folder, recent = project.folder, self.recent
        after = recent.forget if remove else recent.note_closed
        is_ours = project.read_only_because is None  # or else others may have it open
        then = partial(after, folder) if is_ours else None
        project_files.close(project, then, last, remove=remove)
