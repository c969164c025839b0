"""Labels put right by rule: specks, holes, rough surfaces, thin bridges; block by block."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import (
    Block,
    Run,
    Slices,
    VolumeLike,
    Workers,
    Workspace,
    default_block_shape,
    split_blocks,
)

from ._fill import faces_around, take_nearest
from ._pairs import PAIR_BASE
from .checks import Spacing, checked_labels, checked_spacing, read_ids, slab_shape
from .clean_steps import AMOUNTS, CleanStep
from .errors import ObjectsError
from .instances import Instances, find_objects
from .outside import Outside, PlaneByPlane
from .relations import check_classes_there
from .reshaping import CHANGES, SLACK, reach_of, rows_within, voxels_within
from .sums import ObjectSums, sum_objects

Labels = NDArray[Any]
_BLOCK_VOXELS = 128**3
CLEANED_BYTES = 12  # of each voxel: labels of two bytes four times, numbers of objects
AROUND = 2.0  # edges of a cube of its volume that a speck may be long to be seen on a slice at once


@dataclass(frozen=True, eq=False)
class Cleaned:
    """What cleaning led to.

    Attributes
    ----------
    labels : integers of the labels' type, (Z, Y, X)
        Voxels that a class loses become what is around them: the nearest label, or for whole
        objects the one that they share most surface with.
    objects : int
        Specks and other objects that were given away, or holes that were filled.
    left : int
        Voxels that would have changed, but for locked labels in them or around them.
    """

    labels: Labels = field(repr=False)
    objects: int = 0
    left: int = 0


def clean(
    labels: VolumeLike,
    step: CleanStep,
    *,
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    locked: Sequence[int] = (),
    block_shape: Sequence[int] | None = None,
    workspace: Workspace | None = None,
    workers: Workers = None,
) -> Cleaned:
    """Clean labels; classes are cleaned by ascending id.

    Parameters
    ----------
    labels : array-like of integers, (Z, Y, X) or (Y, X)
    step : CleanStep
    spacing : sequence of 3 float
        Voxel size.
    locked : sequence of int
        Labels of which no voxel changes, neither away from them nor to them; 0 may be one.
    block_shape : sequence of 3 int, optional
        Voxels that are worked on at a time; the result doesn't depend on it.
    workspace : Workspace, optional
        Where the result lies, and all that is as large as the labels; in memory by default.
    workers : int or Run, optional
        Threads, one per processor by default; or a `Run`, which also shows progress and stops.

    Returns
    -------
    Cleaned

    Raises
    ------
    ObjectsError
        If a class isn't there, or is locked, or a length is longer than the volume.
    Cancelled
        If the run is to stop.
    """
    _check_length(step, checked_spacing(spacing), labels.shape)
    size, run, room = checked_spacing(spacing), Run.of(workers), workspace or Workspace()
    cut = np.zeros((3, 2), bool)
    return _clean(labels, step, size, locked, block_shape, room, run, cut)


def _clean(
    labels: VolumeLike,
    step: CleanStep,
    size: Spacing,
    locked: Sequence[int],
    block_shape: Sequence[int] | None,
    room: Workspace,
    run: Run,
    cut: NDArray[np.bool_],
) -> Cleaned:
    """Clean labels that may be cut out of others; `cut` as for `_Cleaning`."""
    labels, run = checked_labels(labels), room.releasing(run)
    out: Labels = room.empty(labels.shape, np.dtype(labels.dtype).newbyteorder("="))
    there: set[int] = set()

    def copy(block: Block) -> set[int]:
        values = read_ids(labels, block.core)
        out[block.core] = values
        return set(np.unique(values).tolist())

    for found in run.silent().blocks(copy, split_blocks(out.shape, slab_shape(out.shape))):
        there |= found
    check_classes_there(step.classes, sorted(there - {0}), step.operation)
    for value in step.classes:
        if value in locked:
            raise ObjectsError(f"{step.operation}: class {value} is locked; unlock it first")
    classes = sorted(set(step.classes) or there - {0} - set(locked))
    work = _Cleaning(out, step, size, tuple(sorted(set(locked))), block_shape, room, cut)
    for value, part in zip(classes, run.steps([1] * len(classes)), strict=True):
        work.clean(value, part)
    return Cleaned(out, work.objects, work.left)


def clean_part(
    labels: VolumeLike,
    part: Slices,
    step: CleanStep,
    *,
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    locked: Sequence[int] = (),
    run: Run = Run(),
) -> Labels:
    """Clean a part of a volume by itself, as to show at once what a step does to a slice.

    Parameters
    ----------
    labels : array-like of integers, (Z, Y, X)
    part : tuple of 3 slice
    step : CleanStep
        One that `is_local`; classes of it that aren't near the part have nothing to be cleaned.
    spacing, locked
        As for `clean`.
    run : Run

    Returns
    -------
    integers of the labels' type, of the part's shape
        For one class and a step with a length, what `clean` makes of the part. Specks and holes
        are left as they are where they go on beyond what is near. Where one class after the other
        is cleaned, one's change may reach the next from further away, and that is left out here.

    Raises
    ------
    ObjectsError
        If the step isn't local, or its length is longer than the volume.
    """
    if not step.is_local:
        raise ObjectsError(f"{step.operation} can't be done to a part: it looks at all objects")
    size = checked_spacing(spacing)
    _check_length(step, size, labels.shape)
    ends = zip(part, _halo(step, size), labels.shape, strict=True)
    low, high = np.array([(max(p.start - h, 0), min(p.stop + h, n)) for p, h, n in ends]).T
    around = np.ascontiguousarray(labels[tuple(map(slice, low.tolist(), high.tolist()))])
    inner = tuple(slice(p.start - k, p.stop - k) for p, k in zip(part, low.tolist(), strict=True))
    there = set(np.unique(around).tolist()) - {0, *locked}
    classes = tuple(k for k in step.classes if k in there) if step.classes else ()
    if not there or (step.classes and not classes):
        return around[inner]
    step = replace(step, classes=classes)
    cut = np.stack([low > 0, high < labels.shape], axis=1)
    return _clean(around, step, size, locked, None, Workspace(), run, cut).labels[inner]


class _Cleaning:
    """Cleans one class after the other, in place.

    Parameters
    ----------
    labels : array of integers, (Z, Y, X)
    step, spacing, locked, block_shape, room
        As for `clean`.
    cut : bool, (3, 2)
        At which ends of each axis the labels go on: objects that reach there aren't whole.

    Attributes
    ----------
    objects, left : int
        As of `Cleaned`, until now.
    """

    def __init__(
        self,
        labels: Labels,
        step: CleanStep,
        spacing: Spacing,
        locked: tuple[int, ...],
        block_shape: Sequence[int] | None,
        room: Workspace,
        cut: NDArray[np.bool_],
    ) -> None:
        self._cut = cut
        self._labels, self._step, self._spacing, self._locked = labels, step, spacing, locked
        self._block_shape, self._room = block_shape, room
        self._before: Labels | None = None  # what a class is changed by: its neighbours' old labels
        self.objects = self.left = 0

    def clean(self, value: int, run: Run) -> None:
        """Clean a class."""
        operation = self._step.operation
        if operation in ("specks", "keep-largest"):
            self._give_away(value, run)
        elif operation == "holes":
            self._fill_holes(value, run)
        else:
            self._reshape(value, run)

    def _give_away(self, value: int, run: Run) -> None:
        """Give small objects to what they share most surface with."""
        own = self._room.renewed()  # what a class takes is free again before the next
        steps = own.releasing(run).steps([3, 1, 1, 1])
        found = find_objects(
            self._labels,
            classes=[value],
            block_shape=self._block_shape,
            workspace=own,
            workers=steps[0],
        )
        if not found.number:
            return
        sums = sum_objects(found, self._block_shape, steps[1])
        voxels = sums.voxels
        if self._step.operation == "specks":
            given = voxels * math.prod(self._spacing) < self._step.amount
        else:
            given = np.arange(voxels.size) != int(np.argmax(voxels))
        given &= ~self._is_cut(sums)
        to = self._around(found, given, value, steps[2])
        self.objects += int(np.count_nonzero(to >= 0))
        if self._locked:
            self.left += int(voxels[given & (to < 0)].sum())
        self._replace(found, np.where(to >= 0, to, value), steps[3])

    def _is_cut(self, sums: ObjectSums) -> NDArray[np.bool_]:
        """Tell which objects aren't whole."""
        ends = np.stack([sums.low == 0, sums.high == np.array(self._labels.shape) - 1], axis=2)
        found: NDArray[np.bool_] = np.any(ends & self._cut, axis=(1, 2))
        return found

    def _around(
        self, found: Instances, given: NDArray[np.bool_], value: int, run: Run
    ) -> NDArray[np.int64]:
        """Return the label that each object given away shares most surface with; -1 for none."""
        ids, chosen = found.signed, np.concatenate([[False], given])
        y, x = self._spacing[1], self._spacing[2]
        areas = np.array([y * x, self._spacing[0] * x, self._spacing[0] * y])
        blocks = split_blocks(ids.shape, self._block_shape or slab_shape(ids.shape), (1, 1, 1))

        def one(block: Block) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
            around = _read_padded(ids, block, 0)
            labels = _read_padded(self._labels, block, -1)
            pair: tuple[NDArray[np.int64], NDArray[np.int64]] = faces_around(around, labels, chosen)
            return pair

        keys, counts = zip(*run.blocks(one, blocks), strict=True)
        pairs, number = np.unique(np.concatenate(keys), return_inverse=True)
        faces = np.zeros((pairs.size, 3), np.int64)
        np.add.at(faces, number, np.concatenate(counts))
        objects, labels = pairs // PAIR_BASE, pairs % PAIR_BASE
        may = ~np.isin(labels, [*self._locked, value])
        objects, labels, shared = objects[may], labels[may], (faces @ areas)[may]
        order = np.lexsort((-labels, shared, objects))  # the last of each: most, then the lowest
        to = np.full(given.size, -1, np.int64)
        to[objects[order] - 1] = labels[order]
        return to

    def _replace(self, found: Instances, to: NDArray[np.int64], run: Run) -> None:
        """Give each object's voxels a label; -1 leaves them as they are."""
        table = np.concatenate([[-1], to])

        def one(block: Block) -> None:
            new = table[found.ids[block.core]]
            part = self._labels[block.core]
            part[...] = np.where(new >= 0, new, part)

        for _ in run.blocks(one, split_blocks(found.ids.shape, slab_shape(found.ids.shape))):
            pass

    def _fill_holes(self, value: int, run: Run) -> None:
        """Give a class what it encloses, but for locked labels."""
        shape = self._labels.shape
        own = self._room.renewed()
        steps = own.releasing(run).steps([3, 1, 1])
        outside = Outside(self._labels, value)
        found = find_objects(
            outside if not self._step.per_plane else PlaneByPlane(outside),
            connectivity=6,
            block_shape=self._block_shape,
            workspace=own,
            workers=steps[0],
        )
        if not found.number:
            return
        sums = sum_objects(found, self._block_shape, steps[1])
        holes = sums.voxels * math.prod(self._spacing) <= self._step.amount
        holes &= ~self._is_cut(sums)
        if not self._step.open_to_border:
            looked = np.array(shape) > 1
            looked[0] &= not self._step.per_plane
            ends = (sums.low == 0) | (sums.high == np.array(shape) - 1)
            holes &= ~(ends & looked).any(axis=1)
        table = np.concatenate([[False], holes])
        locked = np.array(self._locked, np.int64)

        def one(block: Block) -> int:
            part = self._labels[block.core]
            inside = table[found.ids[block.core]]
            fixed = inside & np.isin(part, locked)
            part[inside & ~fixed] = value
            return int(np.count_nonzero(fixed))

        self.objects += int(np.count_nonzero(holes))
        self.left += sum(steps[2].blocks(one, split_blocks(shape, slab_shape(shape))))

    def _reshape(self, value: int, run: Run) -> None:
        """Smooth, open, close, dilate or erode a class, each block with all that it depends on."""
        step, size = self._step, self._spacing
        shape = self._labels.shape
        edges = self._block_shape or default_block_shape(shape, voxels=_BLOCK_VOXELS)
        if self._before is None:
            self._before = self._room.empty(shape, self._labels.dtype)
        before = self._before
        for slab in split_blocks(shape, slab_shape(shape)):
            before[slab.core] = self._labels[slab.core]
            self._room.release()
        reach, edge = reach_of(step)[0], min(size)
        rows, away = rows_within(reach, size, shape)
        column, most = size[2] / edge, voxels_within(reach, size)[2]
        far = max(reach, *size) * SLACK / edge
        closed = np.array([*self._locked, value], np.int32)
        change = CHANGES[step.operation]

        def one(block: Block) -> int:
            padded = read_ids(before, block.padded)
            inside = padded == value
            if not inside.any():
                return 0
            new = change(inside, step.amount, size)
            fixed = np.isin(padded, self._locked)
            out = np.where(new & ~fixed, np.int32(value), padded)
            low, high = np.array([(part.start, part.stop) for part in block.inner]).T.copy()
            lost = inside & ~new
            take_nearest(padded, lost, closed, rows, away, column, most, far, low, high, out)
            self._labels[block.core] = out[block.inner]
            left = (new != inside) & (out == padded)  # it would be another, but isn't
            return int(np.count_nonzero(left[block.inner])) if self._locked else 0

        self.left += sum(run.blocks(one, split_blocks(shape, edges, _halo(step, size))))


