"""Objects that may be several things, or one, as questions that a person answers by yes or no."""

from __future__ import annotations

from dataclasses import dataclass

from supervox.napari_plugin.tasks.asking import LookingForDoubts
from supervox.objects import EditQuestion, refused_questions, refused_step

from .object_edits import ObjectEdits
from .objects import Objects


@dataclass(frozen=True)
class DoubtsState:
    """The questions that are open.

    Attributes
    ----------
    candidates : tuple of EditQuestion
        The surest first.
    is_looking : bool
        Whether they are being looked for.
    is_known : bool
        Whether they were looked for in these objects.
    """

    candidates: tuple[EditQuestion, ...] = ()
    is_looking: bool = False
    is_known: bool = False


class ObjectQuestions:
    """Looks for questions, shows what they are about, and takes the answers.

    Parameters
    ----------
    objects : Objects
    edits : ObjectEdits
        Carries out what is answered by yes, and writes down what is answered by no.

    Attributes
    ----------
    search : LookingForDoubts
    """

    def __init__(self, objects: Objects, edits: ObjectEdits) -> None:
        self._objects, self._edits = objects, edits
        self.search = LookingForDoubts()
        self._open: tuple[EditQuestion, ...] = ()
        self._is_known = False
        self.search.succeeded.connect(self._on_candidates)
        objects.measuring.succeeded.connect(self._forget)
        objects.forgotten.connect(self._forget)

    @property
    def state(self) -> DoubtsState:
        """What is open, of the objects that are there still."""
        found = self._objects.found
        there = () if found is None else self._open
        if found is None or not there:
            return DoubtsState((), self.search.is_running, self._is_known)
        refused = refused_questions(
            self._edits.steps.refused, found.ids, found.measured, found.order.of.source.start
        )
        kept = tuple(
            item
            for item in there
            if item.key not in refused and all(found.row_of(k) is not None for k in item.objects)
        )
        return DoubtsState(kept, self.search.is_running, self._is_known)

    def look(self) -> None:
        """Look for objects in doubt."""
        found = self._edits.ready()
        if found is not None:
            self.search.start(found)

    def _on_candidates(self, candidates: list[EditQuestion]) -> None:
        self._open, self._is_known = tuple(candidates), True
        self._edits.changed.emit()

    def _forget(self, *_: object) -> None:
        self.search.cancel()
        self._open, self._is_known = (), False

    def show(self, candidate: EditQuestion) -> None:
        """Fly to what a question is about, and outline it."""
        self._objects.go_to(candidate.objects[0])
        if len(candidate.objects) > 1:
            self._objects.select(candidate.objects)

    def answer(self, candidate: EditQuestion, *, is_yes: bool) -> None:
        """Take an answer as a step that can be undone; what is answered by no isn't asked again."""
        if self._edits.ready() is None:
            return
        if is_yes:
            self._open = tuple(item for item in self._open if item is not candidate)
            self._edits.make(candidate.edit)
        else:
            self._edits.record(refused_step(candidate.edit))
