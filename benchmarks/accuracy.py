"""Accuracy: Dice for every volume, budget of strokes and seed, against a voxel-level forest."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation import RefinementParameters, SegmentationParameters, Segmenter

from .accuracy_tables import BEST_TOOL, mean_dice, run_dice, section, targets
from .datasets import BUDGETS, REAL, Dataset, data_folder, load_datasets, load_phantom
from .timing import say, timed
from .voxel_forest import segment_by_voxels

__all__ = ["draw", "measure", "section", "targets"]

QUICK_SHAPE = (64, 64, 64)
COLOURS = {
    "supervox": "#c0392b",
    "no refinement": "#e59866",
    "one partition": "#7d3c98",
    "voxel forest": "#2471a3",
}


def measure(quick: bool) -> dict[str, Any]:
    """Segment everything with every method."""
    data = [load_phantom(QUICK_SHAPE, (4,), (0,))] if quick else load_datasets()
    missing = [] if quick else [n for n in REAL if not (data_folder() / n).is_dir()]
    volumes = []
    for volume in data:
        methods, seconds = timed(partial(_measure_volume, volume))
        volumes.append(
            {
                "name": volume.name,
                "shape": list(volume.image.shape),
                "classes": {str(k): v for k, v in volume.class_names.items() if k > 0},
                "scored": [str(k) for k in volume.scored],
                "budgets": sorted({budget for budget, _ in volume.strokes}),
                "seeds": sorted({seed for _, seed in volume.strokes}),
                "seconds": round(seconds, 1),
                "dice": methods,
            }
        )
    return {"volumes": volumes, "missing": missing}


def _measure_volume(data: Dataset) -> dict[str, dict[str, dict[str, float]]]:
    """Return Dice by method, then "budget/seed", then class."""
    default = SegmentationParameters()
    found: dict[str, dict[str, dict[str, float]]] = {name: {} for name in COLOURS}
    say(f"{data.name}: supervox")
    full = Segmenter(data.image, spacing=data.spacing, parameters=default)
    for key, strokes in data.strokes.items():
        labels = full.segment(strokes, refinement=default.refinement).labels
        found["supervox"][run_name(key)] = score_classes(data, strokes, labels)
        labels = full.segment(strokes, refinement=RefinementParameters(strength=0)).labels
        found["no refinement"][run_name(key)] = score_classes(data, strokes, labels)
        say(f"{data.name} {run_name(key)}: {_mean(data, found['supervox'][run_name(key)]):.3f}")
    del full
    say(f"{data.name}: one partition")
    single = replace(default, partitions=1, edge_refinement=False)
    one = Segmenter(data.image, spacing=data.spacing, parameters=single)
    for key, strokes in data.strokes.items():
        found["one partition"][run_name(key)] = score_classes(
            data, strokes, one.segment(strokes).labels
        )
    del one
    say(f"{data.name}: voxel forest")
    for key, labels in segment_by_voxels(data, data.strokes).items():
        found["voxel forest"][run_name(key)] = score_classes(data, data.strokes[key], labels)
        say(f"{data.name} {run_name(key)}: {_mean(data, found['voxel forest'][run_name(key)]):.3f}")
    return found


def run_name(key: tuple[int, int]) -> str:
    """Return how results call a budget of strokes with a seed."""
    return f"{key[0]}/{key[1]}"


def _mean(data: Dataset, dice: dict[str, float]) -> float:
    return float(np.mean([dice[str(k)] for k in data.scored]))


def score_classes(
    data: Dataset, strokes: NDArray[np.uint8], labels: NDArray[np.unsignedinteger]
) -> dict[str, float]:
    """Compare labels with the truth where there is one and nothing was painted."""
    compared = (data.truth > 0) & (strokes == 0)
    true, found = data.truth[compared], labels[compared]
    dice = {}
    for k in sorted(set(data.class_names) - {0}):
        both = int((true == k).sum() + (found == k).sum())
        common = int(((true == k) & (found == k)).sum())
        dice[str(k)] = round(2 * common / max(both, 1), 5)
    return dice


def draw(results: dict[str, Any], path: Path) -> None:
    """Draw Dice against the budget, one panel for each volume."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    volumes = results["volumes"]
    width = max(3.1 * len(volumes), 6)
    figure, axes = pyplot.subplots(1, len(volumes), figsize=(width, 3.7), squeeze=False)
    for axis, volume in zip(axes[0], volumes, strict=True):
        _draw_panel(axis, volume)
    axes[0][0].set_ylabel("mean Dice")
    lines = {line.get_label(): line for axis in axes[0] for line in axis.get_lines()}
    lines = {label: line for label, line in lines.items() if not label.startswith("_")}
    figure.legend(lines.values(), lines.keys(), fontsize=9, loc="lower center", ncols=len(lines))
    figure.tight_layout(rect=(0, 0.08, 1, 1))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)


def _draw_panel(axis: Any, volume: dict[str, Any]) -> None:
    """Draw the curves of one volume; small dots are single seeds."""
    for method, colour in COLOURS.items():
        for key in volume["dice"][method]:
            budget, value = int(key.partition("/")[0]), run_dice(volume, method, key)
            axis.plot(budget, value, ".", color=colour, markersize=3, alpha=0.5)
        means = [mean_dice(volume, method, budget) for budget in volume["budgets"]]
        axis.plot(volume["budgets"], means, "-o", color=colour, markersize=4, label=method)
    if volume["name"] in BEST_TOOL:
        best = BEST_TOOL[volume["name"]]
        axis.plot(BUDGETS, best, ":", color="#555555", label="best existing tool (DESIGN)")
    axis.set_xscale("log")
    axis.set_xticks(volume["budgets"], [str(budget) for budget in volume["budgets"]])
    axis.minorticks_off()
    axis.set_title(volume["name"].replace("_", " "), fontsize=10)
    axis.set_xlabel("strokes per class")
    axis.grid(alpha=0.3)
