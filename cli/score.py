"""``supervox score``: labels against a ground truth."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import click
from supervox.execution import VolumeLike
from supervox.objects import COMPARED_BYTES, Agreement, compare
from supervox.segmentation import Scores, score
from supervox.volumes import Triple, Volume, VoxelSize, choose_voxel_size, open_labels, refuse_image

from . import options
from .agreement import agreement_json, print_agreement
from .budget import RoomForLabels
from .inputs import class_names, size_of_both, tell_turned
from .progress import StageProgress
from .report import print_json, print_table

RATIOS = ("dice", "iou", "accuracy", "precision")


@click.command("score")
@click.argument("labels")
@click.argument("truth")
@click.option(
    "--ignore",
    metavar="STROKES",
    help="Leave out the voxels that are not 0 here: the strokes that the labels were made from.",
)
@click.option(
    "--surfaces",
    is_flag=True,
    help="Also measure distances between surfaces, the boundary F-score and matched objects, as "
    "'supervox compare' does; A is the truth.",
)
@options.spacing
@options.workers
@options.memory
@options.as_json
@options.follow
def command(
    labels: str,
    truth: str,
    ignore: str | None,
    surfaces: bool,
    spacing: Triple | None,
    workers: int | None,
    memory: float | None,
    as_json: bool,
) -> None:
    """Compare LABELS with the ground TRUTH, class by class.

    Voxels where the truth is 0 are left out. Dice and IoU (intersection over union) are 1 for a
    perfect match and 0 for none; accuracy is the share of a class's voxels that were found, and
    precision the share of its labels that are right. Means are over the classes of the truth.
    """
    with ExitStack() as stack:
        given = (labels, truth, *([ignore] if ignore else []))
        opened = [stack.enter_context(open_labels(path)) for path in given]
        for volume in opened:
            refuse_image(volume)
        tell_turned(*opened[:2])
        skip = opened[2].data if ignore else None
        names = class_names(opened[1].classes) or class_names(opened[0].classes)
        with StageProgress(workers) as stages, stages.stage("score", "Comparing") as run:
            result = score(opened[0].data, opened[1].data, skip, workers=run)
        agreement, size = None, _size(opened[0], opened[1], spacing) if surfaces else None
        if size is not None:
            agreement = _agreement(opened[0], opened[1], size, skip, workers, memory)
    if as_json:
        paths = {"labels": labels, "truth": truth, "ignore": ignore}
        more = {} if agreement is None else {"surfaces": agreement_json(agreement, names)}
        print_json({"command": "score"} | paths | _as_dict(result, names) | more)
        return
    _print(result, names)
    if agreement is not None and size is not None:
        print_agreement(agreement, names, size)


def _size(labels: Volume, truth: Volume, spacing: Triple | None) -> VoxelSize:
    """Return the voxel size of both: what the truth states counts first."""
    one, other = (choose_voxel_size(volume, spacing) for volume in (truth, labels))
    return one if spacing else size_of_both(truth.path, one, labels.path, other)


def _agreement(
    labels: Volume,
    truth: Volume,
    size: VoxelSize,
    skip: VolumeLike | None,
    workers: int | None,
    memory: float | None,
) -> Agreement:
    """Compare surfaces and objects where the truth says something."""
    room_for = RoomForLabels(COMPARED_BYTES, "what is compared", memory, Path(gettempdir()))
    with StageProgress(workers) as stages, stages.stage("surfaces", "Measuring surfaces") as run:
        return compare(
            truth.data,
            labels.data,
            spacing=size.spacing,
            ignore=skip,
            only_where_one_is=True,
            workspace=room_for(truth.data.shape),
            workers=run,
        )


def _as_dict(result: Scores, names: dict[int, str]) -> dict[str, Any]:
    classes = []
    for item in result.classes:
        values = asdict(item)
        class_id = values.pop("class_id")
        classes.append({"id": class_id, "name": names.get(class_id)} | values)
    return {
        "voxels": result.voxels,
        "accuracy": result.accuracy,
        "mean_dice": result.mean_dice,
        "mean_iou": result.mean_iou,
        "mean_accuracy": result.mean_accuracy,
        "classes": classes,
    }


def _print(result: Scores, names: dict[int, str]) -> None:
    rows = [
        [
            str(item.class_id),
            names.get(item.class_id, ""),
            *(_ratio(getattr(item, name)) for name in RATIOS),
            f"{item.truth_voxels:,}",
        ]
        for item in result.classes
    ]
    means = [result.mean_dice, result.mean_iou, result.mean_accuracy]
    rows.append(["mean", "", *map(_ratio, means), "", f"{result.voxels:,}"])
    print_table(["class", "name", "Dice", "IoU", "accuracy", "precision", "voxels"], rows)
    click.echo(f"{100 * result.accuracy:.2f} % of all voxels have the right label")


def _ratio(value: float) -> str:
    """Write a ratio; a class that can't be found has none."""
    return "-" if value != value else f"{value:.4f}"
