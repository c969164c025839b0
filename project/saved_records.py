"""The records of the annotations on their way to the disk: in a journal, and in snapshots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from ._recovery import Recovered
from .changes import Paint, PaintedVolumes
from .classes import ProjectClass, check_classes
from .documents import plain
from .errors import Finding, ProjectError, Severity
from .journal import SCHEMA, Journal
from .recorded import RecordedState
from .records import RecordKind
from .snapshots import Snapshots
from .writer import JournalWriter, SaveState


class SavedRecords:
    """What is recorded of the annotations, and how far it is saved.

    Parameters
    ----------
    folder : Path
        Of the project.
    journal : Journal
    found : Recovered
        What was read.
    on_state : callable, optional
        Called with the `SaveState` whenever it changed, on a thread of its own.
    read_only : bool
        Nothing is repaired then, and nothing can be changed.

    Attributes
    ----------
    findings : tuple of Finding
        What was found damaged when it was opened, and what is lost for that.
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
        self._journal = journal
        self._snapshots = Snapshots(folder, found)
        self.findings: tuple[Finding, ...] = tuple(found.findings)
        self._saving = Lock()  # one snapshot at a time
        self._is_closed = False
        self._writer = None if read_only else JournalWriter(journal, on_state)
        self._recorded = RecordedState(folder, self._writer, found)
        if not read_only:
            self._repair(found)

    # --------------------------------------------------------------------------------- records

    @property
    def recorded(self) -> PaintedVolumes:
        """What the records make: to compare `painted` with, not to be changed."""
        return {paint: voxels.now for paint, voxels in self._recorded.painted.items()}

    @property
    def has_corrections(self) -> bool:
        """Whether any voxel was ever corrected."""
        return not self._recorded.painted[Paint.CORRECTIONS].is_blank

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

    @property
    def journal(self) -> Journal:
        """The history."""
        return self._journal

    @property
    def last_number(self) -> int:
        """Number of the last record that was appended."""
        return self._recorded.next_number - 1

    # ---------------------------------------------------------------------------------- saving

    @property
    def state(self) -> SaveState:
        """How far saving is."""
        return SaveState() if self._writer is None else self._writer.state

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
            shape = found.painted[Paint.STROKES].shape
            start = {"schema": SCHEMA, "shape": list(shape)}
            self._recorded.append(start, RecordKind.START)
        if not any(item.severity is Severity.LOSS for item in found.findings):
            self._snapshots.remove(found.bad_snapshots)
