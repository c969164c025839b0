"""Classes that are deleted with their strokes, and come back by undo, as they were."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from supervox.project import Change, ClassChange, Paint, VoxelChange

from .class_list import ClassList
from .stroke_layer import Painting


class Deleting:
    """Deletes classes, and follows undo and redo of that.

    Parameters
    ----------
    painting : Painting
        Whose strokes are erased, and whose steps of undo deletions are among.
    classes : ClassList
    """

    def __init__(self, painting: Painting, classes: ClassList) -> None:
        self._painting, self._classes = painting, classes
        painting.stepped.connect(self._on_undone)

    def remove(self, class_id: int) -> bool:
        """Delete a class with its strokes, unless it is locked; tell whether it was."""
        classes, painting = self._classes, self._painting
        item, place = classes[class_id], classes.ids.index(class_id)
        if item.locked:
            painting.hint.emit(f"{item.name} is locked: unlock it to delete it")
            return False
        is_painted = False
        if painting.layer is not None:
            painting.record_all()  # what no look has seen yet is a step before this one
            of_class = _voxels_of(class_id, painting.planes)
            voxels = painting.corrections.voxels_of(class_id)
            is_painted = bool(of_class.size or voxels.size)
            old = np.full(voxels.size, class_id, np.uint8)
            painting.correct(VoxelChange(voxels, old, np.zeros_like(old), Paint.CORRECTIONS))
            painting.paint(np.unravel_index(of_class, painting.layer.data.shape), 0)
            painting.confirm_now(of_class)  # the step before the table's
        classes.remove(class_id)
        painting.record(ClassChange(item, place, False, is_painted))
        return True

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
