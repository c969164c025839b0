"""Files and folders that appear under their name complete, or not at all."""

import contextlib
import ctypes
import errno
import os
import re
import shutil
import socket
import time
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path

_ATTEMPTS = 20
_PAUSE_SECONDS = 0.1
_WORKING_FOLDER, _EXCHANGE = -100, 2  # AT_FDCWD, and RENAME_EXCHANGE or RENAME_SWAP
_UNKNOWN = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}  # what can't exchange says


@contextlib.contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """Give a place to write a file or folder to, which gets its name when the ``with`` block ends.

    After an exception in there nothing is left of it, and what had the name before is untouched.

    Parameters
    ----------
    path
        The final name.

    Yields
    ------
    Path
        A hidden name in the same folder, with the same ending, where there is nothing yet.

    Raises
    ------
    OSError
        If it can't be given its name, or has it and may lose it again, as `put_in_place` says.
    """
    temporary = temporary_beside(path)
    try:
        yield temporary
        publish(temporary, path)
    except BaseException:
        discard(temporary)
        raise


def temporary_beside(path: Path) -> Path:
    """Return a hidden name in the same folder that nobody else uses, with the same ending.

    It says which process of which machine uses it, so that `remove_leftovers` can tell when nobody
    does any more.
    """
    return _hidden(path, "partial")


def _hidden(path: Path, role: str) -> Path:
    stamp = f"{_machine()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    return path.with_name(f".{stamp}.{role}.{path.name}")


def _machine() -> str:
    """Return a short mark of this machine."""
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


def remove_leftovers(path: Path, *, replaced: bool = False) -> None:
    """Remove what processes that were killed left beside a file or folder that they were writing.

    Those of processes that run, or ran on another machine, stay: someone may be writing there. A
    folder that a process had moved aside when it was killed gets its name back, if nothing has it.

    Parameters
    ----------
    path
        The file or folder.
    replaced
        Whether it was just written anew. Only then isn't a folder needed that was moved aside.
    """
    if os.name == "nt":
        return  # to ask for a process there is to end it
    ours = re.compile(rf"\.{_machine()}-(\d+)-[0-9a-f]{{8}}\.(partial|old)\.{re.escape(path.name)}")
    with contextlib.suppress(OSError):  # whether the folder can be used is for others to say
        for item in path.parent.iterdir():
            match = ours.fullmatch(item.name)
            if match is None or _runs(int(match[1])):
                continue
            if match[2] == "old" and not os.path.lexists(path):
                item.rename(path)
            elif match[2] == "partial" or replaced:
                discard(item)


def remove_leftovers_in(folder: Path, ending: str) -> None:
    """Remove what processes that were killed didn't finish in a folder, of files of one ending.

    As `remove_leftovers` does, whatever their names would have been.
    """
    if os.name == "nt":
        return
    ours = re.compile(rf"\.{_machine()}-(\d+)-[0-9a-f]{{8}}\.partial\..*{re.escape(ending)}", re.S)
    with contextlib.suppress(OSError):
        for item in folder.iterdir():
            if (match := ours.fullmatch(item.name)) and not _runs(int(match[1])):
                discard(item)


def _runs(process: int) -> bool:
    """Say whether a process is there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def publish(temporary: Path, path: Path) -> None:
    """Have a finished file or folder on the disk, and give it its final name.

    What had the name before is replaced as `put_in_place` says.
    """
    _sync_tree(temporary)
    put_in_place(temporary, path)
    remove_leftovers(path, replaced=True)


def put_in_place(temporary: Path, path: Path) -> None:
    """Give a file or folder its final name, in place of what had it before.

    A file replaces a file in one step. A folder and what has its name exchange their names in one
    step, where the system can; where it can't, the old one is moved aside first, and put back if
    the new one can't take its place. It is removed once that stands and the disk knows.

    Parameters
    ----------
    temporary, path
        On the same file system.

    Raises
    ------
    OSError
        If it can't be done; what had the name before has it again. Or if it was done, and then the
        disk failed, so that a power failure may undo it: the message says so, and what had the name
        before, if a folder has it now, is kept under the hidden name that the message gives.
    """
    if not temporary.is_dir() or not os.path.lexists(path):
        temporary.replace(path)
        _sync_name(path)
        return
    if _exchange(temporary, path):
        old = temporary
    else:
        old = _hidden(path, "old")
        try:
            path.rename(old)
            temporary.rename(path)
        except BaseException:  # an interruption as well
            if os.path.lexists(old) and not os.path.lexists(path):
                old.rename(path)
            raise
    _sync_name(path, old)
    discard(old)


def _sync_name(path: Path, old: Path | None = None) -> None:
    """Have on the disk that a file or folder has its name; say what is where if that fails."""
    try:
        sync(path.parent)
    except OSError as error:
        text = f"it has its name, but the disk failed ({error.strerror or error}): "
        if old is None:
            text += "a power failure may undo that"
        else:  # whoever gives up the temporary folder would remove it
            kept = _hidden(path, "old")
            old.rename(kept)
            text += f"a power failure may undo that; what it replaced is kept as {kept.name}"
        raise OSError(error.errno, text, str(path)) from error


def _exchange(one: Path, other: Path) -> bool:
    """Let two files or folders exchange their names in one step; False if the system can't."""
    library = ctypes.CDLL(None, use_errno=True) if os.name != "nt" else None
    names = (os.fsencode(one), os.fsencode(other))
    if function := getattr(library, "renameat2", None):
        failed = function(_WORKING_FOLDER, names[0], _WORKING_FOLDER, names[1], _EXCHANGE)
    elif function := getattr(library, "renamex_np", None):  # of macOS
        failed = function(*names, _EXCHANGE)
    else:
        return False
    if failed and (code := ctypes.get_errno()) not in _UNKNOWN:
        raise OSError(code, os.strerror(code), str(other))
    return not failed


def discard(temporary: Path) -> None:
    """Remove what is left of an unfinished file or folder.

    After a chunk that couldn't be written, Zarr's other threads may still be writing theirs, and
    make folders again that were just removed: look once more until nothing comes back.
    """
    if temporary.is_symlink() or not temporary.is_dir():
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        return
    for _ in range(_ATTEMPTS):
        shutil.rmtree(temporary, ignore_errors=True)
        time.sleep(_PAUSE_SECONDS)
        if not temporary.exists():
            return


def _sync_tree(path: Path) -> None:
    """Have everything of a file or folder on the disk."""
    if path.is_dir():
        for folder, _, names in os.walk(path):
            for name in names:
                sync(Path(folder, name))
            sync(Path(folder))
    else:
        sync(path)


def sync(path: Path) -> None:
    """Have one file's content, or one folder's list of names, on the disk.

    Raises
    ------
    OSError
        If the disk fails.
    """
    if path.is_dir() and os.name == "nt":
        return  # Windows can't open folders; its renames are journalled
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
