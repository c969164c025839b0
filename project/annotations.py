"""The annotations of a project: volumes in memory, a snapshot of them, and the journal's tail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation import Strokes

from ._recovery import Recovered, recover
from .by_tools import ByTools
from .changes import Change, Paint, PaintedVolumes, VoxelChange, to_keep
from .classes import ProjectClass, check_classes
from .documents import plain
from .errors import Finding, ProjectError, Severity, writing
from .journal import SCHEMA, Journal
from .layout import ANNOTATIONS
from .made_changes import MadeChanges
from .recorded import RecordedState
from .records import PAINTED, RecordKind, Role, kind_of
from .snapshots import Snapshots, not_repaired, replay
from .undo import UndoStack, marks_of
from .writer import JournalWriter, SaveState

JOURNAL = "strokes.journal"


class AnnotationStore:
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
    findings : tuple of Finding
        What was found damaged when it was opened, and what is lost for that.
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
        self._folder = folder
        self._journal = journal
        self._snapshots = Snapshots(folder, found)
        self.voxels: NDArray[np.uint8] = found.painted[Paint.STROKES]
        self.corrections: NDArray[np.uint8] = found.painted[Paint.CORRECTIONS]
        self.findings: tuple[Finding, ...] = tuple(found.findings)
        self.steps: UndoStack = journal.undo_stack()
        self._n_changes = sum(journal.count(kind) for kind in PAINTED)
        self._saving = Lock()  # one snapshot at a time
        self._is_closed = False
        self._writer = None if read_only else JournalWriter(journal, on_state)
        self.made = MadeChanges(journal, self._writer, self.steps)
        self._recorded = RecordedState(folder, self._writer, found)
        if not read_only:
            self._repair(found)

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
    def has_corrections(self) -> bool:
        """Whether any voxel was ever corrected."""
        return not self._recorded.painted[Paint.CORRECTIONS].is_blank

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

    @property
    def classes(self) -> tuple[ProjectClass, ...]:
        """The table of classes."""
        return self._recorded.table.classes

    @classes.setter
    def classes(self, classes: Sequence[ProjectClass]) -> None:
        check_classes(classes)
        table = tuple(classes)
        if table != self.classes:
            self._recorded.append_classes(table)

    def keep(self, content: Mapping[str, Any], kind: RecordKind = RecordKind.PROJECT) -> int:
        """Keep what isn't strokes, and JSON can hold, in the journal; return the record's number.

        Raises
        ------
        ProjectError
            If the annotations can't be changed, or JSON can't hold it.
        """
        return self._recorded.append(plain(content), kind)

    # --------------------------------------------------------------------------------- saving

    @property
    def state(self) -> SaveState:
        """How far saving is."""
        return SaveState() if self._writer is None else self._writer.state

    @property
    def journal(self) -> Journal:
        """The history."""
        return self._journal

    @property
    def last_number(self) -> int:
        """Number of the last record that was appended."""
        return self._recorded.next_number - 1

    @property
    def tail(self) -> int:
        """Records since the last snapshot: what the next opening has to replay."""
        return self.last_number - self._snapshots.number

    def flush(self) -> None:
        """Wait until all changes are on the disk.

        Raises
        ------
        ProjectError
            If they can't be written; they are kept, and tried again.
        """
        if self._writer is not None:
            self._writer.flush()

    def snapshot(self) -> None:
        """Write what is recorded by now; may run on another thread than the painting.

        It holds exactly what the records up to the last one make, and nothing that is painted or
        undone meanwhile.

        Raises
        ------
        ProjectError
            If it can't be written, or the changes before it can't.
        """
        self._recorded.check_writable()
        with self._saving, self._recorded.held() as moment:
            self.flush()
            self._snapshots.write(moment)

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

    def close(self, *, force: bool = False) -> None:
        """Save everything, and close the files.

        Parameters
        ----------
        force : bool
            Close them even if not all can be saved.

        Raises
        ------
        ProjectError
            If something can't be written; without `force` nothing is closed then.
        """
        if self._writer is not None and not self._is_closed:
            try:
                self.snapshot()
                self._writer.close()
            except ProjectError:
                if not force:
                    raise
                with suppress(ProjectError):
                    self._writer.close(force=True)
                self._is_closed = True
                self._journal.close()
                raise
        self._is_closed = True
        self._journal.close()

    def _repair(self, found: Recovered) -> None:
        """Put back what the files lack and the annotations in memory have."""
        self._journal.repair()
        if not self._journal.count(RecordKind.START):
            start = {"schema": SCHEMA, "shape": list(self.voxels.shape)}
            self._recorded.append(start, RecordKind.START)
        if not any(item.severity is Severity.LOSS for item in found.findings):
            self._snapshots.remove(found.bad_snapshots)

    @property
    def recorded(self) -> PaintedVolumes:
        """What the records make: to compare `painted` with, not to be changed."""
        return {paint: voxels.now for paint, voxels in self._recorded.painted.items()}

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
