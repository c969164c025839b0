"""What stands in where a volume has no data: the nearest data, and far from it a local mean.

Features of supervoxels at the rim of the data see what is beyond it. A constant there makes an edge
that is none, and so does a mean that is another than what lies at the rim. What lies there goes on
beyond it, therefore, and turns into the mean of a thumbnail's cell with the distance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from supervox.execution import IntTriple, Slices, VolumeLike, read_block

from .nearest_data import HALO, REACH, nearest_values

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

    def read(self, volume: VolumeLike, box: Slices) -> NDArray[Any]:
        """Read a box of the volume, and put what stands in where it is not a number.

        Parameters
        ----------
        volume : array-like of floats, (Z, Y, X)
        box : tuple of 3 slice
        """
        values = read_block(volume, box)
        gaps = ~np.isfinite(values)
        if not gaps.any():
            return values
        wide = [
            slice(max(0, part.start - halo), min(n, part.stop + halo))
            for part, halo, n in zip(box, HALO, volume.shape, strict=True)
        ]
        z, y, x = (
            slice(part.start - around.start, part.stop - around.start)
            for part, around in zip(box, wide, strict=True)
        )
        around = read_block(volume, (wide[0], wide[1], wide[2]))
        nearest, distance = nearest_values(around, np.isfinite(around))
        share = np.clip(2 - distance[z, y, x][gaps] * (2 / REACH), 0, 1).astype(values.dtype)
        means = self.means[np.ix_(*self._cells(box))][gaps]
        near = np.where(share > 0, nearest[z, y, x][gaps], 0)
        values[gaps] = share * near + (1 - share) * means
        return values

    def _cells(self, box: Slices) -> list[NDArray[np.int64]]:
        """Return in which cells the planes, rows and columns of a box lie."""
        return [
            np.arange(part.start, part.stop) // edge
            for part, edge in zip(box, self.cell, strict=True)
        ]


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
