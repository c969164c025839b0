"""Shape of objects: axes of the ellipsoid with the same moments, and Feret diameters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run

from ._feret import find_corners, longest_extent, shortest_extent
from .checks import Spacing
from .crofton import DIRECTIONS
from .instances import Instances
from .sums import ObjectSums

_AT_ONCE = 64  # objects between two questions whether to stop


def centres_of(sums: ObjectSums) -> NDArray[np.float64]:
    """Return the mean place of each object's voxels along planes, rows and columns, (N, 3)."""
    centres: NDArray[np.float64] = sums.first / sums.voxels[:, np.newaxis]
    return centres


def axes_of(sums: ObjectSums, spacing: Spacing) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the axes of the ellipsoid that has an object's second moments.

    Parameters
    ----------
    sums : ObjectSums
    spacing : tuple of 3 float

    Returns
    -------
    lengths : float64, (N, 3)
        The whole axes, the longest first.
    directions : float64, (N, 3, 3)
        Unit vectors along them (plane, row, column); the largest component is positive.
    """
    # Moments are taken about the voxel next to the centre, in integers, so that nothing cancels.
    n = sums.voxels
    near = np.rint(centres_of(sums)).astype(np.int64)
    first = sums.first - near * n[:, np.newaxis]
    z, y, x = 0, 1, 2
    pairs = ((z, z), (y, y), (x, x), (z, y), (z, x), (y, x))
    moments = np.empty((n.size, 3, 3))
    for column, (i, j) in enumerate(pairs):
        about = (
            sums.second[:, column]
            - near[:, i] * sums.first[:, j]
            - near[:, j] * sums.first[:, i]
            + near[:, i] * near[:, j] * n
        )
        value = about / n - (first[:, i] / n) * (first[:, j] / n)
        if i == j:
            value = value + 1 / 12  # of a voxel about its own centre
        moments[:, i, j] = moments[:, j, i] = value * spacing[i] * spacing[j]
    values, vectors = np.linalg.eigh(moments)
    lengths = 2 * np.sqrt(5 * np.maximum(values[:, ::-1], 0))
    directions = np.swapaxes(vectors[:, :, ::-1], 1, 2)
    largest = np.argmax(np.abs(directions), axis=2)
    signs = np.sign(np.take_along_axis(directions, largest[:, :, np.newaxis], axis=2))
    return lengths, directions * signs


def feret_diameters(
    instances: Instances,
    sums: ObjectSums,
    directions: NDArray[np.float64],
    spacing: Spacing,
    run: Run = Run(),
) -> NDArray[np.float64]:
    """Return the longest and the shortest extent of each object.

    An object is taken as the middles of its voxels' faces, as a surface half-way between voxels
    has it.

    Parameters
    ----------
    instances : Instances
    sums : ObjectSums
    directions : float64, (N, 3, 3)
        Of the axes, from `axes_of`: where the shortest extent is looked for first.
    spacing : tuple of 3 float
    run : Run

    Returns
    -------
    float64, (N, 2)
    """
    ids, size = instances.signed, np.array(spacing)
    out = np.empty((sums.voxels.size, 2))
    steps = DIRECTIONS * size
    fixed = steps / np.linalg.norm(steps, axis=1, keepdims=True)

    def measure(start: int) -> None:
        for k in range(start, min(start + _AT_ONCE, len(out))):
            box = tuple(
                slice(int(low), int(high) + 1)
                for low, high in zip(sums.low[k], sums.high[k], strict=True)
            )
            points = find_corners(ids[box], k + 1) * size
            looked = np.concatenate([directions[k], fixed])
            out[k] = longest_extent(points, size), shortest_extent(points, size, looked)

    run.parallel(measure, range(0, len(out), _AT_ONCE))
    return out
