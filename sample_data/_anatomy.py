"""The cell as a short list of shapes: plasma membrane, nucleus, nucleoli and organelles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ._parameters import LIPID_DROPLET, MITOCHONDRION, NUCLEUS, VESICLE, PhantomParameters
from ._placement import Packing, Vector, place_organelles
from ._shapes import body_distance, make_body, segment_bounds

__all__ = ["Anatomy", "build_anatomy"]

_CELL_RADII_UM = np.array([4.0, 6.5, 6.5])
_NUCLEUS_RADII_UM = np.array([2.2, 2.8, 2.5])
_CELL_PER_FIELD, _NUCLEUS_PER_FIELD = 0.55, 0.27
_LEAST_OUTSIDE, _MOST_NUCLEUS = 0.18, 0.22
_GRID = 24
_ABSORPTION = {MITOCHONDRION: (0.365, 0.03), LIPID_DROPLET: (0.62, 0.05), VESICLE: (0.16, 0.03)}


@dataclass(frozen=True)
class Anatomy:
    """Everything in the field, as shapes (see `_shapes`), with the absorption of each organelle.

    Attributes
    ----------
    cell, nucleus : ndarray, shape (9,)
        Bodies.
    nucleoli : ndarray, shape (N, 9)
        Bodies within the nucleus.
    segments, low, high : ndarray, shape (S, 10), (S, 3), (S, 3)
        Segments of all organelles and their boxes.
    owners : ndarray of int32, shape (S,)
        Instance id of each segment: from 2 on. 1 is the nucleus, 0 is none.
    classes : ndarray of uint8, shape (I,)
        Class of each instance id.
    absorption : ndarray of float64, shape (I,)
        Mean absorption per micrometre of each instance id.
    seed : int
        Seed of all texture.
    """

    cell: Vector
    nucleus: Vector
    nucleoli: Vector
    segments: Vector
    low: Vector
    high: Vector
    owners: NDArray[np.int32]
    classes: NDArray[np.uint8]
    absorption: Vector
    seed: int


@njit(cache=True)
def _distances(body: Vector, points: Vector) -> Vector:
    result = np.empty(len(points))
    for n in range(len(points)):
        result[n] = body_distance(body, points[n, 0], points[n, 1], points[n, 2])
    return result


def _least_shift(fits: Callable[[float], bool], longest: float) -> float:
    """Least shift from 0 on at which `fits` holds, by bisection."""
    if fits(0.0):
        return 0.0
    low, high = 0.0, longest
    for _ in range(24):
        middle = (low + high) / 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def _place_bodies(
    field: Vector, points: Vector, seed: int, rng: np.random.Generator
) -> tuple[Vector, Vector]:
    """Cell and nucleus, moved so that the field shows the outside, cytoplasm and nucleus.

    The cell fills a large field. In a field smaller than a cell, the cell is shifted one way
    until its edge comes into view, and the nucleus until it leaves room for cytoplasm.
    """
    angle = rng.integers(4) * np.pi / 2 + rng.uniform(-0.4, 0.4)
    inwards = np.array([0.15 * rng.normal(), np.sin(angle), np.cos(angle)])
    middle, longest = field / 2, float(np.linalg.norm(field)) + 20.0
    cell_radii = np.maximum(_CELL_PER_FIELD * field, _CELL_RADII_UM)
    nucleus_radii = np.maximum(_NUCLEUS_PER_FIELD * field, _NUCLEUS_RADII_UM)
    nucleus_radii = nucleus_radii * rng.uniform(0.95, 1.05, size=3)

    def cell_at(shift: float) -> Vector:
        return make_body(middle + shift * inwards, cell_radii, 0.12, 1.7, seed)

    def nucleus_at(shift: float) -> Vector:
        return make_body(middle + shift * inwards, nucleus_radii, 0.1, 1.3, seed + 1)

    shift = _least_shift(
        lambda s: bool((_distances(cell_at(s), points) > 0).mean() >= _LEAST_OUTSIDE), longest
    )
    cell = cell_at(shift)
    shift = _least_shift(
        lambda s: bool((_distances(nucleus_at(s), points) < 0).mean() <= _MOST_NUCLEUS), longest
    )
    return cell, nucleus_at(max(shift, 0.05 * float(field.min())))


def _nucleoli(nucleus: Vector, points: Vector, rng: np.random.Generator) -> Vector:
    """One to three round bodies within the part of the nucleus that is in view."""
    inside = points[_distances(nucleus, points) < -0.4]
    if not len(inside):
        return np.empty((0, 9))
    size = 0.2 * float(nucleus[3:6].min())
    chosen = inside[rng.integers(len(inside), size=int(rng.integers(1, 4)))]
    return np.stack(
        [
            make_body(centre, size * rng.uniform(0.7, 1.3, 3), 0.06, 0.5, int(nucleus[8]) + 1 + n)
            for n, centre in enumerate(chosen)
        ]
    )


def build_anatomy(parameters: PhantomParameters) -> Anatomy:
    """Lay out the cell of a phantom.

    Parameters
    ----------
    parameters : PhantomParameters
        The phantom's parameters.

    Returns
    -------
    Anatomy
        The same for the same parameters.
    """
    rng = np.random.default_rng([parameters.seed, 1])
    seed = int(rng.integers(1 << 30))
    field = np.asarray(parameters.field_um)
    axes = [(np.arange(_GRID) + 0.5) / _GRID * extent for extent in field]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    cell, nucleus = _place_bodies(field, points, seed, rng)
    nucleoli = _nucleoli(nucleus, points, rng)

    def clearance(point: Vector) -> float:
        z, y, x = (float(v) for v in point)
        return min(-body_distance(cell, z, y, x), body_distance(nucleus, z, y, x))

    cytoplasm = (_distances(cell, points) < 0) & (_distances(nucleus, points) > 0)
    volume = float(cytoplasm.mean() * field.prod())
    organelles = place_organelles(Packing(clearance), field, volume, rng)
    segments = np.concatenate([links for _, links in organelles])
    counts = [len(links) for _, links in organelles]
    low, high = segment_bounds(segments)
    return Anatomy(
        cell=cell,
        nucleus=nucleus,
        nucleoli=nucleoli,
        segments=segments,
        low=low,
        high=high,
        owners=np.repeat(np.arange(2, 2 + len(organelles), dtype=np.int32), counts),
        classes=np.array([0, NUCLEUS, *(kind for kind, _ in organelles)], dtype=np.uint8),
        absorption=np.array(
            [0.0, 0.0, *(rng.normal(*_ABSORPTION[kind]) for kind, _ in organelles)]
        ),
        seed=seed + 10,
    )
