"""``supervox compare``: two segmentations of one volume."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from tempfile import gettempdir

import click
import numpy as np
from supervox.execution import VolumeLike, Workspace
from supervox.objects import (
    COMPARED_BYTES,
    OVERLAY_NAMES,
    ObjectTable,
    check_classes_there,
    check_table_name,
    compare,
    find_differences,
    overlay,
    write_table,
)
from supervox.segmentation import versions
from supervox.volumes import Address, Triple, VolumeClass, open_labels, refuse_image, write_volume

from . import options
from .agreement import agreement_json, print_agreement
from .budget import RoomForLabels
from .inputs import size_of_both, tell_turned
from .labels_in import LabelsAhead, OpenedLabels, labels_in
from .outputs import Outputs
from .progress import StageProgress
from .report import counted, print_json

SHOWN = 10  # of the differences
_AXES = ("planes", "rows", "columns")
_BOX = tuple(f"{end}_{axis}" for end in ("first", "last") for axis in ("plane", "row", "column"))


@click.command("compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option("--ignore", metavar="FILE", help="Leave out the voxels that are not 0 here.")
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0),
    metavar="LENGTH",
    help="Distance within which surfaces count as the same, for the boundary F-score; twice the "
    "smallest edge of a voxel by default. In the unit of the voxel size.",
)
@click.option(
    "--overlay",
    "overlay_file",
    metavar="OUT",
    help="Volume that shows where: 1 both say the same class, 2 only A says one, 3 only B, 4 each "
    "another.",
)
@click.option(
    "--class",
    "class_id",
    type=click.IntRange(min=1),
    metavar="ID",
    help="Class of the overlay; all by default.",
)
@click.option(
    "--differences",
    type=click.Path(path_type=Path),
    metavar="OUT.csv",
    help="Table of the places that differ, the largest first.",
)
@options.spacing
@options.workers
@options.memory
@options.as_json
@options.follow
def command(
    first: str,
    second: str,
    ignore: str | None,
    tolerance: float | None,
    overlay_file: str | None,
    class_id: int | None,
    differences: Path | None,
    spacing: Triple | None,
    workers: int | None,
    memory: float | None,
    as_json: bool,
) -> None:
    """Compare the labels A with the labels B: files, or projects.

    Dice, IoU and the boundary F-score are 1 for a perfect match. Distances are between surfaces:
    the mean, and the one that 95 % of both stay below. Objects match that have more than half of
    their union in common. With a ground truth that leaves voxels open, use 'supervox score
    --surfaces'.
    """
    with ExitStack() as stack:
        stages = stack.enter_context(StageProgress(workers))
        files = [Path(path) for path in (overlay_file, differences) if path]
        folder = files[0].absolute().parent if files else Path(gettempdir())
        # One room for both: they have the same shape, or else can't be compared.
        room_for = RoomForLabels(COMPARED_BYTES, "what is compared", memory, folder)
        read = [Address.parse(text).path for text in (first, second, ignore) if text]
        outputs = stack.enter_context(Outputs(read))
        skip = refuse_image(stack.enter_context(open_labels(ignore))).data if ignore else None
        table = None
        if differences is not None:
            check_table_name(differences)
            table = outputs.plan_file(differences)
        places: list[str] = []

        def ready(ahead: LabelsAhead) -> None:
            if overlay_file and not places:
                places.append(outputs.plan_volume(overlay_file, ahead.shape, np.uint8))

        a, b = (
            stack.enter_context(
                labels_in(
                    *(address, spacing, stages, memory, workers, room_for),
                    ready=ready,
                    tell_size=False,
                )
            )
            for address in (first, second)
        )
        tell_turned(a, b)
        size = a.size if spacing else size_of_both(a.path, a.size, b.path, b.size)
        a, room = a.sized(size), room_for(a.data.shape)
        with stages.stage("compare", "Comparing") as run:
            found = compare(
                a.data,
                b.data,
                spacing=a.spacing,
                tolerance=tolerance,
                ignore=skip,
                workspace=room,
                workers=run,
            )
        there = [item.class_id for item in found.classes]
        check_classes_there([class_id] if class_id else [], there, "overlay")
        listed = _places(a, b, skip, room, stages)
        if places:
            _write_overlay(places[0], a, b, class_id, skip, room, stages)
        if table is not None:
            write_table(table, listed, {"a": str(a.path), "b": str(b.path), "made": versions()})
        outputs.publish()
    names = b.names | a.names
    if as_json:
        content = {"command": "compare", "a": first, "b": second, "ignore": ignore}
        rows = islice(listed.rows(), SHOWN)
        largest = [dict(zip(listed.names, row, strict=True)) for row in rows]
        print_json(content | agreement_json(found, names) | {"largest_differences": largest})
        return
    print_agreement(found, names, size)
    compared = "all voxels" if ignore is None else "the voxels that are compared"
    click.echo(f"{100 * found.agreement:.2f} % of {compared} have the same label")
    _print_places(listed)
    for path in (overlay_file, differences):
        if path is not None:
            click.echo(f"{path}: written")


def _places(
    a: OpenedLabels,
    b: OpenedLabels,
    skip: VolumeLike | None,
    room: Workspace,
    stages: StageProgress,
) -> ObjectTable:
    with stages.stage("differences", "Finding differences") as run:
        return find_differences(
            a.data,
            b.data,
            spacing=a.spacing,
            unit=a.unit,
            origin=a.origin,
            ignore=skip,
            workspace=room,
            workers=run,
        )


def _write_overlay(
    place: str,
    a: OpenedLabels,
    b: OpenedLabels,
    class_id: int | None,
    skip: VolumeLike | None,
    room: Workspace,
    stages: StageProgress,
) -> None:
    with stages.stage("write", "Writing the overlay") as run:
        write_volume(
            place,
            overlay(a.data, b.data, class_id, ignore=skip, workspace=room, workers=run),
            spacing=a.known,
            unit=a.unit,
            origin=a.origin,
            classes=[VolumeClass(value, name) for value, name in OVERLAY_NAMES.items()],
        )


def _print_places(places: ObjectTable) -> None:
    """Print the largest differences, as planes, rows and columns to go to."""
    count = len(places)
    if count == 0:
        click.echo("no place differs")
        return
    click.echo("1 place differs:" if count == 1 else f"{count:,} places differ; the largest:")
    names = ("class_a", "class_b", "voxels", *_BOX)
    for row in zip(*(places[name][:SHOWN].tolist() for name in names), strict=True):
        a, b, voxels, *box = row
        where = ", ".join(
            f"{axis} {first} to {last}"
            for axis, first, last in zip(_AXES, box[:3], box[3:], strict=True)
        )
        click.echo(f"  A {a}, B {b}: {counted(voxels, 'voxel')}, {where}")
