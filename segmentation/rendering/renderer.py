"""From tables over supervoxels to voxels: the votes of the partitions, sharpened at edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Block, VolumeLike, read_block
from supervox.features import IntensityRange, finite, kernel_radius
from supervox.segmentation.graph.partition import Partition
from supervox.segmentation.parameters import SegmentationParameters
from supervox.segmentation.supervoxels.guide_image import (
    guide_block,
    smoothing_sigma,
    split_around,
)

from ._block import BlockRendering, Edges
from ._votes import number_locally

Float32 = NDArray[np.float32]

# Window of the guided filter. It is a quarter of a supervoxel: wide enough to move a border by the
# error that supervoxels make, too narrow to erase an organelle.
EDGE_SIGMA_VOXELS = 2.0


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

    @classmethod
    def of_partitions(
        cls,
        volume: VolumeLike,
        spacing: tuple[float, float, float],
        intensity: IntensityRange,
        parameters: SegmentationParameters,
        partitions: Sequence[Partition],
    ) -> Renderer:
        """Return what renders tables over the supervoxels of partitions."""
        smoothing = parameters.supervoxels.smoothing_voxels
        ids = tuple(partition.ids for partition in partitions)
        return cls(volume, spacing, intensity, smoothing, ids, parameters.edge_refinement)

    @property
    def halo(self) -> tuple[int, int, int]:
        """How many voxels around a block have an influence on it, apart from the guide's."""
        if not self.edge_refinement:
            return 0, 0, 0
        z, y, x = (2 * kernel_radius(value) for value in self._window)
        return z, y, x

    def read(self, block: Block) -> BlockRendering:
        """Read what is needed to render a block.

        Parameters
        ----------
        block : Block
            Its core will be rendered.

        Returns
        -------
        BlockRendering
        """
        padded = split_around(block, self.volume.shape, self.halo)
        numbers, rows = number_locally([read_block(ids, padded.padded) for ids in self.ids])
        edges = None
        if self.edge_refinement:
            everything = Block(block.index, padded.padded, padded.padded)
            sigma = smoothing_sigma(self.smoothing_voxels, self.spacing)
            guide = guide_block(self.volume, everything, self.intensity, sigma)
            edges = Edges(guide, self._window)
        return BlockRendering(padded, numbers, rows, edges)

    def votes(self, tables: Sequence[Float32], block: Block) -> Float32:
        """Add up the partitions' tables at the voxels of a block.

        Parameters
        ----------
        tables : sequence of float32, (S, C)
            What each partition says of its supervoxels; rows sum to 1.
        block : Block

        Returns
        -------
        float32, (C, Z, Y, X)
            The mean of the partitions, over the core of the block; sums to 1 over the classes.
        """
        canvas = self.read(block)
        result = np.empty((tables[0].shape[1], *block.shape), np.float32)
        for _ in canvas.values(canvas.pick(tables), result):
            pass
        return result

    def finite(self, block: Block) -> NDArray[np.bool_] | None:
        """Tell which voxels of a block are numbers; None if the type holds nothing else."""
        return finite(self.volume, block.core)

    @property
    def _window(self) -> tuple[float, float, float]:
        return smoothing_sigma(EDGE_SIGMA_VOXELS, self.spacing)
