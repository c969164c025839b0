"""From painted voxels to labelled supervoxels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import (
    Block,
    Run,
    Slices,
    VolumeLike,
    Workers,
    read_block,
    split_blocks,
)

from .checks import SegmentationError, check_annotations, check_classes

MAX_CLASS = np.iinfo(np.uint16).max
MAX_STEP = np.iinfo(np.int32).max
# Voxels that may have a step and no stroke any more: as a part of all, and of those that have one.
MOST_ERASED, MOST_ERASED_OF_STROKES = 0.01, 10
FEW_STEPS = 2**20  # of which a list may be kept, whichever there are
# Slabs of whole planes are contiguous in memory: a scan is one pass over it.
SCAN_VOXELS = 2**23


@dataclass(frozen=True, eq=False)
class Strokes:
    """The painted voxels of a volume, in raster order.

    Attributes
    ----------
    voxels : int64, (P,)
        Raster indices of the painted voxels.
    classes : uint16, (P,)
        Class id of each.
    steps : int32, (P,)
        Step of the history at which each got its class: what is later has a higher number, and
        what was painted together the same. Zeros, as by default, where no order is known.
    """

    voxels: NDArray[np.int64]
    classes: NDArray[np.uint16]
    steps: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))

    def __post_init__(self) -> None:
        if not self.steps.size:
            object.__setattr__(self, "steps", np.zeros(self.voxels.size, np.int32))

    @classmethod
    def empty(cls) -> Strokes:
        """Return strokes of which no voxel is painted."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.uint16))

    @cached_property
    def sizes(self) -> dict[int, int]:
        """How many voxels are painted of each class, by class id, ascending."""
        counts = np.bincount(self.classes)
        return {k: int(counts[k]) for k in np.flatnonzero(counts).tolist()}

    @property
    def class_ids(self) -> tuple[int, ...]:
        """The class ids that were painted, ascending."""
        return tuple(self.sizes)

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Strokes)
            and np.array_equal(self.voxels, other.voxels)
            and np.array_equal(self.classes, other.classes)
            and np.array_equal(self.steps, other.steps)
        )

    __hash__ = None  # type: ignore[assignment]

    def where(self, chosen: NDArray[np.bool_]) -> Strokes:
        """Return the painted voxels that a mask (P,) chooses."""
        return Strokes(self.voxels[chosen], self.classes[chosen], self.steps[chosen])

    def with_steps(self, voxels: NDArray[np.int64], steps: NDArray[Any]) -> Strokes:
        """Return the strokes with the steps of some voxels, ascending; 0 for all others."""
        if np.array_equal(voxels, self.voxels):
            return replace(self, steps=steps.astype(np.int32))
        place = np.searchsorted(voxels, self.voxels)
        known = np.append(voxels, -1)[place] == self.voxels
        found = np.where(known, np.append(steps, 0)[place], 0)
        return replace(self, steps=found.astype(np.int32))

    def in_turn(self) -> Strokes:
        """Return the strokes with steps that count from 1 without gaps; zeros if none is known.

        What was erased, and other numbers in files, leave gaps; only the order is to count. Voxels
        without a step come first.
        """
        most = int(self.steps.max(initial=0))
        if most > max(FEW_STEPS, self.steps.size):  # times, say
            _, turn = np.unique(self.steps, return_inverse=True)
            return replace(self, steps=(turn + 1).astype(np.int32))
        is_there = np.bincount(self.steps, minlength=1) > 0
        turns = np.cumsum(is_there, dtype=np.int32) - np.int32(most == 0)
        is_so = np.array_equal(turns, np.arange(most + 1))
        return self if is_so else replace(self, steps=turns[self.steps].astype(np.int32))

    def crop(self, shape: Sequence[int], box: Slices | None) -> Strokes:
        """Return the strokes in a part of the volume, in raster indices of that part.

        Parameters
        ----------
        shape : sequence of 3 int
            Voxels of the volume.
        box : tuple of 3 slice or None
            The part; None for the whole volume.
        """
        if box is None:
            return self
        places = np.unravel_index(self.voxels, tuple(shape))
        inside = np.ones(self.voxels.size, np.bool_)
        for place, part in zip(places, box, strict=True):
            inside &= (place >= part.start) & (place < part.stop)
        moved = [place[inside] - part.start for place, part in zip(places, box, strict=True)]
        sizes = tuple(part.stop - part.start for part in box)
        voxels = np.ravel_multi_index(moved, sizes).astype(np.int64)
        return Strokes(voxels, self.classes[inside], self.steps[inside])


@dataclass(frozen=True, eq=False)
class LabelledSupervoxels:
    """The supervoxels of one partition that strokes touch.

    Attributes
    ----------
    supervoxels : int32, (L,)
        Ascending.
    classes : uint16, (L,)
        Class id of each.
    """

    supervoxels: NDArray[np.int32]
    classes: NDArray[np.uint16]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, LabelledSupervoxels)
            and np.array_equal(self.supervoxels, other.supervoxels)
            and np.array_equal(self.classes, other.classes)
        )

    __hash__ = None  # type: ignore[assignment]

    def where(self, chosen: NDArray[np.bool_]) -> LabelledSupervoxels:
        """Return those of them that a mask (L,) chooses."""
        return LabelledSupervoxels(self.supervoxels[chosen], self.classes[chosen])


