"""Edits by hand carried out: objects cut, merged, given to other classes, and marked as right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from supervox.execution import Run, Slices, Workers, Workspace

from .checks import Spacing, checked_spacing
from .cutting import cut_between, cut_in_two, sides_in_box
from .edits import Cut, Edit, Give, Mark, Merge, Separate, Voxel
from .instances import Instances, objects_of_ids


class EditState(StrEnum):
    """What became of an edit."""

    HELD = "held"
    LOST = "lost"  # no object of its class is where it was made
    ELSEWHERE = "elsewhere"  # objects of its class weren't looked for


@dataclass(frozen=True)
class Edited:
    """Objects with what was done by hand.

    Attributes
    ----------
    instances : Instances
        Dense, in raster order of their first voxels; those that were removed are of class 0.
    states : tuple of EditState
        Of each edit.
    by_hand : bool, (N,)
        Objects that were given to a class or marked as right: no rule is to change them.
    """

    instances: Instances
    states: tuple[EditState, ...]
    by_hand: NDArray[np.bool_]

    @property
    def lost(self) -> int:
        """How many edits found no object of their class."""
        return self.states.count(EditState.LOST)


class Bench:
    """Objects while they are edited, one edit after the other.

    Each edit works in the box of the objects that it is about. Pieces that are cut off get the
    next number; a merged object keeps the lowest of its numbers.

    Parameters
    ----------
    ids : array of integers, (Z, Y, X)
        0 = no object; changed in place.
    class_of : mapping of int to int
        Class of each object; changed in place.
    boxes : mapping of int to tuple of 3 slice
        Around each object; changed in place.
    start : sequence of 3 int
        Place of the first voxel in the whole image, in which edits are.
    spacing : tuple of 3 float
    next_id : int
        Number of the next object.

    Attributes
    ----------
    by_hand : set of int
        Objects that were given to a class or marked.
    """

    def __init__(
        self,
        ids: NDArray[Any],
        class_of: dict[int, int],
        boxes: dict[int, Slices],
        start: Sequence[int],
        spacing: Spacing,
        next_id: int,
    ) -> None:
        self.ids, self.class_of, self.boxes = ids, class_of, boxes
        self._start, self._spacing, self.next_id = tuple(start), spacing, next_id
        self.by_hand: set[int] = set()

    def objects_of(self, edit: Edit) -> list[int]:
        """Return the objects of the edit's class that lie at its voxels, each once, in order."""
        found = dict.fromkeys(self._at(voxel, edit.of) for voxel in edit.anchors)
        return [number for number in found if number]

    def _at(self, voxel: Voxel, of: int) -> int:
        """Return the object of a class at a voxel of the whole image; 0 if there is none."""
        at = self._inside(voxel)
        number = 0 if at is None else int(self.ids[at])
        return number if number and self.class_of[number] == of else 0

    def _inside(self, voxel: Voxel) -> Voxel | None:
        z, y, x = (k - first for k, first in zip(voxel, self._start, strict=True))
        there = all(0 <= k < n for k, n in zip((z, y, x), self.ids.shape, strict=True))
        return (z, y, x) if there else None

    def apply(self, edit: Edit) -> bool:
        """Carry an edit out; tell whether its objects are there."""
        objects = self.objects_of(edit)
        match edit:
            case Cut():
                return self._cut(edit)
            case Separate():
                for number in objects:
                    self._separate(number, edit)
                return sum(any(self._at(v, edit.of) for v in stroke) for stroke in edit.strokes) > 1
            case Merge():
                there = [self._at(voxel, edit.of) for voxel in edit.at]
                self._merge(objects)
                return sum(number > 0 for number in there) > 1
            case Give():
                return self._give(edit)
            case Mark():
                self.by_hand.update(objects)
                return bool(objects)

    def _cut(self, edit: Cut) -> bool:
        """Cut the object that is on both sides; where there are two already, nothing is to cut."""
        number, other = self._at(edit.at, edit.of), self._at(edit.beyond, edit.of)
        if number != other or not number:
            return bool(number or other)
        box = self.boxes[number]
        inside = self.ids[box] == number
        corner = [side.start for side in box]
        first = [k + start for k, start in zip(corner, self._start, strict=True)]
        side = sides_in_box(edit.line, edit.axis, first, inside.shape)
        ends = [tuple(k - a for k, a in zip(v, first, strict=True)) for v in edit.anchors]
        self._put(number, box, cut_in_two(inside, side, *ends))
        return True

    def _separate(self, number: int, edit: Separate) -> None:
        box = _wider(self.boxes[number], self.ids.shape)
        inside = self.ids[box] == number
        first = [side.start + k for side, k in zip(box, self._start, strict=True)]
        strokes = [
            [
                (z - first[0], y - first[1], x - first[2])
                for z, y, x in stroke
                if self._at((z, y, x), edit.of) == number
            ]
            for stroke in edit.strokes
        ]
        strokes = [stroke for stroke in strokes if stroke]
        if len(strokes) > 1:
            self._put(number, box, cut_between(inside, strokes, self._spacing))

    def _put(self, number: int, box: Slices, pieces: NDArray[np.int32]) -> None:
        """Make pieces of an object objects: the first keeps its number."""
        part, around = self.ids[box], ndimage.find_objects(pieces)
        for piece, inner in enumerate(around, 1):
            if inner is None:
                continue
            own = number if piece == 1 else self.next_id
            self.boxes[own] = _inner(box, inner)
            if piece > 1:
                part[pieces == piece] = own
                self.class_of[own] = self.class_of[number]
                if number in self.by_hand:
                    self.by_hand.add(own)
                self.next_id += 1

    def _merge(self, numbers: Iterable[int]) -> None:
        first, *others = sorted(numbers) or [0]
        for number in others:
            box = self.boxes.pop(number)
            part = self.ids[box]
            part[part == number] = first
            self.boxes[first] = around_both(self.boxes[first], box)
            del self.class_of[number]
            if number in self.by_hand:
                self.by_hand.discard(number)
                self.by_hand.add(first)

    def _give(self, edit: Give) -> bool:
        """Give an object its class; where the labels have it already, it only counts as right."""
        number = self._at(edit.at, edit.of) or self._at(edit.at, edit.to)
        if number:
            self.class_of[number] = edit.to
            self.by_hand.add(number)
        return bool(number)


