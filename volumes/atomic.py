"""Files and folders that appear under their name complete, or not at all."""

import contextlib
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


@contextlib.contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """Give a place to write a file or folder to, which gets its name when the ``with`` block ends.

    After an exception nothing is left of it, and what had the name before is untouched.

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
        If it can't be given its name.
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

    Those of processes that run, or ran on another machine, stay: someone may be writing there.

    Parameters
    ----------
    path
        The file or folder.
    replaced
        Whether it was just written anew. Only then isn't a folder needed that a process had moved
        aside when it was killed: until then it may be all there is.
    """
    if os.name == "nt":
        return  # to ask for a process there is to end it
    roles = "partial|old" if replaced else "partial"
    ours = re.compile(rf"\.{_machine()}-(\d+)-[0-9a-f]{{8}}\.({roles})\.{re.escape(path.name)}")
    with contextlib.suppress(OSError):  # whether the folder can be used is for others to say
        for item in path.parent.iterdir():
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
    """Give a finished file or folder its final name, in place of what had it before.

    A file replaces a file in one step. A folder can't: the old one is moved aside first and put
    back if the new one can't take its place.
    """
    _sync_tree(temporary)
    if temporary.is_dir() and path.exists():
        aside = _hidden(path, "old")
        path.rename(aside)
        try:
            temporary.rename(path)
        except OSError:
            aside.rename(path)
            raise
        _sync(path.parent)
        shutil.rmtree(aside, ignore_errors=True)
    else:
        temporary.replace(path)
        _sync(path.parent)
    remove_leftovers(path, replaced=True)


def discard(temporary: Path) -> None:
    """Remove what is left of an unfinished file or folder.

    After a chunk that couldn't be written, Zarr's other threads may still be writing theirs, and
    make folders again that were just removed: look once more until nothing comes back.
    """
    if not temporary.is_dir():
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
                _sync(Path(folder, name))
            _sync(Path(folder))
    else:
        _sync(path)


def _sync(path: Path) -> None:
    """Have one file's content, or one folder's list of names, on the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows can't open folders; its renames are journalled
    handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
