"""One viewer's segmentation: its parts follow one another. Knows no widget."""

from __future__ import annotations

from functools import partial

from napari.layers import Image
from napari.utils.notifications import show_error
from napari.viewer import Viewer
from qtpy.QtCore import QTimer
from supervox.napari_plugin.layers.make_layers import lower_pictures
from supervox.napari_plugin.layers.source import spacing_of
from supervox.napari_plugin.project.project_files import Opened
from supervox.napari_plugin.project.restoring import Restored
from supervox.napari_plugin.settings import Settings
from supervox.napari_plugin.tasks.finishing import Finished
from supervox.napari_plugin.tasks.jobs import BackgroundTask
from supervox.napari_plugin.tasks.live import LiveResult, StrokeScan
from supervox.napari_plugin.tasks.preparing import Prepared
from supervox.project import Project

from .next_step import Step
from .notices import unused_strokes
from .parts import SessionParts


class Session(SessionParts):
    """What one part of a viewer's segmentation means for the others.

    Parameters
    ----------
    viewer : Viewer
    settings : Settings
    """

    def __init__(self, viewer: Viewer, settings: Settings) -> None:
        super().__init__(viewer, settings, self.choose_image)
        self._connect()

    def _connect(self) -> None:
        layers = self.viewer.layers.events
        layers.inserted.connect(self._on_layer_added)
        layers.removed.connect(self._on_layer_removed)
        self.viewer.dims.events.point.connect(self.sharpening.look)
        self.volume.data_changed.connect(self.next.check_strokes)
        self.painting.changed.connect(self.live.strokes_changed)
        self.live.looked.connect(self._confirm)
        self.live.scanned.connect(self._on_scanned)
        self.live.updating.published.connect(self.view.show_in_view)
        self.live.updating.succeeded.connect(self._on_updated)
        self.preparation.succeeded.connect(self._on_prepared)
        for work in self.stages:
            work.failed.connect(partial(self._on_error, work=work))
            work.succeeded.connect(partial(self._on_success, work))
            work.changed.connect(self.emit_changed)
        for part in (self.live, self.importing, self.painting, self.autosave):
            part.failed.connect(self._on_error)
        files = self.autosave.working
        self.autosave.unfinished.connect(partial(self._on_error, work=files))
        self.autosave.files.mended.connect(partial(self.opening.settle, files))
        self.delivery.computed.connect(self._on_computed)
        self.delivery.finishing.succeeded.connect(self.looking.follow)
        self.autosave.opened.connect(self._on_opened)
        self.autosave.reopened.connect(self._on_reopened)
        self.autosave.attached.connect(self.left.go_on)
        self.autosave.files.given_up.connect(self.left.go_on)
        self.next.shown.connect(self.extent.prepare_if_quick)
        self.autosave.volume_moved.connect(self.opening.tell_moved)
        self.autosave.restored.connect(self._on_restored)
        self.autosave.masked.connect(self.masking.restore)
        self.hints.take(Step.VOLUME, self.autosave.hint)
        self.hints.take(Step.PAINT, self.painting.hint, self.regions.hint, self.correcting.hint)
        self.hints.take(Step.SEGMENT, self.extent.hint, self.balancing.hint, self.looking.hint)
        self.hints.take(Step.OBJECTS, self.by_hand.hint)
        self.painting.began.connect(partial(self.hints.end, Step.PAINT))
        for step in (Step.PAINT, Step.OBJECTS):  # what was said of a step that is undone
            self.painting.recording.connect(partial(self.hints.end, step))
        for changing in (
            self.volume,
            self.strokes,
            self.live.scanning,
            self.live.ordering,
            self.live.updating,
            self.view,
            self.classes,
            self.painting.hand,
            self.correcting,
            self.by_hand.edits,
            self.hints,
            self.importing,
            self.autosave,
            self.looking,
            self.opening,
            self.next,
        ):
            changing.changed.connect(self.emit_changed)
        self.classes.selected_changed.connect(self.emit_changed)
        self.painting.recorded.connect(self.emit_changed)
        self.changed.connect(self.autosave.state_changed)

    def close(self) -> None:
        """Stop everything, and let go of the viewer; strokes and final labels stay.

        The next session in the viewer goes on with what was chosen and computed.
        """
        self.left.leave()
        self.abandon()
        layers = self.viewer.layers.events
        layers.inserted.disconnect(self._on_layer_added)
        layers.removed.disconnect(self._on_layer_removed)
        self.looking.release()
        self.by_hand.end()
        self.last_view.stop()
        self.viewer.dims.events.point.disconnect(self.sharpening.look)
        self._release_image()

    def abandon(self) -> None:
        """Stop all work and tell nobody, without a look at the viewer, which may be gone."""
        self.changed.disconnect()
        self.balancing.forget()
        self.autosave.release()
        for stage in self.stages:
            stage.cancel()
        self.importing.cancel()
        self.opening.cancel()
        self.live.stop()

    def choose_image(self, image: Image | None) -> None:
        """Work on an image from now on. Strokes of the one before stay in their layer."""
        if image is self.volume.image:
            return
        was_other = self.volume.image is not None
        self._release_image()
        if was_other:
            self.parameters = self.parameters.unbalanced()  # it belonged to the strokes there
            self.classes.release()
        self.strokes.lost = None
        self.volume.watch(image)
        if image is not None:
            self.viewer.canvas.overlays.scale_bar.visible = spacing_of(image)[1] is not None
            self.left.begin(image)
            self.strokes.begin(image)
            if self.autosave.reopening is None:
                self.left.go_on()
        self.changed.emit()

    def _release_image(self) -> None:
        self.left.forget()
        self.balancing.forget()
        self.autosave.release()
        self.importing.cancel()
        for kept in (self.preparation, self.delivery, self.comparison, self.sharpening, self.space):
            kept.forget()
        self.live.stop()
        self.view.clear()
        self.painting.detach()
        self.volume.watch(None)
        self.view.release_final()
        self.looking.forget()
        self.pairs.forget()

    def _on_layer_added(self, event: object) -> None:
        layer = event.value  # type: ignore[attr-defined]
        QTimer.singleShot(0, partial(lower_pictures, self.viewer))  # napari is inserting it now
        if self.next.is_busy:
            return
        if self.volume.image is None and (images := self.volume.images()):
            self.choose_image(images[0])
        else:
            self.strokes.adopt(layer)
            self.next.notice(layer)
        self.changed.emit()

    def _on_layer_removed(self, event: object) -> None:
        layer = event.value  # type: ignore[attr-defined]
        if layer is self.volume.image:
            self.choose_image(next(iter(self.volume.images()), None))
        elif layer is self.painting.layer:
            self.strokes.lose()
        self.masking.forget_layer(layer)
        self.correcting.forget_layer(layer)
        self.view.forget_layer(layer)
        self.next.look_again()
        self.changed.emit()

    def _on_prepared(self, prepared: Prepared) -> None:
        if self.volume.image is None:
            return
        self.preview.clear()
        self.live.updating.cancel()  # its result would be of what was prepared before
        self.extent.follow(prepared)
        self._find_unused()
        self.view.start(self.volume.image, prepared)
        if prepared.seconds:
            self.autosave.keep()
        if self.live.is_live:
            self.live.update()

    def _confirm(self, scan: StrokeScan) -> None:
        self.painting.confirm(scan.differs, is_all=not self.live.has_changed)

    def _on_scanned(self, scan: StrokeScan) -> None:
        self.painting.protect(scan.strokes, is_all=not self.live.has_changed)
        self.looking.clear()
        self.pairs.clear()
        if self.strokes.is_new:
            self.strokes.is_new = False
            self.volume.show_plane_of(scan.strokes)
        self.painting.add_classes_of(scan.strokes)
        if self.live.is_live and not self.live.can_update:
            self.live.updating.cancel()
            self.view.forget_result()
        self._find_unused()

    def _find_unused(self) -> None:
        live = self.live
        self.unused = unused_strokes(self.preparation.prepared, live.scan, live.strokes)

    def _on_updated(self, result: LiveResult) -> None:
        self.view.show(result)
        now = self.volume.image, self.preparation.prepared, self.live.strokes
        self.pairs.follow(*now, result, self.extent.part_in_view())
        self.looking.follow()

    def _on_opened(self, opened: Opened) -> None:
        """Show a project's volume and strokes."""
        self.next.close()  # or the project that was open would get the classes of this one
        self._take_choices(opened.project)
        self.next.show_project(opened)
        self.volume.set_box(opened.project.settings.slices)
        is_known = self.last_view.show(opened.project, self.settings.brush_size)
        self.strokes.is_new &= not is_known

    def _on_reopened(self, opened: Opened) -> None:
        """Go on as a project says that is written to again; or it would get other choices."""
        settings = opened.project.settings
        self._take_choices(opened.project)
        if not settings.channels and self.volume.channel_layers():
            self.volume.use_channels(False)
        self.volume.set_box(settings.slices)

    def _take_choices(self, project: Project) -> None:
        self.classes.restore(project.annotations.classes)
        self.parameters = project.settings.parameters

    def _on_restored(self, project: Project, restored: Restored) -> None:
        """Go on with what a project has of what was computed."""
        self.preparation.adopt(restored.prepared)
        self.delivery.restore(project, restored)

    def _on_computed(self, finished: Finished) -> None:
        """Keep final labels in the project, and how they came about."""
        self.looking.clear()
        self.autosave.note(finished)
        self.autosave.keep()

    def _on_error(self, error: Exception, work: BackgroundTask | None = None) -> None:
        """Tell a person; what was there before is as it was."""
        show_error(self.opening.tell_error(error, work))

    def _on_success(self, work: BackgroundTask, _: object) -> None:
        self.opening.settle(work)
