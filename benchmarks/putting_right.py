"""Labels put right by hand: how much a person does until every class is at a Dice of 0.95."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from supervox.segmentation import Segmenter

from .datasets import Dataset, load_phantom
from .hands import ENOUGH, Hand, dice_of
from .report import Target, table
from .robots import Painted, Stroke, play
from .sessions import classes_of
from .timing import say

SHAPE, QUICK_SHAPE = (48, 96, 96), (40, 48, 48)
BUDGET = 4  # strokes of each class at first
TAUGHT, QUICK_TAUGHT = (0, 12, 24, 48), (0,)  # strokes that teach, before anything is corrected
MOST, QUICK_MOST = 3000, 5  # clicks
FINISH = 1  # click


def measure(quick: bool) -> dict[str, Any]:
    """Put the final labels of the phantom right with both sets of tools."""
    data = load_phantom(QUICK_SHAPE if quick else SHAPE, (BUDGET,), (0,))
    segmenter = Segmenter(data.image, spacing=data.spacing)
    segmenter.prepare()
    most = QUICK_MOST if quick else MOST
    runs = [_run(data, segmenter, "Labels layer", 0, most)]
    runs += [
        _run(data, segmenter, "Supervox", n, most) for n in (QUICK_TAUGHT if quick else TAUGHT)
    ]
    return {"shape": list(data.image.shape), "runs": runs}


def _run(data: Dataset, segmenter: Segmenter, tools: str, taught: int, most: int) -> dict[str, Any]:
    """Teach, finish, and correct until every class is good enough."""
    painted = _teach(data, segmenter, taught)
    labels = segmenter.segment(painted.strokes()).labels.astype(np.uint8)
    before = dice_of(data.truth, labels)
    ids = segmenter.partitions[0].ids if tools == "Supervox" else None
    hand = Hand(data.truth, labels, ids)
    clicks = hand.work(most)
    after = dice_of(data.truth, labels)
    say(f"putting right: {tools}, {taught} strokes, {clicks} clicks, {hand.done}")
    return {
        "tools": tools,
        "taught": taught,
        "clicks": clicks,
        "done": hand.done,
        "before": {str(k): value for k, value in before.items()},
        "after": {str(k): value for k, value in after.items()},
    }


def _teach(data: Dataset, segmenter: Segmenter, strokes: int) -> Painted:
    """Paint strokes over the largest errors, after those that are there."""
    painted = Painted(data.image.shape)
    given = data.strokes[BUDGET, 0]
    for k in classes_of(data):
        places = np.nonzero(given == k)
        painted.add(Stroke(places[0], places[1], places[2], k))
    painted.n_strokes = len(classes_of(data)) * BUDGET
    live = segmenter.fork()
    labels = live.segment(painted.strokes()).labels
    robot = play("error", data.truth, lambda z: labels[z], painted, 0, classes_of(data))
    for stroke in islice(robot, strokes):
        painted.add(stroke)
        labels = live.segment(painted.strokes()).labels
    return painted


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what a person needs in a Labels layer alone."""
    peer = results["runs"][0]
    ours = min(results["runs"][1:], key=_total)
    size = " x ".join(map(str, results["shape"]))
    yield Target(
        f"putting right, {size}: strokes and clicks until every class is at Dice {ENOUGH}",
        f"fewer than {_total(peer)} with a Labels layer alone",
        f"{_total(ours)}, {ours['taught']} of them strokes that teach",
        _total(ours) < _total(peer) and _is_enough(ours),
    )


def _total(run: dict[str, Any]) -> int:
    finish = FINISH if run["taught"] else 0
    return int(run["taught"] + finish + run["clicks"])


def _is_enough(run: dict[str, Any]) -> bool:
    return bool(min(run["after"].values()) >= ENOUGH)


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    size = " x ".join(map(str, results["shape"]))
    yield "## Putting right"
    yield ""
    yield f"The final labels of a phantom of {size} voxels, from {BUDGET} strokes a class, are"
    yield "corrected by a robot that knows the truth: always by the action that mends most. With a"
    yield "Labels layer alone it has a ball brush of five sizes, dragged through a plane over up to"
    yield "16 of its radii, and the fill tool; in Supervox also the brush on one class only (two"
    yield "clicks to choose it), the region tool and the finishing tools (two clicks each); and it"
    yield "can paint strokes that teach, and *Finish*, before. It stops when every class is at"
    yield f"a Dice of {ENOUGH}."
    yield ""
    rows = [
        (
            run["tools"],
            run["taught"],
            run["clicks"],
            _total(run),
            f"{min(run['before'].values()):.3f}",
            f"{min(run['after'].values()):.3f}",
            ", ".join(f"{name} {n}" for name, n in run["done"].items()),
        )
        for run in results["runs"]
    ]
    header = ("tools", "strokes that teach", "corrections", "in all", "worst Dice", "after", "by")
    yield from table(header, rows)
