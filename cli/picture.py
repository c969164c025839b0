"""``supervox picture``: three sections of a volume and its labels, as an image file."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import click
from supervox.reports import Look, draw_picture
from supervox.volumes import Volume, open_labels, open_volume

from . import options
from .inputs import check_overlay, voxel_size
from .outputs import Outputs

ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff")


@click.command("picture")
@click.argument("volume")
@click.argument("picture", type=click.Path(path_type=Path), metavar="OUT.png")
@click.option("--labels", metavar="LABELS", help="Labels to show beside the image.")
@click.option("--strokes", metavar="STROKES", help="Strokes to draw on the image.")
@options.spacing
@options.follow
def command(
    volume: str,
    picture: Path,
    labels: str | None,
    strokes: str | None,
    spacing: tuple[float, float, float] | None,
) -> None:
    """Draw three sections of VOLUME at right angles, true to scale, with its labels beside.

    The plane is the one with the most strokes, or the middle one; the others go through the
    middle.
    """
    from PIL import Image

    if picture.suffix.lower() not in ENDINGS:
        raise click.BadParameter(f"{picture}: the ending must be one of {', '.join(ENDINGS)}")
    with ExitStack() as stack:
        opened = stack.enter_context(open_volume(volume))
        overlays = {
            name: stack.enter_context(open_labels(path, name))
            for name, path in (("labels", labels), ("strokes", strokes))
            if path is not None
        }
        for name, overlay in overlays.items():
            check_overlay(name, overlay, opened)
        inputs = [opened.path, *(overlay.path for overlay in overlays.values())]
        with Outputs(inputs) as outputs:
            target = outputs.plan_file(picture)
            size = voxel_size(opened, spacing)
            drawn = draw_picture(
                opened.data,
                spacing=size.spacing,
                unit=size.unit,
                labels=overlays["labels"].data if "labels" in overlays else None,
                strokes=overlays["strokes"].data if "strokes" in overlays else None,
                looks=_looks(list(overlays.values())),
            )
            Image.fromarray(drawn).save(target)
            outputs.publish()
    click.echo(f"{picture}: {drawn.shape[1]} x {drawn.shape[0]} pixels")


def _looks(overlays: list[Volume]) -> dict[int, Look]:
    """Return the names and colours that the files have for classes."""
    return {
        item.value: Look(item.name, item.colour or "")
        for overlay in reversed(overlays)
        for item in overlay.classes
    }
