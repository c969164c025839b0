"""Labels put right by rule: specks, holes, rough surfaces, thin bridges; block by block."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from supervox.execution import (
    Block,
    Run,
    VolumeLike,
    Workers,
    Workspace,
    default_block_shape,
    split_blocks,
)

from ._fill import faces_around, take_nearest
from ._pairs import PAIR_BASE
from .checks import Spacing, checked_labels, checked_spacing, read_ids, slab_shape
from .clean_steps import CleanStep
from .distances import distances_within
from .errors import ObjectsError
from .instances import Instances, find_objects
from .relations import check_classes_there
from .sums import sum_objects

Labels = NDArray[Any]
_SLACK = 1 + 1e-6  # distances that are equal but for rounding are equal
_TRUNCATE = 3.0  # standard deviations of a Gaussian
_BLOCK_VOXELS = 128**3


def clean(
    labels: VolumeLike,
    step: CleanStep,
    *,
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    locked: Sequence[int] = (),
    block_shape: Sequence[int] | None = None,
    workspace: Workspace | None = None,
    workers: Workers = None,
) -> Labels:
    """Clean labels.

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
        Where the result lies.
    workers : int or Run, optional
        Threads, one per processor by default; or a `Run`, which also shows progress and stops.

    Returns
    -------
    integers of the labels' type, (Z, Y, X)
        Voxels that a class loses become what is around them: the nearest label, or for whole
        objects the one that they share most surface with. Classes are cleaned by ascending id.

    Raises
    ------
    ObjectsError
        If a class isn't there, or is locked.
    Cancelled
        If the run is to stop.
    """
    labels = checked_labels(labels)
    size, run, room = checked_spacing(spacing), Run.of(workers), workspace or Workspace()
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
    work = _Cleaning(out, step, size, tuple(sorted(set(locked))), block_shape, room)
    for value, part in zip(classes, run.steps([1] * len(classes)), strict=True):
        work.clean(value, part)
    return out


class _Cleaning:
    """Cleans one class after the other, in place.

    Parameters
    ----------
    labels : array of integers, (Z, Y, X)
    step, spacing, locked, block_shape, room
        As for `clean`.
    """

    def __init__(
        self,
        labels: Labels,
        step: CleanStep,
        spacing: Spacing,
        locked: tuple[int, ...],
        block_shape: Sequence[int] | None,
        room: Workspace,
    ) -> None:
        self._labels, self._step, self._spacing, self._locked = labels, step, spacing, locked
        self._block_shape, self._room = block_shape, room

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
        steps = run.steps([3, 1, 1, 1])
        found = find_objects(
            self._labels,
            classes=[value],
            block_shape=self._block_shape,
            workspace=self._room,
            workers=steps[0],
        )
        if not found.number:
            return
        voxels = sum_objects(found, self._block_shape, steps[1]).voxels
        if self._step.operation == "specks":
            given = voxels * math.prod(self._spacing) < self._step.amount
        else:
            given = np.arange(voxels.size) != int(np.argmax(voxels))
        to = self._around(found, given, value, steps[2])
        self._replace(found, np.where(to >= 0, to, value), steps[3])

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
        steps = run.steps([3, 1, 1])
        outside = _Outside(self._labels, value)
        found = find_objects(
            outside if not self._step.per_plane else _Planes(outside),
            connectivity=6,
            block_shape=self._block_shape,
            workspace=self._room,
            workers=steps[0],
        )
        if not found.number:
            return
        sums = sum_objects(found, self._block_shape, steps[1])
        holes = sums.voxels * math.prod(self._spacing) <= self._step.amount
        if not self._step.open_to_border:
            looked = np.array(shape) > 1
            looked[0] &= not self._step.per_plane
            ends = (sums.low == 0) | (sums.high == np.array(shape) - 1)
            holes &= ~(ends & looked).any(axis=1)
        table = np.concatenate([[False], holes])
        locked = np.array(self._locked, np.int64)

        def one(block: Block) -> None:
            part = self._labels[block.core]
            filled = table[found.ids[block.core]] & ~np.isin(part, locked)
            part[filled] = value

        for _ in steps[2].blocks(one, split_blocks(shape, slab_shape(shape))):
            pass

    def _reshape(self, value: int, run: Run) -> None:
        """Smooth, open, close, dilate or erode a class, each block with all that it depends on."""
        step, size = self._step, self._spacing
        near, far = _reach(step)
        halo = [math.ceil(far / edge * _SLACK) + 1 for edge in size]
        shape = self._labels.shape
        edges = self._block_shape or default_block_shape(shape, voxels=_BLOCK_VOXELS)
        before: Labels = self._room.empty(shape, self._labels.dtype)
        before[...] = self._labels
        offsets = _offsets(near, size)
        closed = np.array([*self._locked, value], np.int32)
        change = _CHANGES[step.operation]

        def one(block: Block) -> None:
            padded = read_ids(before, block.padded)
            inside = padded == value
            if not inside.any():
                return
            new = change(inside, step.amount, size)
            fixed = np.isin(padded, self._locked)
            out = np.where(new & ~fixed, np.int32(value), padded)
            low, high = np.array([(part.start, part.stop) for part in block.inner]).T.copy()
            take_nearest(padded, inside & ~new, closed, offsets, low, high, out)
            self._labels[block.core] = out[block.inner]

        for _ in run.blocks(one, split_blocks(shape, edges, halo)):
            pass


def _reach(step: CleanStep) -> tuple[float, float]:
    """Return how far away a lost voxel's new label may lie, and what a voxel depends on."""
    if step.operation == "smooth":
        return _TRUNCATE * step.amount, 2 * _TRUNCATE * step.amount
    return step.amount, 3 * step.amount


