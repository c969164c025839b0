"""The counterpart of a correction: near it, regions where the class that was wrong there is right.

A stroke over a wrong label says where a class ends, and nothing of where it is: many such strokes
in a row drain it. A few regions of that class beside each of them keep the balance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .strokes import Strokes, majority

WRONG_SHARE = 0.25  # of a stroke's voxels: with less, the stroke corrected nothing
CERTAIN = 0.8  # probability of a region that is worth asking for
SMALLEST = 0.5  # of the mean size of a region in the part: slivers say little
RADIUS = 1.5  # around the nearest region, in widths of a region: as much as a short stroke touches


class Correction(NamedTuple):
    """What a stroke corrected.

    Attributes
    ----------
    wrong : int
        Class id that most of the stroke's wrong voxels had.
    voxels : int64, (P,)
        Raster indices of the stroke's voxels.
    """

    wrong: int
    voxels: NDArray[np.int64]


class Counterpart(NamedTuple):
    """Regions that are surely of a class.

    Attributes
    ----------
    voxel : tuple of 3 int
        Near the middle of the region in their midst.
    radius : float
        Of a ring around them, in voxels.
    supervoxels : int32, (N,)
        The regions, ascending.
    """

    voxel: tuple[int, int, int]
    radius: float
    supervoxels: NDArray[np.int32]


def find_correction(
    before: Strokes, after: Strokes, ids: NDArray[np.int32], labels: NDArray[np.unsignedinteger]
) -> Correction | None:
    """Return what was corrected between two states of the strokes.

    Parameters
    ----------
    before, after : Strokes
    ids : int32, (Z, Y, X)
        Supervoxels.
    labels : uint8 or uint16, (S,)
        Class id that each of them had before.

    Returns
    -------
    Correction or None
        None if nothing was painted, voxels of more than one class, or hardly any that were wrong.
    """
    known = np.minimum(np.searchsorted(before.voxels, after.voxels), before.voxels.size - 1)
    is_new = np.ones(after.voxels.size, np.bool_)
    if before.voxels.size:
        is_new = (before.voxels[known] != after.voxels) | (before.classes[known] != after.classes)
    voxels, classes = after.voxels[is_new], after.classes[is_new]
    if not voxels.size or (classes != classes[0]).any():
        return None
    had = labels[ids.reshape(-1)[voxels]]
    wrong = had[(had != classes[0]) & (had > 0)]
    if wrong.size < WRONG_SHARE * voxels.size:
        return None
    _, most = majority(np.zeros(wrong.size, np.int64), wrong.astype(np.int64))
    return Correction(int(most[0]), voxels)


def find_counterpart(
    ids: NDArray[np.int32],
    place: Sequence[float],
    probability: NDArray[np.floating],
    is_candidate: NDArray[np.bool_],
    *,
    spacing: Sequence[float] = (1, 1, 1),
) -> Counterpart | None:
    """Find the regions nearest to a place that are surely of a class, in a slice of a volume.

    Parameters
    ----------
    ids : int32, (Z, Y, X)
        Supervoxels of the slice, one voxel thick along one axis.
    place : sequence of 3 float
        In voxels of the slice; may lie outside of it.
    probability : float, (S,)
        Of the class.
    is_candidate : bool, (S,)
        Supervoxels that may be chosen: labelled so, and not painted.
    spacing : sequence of 3 float
        Voxel size.

    Returns
    -------
    Counterpart or None
        The nearest region, and those around it whose middle in the slice lies within `RADIUS`. None
        if no region qualifies; slivers and those less probable than `CERTAIN` don't.
    """
    size = np.bincount(ids.reshape(-1), minlength=probability.size)
    mean_size = size[size > 0].mean()
    chosen = is_candidate & (size >= SMALLEST * mean_size) & (probability >= CERTAIN)
    voxels = np.argwhere(chosen[ids])
    if not len(voxels):
        return None
    scale = np.asarray(spacing, float)
    in_plane = scale[np.array(ids.shape) > 1]
    scale = scale / np.exp(np.log(in_plane).mean())  # so that a region is as wide as it is large
    owner = ids[tuple(voxels.T)]
    nearest = owner[_nearest(voxels, place, scale)]
    regions, number = np.unique(owner, return_inverse=True)
    sums = np.stack([np.bincount(number, axis) for axis in voxels.T], axis=1)
    middles = sums / np.bincount(number)[:, np.newaxis]
    middle = middles[np.searchsorted(regions, nearest)]
    radius = RADIUS * float(np.sqrt(mean_size))
    is_near = (((middles - middle) * scale) ** 2).sum(axis=1) <= radius**2
    own = voxels[owner == nearest]
    z, y, x = own[_nearest(own, middle, scale)]
    return Counterpart((int(z), int(y), int(x)), radius, regions[is_near])


def _nearest(
    voxels: NDArray[np.intp],
    place: Sequence[float] | NDArray[np.float64],
    scale: NDArray[np.float64],
) -> int:
    """Return which of some voxels (P, 3) is nearest to a place; ties: the first."""
    away = (voxels - np.asarray(place)) * scale
    return int((away**2).sum(axis=1).argmin())
