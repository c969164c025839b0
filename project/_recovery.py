"""Putting annotations together from whatever of snapshots and journal can be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .array_parts import Part, PartDamaged, Parts
from .changes import Paint, PaintedVolumes, VoxelChange
from .classes import ProjectClass, classes_from_json
from .documents import read_document
from .errors import Finding, ProjectError, Severity
from .journal import Journal
from .records import RecordKind

SNAPSHOT, CLASSES = "snapshot", "classes.json"
ARRAYS = {Paint.STROKES: "voxels", Paint.CORRECTIONS: "corrections"}  # of a snapshot
HAS_CORRECTIONS = "has_corrections"  # in its header; without it there are none
UNREADABLE = -2  # in place of the number of a table of classes: it is to be written again


@dataclass
class Recovered:
    """Annotations as far as they could be read.

    Attributes
    ----------
    painted : dict of Paint to uint8, (Z, Y, X)
    blank : set of Paint
        Kinds of paint that nothing was ever painted with.
    snapshot_number : int
        The last record that the snapshot holds; -1 if there is none.
    next_number : int
        Of the next record.
    classes : tuple of ProjectClass
    classes_number : int
        The record that the table of classes comes from; -1 if there is none.
    classes_written : int
        The same of the table in classes.json.
    findings : list of Finding
    bad_snapshots : list of int
        Generations that are damaged.
    """

    painted: dict[Paint, NDArray[np.uint8]]
    blank: set[Paint] = field(default_factory=set)
    snapshot_number: int = -1
    next_number: int = 0
    classes: tuple[ProjectClass, ...] = ()
    classes_number: int = -1
    classes_written: int = -1
    findings: list[Finding] = field(default_factory=list)
    bad_snapshots: list[int] = field(default_factory=list)

    @classmethod
    def empty(cls, shape: Sequence[int]) -> Recovered:
        """Begin with nothing painted."""
        return cls({paint: np.zeros(tuple(shape), np.uint8) for paint in Paint}, set(Paint))


def recover(folder: Path, journal: Journal, shape: Sequence[int] | None) -> Recovered:
    """Read the newest good snapshot of a project, and what the journal has beyond it.

    Parameters
    ----------
    folder : Path
        Of the project.
    journal : Journal
    shape : sequence of 3 int, optional
        Voxels of the volume; otherwise the journal says it, or a snapshot.

    Raises
    ------
    ProjectError
        If nothing says how large the volume is.
    """
    findings: list[Finding] = []
    bad: list[int] = []
    parts = Parts(journal.path.parent)
    wanted = tuple(shape) if shape is not None else _shape_of(journal)
    snapshot = _newest_snapshot(parts, wanted, findings, bad)
    if snapshot is not None:
        found = Recovered(snapshot[1], blank_in(snapshot[0]), number_of(snapshot[0]))
    elif wanted is not None:
        found = Recovered.empty(wanted)
    else:
        raise ProjectError(
            f"{journal.path.parent}: neither the journal nor a snapshot can be read; all "
            "annotations are lost"
        )
    covered = found.snapshot_number
    findings += journal.findings(covered)
    findings += _missing_start(journal, covered)
    findings += _replay(journal, found, covered)
    found.next_number = 1 + max(journal.known_number, covered)
    found.findings, found.bad_snapshots = findings, bad
    _choose_classes(folder, journal, snapshot[0].header if snapshot else {}, found)
    return found


def _shape_of(journal: Journal) -> tuple[int, ...] | None:
    """Return the shape that the journal's first record states."""
    start = journal.last_of(RecordKind.START)
    shape = start.content.get("shape") if start and isinstance(start.content, Mapping) else None
    return tuple(shape) if isinstance(shape, list) and len(shape) == 3 else None


