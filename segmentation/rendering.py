"""From tables over supervoxels to voxels: the votes of the partitions, sharpened at edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray
from supervox.features import (
    Block,
    IntensityRange,
    VolumeLike,
    gaussian_smooth,
    kernel_radius,
    read_block,
)

from .guide import guide_block, smoothing_sigma, split_around

# Window and regularisation of the guided filter. The window is a quarter of a supervoxel: wide
# enough to move a border by the error that supervoxels make, too narrow to erase an organelle.
EDGE_SIGMA_VOXELS = 2.0
EDGE_EPSILON = 0.5  # squared intensity, with the percentiles of the volume 10 apart


@dataclass(frozen=True)
class Renderer:
    """What is needed to turn tables into voxels.

    Attributes
    ----------
    volume : array-like, (Z, Y, X)
    spacing : tuple of 3 float
    intensity : IntensityRange
    smoothing_voxels : float
        Sigma of the Gaussian that makes the guide.
    ids : tuple of array-like of int32, (Z, Y, X)
        Supervoxels of each partition.
    edge_refinement : bool
        Whether borders follow the image below the size of a supervoxel.
    """

    volume: VolumeLike
    spacing: tuple[float, float, float]
    intensity: IntensityRange
    smoothing_voxels: float
    ids: tuple[VolumeLike, ...]
    edge_refinement: bool

    def votes(self, tables: Sequence[NDArray[np.float32]], block: Block) -> NDArray[np.float32]:
        """Add up the partitions' tables at the voxels of a block.

        Parameters
        ----------
        tables : sequence of float32, (S, C)
            What each partition says of its supervoxels.
        block : Block

        Returns
        -------
        float32, (C, Z, Y, X)
            The mean of the partitions, over the core of the block.
        """
        if not self.edge_refinement:
            return self._gather(tables, block.core)
        sigma = smoothing_sigma(EDGE_SIGMA_VOXELS, self.spacing)
        halo = [2 * kernel_radius(value) for value in sigma]
        padded = split_around(block, self.volume.shape, halo)
        everything = Block(block.index, padded.padded, padded.padded)
        guide_sigma = smoothing_sigma(self.smoothing_voxels, self.spacing)
        guide = guide_block(self.volume, everything, self.intensity, guide_sigma)
        votes = self._gather(tables, padded.padded)
        return guided_filter(votes, guide, sigma)[(slice(None), *padded.inner)]

    def finite(self, block: Block) -> NDArray[np.bool_] | None:
        """Tell which voxels of a block are numbers; None if the type holds nothing else."""
        if np.dtype(self.volume.dtype).kind != "f":
            return None
        mask: NDArray[np.bool_] = np.isfinite(read_block(self.volume, block.core))
        return mask

    def _gather(
        self, tables: Sequence[NDArray[np.float32]], slices: tuple[slice, slice, slice]
    ) -> NDArray[np.float32]:
        shape = [s.stop - s.start for s in slices]
        votes = np.zeros((tables[0].shape[1], *shape), np.float32)
        for ids, table in zip(self.ids, tables, strict=True):
            _add_votes(read_block(ids, slices), table * np.float32(1 / len(tables)), votes)
        return votes


@nb.njit(nogil=True, cache=True)
def _add_votes(
    ids: NDArray[np.int32], table: NDArray[np.float32], votes: NDArray[np.float32]
) -> None:
    """Add a table's rows to the voxels of their supervoxels."""
    for z in range(ids.shape[0]):
        for y in range(ids.shape[1]):
            for c in range(table.shape[1]):
                for x in range(ids.shape[2]):
                    votes[c, z, y, x] += table[ids[z, y, x], c]


def guided_filter(
    votes: NDArray[np.float32], guide: NDArray[np.float32], sigma: tuple[float, float, float]
) -> NDArray[np.float32]:
    """Let the borders of the classes' votes follow the edges of the image.

    In a Gaussian window around each voxel the votes are fitted by a linear function of the image.

    Parameters
    ----------
    votes : float32, (C, Z, Y, X)
        Votes for each class; they sum to 1.
    guide : float32, (Z, Y, X)
        Smoothed image on the common intensity scale.
    sigma : tuple of 3 float
        Sigma of the window along each axis, in voxels.

    Returns
    -------
    float32, (C, Z, Y, X)
        Sums to 1 over the classes.

    References
    ----------
    He, Sun, Tang, Guided image filtering, IEEE TPAMI 35 (2013).
    """
    mean = gaussian_smooth(guide, sigma)
    scale = 1 / (gaussian_smooth(guide * guide, sigma) - mean * mean + np.float32(EDGE_EPSILON))
    result = np.empty_like(votes)
    result[-1] = 1
    for c in range(len(votes) - 1):  # the filter is linear: the last class is what is left
        mean_vote = gaussian_smooth(votes[c], sigma)
        slope = (gaussian_smooth(votes[c] * guide, sigma) - mean * mean_vote) * scale
        level = mean_vote - slope * mean
        result[c] = gaussian_smooth(slope, sigma) * guide + gaussian_smooth(level, sigma)
        result[-1] -= result[c]
    return result
