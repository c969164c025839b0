"""Projects dropped on napari: they open in the dock."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from supervox.project import ProjectError, is_project


def get_project_reader(
    path: str | os.PathLike[str] | Sequence[str],
) -> Callable[[str], list[Any]] | None:
    """Return what opens a project in the dock, if the path is one."""
    if isinstance(path, str | os.PathLike) and is_project(Path(path)):
        return open_project
    return None


def open_project(path: str) -> list[Any]:
    """Open a project in the dock of the viewer that is used; it brings its own layers."""
    from napari import current_viewer

    from .commands import dock_of

    viewer = current_viewer()
    if viewer is None:
        raise ProjectError(f"{path}: is a project, and needs a window of napari to be opened in")
    dock_of(viewer).session.autosave.open(Path(path))
    return [(None,)]  # napari's word for nothing
