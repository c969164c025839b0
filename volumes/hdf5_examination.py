"""Files that end the interpreter, or keep it busy for ever: tried in a process of its own first.

The HDF5 library trusts what a file says of itself: a damaged one, or one that was made to harm, can
lead it out of its memory or around in circles, and no Python exception tells of that. So a copy of
the process looks at a file before the process itself does, once. On Linux only: Windows can't copy
a process, and macOS may end the copy of one that has a window.
"""

from __future__ import annotations

import contextlib
import faulthandler
import itertools
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from h5py._objects import phil

from .errors import VolumeError
from .hdf5_opening import open_file

# What a volume can't need: a file of ten thousand datasets is looked at in a second.
MOST_SECONDS, MOST_BYTES, MOST_OBJECTS, MOST_READ = 20, 2 * 2**30, 10_000, 64
MOST_LOOKING = 15  # elapsed: a file on a slow disk is looked at in part
MOST_WAITING = 90  # elapsed: a copy that waits and doesn't compute

_LOOKED, _UNFIT = 87, 88  # how a copy ends: after its look, whatever came of it; before it began
_PAUSES = 0.001, 0.02  # between questions whether a copy has ended, from and to

_examined: dict[str, tuple[int, ...]] = {}


def examine(paths: Iterable[Path]) -> None:
    """Have a copy of the process look at HDF5 files that none has since they were changed.

    Parameters
    ----------
    paths : iterable of Path
        One copy looks at all of them; each has its own if that one doesn't end well.

    Raises
    ------
    VolumeError
        If looking at one ended the copy, or took it longer than anything can.
    """
    if sys.platform != "linux":
        return
    states = {path: _state(path) for path in paths}
    new = [path for path, state in states.items() if _examined.get(str(path)) != state]
    if not new:
        return
    code = _in_a_copy(lambda: _look_at_all(new))
    if code == _LOOKED:
        _examined.update({str(path): states[path] for path in new})
    elif len(new) > 1:
        for path in new:
            examine([path])
    elif code != _UNFIT:
        raise VolumeError(f"{new[0]}: {_told(code)}")


def _state(path: Path) -> tuple[int, ...]:
    """Return what changes when a file does."""
    now = path.stat()
    return now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns


def _told(code: int | None) -> str:
    """Say in words how a copy ended that didn't end its look."""
    if code is None:
        return (
            f"a copy of the program that looked at it first wasn't done after {MOST_WAITING} "
            "seconds; try again, and if that doesn't help, copy or export it again"
        )
    if code == -signal.SIGKILL:
        return (
            "a copy of the program that looked at it first was killed (SIGKILL), as happens where "
            "memory runs out; close other programs and try again, or copy or export it again"
        )
    what = "keeps the program busy for ever" if code == -signal.SIGXCPU else "would end the program"
    how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
    return f"is damaged in a way that {what} ({how} in a copy of it); copy or export it again"


def _in_a_copy(work: Callable[[], None]) -> int | None:
    """Do some work in a copy of the process, and return how that ended.

    Exceptions of the work are nobody's concern here: the process itself meets them as well.

    Returns
    -------
    int or None
        ``_LOOKED``; ``_UNFIT`` if there could be no copy with limits; another exit status; minus
        a signal; or None if the copy had to be ended.
    """
    process, code = os.getpid(), _UNFIT
    try:
        with phil, warnings.catch_warnings():  # so that no other thread is inside of HDF5
            # Of threads that hold locks of Python: the copy runs this one only, and takes none.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
            if not child:
                faulthandler.disable()
                _limit()
                code = _LOOKED
                with contextlib.suppress(Exception):
                    work()
    except OSError:  # no memory or process left for a copy
        return _UNFIT
    finally:
        if os.getpid() != process:
            os._exit(code)
    return _ending(child)


def _ending(child: int) -> int | None:
    """Wait for a copy, not for ever, and leave nothing of it, interrupted or not."""
    last, pause, done = time.monotonic() + MOST_WAITING, _PAUSES[0], 0
    try:
        while time.monotonic() < last:
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(pause)
            pause = min(2 * pause, _PAUSES[1])
        return None
    except ChildProcessError:  # another part of the program took its ending
        done = child
        return _UNFIT
    finally:
        if not done:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)


def _limit() -> None:
    """Bound what this process may take, and let go of what the other one has open: locks, say."""
    import resource

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGXCPU):
        signal.signal(number, signal.SIG_DFL)
    # What HDF5 has open stays: it doesn't open a file a second time.
    kept = {file.get_vfd_handle() for file in h5py.h5f.get_obj_ids(types=h5py.h5f.OBJ_FILE)}
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        if descriptor > 2 and descriptor not in kept:
            with contextlib.suppress(OSError):  # that of the listing is closed already
                os.close(descriptor)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = resource.getrusage(resource.RUSAGE_SELF)
    _lower(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime) + MOST_SECONDS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    _lower(resource.RLIMIT_AS, pages * resource.getpagesize() + MOST_BYTES)


def _lower(kind: int, limit: int) -> None:
    """Set a limit of this process, if it hasn't a lower one."""
    import resource

    soft, hard = resource.getrlimit(kind)
    if resource.RLIM_INFINITY in (soft, hard) or soft > limit:
        is_free = hard == resource.RLIM_INFINITY
        resource.setrlimit(kind, (limit if is_free else min(limit, hard), hard))


def _look_at_all(paths: Iterable[Path]) -> None:
    """Look at files, one after the other, whatever becomes of each."""
    for path in paths:
        with contextlib.suppress(Exception):
            _look_at(path)


def _look_at(path: Path) -> None:
    """Ask a file for all that opening a volume may ask, and for some of its values."""
    file, _ = open_file(path)
    n_objects, n_read = itertools.count(), itertools.count()
    last = time.monotonic() + MOST_LOOKING

    def look(_: str, item: Any) -> bool | None:
        for name in item.attrs:
            with contextlib.suppress(Exception):
                item.attrs[name]
        if isinstance(item, h5py.Dataset):
            with contextlib.suppress(Exception):
                _look_at_dataset(item, n_read)
        return True if next(n_objects) >= MOST_OBJECTS or time.monotonic() > last else None

    with file:
        look("/", file)
        file.visititems(look)


def _look_at_dataset(dataset: h5py.Dataset, n_read: itertools.count[int]) -> None:
    properties = dataset.id.get_create_plist()
    if dataset.is_virtual:
        dataset.virtual_sources()
    elif dataset.size and not properties.get_external_count() and next(n_read) < MOST_READ:
        for place in (0, -1):
            np.asarray(dataset[(place,) * dataset.ndim])
