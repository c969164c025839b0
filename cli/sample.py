"""``supervox sample``: a synthetic tomogram with its truth and example strokes, as files."""

from __future__ import annotations

import math
import shlex
import shutil
from pathlib import Path

import click
import numpy as np
from supervox.sample_data import (
    CLASS_COLOURS,
    CLASSES,
    Phantom,
    PhantomParameters,
    plane_slabs,
    stroke_planes,
)
from supervox.volumes import FORMATS, VolumeClass, VolumeError, VolumeWriter, create_volume

from . import options
from .errors import checking
from .outputs import Kind, Outputs, making_folder
from .progress import StageProgress

DEFAULT = PhantomParameters()
STROKES_PER_CLASS = 12
PLANES = 16  # written at a time
FILES: dict[str, tuple[str, Kind]] = {
    "volume": ("uint16", "image"),
    "truth": ("uint8", "labels"),
    "instances": ("uint16", "labels"),
    "strokes": ("uint8", "labels"),
}
ENDINGS = [
    entry.extensions[0].lstrip(".") for entry in FORMATS if entry.create and not entry.is_mesh
]
DEFAULT_ENDING = "tif"


@click.command("sample")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="OUT_DIR")
@click.option(
    "--shape",
    nargs=3,
    type=click.IntRange(min=1),
    default=DEFAULT.shape,
    show_default=True,
    metavar="Z Y X",
    help="Planes, rows and columns.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=DEFAULT.seed,
    show_default=True,
    metavar="N",
    help="Another number gives another cell.",
)
@click.option(
    "--strokes-per-class",
    type=click.IntRange(min=1),
    default=STROKES_PER_CLASS,
    show_default=True,
    metavar="N",
    help="Strokes to paint of every class.",
)
@click.option(
    "--format",
    "ending",
    type=click.Choice(ENDINGS),
    default=DEFAULT_ENDING,
    show_default=True,
    help="Format of the files.",
)
@options.workers
def command(
    folder: Path,
    shape: tuple[int, int, int],
    seed: int,
    strokes_per_class: int,
    ending: str,
    workers: int | None,
) -> None:
    """Make a synthetic cryo soft X-ray tomogram of a cell in OUT_DIR.

    Writes volume.*, the image; truth.*, the class of every voxel; instances.*, the number of each
    organelle; strokes.*, a few strokes of every class. Files of these names are replaced.
    """
    with checking():
        phantom = Phantom(PhantomParameters(shape=shape, seed=seed))
    paths = {name: folder / f"{name}.{ending}" for name in FILES}
    with (
        making_folder(folder),
        checking(),
        Outputs([]) as outputs,
        StageProgress(workers or 2) as stages,
    ):
        _check_space(folder, phantom)
        staged = {
            name: outputs.plan_volume(str(paths[name]), shape, dtype, kind)
            for name, (dtype, kind) in FILES.items()
        }
        _write_image(phantom, staged, stages)
        _write_truth(phantom, staged, stages)
        _write_strokes(phantom, staged, stages, strokes_per_class)
        outputs.publish()
    for path in paths.values():
        click.echo(str(path))
    words = ["supervox", "segment", str(paths["volume"]), "--annotations", str(paths["strokes"])]
    click.echo("Next, label every voxel from the strokes:")
    click.echo(f"  {shlex.join([*words, '--output', str(folder / f'labels.{ending}')])}")


def _check_space(folder: Path, phantom: Phantom) -> None:
    """Refuse a disk that is too full: the image is put in order there before it is written."""
    needed = 3 * math.prod(phantom.shape) * np.dtype(FILES["volume"][0]).itemsize
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise VolumeError(
            f"{folder}: the disk is full, {needed / 1e6:,.0f} MB are needed and {free / 1e6:,.0f} "
            "MB are free; choose another folder or a smaller --shape"
        )


def _create(phantom: Phantom, staged: dict[str, str], name: str) -> VolumeWriter:
    """Prepare one of the files."""
    dtype, kind = FILES[name]
    classes = [VolumeClass(k, text, CLASS_COLOURS[k]) for k, text in CLASSES.items()]
    return create_volume(
        staged[name],
        phantom.shape,
        dtype,
        spacing=phantom.spacing,
        unit="nm",
        kind=kind,
        classes=classes if name in ("truth", "strokes") else (),
    )


def _write_image(phantom: Phantom, staged: dict[str, str], stages: StageProgress) -> None:
    with (
        stages.stage("image", "Imaging a cell") as run,
        _create(phantom, staged, "volume") as writer,
    ):
        where = Path(staged["volume"]).parent
        for box, slab in plane_slabs(phantom, PLANES, directory=where, workers=run):
            writer[box[0]] = slab


def _write_truth(phantom: Phantom, staged: dict[str, str], stages: StageProgress) -> None:
    total = phantom.shape[0]
    with (
        stages.stage("truth", "Writing the truth") as run,
        _create(phantom, staged, "truth") as truth,
        _create(phantom, staged, "instances") as instances,
    ):
        for planes in _slabs(total):
            box = (planes, slice(None), slice(None))
            truth[planes], instances[planes] = phantom.classes_and_instances(box)
            run.report(planes.stop, total)


def _write_strokes(
    phantom: Phantom, staged: dict[str, str], stages: StageProgress, strokes_per_class: int
) -> None:
    with (
        stages.stage("strokes", "Painting strokes"),
        _create(phantom, staged, "strokes") as writer,
    ):
        painted = dict(stroke_planes(phantom, strokes_per_class, phantom.parameters.seed))
        for planes in _slabs(phantom.shape[0]):
            slab = np.zeros((planes.stop - planes.start, *phantom.shape[1:]), np.uint8)
            for z in painted.keys() & set(range(planes.start, planes.stop)):
                slab[z - planes.start] = painted[z]
            writer[planes] = slab


def _slabs(total: int) -> list[slice]:
    return [slice(z, min(z + PLANES, total)) for z in range(0, total, PLANES)]
