"""Labels between painted slices: by the shapes in them, and by the image where it has edges."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from supervox.execution import Run, VolumeLike, Workers

from .checks import Spacing, check_same_shape, checked_image, checked_labels, checked_spacing
from .distances import distances_within
from .errors import ObjectsError

WINDOW = 2.0  # sigma of the guided filter, in voxels of the finest axis
EDGE = 0.05  # of the image's variance, from which on a change counts as an edge
REACH = 4.0  # voxels of the finest axis by which edges may move a boundary, about

Labels = NDArray[np.int32]


def interpolate_slices(
    painted: VolumeLike,
    *,
    axis: int = 0,
    image: VolumeLike | None = None,
    keep: NDArray[np.bool_] | None = None,
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    workers: Workers = None,
) -> Labels:
    """Fill what lies between painted slices, all classes at once.

    Parameters
    ----------
    painted : array-like of integers, (Z, Y, X)
        A slice is painted if anything in it is; 0 there is what no class has.
    axis : {0, 1, 2}
        Slices are planes, or lie across rows or columns.
    image : array-like, (Z, Y, X), optional
        Its edges draw the boundaries to themselves.
    keep : bool, (Z, Y, X), optional
        Voxels that stay as they are: those of locked classes.
    spacing : sequence of 3 float
    workers : int or Run, optional
        Threads; or a `Run`, which also shows progress and stops.

    Returns
    -------
    int32, (Z, Y, X)
        Painted slices, and what lies before the first and behind the last, are as they were.

    Raises
    ------
    ObjectsError
        If fewer than two slices are painted, or there is no such axis, or the shapes differ.

    Notes
    -----
    Between two slices the signed distances to a class's outline are interpolated (Raya & Udupa
    1990), along the way from its middle in one to that in the other. A class that only one of them
    has ends half-way. A voxel gets the class that it lies deepest in. With an image the distances
    are passed through a guided filter (He, Sun & Tang 2013), which moves their zeros to edges
    nearby.
    """
    painted = checked_labels(painted)
    if axis not in (0, 1, 2):
        raise ObjectsError(f"slices lie across axis 0, 1 or 2, not {axis}")
    size, run = checked_spacing(spacing), Run.of(workers)
    order = (axis, *(k for k in range(3) if k != axis))
    out = np.ascontiguousarray(np.asarray(painted[:, :, :], np.int32).transpose(order))
    guide = None
    if image is not None:
        image = checked_image(image, painted.shape)
        guide = np.asarray(image[:, :, :], np.float64).transpose(order)
    step: Spacing = (size[order[0]], size[order[1]], size[order[2]])
    slices = np.flatnonzero(out.any(axis=(1, 2))).tolist()
    if len(slices) < 2:
        raise ObjectsError("paint in at least two slices: what lies between them is filled")
    gaps = [(i, j) for i, j in itertools.pairwise(slices) if j - i > 1]

    def fill(gap: tuple[int, int]) -> NDArray[np.int32]:
        i, j = gap
        part = None if guide is None else guide[i : j + 1]
        return _between(out[i], out[j], j - i, part, step)

    for (i, j), found in zip(gaps, run.parallel(fill, gaps), strict=True):
        out[i + 1 : j] = found
    filled = np.ascontiguousarray(out.transpose(np.argsort(order)))
    if keep is not None:
        check_same_shape(keep, painted.shape, "voxels to keep")
        filled = np.where(keep, np.asarray(painted[:, :, :], np.int32), filled)
    return filled


def _between(
    first: Labels,
    last: Labels,
    n: int,
    guide: NDArray[np.float64] | None,
    spacing: Spacing,
) -> Labels:
    """Return the slices between two that are n apart, (n - 1, R, C)."""
    classes = sorted((set(np.unique(first).tolist()) | set(np.unique(last).tolist())) - {0})
    depths = np.stack([_depths(first == k, last == k, n, spacing) for k in classes])
    if guide is not None:
        depths = np.stack([_guided(depth, guide, spacing) for depth in depths])
    best = depths.argmax(axis=0)
    found: Labels = np.where(depths.max(axis=0) > 0, np.array(classes, np.int32)[best], 0)
    return found[1:-1]


def _depths(
    first: NDArray[np.bool_], last: NDArray[np.bool_], n: int, spacing: Spacing
) -> NDArray[np.float64]:
    """Return how deep each voxel lies in a class, in both slices and between, (n + 1, R, C)."""
    ends = [_signed(inside, spacing) for inside in (first, last)]
    if not first.any() or not last.any():
        there = 0 if first.any() else 1
        ends[1 - there] = np.full(first.shape, -float(ends[there].max()))
        way = np.zeros(2)
    else:
        middles = [np.array(ndimage.center_of_mass(inside)) for inside in (first, last)]
        way = middles[1] - middles[0]
    found = np.empty((n + 1, *first.shape))
    for k in range(n + 1):
        t = k / n
        moved = [
            ndimage.shift(ends[0], t * way, order=1, mode="nearest"),
            ndimage.shift(ends[1], (t - 1) * way, order=1, mode="nearest"),
        ]
        found[k] = (1 - t) * moved[0] + t * moved[1]
    return found


def _signed(inside: NDArray[np.bool_], spacing: Spacing) -> NDArray[np.float64]:
    """Return the distance to the outline, positive inside; a slice is a plane by itself."""
    if not inside.any():
        return np.full(inside.shape, -np.inf)
    plane = inside[np.newaxis]
    half = min(spacing[1:]) / 2
    within = np.minimum(distances_within(~plane, spacing)[0], sum(inside.shape) * max(spacing))
    around = distances_within(plane, spacing)[0]
    found: NDArray[np.float64] = np.where(inside, within - half, half - around).astype(np.float64)
    return found


def _guided(
    depth: NDArray[np.float64], guide: NDArray[np.float64], spacing: Spacing
) -> NDArray[np.float64]:
    """Let the edges of an image draw the zeros of depths to themselves."""
    finest = min(spacing)
    sigma = WINDOW * finest / np.array(spacing)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = ndimage.gaussian_filter(values, sigma, mode="nearest")
        return found

    values = np.where(np.isfinite(guide), guide, 0.0)
    spread = float(values.var())
    if spread == 0:
        return depth
    near = np.clip(depth, -REACH * finest, REACH * finest)
    mean_guide, mean_depth = mean(values), mean(near)
    slope = mean(values * near) - mean_guide * mean_depth
    slope /= mean(values * values) - mean_guide**2 + EDGE * spread
    return mean(slope) * values + mean(mean_depth - slope * mean_guide)
