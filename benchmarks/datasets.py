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
from scipy import ndimage

BUDGETS = (4, 12, 36)
SEEDS = (0, 1, 2)
REAL = ("cryo_sxt_mitochondria", "fly_nerve_cord", "mouse_mitochondria")
PHANTOM_SHAPE = (96, 192, 192)
MEMBRANE_PLANES = 96
MEMBRANE, INSIDE = 1, 2


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


def load_phantom(
    shape: tuple[int, int, int] = PHANTOM_SHAPE,
    budgets: tuple[int, ...] = BUDGETS,
    seeds: tuple[int, ...] = SEEDS,
) -> Dataset:
    """Make the synthetic tomogram with strokes like those of the real volumes."""
    from supervox.sample_data import CLASSES, example_strokes, make_phantom

    sample = make_phantom(shape, seed=0)
    return Dataset(
        "phantom",
        sample.image,
        sample.labels,
        sample.spacing,
        tuple(CLASSES),
        dict(CLASSES),
        {
            (budget, seed): example_strokes(sample.labels, strokes_per_class=budget, seed=seed)
            for budget in budgets
            for seed in seeds
        },
    )


def load_neuropil() -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Read the volume of dense neuron bodies: image and instances, 0 = none."""
    folder = data_folder() / "fly_neuropil"
    return tifffile.imread(folder / "image.tif"), tifffile.imread(folder / "instances.tif")


def load_membranes() -> Dataset:
    """Make a volume of nothing but thin membranes: those between the bodies of `fly_neuropil`."""
    from supervox.sample_data import example_strokes

    image, instances = (volume[:MEMBRANE_PLANES] for volume in load_neuropil())
    truth = np.where(near_boundary(instances), MEMBRANE, INSIDE).astype(np.uint8)
    return Dataset(
        "membranes",
        np.ascontiguousarray(image),
        truth,
        (1.0, 1.0, 1.0),
        (MEMBRANE, INSIDE),
        {MEMBRANE: "membrane", INSIDE: "inside"},
        {
            (budget, seed): example_strokes(truth, budget, seed, classes=(MEMBRANE, INSIDE))
            for budget in BUDGETS
            for seed in SEEDS
        },
    )


def near_boundary(instances: NDArray[Any]) -> NDArray[np.bool_]:
    """Mark the voxels that touch another instance or none, and those next to them."""
    edge: NDArray[np.bool_] = instances == 0
    for axis in range(3):
        here, there = [slice(None)] * 3, [slice(None)] * 3
        here[axis], there[axis] = slice(1, None), slice(None, -1)
        step = instances[tuple(here)] != instances[tuple(there)]
        edge[tuple(here)] |= step
        edge[tuple(there)] |= step
    grown: NDArray[np.bool_] = ndimage.binary_dilation(edge)
    return grown


def mirror_to(volume: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Repeat a volume, mirrored at its borders, up to a shape: as large as asked, without seams."""
    for axis, size in enumerate(shape):
        index = np.arange(size) % (2 * volume.shape[axis])
        index = np.minimum(index, 2 * volume.shape[axis] - 1 - index)
        volume = volume.take(index, axis=axis)
    return np.ascontiguousarray(volume)
