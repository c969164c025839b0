"""Volumes of other kinds, made with a truth: noisy bodies, thin plates, textures in one grey."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .datasets import Dataset

SHAPE = (48, 160, 160)
SPACING = (1.0, 1.0, 1.0)
Field = NDArray[np.float32]


def _noise(rng: np.random.Generator, shape: Sequence[int], sigma: float | Sequence[float]) -> Field:
    """Return smoothed noise of mean 0 and standard deviation 1."""
    field = ndimage.gaussian_filter(rng.normal(size=shape).astype(np.float32), sigma, mode="wrap")
    found: Field = (field - field.mean()) / field.std()
    return found


def _nearest(
    rng: np.random.Generator, shape: Sequence[int], number: int
) -> tuple[NDArray[np.intp], Field]:
    """Split a volume into cells around points: number of the cell, distance to its border."""
    points = rng.uniform(0, 1, (number, 3)) * shape
    marks = np.zeros(shape, np.int32)
    marks[tuple(points.astype(int).T)] = np.arange(1, number + 1)
    where = ndimage.distance_transform_edt(marks == 0, return_distances=False, return_indices=True)
    cells: NDArray[np.intp] = marks[tuple(where)].astype(np.intp) - 1
    edge = np.zeros(shape, np.bool_)
    for axis in range(3):
        edge |= cells != np.roll(cells, 1, axis)
    border: Field = ndimage.distance_transform_edt(~edge).astype(np.float32)
    return cells, border


def make_bodies(shape: tuple[int, int, int] = SHAPE, seed: int = 0) -> Dataset:
    """Bright and dark bodies that touch, in noise; both have a texture, the ground has none."""
    rng = np.random.default_rng([seed, 21])
    cells, border = _nearest(rng, shape, max(6, int(np.prod(shape)) // 12000))
    kinds = rng.choice((1, 2, 3), cells.max() + 1, p=(0.5, 0.35, 0.15))
    kinds[:2] = 2, 3
    wobble = _noise(rng, shape, 4)
    truth = np.where(border + wobble > 1.5, kinds[cells], 1).astype(np.uint8)
    grey = np.array([0, 0, 0.7, -0.7], np.float32)[truth]
    grey += 0.5 * _noise(rng, shape, 1.5) * (truth > 1)
    return _dataset("bodies", rng, grey, 0.7, truth, ("ground", "bright body", "dark body"))


def make_plates(shape: tuple[int, int, int] = SHAPE, seed: int = 0) -> Dataset:
    """Thin plates between two kinds of cells of nearly one grey: four voxels thick."""
    rng = np.random.default_rng([seed, 22])
    cells, border = _nearest(rng, shape, max(4, int(np.prod(shape)) // 40000))
    kinds = rng.permutation(np.arange(cells.max() + 1) % 3 == 0)
    truth = np.where(border < 2, 1, np.where(kinds[cells], 3, 2)).astype(np.uint8)
    grey = np.array([0, -0.9, 0.1, -0.1], np.float32)[truth]
    grey += 0.5 * _noise(rng, shape, 2) * (truth == 3)
    return _dataset("plates", rng, grey, 0.5, truth, ("plate", "cell", "granular cell"))


def make_textures(shape: tuple[int, int, int] = SHAPE, seed: int = 0) -> Dataset:
    """Five textures of one mean grey and one contrast, in regions of very different volumes."""
    rng = np.random.default_rng([seed, 23])
    cells, _ = _nearest(rng, shape, max(10, int(np.prod(shape)) // 25000))
    kinds = rng.choice(5, cells.max() + 1, p=(0.45, 0.25, 0.15, 0.1, 0.05))
    kinds[:5] = np.arange(5)
    textures = (
        _noise(rng, shape, 0.7),
        _noise(rng, shape, 2.5),
        _noise(rng, shape, (0.7, 0.7, 4)),
        _noise(rng, shape, (0.7, 4, 0.7)),
        np.abs(_noise(rng, shape, 1.4)),
    )
    texture = kinds[cells]
    grey = np.zeros(shape, np.float32)
    for kind, field in enumerate(textures):
        grey += np.where(texture == kind, (field - field.mean()) / field.std(), 0)
    names = ("fine", "coarse", "rows", "columns", "blobs")
    return _dataset("textures", rng, grey, 0.3, (texture + 1).astype(np.uint8), names)


MADE: dict[str, Callable[..., Dataset]] = {
    "bodies": make_bodies,
    "plates": make_plates,
    "textures": make_textures,
}


def _dataset(
    name: str,
    rng: np.random.Generator,
    grey: Field,
    noise: float,
    truth: NDArray[np.uint8],
    names: Sequence[str],
) -> Dataset:
    """Blur, add noise, and put all together."""
    seen = ndimage.gaussian_filter(grey, 0.7) + rng.normal(0, noise, grey.shape)
    image = np.clip(128 + 40 * seen, 0, 255).astype(np.uint8)
    classes = dict(enumerate(names, 1))
    return Dataset(name, image, truth, SPACING, tuple(classes), classes, {})
