"""``supervox clean``: labels put right by rule, in steps."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from supervox.objects import (
    AMOUNTS,
    CLEANED_BYTES,
    TEXTS,
    Calibrated,
    CleanStep,
    classes_of,
    clean,
)
from supervox.volumes import Address, Triple

from . import options
from .budget import RoomForLabels
from .errors import say
from .labels_in import LabelsAhead, labels_in
from .outputs import Outputs
from .progress import StageProgress
from .report import counted, print_json

KINDS = "; ".join(
    f"{name}={AMOUNTS[name].upper()} ({text})" if AMOUNTS[name] else f"{name} ({text})"
    for name, text in TEXTS.items()
)

_PLANES = 16  # that are counted at a time


@click.command("clean")
@click.argument("labels")
@click.option("--output", metavar="OUT", required=True, help="The labels, cleaned.")
@click.option(
    "--step",
    "texts",
    multiple=True,
    required=True,
    metavar="STEP",
    help=f"What to do, in order; may be given several times: {KINDS}. Amounts such as 0.001um^3, "
    "30nm or 20voxels; without a unit, in that of the voxel size; holes=all has no limit.",
)
@click.option(
    "--class",
    "classes",
    type=click.IntRange(min=1),
    multiple=True,
    metavar="ID",
    help="Clean this class only; may be given several times. All that aren't locked by default.",
)
@click.option(
    "--lock",
    "locked",
    type=click.IntRange(min=0),
    multiple=True,
    metavar="ID",
    help="Change no voxel of this class, neither from it nor to it; may be given several times. "
    "--lock 0 keeps what has no class as it is.",
)
@click.option("--per-plane", is_flag=True, help="Look for holes in each plane by itself.")
@click.option(
    "--open-holes",
    is_flag=True,
    help="Take what is open only to the border of the volume for a hole, too.",
)
@options.spacing
@options.workers
@options.memory
@options.as_json
@options.follow
def command(
    labels: str,
    output: str,
    texts: tuple[str, ...],
    classes: tuple[int, ...],
    locked: tuple[int, ...],
    per_plane: bool,
    open_holes: bool,
    spacing: Triple | None,
    workers: int | None,
    memory: float | None,
    as_json: bool,
) -> None:
    """Clean LABELS, or the labels of a project, step by step.

    Voxels that a class loses become what is around them. Lengths are physical: a radius is the same
    along all axes, however thick the planes are.
    """
    folder = Path(output).absolute().parent
    room_for = RoomForLabels(CLEANED_BYTES, "what is cleaned", memory, folder)
    with ExitStack() as stack:
        stages = stack.enter_context(StageProgress(workers))
        outputs = stack.enter_context(Outputs([Address.parse(labels).path]))
        steps: list[CleanStep] = []
        places: list[str] = []

        def ready(ahead: LabelsAhead) -> None:
            scale = Calibrated.of(ahead.size.spacing, ahead.size.unit)
            how = {"per_plane": per_plane, "open_to_border": open_holes}
            steps.extend(CleanStep.parse(text, scale, classes, **how) for text in texts)
            places.append(outputs.plan_volume(output, ahead.shape, ahead.dtype))

        of = labels, spacing, stages, memory, workers, room_for
        opened = stack.enter_context(labels_in(*of, ready=ready))
        there = classes_of(opened.data) if locked else []  # looks at all voxels
        if missing := sorted(set(locked) - {0, *there}):
            say(f"{labels}: no class {', '.join(map(str, missing))} is there to be locked")
        data: Any = opened.data
        entries = list[dict[str, Any]]()
        for text, step in zip(texts, steps, strict=True):
            before = data
            with stages.stage(text, f"{step.operation}: cleaning") as run:
                found = clean(
                    before,
                    step,
                    spacing=opened.spacing,
                    locked=locked,
                    workspace=room_for(before.shape).renewed(),
                    workers=run,
                )
            data = found.labels
            changed = _count_changed(before, data)
            entries.append(
                {"step": text, "changed": changed, "objects": found.objects, "left": found.left}
            )
        with stages.stage("write", "Writing"):
            opened.write(places[0], data)
        outputs.publish()
    if as_json:
        print_json({"command": "clean", "labels": labels, "output": output, "steps": entries})
        return
    for entry in entries:
        left = f", {entry['left']:,} left: locked" if entry["left"] else ""
        click.echo(f"{entry['step']}: {counted(entry['changed'], 'voxel')} changed{left}")
    click.echo(f"{output}: written")


def _count_changed(before: NDArray[Any], after: NDArray[Any]) -> int:
    """Count voxels that differ, some planes at a time."""
    planes = range(0, len(after), _PLANES)
    parts = (slice(z, z + _PLANES) for z in planes)
    return sum(int(np.count_nonzero(before[part] != after[part])) for part in parts)
