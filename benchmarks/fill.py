"""Fill: what a constant outside of the data does to the labels inside, and a model to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation import Segmentation, Segmenter

from .accuracy import run_name, score_classes
from .datasets import REAL, Dataset, data_folder, load_phantom, load_real
from .fills import FILLS, fill_volume, is_filled
from .report import Target, table
from .timing import say

QUICK_SHAPE, QUICK_FILLS = (64, 64, 64), 2
BUDGET = 12
ALLOWED = 0.02
MEASURES = ("accuracy", "mean Dice")

Scores = dict[str, dict[str, float]]


def measure(quick: bool) -> dict[str, Any]:
    """Segment with and without fill, and apply to either what was learned without."""
    names = [] if quick else [name for name in REAL if (data_folder() / name).is_dir()]
    data = [load_phantom(QUICK_SHAPE, (BUDGET,), (0,))] if quick else map(load_real, names)
    fills = FILLS[:QUICK_FILLS] if quick else FILLS
    return {
        "volumes": [_measure_volume(volume, fills) for volume in data],
        "missing": [] if quick else sorted(set(REAL) - set(names)),
    }


def _measure_volume(data: Dataset, fills: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """Return the scores inside, by fill, task and run; those without fill beside them."""
    strokes = {key: value for key, value in data.strokes.items() if key[0] == BUDGET}
    plain = Segmenter(data.image, spacing=data.spacing)
    known: dict[str, Any] = {}
    found = []
    for side, constant in fills:
        outside = is_filled(data.image.shape, side)
        painted = {key: np.where(outside, 0, value) for key, value in strokes.items()}
        if side not in known:
            known[side] = *_learn(data, plain, outside, painted), _cut_off(data, outside, painted)
        models, without, cut = known[side]
        filled = Segmenter(fill_volume(data.image, outside, constant), spacing=data.spacing)
        scores: dict[str, Scores] = {"segment": {}, "apply": {}}
        for key, inside in painted.items():
            labels = filled.segment(inside)
            scores["segment"][run_name(key)] = _score(data, inside, outside, labels)
            labels = filled.apply(models[key])
            scores["apply"][run_name(key)] = _score(data, inside, outside, labels)
        entry = {"side": side, "constant": constant, "filled": round(float(outside.mean()), 4)}
        found.append(entry | {"with": scores, "without": without, "cut off": cut})
        losses = ", ".join(f"{task} {_loss(found[-1], task, MEASURES[1]):+.3f}" for task in scores)
        say(f"{data.name} {side} {constant}: mean Dice lost {losses}")
    return {"name": data.name, "shape": list(data.image.shape), "fills": found}


def _learn(
    data: Dataset,
    plain: Segmenter,
    outside: NDArray[np.bool_],
    painted: dict[tuple[int, int], NDArray[np.uint8]],
) -> tuple[dict[tuple[int, int], Any], dict[str, Scores]]:
    """Return models for other volumes, and the scores inside, without any fill."""
    models: dict[tuple[int, int], Any] = {}
    without: dict[str, Scores] = {"segment": {}, "apply": {}}
    for key, strokes in painted.items():
        labels = plain.segment(strokes)
        without["segment"][run_name(key)] = _score(data, strokes, outside, labels)
        models[key] = replace(plain.model(), painted=(), trained_on="another volume")
        labels = plain.apply(models[key])
        without["apply"][run_name(key)] = _score(data, strokes, outside, labels)
    return models, without


def _cut_off(
    data: Dataset, outside: NDArray[np.bool_], painted: dict[tuple[int, int], NDArray[np.uint8]]
) -> Scores:
    """Return the scores where the fill is cut off with all that lay there; none if it is no box."""
    ends = [(at.min(), at.max() + 1) for at in np.nonzero(~outside)]
    box = tuple(slice(int(start), int(stop)) for start, stop in ends)
    if outside[box].any():
        return {}
    part = replace(data, image=np.ascontiguousarray(data.image[box]), truth=data.truth[box])
    segmenter = Segmenter(part.image, spacing=data.spacing)
    scores = {}
    for key, strokes in painted.items():
        inside = np.ascontiguousarray(strokes[box])
        labels = segmenter.segment(inside)
        scores[run_name(key)] = _score(part, inside, outside[box], labels)
    return scores


def _score(
    data: Dataset, strokes: NDArray[np.uint8], outside: NDArray[np.bool_], found: Segmentation
) -> dict[str, float]:
    """Compare labels with the truth where nothing is filled or painted."""
    inside = replace(data, truth=np.where(outside, 0, data.truth))
    dice = score_classes(inside, strokes, found.labels)
    compared = (inside.truth > 0) & (strokes == 0)
    right = found.labels[compared] == inside.truth[compared]
    return {
        "accuracy": round(float(right.mean()), 5),
        "mean Dice": round(float(np.mean([dice[str(k)] for k in data.scored])), 5),
        "labelled outside": int(np.count_nonzero(found.labels[outside])),
    }


def _mean(scores: Scores, measure: str) -> float:
    return float(np.mean([score[measure] for score in scores.values()]))


def _loss(entry: dict[str, Any], task: str, measure: str) -> float:
    """Return what a fill costs, in the mean over the strokes."""
    return _mean(entry["without"][task], measure) - _mean(entry["with"][task], measure)


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what was promised."""
    for volume in results["volumes"]:
        for task in ("segment", "apply"):
            losses = {
                m: max((_loss(fill, task, m), _name(fill)) for fill in volume["fills"])
                for m in MEASURES
            }
            yield Target(
                f"{volume['name']}: what the worst fill costs inside ({task})",
                f"at most {ALLOWED:g} of accuracy and of mean Dice",
                "; ".join(f"{m} {loss:+.3f} ({name})" for m, (loss, name) in losses.items()),
                max(loss for loss, _ in losses.values()) <= ALLOWED,
            )


def _name(fill: dict[str, Any]) -> str:
    return f"{fill['side']}: {fill['constant']}"


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "## Fill"
    yield ""
    yield "A part of each volume is filled with a constant, or with two; strokes there are left"
    yield f"out. Accuracy and mean Dice at {BUDGET} strokes per class, mean over seeds, in the part"
    yield "that isn't filled: with the fill, less those of the whole volume with the same strokes."
    yield "*segment* learns on the filled volume, *apply* takes a model of the whole one. *Cut off*"
    yield "learns on the part inside alone, where that is a box: what it loses is what lay outside,"
    yield "which tells of what is beside it, and no fault of a fill."
    if results["missing"]:
        yield f"Missing here: {', '.join(results['missing'])}."
    for volume in results["volumes"]:
        rows = []
        for fill in volume["fills"]:
            runs = [run for task in fill["with"].values() for run in task.values()]
            rows.append(
                (
                    fill["side"],
                    fill["constant"],
                    f"{fill['filled']:.0%}",
                    *(_cell(fill["with"][k], fill["without"][k]) for k in ("segment", "apply")),
                    _cell(fill["cut off"], fill["without"]["segment"]),
                    max(run["labelled outside"] for run in runs),
                )
            )
        yield ""
        yield f"`{volume['name']}`:"
        yield ""
        names = "segment", "apply", "cut off", "voxels labelled there"
        header = ("where", "constant", "share", *names)
        yield from table(header, rows)


def _cell(scores: Scores, without: Scores) -> str:
    """Write scores, and what they are more than those without fill."""
    pairs = [(_mean(scores, m), _mean(without, m)) for m in MEASURES] if scores else []
    return ", ".join(f"{score:.3f} ({-(plain - score):+.3f})" for score, plain in pairs)
