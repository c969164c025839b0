"""Edits of objects: written down as steps that can be undone, and carried out on what was found."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from psygnal import Signal
from qtpy.QtCore import QTimer
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.tasks.editing import (
    Editing,
    EditOutcome,
    lay_patches,
    take_patches_off,
)
from supervox.napari_plugin.tasks.jobs import BackgroundTask
from supervox.napari_plugin.tasks.measuring import FoundObjects
from supervox.objects import (
    Edit,
    Give,
    ObjectsError,
    ObjectSteps,
    edit_from_json,
    edit_to_json,
)
from supervox.project import Change, ObjectChange

from .objects import Objects

KEPT_VOXELS = 2**27  # of patches that undo takes off; beyond, all objects are found anew


class ObjectEdits:
    """Follows the journal: what holds there is carried out, what was undone is taken back.

    Parameters
    ----------
    painting : Painting
        Writes edits down, and takes them back.
    objects : Objects

    Attributes
    ----------
    editing : Editing
    gathering : BackgroundTask
        Finds what the next edit means.
    changed : Signal
        What the project says of its objects changed.
    """

    changed = Signal()
    hint = Signal(str)

    def __init__(self, painting: Painting, objects: Objects) -> None:
        self._painting, self._objects = painting, objects
        self.editing, self.gathering = Editing(), BackgroundTask()
        self._waiting: deque[Edit] = deque()  # the first of them is being carried out
        self._before = self._now = 0  # states of the corrections, around those of the edit
        self._done: list[EditOutcome] = []
        self._entries: tuple[Mapping[str, Any], ...] = ()
        self._steps = ObjectSteps()
        objects.steps = lambda: self.steps
        self.editing.succeeded.connect(self._on_edited)
        self.editing.failed.connect(self._on_failed)
        painting.stepped.connect(self._on_step)
        objects.measuring.succeeded.connect(self._on_found)
        objects.forgotten.connect(self.forget)

    @property
    def steps(self) -> ObjectSteps:
        """What the project says of its objects."""
        recorder = self._painting.recorder
        entries = () if recorder is None else recorder.edits
        if entries != self._entries:  # read once: widgets ask often
            self._entries, self._steps = entries, ObjectSteps()
            try:
                self._steps = ObjectSteps.of(entries)
            except ObjectsError as error:
                self.hint.emit(f"Edits of objects in this project can't be read: {error}")
        return self._steps

    def forget(self) -> None:
        """Let go of everything that belongs to the image."""
        self.gathering.cancel()
        self.editing.cancel()
        self._waiting.clear()
        self._done.clear()

    def ready(self) -> FoundObjects | None:
        """Return the objects, if they can be edited now; say why they can't be."""
        found = self._objects.found
        if found is None or found.is_empty:
            self.hint.emit("Find objects first")
        elif self._painting.hand.is_read_only:
            self.hint.emit("The project is read-only")
        elif self._objects.measuring.is_running:
            self.hint.emit("Objects are being found: edit them when they are there")
        elif self._objects.is_old and not self._waiting:
            self.hint.emit("The objects are older than the labels: find them again first")
        elif self._waiting or self.gathering.is_running:
            self.hint.emit("The edit before isn't carried out yet")
        else:
            return found
        return None

    def record(self, entry: dict[str, Any]) -> None:
        """Write down what changes no single object: rules, how they are found, a no."""
        self._painting.record(ObjectChange(entry))
        self.changed.emit()

    def make(self, edit: Edit) -> None:
        """Write an edit down, and carry it out."""
        self.record(edit_to_json(edit))
        self._carry_out(edit)

    def _carry_out(self, edit: Edit) -> None:
        found = self._objects.found
        if found is None:
            return
        self._waiting.append(edit)
        corrections = self._painting.corrections
        self._before, self._now = corrections.before, corrections.state
        self.editing.start(found, edit)

    def _on_edited(self, outcome: EditOutcome | None) -> None:
        found, edit = self._objects.found, self._waiting.popleft()
        if found is None:
            return
        if outcome is None:
            self._find_anew(found)
            return
        self._done.append(outcome)
        while sum(p.old.size for done in self._done for p in done.patches) > KEPT_VOXELS:
            del self._done[0]
        lay_patches(found.ids, outcome.patches)
        after = self._of_now(outcome.after) if _is_joint(edit) else outcome.after
        self._objects.replace(after.with_steps(self.steps))
        self.changed.emit()

    def _on_failed(self, _: Exception) -> None:
        """Find all objects by the edits that are written down, as far as that goes."""
        self._waiting.clear()
        if self._objects.found is not None:
            self._find_anew(self._objects.found)

    def _on_step(self, change: Change) -> None:
        """Follow an undo or a redo."""
        if not isinstance(change, ObjectChange):
            return
        kind, found = change.edit.get("kind"), self._objects.found
        if found is None:
            self.changed.emit()
        elif kind == "rules":
            self.follow_rules()
        elif kind == "find":
            self._find_anew(found)
        elif kind != "no":
            self._take_back_or_again(change, found)
        self.changed.emit()

    def _take_back_or_again(self, change: ObjectChange, found: FoundObjects) -> None:
        edit = edit_from_json(change.edit)
        if self._waiting:  # it was not carried out yet
            self.editing.cancel()
            self._waiting.clear()
            self._find_anew(found)
        elif change.is_there:
            self._carry_out(edit)
        elif self._done and self._done[-1].edit == edit:
            outcome = self._done.pop()
            take_patches_off(found.ids, outcome.patches)
            self._objects.replace(outcome.before.with_steps(self.steps))
        else:
            self._find_anew(found)

    def follow_rules(self) -> None:
        """Sort the objects by the rules that hold."""
        if self._objects.found is not None:
            self._objects.replace(self._objects.found.with_steps(self.steps))
        self.changed.emit()

    def _of_now(self, found: FoundObjects) -> FoundObjects:
        """Say of objects that they are of the labels after the correction that an edit comes with.

        They are, if they were of those before it.
        """
        of = found.order.of
        if of.corrections != self._before:
            return found
        return replace(found, order=replace(found.order, of=replace(of, corrections=self._now)))

    def _find_anew(self, found: FoundObjects) -> None:
        """Find all objects again, once the labels are there that belong to the step."""
        QTimer.singleShot(0, partial(self._objects.find, found.order.class_id))

    def _on_found(self, _: FoundObjects) -> None:
        self._done.clear()
        self.changed.emit()


def _is_joint(edit: Edit) -> bool:
    return isinstance(edit, Give) and edit.in_labels
