"""Files that end the interpreter, or keep it busy for ever: tried in a process of its own first.

The HDF5 library trusts what a file says of itself: a damaged one, or one that was made to harm, can
lead it out of its memory or around in circles, and no Python exception tells of that. So a copy of
the process looks at a file before the process itself does, once.
"""

from __future__ import annotations

import contextlib
import faulthandler
import itertools
import os
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

import h5py
import numpy as np
from h5py._objects import phil

from .errors import VolumeError
from .hdf5_opening import open_file

# What a volume can't need: a file of ten thousand datasets is looked at in a second.
MOST_SECONDS, MOST_BYTES, MOST_OBJECTS, MOST_READ = 20, 2 * 2**30, 10_000, 64

_examined: dict[str, tuple[int, ...]] = {}
_lock = Lock()


def examine(path: Path) -> None:
    """Have a copy of the process look at an HDF5 file, if none has since it was changed.

    Where the operating system can't copy a process (Windows), nothing is done.

    Parameters
    ----------
    path : Path

    Raises
    ------
    VolumeError
        If looking at it ended the copy, or took it longer than anything can.
    """
    if not hasattr(os, "fork"):
        return
    now = path.stat()
    state = (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns)
    with _lock:
        if _examined.get(str(path)) == state:
            return
        code = _in_a_copy(lambda: _look_at(path))
        if code:
            is_slow = code in (-signal.SIGXCPU, -signal.SIGKILL)
            what = "keeps the program busy for ever" if is_slow else "would end the program"
            raise VolumeError(
                f"{path}: is damaged in a way that {what} ({signal.Signals(-code).name} in a copy "
                "of it); copy or export it again"
            )
        _examined[str(path)] = state


def _in_a_copy(work: Callable[[], None]) -> int:
    """Return minus the signal that ended a copy of the process at some work; 0 if none did.

    Exceptions are nobody's concern here: the process itself meets them as well.
    """
    try:
        with warnings.catch_warnings(), phil:  # so that no other thread is inside of HDF5
            # Of threads that hold locks of Python: the copy runs this one only, and takes none.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
    except OSError:  # no memory or process left for a copy
        return 0
    if child:
        return min(0, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    try:
        faulthandler.disable()
        _limit()
        with contextlib.suppress(Exception):
            work()
    finally:
        os._exit(0)


def _limit() -> None:
    """Bound what this process may take."""
    import resource

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGXCPU):
        signal.signal(number, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + MOST_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        size = pages * resource.getpagesize() + MOST_BYTES
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        if hard == resource.RLIM_INFINITY or hard > size:
            resource.setrlimit(resource.RLIMIT_AS, (size, hard))


def _look_at(path: Path) -> None:
    """Ask a file for all that opening a volume may ask, and for some of its values."""
    file, _ = open_file(path)
    n_objects, n_read = itertools.count(), itertools.count()

    def look(_: str, item: Any) -> bool | None:
        for name in item.attrs:
            with contextlib.suppress(Exception):
                item.attrs[name]
        if isinstance(item, h5py.Dataset):
            with contextlib.suppress(Exception):
                _look_at_dataset(item, n_read)
        return True if next(n_objects) >= MOST_OBJECTS else None

    look("/", file)
    file.visititems(look)


def _look_at_dataset(dataset: h5py.Dataset, n_read: itertools.count[int]) -> None:
    properties = dataset.id.get_create_plist()
    if dataset.is_virtual:
        dataset.virtual_sources()
    elif dataset.size and not properties.get_external_count() and next(n_read) < MOST_READ:
        for place in (0, -1):
            np.asarray(dataset[(place,) * dataset.ndim])
