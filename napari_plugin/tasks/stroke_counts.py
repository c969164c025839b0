"""How many strokes each class has: what is erased cuts strokes to pieces, and makes no new ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class _Known(NamedTuple):
    """What was counted last of a class."""

    strokes: int
    pieces: int
    voxels: int


class StrokeCounts:
    """Follows the strokes of a layer from one look at them to the next.

    Where they are looked at first, each piece counts as a stroke.
    """

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}

    def follow(self, pieces: Mapping[int, int], classes: NDArray[np.integer]) -> dict[int, int]:
        """Return the strokes of each class.

        Parameters
        ----------
        pieces : mapping of int to int
            Connected pieces of each class, as `count_strokes` finds them.
        classes : integers, (P,)
            Class of each painted voxel.
        """
        voxels = np.bincount(classes, minlength=256)
        self._known = {
            class_id: self._next(self._known.get(class_id), n, int(voxels[class_id]))
            for class_id, n in pieces.items()
        }
        return {class_id: known.strokes for class_id, known in self._known.items()}

    def _next(self, before: _Known | None, pieces: int, voxels: int) -> _Known:
        if before is None:
            return _Known(pieces, pieces, voxels)
        grown = pieces - (before.pieces - before.strokes)
        is_painted = voxels > before.voxels and grown >= before.strokes
        return _Known(grown if is_painted else min(pieces, before.strokes), pieces, voxels)
