"""``supervox interpolate``: what lies between painted slices."""

from __future__ import annotations

from contextlib import ExitStack

import click
import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run, VolumeLike
from supervox.objects import fill_between, interpolate_slices
from supervox.volumes import Address, Triple, open_volume

from . import options
from .inputs import tell_turned
from .labels_in import LabelsAhead, OpenedLabels, labels_in
from .outputs import Outputs
from .progress import StageProgress
from .report import counted, print_json

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
    with ExitStack() as stack:
        stages = stack.enter_context(StageProgress(workers))
        volume = None if image is None else stack.enter_context(open_volume(image))
        inputs = [Address.parse(labels).path, *([] if volume is None else [volume.path])]
        outputs = stack.enter_context(Outputs(inputs))
        places: list[str] = []

        def ready(ahead: LabelsAhead) -> None:
            places.append(outputs.plan_volume(output, ahead.shape, ahead.dtype))

        of = labels, spacing, stages, memory, workers
        opened = stack.enter_context(labels_in(*of, ready=ready))
        guide = opened.image if volume is None else volume.data
        if volume is not None:
            tell_turned(opened, volume)
        with stages.stage("interpolate", "Interpolating") as run:
            found = _between(opened, guide, ACROSS.index(across), things, run)
        changed = int(np.count_nonzero(found != opened.data))
        with stages.stage("write", "Writing"):
            opened.write(places[0], found)
        outputs.publish()
    if as_json:
        print_json(
            {"command": "interpolate", "labels": labels, "output": output, "filled": changed}
        )
        return
    click.echo(f"{counted(changed, 'voxel')} filled")
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
