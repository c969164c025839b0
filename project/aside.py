"""Bytes that can't be understood: kept beside their file, never dropped."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from supervox.volumes import sync

from .errors import writing


def free_name(path: Path) -> Path:
    """Return a name beside a file under which its damaged bytes can be kept: there is none yet."""
    n = 1
    while os.path.lexists(name := path.with_name(f"{path.name}.damaged-{n}")):
        n += 1
    return name


def keep_aside(place: Path, data: bytes) -> None:
    """Write damaged bytes to a file; they are on the disk when this returns.

    Parameters
    ----------
    place : Path
        As `free_name` gave it.
    data : bytes

    Raises
    ------
    FileExistsError
        If there is anything of this name.
    OSError
        If they can't be written; nothing is left then, if the disk lets anything be removed.
    """
    file = place.open("xb")
    try:
        with file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        sync(place.parent)
    except BaseException:
        with suppress(OSError):
            place.unlink(missing_ok=True)
        raise


def move_aside(path: Path) -> None:
    """Give a damaged file a name that says so, before another one takes its place.

    Raises
    ------
    ProjectError
        If it can't be renamed.
    """
    if os.path.lexists(path):
        with writing(path):
            path.rename(free_name(path))
