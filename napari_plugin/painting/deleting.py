"""Classes that are deleted with all that is painted, and come back by undo, as they were."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from supervox.execution import Told
from supervox.napari_plugin.tasks.jobs import BackgroundTask, Report
from supervox.project import Change, ClassChange, Paint, Recorder, VoxelChange, frozen

from .class_list import ClassList
from .stepping import LARGE
from .stroke_layer import Painting

LARGE_VOLUME = 2**24  # voxels that are looked through at once: more take longer than a picture


@dataclass(frozen=True, eq=False)
class PaintedClass:
    """What is painted of a class.

    Attributes
    ----------
    class_id : int
    layer : Labels or None
        Of the strokes.
    recorder : Recorder
        Who writes down what is painted.
    key : int or None
        Of the step before: after another one, this is old.
    is_noticed : bool
        Whether all is written down that anybody painted.
    strokes : int64, (P,)
        Raster indices, ascending.
    corrections : VoxelChange
        That takes them back.
    told : tuple of Told
        What is foreseen of it.
    """

    class_id: int
    layer: Labels | None
    recorder: Recorder
    key: int | None
    is_noticed: bool
    strokes: NDArray[np.int64] = field(repr=False)
    corrections: VoxelChange = field(repr=False)
    told: tuple[Told, Told] = field(repr=False)


class Deleting:
    """Deletes classes, and follows undo and redo of that.

    Parameters
    ----------
    painting : Painting
        Whose strokes are erased, and whose steps of undo deletions are among.
    classes : ClassList

    Attributes
    ----------
    finding : BackgroundTask
        Looks for what is painted of a class, where that takes long.
    """

    def __init__(self, painting: Painting, classes: ClassList) -> None:
        self._painting, self._classes = painting, classes
        self.finding = BackgroundTask()
        self.finding.succeeded.connect(self._remove)
        painting.stepped.connect(self._on_undone)

    def remove(self, class_id: int) -> None:
        """Delete a class with all that is painted of it, unless it is locked."""
        item, painting = self._classes[class_id], self._painting
        if item.locked:
            painting.hint.emit(f"{item.name} is locked: unlock it to delete it")
        elif painting.layer is None or painting.recorder is None:
            self._take_out(class_id, is_painted=False)
        elif not self.finding.is_running:
            find = partial(self._find, class_id, painting.layer, painting.recorder)
            number = painting.corrections.counts[class_id]
            if number > LARGE or painting.planes.size > LARGE_VOLUME:
                self.finding.run(find, f"Deleting {item.name}", shown=True)
            else:
                self._remove(find(None))

    def _find(
        self, class_id: int, layer: Labels | None, recorder: Recorder, report: Report | None
    ) -> PaintedClass:
        """Find what is painted; on any thread."""
        key, corrections = recorder.next_key(back=True), self._painting.corrections
        stop = None if report is None else report.should_stop
        differs = [recorder.look(stop, paint).size for paint in Paint]
        strokes = _voxels_of(class_id, self._painting.planes)
        voxels = corrections.voxels_of(class_id)
        if report is not None:
            report.run.check_stop()
        old = np.full(voxels.size, class_id, np.uint8)
        change = frozen(VoxelChange(voxels, old, np.zeros_like(old), Paint.CORRECTIONS))
        told = corrections.foresee(change)
        noticed = not any(differs)
        return PaintedClass(class_id, layer, recorder, key, noticed, strokes, change, told)

    def _remove(self, found: PaintedClass) -> None:
        """Erase what was found, and delete the class."""
        classes, painting, class_id = self._classes, self._painting, found.class_id
        if found.layer is not painting.layer or class_id not in classes:
            return  # another image, or somebody was quicker
        if painting.is_unseen:
            painting.record_all()  # so that it counts as painted meanwhile
        is_old = found.recorder is not painting.recorder  # the project is in another folder now
        if is_old or found.recorder.next_key(back=True) != found.key:  # or somebody painted
            self.remove(class_id)
            return
        if not found.is_noticed:
            painting.record_all()  # as steps before this one
        painting.correct(found.corrections, found.told)
        if found.strokes.size and painting.layer is not None:
            painting.paint(np.unravel_index(found.strokes, painting.layer.data.shape), 0)
            painting.confirm_now(found.strokes)  # the step before the table's
        is_painted = bool(found.strokes.size or found.corrections.voxels.size)
        self._take_out(class_id, is_painted=is_painted)

    def _take_out(self, class_id: int, *, is_painted: bool) -> None:
        """Take a class out of the table, as the last of the steps."""
        item, place = self._classes[class_id], self._classes.ids.index(class_id)
        self._classes.remove(class_id)
        self._painting.record(ClassChange(item, place, False, is_painted))
        self._painting.hint.emit(f"{item.name} is deleted: Undo brings it back")

    def _on_undone(self, change: Change) -> None:
        if not isinstance(change, ClassChange):
            return
        if change.is_there:
            self._classes.put_back(change.item, change.place)
        elif change.item.id in self._classes:
            self._classes.remove(change.item.id)


def _voxels_of(class_id: int, voxels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return where a class is painted now, as raster indices, ascending."""
    # Plane by plane: a comparison of all at once would need as much memory again.
    found = [
        np.flatnonzero(plane == class_id) + number * plane.size
        for number, plane in enumerate(voxels)
    ]
    return np.concatenate(found)
