"""Which changes can be taken back, and which made again: numbers of records, nothing else."""

from __future__ import annotations

from array import array

from .changes import BalanceChange, By, Change, VoxelChange
from .records import RecordKind, Role, kind_of

# In place of a class: changes that are neither strokes nor of a balance.
EDIT, CORRECTION, LOCK = -2, -3, -4
OF_NO_CLASS = {
    RecordKind.CLASS: -1,
    RecordKind.CORRECTIONS: CORRECTION,
    RecordKind.OBJECTS: EDIT,
    RecordKind.LOCK: LOCK,
}


def marks_of(change: Change) -> tuple[int, bool]:
    """Return what `UndoStack.note` is told of a change: class of balance or code, and by a tool."""
    if isinstance(change, BalanceChange):
        return change.class_id, False
    is_by_tool = isinstance(change, VoxelChange) and change.by is not By.HAND
    return OF_NO_CLASS.get(kind_of(change), 0), is_by_tool


class UndoStack:
    """What the sequence of records says of undo and redo.

    A change after an undo cuts the branch of what could have been made again. A step takes eight
    bytes; what it changed is read from the journal when it is needed.
    """

    def __init__(self) -> None:
        self._done = array("q")
        self._undone = array("q")
        self._by_tools: set[int] = set()
        self._other: dict[int, int] = {}  # numbers of what is no stroke: class of balance, or code

    def note(
        self,
        number: int,
        role: Role,
        target: int | None,
        class_id: int = 0,
        by_tool: bool = False,
    ) -> None:
        """Take notice of a change that can be undone.

        Parameters
        ----------
        number : int
            Of the record.
        role : Role
        target : int or None
            The record that it undoes or redoes.
        class_id : int
            Whose balance it is that changed; 0 for strokes, one of `OF_NO_CLASS` for the rest.
        by_tool : bool
            Whether no person painted what changed.
        """
        if role is Role.CHANGE or target is None:
            if class_id:
                self._other[number] = class_id
            if by_tool:
                self._by_tools.add(number)
            self._done.append(number)
            del self._undone[:]
            return
        origin, aim = (
            (self._done, self._undone) if role is Role.UNDO else (self._undone, self._done)
        )
        if target in origin[-1:]:
            aim.append(origin.pop())
        elif role is Role.UNDO and target in self._done:  # what lay between is lost to damage
            del self._done[self._done.index(target) :]
            self._undone.append(target)

    @property
    def next_undo(self) -> int | None:
        """The change that undo takes back next."""
        return self._done[-1] if self._done else None

    @property
    def next_redo(self) -> int | None:
        """The change that redo makes again next."""
        return self._undone[-1] if self._undone else None

    def strokes_since(self, class_id: int) -> int | None:
        """Count the strokes since the balance of a class was set; None if it wasn't."""
        count = 0
        for number in reversed(self._done):
            of_class = self._other.get(number, 0)
            if of_class == class_id:
                return count
            count += not of_class
        return None

    @property
    def edits(self) -> tuple[int, ...]:
        """The edits of the objects that hold, the earliest first."""
        codes = self._other
        return tuple(number for number in self._done if codes.get(number) == EDIT)

    @property
    def corrections_since_tools(self) -> tuple[int, ...]:
        """The corrections that hold, from the first that a tool made, the earliest first."""
        codes, tools = self._other, self._by_tools
        first = next((k for k, number in enumerate(self._done) if number in tools), len(self))
        later = self._done[first:]
        return tuple(number for number in later if codes.get(number) == CORRECTION)

    @property
    def locks(self) -> tuple[tuple[int, int | None], ...]:
        """The locks and ends of locks that hold, the latest first, and the change before each."""
        done, codes = (None, *self._done), self._other
        pairs = zip(self._done, done, strict=False)
        return tuple(pair for pair in pairs if codes.get(pair[0]) == LOCK)[::-1]

    @property
    def strokes(self) -> tuple[int, ...]:
        """The changes of strokes that hold, the earliest first."""
        codes = self._other
        return tuple(number for number in self._done if number not in codes)

    def __len__(self) -> int:
        """Count the changes that can be taken back."""
        return len(self._done)
