"""What goes wrong with projects, in one line that says what to do, and what was found damaged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from supervox.volumes import SupervoxError


class ProjectError(SupervoxError):
    """A project can't be used as asked; the message is one line that names the remedy."""


class VolumeMoved(ProjectError):
    """The volume of a project isn't where it was; `Project.relocate` takes its new place.

    Attributes
    ----------
    path : Path
        Where it was looked for last.
    """

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message)
        self.path = path


class NotKeepable(ProjectError, ValueError):
    """Something can't be kept in a project: JSON has no word for it; the message says what."""


class Severity(StrEnum):
    """What a finding means for a person."""

    NOTE = "note"  # nothing is lost: what was damaged is there twice, or was repaired
    DERIVED = "derived"  # a part is unusable that is computed again when it is needed
    LOSS = "loss"  # something that a person made can't be read any more


@dataclass(frozen=True)
class Finding:
    """Something that a person should know about a project.

    Attributes
    ----------
    severity : Severity
    part : str
        Of the project: the name of a file or folder in it.
    text : str
        One line: what is wrong, what is lost, what was done.
    """

    severity: Severity
    part: str
    text: str

    def __str__(self) -> str:
        return f"{self.part}: {self.text}"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an `OSError` about a file of a project into a `ProjectError`."""
    try:
        yield
    except OSError as error:
        raise ProjectError(f"{path}: can't be written ({error.strerror or error})") from error
