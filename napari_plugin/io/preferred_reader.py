"""Which reader napari's own File > Open takes for our formats: asked at each file, or chosen once.

Napari asks wherever several readers can open a file, as for TIFF; a plugin can't say in its
manifest that it is to be taken. What a person prefers is in napari's preferences (Plugins), and
is written there only when the person says so.
"""

from __future__ import annotations

import os

from napari.plugins.utils import get_filename_patterns_for_reader
from napari.settings import get_settings

NAME = "supervox"


def is_preferred() -> bool:
    """Tell whether napari takes our reader without asking, or another that a person chose."""
    chosen = get_settings().plugins.extension2reader
    known = [chosen.get(pattern) for pattern in _patterns()]
    return None not in known and NAME in known


def prefer(is_wanted: bool) -> None:
    """Have napari take our reader for our formats, or ask again; what else was chosen stays.

    Parameters
    ----------
    is_wanted : bool
    """
    settings, patterns = get_settings().plugins, _patterns()
    chosen = dict(settings.extension2reader)
    for pattern in patterns:
        if is_wanted:
            chosen.setdefault(pattern, NAME)
        elif chosen.get(pattern) == NAME:
            del chosen[pattern]
    settings.extension2reader = chosen


def _patterns() -> list[str]:
    """Return the names that our readers open, as napari writes them in its preferences."""
    patterns = sorted(get_filename_patterns_for_reader(NAME))
    return [*patterns, f"*.zarr{os.sep}"]  # of a folder, napari sees the separator as well