def _offsets(reach: float, spacing: Spacing) -> NDArray[np.int64]:
    """Return the steps to all voxels within a distance, the nearest first."""
    most = [math.floor(reach / edge * _SLACK) + 1 for edge in spacing]
    steps = np.array(list(itertools.product(*(range(-n, n + 1) for n in most))), np.int64)
    away = np.linalg.norm(steps * spacing, axis=1)
    within = (away > 0) & (away <= max(reach, max(spacing)) * _SLACK)
    steps, away = steps[within], np.round(away[within] / min(spacing), 6)
    return np.ascontiguousarray(steps[np.argsort(away, kind="stable")])


def _dilated(inside: NDArray[np.bool_], length: float, spacing: Spacing) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = distances_within(inside, spacing) <= length * _SLACK
    return found


def _eroded(inside: NDArray[np.bool_], length: float, spacing: Spacing) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = distances_within(~inside, spacing) > length * _SLACK
    return found


def _opened(inside: NDArray[np.bool_], length: float, spacing: Spacing) -> NDArray[np.bool_]:
    return _dilated(_eroded(inside, length, spacing), length, spacing) & inside


def _closed(inside: NDArray[np.bool_], length: float, spacing: Spacing) -> NDArray[np.bool_]:
    return _eroded(_dilated(inside, length, spacing), length, spacing) | inside


def _smoothed(inside: NDArray[np.bool_], sigma: float, spacing: Spacing) -> NDArray[np.bool_]:
    blurred = ndimage.gaussian_filter(
        inside.astype(np.float32), sigma / np.array(spacing), mode="nearest", truncate=_TRUNCATE
    )
    found: NDArray[np.bool_] = blurred > 0.5
    return found


_CHANGES: dict[str, Callable[[NDArray[np.bool_], float, Spacing], NDArray[np.bool_]]] = {
    "smooth": _smoothed,
    "open": _opened,
    "close": _closed,
    "dilate": _dilated,
    "erode": _eroded,
}


class _Outside:
    """What is not of a class, as a volume of ones that is read block by block."""

    def __init__(self, labels: Labels, value: int) -> None:
        self._labels, self._value = labels, value
        self.shape, self.dtype = labels.shape, np.dtype(np.int32)

    def __getitem__(self, box: tuple[slice, slice, slice]) -> NDArray[np.int32]:
        found: NDArray[np.int32] = (self._labels[box] != self._value).astype(np.int32)
        return found


class _Planes:
    """The same with another number in every other plane, so that nothing connects planes."""

    def __init__(self, volume: _Outside) -> None:
        self._volume = volume
        self.shape, self.dtype = volume.shape, volume.dtype

    def __getitem__(self, box: tuple[slice, slice, slice]) -> NDArray[np.int32]:
        values = self._volume[box]
        values *= (1 + np.arange(box[0].start, box[0].stop) % 2).astype(np.int32)[:, None, None]
        return values


def _read_padded(volume: Labels, block: Block, outside: int) -> NDArray[np.int32]:
    """Read a block with a voxel more on all sides."""
    around = np.full([size + 2 for size in block.shape], outside, np.int32)
    at = tuple(
        slice(padded.start - core.start + 1, padded.stop - core.start + 1)
        for padded, core in zip(block.padded, block.core, strict=True)
    )
    around[at] = volume[block.padded]
    return around
