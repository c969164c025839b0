"""One viewer's segmentation: what is chosen, prepared, painted and shown. Knows no widget."""

from __future__ import annotations

from functools import partial

from napari.layers import Image
from napari.utils.notifications import show_error
from napari.viewer import Viewer
from psygnal import Signal
from qtpy.QtCore import QTimer
from supervox.napari_plugin.layers.make_layers import lower_pictures
from supervox.napari_plugin.layers.source import spacing_of
from supervox.napari_plugin.painting.class_list import ClassList
from supervox.napari_plugin.painting.deleting import Deleting
from supervox.napari_plugin.painting.hand import PAINT, REGIONS
from supervox.napari_plugin.painting.importing import Importing
from supervox.napari_plugin.painting.pairs import Pairs
from supervox.napari_plugin.painting.region_brush import RegionBrush
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.project.autosave import Autosave
from supervox.napari_plugin.project.last_view import LastView
from supervox.napari_plugin.project.project_files import Opened
from supervox.napari_plugin.project.restoring import Restored
from supervox.napari_plugin.project.work import Work
from supervox.napari_plugin.settings import Settings
from supervox.napari_plugin.tasks.finishing import Finished
from supervox.napari_plugin.tasks.jobs import BackgroundTask
from supervox.napari_plugin.tasks.live import LiveLoop, LiveResult, StrokeScan
from supervox.napari_plugin.tasks.preparing import Preparation, Prepared
from supervox.project import Project, ProjectClass
from supervox.segmentation import SegmentationParameters
from supervox.volumes import class_colour

from .balancing import Balancing
from .by_hand import ByHand
from .comparison import Comparison
from .correcting import Correcting
from .delivery import Delivery
from .extent import Extent
from .hints import Hints
from .in_space import InSpace
from .kept_objects import KeptInProject
from .looking import Looking
from .masking import Masking
from .models import Models
from .next_step import Step
from .next_volume import NextVolume
from .notices import unused_strokes
from .preview_in_view import PreviewInView
from .questions import Questions
from .ready_strokes import ReadyStrokes
from .sharpening import Sharpening
from .view import ResultView
from .view_choices import ViewChoices
from .working_image import WorkingImage

FIRST_CLASSES = ("background", "structure")
PAINTING = (PAINT, "fill", "polygon", REGIONS)  # tools that go on when another class is chosen


