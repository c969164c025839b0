"""How the volume of a project was looked at last: a matter of comfort, and in no history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .documents import read_document, write_document
from .layout import VIEW
from .project import Project


def keep_view(project: Project, values: Mapping[str, Any]) -> None:
    """Keep values of a window in a project, in place of those from before.

    Raises
    ------
    ProjectError
        If they can't be written, or JSON can't hold them.
    """
    project.check_writable()
    write_document(project.folder / VIEW, values)


def load_view(project: Project) -> dict[str, Any]:
    """Return what was kept; nothing if there is nothing, or it is damaged."""
    try:
        return read_document(project.folder / VIEW)
    except (FileNotFoundError, ValueError):
        return {}
