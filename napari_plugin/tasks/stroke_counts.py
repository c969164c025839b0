"""How many strokes each class has: what is erased cuts strokes to pieces, and makes no new ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class _Known(NamedTuple):
    """What was counted last of a class."""

    strokes: int
    pieces: int
    voxels: int


class StrokeCounts:
    """Follows the strokes of a layer from one look at them to the next.

    Where they are looked at first, each piece counts as a stroke, unless somebody remembers how
    many these pieces were.
    """

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}
        self._remembered: dict[int, _Known] = {}

    def to_json(self) -> dict[str, list[int]]:
        """Return what there is to remember."""
        return {str(class_id): list(known) for class_id, known in self._known.items()}

    def remember(self, found: object) -> None:
        """Take over what `to_json` gave another day, where it is of the same pieces and voxels.

        Raises
        ------
        TypeError, ValueError
            If it can't be that.
        """
        if not isinstance(found, Mapping):
            raise TypeError("counts of strokes are of classes")
        self._remembered = {int(k): _Known(*map(int, known)) for k, known in found.items()}

    def follow(self, pieces: Mapping[int, int], voxels: Mapping[int, int]) -> dict[int, int]:
        """Return the strokes of each class.

        Parameters
        ----------
        pieces : mapping of int to int
            Connected pieces of each class, as `count_strokes` finds them.
        voxels : mapping of int to int
            Painted voxels of each of them.
        """
        self._known = {
            class_id: self._next(class_id, n, voxels[class_id]) for class_id, n in pieces.items()
        }
        return {class_id: known.strokes for class_id, known in self._known.items()}

    def _next(self, class_id: int, pieces: int, voxels: int) -> _Known:
        before = self._known.get(class_id)
        if before is None:
            remembered = self._remembered.pop(class_id, _Known(0, 0, 0))
            is_same = remembered[1:] == (pieces, voxels) and 0 < remembered.strokes <= pieces
            return remembered if is_same else _Known(pieces, pieces, voxels)
        grown = pieces - (before.pieces - before.strokes)
        is_painted = voxels > before.voxels and grown >= before.strokes
        return _Known(grown if is_painted else min(pieces, before.strokes), pieces, voxels)
