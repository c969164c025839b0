"""What a volume may read beside its own file: nothing outside of the folder that it is in.

A file from somebody else could name any file of the person who opens it: as a link, as part of a
virtual dataset, as storage of its values. Such names are refused, unless that person says that they
are to be followed.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .errors import VolumeError

VARIABLE = "SUPERVOX_FOLLOW_LINKS"


def follow_links() -> None:
    """Follow names that lead out of the folder of a volume, in this process and those it starts."""
    os.environ[VARIABLE] = "1"


def may_follow() -> bool:
    """Say whether names that lead out of the folder of a volume are to be followed."""
    return os.environ.get(VARIABLE, "") not in ("", "0")


def is_outside(volume: Path, target: str | os.PathLike[str]) -> bool:
    """Say whether a path leads out of the folder of a volume.

    Parameters
    ----------
    volume : Path
        As it was given. If it is a link, the folder that it leads to counts as well.
    target : path
        Links in it are followed; it needn't be there.
    """
    resolved = os.path.realpath(target)
    folders = {
        os.path.realpath(volume.absolute().parent),
        os.path.dirname(os.path.realpath(volume)),
    }
    return not any(
        resolved == folder or resolved.startswith(folder.rstrip(os.sep) + os.sep)
        for folder in folders
    )


def check_outside(volume: Path, target: str | os.PathLike[str], what: str) -> None:
    """Refuse a file that a volume refers to, and that is none, or outside of its folder.

    Parameters
    ----------
    volume : Path
    target : path
    what : str
        What the volume has there, as "its values" or "a link to".

    Raises
    ------
    VolumeError
        If it is no ordinary file; or outside, and that isn't to be followed.
    """
    if is_outside(volume, target) and not may_follow():
        raise VolumeError(
            f"{volume}: has {what} {os.path.realpath(target)}, outside of the folder that it is "
            "in; a file from somebody else could read any of yours that way: if you trust it, "
            f"give --follow-links, or set {VARIABLE}=1"
        )
    check_ordinary(Path(target))


def check_ordinary(path: Path) -> None:
    """Refuse a pipe, a device and the like, which may never end; what isn't there, others refuse.

    Raises
    ------
    VolumeError
        If it is neither file nor folder.
    """
    try:
        mode = path.stat().st_mode
    except OSError:
        return
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise VolumeError(f"{path}: is a pipe, a device or the like, not a file; give a file")
