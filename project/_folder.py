"""The folder of a project: locked, and tidied."""

from __future__ import annotations

from pathlib import Path

from supervox.volumes import discard, remove_leftovers_in

from .layout import ANNOTATIONS, DERIVED, ENDING, MASK
from .lock import FolderLock, Locked

UNFINISHED = ".*.partial.*"  # what `appearing` names


def take_lock(folder: Path) -> tuple[FolderLock | None, str | None]:
    """Take the lock; say why nothing may be written if it can't be had."""
    try:
        return FolderLock(folder), None
    except Locked as error:
        return None, f"it is open for writing already ({error})"
    except OSError as error:
        return None, f"the folder can't be written to ({error.strerror})"


def remove_leftovers(folder: Path) -> None:
    """Remove what a process that was killed didn't finish; nobody else writes here now.

    Beside the project as well: the copy that a *Save as* had begun.
    """
    remove_leftovers_in(folder.parent, ENDING)
    for place in (folder, *(folder / name for name in (ANNOTATIONS, DERIVED, MASK))):
        for path in list(place.glob(UNFINISHED)):
            discard(path)
