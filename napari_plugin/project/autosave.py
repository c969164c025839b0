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
from supervox.napari_plugin.tasks.jobs import Report, Task
from supervox.napari_plugin.tasks.resources import Resources
from supervox.project import Project, ProjectError, Recorder, VolumeMoved, note_result

from . import project_files
from .open_project import OpenProject
from .opening import ProjectOpening
from .project_files import Made, Opened, ProjectRequest
from .work import Work, has_channels_of, settling, wanted_settings

SETTLE_MS = 1000  # after the last change of what was chosen


class Autosave(OpenProject):
    """Saves strokes, choices and results to the project as they change.

    Parameters
    ----------
    resources : Resources
        What reading what was prepared may use.
    home, painting, classes, work
        As for `OpenProject`.

    Attributes
    ----------
    working : BackgroundTask
        The work on files that is going on.
    volume_moved : Signal
        Tells the folder of a project whose volume isn't where it was, and a sentence.
    unfinished : Signal
        Work on files failed.
    asked, opened, reopened, attached, kept, restored, masked : Signal
        Of a `ProjectOpening`.
    """

    volume_moved = Signal(Path, str)
    unfinished = Signal(Exception)

    def __init__(
        self,
        home: Path,
        resources: Resources,
        painting: Painting,
        classes: ClassList,
        work: Callable[[], Work],
    ) -> None:
        super().__init__(home, painting, classes, work)
        self.files.changed.connect(self._emit_changed)
        self.files.failed.connect(self._on_failed)
        self.files.given_up.connect(self._on_given_up)
        self.working = self.files.working
        self.working.succeeded.connect(self._on_done)
        self._opening = ProjectOpening(self, resources)
        self.open, self.open_none = self._opening.open, self._opening.open_none
        self.reopen_for = self._opening.reopen_for
        self.asked, self.opened = self._opening.asked, self._opening.opened
        self.kept, self.restored = self._opening.kept, self._opening.restored
        self.reopened, self.attached = self._opening.reopened, self._opening.attached
        self.masked = self._opening.masked
        self._save_to: Path | None = None  # once the project is made
        self._settle = QTimer()
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._on_settled)
        painting.recorded.connect(self._on_recorded)

    # --------------------------------------------------------------------------------- beginning

    def _on_recorded(self) -> None:
        """Begin a project at the first stroke."""
        recorder, image = self.painting.recorder, self.work().image
        is_begun = self.project is not None or self.is_making or self.reopening is not None
        if recorder is None or image is None or is_begun or not self.is_waiting(recorder):
            return
        self._make(self.recent.new_folder(image.name))

    def _request(self, folder: Path) -> ProjectRequest:
        work = self.work()
        image, source = work.image, work.source
        assert image is not None
        assert source is not None
        address = address_of(image) if source.version == 0 else None  # other voxels since
        unnamed = self.recent.is_unnamed(folder)
        return ProjectRequest(folder, address, source, work.parameters, unnamed)

    def _make(self, folder: Path) -> None:
        recorder = self.painting.recorder
        task = project_files.making(self._request(folder))
        self.is_making = True
        self.files.run(task, "Beginning the project", lambda made: self._on_made(made, recorder))

    def _on_made(self, made: Made, recorder: Recorder | None) -> None:
        self.is_making = False
        is_ours = recorder is not None and recorder is self.painting.recorder
        if recorder is None or not is_ours or self.project is not None:
            project_files.discard(made)  # another image was chosen meanwhile
            return
        recorder.attach(made.project.annotations)
        self.take(made.project)
        if (finished := self.work().finished) is not None:
            self.note(finished)
        self.keep()
        folder, self._save_to = self._save_to, None
        if folder is not None:
            self.save_as(folder)

    def bind(self) -> None:
        """Go on writing to the project that is open: its layer was attached anew."""
        painting = self.painting
        if self.project is not None and painting.layer is not None:
            painting.recorder = Recorder(painting.planes, self.project.annotations)
            self.take(self.project)

    # ----------------------------------------------------------------------------------- saving

    def save_as(self, folder: Path) -> None:
        """Keep the project in another folder from now on."""
        project, painting, layer = self.project, self.painting, self.painting.layer
        if self.is_making:
            self._save_to = folder
        elif layer is None:
            self.hint.emit("There are no strokes to save")
        elif project is None:
            self._make(folder)
        else:
            source, corrections = self.work().source, painting.corrections.now
            assert source is not None
            of = project, folder, painting.planes, corrections, source.volume
            task = project_files.copying(*of)
            then = partial(self._on_copied, project, layer)
            self.files.run(task, "Copying the project", then)

    def _on_copied(self, old: Project, layer: Labels, opened: Opened) -> None:
        painting = self.painting
        if self.project is not old or painting.layer is not layer:
            project_files.discard(opened)  # another image was chosen meanwhile
            return
        painting.recorder = opened.recorder
        painting.record_all()  # what was painted meanwhile
        is_ours = old.read_only_because is None
        self.let_go(old, remove=is_ours and self.recent.is_unnamed(old.folder))
        self.take(opened.project)
        self.keep()
        try:
            opened.project.settings.volume.find(opened.project.folder)
        except VolumeMoved as error:
            self.failed.emit(error)

    def note(self, finished: Finished) -> None:
        """Note in the history of the project how final labels came about."""
        if self.project is not None and not self.is_read_only:
            result, strokes = finished.segmentation, finished.strokes
            note_result(self.project, finished.segmenter, result, strokes, finished.seconds)

    def keep(self) -> None:
        """Keep what was computed, as far as it holds, in a project that has a name."""
        work, project = self.work(), self.project
        source, computed = work.source, work.computed
        if project and source and computed and self.is_named and not self.is_read_only:
            task = project_files.storing(project, source, work.parameters, computed)
            self._do_in(project, task, "Saving what was computed")

    def _do_in(self, project: Project, task: Task, description: str) -> None:
        """Do something in a project, unless another has taken its place when its turn comes."""

        def work(report: Report) -> None:
            if self.project is project:
                task(report)

        self.files.run(work, description)

    def state_changed(self) -> None:
        """Something that the project says may have changed: note it after a pause."""
        if self.project is not None:
            self._settle.start()

    def _on_settled(self) -> None:
        work, project = self.work(), self.project
        source = work.source
        if project is None or source is None or self.is_read_only:
            return
        if work.is_changing:
            self._settle.start()
            return
        wanted = wanted_settings(project.settings, source, work.parameters)
        if wanted != project.settings or not has_channels_of(wanted, source):
            self._do_in(project, settling(project, source, work.parameters), "Saving")

    def when_saved(self, then: Callable[[], object]) -> None:
        """Do what takes strokes out of sight once they are saved, or else say why it isn't done."""
        self.painting.record_all()
        if self.is_making or self.reopening is not None:
            self.files.run(lambda _: None, "Saving the strokes", lambda _: self._if_saved(then))
        else:
            self._if_saved(then)

    def _if_saved(self, then: Callable[[], object]) -> None:
        if why := self.why_unsaved:
            self.failed.emit(ProjectError(why))
        else:
            then()

    def save_what_waits(self) -> None:
        """Write strokes down that have no project yet, since their layer is going."""
        painting, image = self.painting, self.work().image
        painting.record_all()
        recorder = painting.recorder
        if self.project is None and image and recorder and self.is_waiting(recorder):
            request = self._request(self.recent.new_folder(image.name))
            project_files.make_and_close(request, recorder, tuple(self.classes), self.recent)
            painting.recorder = None
            if painting.layer is not None:
                record = record_of(painting.layer)
                record["project"] = str(request.folder)
                record.pop("changes", None)

    def release(self) -> None:
        """Close the project; its strokes stay in their layer."""
        painting = self.painting
        self._settle.stop()
        self.files.clear()
        self.save_what_waits()
        painting.recorder = None
        self.is_making, self.reopening = False, None
        project, self.project = self.project, None
        if project is not None and painting.layer is not None:
            record_of(painting.layer)["changes"] = project.annotations.n_changes
        if project is not None:
            self.let_go(project, self._settling_at_the_end(project), remove=False)
            self.changed.emit()

    def _settling_at_the_end(self, project: Project) -> Task | None:
        """Return the task that has a project say what was chosen just now, if it can."""
        work = self.work()
        if work.source is None or project.read_only_because is not None:
            return None
        return settling(project, work.source, work.parameters, is_end=True)

    def _emit_changed(self) -> None:
        self.changed.emit()

    def _on_done(self, _: object) -> None:
        self.last_error = ""

    def _on_given_up(self) -> None:
        self.is_making, self.reopening = False, None

    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, VolumeMoved) and self._opening.folder is not None:
            self.volume_moved.emit(self._opening.folder, str(error))
        elif str(error) != self.last_error:  # a full disk is told once
            self.last_error = str(error)
            self.unfinished.emit(error)
