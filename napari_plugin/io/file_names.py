"""Names of layers as names of files."""

from __future__ import annotations

import re

from supervox.volumes import FORMATS

MOST_BYTES = 120  # file systems take 255, and more is put before and after
_NOWHERE = re.compile(r'[\\/:*?"<>|\x00-\x1f]+')  # what some file system doesn't take


def stem_of(name: str) -> str:
    """Return what files that are made of a layer are called, without their ending.

    A point in a name is part of it, as in "probe 1.2 um": only the ending of a format goes.

    Parameters
    ----------
    name : str
        Of the layer, which a person may have changed to anything.
    """
    known = (ending for entry in FORMATS for ending in entry.extensions)
    ending = max((e for e in known if name.lower().endswith(e)), key=len, default="")
    plain = _NOWHERE.sub("-", name[: len(name) - len(ending)])
    short = plain.encode()[:MOST_BYTES].decode(errors="ignore")
    return short.strip(" .-") or "volume"
