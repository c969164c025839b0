"""What the folder of a project looks like: recognised without loading what opens it."""

from __future__ import annotations

from pathlib import Path

ENDING = ".supervox"
SETTINGS = "project.json"
ANNOTATIONS, DERIVED = "annotations", "derived"  # folders


def is_project(folder: Path) -> bool:
    """Tell whether a folder is a project, however damaged."""
    return (folder / SETTINGS).is_file() or (folder / ANNOTATIONS).is_dir()
