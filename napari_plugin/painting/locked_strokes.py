"""The strokes of locked classes, which keep their voxels whatever is painted over them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation import Strokes

from .class_list import ClassList


class LockedStrokes:
    """Where strokes were at the last look, to give locked ones back what they had.

    Parameters
    ----------
    classes : ClassList
    """

    def __init__(self, classes: ClassList) -> None:
        self._classes = classes
        self._seen = Strokes.empty()
        self._kept: tuple[list[int], Strokes] = [], self._seen  # those of these classes, found once

    def look(self, strokes: Strokes) -> None:
        """Remember where strokes are."""
        self._seen = strokes
        self._kept = [], Strokes.empty()

    @property
    def any_seen(self) -> bool:
        """Whether there were strokes at all."""
        return bool(self._seen.voxels.size)

    def restore(self, painted: NDArray[np.uint8]) -> str:
        """Give voxels of locked classes their class back.

        Parameters
        ----------
        painted : uint8, (Z, Y, X) or (Y, X)
            Changed in place.

        Returns
        -------
        str
            What was kept, for a person; empty if nothing was painted over.
        """
        locked = [item.id for item in self._classes if item.locked]
        if not locked:
            return ""
        if self._kept[0] != locked:
            self._kept = locked, self._seen.where(np.isin(self._seen.classes, locked))
        voxels, classes = self._kept[1].voxels, self._kept[1].classes
        data = painted.reshape(-1)
        lost = data[voxels] != classes
        if not lost.any():
            return ""
        data[voxels[lost]] = classes[lost]
        names = {self._classes[int(k)].name for k in np.unique(classes[lost])}
        return f"{', '.join(sorted(names))} locked: {int(lost.sum()):,} voxels kept"
