"""An edit of objects by hand, carried out on those that were found: only in their boxes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from supervox.execution import Run, Slices, read_block
from supervox.objects import (
    Bench,
    Calibrated,
    Edit,
    EditedPart,
    Give,
    Mark,
    MeasureRequest,
    around_both,
    measure_again,
)

from .jobs import BackgroundTask, Report, Task
from .measuring import FoundObjects

AXES = ("plane", "row", "column")
MOST_OBJECTS = 100  # given away at once; beyond, finding all anew is quicker
MOST_VOXELS = 2**26  # of a box that is edited; the same
MOST_AGAIN = 2**25  # voxels of a box, up to which an object that others join is measured again
CORNERS = np.ones((3, 3, 3), np.bool_)


@dataclass(frozen=True, eq=False)
class Patch:
    """Numbers of the objects in a box, before and after.

    Attributes
    ----------
    box : tuple of 3 slice
    old, new : array of integers, (Z, Y, X)
    """

    box: Slices
    old: NDArray[Any] = field(repr=False)
    new: NDArray[Any] = field(repr=False)


@dataclass(frozen=True, eq=False)
class EditOutcome:
    """What an edit made of objects.

    Attributes
    ----------
    edit : Edit
    before, after : FoundObjects
        Of one array of numbers, in which the patches are laid, in their order.
    patches : tuple of Patch
    """

    edit: Edit
    before: FoundObjects
    after: FoundObjects
    patches: tuple[Patch, ...]


class Editing(BackgroundTask):
    """Carries an edit out; succeeds with `EditOutcome`, or None where all are to be found anew."""

    def start(self, found: FoundObjects, edit: Edit) -> None:
        """Begin."""
        self.run(_task(found, edit), "Editing objects")


def _task(found: FoundObjects, edit: Edit) -> Task:
    def work(report: Report) -> EditOutcome | None:
        return edit_found(found, edit, report.run)

    return work


def edit_found(found: FoundObjects, edit: Edit, run: Run = Run()) -> EditOutcome | None:
    """Carry an edit out on objects that were found.

    Parameters
    ----------
    found : FoundObjects
        Their array of numbers is not changed.
    edit : Edit
        In voxels of the whole image.
    run : Run

    Returns
    -------
    EditOutcome or None
        None where finding all objects anew is quicker.
    """
    work = _Work(found, run)
    if found.order.steps.asked.needs_others and not isinstance(edit, Mark):
        return None
    if isinstance(edit, Give):
        if len(edit.at) > MOST_OBJECTS:
            return None
        for voxel, of, to in zip(edit.at, edit.of, edit.to, strict=True):
            run.check_stop()
            for number in work.objects_of(Give((of,), (voxel,), (to,))):
                if not work.give(number, to):
                    return None
    elif isinstance(edit, Mark):
        work.by_hand.update(work.objects_of(edit))
    elif not work.reshape(edit):
        return None
    if work.next_id - 1 > np.iinfo(found.ids.dtype).max:
        return None
    by_hand = frozenset(work.by_hand & work.class_of.keys())
    reshaped = frozenset(work.reshaped & work.class_of.keys())
    after = replace(found, measured=work.table, by_hand=by_hand, reshaped=reshaped, search=None)
    return EditOutcome(edit, found, after, tuple(work.patches))


class _Work:
    """Objects in the course of an edit: their table, and patches over the array of numbers.

    Parameters
    ----------
    found : FoundObjects
    run : Run
    """

    def __init__(self, found: FoundObjects, run: Run) -> None:
        self._found, self._run = found, run
        self.table = found.measured
        self._read()
        self.by_hand, self.patches = set(found.by_hand), list[Patch]()
        self.reshaped = set(found.reshaped)
        self.next_id = max(self.class_of, default=0) + 1

    def _read(self) -> None:
        """Take class, box and size of each object from the table."""
        table = self.table
        numbers = table["id"].tolist()
        self.class_of: dict[int, int] = dict(zip(numbers, table["class"].tolist(), strict=True))
        self._voxels = dict(zip(numbers, table["voxels"].tolist(), strict=True))
        ends = [
            zip(table[f"first_{axis}"].tolist(), table[f"last_{axis}"].tolist(), strict=True)
            for axis in AXES
        ]
        sides = [[slice(first, last + 1) for first, last in pairs] for pairs in ends]
        self._boxes: dict[int, Slices] = dict(zip(numbers, zip(*sides, strict=True), strict=True))

    def objects_of(self, edit: Edit) -> list[int]:
        """Return the objects at the anchors of an edit, each once."""
        whole = self._bench(tuple(slice(0, n) for n in self._found.ids.shape), self._found.ids)
        return [number for number in dict.fromkeys(whole.objects_of(edit)) if number]

    def _bench(self, box: Any, ids: NDArray[Any]) -> Bench:
        source = self._found.order.of.source
        start = [side.start + k for side, k in zip(box, source.start, strict=True)]
        boxes = {number: _shifted(b, box) for number, b in self._boxes.items()}
        next_id = max(self.class_of, default=0) + 1
        return Bench(ids, dict(self.class_of), boxes, start, source.spacing, next_id)

    def reshape(self, edit: Edit) -> bool:
        """Cut, separate or merge; tell whether it was done."""
        objects = self.objects_of(edit)
        if not objects:
            return True
        box = self._around(objects)
        if _volume(box) > MOST_VOXELS:
            return False
        old = self._at(box)
        bench = self._bench(box, old.astype(np.int32))
        bench.by_hand = set(self.by_hand)
        bench.apply(edit)
        self.next_id, self.by_hand = bench.next_id, bench.by_hand
        changed = frozenset({*objects, *(bench.class_of.keys() - self.class_of.keys())})
        self.reshaped |= changed
        self._lay(EditedPart(box, old, bench.ids, self.class_of, bench.class_of, changed))
        return True

    def give(self, number: int, to: int) -> bool:
        """Give an object to a class: it becomes one with what it touches of it, as labels do.

        Where it touches what was cut, it is the cut that says what becomes of it, and pieces that
        were merged are several again: that takes another search, and False is returned.
        """
        box = self._around([number])
        old = self._at(box)
        class_of = dict(self.class_of)
        inside = old == number
        if number in self.reshaped and ndimage.label(inside, CORNERS)[1] > 1:
            return False
        self.by_hand.add(number)
        if to == 0 or self._found.order.class_id not in (0, to):  # of no interest any more
            del class_of[number]
            new = np.where(inside, 0, old).astype(old.dtype)
            self._lay(EditedPart(box, old, new, self.class_of, class_of, frozenset({number})))
            return True
        near = old[ndimage.binary_dilation(inside, CORNERS)]
        met = [k for k in np.unique(near).tolist() if k and class_of[k] == to and k != number]
        if not met:
            class_of[number] = to
            self._lay(EditedPart(box, old, old, self.class_of, class_of, frozenset({number})))
            return True
        if self.reshaped.intersection(met):
            return False
        self._join([number, *met], to)
        return True

    def _join(self, group: list[int], to: int) -> None:
        """Make some objects one: the largest, which is measured again unless it is huge."""
        largest = max(group, key=lambda k: self._voxels[k])
        absorbed = [k for k in group if k != largest]
        is_huge = _volume(self._boxes[largest]) > MOST_AGAIN
        box = self._around(absorbed if is_huge else group)
        old, class_of = self._at(box), dict(self.class_of)
        for number in absorbed:
            del class_of[number]
        class_of[largest] = to
        new = np.where(np.isin(old, absorbed), largest, old).astype(old.dtype)
        grown = {largest: sum(self._voxels[k] for k in absorbed)} if is_huge else {}
        changed = frozenset(group) - grown.keys()
        self.by_hand.add(largest)
        if self.reshaped.intersection(group):
            self.reshaped.add(largest)
        self._lay(EditedPart(box, old, new, self.class_of, class_of, changed, grown))

    def _at(self, box: Slices) -> NDArray[Any]:
        """Return the numbers in a box as they are by now."""
        found: NDArray[Any] = self._found.ids[box].copy()
        for patch in self.patches:
            both = [
                slice(max(a.start, b.start), min(a.stop, b.stop))
                for a, b in zip(box, patch.box, strict=True)
            ]
            if all(side.start < side.stop for side in both):
                found[_shifted(both, box)] = patch.new[_shifted(both, patch.box)]
        return found

    def _around(self, numbers: Iterable[int]) -> Slices:
        """Return the box around some objects, a voxel wider where the volume goes on."""
        first, *others = numbers
        box = self._boxes[first]
        for number in others:
            box = around_both(box, self._boxes[number])
        z, y, x = (
            slice(max(0, side.start - 1), min(n, side.stop + 1))
            for side, n in zip(box, self._found.ids.shape, strict=True)
        )
        return z, y, x

    def _lay(self, part: EditedPart) -> None:
        """Take a part over, and measure what changed."""
        order, shape = self._found.order, self._found.ids.shape
        source = order.of.source
        images = (source.work_volume(), *source.work_channels())
        channels = {
            name: read_block(image, part.box)
            for name, image in zip(order.channels, images, strict=True)
        }
        self.table = measure_again(
            self.table,
            part,
            MeasureRequest(order.names, channels),
            shape,
            Calibrated.of(source.spacing, source.unit, order.origin),
            workers=self._run.silent(),
        )
        if part.after is not part.before:
            kind = self._found.ids.dtype
            self.patches.append(Patch(part.box, part.before, part.after.astype(kind)))
        self._read()


def lay_patches(ids: NDArray[Any], patches: Iterable[Patch]) -> None:
    """Lay patches over an array of numbers, in place."""
    for patch in patches:
        ids[patch.box] = patch.new


def take_patches_off(ids: NDArray[Any], patches: tuple[Patch, ...]) -> None:
    """Restore an array of numbers, in place."""
    for patch in reversed(patches):
        ids[patch.box] = patch.old


def _shifted(box: Any, within: Slices) -> Slices:
    """Return a box as it lies within another."""
    z, y, x = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(box, within, strict=True))
    return z, y, x


def _volume(box: Slices) -> int:
    return math.prod(int(side.stop - side.start) for side in box)
