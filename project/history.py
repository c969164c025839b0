"""What was done in a project: with which versions and parameters, when, and what came out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from supervox.segmentation import versions

from .annotations import AnnotationStore
from .aside import move_aside
from .documents import plain, read_document, write_document
from .errors import Finding, ProjectError, Severity
from .records import RecordKind

PROVENANCE = "provenance.json"


class History:
    """The steps of a project: in the journal, and in provenance.json for people to read.

    Either survives damage of the other.

    Parameters
    ----------
    folder : Path
        Of the project.
    store : AnnotationStore
    report : callable
        Takes a `Finding`.
    """

    def __init__(
        self, folder: Path, store: AnnotationStore, report: Callable[[Finding], None]
    ) -> None:
        self._path = folder / PROVENANCE
        self._store = store
        self._steps: dict[int, Mapping[str, Any]] = {}
        self._n_written = 0
        self._is_damaged = False  # provenance.json: it is kept aside before it is written again
        self._read_document(report)
        self._read_journal()

    @property
    def steps(self) -> list[Mapping[str, Any]]:
        """All steps in order: what, when, versions, and whatever was noted with them."""
        return [step for _, step in self._in_order()]

    def note(self, what: str, **details: Any) -> None:
        """Note a step.

        Parameters
        ----------
        what : str
            A word: "created", "prepared", "segmented", "exported".
        **details
            What JSON can hold.

        Raises
        ------
        ProjectError
            If the project can't be changed, or JSON can't hold it.
        """
        step = plain(
            {"what": what, "time": time.time(), "versions": versions()} | details, "a step"
        )
        self._steps[self._store.keep(step, RecordKind.STEP)] = step

    def write(self) -> None:
        """Write provenance.json, if anything was noted since.

        Raises
        ------
        ProjectError
            If it can't be written.
        """
        steps = self._in_order()
        if self._n_written != len(steps):
            if self._is_damaged:
                move_aside(self._path)
                self._is_damaged = False
            content = [{"record": number, **step} for number, step in steps]
            write_document(self._path, {"steps": content})
            self._n_written = len(steps)

    def _in_order(self) -> list[tuple[int, Mapping[str, Any]]]:
        """Return the steps by number; another thread may note one meanwhile."""
        return sorted(self._steps.items(), key=lambda item: item[0])

    def _read_document(self, report: Callable[[Finding], None]) -> None:
        try:
            steps = read_document(self._path)["steps"]
            self._steps = {
                int(step["record"]): {k: v for k, v in step.items() if k != "record"}
                for step in steps
            }
            self._n_written = len(self._steps)
        except FileNotFoundError:
            return  # written when the project is saved
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            self._is_damaged = True
            text = f"{error}; what the journal says of the history is used"
            report(Finding(Severity.NOTE, PROVENANCE, text))

    def _read_journal(self) -> None:
        journal = self._store.journal
        for number in journal.numbers_of(RecordKind.STEP):
            try:
                content = journal.read(number).content
            except ProjectError:
                continue  # told by the journal itself
            if isinstance(content, Mapping):
                self._steps[number] = content
