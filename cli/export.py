"""``supervox export``: labels, probabilities, strokes, corrections, mask, model of a project."""

from __future__ import annotations

from collections.abc import Container
from contextlib import ExitStack
from pathlib import Path

import click
import numpy as np
from supervox.execution import VolumeLike
from supervox.project import (
    ENDING,
    Project,
    ProjectError,
    load_mask,
    order_beside,
    order_type,
    write_order,
)
from supervox.segmentation import SegmentationError, find_strokes, save_model
from supervox.volumes import Address, create_volume, format_of, write_volume

from . import options, projects
from .outputs import ENDINGS, Outputs, making_folder
from .progress import StageProgress
from .results import ResultFiles

RENDERED = ("labels", "probabilities", "uncertainty")
KINDS = (*RENDERED, "strokes", "corrections", "mask", "model")


@click.command("export")
@projects.argument
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    required=True,
    help="Folder for the files; it is made if it is missing.",
)
@click.option(
    "--format",
    "ending",
    type=click.Choice(ENDINGS),
    default=ENDINGS[0],
    show_default=True,
    help="Format of the volumes.",
)
@click.option(
    "--what",
    "kinds",
    type=click.Choice(KINDS),
    multiple=True,
    default=("labels",),
    show_default=True,
    help="What to write; may be given several times.",
)
@options.workers
@options.memory
@options.follow
def command(
    project: Path,
    output: Path,
    ending: str,
    kinds: tuple[str, ...],
    workers: int | None,
    memory: float | None,
) -> None:
    """Write what is in PROJECT to files of their own.

    The labels of cell.supervox become DIR/cell_labels and so on. They are those of the last run, or
    are computed if strokes or parameters have changed since; what was corrected by hand lies over
    them. Beside the strokes stands their order, on which labels depend: 'supervox segment' finds it
    there.
    """
    stem = project.name.removesuffix(ENDING)
    files = {kind: output / f"{stem}_{kind}.{ending}" for kind in dict.fromkeys(kinds)}
    if "model" in files:
        files["model"] = output / f"{stem}.model"
    if "strokes" in files and not format_of(Address.parse(str(files["strokes"]))).is_mesh:
        files["order"] = order_beside(files["strokes"])
    with projects.opened(project) as opened, making_folder(output):
        _write(opened, files, memory, workers)
        if opened.read_only_because is None:
            opened.history.note("exported", files={k: str(path) for k, path in files.items()})
    for path in files.values():
        click.echo(f"{path}: written")


def _write(
    project: Project, files: dict[str, Path], memory: float | None, workers: int | None
) -> None:
    """Write the files; they appear together."""
    with (
        project.open_volume() as volume,
        Outputs([volume.path]) as outputs,
        StageProgress(workers) as stages,
        ExitStack() as stack,
    ):
        shape = project.settings.shape
        rendered = ResultFiles(**{kind: str(files[kind]) for kind in RENDERED if kind in files})
        places = rendered.plan(outputs, shape)
        painted = _painted(project, files)
        targets = {
            kind: outputs.plan_volume(str(files[kind]), voxels.shape, np.uint8)
            for kind, voxels in painted.items()
        }
        store, settings = project.annotations, project.settings
        order, steps = None, store.order(find_strokes(store.voxels))
        if "order" in files:
            of_order = store.voxels.shape, order_type(steps)
            order = outputs.plan_volume(str(files["order"]), *of_order)
        model = outputs.plan_file(files["model"]) if "model" in files else None
        classes = [item.for_files() for item in store.classes]
        for kind, voxels in painted.items():
            write_volume(
                targets[kind],
                voxels,
                spacing=settings.voxel_size.known,
                unit=settings.unit,
                origin=volume.origin,
                classes=() if kind == "mask" else classes,
            )
        if order is not None:
            with create_volume(order, *of_order) as writer:
                write_order(writer, steps)
        if rendered.as_dict() or model is not None:
            rooms = stack.enter_context(projects.rooms_of(project, volume, memory, workers))
            data, _ = projects.read_data(project, volume, stages, rooms)
            result = projects.result_of(project, data, stages, rooms)
        if rendered.as_dict():
            size = project.settings.voxel_size
            with stages.stage("write", "Writing") as run:
                place = projects.in_box(volume, project.settings)
                places.write(result, place, size, classes, rooms.ids.releasing(run))
        if model is not None:
            write_model(project, model)
        outputs.publish()


def _painted(project: Project, files: Container[str]) -> dict[str, VolumeLike]:
    """Return what a person painted, or says of all voxels, as far as it is wanted.

    Raises
    ------
    ProjectError
        If it isn't there.
    """
    store = project.annotations
    found: dict[str, VolumeLike] = {}
    if "strokes" in files:
        found["strokes"] = store.voxels
    if "corrections" in files:
        if not store.has_corrections:
            raise ProjectError(f"{project.folder}: nothing was corrected by hand")
        found["corrections"] = store.corrections
    if "mask" in files:
        if (mask := load_mask(project)) is None:
            raise ProjectError(f"{project.folder}: has no mask")
        found["mask"] = mask.voxels
    return found


def write_model(project: Project, path: Path) -> None:
    """Write the model of a project that is complete to a file of its own."""
    model = project.derived.load_model(project.strokes)
    if model is None and (reason := project.derived.why_no_model(project.strokes)):
        raise SegmentationError(f"{project.folder}: {reason}")
    if model is None:
        raise SegmentationError(
            f"{project.folder}: has no model, and can't be written to; export it when nobody else "
            "has the project open"
        )
    save_model(model, path)
