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
from .cutting import cut_between, cut_in_two, near_line_in_box, sides_in_box
from .edits import Anchor, CutLine, Edit, Give, Mark, Merge, Separate, Voxel
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
    missing : tuple of tuple of (voxel, int)
        For each edit, the voxels where no object of the class is any more that it was made on.
    by_hand : bool, (N,)
        Objects that were given to a class or marked as right: no rule is to change them.
    reshaped : bool, (N,)
        Objects that were cut, separated or merged.
    """

    instances: Instances
    states: tuple[EditState, ...]
    missing: tuple[tuple[Anchor, ...], ...]
    by_hand: NDArray[np.bool_]
    reshaped: NDArray[np.bool_]

    @property
    def lost(self) -> tuple[Anchor, ...]:
        """All that is missing, of edits whose class was looked for."""
        pairs = zip(self.states, self.missing, strict=True)
        return tuple(
            anchor
            for state, missing in pairs
            if state is not EditState.ELSEWHERE
            for anchor in missing
        )


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
    reshaped : set of int
        Objects that were cut, separated or merged.
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
        self.reshaped: set[int] = set()

    def object_at(self, voxel: Voxel, of: int) -> int:
        """Return the object of a class at a voxel of the whole image; 0 if there is none."""
        at = self._inside(voxel)
        number = 0 if at is None else int(self.ids[at])
        return number if number and self.class_of[number] == of else 0

    def objects_of(self, edit: Edit) -> list[int]:
        """Return the objects at the anchors of an edit, 0 where there is none.

        What was given to a class with its labels is of that class by now.
        """
        found = [self.object_at(*anchor) for anchor in edit.anchors]
        if isinstance(edit, Give):
            pairs = zip(found, edit.at, edit.to, strict=True)
            found = [number or self.object_at(voxel, to) for number, voxel, to in pairs]
        return found

    def _inside(self, voxel: Voxel) -> Voxel | None:
        z, y, x = (k - first for k, first in zip(voxel, self._start, strict=True))
        there = all(0 <= k < n for k, n in zip((z, y, x), self.ids.shape, strict=True))
        return (z, y, x) if there else None

    def apply(self, edit: Edit) -> tuple[Anchor, ...]:
        """Carry an edit out as far as its objects are there; return where they are not."""
        objects = self.objects_of(edit)
        there = [number for number in dict.fromkeys(objects) if number]
        match edit:
            case CutLine():
                self._cut(edit)
            case Separate():
                for number in there:
                    self._separate(number, edit)
            case Merge():
                self._merge(there)
            case Give():
                for number, to in zip(objects, edit.to, strict=True):
                    if number:
                        self.class_of[number] = to
                self.by_hand.update(there)
            case Mark():
                self.by_hand.update(there)
        return tuple(a for a, number in zip(edit.anchors, objects, strict=True) if not number)

    def _cut(self, edit: CutLine) -> None:
        """Cut the object that is on both sides; where there are two already, nothing is to cut.

        Where one of its voxels is of another class by now, the line cuts what goes on behind it.
        """
        found = [self.object_at(voxel, of) for voxel, of in edit.anchors]
        number = max(found)
        if not number or (all(found) and found[0] != found[1]):
            return
        box = self.boxes[number]
        inside = self.ids[box] == number
        first = [side.start + k for side, k in zip(box, self._start, strict=True)]
        side = sides_in_box(edit.line, edit.axis, first, inside.shape)
        there = [_within(v, first) for v, k in zip((edit.at, edit.beyond), found, strict=True) if k]
        near = near_line_in_box(edit.line, edit.axis, first, inside.shape)
        pieces = cut_in_two(inside, side, there, near)
        if pieces.max() > 1:
            self._put(number, box, pieces)

    def _separate(self, number: int, edit: Separate) -> None:
        box = _wider(self.boxes[number], self.ids.shape)
        inside = self.ids[box] == number
        first = [side.start + k for side, k in zip(box, self._start, strict=True)]
        strokes = [
            [_within(v, first) for v in stroke if self.object_at(v, edit.of) == number]
            for stroke in edit.strokes
        ]
        strokes = [stroke for stroke in strokes if stroke]
        if len(strokes) > 1:
            self._put(number, box, cut_between(inside, strokes, self._spacing))

    def _put(self, number: int, box: Slices, pieces: NDArray[np.int32]) -> None:
        """Make pieces of an object objects: the first keeps its number."""
        part, around = self.ids[box], ndimage.find_objects(pieces)
        self.reshaped.update([number, *range(self.next_id, self.next_id + len(around) - 1)])
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

    def join_touching(self, number: int) -> list[int]:
        """Unite an object with those of its class that it touches, by 26 neighbours.

        So it is where labels were changed: the next search would find them as one.

        Returns
        -------
        list of int
            All objects that are one now, under the lowest of these numbers.
        """
        box = _wider(self.boxes[number], self.ids.shape)
        part = self.ids[box]
        around = ndimage.binary_dilation(part == number, np.ones((3, 3, 3)))
        met = np.flatnonzero(np.bincount(part[around])).tolist()
        same = [k for k in met if k and self.class_of[k] == self.class_of[number]]
        self._merge(same)
        return same

    def _merge(self, numbers: Iterable[int]) -> None:
        first, *others = sorted(numbers) or [0]
        if others:
            self.reshaped.add(first)
        for number in others:
            box = self.boxes.pop(number)
            part = self.ids[box]
            part[part == number] = first
            self.boxes[first] = around_both(self.boxes[first], box)
            del self.class_of[number]
            if number in self.by_hand:
                self.by_hand.discard(number)
                self.by_hand.add(first)


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
        nothing = np.zeros(instances.number, np.bool_)
        return Edited(instances, (), (), nothing, nothing)
    run = Run.of(workers)
    steps = run.steps([1, 2])
    bench = _bench_of(instances, start, checked_spacing(spacing), workspace)
    missing = []
    settled = _settled_after(edits)
    for number, edit in enumerate(edits):
        steps[0].check_stop()
        missing.append(tuple(a for a in bench.apply(edit) if a[0] not in settled[number]))
        steps[0].report(number + 1, len(edits))
    states = tuple(_state_of(*pair, classes) for pair in zip(edits, missing, strict=True))
    # Numbered anew with their old numbers for a class, so that it is known which became which.
    old = np.arange(1, bench.next_id, dtype=np.int32)
    new = objects_of_ids(bench.ids, class_of=old, workspace=workspace, workers=steps[1])
    numbers = new.class_of.tolist()
    class_of = np.array([bench.class_of[k] for k in numbers], np.int32)
    by_hand, reshaped = (
        np.array([k in chosen for k in numbers], np.bool_)
        for chosen in (bench.by_hand, bench.reshaped)
    )
    return Edited(Instances(new.ids, class_of), states, tuple(missing), by_hand, reshaped)


def _settled_after(edits: Sequence[Edit]) -> list[frozenset[Voxel]]:
    """Return for each edit where later ones gave its objects away."""
    found, settled = [], frozenset[Voxel]()
    for edit in reversed(edits):
        found.append(settled)
        if isinstance(edit, Give):
            settled |= frozenset(edit.settles)
    return found[::-1]


def _state_of(edit: Edit, missing: Sequence[Anchor], classes: Sequence[int]) -> EditState:
    """Say what became of an edit; a cut needs one of its sides only, a merge two of its objects."""
    held = len(edit.anchors) - len(missing)
    if held > isinstance(edit, Merge | Separate):
        return EditState.HELD
    # what was given away may be of a class by now whose objects weren't looked for
    may_be = {*classes, 0} if classes else set()
    is_given_away = isinstance(edit, Give) and not may_be.issuperset(edit.to)
    is_looked_for = any(of in may_be for _, of in missing) and not is_given_away
    return EditState.LOST if not classes or is_looked_for else EditState.ELSEWHERE


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


def _within(voxel: Voxel, first: Sequence[int]) -> Voxel:
    """Return the place of a voxel in a box."""
    z, y, x = (k - start for k, start in zip(voxel, first, strict=True))
    return z, y, x


def _inner(box: Slices, inner: Slices) -> Slices:
    """Return the place of a box within a box."""
    z, y, x = (slice(a.start + b.start, a.start + b.stop) for a, b in zip(box, inner, strict=True))
    return z, y, x
