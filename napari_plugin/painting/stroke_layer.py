"""The layer that a person paints on: made or adopted, coloured, protected, never reassigned."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Any

import numpy as np
from napari.layers import Image, Labels
from napari.viewer import Viewer
from numpy.typing import NDArray
from psygnal import Signal
from qtpy.QtCore import QTimer
from supervox.execution import Slices
from supervox.napari_plugin.io.layer_fields import classes_of_layer
from supervox.napari_plugin.layers.make_layers import class_colormap, make_annotations, record_of
from supervox.project import MAX_ID, Change, Paint, Recorder, VoxelChange
from supervox.segmentation import Strokes

from .class_list import ClassList
from .corrections import KEPT
from .finding import find_strokes_of, lies_in, painted_box, painted_slice
from .hand import Hand
from .locked_strokes import LockedStrokes
from .recording import Recording
from .undoing import Undoing


class Painting(Recording):
    """Strokes of one image, in a Labels layer of napari's own.

    Parameters
    ----------
    viewer : Viewer
    classes : ClassList

    Attributes
    ----------
    hand : Hand
        Which tool the mouse has, and what keeps it from painting.
    stepping : BackgroundTask
        Reads a large step that is undone or redone.
    within : callable or None
        Tells which voxels of a stroke may be painted; None for all.
    """

    began = Signal()  # a stroke with the mouse
    stepped = Signal(object)  # a Change that is none of voxels, by undo or redo

    def __init__(self, viewer: Viewer, classes: ClassList) -> None:
        super().__init__()
        self._viewer = viewer
        self.classes = classes
        self.layer: Labels | None = None
        self.within: Callable[[VoxelChange], NDArray[np.bool_]] | None = None
        self.hand = Hand(viewer, classes)
        self._is_ours = self._is_restoring = False  # what is painted, or shown, now
        self._undoing = Undoing(self, classes, self._show_step)
        self.stepping = self._undoing.reading
        self.is_blank = True  # the layer, when it was attached
        self.is_touched = False  # painted on since, by a person
        self._locked = LockedStrokes(classes)
        self._shown: object = None  # place in the volume at the last refresh
        self._is_painted = False  # since strokes were looked for
        classes.changed.connect(self._on_classes_changed)
        classes.selected_changed.connect(self._on_class_selected)

    # ------------------------------------------------------------------------------ the layer

    @property
    def voxels(self) -> NDArray[np.uint8] | None:
        """What is painted, of the image's shape; None if there is no layer."""
        return None if self.layer is None else self.layer.data

    @property
    def planes(self) -> NDArray[np.uint8]:
        """What is painted, as (Z, Y, X), the same in memory."""
        assert self.layer is not None
        data: NDArray[np.uint8] = self.layer.data
        return data if data.ndim == 3 else data[np.newaxis]

    def attach(self, image: Image, *, brush_size: int) -> Labels:
        """Paint on an image from now on: on the strokes that it has, or on a new layer."""
        layer = find_strokes_of(image, self._viewer.layers)
        self.is_blank = layer is None
        self.is_touched = False
        if layer is None:
            layer = make_annotations(image, self.classes)
            self.layer = layer  # ours already when the viewer tells of it
            self._viewer.add_layer(layer)
        else:
            self.layer = layer
            self._take_classes(layer)
        layer.brush_size = brush_size
        kept = record_of(layer).pop(KEPT, None)  # of a dock that was closed
        self.recorder = Recorder(self.planes, corrections=kept)
        self._locked.look(Strokes.empty())
        self._is_painted = False
        layer.mouse_drag_callbacks.append(self._follow_mouse)
        self.hand.take_up(layer)
        layer.events.paint.connect(self._on_paint)
        layer.events.set_data.connect(self._on_set_data)
        layer.events.selected_label.connect(self._on_label_selected)
        self._on_classes_changed()
        self._on_class_selected(self.classes.selected)
        return layer

    def adopt(self, image: Image, layer: Labels) -> bool:
        """Go on with strokes that were opened after the image; only while nothing is painted."""
        mine = self.layer
        is_painted = self._is_painted or self._locked.any_seen
        if layer is mine or is_painted or find_strokes_of(image, [layer]) is None:
            return False
        self.detach()
        if mine is not None and mine in self._viewer.layers:
            self._viewer.layers.remove(mine)
        if mine is not None:
            layer.brush_size = mine.brush_size
        self.attach(image, brush_size=int(layer.brush_size))
        return True

    def detach(self) -> None:
        """Let go of the layer; it stays in the viewer with all strokes."""
        self.record_all()
        self.outline(0)
        layer, self.layer = self.layer, None
        self.recorder = None
        self.corrections.put_down(layer)
        self.is_unseen = False
        self._undoing.stop()
        self.hand.put_down()
        if layer is not None:
            layer.mouse_drag_callbacks.remove(self._follow_mouse)
            layer.events.paint.disconnect(self._on_paint)
            layer.events.set_data.disconnect(self._on_set_data)
            layer.events.selected_label.disconnect(self._on_label_selected)

    def _take_classes(self, layer: Labels) -> None:
        found = classes_of_layer({"metadata": layer.metadata})
        if found:
            self.classes.adopt(found)

    def _on_classes_changed(self) -> None:
        if self.layer is not None:
            colours = class_colormap(self.classes)
            self._show(partial(setattr, self.layer, "colormap", colours))
            ours = record_of(self.layer)
            ours["classes"] = [item.as_json() for item in self.classes.for_files()]

    def _on_class_selected(self, class_id: int) -> None:
        if self.layer is not None and class_id:
            self.layer.selected_label = class_id

    def _on_label_selected(self) -> None:
        """Follow napari's own label spin box and picker."""
        assert self.layer is not None
        label = int(self.layer.selected_label)
        if label in self.classes:
            self.classes.selected = label
        elif 1 <= label <= MAX_ID:
            self.classes.ensure([label])
            self.classes.selected = label

    def add_classes_of(self, strokes: Strokes) -> None:
        """Have a row for each class of strokes that were looked for on a thread.

        A class that was deleted meanwhile has none that is still there, and stays deleted.
        """
        now = self.planes.reshape(-1)
        for class_id in strokes.class_ids:
            if class_id not in self.classes:
                voxels = strokes.voxels[strokes.classes == class_id]
                if (now[voxels] == class_id).any():
                    self.classes.ensure([class_id])

    def protect(self, strokes: Strokes, *, is_all: bool) -> None:
        """Remember where strokes are, to keep those of locked classes from being painted over.

        Scripts tell of a change before they make it: what they painted over is restored now.

        Parameters
        ----------
        strokes : Strokes
        is_all : bool
            Whether nothing was painted since the scan that found them began.
        """
        if self._restore_locked():
            self.changed.emit()
        else:
            self._locked.look(strokes)
            self._is_painted = self._is_painted and not is_all

    def _on_paint(self, event: Any) -> None:
        self._is_painted = self.is_touched = True
        self.recording.emit()
        assert self.layer is not None
        box = painted_box(event.value, self.layer.data.shape)
        is_limited = not self._is_ours and self.within is not None
        if is_limited and not self._keep_within(box):  # a polygon tells before it paints
            QTimer.singleShot(0, partial(self._keep_within, box))
        self._restore_locked()
        part = None if self._is_ours else painted_slice(self.layer, self._viewer.dims)
        if part is None or not lies_in(box, part):  # scripts paint anywhere
            self.is_unseen = True
        elif self.recorder is not None:
            with self.telling():
                self.recorder.notice(part)
        self.changed.emit()

    def _keep_within(self, box: Slices) -> bool:
        """Take back what was painted where the brush may not paint, if anything was painted."""
        change = None if self.recorder is None else self.recorder.find(box)
        if change is not None and self.within is not None:
            outside = ~self.within(change)
            if outside.any():
                self.planes.reshape(-1)[change.voxels[outside]] = change.old[outside]
                self._refresh()
        return change is not None

    def _follow_mouse(self, layer: Labels, event: Any) -> Generator[None, None, None]:
        """Know when a stroke is half painted."""
        self.is_held = True
        if str(layer.mode) != "pan_zoom":
            self.began.emit()
        yield
        while event.type == "mouse_move":
            yield
        self.is_held = False

    def confirm(self, voxels: NDArray[np.int64], *, is_all: bool) -> None:
        """Have what a scan found written down; not in the middle of a stroke, which scans again.

        Parameters
        ----------
        voxels : int64, (P,)
        is_all : bool
            Whether nothing was painted since the scan began.
        """
        if self.recorder is None or self.is_held:
            return
        self.is_unseen = self.is_unseen and not is_all
        self.confirm_now(voxels)
        self._undoing.go_on()

    def undo(self) -> None:
        """Take the last change of the strokes back, however long ago it was made."""
        self._undoing.step(back=True)

    def redo(self) -> None:
        """Make the change again that was taken back last."""
        self._undoing.step(back=False)

    def _show_step(self, change: Change) -> None:
        """Show what was undone or redone."""
        if isinstance(change, VoxelChange):
            self._refresh()
            self.changed.emit()
        else:
            self.stepped.emit(change)

    def _on_set_data(self) -> None:
        """Notice undo, redo and scripts, which come without a paint event.

        Scrolling comes this way too, but with another place in the volume.
        """
        dims = self._viewer.dims
        shown = (dims.point, dims.order, dims.ndisplay)
        moved, self._shown = shown != self._shown, shown
        if not (moved or self._is_restoring):
            self.is_unseen = True
            self._restore_locked()
            self.changed.emit()

    def _restore_locked(self) -> bool:
        """Give voxels of locked classes their class back, whatever was painted over them."""
        kept = "" if self.layer is None else self._locked.restore(self.layer.data)
        if kept:
            self._refresh()
            self.hint.emit(kept)
        return bool(kept)

    def paint(self, indices: tuple[NDArray[np.int64], ...], class_id: int) -> None:
        """Paint voxels as one step that can be undone."""
        assert self.layer is not None
        if indices[0].size:
            self._is_ours = True
            try:
                self.layer.data_setitem(indices, class_id)
            finally:
                self._is_ours = False

    def make(self, change: VoxelChange) -> None:
        """Paint what a change says, as one step; its voxels are as it says they were."""
        assert self.layer is not None
        change.apply({Paint.STROKES: self.planes})
        self._is_painted = self.is_touched = True
        if self.recorder is None:
            self.is_unseen = True
        else:
            with self.telling():
                self.recorder.record(change)
        self._refresh()
        self.changed.emit()

    def outline(self, width: int) -> None:
        """Draw strokes as outlines, some pixels wide; fill them for 0."""
        if self.layer is not None and self.layer.contour != width:
            self._show(partial(setattr, self.layer, "contour", width))

    def _refresh(self) -> None:
        assert self.layer is not None
        self._show(partial(self.layer.refresh, extent=False))

    def _show(self, change: Callable[[], object]) -> None:
        """Change what is seen of the strokes, by us: nobody painted."""
        self._is_restoring = True
        try:
            change()
        finally:
            self._is_restoring = False
