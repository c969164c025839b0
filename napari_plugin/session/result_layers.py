"""The layers that show a result: made when they are needed, dressed alike, removed with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from napari.layers import Image, Labels, Layer
from napari.viewer import Viewer
from numpy.typing import NDArray
from supervox.napari_plugin.layers.lookup import LookupPyramid
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
from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.painting.class_list import ClassList
from supervox.napari_plugin.painting.corrections import Corrections

from .view_choices import UNSURE, Shown, ViewChoices

CONTOUR = 2  # pixels of an outline
FAINTEST_LINE = 0.7  # opacity of an outline where labels have none
# What is surer than the brush's "unsure" is dark, or nearly all would be bright.
LIMITS = {Shown.PROBABILITY: (0.0, 1.0), Shown.UNCERTAINTY: (UNSURE, 1.0)}
MAP_NAMES = {Shown.PROBABILITY: "probability", Shown.UNCERTAINTY: "unsure"}


class ResultLayers:
    """Live labels, map, outlines of supervoxels, and final labels; None where there are none.

    Each may be deleted by a person at any time.

    Parameters
    ----------
    viewer : Viewer
    classes : ClassList
    corrections : Corrections
        Lie over all labels.
    choices : ViewChoices
        How the layers look.

    Attributes
    ----------
    prediction : Labels or None
        The live labels.
    map : Image or None
    supervoxels : Labels or None
    final : Labels or None
    aside : frozenset of int
        Classes that labels don't show for now, whatever the class table says.
    """

    def __init__(
        self, viewer: Viewer, classes: ClassList, corrections: Corrections, choices: ViewChoices
    ) -> None:
        self._viewer = viewer
        self._classes, self._corrections = classes, corrections
        self.choices = choices
        self.aside: frozenset[int] = frozenset()
        self._image: Image | None = None
        self._source: Source | None = None
        self._final_source: Source | None = None
        self.prediction: Labels | None = None
        self.map: Image | None = None
        self.supervoxels: Labels | None = None
        self.final: Labels | None = None
        self._outgoing: list[Layer] = []  # of what was prepared before, until there is better
        classes.changed.connect(self._recolour)
        corrections.changed.connect(self._show_corrections)

    # ------------------------------------------------------------------------------ life cycle

    def begin(self, image: Image, source: Source) -> None:
        """Show what is prepared of a source from now on; labels and map stay until there are new.

        Final labels stay.
        """
        outgoing = [*self._outgoing, *(x for x in (self.prediction, self.map) if x is not None)]
        self.prediction = self.map = None
        self._outgoing = []
        self.clear()
        self._outgoing = outgoing
        self._image, self._source = image, source

    def clear(self) -> None:
        """Remove all layers but the final labels."""
        self.remove_outgoing()
        for layer in (self.prediction, self.map, self.supervoxels):
            if layer is not None:
                self._remove(layer)
        self.prediction = self.map = self.supervoxels = None
        self._image = self._source = None

    def remove_outgoing(self) -> None:
        """Remove what is left of what was prepared before."""
        outgoing, self._outgoing = self._outgoing, []
        for layer in outgoing:
            self._remove(layer)

    def _remove(self, layer: Layer) -> None:
        if layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    def forget(self, layer: Layer) -> None:
        """Let go of a layer that a person deleted."""
        if layer is self.prediction:
            self.prediction = None
        elif layer is self.map:
            self.map = None
        elif layer is self.supervoxels:
            self.supervoxels = None
        elif layer is self.final:
            self.release_final()

    def release_final(self) -> None:
        """Leave the final labels to the viewer."""
        self.final = self._final_source = None

    # ---------------------------------------------------------------------------------- layers

    def ensure_prediction(self, pyramid: LookupPyramid) -> Labels:
        """Return the layer of live labels; make it if there is none."""
        if self.prediction is None:
            assert self._image is not None
            assert self._source is not None
            source, opacity = self._source, self.choices.opacity
            over = self._corrections.of(source)
            layer = make_prediction(
                self._image, pyramid, over, source.start, self._classes, opacity
            )
            self._dress(layer)
            layer.editable = False
            layer.visible = self.choices.shown is Shown.LABELS
            if source.box is not None:
                frame(layer)
            self.prediction = layer
            self._add_below_strokes(layer)
        return self.prediction

    def ensure_map(self, pyramid: LookupPyramid) -> Image:
        """Return the layer of probability or doubt, named after it; make it if there is none."""
        if self.map is None:
            assert self._image is not None
            assert self._source is not None
            of = self._image, pyramid.data, self._source.start
            self.map = make_map(*of, multiscale=pyramid.is_multiscale, name=self.choices.shown)
            self.map.opacity = self.choices.map_opacity
            self._add_below_strokes(self.map)
        if self.map.name != MAP_NAMES[self.choices.shown]:
            self.map.name = MAP_NAMES[self.choices.shown]
            self.map.contrast_limits = LIMITS[self.choices.shown]
        return self.map

    def outline_supervoxels(self, ids: NDArray[np.int32] | None, on: bool) -> None:
        """Show or hide the outlines of supervoxels (Z, Y, X), if there are any."""
        if on and self.supervoxels is None and ids is not None:
            assert self._image is not None
            assert self._source is not None
            source = self._source
            self.supervoxels = make_supervoxels(self._image, source.layer_part(ids), source.start)
            self._add_below_strokes(self.supervoxels)
        elif self.supervoxels is not None:
            self.supervoxels.visible = on

    def _add_below_strokes(self, layer: Layer) -> None:
        """Put a layer right above the image that results are of."""
        assert self._image is not None
        if layer is not self.supervoxels:
            self.remove_outgoing()  # first: napari numbers layers of the same name
        insert_above(self._viewer, self._image, layer)

    def add_final(
        self, image: Image, source: Source, labels: NDArray[np.uint8], class_ids: Sequence[int]
    ) -> None:
        """Show final labels (Z, Y, X) of a source, in place of those from before."""
        old, self.final = self.final, None  # not the viewer's to keep
        if old is not None:
            self._remove(old)
        named = self._classes.for_files(class_ids)
        layer = make_final(image, source.layer_part(labels), source.start, self._classes, named)
        cover(layer, self._corrections.of(source))
        self._dress(layer)
        layer.editable = False
        self.final, self._final_source = layer, source
        insert_above(self._viewer, image, layer)

    def take_final(self, layer: Labels, source: Source) -> bool:
        """Take a layer of final labels back that was left to the viewer, if it is still there."""
        if layer not in self._viewer.layers:
            return False
        cover(layer, self._corrections.of(source))
        self._dress(layer)
        self.final, self._final_source = layer, source
        return True

    # ----------------------------------------------------------------------------------- looks

    def wear(self, choices: ViewChoices) -> None:
        """Look as a person wants, but for what is shown: see `show_what_is_chosen`."""
        self.choices = choices
        for labels in (self.prediction, self.final):
            if labels is not None:
                self._dress(labels)
        if self.map is not None:
            self.map.opacity = choices.map_opacity

    def _dress(self, layer: Labels) -> None:
        """Fill the labels, or outline them; lines are seen at any opacity."""
        opacity, is_outline = self.choices.opacity, self.choices.outline
        layer.contour = CONTOUR if is_outline else 0
        layer.opacity = FAINTEST_LINE + (1 - FAINTEST_LINE) * opacity if is_outline else opacity
        if self.aside:
            layer.colormap = class_colormap(self._classes, self.aside)

    def show_what_is_chosen(self) -> None:
        """Let labels and map take turns; whoever hides one by hand finds it hidden."""
        if self.prediction is not None:
            self.prediction.visible = self.choices.shown is Shown.LABELS
        if self.map is not None:
            self.map.visible = self.choices.is_map
        if self.final is not None:
            self.final.visible = self.choices.shown is Shown.FINAL

    def set_aside(self, class_ids: Iterable[int]) -> None:
        """Don't show some classes for now; one that a person hides and shows again is shown."""
        self.aside = frozenset(class_ids)
        self._recolour()

    def _recolour(self) -> None:
        hidden = {item.id for item in self._classes if not item.visible}
        self.aside -= hidden
        for layer in (self.prediction, self.final):
            if layer is not None:
                layer.colormap = class_colormap(self._classes, self.aside)

    def _show_corrections(self) -> None:
        """Lay the corrections of now over all labels; those that were left keep theirs."""
        if self._corrections.over is None:
            return
        pairs = ((self.prediction, self._source), (self.final, self._final_source))
        for layer, source in pairs:
            if layer is not None and source is not None:
                cover(layer, self._corrections.of(source))
