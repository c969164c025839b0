"""What is shown of a result: tables over supervoxels, swapped under the layers' voxels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
from napari.layers import Image, Labels, Layer
from napari.viewer import Viewer
from numpy.typing import NDArray
from psygnal import Signal
from supervox.napari_plugin.layers.lookup import FLAT, Finer, LookupPyramid, LookupVolume
from supervox.napari_plugin.layers.make_layers import (
    class_colormap,
    cover,
    frame,
    insert_above,
    make_final,
    make_map,
    make_prediction,
    make_supervoxels,
)
from supervox.napari_plugin.layers.source import Box, Source
from supervox.napari_plugin.painting.class_list import ClassList
from supervox.napari_plugin.painting.corrections import Corrections
from supervox.napari_plugin.tasks.in_full import SliceInFull
from supervox.napari_plugin.tasks.live import LiveResult, ViewResult
from supervox.napari_plugin.tasks.preparing import Prepared

from .view_choices import Shown, ViewChoices, label_table, map_table

CONTOUR = 2  # pixels of an outline
FAINTEST_LINE = 0.7  # opacity of an outline where labels have none
MAP_NAMES = {Shown.PROBABILITY: "probability", Shown.UNCERTAINTY: "unsure"}


class ResultView:
    """The layers that are derived from a result: prediction, map, outlines of supervoxels.

    Each may be deleted by a person at any time; the prediction comes back with the next result.

    Parameters
    ----------
    viewer : Viewer
    classes : ClassList
    corrections : Corrections
        Lie over all labels.
    choices : ViewChoices
    is_final_current : callable
        Tells whether the final labels are those of the strokes and choices of now.

    Attributes
    ----------
    aside : frozenset of int
        Classes that labels don't show for now, whatever the class table says.
    """

    changed = Signal()

    def __init__(
        self,
        viewer: Viewer,
        classes: ClassList,
        corrections: Corrections,
        choices: ViewChoices,
        is_final_current: Callable[[], bool],
    ) -> None:
        self._viewer = viewer
        self._is_final_current = is_final_current
        self._classes, self._corrections = classes, corrections
        self.choices = choices
        self.aside: frozenset[int] = frozenset()
        self._image: Image | None = None
        self._prepared: Prepared | None = None
        self._labels: LookupPyramid | None = None
        self._values: LookupPyramid | None = None
        self.prediction: Labels | None = None
        self.map: Image | None = None
        self.supervoxels: Labels | None = None
        self.final: Labels | None = None
        self.result: LiveResult | None = None
        self._outgoing: list[Layer] = []  # of what was prepared before, until there is better
        self._whole: tuple[Source, NDArray[np.uint8]] | None = None  # what is shown as final
        self._has_left_final = False  # because strokes changed
        classes.changed.connect(self._recolour)
        corrections.changed.connect(self._show_corrections)

    # ------------------------------------------------------------------------------ life cycle

    def start(self, image: Image, prepared: Prepared) -> None:
        """Show results of what was prepared from now on; the old one stays until the first."""
        outgoing = [*self._outgoing, *(x for x in (self.prediction, self.map) if x is not None)]
        outlined = self.supervoxels is not None and self.supervoxels.visible
        self.prediction = self.map = None
        self._outgoing = []
        self.clear()
        self._outgoing = outgoing
        self._image, self._prepared = image, prepared
        ids = prepared.source.layer_part(prepared.ids)
        nothing = np.zeros(prepared.n_supervoxels, np.uint8)
        self._labels = LookupPyramid(ids, prepared.coarse, nothing)
        self._values = LookupPyramid(ids, prepared.coarse, nothing.astype(np.float32))
        if outlined:
            self.outline_supervoxels(True)
        if prepared.source.box is not None:
            self._ensure_prediction()  # empty as yet: its frame says where strokes count

    def clear(self) -> None:
        """Remove all derived layers."""
        self._remove_outgoing()
        for layer in (self.prediction, self.map, self.supervoxels):
            if layer is not None and layer in self._viewer.layers:
                self._viewer.layers.remove(layer)
        self.prediction = self.map = self.supervoxels = None
        self._image = self._prepared = self._labels = self._values = self.result = None

    def _remove_outgoing(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        for layer in outgoing:
            if layer in self._viewer.layers:
                self._viewer.layers.remove(layer)

    def forget_layer(self, layer: Layer) -> None:
        """Let go of a layer that a person deleted."""
        if layer is self.prediction:
            self.prediction = None
        elif layer is self.map:
            self.map = None
        elif layer is self.supervoxels:
            self.supervoxels = None
        elif layer is self.final:
            self.release_final()
        self.changed.emit()

    # --------------------------------------------------------------------------------- results

    def show(self, result: LiveResult) -> None:
        """Show a result for the whole volume."""
        self.result = result
        self._leave_old_final()
        self._take_over_final()
        self._update()
        if self._has_left_final and self._is_final_current():
            self.choose(shown=Shown.FINAL)  # as by undo: they are what was looked at

    def show_in_view(self, part: ViewResult) -> None:
        """Show what is known already of the slice in view."""
        self._leave_old_final()
        if self._labels is None or self.choices.shown is not Shown.LABELS:
            return
        table = self._labels.table.copy()
        table[part.supervoxels] = np.where(
            part.confidence >= self.choices.threshold, part.classes, 0
        )
        self._labels.table = table
        self._ensure_prediction().refresh(extent=False)

    def is_in_full(self, result: LiveResult, part: Box) -> bool:
        """Tell whether a slice is shown in full quality, for this result."""
        known = None if self._labels is None else self._labels.fine.planes.get(_plane(part))
        return known is not None and known.then is result.labels

    def show_in_full(self, found: SliceInFull) -> None:
        """Show a slice in full quality, where the labels are as they were for it."""
        if self._labels is None or found.prepared is not self._prepared:
            return
        values = found.prepared.source.layer_part(found.labels)
        axis, at = _plane(found.part)
        if self._labels.fine.ndim == 3:
            values = values.squeeze(axis)
        self._labels.refine_plane(axis, at, Finer(values, found.result.labels))
        if self.prediction is not None:
            self.prediction.refresh(extent=False)

    def renew_planes(self) -> None:
        """Take slices in full quality for old: better ones can be had. They stay until then."""
        if self._labels is not None:
            planes = self._labels.fine.planes
            for place, known in planes.items():
                planes[place] = replace(known, then=known.then.copy())  # of no result any more

    def _take_over_final(self) -> None:
        """Show the final labels as live ones, too, until live ones of a place change."""
        prepared, result = self._prepared, self.result
        if self._whole is None or prepared is None or result is None or self._labels is None:
            return
        source, labels = self._whole
        if source == prepared.source and self._is_final_current():
            self._labels.refine_all(Finer(source.layer_part(labels), result.labels))

    def show_final(
        self, image: Image, source: Source, labels: NDArray[np.uint8], class_ids: Sequence[int]
    ) -> None:
        """Show final labels in place of the prediction, and of those from before.

        Parameters
        ----------
        image : Image
        source : Source
            What they are of.
        labels : uint8, (Z, Y, X)
        class_ids : sequence of int
            Classes that they can have.
        """
        is_shown = self.final is not None and self._whole is not None and labels is self._whole[1]
        self._whole = source, labels
        if not is_shown:
            old, self.final = self.final, None  # not the viewer's to keep
            if old is not None and old in self._viewer.layers:
                self._viewer.layers.remove(old)
            self._add_final(image, class_ids)
        self._take_over_final()
        if not is_shown:
            self.choices = replace(self.choices, shown=Shown.FINAL)
            self._show_what_is_chosen()
        self.changed.emit()

    def _add_final(self, image: Image, class_ids: Sequence[int]) -> None:
        assert self._whole is not None
        source, labels = self._whole
        named = self._classes.for_files(class_ids)
        layer = make_final(image, source.layer_part(labels), source.start, self._classes, named)
        cover(layer, self._corrections.of(source))
        self._dress(layer)
        layer.editable = False
        self.final = layer
        insert_above(self._viewer, image, layer)

    def _dress(self, layer: Labels) -> None:
        """Fill the labels, or outline them; lines are seen at any opacity."""
        opacity, is_outline = self.choices.opacity, self.choices.outline
        layer.contour = CONTOUR if is_outline else 0
        layer.opacity = FAINTEST_LINE + (1 - FAINTEST_LINE) * opacity if is_outline else opacity
        if self.aside:
            layer.colormap = class_colormap(self._classes, self.aside)

    def release_final(self) -> None:
        """Leave the final labels to the viewer, and the view to what is live."""
        self.final = self._whole = None
        self._leave_final()
        self._has_left_final = False

    def _leave_old_final(self) -> None:
        """Go on with the live labels, if they are newer; elsewhere, these look like the final."""
        if not self._is_final_current():
            self._has_left_final |= self.choices.shown is Shown.FINAL
            self._leave_final()

    def _leave_final(self) -> None:
        if self.choices.shown is Shown.FINAL:
            has_left = self._has_left_final
            self.choose(shown=Shown.LABELS)
            self._has_left_final = has_left

    def forget_result(self) -> None:
        """Show nothing, for strokes that are too few to make anything of."""
        if self._labels is None or self._values is None:
            return
        self.result = None
        self._remove_outgoing()
        for pyramid, layer in ((self._labels, self.prediction), (self._values, self.map)):
            pyramid.table = np.zeros_like(pyramid.table)
            if layer is not None:
                layer.refresh(extent=False)
        self.changed.emit()

    def choose(self, **changes: object) -> None:
        """Change how the result is shown; see `ViewChoices`."""
        if changes.get("shown") == Shown.PROBABILITY and self._classes.selected:
            changes = {"class_id": self._classes.selected} | changes
        if "shown" in changes:
            self._has_left_final = False
        old, self.choices = self.choices, replace(self.choices, **changes)  # type: ignore[arg-type]
        if self.choices == old:
            return
        for labels in (self.prediction, self.final):
            if labels is not None:
                self._dress(labels)
        if self.map is not None:
            self.map.opacity = self.choices.map_opacity
        asked_before = (old.shown, old.class_id, old.threshold)
        if asked_before != (self.choices.shown, self.choices.class_id, self.choices.threshold):
            self._update()
            self._show_what_is_chosen()
        self.changed.emit()

    def _update(self) -> None:
        """Swap the table of the layer that is chosen."""
        result = self.result
        if result is None or self._labels is None or self._values is None:
            return
        layer: Layer
        if not self.choices.is_map:
            self._labels.table = label_table(result, self.choices)
            layer = self._ensure_prediction()
        else:
            self._values.table = map_table(result, self.choices)
            layer = self._ensure_map()
            layer.name = MAP_NAMES[self.choices.shown]
        layer.refresh(extent=False)

    def _show_what_is_chosen(self) -> None:
        """Let labels and map take turns; whoever hides one by hand finds it hidden."""
        if self.prediction is not None:
            self.prediction.visible = self.choices.shown is Shown.LABELS
        if self.map is not None:
            self.map.visible = self.choices.is_map
        if self.final is not None:
            self.final.visible = self.choices.shown is Shown.FINAL

    # ---------------------------------------------------------------------------------- layers

    def _ensure_prediction(self) -> Labels:
        if self.prediction is None:
            assert self._image is not None
            assert self._prepared is not None
            assert self._labels is not None
            source, opacity = self._prepared.source, self.choices.opacity
            over = self._corrections.of(source)
            of = self._image, self._labels, over, source.start
            layer = make_prediction(*of, self._classes, opacity)
            self._dress(layer)
            layer.editable = False
            if source.box is not None:
                frame(layer)
            self.prediction = layer
            self._add_below_strokes(layer)
        return self.prediction

    def _ensure_map(self) -> Image:
        if self.map is None:
            assert self._image is not None
            assert self._prepared is not None
            assert self._values is not None
            of = self._image, self._values.data, self._prepared.source.start
            is_pyramid = self._values.is_multiscale
            self.map = make_map(*of, multiscale=is_pyramid, name=self.choices.shown)
            self.map.opacity = self.choices.map_opacity
            self._add_below_strokes(self.map)
        return self.map

    def outline_supervoxels(self, on: bool) -> None:
        """Show or hide the outlines of the supervoxels."""
        if on and self.supervoxels is None and self._prepared is not None:
            assert self._image is not None
            source = self._prepared.source
            ids = source.layer_part(self._prepared.ids)
            self.supervoxels = make_supervoxels(self._image, ids, source.start)
            self._add_below_strokes(self.supervoxels)
        elif self.supervoxels is not None:
            self.supervoxels.visible = on
        self.changed.emit()

    def _add_below_strokes(self, layer: Layer) -> None:
        """Put a layer right above the image that results are of."""
        assert self._image is not None
        if layer is not self.supervoxels:
            self._remove_outgoing()  # first: napari numbers layers of the same name
        insert_above(self._viewer, self._image, layer)

    def _show_corrections(self) -> None:
        """Lay the corrections of now over all labels; those that were left keep theirs."""
        prepared, whole, corrections = self._prepared, self._whole, self._corrections
        if corrections.over is None:
            return
        if self.prediction is not None and prepared is not None:
            cover(self.prediction, corrections.of(prepared.source))
        if self.final is not None and whole is not None:
            cover(self.final, corrections.of(whole[0]))

    @property
    def live(self) -> tuple[Source, LookupVolume] | None:
        """The live labels, without corrections, and what they are of; None if there are none."""
        prepared, labels = self._prepared, self._labels
        if prepared is None or labels is None or self.result is None:
            return None
        return prepared.source, labels.fine

    def set_aside(self, class_ids: Iterable[int]) -> None:
        """Don't show some classes for now; one that a person hides and shows again is shown."""
        self.aside = frozenset(class_ids)
        self._recolour()
        self.changed.emit()

    def _recolour(self) -> None:
        hidden = {item.id for item in self._classes if not item.visible}
        self.aside -= hidden
        for layer in (self.prediction, self.final):
            if layer is not None:
                layer.colormap = class_colormap(self._classes, self.aside)


def _plane(part: Box) -> tuple[int, int]:
    """Return axis and place of a slice."""
    across = [axis for axis, piece in enumerate(part) if piece.stop - piece.start == 1]
    return (across[0], part[across[0]].start) if across else FLAT
