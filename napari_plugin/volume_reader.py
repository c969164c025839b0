"""Volumes that napari is asked to open: read here, or by the dock where a person is asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from supervox.volumes import VolumeError

from .io import readers


def get_volume_reader(
    path: str | os.PathLike[str] | Sequence[str],
) -> Callable[[str], list[Any]] | None:
    """Return what reads a volume, if the path is one of a known format."""
    return None if readers.get_reader(path) is None else read_or_ask


def read_or_ask(path: str) -> list[Any]:
    """Read a volume; where that can't be done at once, the dock asks, or says why."""
    from napari import current_viewer

    try:
        return readers.read_layers(path)
    except VolumeError:
        viewer = current_viewer()
        if viewer is None:
            raise
        from .commands import dock_of

        dock_of(viewer).session.opening.open(os.fspath(path))
        return [(None,)]  # napari's word for nothing
