"""What is kept in memory of a journal's records: a few numbers each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .changes import By
from .records import PAINTED, UNDOABLE, Header, RecordKind, Role
from .undo import OF_NO_CLASS

ROW = np.dtype(
    [
        ("number", "i8"),
        ("offset", "i8"),
        ("target", "i8"),  # -1: none
        ("time", "f8"),
        ("total", "i8"),
        ("voxels", "u4"),
        ("kind", "u1"),
        ("role", "u1"),
        ("by_tool", "?"),
    ]
)


class Index:
    """Rows of `ROW`, by ascending number.

    One thread may add rows while others look: each looks at `rows` once, which doesn't grow.
    """

    def __init__(self) -> None:
        self._rows = np.empty(256, ROW)
        self._used = 0

    def __len__(self) -> int:
        return self._used

    def add(self, header: Header, offset: int) -> None:
        """Add the record that stands at an offset of the file."""
        if self._used == len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
        target = -1 if header.target is None else header.target
        self._rows[self._used] = (
            *(header.number, offset, target, header.time, header.total),
            *(header.n_voxels, header.kind, header.role, header.by is not By.HAND),
        )
        self._used += 1

    @property
    def rows(self) -> NDArray[Any]:
        """All rows."""
        return self._rows[: self._used]

    @property
    def last_number(self) -> int:
        """Number of the last record; -1 if there is none."""
        numbers = self.rows["number"]
        return int(numbers[-1]) if numbers.size else -1

    def offset_of(self, number: int) -> int | None:
        """Return where a record stands; None if it doesn't."""
        row = self._row_of(number)
        return None if row is None else int(row["offset"])

    def voxels_of(self, number: int) -> int:
        """Return how many voxels a record changes; 0 if there is no such record."""
        row = self._row_of(number)
        if row is None or row["kind"] not in tuple(PAINTED):
            return 0
        return int(row["voxels"])

    def _row_of(self, number: int) -> np.void | None:
        rows = self.rows
        numbers = rows["number"]
        if not numbers.size:
            return None
        at = number - int(numbers[0])  # where no record is missing; a search reads all rows
        if not 0 <= at < numbers.size or numbers[at] != number:
            at = int(np.searchsorted(numbers, number))
        if at == numbers.size or numbers[at] != number:
            return None
        row: np.void = rows[at]
        return row

    def of_kind(self, kind: RecordKind) -> NDArray[np.int64]:
        """Return the numbers of the records of a kind, ascending."""
        rows = self.rows
        numbers: NDArray[np.int64] = rows["number"][rows["kind"] == kind]
        return numbers

    def roles(self) -> list[tuple[int, Role, int | None, int, bool]]:
        """Return of all changes that can be undone what `UndoStack.note` takes."""
        rows = self.rows
        chosen = rows[np.isin(rows["kind"], UNDOABLE)]
        of_class = np.where(chosen["kind"] == RecordKind.BALANCE, chosen["voxels"].astype(int), 0)
        for kind, code in OF_NO_CLASS.items():
            of_class[chosen["kind"] == kind] = code
        columns = (chosen[name].tolist() for name in ("number", "role", "target", "by_tool"))
        return [
            (number, Role(role), None if target < 0 else target, class_id, by_tool)
            for number, role, target, by_tool, class_id in zip(
                *columns, of_class.tolist(), strict=True
            )
        ]
