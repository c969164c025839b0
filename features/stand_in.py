"""What stands in where a volume has no data: means of the data nearby, from a thumbnail.

Features of supervoxels at the rim of the data see what is beyond it. A constant there makes an edge
that is none; a local mean makes the least of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from supervox.execution import IntTriple, Slices, VolumeLike

MOST_CELLS = 64  # of the thumbnail along an axis
LEAST_CELL = (1, 8, 8)  # voxels; planes may lie far apart, and stay apart while they are few
LOOKS = 4  # voxels of a cell that are looked at along an axis, about

Float64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StandIn:
    """A thumbnail of a volume, without gaps.

    Attributes
    ----------
    cell : tuple of 3 int
        Voxels of one of its cells.
    means : float64, (cells...)
        Mean of the data in each cell; where there is none, in the nearest cell.
    """

    cell: IntTriple
    means: Float64

    @classmethod
    def measure(cls, volume: VolumeLike) -> StandIn:
        """Take the means from a regular sample of the voxels.

        Parameters
        ----------
        volume : array-like of floats, (Z, Y, X)
            NaN where there is no data.
        """
        edges = [
            max(least, -(-n // MOST_CELLS))
            for least, n in zip(LEAST_CELL, volume.shape, strict=True)
        ]
        steps = [max(1, edge // LOOKS) for edge in edges]
        z, y, x = (edge // step * step for edge, step in zip(edges, steps, strict=True))
        found = list(_sum_planes(volume, (z, y, x), steps))
        means = _without_gaps(
            np.stack([s for s, _ in found]), np.stack([c for _, c in found]), (z, y, x)
        )
        return cls((z, y, x), means)

    def fill(self, values: NDArray[Any], box: Slices) -> None:
        """Put the means where a box of the volume is not a number, in place."""
        gaps = ~np.isfinite(values)
        if gaps.any():
            cells = [
                np.arange(part.start, part.stop) // edge
                for part, edge in zip(box, self.cell, strict=True)
            ]
            values[gaps] = self.means[np.ix_(*cells)][gaps]


def _sum_planes(
    volume: VolumeLike, cell: IntTriple, steps: list[int]
) -> Iterator[tuple[Float64, Float64]]:
    """Yield sums and numbers of the data that is looked at in each plane of cells."""
    for start in range(0, volume.shape[0], cell[0]):
        total: Any = 0.0
        count: Any = 0.0
        for plane in range(start, min(start + cell[0], volume.shape[0]), steps[0]):
            values = np.asarray(volume[plane, :: steps[1], :: steps[2]]).astype(np.float64)
            has_data = np.isfinite(values)
            values[~has_data] = 0
            by = [edge // step for edge, step in zip(cell[1:], steps[1:], strict=True)]
            total = total + _add_up(values, by)
            count = count + _add_up(has_data.astype(np.float64), by)
        yield total, count


def _add_up(values: Float64, by: list[int]) -> Float64:
    """Add up boxes of so many values along the last axes; the last of an axis may be cut."""
    for axis, n in enumerate(by, values.ndim - len(by)):
        values = np.add.reduceat(values, np.arange(0, values.shape[axis], n), axis=axis)
    return values


def _without_gaps(total: Float64, count: Float64, cell: IntTriple) -> Float64:
    """Return means; where nothing was counted, those of the nearest cell."""
    means: Float64 = total / np.maximum(count, 1)
    gaps = count == 0
    if not gaps.any() or gaps.all():
        return means
    nearest = ndimage.distance_transform_edt(
        gaps, sampling=cell, return_distances=False, return_indices=True
    )
    filled: Float64 = means[tuple(nearest)]
    return filled