class Session:
    """The parts of one viewer's segmentation, and what one of them means for the others.

    No part knows the session: each is given those that it uses, and has signals. Long work runs in
    the stages `preparation`, `live`, `finishing` and `exporting`.

    Parameters
    ----------
    viewer : Viewer
    settings : Settings

    Attributes
    ----------
    parameters : SegmentationParameters
        What is chosen for every stage; `choose` changes it.
    changed : Signal
        Anything that the dock shows may have changed.
    """

    changed = Signal()

    def __init__(self, viewer: Viewer, settings: Settings) -> None:
        self.viewer, self.settings = viewer, settings
        self.hints, self.unused = Hints(), ""
        self.volume = WorkingImage(viewer)
        self.parameters = settings.parameters
        self.classes = ClassList(
            ProjectClass(k, name, class_colour(k)) for k, name in enumerate(FIRST_CLASSES, 1)
        )
        self.masking = Masking(viewer, self.volume, lambda: self.parameters, self.choose)
        self.painting = Painting(viewer, self.classes)
        self.deleting = Deleting(self.painting, self.classes)
        self.preparation = Preparation(settings.resources)
        self.extent = Extent(
            self.volume, self.preparation, lambda: self.parameters, settings.auto_prepare
        )
        self.importing = Importing(viewer, self.painting, self.classes)
        self.view = ResultView(
            viewer,
            self.classes,
            self.painting.corrections,
            ViewChoices(opacity=settings.prediction_opacity),
            lambda: self.delivery.is_final_current,
        )
        self.live = LiveLoop(
            settings.delay_ms,
            lambda: self.painting.voxels,
            lambda: self.painting.recorder,
            lambda: self.preparation.prepared,
            self.extent.part_in_view,
            lambda: self.parameters,
            lambda: self.classes.held,
        )
        self.live.is_live = settings.live
        of = self.volume, self.preparation, self.painting, self.classes, self.live, self.view
        self.delivery = Delivery(
            settings.resources, *of, lambda: self.parameters, lambda: self.autosave.project
        )
        shown = self.painting, self.live, self.view
        self.correcting = Correcting(self.volume, *shown, self.delivery)
        by_hand = self.correcting.by_hand
        self.regions = RegionBrush(self.painting, by_hand, lambda: self.preparation.prepared)
        self.by_hand = ByHand(self.volume, self.painting, self.delivery.objects, self.correcting)
        self.comparison = Comparison(self.volume, self.preparation, self.painting.corrections)
        parts = self.live, self.preparation, self.delivery, self.view, self.comparison
        self.sharpening = Sharpening(*parts, self.extent.part_in_view, lambda: self.parameters)
        home, resources = settings.home, settings.resources
        self.autosave = Autosave(home, resources, self.painting, self.classes, self._work)
        self.kept = KeptInProject(self.delivery, self.autosave)
        self.last_view = LastView(viewer, self.painting, lambda: self.autosave.project)
        self.balancing = Balancing(
            self.painting, self.preparation, lambda: self.parameters, self.choose
        )
        self.preview = PreviewInView(viewer, self.volume, lambda: self.parameters)
        self.pairs = Pairs(viewer, self.painting, self.classes)
        self.looking = Looking(self.volume, self.preparation, *shown)
        self.questions = Questions(self.pairs, self.looking)
        self.strokes = ReadyStrokes(
            self.volume, self.painting, self.live, self.autosave, settings.brush_size
        )
        self.space = InSpace(viewer, self.view)
        self.models = Models(self.extent, self.delivery, self.classes, self.choose, resources)
        self.next = NextVolume(
            self.volume, self.painting, self.autosave, self.choose_image, self.models
        )
        self.opening = self.next.opening
        self.correcting.mask.follow(self.looking.places)
        self._connect()

    def _connect(self) -> None:
        layers = self.viewer.layers.events
        layers.inserted.connect(self._on_layer_added)
        layers.removed.connect(self._on_layer_removed)
        self.viewer.dims.events.point.connect(self.sharpening.look)
        self.volume.data_changed.connect(self.next.check_strokes)
        self.painting.changed.connect(self.live.strokes_changed)
        self.live.looked.connect(lambda scan: self.painting.confirm(scan.differs))
        self.live.scanned.connect(self._on_scanned)
        self.live.updating.published.connect(self.view.show_in_view)
        self.live.updating.succeeded.connect(self._on_updated)
        self.preparation.succeeded.connect(self._on_prepared)
        for work in self._stages:
            work.failed.connect(self._on_error)
            work.changed.connect(self._emit_changed)
        for part in (self.live, self.importing, self.painting, self.autosave):
            part.failed.connect(self._on_error)
        self.delivery.computed.connect(self._on_computed)
        self.autosave.opened.connect(self._on_opened)
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
            changing.changed.connect(self._emit_changed)
        self.classes.selected_changed.connect(self._emit_changed)
        self.painting.recorded.connect(self._emit_changed)
        self.changed.connect(self.autosave.state_changed)

    def _emit_changed(self, *_: object) -> None:
        self.changed.emit()

    def _work(self) -> Work:
        """Return what there is to save."""
        return Work(
            self.volume.image,
            self.volume.source,
            self.masking.is_changing,
            self.parameters,
            self.preparation.prepared,
            self.delivery.finishing.finished,
        )

    @property
    def _stages(self) -> tuple[BackgroundTask, ...]:
        """The long work, beside the live loop."""
        return (
            self.preparation,
            *self.delivery.stages,
            *self.correcting.stages,
            *self.by_hand.stages,
            self.deleting.finding,
            self.preview,
            self.looking.per_plane,
            self.looking.places,
            self.pairs,
            self.balancing.searching,
            self.comparison,
            self.masking.reading,
            self.sharpening,
            self.models.loading,
            self.models.labelling,
        )

    def close(self) -> None:
        """Stop everything, and let go of the viewer; strokes and final labels stay."""
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
        for stage in self._stages:
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
            self.strokes.begin(image)
        self.changed.emit()

    def _release_image(self) -> None:
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
        self.changed.emit()

    def use_tool(self, name: str) -> None:
        """Take a tool: "regions", or a mode of napari's Labels layer ("paint", "erase", ...)."""
        self.painting.hand.take(name)

    def paint_class(self, class_id: int) -> None:
        """Choose a class, and take a tool that paints, if none is in hand."""
        self.classes.selected = class_id
        hand = self.painting.hand
        hand.take(hand.tool if hand.tool in PAINTING else PAINT)

    def choose(self, parameters: SegmentationParameters) -> None:
        """Change the parameters; those of classifier and refinement are effective at once."""
        old, self.parameters = self.parameters, parameters
        live = (parameters.classifier, parameters.refinement)
        if (old.classifier, old.refinement) != live and self.live.is_live:
            self.live.update_again()
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

    def _on_scanned(self, scan: StrokeScan) -> None:
        self.painting.protect(scan.strokes)
        self.looking.clear()
        self.pairs.clear()
        if self.strokes.is_new:
            self.strokes.is_new = False
            self.volume.show_plane_of(scan.strokes)
        self.classes.ensure(scan.strokes.class_ids)
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
        settings = opened.project.settings
        self.next.close()  # or the project that was open would get the classes of this one
        self.classes.restore(opened.project.annotations.classes)
        self.parameters = settings.parameters
        self.next.show_project(opened)
        self.volume.set_box(settings.slices)
        is_known = self.last_view.show(opened.project, self.settings.brush_size)
        self.strokes.is_new &= not is_known

    def _on_restored(self, project: Project, restored: Restored) -> None:
        """Go on with what a project has of what was computed."""
        self.preparation.adopt(restored.prepared)
        self.delivery.restore(project, restored)

    def _on_computed(self, finished: Finished) -> None:
        """Keep final labels in the project, and how they came about."""
        self.looking.clear()
        self.autosave.note(finished)
        self.autosave.keep()

    def set_live(self, on: bool) -> None:
        """Follow the strokes, or wait to be asked."""
        self.live.is_live = on
        if on:
            self.live.update()
        self.changed.emit()

    def _on_error(self, error: Exception) -> None:
        """Tell a person; what was there before is as it was."""
        show_error(self.opening.tell_error(error))
