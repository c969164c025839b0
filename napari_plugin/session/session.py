"""One viewer's segmentation: what is chosen, prepared, painted and shown. Knows no widget."""

from __future__ import annotations

from napari.layers import Image, Labels
from napari.utils.notifications import show_error, show_warning
from napari.viewer import Viewer
from qtpy.QtCore import QTimer
from supervox.napari_plugin.io.layer_fields import classes_of_layer
from supervox.napari_plugin.layers.source import Box, finest_data, spacing_of
from supervox.napari_plugin.painting.class_list import ClassList
from supervox.napari_plugin.painting.importing import Importing
from supervox.napari_plugin.painting.region_brush import RegionBrush
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.project.autosave import Keeping
from supervox.napari_plugin.settings import Settings
from supervox.napari_plugin.tasks.jobs import Stage
from supervox.napari_plugin.tasks.live import LiveLoop, LiveResult, Scan
from supervox.napari_plugin.tasks.preparing import Needs, Preparation, Prepared
from supervox.napari_plugin.tasks.preview import Preview
from supervox.napari_plugin.tasks.unsure import UnsurePlaces
from supervox.project import ProjectClass
from supervox.segmentation import SegmentationParameters
from supervox.volumes import class_colour

from .delivery import Delivery
from .extent import Extent
from .view import ResultView, ViewChoices
from .working_image import WorkingImage

FIRST_CLASSES = ("background", "structure")


