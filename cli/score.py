"""``supervox score``: labels against a ground truth."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

import click
from supervox.segmentation import Scores, score
from supervox.volumes import open_labels

from . import options
from .inputs import class_names, tell_turned
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
@options.workers
@options.as_json
@options.follow
def command(
    labels: str, truth: str, ignore: str | None, workers: int | None, as_json: bool
) -> None:
    """Compare LABELS with the ground TRUTH, class by class.

    Voxels where the truth is 0 are left out. Dice and IoU (intersection over union) are 1 for a
    perfect match and 0 for none; accuracy is the share of a class's voxels that were found, and
    precision the share of its labels that are right. Means are over the classes of the truth.
    """
    with ExitStack() as stack:
        opened = [stack.enter_context(open_labels(path)) for path in (labels, truth)]
        tell_turned(*opened)
        skip = None if ignore is None else stack.enter_context(open_labels(ignore)).data
        names = class_names(opened[1].classes) or class_names(opened[0].classes)
        with StageProgress(workers) as stages, stages.stage("score", "Comparing") as run:
            result = score(opened[0].data, opened[1].data, skip, workers=run)
    if as_json:
        paths = {"labels": labels, "truth": truth, "ignore": ignore}
        print_json({"command": "score"} | paths | _as_dict(result, names))
    else:
        _print(result, names)


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
