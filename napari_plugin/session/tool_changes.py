"""Corrections of labels that tools make: found on any thread, and made at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.accepting import FoundChange
from supervox.project import By, Paint, VoxelChange, frozen

from .brush_mask import count_voxels
from .shown_labels import ShownLabels


class ToolChanges:
    """Corrects voxels as one step of undo, but for those of locked classes.

    What millions of voxels mean takes seconds to find, and is found on a thread by whoever has
    their list: that is `find`. To `make` it takes a moment.

    Parameters
    ----------
    painting : Painting
        Whose corrections and undo these are.
    shown : ShownLabels
        Tells which voxels are of which class.
    """

    hint = Signal(str)

    def __init__(self, painting: Painting, shown: ShownLabels) -> None:
        self._painting, self._shown = painting, shown
        self._corrections = painting.corrections

    def can(self, what: str) -> bool:
        """Tell whether corrections can be made; say why not."""
        if self._corrections.now is None or self._painting.hand.is_read_only:
            has_none = self._corrections.now is None
            why = "there is no image" if has_none else "the project is read-only"
            self.hint.emit(f"Not {what}: {why}")
            return False
        return True

    def free(self, change: VoxelChange) -> tuple[NDArray[np.bool_], str]:
        """Tell which voxels may change, and why the others may not."""
        locked = [item for item in self._painting.classes if item.locked]
        if not locked:
            return np.ones(change.voxels.size, bool), ""
        before, after = (self._shown.of(change.voxels, k) for k in (change.old, change.new))
        is_locked = np.zeros(256, bool)
        is_locked[[item.id for item in locked]] = True
        kept = is_locked[before] | is_locked[after]
        names = ", ".join(item.name for item in locked)
        return ~kept, f"{names} locked" if kept.any() else ""

    def find(
        self, voxels: NDArray[np.int64], classes: NDArray[np.uint8], by: By = By.TOOL
    ) -> FoundChange:
        """Find what a correction means; on any thread, while there is an image.

        Parameters
        ----------
        voxels : int64, (P,)
            Raster indices in the whole image, ascending.
        classes : uint8, (P,)
            Class of each; 0 takes a correction back.
        by : By
            Whether a person painted them: what tools correct is no slice to fill between.
        """
        now, state = self._corrections.now, self._corrections.state
        assert now is not None
        old = now.reshape(-1)[voxels]
        change = VoxelChange(voxels, old, classes, Paint.CORRECTIONS, by)
        change = part_of(change, old != classes)
        free, why = self.free(change)
        change = frozen(part_of(change, free))
        told = self._corrections.foresee(change)
        return FoundChange(change, told, state, int((~free).sum()), why)

    def make(self, found: FoundChange, what: str) -> int:
        """Correct what was found, unless it was changed meanwhile; return how many voxels.

        Parameters
        ----------
        found : FoundChange
        what : str
            Words for a person, like "smoothed mitochondria".
        """
        change = found.change
        if not self.can(what):
            return 0
        if not found.holds(self._corrections.now, self._corrections.state):
            self.hint.emit("Corrections were changed meanwhile: nothing else is")
            return 0
        self._painting.correct(change, found.told)
        words = f"{what[:1].upper()}{what[1:]}: {count_voxels(change.voxels.size)} changed"
        kept = f"; {count_voxels(found.kept)} kept, {found.why}" if found.kept else ""
        self.hint.emit(f"{words}{kept}")
        return change.voxels.size


def part_of(change: VoxelChange, chosen: NDArray[np.bool_]) -> VoxelChange:
    """Return what a change changes of some voxels."""
    if chosen.all():
        return change
    voxels, old, new = change.voxels[chosen], change.old[chosen], change.new[chosen]
    return replace(change, voxels=voxels, old=old, new=new)