class Session(WorkingImage):
    """All that the dock of a viewer does.

    Widgets call its methods and listen to `changed`; long work runs in the stages `preparation`,
    `live`, `finishing` and `exporting`.

    Parameters
    ----------
    viewer : Viewer
    settings : Settings

    Attributes
    ----------
    parameters : SegmentationParameters
        What is chosen for every stage; `choose` changes it.
    """

    def __init__(self, viewer: Viewer, settings: Settings) -> None:
        super().__init__(viewer)
        self.settings = settings
        self.parameters = settings.parameters
        self.classes = ClassList(
            ProjectClass(k, name, class_colour(k)) for k, name in enumerate(FIRST_CLASSES, 1)
        )
        self.painting = Painting(viewer, self.classes)
        self.preparation = Preparation(settings.resources)
        self.extent = Extent(self)
        self.importing = Importing(self.painting, self.classes)
        self.regions = RegionBrush(self.painting, lambda: self.preparation.prepared)
        self.view = ResultView(
            viewer,
            self.classes,
            ViewChoices(opacity=settings.prediction_opacity),
            self._is_final_current,
        )
        self.live = LiveLoop(
            settings.delay_ms,
            lambda: self.painting.voxels,
            lambda: self.painting.recorder,
            lambda: self.preparation.prepared,
            self._part_in_view,
            lambda: self.parameters,
        )
        self.live.is_live = settings.live
        self.delivery = Delivery(self)
        self.keeping = Keeping(self)
        self.preview = Preview(viewer)
        self.unsure = UnsurePlaces(viewer)
        self.lost_strokes: Labels | None = None
        self._strokes_are_new = False  # to this window: look where they are
        self._connect()

    def _connect(self) -> None:
        layers = self.viewer.layers.events
        layers.inserted.connect(self._on_layer_added)
        layers.removed.connect(self._on_layer_removed)
        self.painting.changed.connect(self.live.strokes_changed)
        self.live.looked.connect(lambda scan: self.painting.confirm(scan.differs))
        self.live.scanned.connect(self._on_scanned)
        self.live.updating.published.connect(self.view.show_in_view)
        self.live.updating.succeeded.connect(self._on_updated)
        self.preparation.succeeded.connect(self._on_prepared)
        for work in self._stages:
            work.failed.connect(self._on_error)
            work.changed.connect(self._emit_changed)
        for part in (self.live, self.importing, self.painting, self.keeping):
            part.failed.connect(self._on_error)
        for hinting in (self.painting, self.regions):
            hinting.hint.connect(self.hint)
        for stage in (
            self.live.scanning,
            self.live.updating,
            self.view,
            self.classes,
            self.regions,
            self.importing,
            self.keeping,
        ):
            stage.changed.connect(self._emit_changed)
        self.classes.selected_changed.connect(self._emit_changed)
        self.painting.recorded.connect(self._emit_changed)
        self.changed.connect(self.keeping.state_changed)

    @property
    def _stages(self) -> tuple[Stage, ...]:
        """The long work, beside the live loop."""
        delivery = self.delivery
        return (
            self.preparation,
            delivery.finishing,
            delivery.exporting,
            self.preview,
            self.unsure,
        )

    def close(self) -> None:
        """Stop everything, and let go of the viewer; strokes and final labels stay."""
        self.abandon()
        layers = self.viewer.layers.events
        layers.inserted.disconnect(self._on_layer_added)
        layers.removed.disconnect(self._on_layer_removed)
        self._release_image()

    def abandon(self) -> None:
        """Stop all work and tell nobody, without a look at the viewer, which may be gone."""
        self.changed.disconnect()
        self.keeping.release()
        for stage in self._stages:
            stage.cancel()
        self.importing.cancel()
        self.live.stop()

    def hint(self, text: str) -> None:
        """Show a sentence in the status bar."""
        self.viewer.status = text

    def choose_image(self, image: Image | None) -> None:
        """Work on an image from now on. Strokes of the one before stay in their layer."""
        if image is self.image:
            return
        self._release_image()
        self.lost_strokes = None
        self._watch(image)
        if image is not None:
            if spacing_of(image)[1] is not None:
                self.viewer.canvas.overlays.scale_bar.visible = True
            layer = self.painting.attach(image, brush_size=self.settings.brush_size)
            self.keeping.reopen_for(layer)
            self._take_strokes(layer)
        self.changed.emit()

    def _release_image(self) -> None:
        self.keeping.release()
        self.importing.cancel()
        self.preparation.forget()
        self.delivery.finishing.forget()
        self.live.stop()
        self.regions.switch(False)
        self.view.clear()
        self.painting.detach()
        self._watch(None)
        self.view.release_final()
        self.unsure.clear()

    def _on_data(self) -> None:
        """Begin anew where the strokes don't fit the image any more; they stay in their layer."""
        image, strokes = self.image, self.painting.layer
        assert image is not None
        if strokes is not None and strokes.data.shape != tuple(finest_data(image).shape):
            usable = self.images()
            self.choose_image(None)
            self.choose_image(image if image in usable else next(iter(usable), None))
        super()._on_data()

    def _on_layer_added(self, event: object) -> None:
        layer = event.value  # type: ignore[attr-defined]
        if self.image is None and (images := self.images()):
            self.choose_image(images[0])
        elif (
            self.image is not None
            and isinstance(layer, Labels)
            and self.painting.adopt(self.image, layer)
        ):
            self.keeping.bind()
            self._take_strokes(layer)
        self.changed.emit()

    def _on_layer_removed(self, event: object) -> None:
        layer = event.value  # type: ignore[attr-defined]
        if layer is self.image:
            self.choose_image(next(iter(self.images()), None))
        elif layer is self.painting.layer:  # by a person: Painting lets go of a layer first
            self.lost_strokes = self.painting.layer
            self.keeping.save_what_waits()
            self.painting.detach()
            self.live.stop()
            QTimer.singleShot(0, self._warn_of_lost_strokes)
        self.view.forget_layer(layer)
        self.changed.emit()

    def _warn_of_lost_strokes(self) -> None:
        """Say that the strokes' layer is gone, unless the whole viewer is going."""
        if self.lost_strokes is not None and self.image in self.viewer.layers:
            show_warning("Strokes removed: get them back in Paint.")

    def bring_back_strokes(self) -> None:
        """Put the layer of the strokes back that a person removed, or make a new one."""
        if self.image is None or self.painting.layer is not None:
            return
        if self.lost_strokes is not None:
            self.viewer.add_layer(self.lost_strokes)
            self.lost_strokes = None
        layer = self.painting.attach(self.image, brush_size=self.settings.brush_size)
        self.keeping.bind()
        self._take_strokes(layer)
        self.changed.emit()

    def _take_strokes(self, layer: Labels) -> None:
        """Have a layer of strokes ready under the mouse, and look at what is painted already."""
        layer.mode = "paint"
        self._strokes_are_new = not self.painting.is_blank
        QTimer.singleShot(0, self._select_strokes)  # napari selects the layer that it is adding now
        self.live.strokes_changed()

    def _select_strokes(self) -> None:
        if self.painting.layer is not None:
            self.viewer.layers.selection.active = self.painting.layer

    def other_labels(self) -> list[Labels]:
        """Return the layers of labels that could become strokes."""
        layers = [layer for layer in self.viewer.layers if isinstance(layer, Labels)]
        shape = None if self.painting.voxels is None else self.painting.voxels.shape
        mine = (self.painting.layer, self.view.supervoxels)
        return [
            layer
            for layer in layers
            if layer not in mine and tuple(finest_data(layer).shape) == shape
        ]

    def import_layer(self, layer: Labels) -> None:
        """Use the labels of a layer as strokes, once their classes are chosen."""
        classes = classes_of_layer({"metadata": layer.metadata}) or ()
        self.importing.read(layer.name, finest_data(layer), classes)

    def new_project(self) -> None:
        """Begin anew on the same image; the project until now stays where it is, complete."""
        image, layer = self.image, self.painting.layer
        if image is None or layer is None:
            return
        self.choose_image(None)
        self.viewer.layers.remove(layer)
        self.choose_image(image)

    def use_tool(self, name: str) -> None:
        """Take a tool: "regions", or a mode of napari's Labels layer ("paint", "erase", ...)."""
        layer = self.painting.layer
        if layer is None:
            return
        self.viewer.layers.selection.active = layer
        if name == "regions":
            self.regions.switch(True)
        else:
            self.regions.switch(False)
            layer.mode = name
        self.changed.emit()

    @property
    def is_out_of_date(self) -> bool:
        """Whether what is prepared is not what is chosen now."""
        prepared, source = self.preparation.prepared, self.source
        if prepared is None or source is None:
            return False
        return not prepared.is_for(source, self.parameters)

    def needs(self) -> Needs:
        """Return what preparing for live work will need."""
        source = self.source
        assert source is not None
        return self.preparation.needs(source, self.parameters)

    def preview_supervoxels(self) -> None:
        """Show the outlines that supervoxels would have on the slice in view."""
        image, source, at = self.image, self.source, self.slice_in_view()
        if image is not None and source is not None and at is not None:
            self.preview.show_supervoxels(image, source, at, self.parameters.supervoxels)

    def preview_feature(self, channel: str) -> None:
        """Show a single feature on the slice in view."""
        image, source, at = self.image, self.source, self.slice_in_view()
        if image is not None and source is not None and at is not None:
            self.preview.show_feature(image, source, at, self.parameters.features, channel)

    def prepare(self) -> None:
        """Prepare the volume as it is chosen now."""
        source = self.source
        if source is not None:
            self.extent.forget_whole()
            self.preparation.start(source, self.parameters)

    def choose(self, parameters: SegmentationParameters) -> None:
        """Change the parameters; those of classifier and refinement are effective at once."""
        old, self.parameters = self.parameters, parameters
        live = (parameters.classifier, parameters.refinement)
        if (old.classifier, old.refinement) != live and self.live.is_live:
            self.live.update_again()
        self.changed.emit()

    def _on_prepared(self, prepared: Prepared) -> None:
        if self.image is None:
            return
        self.preview.clear()
        self.live.updating.cancel()  # its result would be of what was prepared before
        self.extent.follow(prepared)
        self.view.start(self.image, prepared)
        if prepared.seconds:
            self.keeping.keep()
        if self.live.is_live:
            self.live.update()

    def _part_in_view(self) -> Box | None:
        """Return the slice of the prepared volume that the live loop does first."""
        prepared = self.preparation.prepared
        is_current = prepared is not None and prepared.source == self.source
        return self.slice_in_view() if is_current else None

    def _on_scanned(self, scan: Scan) -> None:
        self.painting.protect(scan.strokes)
        self.unsure.clear()
        if self._strokes_are_new:
            self._strokes_are_new = False
            self.show_plane_of(scan.strokes)
        self.classes.ensure(scan.strokes.class_ids)
        if self.live.is_live and not self.live.can_update:
            self.live.updating.cancel()
            self.view.forget_result()
        prepared = self.preparation.prepared
        if prepared is not None and prepared.source.box is not None:
            outside = scan.strokes.voxels.size - (self.live.strokes or scan.strokes).voxels.size
            if outside:
                self.hint(f"{outside:,} painted voxels lie outside of the box: kept, but not used")

    def _is_final_current(self) -> bool:
        return self.delivery.is_finished

    def _on_updated(self, result: LiveResult) -> None:
        self.view.show(result)

    def go_to_unsure(self) -> None:
        """Move the view to the least certain place that was not shown lately."""
        prepared, result = self.preparation.prepared, self.view.result
        if self.image is not None and prepared is not None and result is not None:
            self.unsure.start(self.image, prepared, result)

    def set_live(self, on: bool) -> None:
        """Follow the strokes, or wait to be asked."""
        self.live.is_live = on
        if on:
            self.live.update()
        self.changed.emit()

    def _on_error(self, error: Exception) -> None:
        """Tell a person; what was there before is as it was."""
        show_error(str(error) or type(error).__name__)
