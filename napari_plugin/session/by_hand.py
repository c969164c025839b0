"""What a person does to objects with mouse and buttons, turned into edits."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from psygnal import Signal
from supervox.napari_plugin.painting.hand import CUT, MERGE, MOVE, SPLIT
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.jobs import BackgroundTask
from supervox.napari_plugin.tasks.measuring import FoundObjects
from supervox.objects import (
    REMOVED,
    Asked,
    GiveKind,
    Mark,
    Merge,
    ObjectsError,
    Rule,
    Separate,
    Voxel,
    cut_along,
    find_step,
    object_across,
    objects_at_ends,
    rules_step,
)

from .correcting import Correcting
from .drawn_line import DrawnLine, Point
from .giving import AROUND, GiveOrder, Giving
from .object_edits import ObjectEdits
from .object_questions import ObjectQuestions
from .object_voxels import anchor_of, class_of, number_at
from .objects import Objects
from .working_image import WorkingImage

SLOW_S = 0.3  # what is done before is done at once
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
        self.edits = ObjectEdits(painting, objects)
        self._giving = Giving(painting, correcting, self.edits)
        self.questions = ObjectQuestions(objects, self.edits)
        self.line = DrawnLine(volume, painting.hand)
        self.line.drawn.connect(self._on_line)
        for part in (self.line, self.edits, self._giving):
            part.hint.connect(self.hint.emit)
        self.line.begin()
        self._shown = 0  # of the places where edits are lost

    @property
    def stages(self) -> tuple[BackgroundTask, ...]:
        """The long work."""
        return self.edits.gathering, self.edits.editing, self.questions.search

    def cancel(self) -> None:
        """Find no objects, and nothing of them that is to be changed."""
        self._objects.measuring.cancel()
        self.edits.gathering.cancel()

    @property
    def slow_work(self) -> BackgroundTask:
        """What takes so long that a person wants to see how far it is."""
        job = self.edits.gathering.job
        is_slow = job is not None and monotonic() - job.started_at > SLOW_S
        return self.edits.gathering if is_slow else self._objects.measuring

    def end(self) -> None:
        """Leave the mouse alone."""
        self.line.end()

    # ----------------------------------------------------------------------------- what is asked

    def find(self, asked: Asked) -> None:
        """Find and measure objects; which and how is a step that can be undone."""
        if self.edits.steps.asked != asked:
            self.edits.record(find_step(asked))
        self._objects.find(asked.class_id)

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
        met = [[number_at(found, voxel) for voxel in stroke] for stroke in strokes]
        number = next((k for row in met for k in row if k), 0)
        parts = [
            tuple(voxel for voxel, k in zip(stroke, row, strict=True) if k == number)
            for stroke, row in zip(strokes, met, strict=True)
        ]
        parts = [part for part in parts if part]
        if number and len(parts) > 1:
            self.edits.make(Separate(class_of(found, number), tuple(parts)))
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
            of = class_of(found, number)
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
            self._merge(found, {k: anchor_of(found, k) for k in self._objects.selection})

    def _merge(self, found: FoundObjects, objects: dict[int, Voxel]) -> None:
        classes = {class_of(found, number) for number in objects}
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
            of = tuple(class_of(found, number) for number in chosen)
            self.edits.make(Mark(of, tuple(anchor_of(found, number) for number in chosen)))

    def delete(self) -> None:
        """Give the chosen objects to what is most around each of them."""
        self._give(AROUND, "deleted", "delete")

    def give(self, class_id: int) -> None:
        """Give the chosen objects to a class."""
        self._give(class_id, f"given to {self._painting.classes[class_id].name}", "give")

    def _give(self, to: int, what: str, kind: GiveKind) -> None:
        found = self.edits.ready()
        if found is not None and self._is_chosen():
            order = GiveOrder(found, dict.fromkeys(self._objects.selection, to), kind, what)
            self._giving.begin(order)

    def put_rules_in(self) -> None:
        """Change the labels as the rules say, as corrections of whole objects."""
        found = self.edits.ready()
        if found is None:
            return
        there = dict(zip(found.table["id"].tolist(), found.table["class"].tolist(), strict=True))
        pairs = zip(found.measured["id"].tolist(), found.measured["class"].tolist(), strict=True)
        to = {k: there.get(k, REMOVED) for k, of in pairs if there.get(k) != of}
        to = {k: AROUND if of == REMOVED else of for k, of in to.items()}
        self._giving.begin(GiveOrder(found, to, "sort", "sorted by rules"))

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
