"""Nothing in a project is followed out of its folder: it may come from anybody.

A link in it could have what it points to overwritten, or read; a pipe would never end.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from io import FileIO
from pathlib import Path
from typing import Any

from .errors import ProjectError

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_NO_WAITING = getattr(os, "O_NONBLOCK", 0)  # for whoever writes to a pipe
_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOINHERIT", 0)


def check_inside(folder: Path) -> None:
    """Refuse a project that has anything in it but files and folders.

    Parameters
    ----------
    folder : Path
        May be a link itself: a person gave its name.

    Raises
    ------
    ProjectError
        If there is a link, a pipe or another special file, or a folder can't be read.
    """
    for entry in _walk(folder):
        if entry.is_symlink():
            raise ProjectError(
                f"{entry.path}: is a link to {os.readlink(entry.path)}, and nothing in a project "
                "is followed out of it; put a copy in its place if you know what it is"
            )
        if not entry.is_dir(follow_symlinks=False) and not entry.is_file(follow_symlinks=False):
            raise ProjectError(f"{entry.path}: is no ordinary file; remove it from the project")


def _walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    yield from _walk(Path(entry.path))
    except FileNotFoundError:
        return  # whoever works on it removes parts that are replaced
    except OSError as error:
        raise ProjectError(f"{error.filename}: can't be read ({error.strerror})") from error


def open_inside(path: Path, mode: str) -> FileIO:
    """Open a file of a project, unbuffered and binary, unless it is a link.

    Raises
    ------
    OSError
        If it can't be opened, or is one.
    """
    return FileIO(path, mode, opener=opener)


def opener(path: str, flags: int) -> int:
    """Open a file as `open` does, but not what a link points to, and without waiting."""
    return os.open(path, flags | _NO_LINK | _NO_WAITING | _BINARY, 0o666)


def read_inside(path: Path) -> bytes:
    """Read a small file of a project.

    Raises
    ------
    OSError
        If it can't be read, or is a link.
    """
    with open(path, "rb", opener=opener) as file:
        data: bytes = file.read()
        return data


def copy_inside(
    folder: Path, place: Path, ignored: tuple[str, ...], copy: Callable[..., Any] = shutil.copyfile
) -> None:
    """Copy a project; what is made has the modes of where it is made.

    Parameters
    ----------
    folder, place : Path
        From where, and to where there is nothing yet.
    ignored : tuple of str
        Patterns of names that are left out.
    copy : callable
        Copies a file.

    Raises
    ------
    OSError
        If it can't be read or written.
    """
    place.mkdir()
    with os.scandir(folder) as entries:
        for entry in entries:
            if any(fnmatch(entry.name, pattern) for pattern in ignored):
                continue
            if entry.is_dir(follow_symlinks=False):
                copy_inside(Path(entry.path), place / entry.name, ignored, copy)
            elif entry.is_file(follow_symlinks=False):
                copy(entry.path, place / entry.name, follow_symlinks=False)
