"""``supervox open``: the window. It is found by name, for only the plugin knows napari."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click

from . import options

GROUP = "supervox.desktop"


@click.command("open")
@click.argument("volume", required=False)
@click.option("--strokes", metavar="STROKES", help="Strokes to go on painting.")
@click.option("--labels", metavar="LABELS", help="Labels to look at.")
@options.follow
def command(volume: str | None, strokes: str | None, labels: str | None) -> None:
    """Open VOLUME in napari, to paint strokes and watch the whole volume follow.

    VOLUME may be a project, to go on with it. Without VOLUME the window is empty. 'supervox VOLUME'
    and 'supervox' are short for this.
    """
    overlays = {"strokes": strokes, "labels": labels}
    for path in (volume, *overlays.values()):
        if path is not None:
            _check_file(path)
    if volume is not None:
        _check_overlays(volume, overlays)
    missing = _entry("missing")()
    if missing:
        raise click.ClickException(missing)
    _entry("open")(volume, strokes, labels)


def _entry(name: str) -> Callable[..., Any]:
    """Load one of the functions that the plugin offers."""
    (entry,) = entry_points(group=GROUP, name=name)
    function: Callable[..., Any] = entry.load()
    return function


def _check_file(path: str) -> None:
    """Refuse a file that isn't there or of no format of ours; a window's notice would come late."""
    from supervox.project import is_project
    from supervox.volumes import Address, format_of

    if is_project(Path(path)):
        return
    address = Address.parse(path)
    if not address.path.exists():
        raise click.ClickException(f"{address.path}: there is no such file; check the path")
    format_of(address)


def _check_overlays(volume: str, overlays: dict[str, str | None]) -> None:
    """Refuse what can't be laid over the volume."""
    from supervox.volumes import open_labels, open_volume

    from .inputs import check_overlay

    for name, path in overlays.items():
        if path is not None:
            with open_volume(volume) as below, open_labels(path, name) as overlay:
                check_overlay(name, overlay, below)
                overlay.data[overlay.shape[0] // 2]  # whether they can be labels
