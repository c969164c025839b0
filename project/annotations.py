"""The annotations of a project: a volume in memory, a snapshot of it, and the journal's tail."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation import Strokes

from ._recovery import CLASSES, SNAPSHOT, Recovered, recover
from .array_parts import Parts, PartWriter
from .changes import BalanceChange, Change, VoxelChange
from .classes import ProjectClass, check_classes, classes_to_json
from .documents import write_document
from .errors import Finding, ProjectError, Severity, writing
from .journal import Journal
from .layout import ANNOTATIONS
from .records import Content, Record, RecordKind, Role
from .stroke_order import StrokeOrder
from .undo import UndoStack
from .writer import JournalWriter, SaveState

JOURNAL = "strokes.journal"
SCHEMA = 1  # of the journal
KEPT_SNAPSHOTS = 2  # if the newer is damaged, and the journal too, the older one has most


class AnnotationStore:
    """The strokes of a project: the volume of class ids in memory, and its journal on the disk.

    Every change goes to the journal at once, in the background. What is painted into `voxels`
    directly is recorded by `record`; `apply`, `undo` and `redo` paint as well. Changes come from
    one thread.

    Attributes
    ----------
    voxels : uint8, (Z, Y, X)
        Class ids; 0 = unlabelled.
    findings : tuple of Finding
        What was found damaged when it was opened, and what is lost for that.
    steps : UndoStack
        What can be undone.
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
        self._parts = Parts(folder / ANNOTATIONS)
        self.voxels: NDArray[np.uint8] = found.voxels
        self.findings: tuple[Finding, ...] = tuple(found.findings)
        self._classes = found.classes
        self._classes_number = found.classes_number
        self._classes_written = found.classes_written
        self._snapshot_number = found.snapshot_number
        self._next = found.next_number
        self.steps: UndoStack = journal.undo_stack()
        self._order: StrokeOrder[int] = StrokeOrder()
        self._n_changes = journal.count(RecordKind.VOXELS)
        self._lock = Lock()  # numbers are given in the order of the queue
        self._saving = Lock()  # one snapshot at a time
        self._is_closed = False
        self._writer = None if read_only else JournalWriter(journal, on_state)
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

        Raises
        ------
        ProjectError
            If nothing says how large the volume is, or a file can't be opened. Damage is told in
            `findings`.
        """
        place = folder / ANNOTATIONS
        if not read_only:
            with writing(place):
                place.mkdir(exist_ok=True)
        journal = Journal.open(place / JOURNAL, read_only=read_only)
        try:
            found = recover(folder, journal, shape)
        except BaseException:
            journal.close()
            raise
        return cls(folder, journal, found, on_state, read_only=read_only)

    def record(self, change: Change) -> int | None:
        """Write down what was painted into `voxels`, or a balance; takes no longer than a copy.

        Returns the number of the record; None if nothing changed.

        Raises
        ------
        ProjectError
            If the annotations can't be changed.
        ValueError
            If the change lies outside the volume.
        """
        return self._record(change, Role.CHANGE, None)

    def apply(self, change: VoxelChange) -> int | None:
        """Paint a change, and write it down; as `record` otherwise."""
        number = self.record(change)
        change.apply(self.voxels)
        return number

    def undo(self) -> Change | None:
        """Take the last change back, and return what that changed; None if there is nothing.

        A balance, whoever asks has to set.

        Raises
        ------
        ProjectError
            If the annotations can't be changed, or the change can't be read any more.
        """
        return self._step(self.steps.next_undo, Role.UNDO)

    def redo(self) -> Change | None:
        """Make the change again that was taken back last; as `undo` otherwise."""
        return self._step(self.steps.next_redo, Role.REDO)

    def order(self, strokes: Strokes) -> Strokes:
        """Return strokes of these annotations with the steps at which they were painted.

        Changes that were taken back are no steps, and neither are those of a balance.
        """
        self._order.follow(self.steps.done, self._change_of)
        return self._order.order(strokes)

    def _change_of(self, number: int) -> Change:
        waiting = None if self._writer is None else self._writer.waiting(number)
        content = (waiting or self._journal.read(number)).content
        assert isinstance(content, Change)
        return content

    def preview(self, *, back: bool) -> Change | None:
        """Return what `undo` (or `redo`, if not `back`) would change; None if nothing."""
        if back:
            return self._change_by(self.steps.next_undo, Role.UNDO)
        return self._change_by(self.steps.next_redo, Role.REDO)

    @property
    def n_changes(self) -> int:
        """How often voxels were changed, undoing included: it only ever grows."""
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
        return self._classes

    @classes.setter
    def classes(self, classes: Sequence[ProjectClass]) -> None:
        check_classes(classes)
        table = tuple(classes)
        if table != self._classes:
            content = {"classes": classes_to_json(table)}
            self._classes_number = self._append(content, RecordKind.CLASSES)
            self._classes = table

    def keep(self, content: Mapping[str, Any], kind: RecordKind = RecordKind.PROJECT) -> int:
        """Keep what isn't strokes, and JSON can hold, in the journal; return the record's number.

        Raises
        ------
        ProjectError
            If the annotations can't be changed.
        """
        return self._append(content, kind)

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
        return self._next - 1

    @property
    def tail(self) -> int:
        """Records since the last snapshot: what the next opening has to replay."""
        return self.last_number - self._snapshot_number

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
        """Write the volume as it is; may run on another thread than the painting.

        What is painted meanwhile may be in it or not: its record follows, and sets the same voxels.

        Raises
        ------
        ProjectError
            If it can't be written, or the changes before it can't.
        """
        self._check_writable()
        with self._saving:
            self.flush()
            self._write_classes()
            number = self.last_number
            if number != self._snapshot_number:
                header = {
                    "number": number,
                    "classes_number": self._classes_number,
                    "classes": classes_to_json(self._classes),
                }
                self._parts.write(SNAPSHOT, header, self._fill, keep=KEPT_SNAPSHOTS)
                self._snapshot_number = number

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
        if not self._journal.count(RecordKind.START):
            self._append({"schema": SCHEMA, "shape": list(self.voxels.shape)}, RecordKind.START)
        if not any(item.severity is Severity.LOSS for item in found.findings):
            for generation in found.bad_snapshots:  # they are of no use to anybody any more
                self._parts.remove(SNAPSHOT, generation)

    def _check_writable(self) -> JournalWriter:
        if self._writer is None:
            raise ProjectError(f"{self._folder}: is open for reading only; nothing can be changed")
        return self._writer

    def _append(
        self,
        content: Content,
        kind: RecordKind,
        role: Role = Role.CHANGE,
        target: int | None = None,
    ) -> int:
        writer = self._check_writable()
        with self._lock:
            number = self._next
            writer.append(Record(number, time.time(), content, kind, role, target))
            self._next += 1
        return number

    def _record(self, change: Change, role: Role, target: int | None) -> int | None:
        self._check_writable()
        kind, class_id = RecordKind.BALANCE, 0
        if isinstance(change, BalanceChange):
            class_id = change.class_id
        elif not change.fits(self.voxels.shape):
            raise ValueError("the change lies outside the volume")
        elif not change.voxels.size:
            return None
        else:
            change = VoxelChange(change.voxels.copy(), change.old.copy(), change.new.copy())
            kind, self._n_changes = RecordKind.VOXELS, self._n_changes + 1
        number = self._append(change, kind, role, target)
        self.steps.note(number, role, target, class_id)
        return number

    def _step(self, target: int | None, role: Role) -> Change | None:
        """Undo or redo the change of a record."""
        change = self._change_by(target, role)
        if change is not None:
            self._record(change, role, target)
            change.apply(self.voxels)
        return change

    def _change_by(self, target: int | None, role: Role) -> Change | None:
        """Return what undoing or redoing the change of a record would change."""
        self._check_writable()
        if target is None:
            return None
        made = self._change_of(target)
        if isinstance(made, BalanceChange):
            return made.inverse if role is Role.UNDO else made
        present = self.voxels.reshape(-1)[made.voxels]
        return VoxelChange(made.voxels, present, made.old if role is Role.UNDO else made.new)

    def _fill(self, part: PartWriter) -> None:
        part.write("voxels", self.voxels)

    def _write_classes(self) -> None:
        """Write the readable copy of the table of classes, if it isn't the newest."""
        if self._classes_written == self._classes_number:
            return
        content = {"number": self._classes_number, "classes": classes_to_json(self._classes)}
        write_document(self._folder / CLASSES, content)
        self._classes_written = self._classes_number