def apply_edits(
    instances: Instances,
    edits: Sequence[Edit],
    *,
    start: Sequence[int] = (0, 0, 0),
    classes: Sequence[int] = (),
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    workspace: Workspace | None = None,
    workers: Workers = None,
) -> Edited:
    """Carry out edits by hand, in their order.

    Parameters
    ----------
    instances : Instances
        As they were found, and split.
    edits : sequence of Edit
    start : sequence of 3 int
        Place of their first voxel in the whole image, in which the edits are.
    classes : sequence of int
        Whose objects were looked for; those of all classes if there are none.
    spacing : sequence of 3 float
    workspace : Workspace, optional
        Where the ids lie; in memory by default.
    workers : int or Run, optional

    Returns
    -------
    Edited
        The same as long as the instances are the same.

    Raises
    ------
    Cancelled
        If the run is to stop.
    """
    if not edits:
        states: tuple[EditState, ...] = ()
        return Edited(instances, states, np.zeros(instances.number, np.bool_))
    run = Run.of(workers)
    steps = run.steps([1, 2])
    bench = _bench_of(instances, start, checked_spacing(spacing), workspace)
    found = []
    for number, edit in enumerate(edits):
        steps[0].check_stop()
        is_held = bench.apply(edit)
        is_elsewhere = bool(classes) and not is_held and edit.of not in classes
        found.append(
            EditState.HELD
            if is_held
            else EditState.ELSEWHERE
            if is_elsewhere or _is_given_away(edit, classes)
            else EditState.LOST
        )
        steps[0].report(number + 1, len(edits))
    # Numbered anew with their old numbers for a class, so that it is known which became which.
    old = np.arange(1, bench.next_id, dtype=np.int32)
    new = objects_of_ids(bench.ids, class_of=old, workspace=workspace, workers=steps[1])
    numbers = new.class_of.tolist()
    class_of = np.array([bench.class_of[k] for k in numbers], np.int32)
    by_hand = np.array([k in bench.by_hand for k in numbers], np.bool_)
    return Edited(Instances(new.ids, class_of), tuple(found), by_hand)


def _is_given_away(edit: Edit, classes: Sequence[int]) -> bool:
    """Tell whether an object may be of a class now whose objects weren't looked for."""
    return bool(classes) and isinstance(edit, Give) and edit.to not in classes


def _bench_of(
    instances: Instances, start: Sequence[int], spacing: Spacing, workspace: Workspace | None
) -> Bench:
    ids = (workspace or Workspace()).empty(instances.ids.shape, np.uint32)
    ids[...] = instances.ids
    boxes = dict(enumerate(ndimage.find_objects(instances.signed), 1))
    class_of = dict(enumerate(instances.class_of.tolist(), 1))
    return Bench(ids, class_of, boxes, start, spacing, instances.number + 1)


def around_both(one: Slices, other: Slices) -> Slices:
    """Return the box around two boxes."""
    z, y, x = (
        slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True)
    )
    return z, y, x


def _wider(box: Slices, shape: Sequence[int]) -> Slices:
    """Return a box that is a voxel wider where the volume goes on."""
    z, y, x = (
        slice(max(0, side.start - 1), min(n, side.stop + 1))
        for side, n in zip(box, shape, strict=True)
    )
    return z, y, x


def _inner(box: Slices, inner: Slices) -> Slices:
    """Return the place of a box within a box."""
    z, y, x = (slice(a.start + b.start, a.start + b.stop) for a, b in zip(box, inner, strict=True))
    return z, y, x
