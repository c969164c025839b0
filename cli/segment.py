"""``supervox segment``: from a volume and strokes to labels of every voxel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from supervox.execution import Choice
from supervox.features import PRESETS, parameters_for_preset
from supervox.segmentation import MAX_PARTITIONS, SegmentationParameters

from . import options
from .errors import checking
from .report import print_classes, print_json
from .results import ResultFiles
from .segment_run import Request, run

DEFAULT = SegmentationParameters()
DEFAULT_PRESET = next(name for name, preset in PRESETS.items() if preset == DEFAULT.features)


@click.command("segment")
@click.argument("volume", required=False, metavar="VOLUME")
@click.option(
    "--annotations",
    metavar="STROKES",
    help="Volume of integers of the same shape: the id of a class on your strokes, 0 elsewhere.",
)
@click.option(
    "--output",
    metavar="LABELS",
    help="Where to write the labels; the ending (.tif, .mrc, .h5, .zarr ...) says the format.",
)
@options.channels
@options.spacing
@click.option(
    "--supervoxel-size",
    type=float,
    default=DEFAULT.supervoxels.size_voxels,
    show_default=True,
    metavar="N",
    help="Edge of the pieces that the volume is cut into, in voxels of the finest axis. Smaller "
    "ones follow smaller organelles, and take longer.",
)
@click.option(
    "--preset",
    metavar="NAME",
    default=DEFAULT_PRESET,
    show_default=True,
    help=f"What to measure in the image: {', '.join(PRESETS)}.",
)
@click.option(
    "--refine",
    type=float,
    default=DEFAULT.refinement.strength,
    show_default=True,
    metavar="STRENGTH",
    help="How strongly neighbouring pieces agree, as a factor on what the strokes call for. More "
    "gives smoother labels and may lose small structures; 0 leaves every piece to itself.",
)
@click.option(
    "--partitions",
    type=int,
    default=DEFAULT.partitions,
    show_default=True,
    metavar="N",
    help=f"How often to cut the volume, each time elsewhere, and let the cuts vote (1 to "
    f"{MAX_PARTITIONS}). 1 is quick, more is more accurate.",
)
@click.option(
    "--no-edge-refinement",
    is_flag=True,
    help="Leave borders where the pieces have them, instead of at the edges in the image.",
)
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
    "--seed",
    type=int,
    default=DEFAULT.classifier.seed,
    show_default=True,
    metavar="N",
    help="Number that the random choices follow from: the same gives the same labels.",
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
def command(
    volume: str | None,
    annotations: str | None,
    output: str | None,
    channels: tuple[str, ...],
    spacing: tuple[float, float, float] | None,
    supervoxel_size: float,
    preset: str,
    refine: float,
    partitions: int,
    no_edge_refinement: bool,
    probabilities: str | None,
    uncertainty: str | None,
    save_model: Path | None,
    seed: int,
    project: Path | None,
    workers: int | None,
    memory: float | None,
    scheduler: str | None,
    device: Choice,
    as_json: bool,
) -> None:
    """Label every voxel of VOLUME from a few painted strokes.

    VOLUME is a TIFF, MRC, HDF5, NeXus or Zarr file; what is inside one is named like
    scan.h5::/entry/data. The labels have the strokes' class ids and the volume's voxel size.

    With --project, VOLUME and --annotations are needed only the first time, and --output never.
    """
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
    files = ResultFiles(output, probabilities, uncertainty)
    if project is not None:
        from . import segment_project

        if channels:
            raise click.UsageError("--channel can't be kept in a project: leave one of them out")
        change = partial(change_parameters, given=given)
        report = segment_project.run(
            segment_project.Request(
                project,
                volume,
                annotations,
                files,
                save_model,
                spacing,
                change,
                workers,
                memory,
                scheduler,
                device,
            )
        )
    else:
        assert volume is not None
        assert annotations is not None
        parameters = change_parameters(DEFAULT, given)
        report = run(
            Request(
                volume,
                channels,
                annotations,
                files,
                save_model,
                spacing,
                parameters,
                workers,
                memory,
                scheduler,
                device,
            )
        )
    if as_json:
        print_json(report)
        return
    if report["classes"]:
        print_classes(report["classes"], report["unit"])
    written = ", ".join(report["outputs"].values())
    click.echo(f"{written}: written after {report['seconds']['total']:.1f} s")


def change_parameters(
    parameters: SegmentationParameters, given: Mapping[str, Any]
) -> SegmentationParameters:
    """Return parameters in which the options that were given replace the values."""

    def pick(option: str, name: str) -> dict[str, Any]:
        return {name: given[option]} if option in given else {}

    with checking("--supervoxel-size"):
        size = pick("supervoxel_size", "size_voxels")
        supervoxels = replace(parameters.supervoxels, **size)
    features = parameters.features
    if "preset" in given:
        with checking("--preset"):
            features = parameters_for_preset(given["preset"])
    with checking("--seed"):
        classifier = replace(parameters.classifier, **pick("seed", "seed"))
    with checking("--refine"):
        refinement = replace(parameters.refinement, **pick("refine", "strength"))
    with checking("--partitions"):
        return replace(
            parameters,
            supervoxels=supervoxels,
            features=features,
            classifier=classifier,
            refinement=refinement,
            edge_refinement=not given.get("no_edge_refinement", not parameters.edge_refinement),
            **pick("partitions", "partitions"),
        )
