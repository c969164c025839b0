"""Coarser levels of a volume, for viewers: the most frequent label, or the mean of an image."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arrays import Array
from .calibration import Triple
from .formats import Kind

_SMALL = 256  # voxels along every axis of the coarsest level
_FLAT = 2.0  # an axis this much coarser than the finest one isn't made coarser yet


@dataclass(frozen=True)
class Level:
    """One level.

    Attributes
    ----------
    shape : tuple of int
        (Z, Y, X).
    factors : tuple of 3 int
        Voxels of the level before that make one, along (z, y, x).
    total : tuple of 3 int
        Voxels of the finest level that make one.
    """

    shape: tuple[int, ...]
    factors: tuple[int, ...]
    total: tuple[int, ...]


def coarser_levels(shape: Sequence[int], spacing: Triple | None) -> list[Level]:
    """Plan halved levels, until one is small; voxels become cubes on the way.

    Parameters
    ----------
    shape
        (Z, Y, X) of the finest level.
    spacing
        Its voxel size; cubes if it isn't known.
    """
    levels: list[Level] = []
    lengths: tuple[int, ...] = tuple(shape)
    total: tuple[int, ...] = (1, 1, 1)
    sizes: tuple[float, ...] = spacing or (1.0, 1.0, 1.0)
    while max(lengths) > _SMALL:
        long = [size for size, length in zip(sizes, lengths, strict=True) if length > 1]
        factors = tuple(
            2 if length > 1 and size < _FLAT * min(long) else 1
            for size, length in zip(sizes, lengths, strict=True)
        )
        lengths = tuple(-(-n // f) for n, f in zip(lengths, factors, strict=True))
        sizes = tuple(size * f for size, f in zip(sizes, factors, strict=True))
        total = tuple(t * f for t, f in zip(total, factors, strict=True))
        levels.append(Level(lengths, factors, total))
    return levels


def fill_level(source: Any, target: Any, level: Level, kind: Kind, planes: int) -> None:
    """Compute a level from the one before, slab by slab.

    Parameters
    ----------
    source, target
        Arrays (..., Z, Y, X) that are sliced; leading axes are classes.
    level
        What `target` is.
    kind
        Labels get the most frequent one (at a tie, that of the first voxel), all else the mean.
    planes
        Planes of the target to compute at a time.
    """
    combine = _mode if kind == "labels" else _mean
    step = level.factors[0]
    for start in range(0, level.shape[0], planes):
        stop = min(start + planes, level.shape[0])
        for first in np.ndindex(source.shape[:-3]):
            slab = np.asarray(source[(*first, slice(start * step, stop * step))])
            target[(*first, slice(start, stop))] = _reduced(slab, level.factors, combine)


def _reduced(slab: Array, factors: Sequence[int], combine: Callable[[Array], Array]) -> Array:
    """Combine blocks of voxels; the last planes, rows and columns stand in for missing ones."""
    missing = [(0, -n % f) for n, f in zip(slab.shape, factors, strict=True)]
    padded = np.pad(slab, missing, mode="edge")
    places = itertools.product(*(range(f) for f in factors))
    parts = [
        padded[tuple(slice(start, None, f) for start, f in zip(place, factors, strict=True))]
        for place in places
    ]
    return combine(np.stack(parts))


def _mean(parts: Array) -> Array:
    """Return the mean along the first axis, rounded for integers."""
    mean = parts.mean(axis=0, dtype=np.float64)
    values: Array = (np.rint(mean) if parts.dtype.kind in "iu" else mean).astype(parts.dtype)
    return values


def _mode(parts: Array) -> Array:
    """Return the most frequent value along the first axis, the first of those that tie."""
    best: Array = parts[0].copy()
    most = np.zeros(best.shape, np.uint8)
    for part in parts:
        count = (parts == part).sum(axis=0, dtype=np.uint8)
        better = count > most
        best[better], most[better] = part[better], count[better]
    return best
