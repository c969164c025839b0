"""``supervox interpolate``: what lies between painted slices."""

from __future__ import annotations

from contextlib import ExitStack

import click
import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run, VolumeLike
from supervox.objects import fill_between, interpolate_slices
from supervox.volumes import Triple, open_volume

from . import options
from .labels_in import OpenedLabels, labels_in
from .outputs import Outputs
from .progress import StageProgress
from .report import print_json

ACROSS = ("plane", "row", "column")


@click.command("interpolate")
@click.argument("labels")
@click.option("--output", metavar="OUT", required=True, help="The labels, with those between.")
@click.option(
    "--image",
    metavar="FILE",
    help="The volume that was painted on: it has a say in where things end.",
)
@click.option(
    "--across",
    type=click.Choice(ACROSS),
    default="plane",
    show_default=True,
    help="Whether planes were painted, or slices across rows or columns.",
)
@click.option(
    "--things",
    is_flag=True,
    help="Slices aren't complete: fill each thing between those slices where it is painted itself. "
    "Otherwise what isn't painted on a painted slice isn't there.",
)
@options.spacing
@options.workers
@options.memory
@options.as_json
@options.follow
def command(
    labels: str,
    output: str,
    image: str | None,
    across: str,
    things: bool,
    spacing: Triple | None,
    workers: int | None,
    memory: float | None,
    as_json: bool,
) -> None:
    """Fill what lies between the painted slices of LABELS, of all classes at once."""
    with (
        StageProgress(workers) as stages,
        ExitStack() as stack,
        labels_in(labels, spacing, stages, memory, workers) as opened,
    ):
        guide = opened.image
        inputs = [opened.path]
        if image is not None:
            volume = stack.enter_context(open_volume(image))
            inputs.append(volume.path)
            guide = volume.data
        with Outputs(inputs) as outputs:
            place = outputs.plan_volume(output, opened.data.shape, opened.data.dtype)
            with stages.stage("interpolate", "Interpolating") as run:
                found = _between(opened, guide, ACROSS.index(across), things, run)
            changed = int(np.count_nonzero(found != opened.data))
            with stages.stage("write", "Writing"):
                opened.write(place, found)
            outputs.publish()
    if as_json:
        print_json(
            {"command": "interpolate", "labels": labels, "output": output, "filled": changed}
        )
        return
    click.echo(f"{changed:,} voxels filled")
    click.echo(f"{output}: written")


def _between(
    opened: OpenedLabels, guide: VolumeLike | None, axis: int, things: bool, run: Run
) -> NDArray[np.generic]:
    """Return the labels with what lies between; painted slices stay as they are."""
    painted = opened.data
    if not things:
        filled = interpolate_slices(
            painted, axis=axis, image=guide, spacing=opened.spacing, workers=run
        )
        return filled.astype(painted.dtype)
    between = fill_between(painted, axis=axis, image=guide, spacing=opened.spacing, workers=run)
    found = painted.copy()
    found.reshape(-1)[between.voxels] = between.classes
    return found
