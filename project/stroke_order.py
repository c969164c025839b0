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
        new = []
        for name in held[len(self._included) :]:
            self._included.append(name)
            try:
                change = read(name)
            except ProjectError:
                self._n_steps += 1
                continue
            if isinstance(change, VoxelChange):
                self._n_steps += 1
                new.append((self._n_steps, change))
        if new:
            self._add(new)

    def _add(self, changes: Sequence[tuple[int, VoxelChange]]) -> None:
        """Take notice of changes and their steps, however many there are at the cost of one."""
        voxels = np.concatenate([change.voxels for _, change in changes])
        is_painted = np.concatenate([change.new > 0 for _, change in changes])
        steps = np.repeat(
            np.array([step for step, _ in changes], np.int32),
            [change.voxels.size for _, change in changes],
        )
        order = np.argsort(voxels, kind="stable")  # of one voxel, the last change comes last
        last = order[np.flatnonzero(np.diff(voxels[order], append=-1))]
        self._forget(voxels[last])
        painted = last[is_painted[last]]
        place = np.searchsorted(self._voxels, voxels[painted])
        self._voxels = np.insert(self._voxels, place, voxels[painted])
        self._steps = np.insert(self._steps, place, steps[painted])

    def _forget(self, voxels: NDArray[np.int64]) -> None:
        place = np.searchsorted(self._voxels, voxels)
        known = place[np.append(self._voxels, -1)[place] == voxels]
        self._voxels, self._steps = np.delete(self._voxels, known), np.delete(self._steps, known)

    def order(self, strokes: Strokes) -> Strokes:
        """Return strokes with their steps; 0 for voxels that no change tells of."""
        return strokes.with_steps(self._voxels, self._steps)
