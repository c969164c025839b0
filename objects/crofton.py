"""Surfaces by Crofton's formula: what crossings along 13 directions tell of a surface's area.

Lines cross the surface of a body; how often along a direction is the area of its projection, and
on average over all directions half of its area (Crofton's formula). Here they run along the 13
directions from a voxel to its 26 neighbours. Two things are made up for:

- Lines pass through a body between two of its neighbours, most of all at its edges. How many do
  follows from how many lines have one voxel of it, and how many two.
- 13 directions are few: with fixed weights, a plane along the rows and columns of cubic voxels
  comes out 7 % too small. So the surface is looked for that has these 13 projections, and whose
  orientations are spread as evenly over the sphere as they allow (maximum entropy). Its area is
  the result: for a ball what fixed weights give, for flat faces nearly their own area.

References
----------
Legland, Kiêu & Devaux, Computation of Minkowski measures on 2D and 3D binary images, Image Analysis
& Stereology 26 (2007); Ohser & Mücklich, Statistical Analysis of Microstructures in Materials
Science, Wiley (2000); Jaynes, Information theory and statistical mechanics, Physical Review 106
(1957).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from supervox.execution import Run

from ._surface_parts import smoothest_total

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
_N = len(DIRECTIONS)
_FINENESS = 5  # of the grid on a cube whose places are the orientations of a surface's pieces
_TRUST = 0.005  # error of projections, as a share of the surface
_AT_ONCE = 64  # bodies between two questions whether to stop
_UNBIASED = 1e4  # how much more the mean over all orientations counts than any one of them


def surfaces_of(
    crossings: NDArray[np.int64],
    short: NDArray[np.int64],
    spacing: Sequence[float],
    run: Run = Run(),
) -> NDArray[np.float64]:
    """Return the areas of the surfaces of bodies.

    Parameters
    ----------
    crossings : int64, (N, 13)
        Places where a neighbour along a direction, forwards or backwards, is none of the body.
    short : int64, (N, 2, 13)
        Pieces of lines that have one voxel of the body, and that have two.
    spacing : sequence of 3 float
    run : Run

    Returns
    -------
    float64, (N,)
        The same for any number of threads.
    """
    fixed = areas_of_crossings(spacing)
    steps = DIRECTIONS * np.asarray(spacing, float)
    lengths = np.linalg.norm(steps, axis=1)
    pieces, expected = _pieces()
    response = np.abs(pieces @ (steps / lengths[:, np.newaxis]).T)
    # Many specks are alike: each kind is looked at once.
    rows = np.concatenate([crossings, short[:, 0], short[:, 1]], axis=1)
    kinds, kind_of = np.unique(rows, axis=0, return_inverse=True)
    there = kinds[:, :_N] + 2 * unseen_lines(kinds[:, _N : 2 * _N], kinds[:, 2 * _N :])
    about = there @ fixed
    seen = there / lengths * math.prod(map(float, spacing)) / about[:, np.newaxis]
    found = np.empty(len(kinds))

    def measure(start: int) -> None:
        for k in range(start, min(start + _AT_ONCE, len(found))):
            found[k] = about[k] * smoothest_total(seen[k], response, expected, _TRUST)

    run.parallel(measure, range(0, len(found), _AT_ONCE))
    return found[kind_of.ravel()]


def unseen_lines(one: NDArray[np.int64], two: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how many lines passed through a body between two voxels of it, unseen.

    Parameters
    ----------
    one, two : int64, any shape
        Pieces of lines with one voxel and with two.

    Returns
    -------
    float64

    Notes
    -----
    Say chords of length t, in steps between voxels, are a + b t in number while t is small: a is
    for edges, b for rounded surfaces. One shorter than a step is unseen with a probability of
    1 - t, so a / 2 + b / 6 are. One voxel is met by a + b of them, two by a + 2 b. There are never
    fewer with two, except in sheets as thin as a voxel, whose faces are seen: those left over are
    taken for such, and not counted.
    """
    edges = np.minimum(one, two)
    unseen: NDArray[np.float64] = np.maximum(5 * edges - 2 * two, 0) / 6
    return unseen


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


def _pieces() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return orientations over half of the sphere, and the share that each has of it.

    They are places on the faces of a cube, so that its axes and diagonals are among them, and
    turning or mirroring it changes nothing.
    """
    side = range(-_FINENESS, _FINENESS + 1)
    places = [
        place
        for place in itertools.product(side, repeat=3)
        if max(map(abs, place)) == _FINENESS and place > (0, 0, 0)
    ]
    away = np.linalg.norm(places, axis=1)
    share = away**-3
    return np.array(places) / away[:, np.newaxis], share / share.sum()
