"""The folder of a project: locked, read, tidied and copied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from supervox.volumes import appearing, discard, remove_leftovers_in

from ._head import ENDING as HEAD
from .changes import BalanceChange
from .documents import read_document, write_document
from .errors import Finding, ProjectError, Severity, writing
from .inside import copy_inside
from .journal import Journal
from .layout import ANNOTATIONS, BEGUN, DERIVED, ENDING, MASK, SETTINGS
from .lock import LOCK, TAKEN, FolderLock, Locked
from .records import RecordKind
from .settings import ProjectSettings

UNFINISHED = ".*.partial.*"  # what `appearing` names
# The head of the journal may be ahead of the copy of a journal that is written meanwhile.
NOT_COPIED = (LOCK, TAKEN, UNFINISHED, BEGUN, f"*{HEAD}")


def take_lock(folder: Path) -> tuple[FolderLock | None, str | None]:
    """Take the lock; say why nothing may be written if it can't be had."""
    try:
        return FolderLock(folder), None
    except Locked as error:
        return None, f"it is open for writing already ({error})"
    except OSError as error:
        return None, f"the folder can't be written to ({error.strerror})"


def read_settings(folder: Path, findings: list[Finding]) -> dict[str, Any] | None:
    """Read project.json; None if it can't be, which is told."""
    try:
        return read_document(folder / SETTINGS)
    except (FileNotFoundError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError)
        reason = "it is missing" if missing else str(error)
        text = f"{reason}; the copy in the journal is used"
        findings.append(Finding(Severity.NOTE, SETTINGS, text))
        return None


def check_settings(folder: Path) -> None:
    """Refuse a project of a newer version before anything in it is touched.

    Raises
    ------
    ProjectError
        If project.json is whole, and isn't understood.
    """
    content = read_settings(folder, [])
    if content is not None:
        parse_settings(folder, content, None)


def shape_in(content: Mapping[str, Any] | None) -> tuple[int, int, int] | None:
    """Return the shape of the volume that project.json states, if it does."""
    try:
        return ProjectSettings.from_json(content).volume.shape if content is not None else None
    except ValueError:
        return None  # what is wrong is said by `parse_settings`


def kept_settings(journal: Journal) -> Mapping[str, Any] | None:
    """Return the copy of project.json in the journal."""
    record = journal.last_of(RecordKind.PROJECT)
    return record.content if record and isinstance(record.content, Mapping) else None


def parse_settings(
    folder: Path, content: Mapping[str, Any] | None, kept: Mapping[str, Any] | None
) -> ProjectSettings:
    """Read the settings from project.json, or from their copy in the journal.

    Raises
    ------
    ProjectError
        If neither is of use.
    """
    source = kept if content is None else content
    if source is None:
        raise ProjectError(
            f"{folder / SETTINGS}: can't be read, and the journal has no copy of it; the strokes "
            f"are in {folder / ANNOTATIONS}"
        )
    try:
        return ProjectSettings.from_json(source)
    except ValueError as error:
        raise ProjectError(f"{folder / SETTINGS}: {error}") from error


def with_last_balance(settings: ProjectSettings, journal: Journal) -> ProjectSettings:
    """Return settings with the balance in the journal, where that is newer than their copy."""
    copied = max(journal.numbers_of(RecordKind.PROJECT), default=-1)
    for number in journal.numbers_of(RecordKind.BALANCE):
        if number > copied:
            try:
                change = journal.read(number).content
            except ProjectError:
                continue  # told by the journal itself
            if isinstance(change, BalanceChange):
                parameters = settings.parameters.balanced((change.class_id, change.new))
                settings = replace(settings, parameters=parameters)
    return settings


def remove_leftovers(folder: Path) -> None:
    """Remove what a process that was killed didn't finish; nobody else writes here now.

    Beside the project as well: the copy that a *Save as* had begun.
    """
    remove_leftovers_in(folder.parent, ENDING)
    for place in (folder, *(folder / name for name in (ANNOTATIONS, DERIVED, MASK))):
        for path in list(place.glob(UNFINISHED)):
            discard(path)


def copy_project(folder: Path, place: Path, settings: ProjectSettings) -> None:
    """Copy a project to a new folder, which appears when it is complete.

    Raises
    ------
    ProjectError
        If it can't be written.
    """
    remove_leftovers_in(place.parent, ENDING)
    with writing(place), appearing(place) as temporary:
        copy_inside(folder, temporary, NOT_COPIED)
        write_document(temporary / SETTINGS, settings.to_json())
