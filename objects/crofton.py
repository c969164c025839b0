"""Surfaces by Crofton's formula: what crossings along 13 directions tell of a surface's area.

Lines cross the surface of a body; how often, on average over all directions, is half its area
(Crofton's formula). Here they run along the 13 directions from a voxel to its 26 neighbours. How
much each of them counts follows from the voxel size: such that planes of all orientations come out
right on average, with the least mean square error. Bodies with rounded surfaces are measured
within 2 % from radii of 4 voxels on; a plane that lies exactly along the rows and columns of cubic
voxels is the worst case, and comes out 7 % too small.

References
----------
Legland, Kiêu & Devaux, Computation of Minkowski measures on 2D and 3D binary images, Image Analysis
& Stereology 26 (2007); Ohser & Mücklich, Statistical Analysis of Microstructures in Materials
Science, Wiley (2000).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

# Half of the 26 neighbours: the other half lies opposite. The first three are the axes.
DIRECTIONS = np.array(
    [
        *((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        *((0, 1, 1), (0, 1, -1), (1, 0, 1), (1, 0, -1), (1, 1, 0), (1, -1, 0)),
        *((1, 1, 1), (1, 1, -1), (1, -1, 1), (1, -1, -1)),
    ],
    np.int64,
)
_NORMALS = 400  # orientations of planes that are looked at, before those that mirror them
_UNBIASED = 1e4  # how much more the mean over all orientations counts than any one of them


def surfaces_of(
    crossings: NDArray[np.int64], volumes: NDArray[np.float64], spacing: Sequence[float]
) -> NDArray[np.float64]:
    """Return the areas of the surfaces of bodies.

    Parameters
    ----------
    crossings : int64, (N, 13)
        Places where a neighbour along a direction, forwards or backwards, is none of the body.
    volumes : float64, (N,)
    spacing : sequence of 3 float

    Returns
    -------
    float64, (N,)

    Notes
    -----
    A line that passes through a body between two neighbours crosses it unseen. Of the lines with
    steps L through a ball of radius r, that are L^2 / (12 r^2): chords of length t < L have a
    share t dt / (2 r^2) of all places, and are missed with a probability of 1 - t / L. What was
    counted is raised by that for a ball of the body's volume: by 1 % at a radius of 4 voxels.
    """
    areas = areas_of_crossings(spacing)
    squares = np.square(DIRECTIONS * np.asarray(spacing, float)).sum(axis=1)
    radii = np.cbrt(3 * volumes / (4 * math.pi))
    unseen = squares / (12 * np.square(radii))[:, np.newaxis]
    found: NDArray[np.float64] = (crossings * areas * (1 + unseen)).sum(axis=1)
    return found


def areas_of_crossings(spacing: Sequence[float]) -> NDArray[np.float64]:
    """Return the area that one crossing along each direction stands for.

    Parameters
    ----------
    spacing : sequence of 3 float

    Returns
    -------
    float64, (13,)
        A surface's area is their sum over all places where a neighbour of a voxel of the object,
        forwards or backwards, does not belong to it.
    """
    steps = DIRECTIONS * np.asarray(spacing, float)
    lengths = np.linalg.norm(steps, axis=1)
    seen = 2 * np.abs(_all_orientations() @ (steps / lengths[:, np.newaxis]).T)
    seen /= math.sqrt(len(seen))
    mean = np.full((1, len(steps)), _UNBIASED)
    wanted = np.full(len(seen) + 1, 1 / math.sqrt(len(seen)))
    wanted[-1] = _UNBIASED
    weights, _ = nnls(np.concatenate([seen, mean]), wanted)
    areas: NDArray[np.float64] = 2 * math.prod(map(float, spacing)) * weights / lengths
    return areas


def _all_orientations() -> NDArray[np.float64]:
    """Return unit vectors that are spread over the sphere, the same along all axes."""
    turn = np.arange(_NORMALS) + 0.5
    height = 1 - 2 * turn / _NORMALS
    angle = math.pi * (1 + math.sqrt(5)) * turn
    around = np.sqrt(1 - height**2)
    spiral = np.stack([height, around * np.cos(angle), around * np.sin(angle)], axis=1)
    signs = [(1, *others) for others in itertools.product((1, -1), repeat=2)]
    mirrored = np.concatenate([spiral * sign for sign in signs])
    return np.concatenate([mirrored[:, order] for order in itertools.permutations(range(3))])
