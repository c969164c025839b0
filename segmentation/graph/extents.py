"""Where supervoxels lie: their centres, and how many voxels of each lie in which plane."""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run

SLAB_VOXELS = 2**23  # read between two looks at whether to stop


@dataclass(frozen=True)
class Extents:
    """Where supervoxels lie along one axis of a volume of N planes across it.

    Attributes
    ----------
    axis : int
    n_planes : int
        N.
    centres : float32, (S, 3)
        Mean position of the voxels of each supervoxel, in voxels.
    sizes : int64, (S,)
        Voxels of each, with data or without.
    first : int32, (S,)
        The first plane that a supervoxel reaches into.
    begin : int64, (S + 1,)
        Where the counts of a supervoxel begin: those of supervoxel s are ``begin[s]:begin[s + 1]``.
    counts : int32, (K,)
        Its voxels in its first plane, the next one, and so on to its last.
    """

    axis: int
    n_planes: int
    centres: NDArray[np.float32]
    sizes: NDArray[np.int64]
    first: NDArray[np.int32]
    begin: NDArray[np.int64]
    counts: NDArray[np.int32]

    @property
    def last(self) -> NDArray[np.int32]:
        """The last plane that each supervoxel reaches into, (S,)."""
        last: NDArray[np.int32] = (self.first + np.diff(self.begin) - 1).astype(np.int32)
        return last

    def sum_by_plane(
        self, weights: NDArray[np.floating], groups: NDArray[np.uint8], n_groups: int
    ) -> NDArray[np.float64]:
        """Sum what the voxels of supervoxels weigh, per plane and group.

        Parameters
        ----------
        weights : float, (S,)
            Of each voxel of a supervoxel.
        groups : uint8, (S,)
            Group of each supervoxel, below `n_groups`, as its class.
        n_groups : int

        Returns
        -------
        float64, (N, n_groups)
        """
        sums = np.zeros((self.n_planes, n_groups))
        _sum_by_plane(self.first, self.begin, self.counts, weights.astype(np.float64), groups, sums)
        return sums


def find_extents(
    ids: NDArray[np.int32], n_supervoxels: int, axis: int = 0, *, run: Run = Run()
) -> Extents:
    """Find where supervoxels lie along an axis, in two passes over the volume.

    Parameters
    ----------
    ids : int32, (Z, Y, X)
        Supervoxels 0..S-1; all of them occur.
    n_supervoxels : int
        S.
    axis : int
        0, 1 or 2: the planes are those across it.
    run : Run
        What shows the progress and stops it; the work is one thread's.

    Raises
    ------
    Cancelled
        If `run` says so.
    """
    ends = np.empty((n_supervoxels, 2), np.int32)
    ends[:] = ids.shape[axis], -1
    sums = np.zeros((n_supervoxels, 4))
    thickness = max(1, SLAB_VOXELS // (ids.shape[1] * ids.shape[2]))
    starts = range(0, ids.shape[0], thickness)
    for done, start in enumerate(starts):
        run.check_stop()
        _find_ends(ids[start : start + thickness], start, axis, ends, sums)
        run.report(done, 2 * len(starts))
    begin = np.zeros(n_supervoxels + 1, np.int64)
    np.cumsum(np.maximum(ends[:, 1] - ends[:, 0] + 1, 0), out=begin[1:])
    counts = np.zeros(begin[-1], np.int32)
    for done, start in enumerate(starts):
        run.check_stop()
        _count(ids[start : start + thickness], start, axis, ends[:, 0], begin, counts)
        run.report(len(starts) + done, 2 * len(starts))
    centres = (sums[:, :3] / np.maximum(sums[:, 3:], 1)).astype(np.float32)
    first = np.ascontiguousarray(ends[:, 0])
    sizes = sums[:, 3].astype(np.int64)
    return Extents(axis, ids.shape[axis], centres, sizes, first, begin, counts)


@nb.njit(nogil=True, cache=True)
def _find_ends(
    ids: NDArray[np.int32],
    start: int,
    axis: int,
    ends: NDArray[np.int32],
    sums: NDArray[np.float64],
) -> None:
    """Widen the first and last planes of supervoxels by a slab's, and add positions and count."""
    # Strategy: runs of one supervoxel along a row are taken at once.
    depth, height, width = ids.shape
    for z in range(depth):
        for y in range(height):
            x = 0
            while x < width:
                owner, stop = ids[z, y, x], x + 1
                while stop < width and ids[z, y, stop] == owner:
                    stop += 1
                length = stop - x
                low = z + start if axis == 0 else y if axis == 1 else x
                high = low if axis < 2 else stop - 1
                ends[owner, 0] = min(ends[owner, 0], low)
                ends[owner, 1] = max(ends[owner, 1], high)
                sums[owner, 0] += length * (z + start)
                sums[owner, 1] += length * y
                sums[owner, 2] += length * (x + stop - 1) / 2
                sums[owner, 3] += length
                x = stop


@nb.njit(nogil=True, cache=True)
def _count(
    ids: NDArray[np.int32],
    start: int,
    axis: int,
    first: NDArray[np.int32],
    begin: NDArray[np.int64],
    counts: NDArray[np.int32],
) -> None:
    """Count the voxels of a slab in the planes of their supervoxels."""
    for z in range(ids.shape[0]):
        for y in range(ids.shape[1]):
            for x in range(ids.shape[2]):
                owner = ids[z, y, x]
                plane = z + start if axis == 0 else y if axis == 1 else x
                counts[begin[owner] + plane - first[owner]] += 1


@nb.njit(nogil=True, cache=True)
def _sum_by_plane(
    first: NDArray[np.int32],
    begin: NDArray[np.int64],
    counts: NDArray[np.int32],
    weights: NDArray[np.float64],
    groups: NDArray[np.uint8],
    sums: NDArray[np.float64],
) -> None:
    """Add the weighted counts of all supervoxels to their planes and groups."""
    for owner in range(first.size):
        for k in range(begin[owner], begin[owner + 1]):
            plane = first[owner] + k - begin[owner]
            sums[plane, groups[owner]] += counts[k] * weights[owner]
