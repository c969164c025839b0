"""The order of the strokes: the step of the history at which each painted voxel got its class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation import Strokes

from .changes import Change, VoxelChange
from .errors import ProjectError

Name = TypeVar("Name")


class StrokeOrder(Generic[Name]):
    """Keeps the step of every painted voxel while changes are made, and begins again after undo.

    Steps count the changes of voxels that hold, from 1. What was undone left no trace, so that the
    order after an undo is that from before the change.
    """

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._voxels: NDArray[np.int64] = np.zeros(0, np.int64)  # ascending
        self._steps: NDArray[np.int32] = np.zeros(0, np.int32)
        self._included: list[Name] = []
        self._n_steps = 0

    def follow(self, held: Sequence[Name], read: Callable[[Name], Change]) -> None:
        """Take notice of the changes that hold now.

        Parameters
        ----------
        held : sequence
            All of them, the earliest first, each by what tells it apart.
        read : callable
            Returns the change of a name. One that can't be read any more, which the journal told
            when it was opened, is a step that nothing is known of.
        """
        if self._included != list(held[: len(self._included)]):
            self._begin()
        for name in held[len(self._included) :]:
            self._included.append(name)
            try:
                change = read(name)
            except ProjectError:
                self._n_steps += 1
                continue
            if isinstance(change, VoxelChange):
                self._n_steps += 1
                self._add(change)

    def _add(self, change: VoxelChange) -> None:
        kept = ~np.isin(self._voxels, change.voxels, assume_unique=True)
        new = change.voxels[change.new > 0]
        voxels = np.concatenate([self._voxels[kept], new])
        steps = np.append(self._steps[kept], np.full(new.size, self._n_steps, np.int32))
        order = np.argsort(voxels, kind="stable")
        self._voxels, self._steps = voxels[order], steps[order]

    def order(self, strokes: Strokes) -> Strokes:
        """Return strokes with their steps; 0 for voxels that no change tells of."""
        return strokes.with_steps(self._voxels, self._steps)
