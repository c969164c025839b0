"""Names of layers as names of files."""

from __future__ import annotations

import re
from collections.abc import Iterable

from supervox.volumes import FORMATS

MOST_BYTES = 120  # file systems take 255, and more is put before and after
_NOWHERE = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')  # what some file system doesn't take


def ending_of(name: str, endings: Iterable[str]) -> str:
    """Return the longest of some endings that a name has; empty for none."""
    return max((ending for ending in endings if name.lower().endswith(ending)), key=len, default="")


def stem_of(name: str) -> str:
    """Return what files that are made of a layer are called, without their ending.

    A point in a name is part of it, as in "probe 1.2 um": only the ending of a format goes.

    Parameters
    ----------
    name : str
        Of the layer, which a person may have changed to anything.
    """
    ending = ending_of(name, (ending for entry in FORMATS for ending in entry.extensions))
    plain = _NOWHERE.sub("-", name[: len(name) - len(ending)])
    short = plain.encode()[:MOST_BYTES].decode(errors="ignore")
    return short.strip(" .-") or "volume"