def find_strokes(annotations: VolumeLike, *, workers: Workers = None) -> Strokes:
    """Scan an annotation volume for painted voxels.

    Parameters
    ----------
    annotations : array-like of integers, (Z, Y, X)
        0 = unlabelled.
    workers : int or Run, optional
        Threads, one per processor by default; or a `Run`, which is asked whether to stop between
        slabs.

    Raises
    ------
    SegmentationError
        If a class id is negative or above 65535.
    """
    voxels, values = _scan(annotations, Run.of(workers))
    if values.size and (values.min() < 0 or values.max() > MAX_CLASS):
        wrong = int(values.min()) if values.min() < 0 else int(values.max())
        raise SegmentationError(
            f"the annotations hold the class id {wrong}; ids go from 1 to {MAX_CLASS}"
        )
    return Strokes(voxels, values.astype(np.uint16))


def _scan(volume: VolumeLike, run: Run) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Return the raster indices of the voxels that are not 0, and their values."""
    rows, columns = volume.shape[1:]
    planes = max(1, SCAN_VOXELS // (rows * columns))

    def scan(block: Block) -> tuple[NDArray[np.int64], NDArray[Any]]:
        values = read_block(volume, block.core).ravel()
        found, classes = _painted(values)
        return found + block.core[0].start * rows * columns, classes

    found = run.blocks(scan, split_blocks(volume.shape, (planes, rows, columns)))
    voxels, values = zip(*found, strict=True)
    return np.concatenate(voxels), np.concatenate(values)


def with_order(strokes: Strokes, order: VolumeLike, *, workers: Workers = None) -> Strokes:
    """Return strokes with the steps that a volume beside them says.

    Parameters
    ----------
    strokes : Strokes
    order : array-like of integers, (Z, Y, X)
        Step at which each voxel was painted; 0 where that is not known, or nothing is painted.
    workers : int or Run, optional
        As for `find_strokes`.

    Raises
    ------
    SegmentationError
        If it is no order of these strokes.
    """
    voxels, steps = _scan(order, Run.of(workers))
    if steps.size and (steps.min() < 0 or steps.max() > MAX_STEP):
        wrong = int(steps.min()) if steps.min() < 0 else int(steps.max())
        raise SegmentationError(f"holds the step {wrong}; steps go from 1 to {MAX_STEP}")
    ordered = strokes.with_steps(voxels, steps)
    met = int(np.count_nonzero(ordered.steps))
    if voxels.size and not met:
        raise SegmentationError(
            "the order is that of other strokes: no voxel that is painted has a step in it"
        )
    most = MOST_ERASED * math.prod(order.shape), MOST_ERASED_OF_STROKES * strokes.voxels.size
    if voxels.size - met > max(most):
        raise SegmentationError(
            f"is no order of these strokes: {voxels.size:,} voxels have a step, and only {met:,} "
            "of them are painted"
        )
    return ordered


def steps_in(strokes: Strokes, shape: Sequence[int], planes: slice) -> NDArray[np.uint32]:
    """Return the steps of the voxels in some planes, (planes, Y, X), as `with_order` reads them."""
    first, last, _ = planes.indices(shape[0])
    size = shape[1] * shape[2]
    steps = np.zeros((last - first) * size, np.uint32)
    start, end = np.searchsorted(strokes.voxels, [first * size, last * size])
    steps[strokes.voxels[start:end] - first * size] = strokes.steps[start:end]
    return steps.reshape(last - first, shape[1], shape[2])


def usable_strokes(
    annotations: VolumeLike | Strokes,
    shape: Sequence[int],
    *,
    run: Run = Run(),
) -> Strokes:
    """Return the painted voxels of a volume if they tell classes apart.

    Parameters
    ----------
    annotations : integers, (Z, Y, X) or (Y, X), or Strokes
    shape : sequence of 3 int
        Of the volume.
    run : Run
        Of the scan.

    Raises
    ------
    SegmentationError
        If the annotations do not fit the volume, or hold fewer than two classes.
    """
    if isinstance(annotations, Strokes):
        strokes = annotations
    else:
        annotations = check_annotations(annotations, shape)
        strokes = find_strokes(annotations, workers=run)
    check_classes(strokes.class_ids)
    return strokes


def _painted(values: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Find the painted voxels and their classes; eight bytes at a time: nearly all are empty.

    Somebody may be painting meanwhile: every decision is made on a copy of what was read once.
    """
    whole = values.nbytes // 8 * 8 // values.itemsize
    words = np.flatnonzero(values[:whole].view(np.uint64) != 0)
    per_word = 8 // values.itemsize
    near = (words[:, np.newaxis] * per_word + np.arange(per_word)).ravel()
    candidates = np.concatenate([near, np.arange(whole, values.size)])
    classes = values[candidates]
    is_painted = classes != 0
    return candidates[is_painted], classes[is_painted]


def label_supervoxels(ids: NDArray[np.int32], strokes: Strokes) -> LabelledSupervoxels:
    """Give every supervoxel that a stroke touches the class that most of its painted voxels have.

    Parameters
    ----------
    ids : int32, (Z, Y, X)
        Supervoxels.
    strokes : Strokes

    Returns
    -------
    LabelledSupervoxels
        Ties go to the lowest class id.
    """
    supervoxels, classes = majority(ids.reshape(-1)[strokes.voxels], strokes.classes)
    return LabelledSupervoxels(supervoxels.astype(np.int32), classes.astype(np.uint16))


def majority(
    owners: NDArray[Any], votes: NDArray[Any], counts: NDArray[Any] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each owner once, ascending, with its most frequent vote (ties: the lowest).

    Parameters
    ----------
    owners, votes : integers, (P,)
        Not negative.
    counts : integers, (P,), optional
        How often each stands for itself; once by default.
    """
    base = int(votes.max()) + 1 if votes.size else 1
    key, place = np.unique(owners.astype(np.int64) * base + votes, return_inverse=True)
    count = np.bincount(place, counts, key.size)
    owner, vote = key // base, key % base
    order = np.lexsort((vote, -count, owner))
    best = order[np.flatnonzero(np.diff(owner[order], prepend=-1))]
    return owner[best], vote[best]
