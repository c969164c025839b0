"""The order of the strokes: the step of the history at which each painted voxel got its class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation import Strokes

from .changes import Change, Paint, VoxelChange
from .errors import ProjectError

Name = TypeVar("Name")

KEPT_EVERY = 256  # changes there is a state to go back to; the last two are kept


class _State(NamedTuple):
    """The painted voxels, ascending, and the step of each, after some changes."""

    n_changes: int
    n_steps: int
    voxels: NDArray[np.int64]
    steps: NDArray[np.int32]


_NOTHING = _State(0, 0, np.zeros(0, np.int64), np.zeros(0, np.int32))


class StrokeOrder(Generic[Name]):
    """Keeps the step of every painted voxel while changes are made, and begins again after undo.

    Steps count the changes of the strokes that hold, from 1. What was undone left no trace, so that
    the order after an undo is that from before the change.
    """

    def __init__(self) -> None:
        self._included: list[Name] = []
        self._now = _NOTHING
        self._earlier = [_NOTHING]

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
        self._go_back_to(held)
        last_kept = len(held) // KEPT_EVERY * KEPT_EVERY
        for end in (last_kept - KEPT_EVERY, last_kept, len(held)):
            if end > self._now.n_changes:
                self._go_on(held[self._now.n_changes : end], read)
                if end % KEPT_EVERY == 0:
                    self._earlier = [_NOTHING, *self._earlier[-1:], self._now]

    def _go_back_to(self, held: Sequence[Name]) -> None:
        """Go back to before the first change that doesn't hold any more, or holds elsewhere."""
        pairs = enumerate(zip(self._included, held, strict=False))
        same = next((k for k, (a, b) in pairs if a != b), min(len(self._included), len(held)))
        if same < len(self._included):
            self._earlier = [state for state in self._earlier if state.n_changes <= same]
            self._now = self._earlier[-1]
            del self._included[self._now.n_changes :]

    def _go_on(self, names: Sequence[Name], read: Callable[[Name], Change]) -> None:
        """Take notice of more changes, however many there are at the cost of one."""
        changes, n_steps = [], self._now.n_steps
        for name in names:
            try:
                change = read(name)
            except ProjectError:
                n_steps += 1
                continue
            if isinstance(change, VoxelChange) and change.paint is Paint.STROKES:
                n_steps += 1
                changes.append((n_steps, change))
        self._included += names
        after = self._now._replace(n_changes=len(self._included), n_steps=n_steps)
        self._now = _with_changes(after, changes) if changes else after

    def order(self, strokes: Strokes) -> Strokes:
        """Return strokes with their steps; 0 for voxels that no change tells of."""
        return strokes.with_steps(self._now.voxels, self._now.steps)


def _with_changes(state: _State, changes: Sequence[tuple[int, VoxelChange]]) -> _State:
    """Return a state after changes and their steps."""
    voxels = np.concatenate([change.voxels for _, change in changes])
    is_painted = np.concatenate([change.new > 0 for _, change in changes])
    sizes = [change.voxels.size for _, change in changes]
    steps = np.repeat(np.array([step for step, _ in changes], np.int32), sizes)
    order = np.argsort(voxels, kind="stable")  # of one voxel, the last change comes last
    last = order[np.flatnonzero(np.diff(voxels[order], append=-1))]
    place = np.searchsorted(state.voxels, voxels[last])
    known = place[np.append(state.voxels, -1)[place] == voxels[last]]
    kept_voxels, kept_steps = np.delete(state.voxels, known), np.delete(state.steps, known)
    painted = last[is_painted[last]]
    place = np.searchsorted(kept_voxels, voxels[painted])
    return state._replace(
        voxels=np.insert(kept_voxels, place, voxels[painted]),
        steps=np.insert(kept_steps, place, steps[painted]),
    )
