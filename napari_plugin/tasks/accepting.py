"""Corrections of many voxels, found on a thread: what labels a class has, or what it was given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Told
from supervox.napari_plugin.layers.corrected import Corrected
from supervox.project import By, Paint, VoxelChange, frozen

from .jobs import Report, Task

MOST_VOXELS = 2 * 10**7  # in one step: each takes some 20 bytes until it is written down
SLAB_VOXELS = 2**24

Foresee = Callable[[VoxelChange], tuple[Told, Told]]


@dataclass(frozen=True, eq=False)
class FoundChange:
    """A change of corrections that is ready to be made.

    Attributes
    ----------
    change : VoxelChange
    told : tuple of Told or None
        What is foreseen of it.
    state : int
        Of the corrections when it was found.
    kept : int
        Voxels that stay as they are, and `why`.
    why : str
    """

    change: VoxelChange = field(repr=False)
    told: tuple[Told, Told] | None = field(repr=False)
    state: int
    kept: int = 0
    why: str = ""

    def holds(self, now: NDArray[np.uint8] | None, state: int) -> bool:
        """Tell whether voxels are corrected as they were when the change was found.

        Parameters
        ----------
        now : uint8, as many axes as labels have
            The corrections; None if there are none any more.
        state : int
            Of these.
        """
        change = self.change
        if now is None or not change.fits(now.shape):
            return False
        is_same = state == self.state  # which takes no time to tell
        return is_same or np.array_equal(now.reshape(-1)[change.voxels], change.old)


Find = Callable[[NDArray[np.int64], NDArray[np.uint8]], FoundChange]  # of voxels, and classes


@dataclass(frozen=True, eq=False)
class OfClass:
    """A change of corrections, of one class or all.

    Attributes
    ----------
    class_id : int
        0 for all.
    number : int
        Voxels that would change.
    found : FoundChange or None
        None if there are more than `MOST_VOXELS`.
    """

    class_id: int
    number: int
    found: FoundChange | None


def voxels_of_class(
    class_id: int,
    start: tuple[int, int, int],
    labels: Corrected,
    corrections: NDArray[np.uint8],
    foresee: Foresee,
    state: int,
    by: By,
) -> Task:
    """Return the task that finds the voxels of a class, to make corrections of their labels.

    Parameters
    ----------
    class_id : int
    start : tuple of 3 int
        First voxel of the part that the labels are of.
    labels : array-like, uint8, (Z, Y, X)
    corrections : uint8
        Of the whole image.
    foresee : callable
        Finds out what a change means.
    state : int
        Of the corrections.
    by : By
        Who makes it.
    """

    def find(report: Report) -> OfClass:
        found, number = [], 0
        planes = max(1, SLAB_VOXELS // int(np.prod(labels.shape[1:])))
        inside = tuple(slice(k, k + n) for k, n in zip(start, labels.shape, strict=True))
        by_hand = corrections[inside]
        for first in range(0, labels.shape[0], planes):
            report.run.check_stop()
            part = slice(first, first + planes)
            seen = labels.as_seen((part, slice(None), slice(None)))
            is_of = (seen == class_id) & (by_hand[part] != class_id)
            number += int(np.count_nonzero(is_of))
            if number <= MOST_VOXELS:
                z, y, x = np.nonzero(is_of)
                places = z + first + start[0], y + start[1], x + start[2]
                found.append(np.ravel_multi_index(places, corrections.shape))
            report.progress(min(first + planes, labels.shape[0]), labels.shape[0])
        if number > MOST_VOXELS:
            return OfClass(class_id, number, None)
        voxels = np.concatenate(found)
        old = corrections.reshape(-1)[voxels]
        new = np.full(voxels.size, class_id, np.uint8)
        change = frozen(VoxelChange(voxels, old, new, Paint.CORRECTIONS, by))
        return OfClass(class_id, number, FoundChange(change, foresee(change), state))

    return find
