"""Analytic bodies on a grid: balls, ellipsoids, cylinders and cuboids, turned in any way."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Places = NDArray[np.float64]  # (..., 3)


def turned(seed: int) -> NDArray[np.float64]:
    return Rotation.random(random_state=seed).as_matrix()


def draw(
    inside: Callable[[Places], NDArray[np.bool_]],
    reach: float,
    spacing: Sequence[float] = (1, 1, 1),
    turn: NDArray[np.float64] | None = None,
    shift: Sequence[float] = (0, 0, 0),
) -> NDArray[np.uint8]:
    """Draw a body about the middle of a grid, moved by a part of a voxel."""
    half = [math.ceil(reach / step) + 2 for step in spacing]
    axes = [
        (np.arange(-n, n + 1) + move) * step
        for n, move, step in zip(half, shift, spacing, strict=True)
    ]
    places = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    return inside(places if turn is None else places @ turn).astype(np.uint8)


def ellipsoid(semi: Sequence[float]) -> Callable[[Places], NDArray[np.bool_]]:
    return lambda places: (np.square(places / np.asarray(semi)).sum(axis=-1)) <= 1


def ball(radius: float) -> Callable[[Places], NDArray[np.bool_]]:
    return ellipsoid((radius, radius, radius))


def cuboid(edges: Sequence[float]) -> Callable[[Places], NDArray[np.bool_]]:
    return lambda places: (np.abs(places) <= np.asarray(edges) / 2).all(axis=-1)


def cylinder(radius: float, height: float) -> Callable[[Places], NDArray[np.bool_]]:
    def inside(places: Places) -> NDArray[np.bool_]:
        across = np.hypot(places[..., 1], places[..., 2])
        return (across <= radius) & (np.abs(places[..., 0]) <= height / 2)

    return inside


def ellipsoid_surface(semi: Sequence[float]) -> float:
    """Integrate over latitude and longitude."""
    a, b, c = semi
    theta = np.linspace(0, np.pi, 600)[:, np.newaxis]
    phi = np.linspace(0, 2 * np.pi, 600)[np.newaxis]
    element = np.sqrt(
        (b * c) ** 2 * np.sin(theta) ** 4 * np.cos(phi) ** 2
        + (a * c) ** 2 * np.sin(theta) ** 4 * np.sin(phi) ** 2
        + (a * b) ** 2 * np.sin(theta) ** 2 * np.cos(theta) ** 2
    )
    return float(np.trapezoid(np.trapezoid(element, phi[0], axis=1), theta[:, 0]))
