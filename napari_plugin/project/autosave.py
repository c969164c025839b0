"""The project of a window: begun at the first stroke, always saved, closed and opened again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from napari.layers import Labels
from psygnal import Signal
from qtpy.QtCore import QTimer
from supervox.napari_plugin.layers.make_layers import address_of, record_of
from supervox.napari_plugin.painting.class_list import ClassList
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.finishing import Finished
from supervox.napari_plugin.tasks.resources import Resources
from supervox.project import Project, ProjectError, Recorder, Severity, VolumeMoved, note_result

from . import project_files, restoring
from .file_work import FileWork
from .project_files import Made, Opened, ProjectRequest
from .recent import RecentProjects
from .recent_picture import keep_picture
from .restoring import Kept, Restored
from .work import Work, has_channels_of, settling, unsaved, wanted_settings

SETTLE_MS = 1000  # after the last change of what was chosen


class Autosave:
    """Saves strokes, choices and results to the project as they change.

    Parameters
    ----------
    home : path
        Where projects are that have no name yet.
    resources : Resources
        Which reading what was prepared may use.
    painting : Painting
    classes : ClassList
    work : callable
        Returns a `Work`: what there is now.

    Attributes
    ----------
    project : Project or None
        Where strokes are written down.
    last_error : str
        Why work on files failed, until other work succeeds; empty if it didn't.
    recent : RecentProjects
    working : BackgroundTask
        The work on files that is going on.
    asked : Signal
        A person wants a project opened: nothing else that was asked for is wanted any more.
    volume_moved : Signal
        Tells the folder of a project whose volume isn't where it was, and a sentence.
    opened : Signal
        Tells a project that was opened: who listens shows its volume, and attaches its strokes.
    kept : Signal
        Tells the final labels that it has.
    restored : Signal
        Tells the project that is open, and what was computed of it before.
    masked : Signal
        Tells the mask of a project that was opened, or None.
    """

    changed = Signal()
    failed = Signal(Exception)
    hint = Signal(str)
    asked = Signal()
    volume_moved = Signal(Path, str)
    opened = Signal(Opened)
    kept = Signal(Kept)
    restored = Signal(Project, Restored)
    masked = Signal(object)

    def __init__(
        self,
        home: Path,
        resources: Resources,
        painting: Painting,
        classes: ClassList,
        work: Callable[[], Work],
    ) -> None:
        self._resources, self._painting = resources, painting
        self._classes, self._work = classes, work
        self.recent = RecentProjects(home)
        self.project: Project | None = None
        files = FileWork()
        files.changed.connect(self._emit_changed)
        files.failed.connect(self._on_failed)
        files.given_up.connect(self._on_given_up)
        files.working.succeeded.connect(self._on_done)
        self.working, self._run, self._clear = files.working, files.run, files.clear
        self._drop = files.drop
        self._folder: Path | None = None  # that is opened
        self._is_making = self._is_reopening = False
        self._save_to: Path | None = None  # once the project is made
        self.last_error = ""
        self._settle = QTimer()
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._on_settled)
        painting.recorded.connect(self._on_recorded)
        classes.changed.connect(self._on_classes)

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
        recorder, project = self._painting.recorder, self.project
        return project is not None and (recorder is None or recorder.store is project.annotations)

    @property
    def is_beginning(self) -> bool:
        """Whether something was painted for which a project is being made."""
        recorder = self._painting.recorder
        return self._is_making or (recorder is not None and self._is_waiting(recorder))

    def _is_waiting(self, recorder: Recorder) -> bool:
        """Tell whether a person painted what no project has; strokes of a file are in that."""
        painting = self._painting
        return recorder.is_waiting and (painting.is_blank or painting.is_touched)

    def _on_recorded(self) -> None:
        """Begin a project at the first stroke."""
        recorder, image = self._painting.recorder, self._work().image
        is_begun = self.project is not None or self._is_making or self._is_reopening
        if recorder is None or image is None or is_begun or not self._is_waiting(recorder):
            return
        self._make(self.recent.new_folder(image.name))

    def _request(self, folder: Path) -> ProjectRequest:
        work = self._work()
        image, source = work.image, work.source
        assert image is not None
        assert source is not None
        address = address_of(image) if source.version == 0 else None  # other voxels since
        unnamed = self.recent.is_unnamed(folder)
        return ProjectRequest(folder, address, source, work.parameters, unnamed)

    def _make(self, folder: Path) -> None:
        recorder = self._painting.recorder
        task = project_files.making(self._request(folder))
        self._is_making = True
        self._run(task, "Beginning the project", lambda made: self._on_made(made, recorder))

    def _on_made(self, made: Made, recorder: Recorder | None) -> None:
        self._is_making = False
        is_ours = recorder is not None and recorder is self._painting.recorder
        if recorder is None or not is_ours or self.project is not None:
            project_files.discard(made)  # another image was chosen meanwhile
            return
        recorder.attach(made.project.annotations)
        self._take(made.project)
        if (finished := self._work().finished) is not None:
            self.note(finished)
        self.keep()
        folder, self._save_to = self._save_to, None
        if folder is not None:
            self.save_as(folder)

    def bind(self) -> None:
        """Go on writing to the project that is open: its layer was attached anew."""
        painting = self._painting
        if self.project is not None and painting.layer is not None:
            painting.recorder = Recorder(painting.planes, self.project.annotations)
            self._take(self.project)

    def _take(self, project: Project) -> None:
        """Write to a project from now on."""
        self.project = project
        if (layer := self._painting.layer) is not None:
            record_of(layer)["project"] = str(project.folder)
        image = self._work().image
        name = project.folder.stem if image is None else image.name
        self.recent.note(project.folder, name, is_open=True)
        if image is not None:
            keep_picture(image, self.recent.picture(project.folder))
        self._painting.hand.set_read_only(self.is_read_only)
        self._on_classes()
        self._painting.changed.emit()  # look whether anything is not written down
        self.changed.emit()

    # ---------------------------------------------------------------------------------- opening

    def open(self, folder: Path, moved_to: str | None = None) -> None:
        """Open a project: its volume, strokes, classes and choices, and what was prepared.

        Parameters
        ----------
        folder : Path
        moved_to : str, optional
            Where its volume is now.
        """
        self.asked.emit()
        self.open_none()
        if self.project is not None and self.project.folder == folder:
            self.hint.emit("This project is open already")
            return
        self._folder = folder
        self._painting.record_all()
        task = project_files.opening(folder, moved_to)
        self._run(task, "Opening the project", self._on_opened)

    def open_none(self) -> None:
        """Stop opening a project; the one that is open stays."""
        self._drop(self._on_opened)

    def _on_opened(self, opened: Opened) -> None:
        project = opened.project
        if why := unsaved(self.project, self.is_beginning, self.last_error):
            project_files.discard(opened)
            self.failed.emit(ProjectError(why))
            return
        self.opened.emit(opened)
        self.masked.emit(opened.mask)
        self._painting.recorder = opened.recorder
        self._take(project)
        for finding in project.findings:
            if finding.severity is Severity.LOSS:
                self.failed.emit(ProjectError(str(finding)))
        source = self._work().source
        assert source is not None
        labels = restoring.reading_labels(project, source)
        self._run(labels, "Reading the final labels", self._on_kept)
        prepared = restoring.restoring(project, source, self._resources)
        self._run(prepared, "Reading what was prepared", self._on_restored)

    def _on_kept(self, kept: Kept | None) -> None:
        if kept is not None and self.project is not None and kept.source == self._work().source:
            self.kept.emit(kept)

    def _on_restored(self, restored: Restored | None) -> None:
        if restored is None or self.project is None:
            return
        if restored.prepared.source == self._work().source:
            self.restored.emit(self.project, restored)

    def reopen_for(self, layer: Labels) -> None:
        """Go on with the project of strokes whose dock was closed, if they have one."""
        folder = record_of(layer).get("project")
        if folder is not None and Path(folder).is_dir():
            self._is_reopening = True
            at = int(record_of(layer).get("changes", 0))
            task = project_files.reopening(Path(folder), self._painting.planes, at)
            self._run(task, "Opening the project", self._on_reopened)

    def _on_reopened(self, opened: Opened) -> None:
        self._is_reopening = False
        painting = self._painting
        layer = painting.layer
        if layer is None or record_of(layer).get("project") != str(opened.project.folder):
            project_files.discard(opened)
            return
        painting.recorder = opened.recorder
        self.masked.emit(opened.mask)
        self._take(opened.project)
        if opened.is_newer:
            layer.refresh(extent=False)
            self.hint.emit("The project was changed meanwhile: its strokes are shown (Redo)")

    # ----------------------------------------------------------------------------------- saving

    def save_as(self, folder: Path) -> None:
        """Keep the project in another folder from now on."""
        project, painting, layer = self.project, self._painting, self._painting.layer
        if self._is_making:
            self._save_to = folder
        elif layer is None:
            self.hint.emit("There are no strokes to save")
        elif project is None:
            self._make(folder)
        else:
            task = project_files.copying(project, folder, painting.planes, painting.corrections.now)
            then = partial(self._on_copied, project, layer)
            self._run(task, "Copying the project", then)

    def _on_copied(self, old: Project, layer: Labels, opened: Opened) -> None:
        painting = self._painting
        if self.project is not old or painting.layer is not layer:
            project_files.discard(opened)  # another image was chosen meanwhile
            return
        painting.recorder = opened.recorder
        painting.record_all()  # what was painted meanwhile
        is_ours = old.read_only_because is None
        self._let_go(old, remove=is_ours and self.recent.is_unnamed(old.folder))
        self._take(opened.project)
        self.keep()

    def note(self, finished: Finished) -> None:
        """Note in the history of the project how final labels came about."""
        if self.project is not None and not self.is_read_only:
            result, strokes = finished.segmentation, finished.strokes
            note_result(self.project, finished.segmenter, result, strokes, finished.seconds)

    def keep(self) -> None:
        """Keep what was computed, as far as it holds, in a project that has a name."""
        work, project = self._work(), self.project
        source, computed = work.source, work.computed
        if project and source and computed and self.is_named and not self.is_read_only:
            task = project_files.storing(project, source, work.parameters, computed)
            self._run(task, "Saving what was computed")

    def state_changed(self) -> None:
        """Something that the project says may have changed: note it after a pause."""
        if self.project is not None:
            self._settle.start()

    def _on_settled(self) -> None:
        work, project = self._work(), self.project
        source = work.source
        if project is None or source is None or self.is_read_only:
            return
        if work.is_changing:
            self._settle.start()
            return
        wanted = wanted_settings(project.settings, source, work.parameters)
        if wanted != project.settings or not has_channels_of(wanted, source):
            self._run(settling(project, source, work.parameters), "Saving")

    def _on_classes(self) -> None:
        if self.project is not None and not self.is_read_only:
            self.project.annotations.classes = tuple(self._classes)

    def when_saved(self, then: Callable[[], object]) -> None:
        """Do what takes strokes out of sight once they are saved, or else say why it isn't done."""
        self._painting.record_all()
        if self._is_making or self._is_reopening:
            self._run(lambda _: None, "Saving the strokes", lambda _: self._if_saved(then))
        else:
            self._if_saved(then)

    def _if_saved(self, then: Callable[[], object]) -> None:
        if why := unsaved(self.project, self.is_beginning, self.last_error):
            self.failed.emit(ProjectError(why))
        else:
            then()

    def save_what_waits(self) -> None:
        """Write strokes down that have no project yet, since their layer is going."""
        painting, image = self._painting, self._work().image
        painting.record_all()
        recorder = painting.recorder
        if self.project is None and image and recorder and self._is_waiting(recorder):
            request = self._request(self.recent.new_folder(image.name))
            project_files.make_and_close(request, recorder, tuple(self._classes), self.recent)
            painting.recorder = None

    def release(self) -> None:
        """Close the project; its strokes stay in their layer."""
        painting = self._painting
        self._settle.stop()
        self._clear()
        self.save_what_waits()
        painting.recorder = None
        self._is_making = self._is_reopening = False
        project, self.project = self.project, None
        if project is not None and painting.layer is not None:
            record_of(painting.layer)["changes"] = project.annotations.n_changes
        if project is not None:
            self._let_go(project, remove=False)
            self.changed.emit()

    def _let_go(self, project: Project, *, remove: bool) -> None:
        folder, recent = project.folder, self.recent
        after = recent.forget if remove else recent.note_closed
        is_ours = project.read_only_because is None  # or else others may have it open
        then = partial(after, folder) if is_ours else None
        project_files.close(project, then, remove=remove)

    def _emit_changed(self) -> None:
        self.changed.emit()

    def _on_done(self, _: object) -> None:
        self.last_error = ""

    def _on_given_up(self) -> None:
        self._is_making = self._is_reopening = False

    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, VolumeMoved) and self._folder is not None:
            self.volume_moved.emit(self._folder, str(error))
        elif str(error) != self.last_error:  # a full disk is told once
            self.last_error = str(error)
            self.failed.emit(error)
