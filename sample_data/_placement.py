"""Packing organelles into the cytoplasm without overlap."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ._parameters import LIPID_DROPLET, MITOCHONDRION, VESICLE

__all__ = ["Packing", "place_organelles"]

Vector = NDArray[np.float64]

_PER_UM3 = {MITOCHONDRION: 0.75, LIPID_DROPLET: 0.20, VESICLE: 0.30}
_RADII_UM = {MITOCHONDRION: (0.15, 0.26), LIPID_DROPLET: (0.14, 0.32), VESICLE: (0.16, 0.31)}
_BUMPS_UM = {MITOCHONDRION: 0.015, LIPID_DROPLET: 0.0, VESICLE: 0.012}
_BUMP_LENGTH_UM = 0.25
_FEWEST = 3
_MOST = 20_000
_TRIES = 60
_GAP_UM = 0.06
_CELL_UM = 0.8  # above the largest sum of two radii and the gap
_STEP_UM = 0.13
_BRANCHING = 0.25


@dataclass
class Packing:
    """Balls placed so far, on a lattice that finds the neighbours of a new one.

    Attributes
    ----------
    clearance : callable
        Distance from a point to the nearest membrane of the cell or its nucleus, positive
        within the cytoplasm.
    """

    clearance: Callable[[Vector], float]
    _cells: defaultdict[tuple[int, int, int], list[tuple[float, float, float, float, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def admits(self, point: Vector, radius: float, owner: int) -> bool:
        """Whether a ball of organelle `owner` keeps its distance to all others there."""
        if self.clearance(point) < radius + _GAP_UM:
            return False
        z, y, x = (float(v) for v in point)
        i, j, k = (math.floor(v / _CELL_UM) for v in (z, y, x))
        near = [(i + a, j + b, k + c) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1)]
        return not any(
            other != owner
            and (z - oz) ** 2 + (y - oy) ** 2 + (x - ox) ** 2 < (radius + r + _GAP_UM) ** 2
            for cell in near
            if cell in self._cells
            for oz, oy, ox, r, other in self._cells[cell]
        )

    def add(self, point: Vector, radius: float, owner: int) -> None:
        """Enter a ball."""
        z, y, x = (float(v) for v in point)
        cell = (math.floor(z / _CELL_UM), math.floor(y / _CELL_UM), math.floor(x / _CELL_UM))
        self._cells[cell].append((z, y, x, radius, owner))


def _segment(a: Vector, b: Vector, ra: float, rb: float, kind: int) -> Vector:
    return np.array([*a, *b, ra, rb, _BUMPS_UM[kind], _BUMP_LENGTH_UM])


def _direction(rng: np.random.Generator) -> Vector:
    """Random direction, more often across the beam than along it, as in a flat cell."""
    vector = rng.normal(size=3) * (0.35, 1.0, 1.0)
    return np.asarray(vector / np.linalg.norm(vector))


def _grow(
    packing: Packing,
    start: Vector,
    radius: float,
    length: float,
    owner: int,
    rng: np.random.Generator,
) -> list[Vector]:
    """Tube that wanders from `start` until it has its length or meets something."""
    links: list[Vector] = []
    point, direction, width = start, _direction(rng), radius
    for _ in range(max(1, round(length / _STEP_UM))):
        direction = direction + 0.22 * rng.normal(size=3) * (0.4, 1.0, 1.0)
        direction = direction / np.linalg.norm(direction)
        ahead, wider = point + _STEP_UM * direction, radius * rng.uniform(0.9, 1.1)
        if not packing.admits(ahead, wider, owner):
            break
        links.append(_segment(point, ahead, width, wider, MITOCHONDRION))
        point, width = ahead, wider
    return links


def _mitochondrion(
    packing: Packing, start: Vector, radius: float, owner: int, rng: np.random.Generator
) -> list[Vector]:
    """Bent tube, sometimes branching; nothing if there is no room for a short one."""
    length = float(np.clip(rng.lognormal(np.log(2.4), 0.6), 0.6, 6.0))
    links = _grow(packing, start, radius, length, owner, rng)
    if len(links) < 3:
        return []
    if rng.random() < _BRANCHING:
        fork = links[int(rng.integers(1, len(links)))][:3]
        links += _grow(packing, fork, 0.9 * radius, 0.5 * length, owner, rng)
    return links


def _place_one(
    packing: Packing,
    kind: int,
    owner: int,
    field_um: Vector,
    rng: np.random.Generator,
) -> list[Vector]:
    """Segments of one new organelle, entered into the packing; nothing if no room was found."""
    smallest, largest = _RADII_UM[kind]
    for attempt in range(_TRIES):
        start = rng.random(3) * field_um
        crowding = 1 - attempt / _TRIES
        radius = smallest + (largest - smallest) * float(rng.random()) * crowding
        if not packing.admits(start, radius, owner):
            continue
        links = [_segment(start, start, radius, radius, kind)]
        if kind == MITOCHONDRION:
            links = _mitochondrion(packing, start, radius, owner, rng)
        for link in links:
            packing.add(link[:3], float(link[6]), owner)
            packing.add(link[3:6], float(link[7]), owner)
        if links:
            return links
    return []


def place_organelles(
    packing: Packing, field_um: Vector, cytoplasm_um3: float, rng: np.random.Generator
) -> list[tuple[int, Vector]]:
    """Fill the field with organelles, as many as the cytoplasm in it has at usual densities.

    Parameters
    ----------
    packing : Packing
        An empty packing; filled in place.
    field_um : ndarray, shape (3,)
        Extent of the field.
    cytoplasm_um3 : float
        Volume of cytoplasm in the field.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    list of (int, ndarray)
        Class and segments, shape (N, 10), of each organelle.
    """
    wanted = {
        kind: min(_MOST, max(_FEWEST, round(density * cytoplasm_um3)))
        for kind, density in _PER_UM3.items()
    }
    first = [kind for _ in range(_FEWEST) for kind in wanted]
    rest = [kind for kind, number in wanted.items() for _ in range(number - _FEWEST)]
    organelles: list[tuple[int, Vector]] = []
    for kind in [*first, *(rest[i] for i in rng.permutation(len(rest)))]:
        links = _place_one(packing, kind, len(organelles), field_um, rng)
        if links:
            organelles.append((kind, np.stack(links)))
    return organelles
