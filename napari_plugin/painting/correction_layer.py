"""The layer on which labels are corrected by hand: made when it is wanted, never reassigned."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import numpy as np
from napari.layers import Image, Labels
from napari.viewer import Viewer
from numpy.typing import NDArray
from qtpy.QtCore import QTimer
from supervox.execution import Slices
from supervox.napari_plugin.layers.make_layers import class_colormap, make_corrections
from supervox.napari_plugin.layers.outlines import leave_contours_out_in_space
from supervox.project import Paint, VoxelChange

from .finding import painted_box
from .stroke_layer import Painting

CONTOUR = 1  # pixels of the outline of what isn't in hand


class CorrectionLayer:
    """Shows what is corrected by hand, and is painted on.

    While one corrects, it is filled and strokes are outlined; else it is the other way round. While
    objects are looked at, it is outlined, or gone.

    Parameters
    ----------
    viewer : Viewer
    painting : Painting
        Whose corrections these are.
    put_right : callable
        Takes what was painted, has written down what is allowed of it, takes the rest back, and
        tells whether all was allowed.

    Attributes
    ----------
    layer : Labels or None
    """

    def __init__(
        self, viewer: Viewer, painting: Painting, put_right: Callable[[VoxelChange], bool]
    ) -> None:
        self._viewer, self._painting, self._put_right = viewer, painting, put_right
        self.layer: Labels | None = None
        self._is_ours = False  # what is written down now
        self._gives_way = self._is_hidden = False  # to objects; by us
        self._announced: Slices | None = None  # where something is going to be painted
        painting.recording.connect(self._follow_up)
        painting.corrections.changed.connect(self.refresh)
        painting.classes.changed.connect(self._recolour)
        painting.classes.selected_changed.connect(self._on_class_selected)

    def show(self, image: Image) -> Labels:
        """Return the layer, which is made if it isn't there."""
        voxels, strokes = self._painting.corrections.now, self._painting.layer
        assert voxels is not None
        assert strokes is not None
        if self.layer is None:
            layer = make_corrections(image, self._painting.classes, voxels)
            layer.brush_size = strokes.brush_size
            self.layer = layer  # ours already when the viewer tells of it
            self._is_hidden = False
            active = self._viewer.layers.selection.active
            self._viewer.layers.append(layer)
            self._viewer.layers.selection.active = active
            layer.mouse_drag_callbacks.append(self._follow_mouse)
            layer.events.paint.connect(self._on_paint)
            layer.events.selected_label.connect(self._on_label_selected)
            self._viewer.dims.events.ndisplay.connect(self.dress)
            self._on_class_selected(self._painting.classes.selected)
            self._recolour()
            self.dress()
        return self.layer

    def remove(self) -> None:
        """Take the layer away; what is corrected stays."""
        layer = self.layer
        self.let_go()
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)

    def let_go(self) -> None:
        """Be without a layer, as when a person removed it."""
        layer, self.layer = self.layer, None
        if layer is not None:
            layer.mouse_drag_callbacks.remove(self._follow_mouse)
            layer.events.paint.disconnect(self._on_paint)
            layer.events.selected_label.disconnect(self._on_label_selected)
            self._viewer.dims.events.ndisplay.disconnect(self.dress)

    @property
    def is_in_hand(self) -> bool:
        """Whether the mouse paints on it."""
        return self.layer is not None and self._painting.hand.layer is self.layer

    def dress(self, *_: object) -> None:
        """Fill what is in hand, corrections or strokes, and outline the other; not in space."""
        leave_contours_out_in_space()
        is_plane = self._viewer.dims.ndisplay == 2
        if self.layer is not None:
            is_filled = self.is_in_hand and not self._gives_way
            self.layer.contour = CONTOUR * (is_plane and not is_filled)
            is_hidden = self._gives_way and not self.is_in_hand
            if is_hidden != self._is_hidden:  # or a person's own choice stays
                self._is_hidden = is_hidden
                self.layer.visible = not is_hidden
        self._painting.outline(CONTOUR * (is_plane and self.is_in_hand))

    def give_way(self, on: bool) -> None:
        """Leave the picture to objects and their colours: what is corrected isn't in it.

        While one corrects, it is outlined.
        """
        if on != self._gives_way:
            self._gives_way = on
            self.dress()

    def refresh(self) -> None:
        """Show what changed by other means than the mouse."""
        layer, voxels = self.layer, self._painting.corrections.now
        if layer is None or self._is_ours:
            return
        if voxels is None or not np.shares_memory(layer.data, voxels):
            self.remove()  # they are those of another image, or project
        else:
            layer.refresh(extent=False)

    def _recolour(self) -> None:
        """Show classes as they are now; what a lock keeps, the labels show."""
        if self.layer is not None:
            classes = self._painting.classes
            self.layer.colormap = class_colormap(classes, classes.held)

    def _on_class_selected(self, class_id: int) -> None:
        if self.layer is not None and class_id:
            self.layer.selected_label = class_id

    def _on_label_selected(self) -> None:
        """Follow napari's own label spin box and picker."""
        classes = self._painting.classes
        if self.layer is not None and int(self.layer.selected_label) in classes:
            classes.selected = int(self.layer.selected_label)

    # ------------------------------------------------------------------------------- painting

    def _follow_mouse(self, layer: Labels, event: Any) -> Generator[None, None, None]:
        if str(layer.mode) != "pan_zoom":
            self._painting.began.emit()
        yield

    def _on_paint(self, event: Any) -> None:
        """Have written down what was painted, as one step.

        The brush tells when it has painted; polygons, and scripts, before they paint.
        """
        assert self.layer is not None
        box = painted_box(event.value, self.layer.data.shape)
        if not self._note(box):
            self._announced = box
            QTimer.singleShot(0, self._follow_up)

    def _follow_up(self) -> None:
        """Have written down what was told of before it was painted."""
        box, self._announced = self._announced, None
        if box is not None:
            self._note(box)

    def _note(self, box: Slices) -> bool:
        """Have written down what was painted in a part; tell whether anything was."""
        recorder, layer = self._painting.recorder, self.layer
        change = None if recorder is None else recorder.find(box, Paint.CORRECTIONS)
        if change is None or layer is None:
            return False
        self._is_ours = True
        try:
            is_all = self._put_right(change)
        finally:
            self._is_ours = False
        if not is_all:
            layer.refresh(extent=False)
        return True

    def paint(self, indices: tuple[NDArray[np.int64], ...], class_id: int) -> None:
        """Paint voxels, given as indices into the layer."""
        if self.layer is not None and indices[0].size:
            self.layer.data_setitem(indices, class_id)
