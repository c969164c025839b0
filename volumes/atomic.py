"""Files and folders that appear under their name complete, or not at all."""

import contextlib
import os
import shutil
import time
import uuid
from pathlib import Path

_ATTEMPTS = 20
_PAUSE_SECONDS = 0.1


def temporary_beside(path: Path) -> Path:
    """Return a hidden name in the same folder that nobody else uses, with the same ending."""
    return path.with_name(f".{uuid.uuid4().hex[:12]}.partial.{path.name}")


def publish(temporary: Path, path: Path) -> None:
    """Give a finished file or folder its final name, in place of what had it before.

    A file replaces a file in one step. A folder can't: the old one is moved aside first and put
    back if the new one can't take its place.
    """
    _sync_tree(temporary)
    if temporary.is_dir() and path.exists():
        aside = temporary_beside(path)
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
