"""The annotations of a project: what is painted in memory, each change recorded and saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation import Strokes

from ._recovery import Recovered, recover
from .by_tools import ByTools
from .changes import Change, Paint, PaintedVolumes, VoxelChange, to_keep
from .errors import Finding, ProjectError, writing
from .journal import Journal
from .layout import ANNOTATIONS
from .made_changes import MadeChanges
from .records import PAINTED, Role, kind_of
from .saved_records import SavedRecords
from .snapshots import not_repaired, replay
from .undo import UndoStack, marks_of
from .writer import SaveState

JOURNAL = "strokes.journal"


class AnnotationStore(SavedRecords):
    """What a person made in a project: painted volumes in memory, and their journal on the disk.

    Every change goes to the journal at once, in the background. What is painted into `voxels` or
    `corrections` directly is recorded by `record`; `apply`, `undo` and `redo` paint as well.
    Changes come from one thread.

    Attributes
    ----------
    voxels : uint8, (Z, Y, X)
        The strokes, as class ids; 0 = unlabelled.
    corrections : uint8, (Z, Y, X)
        Labels that lie over those that follow from the strokes; 0 = none.
    steps : UndoStack
        What can be undone.
    made : MadeChanges
        The changes themselves, read again.
    """

    def __init__(
        self,
        folder: Path,
        journal: Journal,
        found: Recovered,
        on_state: Callable[[SaveState], None] | None,
        *,
        read_only: bool,
    ) -> None:
        super().__init__(folder, journal, found, on_state, read_only=read_only)
        self.voxels: NDArray[np.uint8] = found.painted[Paint.STROKES]
        self.corrections: NDArray[np.uint8] = found.painted[Paint.CORRECTIONS]
        self.steps: UndoStack = journal.undo_stack()
        self._n_changes = sum(journal.count(kind) for kind in PAINTED)
        self.made = MadeChanges(journal, self._writer, self.steps)

    @classmethod
    def create(
        cls,
        folder: Path,
        shape: Sequence[int],
        on_state: Callable[[SaveState], None] | None = None,
    ) -> AnnotationStore:
        """Begin empty annotations in the folder of a new project.

        Parameters
        ----------
        folder : Path
        shape : sequence of 3 int
            Voxels of the volume.
        on_state : callable, optional
            Called with the `SaveState` whenever it changed, on a thread of its own.

        Raises
        ------
        ProjectError
            If the folder can't be written to, or has annotations.
        """
        place = folder / ANNOTATIONS
        with writing(place):
            place.mkdir()
        journal = Journal.open(place / JOURNAL)
        return cls(folder, journal, Recovered.empty(shape), on_state, read_only=False)

    @classmethod
    def open(
        cls,
        folder: Path,
        shape: Sequence[int] | None = None,
        on_state: Callable[[SaveState], None] | None = None,
        *,
        read_only: bool = False,
        check: Callable[[Journal], object] | None = None,
    ) -> AnnotationStore:
        """Open the annotations of a project: the newest good snapshot and what followed it.

        Parameters
        ----------
        folder : Path
            Of the project.
        shape : sequence of 3 int, optional
            Voxels of the volume, if they are known from elsewhere.
        on_state : callable, optional
            As for `create`.
        read_only : bool
            Nothing is repaired then, and nothing can be changed.
        check : callable, optional
            Looks at the journal before anything is repaired; what it raises ends the opening.

        Raises
        ------
        ProjectError
            If nothing says how large the volume is, a file can't be opened, or a newer version
            wrote it. Damage is told in `findings`.
        """
        place = folder / ANNOTATIONS
        if not read_only:
            with writing(place):
                place.mkdir(exist_ok=True)
        journal = Journal.open(place / JOURNAL, read_only=read_only)
        try:
            if check is not None:
                check(journal)
            found = recover(folder, journal, shape)
        except BaseException:
            journal.close()
            raise
        return cls(folder, journal, found, on_state, read_only=read_only)

    def record(self, change: Change) -> int | None:
        """Write down what was painted into `voxels`, or another step; no longer than a copy takes.

        Returns the number of the record; None if nothing changed.

        Raises
        ------
        ProjectError
            If the annotations can't be changed.
        ValueError
            If the change lies outside the volume, or is no balance.
        """
        return self._record(change, Role.CHANGE, None)

    def apply(self, change: VoxelChange) -> int | None:
        """Paint a change, and write it down; as `record` otherwise."""
        number = self.record(change)
        change.apply(self.painted)
        return number

    @property
    def painted(self) -> PaintedVolumes:
        """What is painted, by the kind of paint."""
        return {Paint.STROKES: self.voxels, Paint.CORRECTIONS: self.corrections}

    @property
    def edits(self) -> tuple[Mapping[str, Any], ...]:
        """The edits of the objects that hold, the earliest first."""
        return self.made.edits

    @property
    def by_tools(self) -> ByTools:
        """What tells which corrections are of tools, as things are now."""
        return self.made.by_tools(self.voxels.shape)

    def undo(self, known: Change | None = None) -> Change | None:
        """Take the last change back, and return what that changed; None if there is nothing.

        What `preview` returned needn't be read again, if it is `known`.

        A balance, or the table of classes, whoever asks has to set.

        Raises
        ------
        ProjectError
            If the annotations can't be changed, or the change can't be read any more.
        """
        return self._step(Role.UNDO, known)

    def redo(self, known: Change | None = None) -> Change | None:
        """Make the change again that was taken back last; as `undo` otherwise."""
        return self._step(Role.REDO, known)

    def order(self, strokes: Strokes) -> Strokes:
        """Return strokes of these annotations with the steps at which they were painted.

        Changes that were taken back are no steps, and neither is what isn't a stroke.
        """
        return self.made.order(strokes)

    def preview(self, *, back: bool) -> Change | None:
        """Return what `undo` (or `redo`, if not `back`) would change; None if nothing."""
        self._recorded.check_writable()
        return self.made.change_by(Role.UNDO if back else Role.REDO, self.painted)

    @property
    def n_changes(self) -> int:
        """How often something was painted, undoing included: it only ever grows."""
        return self._n_changes

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return self.steps.next_undo is not None

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to make again."""
        return self.steps.next_redo is not None

    def compare_snapshots(self, *, repair: bool = False) -> list[Finding]:
        """Compare the snapshots with the journal, as far as that is whole.

        Parameters
        ----------
        repair : bool
            Go on with what the journal says, and remove snapshots that say something else; where
            the journal isn't whole, all stays as it is. Nobody may be painting.

        Raises
        ------
        ProjectError
            If the annotations can't be changed or saved, with `repair`.
        """
        if repair:
            self._recorded.check_writable()
            self.flush()
        found = self._snapshots.compare(self._journal, self.voxels.shape)
        if found and repair:
            rebuilt = {paint: np.zeros_like(self.voxels) for paint in Paint}
            try:
                replay(self._journal, rebuilt, -1, self.last_number)
            except ProjectError as error:
                return [not_repaired(finding, error) for finding in found.values()]
            self._recorded.begin_with(rebuilt)
            for paint, voxels in self.painted.items():
                voxels[...] = rebuilt[paint]
            self._snapshots.number = -1
            self._snapshots.remove(found)
        return list(found.values())

    def _record(self, change: Change, role: Role, target: int | None) -> int | None:
        self._recorded.check_writable()
        kind, change = kind_of(change), to_keep(change, self.voxels.shape)
        if isinstance(change, VoxelChange) and not change.voxels.size:
            return None
        self._n_changes += kind in PAINTED
        number = self._recorded.append(change, kind, role, target)
        self.steps.note(number, role, target, *marks_of(change))
        return number

    def _step(self, role: Role, known: Change | None) -> Change | None:
        """Undo or redo a change."""
        target = self.steps.next_undo if role is Role.UNDO else self.steps.next_redo
        self._recorded.check_writable()
        change = known or self.made.change_by(role, self.painted)
        if change is not None:
            self._record(change, role, target)
            change.apply(self.painted)
        return change
