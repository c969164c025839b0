"""The history of the strokes: from which moments the labels follow, and what was known then.

A classifier that is trained anew after each stroke swings: the strokes that correct it are few, and
lie where it is wrong. So the labels follow from the last moments of the history together. At each
moment some of the trees are grown, as many as there is news, and those of earlier moments stay as
they were, until later ones take their place.

Everything here depends on the strokes and their order alone: whoever has these has the same labels,
however often they were looked at in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from itertools import chain, pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation.graph.partition import Partition
from supervox.segmentation.refinement.cross_validation import number_strokes

from .strokes import LabelledSupervoxels, Strokes, majority
from .touched import count_touched, find_filling

# Share of the trees that a stroke renews at least: so that labels follow from up to 16 moments. Of
# fewer, each counts so much that one bad deal shows; more would be slow to follow a person.
LEAST_RENEWED = 1 / 16
# The history begins where every class has strokes enough for one to be left out; or, where one has
# a single stroke for long, with so many a class in the mean. What was learned before follows from
# so little that it would only do harm later.
ENOUGH_OF_EACH, ENOUGH_IN_MEAN = 2, 4


@dataclass(frozen=True, eq=False)
class Moment:
    """What was painted up to some step of the history.

    Attributes
    ----------
    step : int
        Counted from 1, of the steps that left something; 0 where no order is known.
    painted : tuple of LabelledSupervoxels
        In each partition.
    newest : tuple of int32, (R,)
        Those of them that the strokes of this step touch.
    is_first : bool
        Whether too few strokes were there before.
    n_trees : int
        Trees that are grown from it and have not been replaced.
    """

    step: int
    painted: tuple[LabelledSupervoxels, ...]
    newest: tuple[NDArray[np.int32], ...]
    is_first: bool
    n_trees: int

    @cached_property
    def keys(self) -> tuple[bytes, bytes]:
        """Digests of all that was known, in the first partition and in all of them.

        That of the first knows of all classes: one may live on in other partitions only.
        """
        classes = np.unique(np.concatenate([at.classes for at in self.painted])).tolist()
        digest = blake2b(repr((self.step, self.is_first, classes)).encode(), digest_size=16)
        found = []
        for at, newest in zip(self.painted, self.newest, strict=True):
            for array in (at.supervoxels, at.classes, newest):
                digest.update(array.tobytes())
                digest.update(b"|")
            found.append(digest.digest())
        return found[0], found[-1]


def find_moments(partitions: Sequence[Partition], strokes: Strokes, n_trees: int) -> list[Moment]:
    """Return the last moments of the history, the earliest first, with their parts of the trees.

    A moment renews as large a part of the trees as its strokes are of all strokes, and at least
    `LEAST_RENEWED`; the first moment at which all classes had enough strokes has the rest. Until
    then there is the last moment only.

    Parameters
    ----------
    partitions : sequence of Partition
    strokes : Strokes
    n_trees : int
        Of the whole forest.
    """
    found: list[Moment] = []
    left = n_trees
    strokes = strokes.in_turn()  # steps are seeds: the order is to count, not its numbers
    fills = find_filling(partitions[0], strokes)
    states = zip(*(_states(partition, strokes, fills) for partition in partitions), strict=True)
    for state, earlier in pairwise(chain(states, [None])):
        assert state is not None
        is_first = (
            earlier is None
            or _classes_of(earlier) != _classes_of(state)
            or not _has_begun(earlier[0])
        )
        part = left if is_first else min(left, ceil(n_trees * _news(state[0])))
        painted, newest = (tuple(at.painted for at in state), tuple(at.newest for at in state))
        found.append(Moment(state[0].step, painted, newest, is_first, part))
        left -= part
        if not left:
            break
    return found[::-1]


@dataclass(frozen=True, eq=False)
class _State:
    """What was painted in one partition up to a step, and by it."""

    partition: Partition
    step: int
    painted: LabelledSupervoxels
    newest: NDArray[np.int32]
    n_steps: NDArray[np.int64]  # at which each of the painted classes was painted

    @cached_property
    def number(self) -> NDArray[np.int32]:
        """Number of the stroke of each labelled supervoxel."""
        return number_strokes(self.partition.adjacency, self.painted)


def _states(partition: Partition, strokes: Strokes, fills: NDArray[np.bool_]) -> Iterator[_State]:
    """Yield what was painted up to each step, the last step first."""
    # strokes touch few supervoxels: what is counted once is little, at whichever step
    rows, count = count_touched(partition, strokes, fills)
    owner, vote, at = rows
    n_steps = int(at.max(initial=0)) + 1
    painting = vote * n_steps + at  # one number for each class and step
    for step in np.unique(at)[::-1]:
        until = at <= step
        supervoxels, classes = majority(owner[until], vote[until], count[until])
        painted = LabelledSupervoxels(supervoxels.astype(np.int32), classes.astype(np.uint16))
        n_steps_of = np.bincount(np.unique(painting[until]) // n_steps)[np.unique(painted.classes)]
        newest = np.unique(owner[at == step]).astype(np.int32)
        yield _State(partition, int(step), painted, newest, n_steps_of)


def _classes_of(state: Sequence[_State]) -> set[int]:
    return {int(value) for at in state for value in np.unique(at.painted.classes)}


def _has_begun(state: _State) -> bool:
    """Tell whether there are strokes enough to remember what follows from them."""
    _, first = np.unique(state.number, return_index=True)
    _, apart = np.unique(state.painted.classes[first], return_counts=True)
    strokes = np.maximum(apart, state.n_steps)  # those that touch are one, if painted at once
    enough = strokes.min() >= ENOUGH_OF_EACH or strokes.mean() >= ENOUGH_IN_MEAN
    return bool(enough)


def _news(state: _State) -> float:
    """Return which part of the trees is renewed: as large as that of its strokes of all."""
    touched = state.number[np.searchsorted(state.painted.supervoxels, state.newest)]
    return max(LEAST_RENEWED, np.unique(touched).size / (int(state.number.max()) + 1))
