"""Classifiers: Dice and processor time of each that has a name, on the real volumes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from supervox.segmentation import METHODS, ClassifierParameters, SegmentationParameters, Segmenter

from .accuracy import run_name, score_classes
from .accuracy_tables import mean_dice
from .datasets import REAL, Dataset, data_folder, load_phantom, load_real
from .report import Target, table
from .timing import say

QUICK_SHAPE = (64, 64, 64)


def measure(quick: bool) -> dict[str, Any]:
    """Segment everything with every classifier, with one partition: what follows a stroke."""
    names = [] if quick else [name for name in REAL if (data_folder() / name).is_dir()]
    data = [load_phantom(QUICK_SHAPE, (4,), (0,))] if quick else map(load_real, names)
    return {
        "volumes": [_measure_volume(volume) for volume in data],
        "missing": [] if quick else sorted(set(REAL) - set(names)),
    }


def _measure_volume(data: Dataset) -> dict[str, Any]:
    """Return Dice by method, run and class, and what an update took, by method and run."""
    dice: dict[str, dict[str, dict[str, float]]] = {}
    seconds: dict[str, dict[str, float]] = {}
    parameters = SegmentationParameters(partitions=1, edge_refinement=False)
    segmenter = Segmenter(data.image, spacing=data.spacing, parameters=parameters)
    segmenter.prepare()
    for method in METHODS:
        chosen = ClassifierParameters(method)
        segmenter.configure(replace(parameters, classifier=chosen))
        dice[method], seconds[method] = {}, {}
        for key, strokes in data.strokes.items():
            started = time.process_time()
            result = segmenter.segment(strokes)
            name = run_name(key)
            seconds[method][name] = round(time.process_time() - started, 3)
            dice[method][name] = score_classes(data, strokes, result.labels)
            found = np.mean([dice[method][name][str(k)] for k in data.scored])
            say(f"{data.name} {name}: {method} {found:.3f}, {seconds[method][name]:.1f} s")
    return {
        "name": data.name,
        "shape": list(data.image.shape),
        "scored": [str(k) for k in data.scored],
        "budgets": sorted({budget for budget, _ in data.strokes}),
        "supervoxels": segmenter.partitions[0].graph.n_supervoxels,
        "dice": dice,
        "seconds": seconds,
    }


def _mean_seconds(volume: dict[str, Any], method: str, budget: int) -> float:
    runs = volume["seconds"][method]
    return float(np.mean([v for key, v in runs.items() if int(key.partition("/")[0]) == budget]))


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what was promised: nothing was; the table says which is better where."""
    return iter(())


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "## Classifiers"
    yield ""
    yield "Mean Dice over classes and seeds, as under *Accuracy*, with one partition and no edges;"
    yield "all else is as it is by default. The processor time is that of an update: to train,"
    yield "to try held-out strokes, to ask for all supervoxels and to refine. It is that of all"
    yield "threads together, not time on the clock. What to make of it is on the page"
    yield "[Classifiers](classifiers.md)."
    if results["missing"]:
        yield f"Missing here: {', '.join(results['missing'])}."
    for volume in results["volumes"]:
        budgets = volume["budgets"]
        strokes = " / ".join(map(str, budgets))
        many = f"{volume['supervoxels']:,} supervoxels in {volume['name']}"
        rows = [
            (
                f"`{method}`",
                " / ".join(f"{mean_dice(volume, method, budget):.3f}" for budget in budgets),
                " / ".join(f"{_mean_seconds(volume, method, budget):.1f}" for budget in budgets),
                len(volume["dice"][method]) // len(budgets),
            )
            for method in volume["dice"]
        ]
        yield ""
        yield f"{many}, at {strokes} strokes per class:"
        yield ""
        yield from table(("classifier", "mean Dice", "processor seconds", "sets of strokes"), rows)
