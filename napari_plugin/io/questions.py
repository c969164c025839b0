"""What only a person can say of a file that is opened, and the ways to open it."""

from __future__ import annotations

from dataclasses import dataclass

from supervox.volumes import Address, Choice, VolumeError


@dataclass(frozen=True)
class Question:
    """Which way to open a file is meant.

    Attributes
    ----------
    path : str
        Address of what was to be opened.
    holds : str
        What the file holds, for a person.
    options : tuple of Choice
        The likeliest first.
    """

    path: str
    holds: str
    options: tuple[Choice, ...]

    @property
    def text(self) -> str:
        """The question itself."""
        return f"{self.holds}. Which is meant?"


def question_of(path: str, error: VolumeError) -> Question | None:
    """Return the question that an error comes down to; None if there is nothing to choose.

    Parameters
    ----------
    path : str
        Address of what was opened.
    error : VolumeError
    """
    file = Address.parse(path).path
    if error.candidates:
        options = tuple(Choice(str(item), f"{file}::{item.inner}") for item in error.candidates)
        what = f"{len(options)} volumes"
    else:
        options, what = error.choices or error.channels, error.what
    if not options:
        return None
    return Question(path, f"{file.name} holds {what}", options)
