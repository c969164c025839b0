"""Implicit shapes: signed distances (negative inside) to bodies and to chains of beads.

A *body* is an irregular ellipsoid, a vector of `BODY_FIELDS`. A *segment* is one link of an
organelle, two balls and what lies between them, a vector of `SEGMENT_FIELDS`. All lengths are
in micrometres, all vectors in the order (plane, row, column).

References
----------
.. [1] J. C. Hart, "Sphere tracing: a geometric method for the antialiased ray tracing of
   implicit surfaces", The Visual Computer 12, 527-545, 1996. :doi:`10.1007/s003710050084`
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ._solid_noise import solid_noise

__all__ = [
    "BODY_FIELDS",
    "FAR",
    "SEGMENT_FIELDS",
    "body_distance",
    "make_body",
    "rasterise",
    "segment_bounds",
]

BODY_FIELDS = ("z", "y", "x", "rz", "ry", "rx", "bump", "bump_length", "seed")
SEGMENT_FIELDS = ("z0", "y0", "x0", "z1", "y1", "x1", "r0", "r1", "bump", "bump_length")

FAR = 1e3
"""Distance given to voxels with no organelle near."""

MARGIN = 0.1
"""How far outside an organelle its distance is known."""

_BUMP_REACH = 3.0


def make_body(
    centre: NDArray[np.float64],
    radii: NDArray[np.float64],
    bump: float,
    bump_length: float,
    seed: int,
) -> NDArray[np.float64]:
    """Body with the given centre and half-axes, its surface moved by noise of height `bump`."""
    return np.array([*centre, *radii, bump, bump_length, seed], dtype=np.float64)


@njit(nogil=True, cache=True)
def body_distance(body: NDArray[np.float64], z: float, y: float, x: float) -> float:
    """Signed distance from a point to a body (near its surface; an estimate far from it)."""
    a, b, c = (z - body[0]) / body[3], (y - body[1]) / body[4], (x - body[2]) / body[5]
    scaled = math.sqrt(a * a + b * b + c * c)
    a, b, c = a / body[3], b / body[4], c / body[5]
    slope = math.sqrt(a * a + b * b + c * c)
    if slope < 1e-9:
        return -float(min(body[3], body[4], body[5]))
    distance: float = scaled * (scaled - 1.0) / slope
    if abs(distance) < _BUMP_REACH * body[6] + MARGIN:
        scale = body[7]
        distance += body[6] * solid_noise(z / scale, y / scale, x / scale, int(body[8]))
    return distance


def segment_bounds(segments: NDArray[np.float64]) -> tuple[Any, Any]:
    """Corners of the boxes, in micrometres, outside which a segment has no effect.

    Parameters
    ----------
    segments : ndarray, shape (N, 10)
        Segments.

    Returns
    -------
    low, high : ndarray, shape (N, 3)
        Opposite corners.
    """
    reach = np.maximum(segments[:, 6], segments[:, 7])[:, None] + MARGIN
    reach = reach + _BUMP_REACH * segments[:, 8:9]
    ends = segments[:, :6].reshape(-1, 2, 3)
    return ends.min(axis=1) - reach, ends.max(axis=1) + reach


@njit(nogil=True, cache=True)
def _segment_distance(s: NDArray[np.float64], seed: int, z: float, y: float, x: float) -> float:
    az, ay, ax = s[3] - s[0], s[4] - s[1], s[5] - s[2]
    pz, py, px = z - s[0], y - s[1], x - s[2]
    length = az * az + ay * ay + ax * ax
    t = 0.0
    if length > 0.0:
        t = min(max((az * pz + ay * py + ax * px) / length, 0.0), 1.0)
    pz, py, px = pz - t * az, py - t * ay, px - t * ax
    distance: float = math.sqrt(pz * pz + py * py + px * px) - (s[6] + t * (s[7] - s[6]))
    if s[8] > 0.0 and abs(distance) < MARGIN + _BUMP_REACH * s[8]:
        scale = s[9]
        distance += s[8] * solid_noise(z / scale, y / scale, x / scale, seed)
    return distance


@njit(nogil=True, cache=True)
def rasterise(
    segments: NDArray[np.float64],
    owners: NDArray[np.int32],
    bounds: NDArray[np.int64],
    origin: tuple[int, int, int],
    spacing: float,
    seed: int,
    distance: NDArray[np.float32],
    owner: NDArray[np.int32],
) -> None:
    """Enter segments into a block: the least distance at each voxel, and whose it is.

    Parameters
    ----------
    segments : ndarray, shape (N, 10)
        Segments that may touch the block.
    owners : ndarray, shape (N,)
        Organelle of each segment.
    bounds : ndarray, shape (N, 2, 3)
        Voxels of the whole field (first, last + 1) that a segment affects.
    origin : tuple of int
        Position of the block's first voxel in the field.
    spacing : float
        Edge of a voxel.
    seed : int
        Seed of the outlines' irregularity.
    distance, owner : ndarray
        The block, changed in place; start with `FAR` and 0.
    """
    for n in range(len(segments)):
        segment = segments[n]
        first, last = bounds[n, 0], bounds[n, 1]
        for i in range(max(first[0], origin[0]), min(last[0], origin[0] + distance.shape[0])):
            for j in range(max(first[1], origin[1]), min(last[1], origin[1] + distance.shape[1])):
                for k in range(
                    max(first[2], origin[2]), min(last[2], origin[2] + distance.shape[2])
                ):
                    d = _segment_distance(segment, seed, i * spacing, j * spacing, k * spacing)
                    at = (i - origin[0], j - origin[1], k - origin[2])
                    if d < MARGIN and d < distance[at]:
                        distance[at] = d
                        owner[at] = owners[n]
