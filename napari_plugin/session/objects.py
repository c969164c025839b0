"""The objects of the final labels: found, shown in the picture, and flown to."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Labels
from psygnal import Signal
from supervox.napari_plugin.io.file_names import stem_of
from supervox.napari_plugin.layers.make_layers import (
    address_of,
    insert_above,
    make_instances,
)
from supervox.napari_plugin.painting.hand import CUT, MERGE, MOVE, SPLIT
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.jobs import BackgroundTask
from supervox.napari_plugin.tasks.measuring import (
    FinalLabels,
    FoundObjects,
    MeasureOrder,
    Measuring,
    SavingTable,
)
from supervox.objects import ObjectSteps, Voxel
from supervox.volumes import Address

from .object_marks import ObjectMarks, measure_scale
from .object_voxels import voxels_of
from .objects_state import MeasureScale
from .sight import bring_into_sight, fly_to
from .view import ResultView
from .working_image import WorkingImage

MARGIN = 10.0  # voxels around a place that is looked at
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
    keeping, reading : BackgroundTask
        Write them into a project, and read them.
    found : FoundObjects or None
        Those that were found last.
    layer : Labels or None
        Shows them.
    selection : tuple of int
        Those that are chosen, and outlined.
    steps : callable
        Returns what the project says of its objects.
    colour_by : str
        Measure that the objects are coloured by; each has a colour of its own without one.
    """

    picked = Signal(tuple)  # all that are chosen, by a click in the picture
    replaced = Signal()  # other objects, or other measures
    forgotten = Signal()

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
        self.keeping, self.reading = BackgroundTask(), BackgroundTask()
        self.found: FoundObjects | None = None
        self.saved: Path | None = None
        self.layer: Labels | None = None
        self.selection: tuple[int, ...] = ()
        self.steps: Callable[[], ObjectSteps] = ObjectSteps
        self.colour_by = ""
        self._marks = ObjectMarks(self._viewer)
        self._tool = ""  # that was in hand before objects were shown
        self.measuring.succeeded.connect(self._keep)
        self.saving.succeeded.connect(self._on_saved)
        self._classes.changed.connect(self._follow_names)

    def forget(self) -> None:
        """Let go of everything that belongs to the image."""
        for stage in self.stages:
            stage.cancel()
        self._release()
        self.found = None
        self.forgotten.emit()

    @property
    def stages(self) -> tuple[BackgroundTask, ...]:
        """The long work."""
        return self.measuring, self.saving, self.keeping, self.reading

    def _release(self) -> None:
        """Take the layers away."""
        self.show(False)
        self.unmark()
        layer, self.layer, self.saved = self.layer, None, None
        if layer is not None:
            self._viewer.mouse_drag_callbacks.remove(self._on_drag)
            if layer in self._viewer.layers:
                self._viewer.layers.remove(layer)

    @property
    def final(self) -> FinalLabels | None:
        """What objects are found in."""
        return self._final()

    # --------------------------------------------------------------------------------- finding

    def find(self, class_id: int = 0) -> None:
        """Find and measure the objects of a class; 0 for those of all classes."""
        order = self.order(class_id)
        if order is not None:
            self.measuring.start(order)

    def order(self, class_id: int) -> MeasureOrder | None:
        """Return what is found and measured now; None where there are no labels of now."""
        final, image = self._final(), self._volume.image
        if final is None or image is None or not final.is_current:
            return None
        names = {item.id: item.name for item in self._classes}
        source = final.source
        further = self._volume.channel_layers() if source.channels else []
        channels = (image.name, *(layer.name for layer in further)) if further else ("image",)
        place = (0.0, 0.0, 0.0, *(float(value) for value in image.translate))[-3:]
        z, y, x = (o + s * d for o, s, d in zip(place, source.start, source.spacing, strict=True))
        address = address_of(image)
        folder = None if address is None else Address.parse(address).path.parent
        return MeasureOrder(final, class_id, names, channels, (z, y, x), self.steps(), folder)

    def _keep(self, found: FoundObjects) -> None:
        """Show what was found in place of what there was."""
        image = self._volume.image
        was_shown = self.is_shown
        self._release()
        self.found = found
        if image is None or found.is_empty:
            return
        source = found.order.of.source
        self.layer = make_instances(image, source.layer_part(found.ids), source.start)
        insert_above(self._viewer, self._view.final or image, self.layer)
        self._viewer.mouse_drag_callbacks.append(self._on_drag)
        self._describe()
        self.show(was_shown)
        self._follow_names()  # of classes that were renamed meanwhile

    def replace(self, found: FoundObjects) -> None:
        """Take the same objects after an edit or other rules; numbers in the picture follow."""
        self.found = found
        if self.layer is not None:
            self._describe()
            self.layer.refresh(extent=False)
        there = set(found.table["id"].tolist())
        self.select(tuple(number for number in self.selection if number in there))
        self.measuring.changed.emit()

    def _describe(self) -> None:
        """Give the layer the measures, for other plugins, and its colours."""
        found, layer = self.found, self.layer
        assert found is not None and layer is not None  # noqa: PT018
        layer.features = {
            "index": found.table["id"],
            **{column.title: column.values for column in found.table.columns},
        }
        self._colour()
        self.replaced.emit()

    def colour(self, measure: str) -> None:
        """Colour objects by a measure; each in a colour of its own if there is none."""
        self.colour_by = measure
        self._colour()
        self.measuring.changed.emit()

    @property
    def scale(self) -> MeasureScale | None:
        """What the colours in the picture mean; None where they are of no measure."""
        if self.found is None or not self.is_shown or len(self.selection) > 1:
            return None
        return measure_scale(self.found.table, self.colour_by)

    def _colour(self) -> None:
        if self.layer is not None and self.found is not None:
            self._marks.colour(self.layer, self.found, self.colour_by, self.selection)

    @property
    def is_old(self) -> bool:
        """Whether what was found is of other labels than the final ones of now."""
        final, found = self._final(), self.found
        if found is None:
            return False
        if self._are_renamed(found):
            return True
        return final is None or not final.is_like(found.order.of) or not final.is_current

    def _are_renamed(self, found: FoundObjects) -> bool:
        """Tell whether classes that have objects have other names than when these were found."""
        names, there = {item.id: item.name for item in self._classes}, found.order.names
        shown = {*found.class_ids, *found.order.steps.asked.distance_to}
        return any(names.get(k, there.get(k)) != there.get(k) for k in shown)

    def _follow_names(self) -> None:
        """Have the table say the names of now, which its columns are called by as well."""
        if self.found is not None and self._are_renamed(self.found):
            self.find(self.found.order.class_id)

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
            if hand.tool in (MOVE, CUT, MERGE, SPLIT) and self._tool:
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
        if not value or self.found is None or self.found.row_of(int(value)) is None:
            return
        if {"Control", "Shift"}.isdisjoint(event.modifiers):
            self.select((int(value),))  # the plane stays: it is seen there
        else:
            others = tuple(number for number in self.selection if number != value)
            is_new = len(others) == len(self.selection)
            self.select((*others, int(value)) if is_new else others)
        self.picked.emit(self.selection)

    def go_to(self, number: int) -> None:
        """Fly to an object, and outline it: to the plane that has most of it.

        Within the plane the view moves only where the object is out of sight.

        Parameters
        ----------
        number : int
            Of the object, from 1.
        """
        image, found, layer = self._volume.image, self.found, self.layer
        if image is None or found is None or layer is None or image not in self._viewer.layers:
            return
        if found.row_of(number) is None:
            return
        first, mask = voxels_of(found, [number])
        start = [k + s for k, s in zip(first, found.order.of.source.start, strict=True)]
        strokes = self._painting.layer
        if strokes is not None:
            fly_to(self._volume, strokes, mask, start)
        self.select((number,))

    def look_at(self, voxel: Voxel) -> None:
        """Bring a voxel of the whole image into sight."""
        image, strokes = self._volume.image, self._painting.layer
        if image is None or strokes is None:
            return
        axis = self._volume.axis_across()
        self._volume.show_plane(axis, voxel[axis])
        bring_into_sight(self._viewer, image, strokes, voxel, MARGIN)

    def select(self, numbers: tuple[int, ...]) -> None:
        """Choose objects, and outline them; the view stays where it is."""
        image, found = self._volume.image, self.found
        was_several, self.selection = len(self.selection) > 1, numbers
        if image is None or found is None or self.layer is None:
            return
        self._marks.outline(image, found, numbers)
        if was_several or len(numbers) > 1:
            self._colour()
        self.measuring.changed.emit()

    def unmark(self) -> None:
        """Take the outline away."""
        self.select(())

    # ---------------------------------------------------------------------------------- saving

    def start_path(self, folder: Path | None) -> Path:
        """Return where a dialog for the table begins: beside the volume."""
        image = self._volume.image
        name = "objects" if image is None else f"{stem_of(image.name)}-objects"
        return (folder or self._volume.folder) / f"{name}.csv"

    def save(self, path: Path) -> None:
        """Write the table, and beside it what it was made from."""
        image, found = self._volume.image, self.found
        if found is not None and image is not None and found.number:
            about = found.about(address_of(image) or image.name)
            self.saving.start(path, found.table, about)

    def _on_saved(self, path: Path) -> None:
        self.saved = path