def _check_length(step: CleanStep, spacing: Spacing, shape: Sequence[int]) -> None:
    """Refuse a length that no volume of this size has: most likely it is in another unit."""
    sides = zip(shape, spacing[-len(shape) :], strict=True)
    longest = max((n * edge for n, edge in sides), default=0.0)
    if AMOUNTS[step.operation] == "length" and step.amount > longest:
        raise ObjectsError(
            f"{step.operation}: {step.amount:g} is longer than the volume, which is {longest:g} "
            "at its longest; is the unit right?"
        )


def _halo(step: CleanStep, spacing: Spacing) -> list[int]:
    """Return how many voxels around a part it depends on, along each axis."""
    is_volume = AMOUNTS[step.operation] == "volume"
    far = AROUND * step.amount ** (1 / 3) if is_volume else reach_of(step)[1]
    return [math.ceil(far / edge * SLACK) + 1 for edge in spacing]


def _read_padded(volume: Labels, block: Block, outside: int) -> NDArray[np.int32]:
    """Read a block with a voxel more on all sides."""
    around = np.full([size + 2 for size in block.shape], outside, np.int32)
    at = tuple(
        slice(padded.start - core.start + 1, padded.stop - core.start + 1)
        for padded, core in zip(block.padded, block.core, strict=True)
    )
    around[at] = volume[block.padded]
    return around
