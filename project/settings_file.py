"""project.json and its copy in the journal: read from whichever is whole, and written to both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from .annotations import AnnotationStore
from .aside import move_aside
from .changes import BalanceChange
from .documents import read_document, write_document
from .errors import Finding, ProjectError, Severity
from .journal import Journal
from .layout import ANNOTATIONS, SETTINGS
from .records import RecordKind
from .settings import ProjectSettings


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


def write_settings(folder: Path, store: AnnotationStore, settings: ProjectSettings) -> None:
    """Write settings to both places.

    Raises
    ------
    ProjectError
        If they can't be written.
    """
    write_document(folder / SETTINGS, settings.to_json())
    store.keep(settings.to_json())


def complete_settings(
    folder: Path,
    store: AnnotationStore,
    settings: ProjectSettings,
    content: Mapping[str, Any] | None,
) -> None:
    """Write settings to the places that don't have them.

    Parameters
    ----------
    folder : Path
    store : AnnotationStore
    settings : ProjectSettings
    content : mapping or None
        What project.json has; None if it can't be read: it is kept beside the new one.

    Raises
    ------
    ProjectError
        If they can't be written.
    """
    present = settings.to_json()
    if content != present:
        if content is None:
            move_aside(folder / SETTINGS)
        write_document(folder / SETTINGS, present)
    if kept_settings(store.journal) != present:
        store.keep(present)
