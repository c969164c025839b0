"""Snapshots of the annotations: each holds exactly what the journal makes up to one record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ._recovery import (
    ARRAYS,
    CLASSES,
    HAS_CORRECTIONS,
    SNAPSHOT,
    UNREADABLE,
    Recovered,
    number_of,
    painted_in,
)
from .array_parts import Part, PartDamaged, Parts, PartWriter
from .aside import move_aside
from .changes import Paint, PaintedVolumes, VoxelChange
from .classes import classes_to_json
from .documents import write_document
from .errors import Finding, ProjectError, Severity
from .journal import Journal
from .layout import ANNOTATIONS
from .recorded import RecordedMoment

KEPT = 2  # if the newer is damaged, and the journal too, the older one has most


class Snapshots:
    """The snapshots of a project, and the readable copy of its table of classes.

    Parameters
    ----------
    folder : Path
        Of the project.
    found : Recovered
        What was read.

    Attributes
    ----------
    number : int
        The last record that the newest one holds; -1 if there is none.
    """

    def __init__(self, folder: Path, found: Recovered) -> None:
        self._parts = Parts(folder / ANNOTATIONS)
        self._classes_path = folder / CLASSES
        self._classes_written = found.classes_written
        self.number = found.snapshot_number

    def write(self, moment: RecordedMoment) -> None:
        """Write what the annotations are after a record, if that isn't there yet.

        Parameters
        ----------
        moment : RecordedMoment
            The record, and the annotations after it.

        Raises
        ------
        ProjectError
            If it can't be written.
        """
        number, table, painted = moment
        if self._classes_written != table.number:
            if self._classes_written == UNREADABLE:
                move_aside(self._classes_path)
            content = {"number": table.number, "classes": classes_to_json(table.classes)}
            write_document(self._classes_path, content)
            self._classes_written = table.number
        if number != self.number:
            header = {
                "number": number,
                "classes_number": table.number,
                "classes": classes_to_json(table.classes),
                HAS_CORRECTIONS: not painted[Paint.CORRECTIONS].is_blank,
            }

            def fill(part: PartWriter) -> None:
                for paint, name in ARRAYS.items():
                    if paint is Paint.STROKES or header[HAS_CORRECTIONS]:
                        part.write(name, painted[paint])

            self._parts.write(SNAPSHOT, header, fill, keep=KEPT)
            self.number = number

    def remove(self, generations: Iterable[int]) -> None:
        """Remove some that are of no use to anybody any more."""
        for generation in generations:
            self._parts.remove(SNAPSHOT, generation)

    def compare(self, journal: Journal, shape: Sequence[int]) -> dict[int, Finding]:
        """Compare every whole snapshot with what the journal makes up to its record.

        Where the journal lacks something before that, there is nothing to compare with.

        Parameters
        ----------
        journal : Journal
        shape : sequence of 3 int
            Voxels of the volume.

        Returns
        -------
        dict of int to Finding
            The generations that hold something else.
        """
        replayed, done = {paint: np.zeros(tuple(shape), np.uint8) for paint in Paint}, -1
        found = {}
        for number, generation, part in sorted(self._whole(), key=lambda item: item[:2]):
            try:
                replay(journal, replayed, done, number)
                held = painted_in(part, tuple(shape))
            except (PartDamaged, ProjectError):
                break
            done = number
            n_voxels = sum(int(np.count_nonzero(held[p] != replayed[p])) for p in Paint)
            if n_voxels:
                name = self._parts.path(SNAPSHOT, generation).name
                text = f"it differs in {n_voxels:,} voxels from the journal up to record {number}"
                place = f"{ANNOTATIONS}/{name}"
                found[generation] = Finding(Severity.NOTE, place, f"{text}; the journal is right")
        return found

    def _whole(self) -> Iterator[tuple[int, int, Part]]:
        """Find those that are whole: last record, generation and part."""
        for generation in self._parts.generations(SNAPSHOT):
            try:
                part = self._parts.open(SNAPSHOT, generation)
                yield number_of(part), generation, part
            except PartDamaged:
                continue  # told when the project was opened


def not_repaired(finding: Finding, error: ProjectError) -> Finding:
    """Say of a snapshot that differs from the journal that the journal can't take its place."""
    text = f"{finding.text} there, but can't take its place, so that the snapshot stays: {error}"
    return Finding(Severity.LOSS, finding.part, text)


def replay(journal: Journal, painted: PaintedVolumes, after: int, up_to: int) -> None:
    """Make the changes of some records again.

    Parameters
    ----------
    journal : Journal
    painted : mapping of Paint to uint8, (Z, Y, X)
        The state after the record `after`.
    after, up_to : int
        Numbers of the record before the first, and of the last.

    Raises
    ------
    ProjectError
        If not all of them are in the journal, and whole.
    """
    numbers = [number for number in journal.numbers_after(after) if number <= up_to]
    if numbers != list(range(after + 1, up_to + 1)):
        raise ProjectError(f"{journal.path}: lacks records before {up_to}")
    for number in numbers:
        change = journal.read(number).content
        if isinstance(change, VoxelChange):
            if not change.fits(painted[change.paint].shape):
                raise ProjectError(f"{journal.path}: record {number} lies outside the volume")
            change.apply(painted)
