"""``supervox segment``: from a volume and strokes to labels of every voxel."""

from __future__ import annotations

from pathlib import Path

import click
from supervox.features import PRESETS, parameters_for_preset
from supervox.segmentation.forest import ClassifierParameters
from supervox.segmentation.grid import SupervoxelParameters
from supervox.segmentation.parameters import MAX_PARTITIONS, SegmentationParameters
from supervox.segmentation.refinement import RefinementParameters

from . import options
from .errors import checking
from .report import print_classes, print_json
from .results import ResultFiles
from .segment_run import Request, run

DEFAULT = SegmentationParameters()
DEFAULT_PRESET = next(name for name, preset in PRESETS.items() if preset == DEFAULT.features)


@click.command("segment")
@click.argument("volume")
@click.option(
    "--annotations",
    metavar="STROKES",
    required=True,
    help="Volume of integers of the same shape: the id of a class on your strokes, 0 elsewhere.",
)
@click.option(
    "--output",
    metavar="LABELS",
    required=True,
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
@options.workers
@options.as_json
def command(
    volume: str,
    annotations: str,
    output: str,
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
    workers: int | None,
    as_json: bool,
) -> None:
    """Label every voxel of VOLUME from a few painted strokes.

    VOLUME is a TIFF, MRC, HDF5, NeXus or Zarr file; what is inside one is named like
    scan.h5::/entry/data. The labels have the strokes' class ids and the volume's voxel size.
    """
    with checking("--supervoxel-size"):
        supervoxels = SupervoxelParameters(size_voxels=supervoxel_size)
    with checking("--preset"):
        features = parameters_for_preset(preset)
    with checking("--seed"):
        classifier = ClassifierParameters(seed=seed)
    with checking("--refine"):
        refinement = RefinementParameters(strength=refine)
    with checking("--partitions"):
        parameters = SegmentationParameters(
            supervoxels, features, classifier, refinement, partitions, not no_edge_refinement
        )
    files = ResultFiles(output, probabilities, uncertainty)
    report = run(
        Request(volume, channels, annotations, files, save_model, spacing, parameters, workers)
    )
    if as_json:
        print_json(report)
    else:
        print_classes(report["classes"], report["unit"])
        written = ", ".join(report["outputs"].values())
        click.echo(f"{written}: written after {report['seconds']['total']:.1f} s")
