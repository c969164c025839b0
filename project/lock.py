"""One process at a time may write to a project; the operating system sees to it.

The lock is one that the system takes away with the process, however that ends: a lock file that a
crash left behind is none. There are two such locks, of the whole file and of a byte of it, and
file systems that have neither or one of them: whatever there is of them is taken, and only the
second can be asked about without taking it.

Where a file system has neither, as Lustre and NFS can be mounted, a file that is made by whoever
comes first stands for the lock. One that a process of this machine left is recognised, since the
process is gone; of one that another machine left nobody here can tell, so a person has to remove
it, as the message says.
"""

from __future__ import annotations

import errno
import json
import os
import platform
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from .inside import opener, read_inside

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK = "lock"
TAKEN = "lock.taken"  # stands for the lock where the file system has none
_BYTE = 2**30  # the byte that is locked, beyond the note, which others may read
_HELD = {errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK}
_NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}


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
        self._taken: Path | None = None
        handle = opener(str(folder / LOCK), os.O_RDWR | os.O_CREAT)
        self._file: IO[str] = os.fdopen(handle, "r+", encoding="utf-8")
        try:
            if not _take(self._file):
                self._taken = _make(folder / TAKEN)
            elif (holder := _maker(folder / TAKEN)) is not None:  # where it is mounted otherwise
                raise Locked(holder)
            self._write_note()
        except OSError as error:
            holder = _holder(self._file) if error.errno in _HELD else None
            self._give_up()
            if holder is not None:
                raise Locked(holder) from error
            raise
        except BaseException:
            self._give_up()
            raise

    def release(self) -> None:
        """Let others write."""
        try:
            if self._taken is not None:
                self._taken.unlink(missing_ok=True)
        finally:
            self._file.close()

    def _give_up(self) -> None:
        """Let others write; why it isn't held is the error to hear of."""
        with suppress(OSError):  # of a note that is still waiting; the file is closed even so
            self.release()

    def _write_note(self) -> None:
        self._file.seek(0)
        self._file.write(json.dumps(_note()) + "\n")
        self._file.truncate()
        self._file.flush()


def is_held(folder: Path) -> bool:
    """Tell whether a program has a project open for writing; nothing is taken or written for it."""
    try:
        handle = opener(str(folder / LOCK), os.O_RDONLY)
    except OSError:
        return False
    with os.fdopen(handle, encoding="utf-8") as file:
        return _is_taken(file) or _maker(folder / TAKEN) is not None


if sys.platform == "win32":

    def _take(file: IO[str]) -> bool:
        """Take the lock; False if the file system has none."""
        file.seek(2**20)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        return True

    def _is_taken(file: IO[str]) -> bool:
        """Ask for the lock by reading a byte that a holder keeps others from reading."""
        try:
            file.seek(2**20)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
            file.seek(2**20)
            msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
        except OSError:
            return True
        return False

else:
    # Locks of the open file, not of the process: they end with it, and can be asked about.
    _OFD = (fcntl.F_OFD_SETLK, fcntl.F_OFD_GETLK) if sys.platform == "linux" else None
    _FLOCK = struct.Struct("hhqqi4x")  # type, whence, start, length, process
    _WANTED = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, _BYTE, 1, 0)

    def _take(file: IO[str]) -> bool:
        """Take the lock; False if the file system has none."""
        there = [_try(lambda: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB))]
        if _OFD is not None:
            command = _OFD[0]
            there.append(_try(lambda: fcntl.fcntl(file, command, _WANTED)))
        return any(there)

    def _try(lock: Callable[[], object]) -> bool:
        try:
            lock()
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return False
            raise
        return True

    def _is_taken(file: IO[str]) -> bool:
        """Ask who has the byte; where nobody can be asked, try to share the lock for a moment."""
        if _OFD is not None:
            with suppress(OSError):
                answer = fcntl.fcntl(file, _OFD[1], _WANTED)
                return bool(_FLOCK.unpack(answer)[0] != fcntl.F_UNLCK)
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno in _HELD
        return False


def _make(place: Path) -> Path:
    """Make the file that stands for the lock.

    Raises
    ------
    Locked
        If somebody else has.
    OSError
        If it can't be made.
    """
    for _ in range(2):
        with suppress(FileExistsError):
            _write_new(place, json.dumps(_note()) + "\n")
            return place
        holder = _maker(place)
        if holder is not None:
            raise Locked(holder)
        _remove_abandoned(place)
    raise Locked("another process")


def _write_new(place: Path, note: str) -> None:
    """Make a file that isn't there yet; nothing is left of it if that fails.

    Raises
    ------
    FileExistsError
        If it is there.
    OSError
        If it can't be written.
    """
    handle = opener(str(place), os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(note)
    except BaseException:
        place.unlink(missing_ok=True)
        raise


def _remove_abandoned(place: Path) -> None:
    """Remove the file of a process that is gone, but not one that was made since."""
    own = place.with_name(f"{place.name}.{os.getpid()}")
    with suppress(OSError):
        place.rename(own)
        if _maker(own) is not None:  # somebody was quicker: it is theirs
            with suppress(FileExistsError):  # unless a third one has come meanwhile
                _write_new(place, read_inside(own).decode("utf-8"))
        own.unlink()


def _maker(place: Path) -> str | None:
    """Say who made the file that stands for the lock, if they may still be there."""
    try:
        note = json.loads(read_inside(place))
        words, machine, boot = _words(note), note["machine"], note["boot"]
        process, began = note["process"], note["began"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return f"another process; if there is none any more, remove {place}"
    own = _note()
    if machine == own["machine"] and boot != own["boot"]:
        return None  # the machine was started anew since
    if machine != own["machine"] or note.get("space") != own["space"]:
        return f"{words}; if that is gone, remove {place}"
    return words if _began(process) == began else None


def _holder(file: IO[str]) -> str:
    """Say who holds the lock, as far as the note is readable."""
    try:
        file.seek(0)
        return _words(json.loads(file.read()))
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def _note() -> dict[str, Any]:
    """Return what tells others who holds the lock, and whether they still are there."""
    own, host = os.getpid(), platform.node()
    return {
        "process": own,
        "host": host,
        "since": time.time(),
        "began": _began(own),
        "machine": f"{host} {_text('/etc/machine-id')}",
        "boot": _text("/proc/sys/kernel/random/boot_id"),
        "space": os.readlink("/proc/self/ns/pid") if os.path.exists("/proc/self/ns/pid") else "",
    }


def _words(note: dict[str, Any]) -> str:
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(note["since"]))
    if (note["process"], note["host"]) == (os.getpid(), platform.node()):
        return f"this one, in another window, since {since}"
    return f"process {note['process']} on {note['host']}, since {since}"


def _began(process: int) -> str | None:
    """Say when a process began, as the system counts; None if there is none of this number."""
    if Path("/proc/self/stat").exists():
        stat = _text(f"/proc/{process}/stat")
        return stat.rpartition(")")[2].split()[19] if stat else None
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return None
    except OSError:
        pass
    return ""


def _text(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace").strip()
    except OSError:
        return ""
