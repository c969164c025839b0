"""What a person does to objects with mouse and buttons, turned into edits.

*Delete* and *Give to class* are two steps of the journal that belong together: a correction of the
labels, and the edit. The correction makes the labels right at once, wherever they are shown,
measured or exported, and obeys locks. The edit says that it was meant for the object: rules leave
that alone, and in new labels the object is of that class also where it grew around the correction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal
from supervox.napari_plugin.painting.hand import CUT, MERGE, MOVE, SPLIT
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.jobs import BackgroundTask
from supervox.napari_plugin.tasks.measuring import FoundObjects
from supervox.objects import (
    REMOVED,
    Give,
    GiveKind,
    Mark,
    Merge,
    ObjectsError,
    Rule,
    Separate,
    Split,
    Voxel,
    class_around,
    cut_along,
    find_step,
    inner_voxel,
    object_across,
    objects_at_ends,
    rules_step,
)

from .correcting import Correcting
from .drawn_line import DrawnLine, Point
from .object_edits import ObjectEdits
from .object_marks import voxels_of
from .object_questions import ObjectQuestions
from .objects import Objects
from .working_image import WorkingImage

TOLD = {
    CUT: "Draw a line across an object, from one side of it to the other",
    MERGE: "Draw a line from one object to another of its class",
    SPLIT: "Draw a line in each part of one object, then press Split again",
}


class ByHand:
    """Edits the objects that were found last, and are chosen.

    Parameters
    ----------
    volume : WorkingImage
    painting : Painting
        Has the tools, and the classes.
    objects : Objects
    correcting : Correcting
        Changes labels where objects are deleted or given to another class.

    Attributes
    ----------
    edits : ObjectEdits
        Writes edits down, and carries them out.
    line : DrawnLine
    questions : ObjectQuestions
        Which edits are probable.
    """

    hint = Signal(str)

    def __init__(
        self,
        volume: WorkingImage,
        painting: Painting,
        objects: Objects,
        correcting: Correcting,
    ) -> None:
        self._volume, self._painting, self._objects = volume, painting, objects
        self._correcting = correcting
        self.edits = ObjectEdits(painting, objects)
        self.questions = ObjectQuestions(objects, self.edits)
        self.line = DrawnLine(volume, painting.hand)
        self.line.drawn.connect(self._on_line)
        for part in (self.line, self.edits):
            part.hint.connect(self.hint.emit)
        self.line.begin()
        self._shown = 0  # of the places where edits are lost

    @property
    def stages(self) -> tuple[BackgroundTask, ...]:
        """The long work."""
        return self.edits.editing, self.questions.search

    def end(self) -> None:
        """Leave the mouse alone."""
        self.line.end()

    # ----------------------------------------------------------------------------- what is asked

    def find(self, class_id: int, split: Split | None) -> None:
        """Find and measure objects; how they are split is a step that can be undone."""
        steps = self.edits.steps
        if (steps.class_id, steps.split) != (class_id, split):
            self.edits.record(find_step(class_id, split))
        self._objects.find(class_id)

    def take(self, tool: str) -> None:
        """Take a tool that draws lines on objects; the same once more puts it down."""
        hand, strokes = self._painting.hand, self.line.take_strokes()
        self._objects.show(True)
        was_in_hand = hand.tool == tool
        hand.take(MOVE if was_in_hand else tool)
        if was_in_hand and tool == SPLIT:
            self._split(strokes)
        elif not was_in_hand:
            self.hint.emit(TOLD[tool])
        self.edits.changed.emit()

    def _split(self, strokes: tuple[tuple[Voxel, ...], ...]) -> None:
        """Make each part of an object that has a stroke an object."""
        found = self.edits.ready()
        if found is None:
            return
        met = [[_number_at(found, voxel) for voxel in stroke] for stroke in strokes]
        number = next((k for row in met for k in row if k), 0)
        parts = [
            tuple(voxel for voxel, k in zip(stroke, row, strict=True) if k == number)
            for stroke, row in zip(strokes, met, strict=True)
        ]
        parts = [part for part in parts if part]
        if number and len(parts) > 1:
            self.edits.make(Separate(_class_of(found, number), tuple(parts)))
        else:
            self.hint.emit(TOLD[SPLIT])

    def _on_line(self, tool: str, axis: int, plane: int, line: tuple[Point, Point]) -> None:
        found = self.edits.ready()
        if found is None:
            return
        start = found.order.of.source.start
        if not 0 <= plane - start[axis] < found.ids.shape[axis]:
            self.hint.emit("There are no objects outside of the box")
            return
        seen, drawn = set(found.table["id"].tolist()), (axis, plane, line, start)
        if tool == MERGE:
            self._merge(found, objects_at_ends(found.ids, *drawn, among=seen))
            return
        try:
            chosen = self._objects.selection
            number = object_across(found.ids, *drawn, among=seen, chosen=chosen)
            of = _class_of(found, number)
            edit = cut_along(found.ids, number, of, *drawn)
        except ObjectsError as error:
            self.hint.emit(f"{str(error)[:1].upper()}{str(error)[1:]}")
            return
        self.edits.make(edit)
        name = found.order.names.get(of, f"class {of}")
        self.hint.emit(f"Cut object {number}, of {name}, along the line")

    def merge(self) -> None:
        """Make the chosen objects one."""
        found = self.edits.ready()
        if found is not None:
            self._merge(found, {k: _anchor(found, k) for k in self._objects.selection})

    def _merge(self, found: FoundObjects, objects: dict[int, Voxel]) -> None:
        classes = {_class_of(found, number) for number in objects}
        if len(objects) < 2:
            self.hint.emit("Merging takes two objects: choose them, or draw from one to the other")
        elif len(classes) > 1:
            self.hint.emit("Objects of two classes can't be one: give them to one class first")
        else:
            self.edits.make(Merge(classes.pop(), tuple(objects.values())))

    def mark(self) -> None:
        """Mark the chosen objects as right."""
        found, chosen = self.edits.ready(), self._objects.selection
        if found is not None and self._is_chosen():
            of = tuple(_class_of(found, number) for number in chosen)
            self.edits.make(Mark(of, tuple(_anchor(found, number) for number in chosen)))

    def delete(self) -> None:
        """Give the chosen objects to what is most around each of them."""
        found = self.edits.ready()
        if found is not None and self._is_chosen():
            self._give(found, self._around(found, self._objects.selection), "deleted", "delete")

    def _around(self, found: FoundObjects, numbers: Iterable[int]) -> dict[int, int]:
        """Return the class that is most around each object; 0 if there is none."""
        labels, around = self._correcting.labels(), dict.fromkeys(numbers, 0)
        if labels is None:
            return around
        for number in around:
            first, mask = voxels_of(found, [number])
            low = [max(0, k - 1) for k in first]
            edges = zip(first, mask.shape, labels.shape, strict=True)
            high = [min(n, k + edge + 1) for k, edge, n in edges]
            part = np.asarray(labels[tuple(map(slice, low, high))])
            before = [k - a for k, a in zip(first, low, strict=True)]
            after = [m - n - b for m, n, b in zip(part.shape, mask.shape, before, strict=True)]
            inside = np.pad(mask, list(zip(before, after, strict=True)))
            around[number] = class_around(part, inside)
        return around

    def give(self, class_id: int) -> None:
        """Give the chosen objects to a class."""
        found = self.edits.ready()
        if found is not None and self._is_chosen():
            name = self._painting.classes[class_id].name
            chosen = self._objects.selection
            self._give(found, dict.fromkeys(chosen, class_id), f"given to {name}", "give")

    def _give(self, found: FoundObjects, to: dict[int, int], what: str, kind: GiveKind) -> None:
        """Correct the labels of objects, and write down that it was meant for the objects."""
        if not all(to.values()):
            self.hint.emit("There is nothing around it that it could become: give it to a class")
            return
        classes = self._painting.classes
        of = {number: _class_of(found, number) for number in to}
        touched = {*of.values(), *to.values()}
        locked = [item.name for item in classes if item.locked and item.id in touched]
        if locked:
            self.hint.emit(f"{', '.join(locked)} locked: unlock to change its objects")
            return
        chosen = [number for number in to if of[number] != to[number]]
        if not chosen:
            self.hint.emit("They are of that class already")
            return
        anchors = tuple(_anchor(found, number) for number in chosen)
        edit = Give(
            tuple(of[k] for k in chosen),
            anchors,
            tuple(to[k] for k in chosen),
            in_labels=True,
            settles=self._edited_in(found, chosen),
            kind=kind,
        )
        voxels = [self._voxels(found, number) for number in chosen]
        values = [np.full(v.size, to[k], np.uint8) for k, v in zip(chosen, voxels, strict=True)]
        every = np.concatenate(voxels)
        order = np.argsort(every)
        things = "1 object" if len(chosen) == 1 else f"{len(chosen):,} objects"
        if self._correcting.change(every[order], np.concatenate(values)[order], f"{things} {what}"):
            self.edits.make(edit)

    def _edited_in(self, found: FoundObjects, numbers: Sequence[int]) -> tuple[Voxel, ...]:
        """Return the voxels by which earlier edits find some objects."""
        anchors = (anchor for edit in self.edits.steps.edits for anchor in edit.anchors)
        settled = {voxel: None for voxel, _ in anchors if _number_at(found, voxel) in numbers}
        return tuple(settled)

    def _voxels(self, found: FoundObjects, number: int) -> NDArray[np.int64]:
        """Return the voxels of an object, as raster indices in the whole image."""
        first, mask = voxels_of(found, [number])
        start = found.order.of.source.start
        places = [at + k + s for at, k, s in zip(np.nonzero(mask), first, start, strict=True)]
        found_at: NDArray[np.int64] = np.ravel_multi_index(places, self._painting.planes.shape)
        return found_at

    def put_rules_in(self) -> None:
        """Change the labels as the rules say, as corrections of whole objects."""
        found = self.edits.ready()
        if found is None:
            return
        there = dict(zip(found.table["id"].tolist(), found.table["class"].tolist(), strict=True))
        pairs = zip(found.measured["id"].tolist(), found.measured["class"].tolist(), strict=True)
        to = {number: there.get(number, REMOVED) for number, of in pairs if there.get(number) != of}
        removed = [number for number, class_id in to.items() if class_id == REMOVED]
        self._give(found, to | self._around(found, removed), "sorted by rules", "sort")

    def set_rules(self, rules: Sequence[Rule]) -> None:
        """Have other rules, as a step that can be undone."""
        if tuple(rules) != self.edits.steps.rules:
            self.edits.record(rules_step(rules))
            self.edits.follow_rules()

    def show_missing(self) -> None:
        """Go to the next place where an edit found no object any more."""
        found = self._objects.found
        if found is None or not found.missing:
            return
        self._shown %= len(found.missing)
        voxel, of = found.missing[self._shown]
        self._shown += 1
        names = {item.id: item.name for item in self._painting.classes}
        self._objects.look_at(voxel)
        z, y, x = voxel
        self.hint.emit(
            f"An object of {names.get(of, f'class {of}')} was edited at plane {z}, row {y}, "
            f"column {x}: there is none now"
        )

    def _is_chosen(self) -> bool:
        if not self._objects.selection:
            self.hint.emit("Choose objects first: click on them, or on their rows in the table")
        return bool(self._objects.selection)


def _class_of(found: FoundObjects, number: int) -> int:
    """Return the class of an object, whatever rules say."""
    row = int(np.searchsorted(found.measured["id"], number))
    return int(found.measured["class"][row])


def _number_at(found: FoundObjects, voxel: Voxel) -> int:
    """Return the object at a voxel of the whole image; 0 if none is there."""
    start, shape = found.order.of.source.start, found.ids.shape
    at = tuple(k - first for k, first in zip(voxel, start, strict=True))
    is_inside = all(0 <= k < n for k, n in zip(at, shape, strict=True))
    return int(found.ids[at]) if is_inside else 0


def _anchor(found: FoundObjects, number: int) -> Voxel:
    """Return the voxel of the whole image by which an object is found again."""
    first, mask = voxels_of(found, [number])
    inner = inner_voxel(mask)
    z, y, x = (a + b + c for a, b, c in zip(inner, first, found.order.of.source.start, strict=True))
    return z, y, x
