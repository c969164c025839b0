"""Between slices: how well things come back of which only every n-th plane is known."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from supervox.objects import fill_between

from .datasets import PHANTOM_SHAPE, REAL, Dataset, data_folder, load_phantom, load_real
from .report import Target, table
from .timing import say

STEPS = (2, 4, 8)  # planes from one that is known to the next
QUICK_SHAPE = (64, 64, 64)
ALLOWED = 0.01  # of Dice
WAYS = ("by shape", "with the image")


def measure(quick: bool) -> dict[str, Any]:
    """Fill between the planes of the truth, class by class, and compare."""
    names = [] if quick else [name for name in REAL if (data_folder() / name).is_dir()]
    data = [load_phantom(QUICK_SHAPE if quick else PHANTOM_SHAPE, (), ()), *map(load_real, names)]
    return {
        "volumes": [_measure_volume(volume) for volume in data],
        "nothing": _measure_nothing(),
        "missing": [] if quick else sorted(set(REAL) - set(names)),
    }


def _measure_volume(data: Dataset) -> dict[str, Any]:
    rows = []
    for value in data.scored:
        truth = (data.truth == value).astype(np.uint8)
        for step in STEPS:
            if not 2 * step < len(truth) or not truth[::step].any():
                continue
            found = _fill(truth, data.image, data.spacing, step)
            rows.append({"class": data.class_names[value], "step": step, **found})
            text = ", ".join(f"{way} {found[way]:.3f}" for way in WAYS)
            say(f"{data.name} {data.class_names[value]}, every {step}: {text}")
    return {"name": data.name, "shape": list(data.truth.shape), "rows": rows}


def _measure_nothing() -> dict[str, float]:
    """Return what a noisy and an evenly textured image cost a prism that they say nothing of."""
    truth = np.zeros((25, 60, 60), np.uint8)
    truth[:, 15:45, 20:40] = 1
    noise = np.random.default_rng(0).normal(size=truth.shape)
    images = {"noise": noise, "an even texture": ndimage.gaussian_filter(noise, 2)}
    return {
        name: _fill(truth, image, (1.0, 1.0, 1.0), 12)["with the image"]
        for name, image in images.items()
    }


def _fill(
    truth: NDArray[np.uint8], image: NDArray[Any], spacing: Sequence[float], step: int
) -> dict[str, float]:
    """Return Dice between the known planes, and seconds, for each way."""
    painted = np.zeros_like(truth)
    painted[::step] = truth[::step]
    between = np.ones(len(truth), bool)
    between[::step] = False
    between[(len(truth) - 1) // step * step :] = False
    found: dict[str, float] = {}
    for way in WAYS:
        began = time.perf_counter()
        result = fill_between(painted, image=None if way == WAYS[0] else image, spacing=spacing)
        seconds = time.perf_counter() - began
        filled = painted.copy()
        filled.reshape(-1)[result.voxels] = result.classes
        mine, true = filled[between] > 0, truth[between] > 0
        both = int(np.count_nonzero(mine)) + int(np.count_nonzero(true))
        dice = 2 * np.count_nonzero(mine & true) / both if both else 1.0
        found |= {way: round(float(dice), 4), f"seconds {way}": round(seconds, 2)}
    return found


def _means(volume: dict[str, Any]) -> dict[str, float]:
    return {way: float(np.mean([row[way] for row in volume["rows"]])) for way in WAYS}


def targets(results: dict[str, Any]) -> Iterator[Target]:
    """Compare with what was promised."""
    for volume in results["volumes"]:
        shape, image = _means(volume).values()
        yield Target(
            f"{volume['name']}: between slices, the image helps",
            f"mean Dice at least that by shape, less {ALLOWED:g}",
            f"{image:.3f}, by shape {shape:.3f}",
            image >= shape - ALLOWED,
        )
    worst = min(results["nothing"].values())
    yield Target(
        "between slices, an image that says nothing leaves the shape",
        "Dice at least 0.98",
        f"{worst:.3f}",
        worst >= 0.98,
    )


def section(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the page."""
    yield "## Between slices"
    yield ""
    yield "Of the truth, every n-th plane is known; `fill_between` fills the rest, class by class."
    yield "Dice of the planes between, by shape alone and with the image."
    if results["missing"]:
        yield f"Missing here: {', '.join(results['missing'])}."
    yield ""
    yield from table(
        ("volume", "class", "every", *WAYS, "seconds"),
        [
            (
                f"`{volume['name']}`",
                row["class"],
                row["step"],
                *(f"{row[way]:.3f}" for way in WAYS),
                f"{row[f'seconds {WAYS[0]}']:.1f} / {row[f'seconds {WAYS[1]}']:.1f}",
            )
            for volume in results["volumes"]
            for row in volume["rows"]
        ],
    )
    yield ""
    said = ", ".join(f"{name}: {dice:.3f}" for name, dice in results["nothing"].items())
    yield f"A prism, between planes 12 apart, in an image that says nothing of it: {said}."
