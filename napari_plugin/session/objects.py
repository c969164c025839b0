"""The objects of the final labels: found, shown in the picture, and flown to."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Image, Labels
from numpy.typing import NDArray
from psygnal import Signal
from supervox.napari_plugin.layers.make_layers import (
    address_of,
    insert_above,
    make_instances,
    move_outline,
    outline_mask,
)
from supervox.napari_plugin.painting.hand import MOVE
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.measuring import (
    FinalLabels,
    FoundObjects,
    MeasureOrder,
    Measuring,
    SavingTable,
)

from .objects_state import ObjectsState
from .sight import bring_into_sight
from .view import ResultView
from .working_image import WorkingImage

AXES = ("plane", "row", "column")
COLOUR = "#f0e442"  # of the outline, as of frames
CLICK_PIXELS = 3  # a mouse that moved further was not a click


class Objects:
    """Finds objects, keeps them until others are found, and shows them.

    Parameters
    ----------
    volume : WorkingImage
    painting : Painting
    view : ResultView
    final : callable
        Returns the final labels, or None.

    Attributes
    ----------
    measuring, saving : Measuring, SavingTable
    found : FoundObjects or None
        Those that were found last.
    layer : Labels or None
        Shows them.
    chosen : int
        The one that is outlined; 0 for none.
    """

    picked = Signal(int)  # by a click in the picture

    def __init__(
        self,
        volume: WorkingImage,
        painting: Painting,
        view: ResultView,
        final: Callable[[], FinalLabels | None],
    ) -> None:
        self._volume, self._painting, self._view, self._final = volume, painting, view, final
        self._viewer, self._classes = volume.viewer, painting.classes
        self.measuring, self.saving = Measuring(), SavingTable()
        self.found: FoundObjects | None = None
        self.saved: Path | None = None
        self.layer: Labels | None = None
        self.chosen = 0
        self._mark: Labels | None = None
        self._tool = ""  # that was in hand before objects were shown
        self.measuring.succeeded.connect(self._keep)
        self.saving.succeeded.connect(self._on_saved)

    def forget(self) -> None:
        """Let go of everything that belongs to the image."""
        self.measuring.cancel()
        self.saving.cancel()
        self._release()
        self.found = None

    def _release(self) -> None:
        """Take the layers away."""
        self.show(False)
        self.unmark()
        layer, self.layer, self.saved = self.layer, None, None
        if layer is not None:
            self._viewer.mouse_drag_callbacks.remove(self._on_drag)
            self._viewer.dims.events.ndisplay.disconnect(self._fill_in_space)
            if layer in self._viewer.layers:
                self._viewer.layers.remove(layer)

    # --------------------------------------------------------------------------------- finding

    def find(self, class_id: int = 0) -> None:
        """Find and measure the objects of a class; 0 for those of all classes."""
        final, image = self._final(), self._volume.image
        if final is None or image is None or not final.is_current:
            return
        names = {item.id: item.name for item in self._classes}
        source = final.source
        further = self._volume.channel_layers() if source.channels else []
        channels = (image.name, *(layer.name for layer in further)) if further else ("image",)
        place = (0.0, 0.0, 0.0, *(float(value) for value in image.translate))[-3:]
        z, y, x = (o + s * d for o, s, d in zip(place, source.start, source.spacing, strict=True))
        self.measuring.start(MeasureOrder(final, class_id, names, channels, (z, y, x)))

    def _keep(self, found: FoundObjects) -> None:
        """Show what was found in place of what there was."""
        image = self._volume.image
        was_shown = self.is_shown
        self._release()
        self.found = found
        if image is None or not found.number:
            return
        source = found.order.of.source
        self.layer = make_instances(image, source.layer_part(found.ids), source.start)
        self.layer.features = {
            "index": found.table["id"],
            **{column.title: column.values for column in found.table.columns},
        }
        insert_above(self._viewer, self._view.final or image, self.layer)
        self._viewer.mouse_drag_callbacks.append(self._on_drag)
        self._viewer.dims.events.ndisplay.connect(self._fill_in_space)
        self.show(was_shown)

    @property
    def is_old(self) -> bool:
        """Whether what was found is of other labels than the final ones of now."""
        final, found = self._final(), self.found
        if found is None:
            return False
        return final is None or not final.is_like(found.order.of) or not final.is_current

    @property
    def is_shown(self) -> bool:
        """Whether the layer of the objects is visible."""
        layer = self.layer
        return layer is not None and layer in self._viewer.layers and bool(layer.visible)

    # --------------------------------------------------------------------------------- showing

    def show(self, on: bool) -> None:
        """Show the objects in place of the final labels; a click on one then chooses it."""
        layer, hand = self.layer, self._painting.hand
        if layer is None or layer not in self._viewer.layers or on == layer.visible:
            return
        layer.visible = on
        if self._view.final is not None:
            self._view.final.visible = not on
        if on:
            self._tool = hand.tool
            hand.take(MOVE)
        else:
            self.unmark()
            if hand.tool == MOVE and self._tool:
                hand.take(self._tool)
        self.measuring.changed.emit()

    def _on_drag(self, _: object, event: Any) -> Generator[None, None, None]:
        """Choose the object that is clicked on, where objects are shown and nothing is painted."""
        pressed = np.array(event.pos, float)
        yield
        while event.type == "mouse_move":
            yield
        is_click = np.abs(np.array(event.pos, float) - pressed).max() <= CLICK_PIXELS
        if not (is_click and self.is_shown and self._painting.hand.tool == MOVE):
            return
        assert self.layer is not None
        value = self.layer.get_value(
            event.position,
            view_direction=event.view_direction,
            dims_displayed=list(event.dims_displayed),
            world=True,
        )
        if value:
            self.go_to(int(value))
            self.picked.emit(int(value))

    def go_to(self, number: int) -> None:
        """Fly to an object, and outline it; the view moves only where it is out of sight.

        Parameters
        ----------
        number : int
            Of the object, from 1.
        """
        image, found, layer = self._volume.image, self.found, self.layer
        if image is None or found is None or layer is None or image not in self._viewer.layers:
            return
        first, mask = _voxels_of(found, number)
        start = [k + s for k, s in zip(first, found.order.of.source.start, strict=True)]
        if image.ndim == 3:
            # across the planes that are seen, the one that has most of it
            axis = self._volume.axis_across()
            in_plane = np.count_nonzero(mask, axis=tuple({0, 1, 2} - {axis}))
            at = int(np.argmax(in_plane))
            self._volume.show_plane(axis, start[axis] + at)
            seen = np.take(mask, [at], axis)
            start_seen = [k + at * (n == axis) for n, k in enumerate(start)]
        else:
            seen, start_seen = mask, start
        middle, radius = _middle(seen, start_seen)
        strokes = self._painting.layer
        self._outline(image, mask[0] if image.ndim == 2 else mask, start[-image.ndim :])
        self.chosen = number
        if strokes is not None:
            bring_into_sight(self._viewer, image, strokes, middle, radius)

    def _outline(self, image: Image, mask: NDArray[np.bool_], start: list[int]) -> None:
        if self._mark is not None and self._mark in self._viewer.layers:
            move_outline(self._mark, image, mask, start)
        else:
            self._mark = outline_mask(image, mask, start, "object", COLOUR)
            self._fill_in_space()
            insert_above(self._viewer, self._viewer.layers[-1], self._mark)

    def _fill_in_space(self, *_: object) -> None:
        """In space the object is filled: napari has no outlines there, and would warn."""
        if self._mark is not None:
            self._mark.contour = int(self._viewer.dims.ndisplay == 2)

    def unmark(self) -> None:
        """Take the outline away."""
        mark, self._mark, self.chosen = self._mark, None, 0
        if mark is not None and mark in self._viewer.layers:
            self._viewer.layers.remove(mark)

    # ---------------------------------------------------------------------------------- saving

    def start_path(self, folder: Path | None) -> Path:
        """Return where a dialog for the table begins: beside the volume."""
        image = self._volume.image
        name = "objects" if image is None else f"{image.name.partition('.')[0]}-objects"
        return (folder or self._volume.folder) / f"{name}.csv"

    def save(self, path: Path) -> None:
        """Write the table, and beside it what it was made from."""
        image, found = self._volume.image, self.found
        if found is not None and image is not None and found.number:
            about = found.about(address_of(image) or image.name)
            self.saving.start(path, found.table, about)

    def _on_saved(self, path: Path) -> None:
        self.saved = path

    def state(self, is_finishing: bool, progress: Any) -> ObjectsState:
        """Return what the step shows.

        Parameters
        ----------
        is_finishing : bool
            Whether final labels are being computed.
        progress : WorkProgress or None
            Of finding and measuring.
        """
        final, found, classes = self._final(), self.found, self._classes
        asked_for = 0 if found is None else found.order.class_id
        return ObjectsState(
            has_image=self._volume.image is not None,
            has_final=final is not None,
            is_finishing=is_finishing,
            is_final_current=final is not None and final.is_current,
            classes=()
            if final is None
            else tuple((item.name, item.id) for item in classes if item.id in final.class_ids),
            progress=progress,
            number=None if found is None else found.number,
            of_classes=() if found is None else found.class_names,
            asked_for=found.order.names.get(asked_for, "") if found and asked_for else "",
            is_old=self.is_old,
            is_shown=self.is_shown,
            saved=self.saved,
        )


def _voxels_of(found: FoundObjects, number: int) -> tuple[list[int], NDArray[np.bool_]]:
    """Return the first voxel of the box around an object, and which of the box are of it."""
    row, table = number - 1, found.table
    first = [int(table[f"first_{axis}"][row]) for axis in AXES]
    last = [int(table[f"last_{axis}"][row]) for axis in AXES]
    box = tuple(slice(a, b + 1) for a, b in zip(first, last, strict=True))
    mask: NDArray[np.bool_] = found.ids[box] == number
    return first, mask


def _middle(mask: NDArray[np.bool_], start: list[int]) -> tuple[list[int], float]:
    """Return the middle of the box around some voxels, and its largest half edge."""
    middle, radius = [], 0.0
    for axis in range(3):
        there = np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis})))
        middle.append(start[axis] + int(there[0] + there[-1]) // 2)
        radius = max(radius, (there[-1] - there[0] + 1) / 2)
    return middle, float(radius)
