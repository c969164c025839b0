"""Distances between the surfaces of two bodies: mean, 95 %, and how much of them agrees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from supervox.execution import Block, Run

from ._surface_voxels import at_surface
from .checks import Spacing
from .distances import distances_to

PERCENT = 95.0
FEW = 0.02  # of all voxels


@dataclass(frozen=True)
class SurfaceDistances:
    """How far apart two surfaces are.

    Attributes
    ----------
    mean : float
        Mean distance of all surface voxels of both to the nearest one of the other.
    percentile_95 : float
        The larger of the 95 % quantiles of the distances from either to the other.
    largest : float
        Hausdorff distance: the largest of all.
    f_score : float
        Boundary F-score: harmonic mean of the shares of both surfaces within the tolerance.
    """

    mean: float = math.nan
    percentile_95: float = math.nan
    largest: float = math.nan
    f_score: float = math.nan


def surface_distances(
    one: NDArray[np.bool_],
    other: NDArray[np.bool_],
    spacing: Spacing,
    tolerance: float,
    run: Run = Run(),
) -> SurfaceDistances:
    """Measure between the surfaces of two bodies.

    Parameters
    ----------
    one, other : bool, (Z, Y, X)
    spacing : tuple of 3 float
    tolerance : float
        In the unit of the spacing, for the boundary F-score.
    run : Run

    Returns
    -------
    SurfaceDistances
        All NaN where one of them has no surface. A surface voxel shares a face with a voxel that is
        outside; the border of the array is no surface. Distances are between centres.
    """
    surfaces = [np.empty(one.shape, np.bool_), np.empty(one.shape, np.bool_)]
    at_surface(one, surfaces[0])
    at_surface(other, surfaces[1])
    if not surfaces[0].any() or not surfaces[1].any():
        return SurfaceDistances()
    ways = []
    for (mine, theirs), part in zip((surfaces, surfaces[::-1]), run.steps([1, 1]), strict=True):
        ways.append(np.sort(_to_surface(mine, theirs, spacing, part)))
    shares = [float((way <= tolerance).mean()) for way in ways]
    both = sum(shares)
    return SurfaceDistances(
        float(np.concatenate(ways).mean()),
        max(float(np.percentile(way, PERCENT)) for way in ways),
        max(float(way[-1]) for way in ways),
        2 * shares[0] * shares[1] / both if both else 0.0,
    )


def _to_surface(
    mine: NDArray[np.bool_], theirs: NDArray[np.bool_], spacing: Spacing, run: Run
) -> NDArray[np.float64]:
    """Return the distance of each voxel of one surface to the nearest of another.

    Few voxels are looked up in a tree; for many, the distances of all voxels cost less.
    """
    if np.count_nonzero(mine) + np.count_nonzero(theirs) > mine.size * FEW:
        away = distances_to(mine.shape, partial(_within, theirs), spacing, run=run)
        return away[mine].astype(np.float64)
    run.check_stop()
    tree = cKDTree(np.argwhere(theirs) * spacing)
    found: NDArray[np.float64] = tree.query(np.argwhere(mine) * spacing, workers=run.n_threads)[0]
    run.report(1, 1)
    return found


def _within(inside: NDArray[np.bool_], block: Block) -> NDArray[np.bool_]:
    return inside[block.core]
