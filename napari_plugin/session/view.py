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
from supervox.napari_plugin.layers.source import Box, Source
from supervox.napari_plugin.painting.class_list import ClassList
from supervox.napari_plugin.painting.corrections import Corrections
from supervox.napari_plugin.tasks.in_full import SliceInFull
from supervox.napari_plugin.tasks.live import LiveResult, ViewResult
from supervox.napari_plugin.tasks.measuring import FinalLabels
from supervox.napari_plugin.tasks.preparing import Prepared

from .result_layers import ResultLayers
from .view_choices import Shown, ViewChoices, label_table, map_table


class ResultView:
    """What the layers of a result show: live labels, final ones, probability or doubt.

    Each layer may be deleted by a person at any time; the live labels come back with the next
    result.

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
    result : LiveResult or None
        What is shown live.
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
        self._is_final_current = is_final_current
        self._classes = classes
        self._layers = ResultLayers(viewer, classes, corrections, choices)
        self._prepared: Prepared | None = None
        self._labels: LookupPyramid | None = None
        self._values: LookupPyramid | None = None
        self.result: LiveResult | None = None
        self._whole: tuple[Source, NDArray[np.uint8]] | None = None  # what is shown as final
        self._has_left_final = False  # because strokes changed

    @property
    def choices(self) -> ViewChoices:
        """How a person wants to see the result; `choose` changes it."""
        return self._layers.choices

    @property
    def prediction(self) -> Labels | None:
        """The layer of live labels."""
        return self._layers.prediction

    @property
    def map(self) -> Image | None:
        """The layer of probability or doubt."""
        return self._layers.map

    @property
    def supervoxels(self) -> Labels | None:
        """The layer of their outlines."""
        return self._layers.supervoxels

    @property
    def final(self) -> Labels | None:
        """The layer of final labels."""
        return self._layers.final

    @property
    def aside(self) -> frozenset[int]:
        """Classes that labels don't show for now, whatever the class table says."""
        return self._layers.aside

    # ------------------------------------------------------------------------------ life cycle

    def start(self, image: Image, prepared: Prepared) -> None:
        """Show results of what was prepared from now on; the old one stays until the first."""
        outlined = self.supervoxels is not None and self.supervoxels.visible
        self._layers.begin(image, prepared.source)
        self._prepared, self.result = prepared, None
        ids = prepared.source.layer_part(prepared.ids)
        nothing = np.zeros(prepared.n_supervoxels, np.uint8)
        self._labels = LookupPyramid(ids, prepared.coarse, nothing)
        self._values = LookupPyramid(ids, prepared.coarse, nothing.astype(np.float32))
        if outlined:
            self.outline_supervoxels(True)
        if prepared.source.box is not None:
            # Empty as yet: its frame says where strokes count.
            self._layers.ensure_prediction(self._labels)

    def clear(self) -> None:
        """Remove all layers but the final labels."""
        self._layers.clear()
        self._prepared = self._labels = self._values = self.result = None

    def forget_layer(self, layer: Layer) -> None:
        """Let go of a layer that a person deleted."""
        is_final = layer is self.final
        self._layers.forget(layer)
        if is_final:
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
        self._layers.ensure_prediction(self._labels).refresh(extent=False)

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
            self._layers.add_final(image, source, labels, class_ids)
        self._take_over_final()
        if not is_shown:
            self._layers.choices = replace(self.choices, shown=Shown.FINAL)
            self._layers.show_what_is_chosen()
        self.changed.emit()

    def take_up(
        self, image: Image, final: FinalLabels | None, layer: Labels | None, choices: ViewChoices
    ) -> None:
        """Show what a dock before showed, in the way in which it did.

        Parameters
        ----------
        image : Image
        final : FinalLabels or None
        layer : Labels or None
            That shows them; another is made where it is gone.
        choices : ViewChoices
        """
        self._layers.wear(choices)
        if final is not None:
            self._whole = final.source, final.labels
            if layer is None or not self._layers.take_final(layer, final.source):
                self._layers.add_final(image, *self._whole, final.class_ids)
        self._layers.show_what_is_chosen()
        self.changed.emit()

    def release_final(self) -> None:
        """Leave the final labels to the viewer, and the view to what is live."""
        self._layers.release_final()
        self._whole = None
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
        self._layers.remove_outgoing()
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
        old, new = self.choices, replace(self.choices, **changes)  # type: ignore[arg-type]
        if new == old:
            return
        self._layers.wear(new)
        asked_before = (old.shown, old.class_id, old.threshold)
        if asked_before != (new.shown, new.class_id, new.threshold):
            self._update()
            self._layers.show_what_is_chosen()
        self.changed.emit()

    def _update(self) -> None:
        """Swap the table of the layer that is chosen."""
        result = self.result
        if result is None or self._labels is None or self._values is None:
            return
        layer: Layer
        if not self.choices.is_map:
            self._labels.table = label_table(result, self.choices)
            layer = self._layers.ensure_prediction(self._labels)
        else:
            self._values.table = map_table(result, self.choices)
            layer = self._layers.ensure_map(self._values)
        layer.refresh(extent=False)

    def outline_supervoxels(self, on: bool) -> None:
        """Show or hide the outlines of the supervoxels."""
        ids = None if self._prepared is None else self._prepared.ids
        self._layers.outline_supervoxels(ids, on)
        self.changed.emit()

    @property
    def live(self) -> tuple[Source, LookupVolume] | None:
        """The live labels, without corrections, and what they are of; None if there are none."""
        prepared, labels = self._prepared, self._labels
        if prepared is None or labels is None or self.result is None:
            return None
        return prepared.source, labels.fine

    def set_aside(self, class_ids: Iterable[int]) -> None:
        """Don't show some classes for now; one that a person hides and shows again is shown."""
        self._layers.set_aside(class_ids)
        self.changed.emit()


def _plane(part: Box) -> tuple[int, int]:
    """Return axis and place of a slice."""
    across = [axis for axis, piece in enumerate(part) if piece.stop - piece.start == 1]
    return (across[0], part[across[0]].start) if across else FLAT
