"""What the folder of a project looks like: recognised without loading what opens it."""

from __future__ import annotations

from pathlib import Path

ENDING = ".supervox"
SETTINGS, VIEW = "project.json", "view.json"
VOLUME = "volume.zarr"  # of an image that was in no file
# folders; what is begun in the last is removed when it is finished
ANNOTATIONS, DERIVED, MASK, BEGUN = "annotations", "derived", "mask", "unfinished"


def is_project(folder: Path) -> bool:
    """Tell whether a folder is a project, however damaged."""
    return (folder / SETTINGS).is_file() or (folder / ANNOTATIONS).is_dir()
