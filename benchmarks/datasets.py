"""The volumes that accuracy is measured on: real ones with fixed strokes, and the phantom."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

BUDGETS = (4, 12, 36)
SEEDS = (0, 1, 2)
REAL = ("cryo_sxt_mitochondria", "fly_nerve_cord", "mouse_mitochondria")
PHANTOM_SHAPE = (96, 192, 192)


@dataclass(frozen=True)
class Dataset:
    """A volume with ground truth and strokes for every budget and seed.

    Attributes
    ----------
    name : str
    image, truth : arrays, (Z, Y, X)
        Truth 0 is not scored.
    spacing : tuple of 3 float
    scored : tuple of int
        Classes whose Dice counts.
    class_names : dict of int to str
    strokes : dict of (budget, seed) to uint8 array
    """

    name: str
    image: NDArray[Any]
    truth: NDArray[np.uint8]
    spacing: tuple[float, float, float]
    scored: tuple[int, ...]
    class_names: dict[int, str]
    strokes: dict[tuple[int, int], NDArray[np.uint8]]


def data_folder() -> Path:
    """Where the real volumes lie."""
    return Path(os.environ.get("SUPERVOX_DATA", Path(__file__).parents[2] / "shared" / "data"))


def load_datasets() -> Iterator[Dataset]:
    """Yield the real volumes that are there, then the phantom and the membranes."""
    for name in REAL:
        if (data_folder() / name).is_dir():
            yield load_real(name)
    if (data_folder() / "fly_neuropil").is_dir():
        yield load_membranes()
    yield load_phantom()


def load_real(name: str) -> Dataset:
    """Read one of the real volumes with its fixed strokes."""
    folder = data_folder() / name
    info = json.loads((folder / "info.json").read_text())
    z, y, x = (float(value) for value in info["spacing_zyx"])
    return Dataset(
        name,
        tifffile.imread(folder / "image.tif"),
        tifffile.imread(folder / "labels.tif"),
        (z, y, x),
        tuple(info["scored_classes"]),
        {int(key): value for key, value in info["classes"].items()},
        {
            (budget, seed): tifffile.imread(folder / f"strokes_{budget:02d}_{seed}.tif")
            for budget in BUDGETS
            for seed in SEEDS
        },
    )


def load_phantom() -> Dataset:
    """Make the synthetic tomogram with strokes like those of the real volumes."""
    from supervox.sample_data import CLASSES, example_strokes, make_phantom

    sample = make_phantom(PHANTOM_SHAPE, seed=0)
    return Dataset(
        "phantom",
        sample.image,
        sample.labels,
        sample.spacing,
        tuple(CLASSES),
        dict(CLASSES),
        {
            (budget, seed): example_strokes(sample.labels, strokes_per_class=budget, seed=seed)
            for budget in BUDGETS
            for seed in SEEDS
        },
    )
