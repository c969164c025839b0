"""``supervox segment``: from a volume and strokes to labels of every voxel."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from supervox.execution import Choice
from supervox.segmentation import Balance

from . import balance_options, options
from .parameter_options import change_parameters, parameter_options
from .report import print_classes, print_json


@click.command("segment")
@click.argument("volume", required=False, metavar="VOLUME")
@click.option(
    "--annotations",
    metavar="STROKES",
    help="Volume of integers of the same shape: the id of a class on your strokes, 0 elsewhere.",
)
@click.option(
    "--stroke-order",
    metavar="ORDER",
    help="Volume of integers of the same shape: the step at which each voxel of your strokes was "
    "painted, 1 for the first. By default what 'supervox export' wrote beside them; strokes "
    "without an order are learned at once.",
)
@click.option(
    "--output",
    metavar="LABELS",
    help="Where to write the labels; the ending (.tif, .mrc, .h5, .zarr ...) says the format.",
)
@options.channels
@options.mask
@options.spacing
@parameter_options
@balance_options.balance
@balance_options.share
@click.option(
    "--probabilities",
    metavar="PATH",
    help="Also write the probability of each class (classes, planes, rows, columns).",
)
@click.option(
    "--uncertainty",
    metavar="PATH",
    help="Also write how undecided each voxel is: 0 certain, 1 all classes alike.",
)
@click.option(
    "--save-model",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Also save what was learned, for 'supervox apply'.",
)
@click.option(
    "--project",
    type=click.Path(path_type=Path),
    metavar="NAME.supervox",
    help="Keep strokes, preparation and result in this folder. One that exists is resumed: what is "
    "not given is as it was, and only what changed is computed.",
)
@options.workers
@options.memory
@options.scheduler
@options.device
@options.as_json
@options.follow
def command(
    volume: str | None,
    annotations: str | None,
    stroke_order: str | None,
    output: str | None,
    channels: tuple[str, ...],
    mask: str | None,
    spacing: tuple[float, float, float] | None,
    balance: Balance,
    shares: Balance,
    probabilities: str | None,
    uncertainty: str | None,
    save_model: Path | None,
    project: Path | None,
    workers: int | None,
    memory: float | None,
    scheduler: str | None,
    device: Choice,
    as_json: bool,
    **_parameters: Any,  # taken from the context, which knows what was given
) -> None:
    """Label every voxel of VOLUME from a few painted strokes.

    VOLUME is a TIFF, MRC, HDF5, NeXus or Zarr file; what is inside one is named like
    scan.h5::/entry/data. The labels have the strokes' class ids and the volume's voxel size.

    With --project, VOLUME and --annotations are needed only the first time, and --output never.
    """
    from . import segment_project, segment_run  # here, so that help needs no compiler
    from .results import ResultFiles
    from .segment_request import SegmentRequest

    context = click.get_current_context()
    given = {
        name: value
        for name, value in context.params.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    is_new = project is None or not project.exists()
    needed = ["volume", "annotations"] if is_new else []
    for name in needed + (["output"] if project is None else []):
        if name not in given:
            (param,) = (item for item in context.command.params if item.name == name)
            raise click.MissingParameter(ctx=context, param=param)
    if stroke_order is not None and annotations is None:
        raise click.UsageError(
            "--stroke-order is that of strokes in a file: give these as --annotations, too"
        )
    if project is not None and channels:
        raise click.UsageError("--channel can't be kept in a project: leave one of them out")
    if both := {k for k, _ in balance} & {k for k, _ in shares}:
        raise click.UsageError(
            f"class {min(both)} has --balance and --share, which finds its balance: give one"
        )
    request = SegmentRequest(
        volume=volume,
        annotations=annotations,
        stroke_order=stroke_order,
        channels=channels,
        mask=mask,
        project=project,
        files=ResultFiles(output, probabilities, uncertainty),
        model=save_model,
        spacing=spacing,
        change=partial(change_parameters, given=given),
        balance=balance,
        shares=shares,
        workers=workers,
        memory=memory,
        scheduler=scheduler,
        device=device,
    )
    report = (segment_run if project is None else segment_project).run(request)
    if as_json:
        print_json(report)
        return
    if report["classes"]:
        print_classes(report["classes"], report["unit"])
    written = ", ".join(report["outputs"].values())
    click.echo(f"{written}: written after {report['seconds']['total']:.1f} s")
