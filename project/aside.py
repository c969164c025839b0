"""Bytes that can't be understood: kept beside their file, never dropped."""

from __future__ import annotations

import os
from pathlib import Path

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
    OSError
        If they can't be written; nothing is left then.
    """
    with place.open("xb") as file:
        try:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            place.unlink(missing_ok=True)
            raise
    sync_folder(place.parent)


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


def sync_folder(folder: Path) -> None:
    """Have a folder's list of names on the disk."""
    if os.name == "nt":
        return  # folders can't be opened there
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
