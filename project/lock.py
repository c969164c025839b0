"""One process at a time may write to a project; the operating system sees to it.

The lock is one that the system takes away with the process, however that ends: a lock file that a
crash left behind is none.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import sys
import time
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK = "lock"
_HELD = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK}


class Locked(Exception):
    """Somebody else has the lock; the message says who."""


class FolderLock:
    """The right to write to a project, held until it is released or the process ends.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    Locked
        If another program holds it.
    OSError
        If the folder can't be written to.
    """

    def __init__(self, folder: Path) -> None:
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        self._file: IO[str] = os.fdopen(handle, "r+", encoding="utf-8")
        try:
            _take(self._file)
        except OSError as error:
            holder = _holder(self._file)
            self._file.close()
            if error.errno in _HELD:
                raise Locked(holder) from error
            raise
        note = {"process": os.getpid(), "host": platform.node(), "since": time.time()}
        self._file.seek(0)
        self._file.write(json.dumps(note) + "\n")
        self._file.truncate()
        self._file.flush()

    def release(self) -> None:
        """Let others write."""
        self._file.close()


def _take(file: IO[str]) -> None:
    if sys.platform == "win32":
        file.seek(2**20)  # beyond the note, which others may read
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _holder(file: IO[str]) -> str:
    """Say who holds the lock, as far as the note is readable."""
    try:
        file.seek(0)
        note = json.loads(file.read())
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(note["since"]))
        if (note["process"], note["host"]) == (os.getpid(), platform.node()):
            return f"this one, in another window, since {since}"
        return f"process {note['process']} on {note['host']}, since {since}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def is_held(folder: Path) -> bool:
    """Tell whether a program has a project open for writing."""
    try:
        FolderLock(folder).release()
    except Locked:
        return True
    except OSError:
        return False
    return False
