"""Labels between painted slices: by the shapes in them, and by the image where it has edges."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run, VolumeLike, Workers

from .checks import (
    Spacing,
    check_same_shape,
    checked_image,
    checked_labels,
    checked_spacing,
    read_ids,
)
from .errors import ObjectsError
from .image_guide import by_image
from .slice_depths import TOO_FEW, axes_across, depths_between

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
        Has a say in where things end: see Notes.
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
        If fewer than two slices are painted, a value is no id, there is no such axis, or the
        shapes differ.

    Notes
    -----
    Between two slices the signed distances to a class's outline are interpolated (Raya & Udupa
    1990), along the way from its middle in one to that in the other. A class that only one of them
    has ends half-way. A voxel gets the class that it lies deepest in. An image moves
    their zeros, by a Markov random field of the voxels nearby: they go to edges, and to where
    intensities change from those of the thing to those around it (Boykov & Funka-Lea 2006).
    """
    painted, order = checked_labels(painted), axes_across(axis)
    size, run = checked_spacing(spacing), Run.of(workers)
    labels = read_ids(painted, (slice(None),) * 3)
    out = np.array(labels.transpose(order), order="C")
    guide = None
    if image is not None:
        image = checked_image(image, painted.shape)
        guide = np.asarray(image[:, :, :], np.float64).transpose(order)
    step: Spacing = (size[order[0]], size[order[1]], size[order[2]])
    slices = np.flatnonzero(out.any(axis=(1, 2))).tolist()
    if len(slices) < 2:
        raise ObjectsError(TOO_FEW)
    gaps = [(i, j) for i, j in itertools.pairwise(slices) if j - i > 1]

    def fill(gap: tuple[int, int]) -> NDArray[np.int32]:
        i, j = gap
        part = None if guide is None else guide[i : j + 1]
        return _between(out[i], out[j], j - i, part, step)

    for (i, j), found in zip(gaps, run.parallel(fill, gaps), strict=True):
        out[i + 1 : j] = found
    filled = np.ascontiguousarray(out.transpose(np.argsort(order)))
    if keep is not None:
        check_same_shape(keep, painted.shape, "volume of voxels to keep")
        filled = np.where(keep, labels, filled)
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
    depths = np.stack([depths_between(first == k, last == k, n, spacing) for k in classes])
    if guide is not None:
        depths = np.stack([by_image(depth, guide, spacing) for depth in depths])
    best = depths.argmax(axis=0)
    found: Labels = np.where(depths.max(axis=0) > 0, np.array(classes, np.int32)[best], 0)
    return found[1:-1]
