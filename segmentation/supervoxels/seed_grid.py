"""The grid of cells that seeds the supervoxels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Block, IntTriple, default_block_shape, split_blocks

from .parameters import SupervoxelParameters


@dataclass(frozen=True)
class SeedGrid:
    """The regular grid of cells that seeds the supervoxels; one centre per cell.

    Attributes
    ----------
    shape : tuple of 3 int
        Voxels of the volume.
    step, offset : tuple of 3 int
        Voxel ``v`` lies in cell ``(v + offset) // step``.
    weight : tuple of 3 float
        Weight of a squared distance in voxels along each axis, against squared intensity.
    """

    shape: IntTriple
    step: IntTriple
    offset: IntTriple
    weight: tuple[float, float, float]

    @classmethod
    def for_volume(
        cls,
        shape: Sequence[int],
        spacing: Sequence[float],
        parameters: SupervoxelParameters,
        shift: tuple[float, float, float] = (0.0, 0.0, 0.0),
    ) -> SeedGrid:
        """Lay cells of about equal physical edges over a volume.

        `shift` moves the grid by a fraction of a cell, for another partition of the same volume.
        """
        ratio = [value / min(spacing) for value in spacing]
        size = parameters.size_voxels
        step = [max(1, min(round(size / r), n)) for r, n in zip(ratio, shape, strict=True)]
        offset = [int(part * s) % s for part, s in zip(shift, step, strict=True)]
        weight = [(parameters.compactness * r / size) ** 2 for r in ratio]
        return cls(
            _triple(shape), _triple(step), _triple(offset), (weight[0], weight[1], weight[2])
        )

    @property
    def n_cells(self) -> IntTriple:
        """Cells along each axis; those at the volume's border may be cut."""
        return _triple(
            [
                (n - 1 + o) // s + 1
                for n, o, s in zip(self.shape, self.offset, self.step, strict=True)
            ]
        )

    @property
    def minimum_size(self) -> int:
        """Voxels that a region needs to stand: a quarter of a whole cell."""
        return math.ceil(math.prod(self.step) / 4)

    def blocks(self, block_shape: Sequence[int] | None) -> list[Block]:
        """Tile the volume with blocks of whole cells, about as large as asked for."""
        if block_shape is None:
            block_shape = default_block_shape(self.shape, self.step)
        edges = [max(1, edge // s) for edge, s in zip(block_shape, self.step, strict=True)]
        return [
            Block(block.index, voxels := self._voxels(block), voxels)
            for block in split_blocks(self.n_cells, edges)
        ]

    def cells(self, block: Block) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the first cell of a block and its number of cells, per axis."""
        first, last = (
            [(edge + o) // s for edge, o, s in zip(edges, self.offset, self.step, strict=True)]
            for edges in ([c.start for c in block.core], [c.stop - 1 for c in block.core])
        )
        return np.array(first), np.array(last) - np.array(first) + 1

    def origin(self, block: Block) -> NDArray[np.int64]:
        """Return the first voxel of a block."""
        return np.array([core.start for core in block.core])

    def _voxels(self, cells: Block) -> tuple[slice, slice, slice]:
        z, y, x = (
            slice(max(c.start * s - o, 0), min(c.stop * s - o, n))
            for c, s, o, n in zip(cells.core, self.step, self.offset, self.shape, strict=True)
        )
        return z, y, x


def _triple(values: Sequence[int]) -> IntTriple:
    z, y, x = (int(value) for value in values)
    return z, y, x