def _newest_snapshot(
    parts: Parts, shape: Sequence[int] | None, findings: list[Finding], bad: list[int]
) -> tuple[Part, dict[Paint, NDArray[np.uint8]]] | None:
    """Read the newest snapshot that is whole; say which ones aren't."""
    for generation in parts.generations(SNAPSHOT):
        try:
            part = parts.open(SNAPSHOT, generation)
            number_of(part)
            return part, painted_in(part, shape or (None, None, None))
        except PartDamaged as error:
            name = parts.path(SNAPSHOT, generation).name
            text = f"{error}; an earlier one or the journal is used"
            findings.append(Finding(Severity.NOTE, name, text))
            bad.append(generation)
    return None


def number_of(snapshot: Part) -> int:
    """Return the last record that a snapshot holds.

    Raises
    ------
    PartDamaged
        If it doesn't say.
    """
    number = snapshot.header.get("number")
    if type(number) is not int:
        raise PartDamaged("it doesn't say what it holds")
    return number


def blank_in(snapshot: Part) -> set[Paint]:
    """Return the kinds of paint that a snapshot has nothing of."""
    return set() if snapshot.header.get(HAS_CORRECTIONS) else {Paint.CORRECTIONS}


def painted_in(snapshot: Part, shape: Sequence[int | None]) -> dict[Paint, NDArray[np.uint8]]:
    """Read what is painted in a snapshot.

    Raises
    ------
    PartDamaged
        If it isn't there, or of another shape.
    """
    blank = blank_in(snapshot)
    strokes = snapshot.read(ARRAYS[Paint.STROKES], np.uint8, shape)
    return {
        paint: strokes
        if paint is Paint.STROKES
        else np.zeros_like(strokes)
        if paint in blank
        else snapshot.read(name, np.uint8, strokes.shape)
        for paint, name in ARRAYS.items()
    }


def _missing_start(journal: Journal, covered: int) -> Iterator[Finding]:
    """Say what the journal lacks before its first record."""
    name = journal.path.name
    if not len(journal):
        if covered < 0 and journal.known_number < 0:
            text = "it is empty, and there is no snapshot: whatever was painted is lost"
            yield Finding(Severity.LOSS, name, text)
        return
    first = journal.first_number
    is_told = any(gap.offset == 0 for gap in journal.gaps)
    if first > 0 and not is_told:
        text = f"it begins with record {first}: the history before it is lost"
        severity = Severity.NOTE if first - 1 <= covered else Severity.LOSS
        yield Finding(severity, name, text)


def _replay(journal: Journal, found: Recovered, covered: int) -> Iterator[Finding]:
    """Make all changes beyond a record again."""
    painted: PaintedVolumes = found.painted
    for number in journal.numbers_after(covered):
        try:
            change = journal.read(number).content
        except ProjectError as error:
            yield Finding(Severity.LOSS, journal.path.name, str(error))
            continue
        if not isinstance(change, VoxelChange):
            continue
        if change.fits(painted[change.paint].shape):
            change.apply(painted)
            found.blank.discard(change.paint)
        else:
            text = f"record {number} lies outside the volume and was passed over"
            yield Finding(Severity.LOSS, journal.path.name, text)


def _choose_classes(
    folder: Path, journal: Journal, snapshot: Mapping[str, Any], found: Recovered
) -> None:
    """Take the newest table of classes that can be read."""
    record = journal.last_of(RecordKind.CLASSES)
    sources: list[tuple[int, Mapping[str, Any]]] = []
    if record is not None and isinstance(record.content, Mapping):
        sources.append((record.number, record.content))
    if type(snapshot.get("classes_number")) is int:
        sources.append((snapshot["classes_number"], snapshot))
    try:
        document = read_document(folder / CLASSES)
        classes_from_json(document)
        found.classes_written = int(document["number"])
        sources.append((found.classes_written, document))
    except FileNotFoundError:
        pass  # written when the project is saved
    except (KeyError, TypeError, ValueError) as error:
        found.classes_written = UNREADABLE
        text = f"{error}; the table of classes in the journal is used"
        found.findings.append(Finding(Severity.NOTE, CLASSES, text))
    for number, content in sorted(sources, key=lambda source: source[0]):
        try:
            found.classes, found.classes_number = classes_from_json(content), number
        except ValueError as error:
            text = f"table of classes {number}: {error}"
            found.findings.append(Finding(Severity.NOTE, journal.path.name, text))
