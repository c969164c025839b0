"""Blocks with halos: how every stage walks through a volume in bounded memory."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

IntTriple = tuple[int, int, int]
Slices = tuple[slice, slice, slice]

DEFAULT_BLOCK_VOXELS = 128**3


class VolumeLike(Protocol):
    """What the stages need of a volume: NumPy arrays, memory maps, HDF5 and Zarr arrays fit."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of voxels per axis (plane, row, column)."""

    @property
    def dtype(self) -> Any:
        """Type of the voxels."""

    def __getitem__(self, key: Any, /) -> Any:
        """Read the voxels of a box."""


@dataclass(frozen=True)
class Block:
    """A box of a volume and the same box grown by a halo, clipped to the volume.

    Attributes
    ----------
    index : int
        Position in the list of blocks, raster order.
    core : tuple of 3 slice
        The block's own voxels, in coordinates of the volume. The cores tile the volume.
    padded : tuple of 3 slice
        The core with its halo, in coordinates of the volume.
    """

    index: int
    core: Slices
    padded: Slices

    @property
    def inner(self) -> Slices:
        """The core in coordinates of an array that was read from `padded`."""
        z, y, x = (
            slice(core.start - padded.start, core.stop - padded.start)
            for core, padded in zip(self.core, self.padded, strict=True)
        )
        return z, y, x

    @property
    def shape(self) -> IntTriple:
        """Voxels of the core per axis."""
        z, y, x = (core.stop - core.start for core in self.core)
        return z, y, x


def split_blocks(
    shape: Sequence[int], block_shape: Sequence[int], halo: Sequence[int] = (0, 0, 0)
) -> list[Block]:
    """Tile a volume with blocks in raster order.

    Parameters
    ----------
    shape, block_shape : sequence of 3 int
        Voxels of the volume and of a block's core; the last blocks of an axis may be smaller.
    halo : sequence of 3 int
        Voxels that `Block.padded` adds on both sides of an axis, where the volume has them.

    Returns
    -------
    list of Block

    Raises
    ------
    ValueError
        If a block has no voxels along an axis.
    """
    if min(block_shape) < 1:
        raise ValueError(f"blocks need at least one voxel per axis, not {tuple(block_shape)}")
    axes = [
        [
            (
                slice(start, min(start + step, size)),
                slice(max(start - pad, 0), min(start + step + pad, size)),
            )
            for start in range(0, size, step)
        ]
        for size, step, pad in zip(shape, block_shape, halo, strict=True)
    ]
    return [
        Block(index, (z[0], y[0], x[0]), (z[1], y[1], x[1]))
        for index, (z, y, x) in enumerate(itertools.product(*axes))
    ]


def default_block_shape(
    shape: Sequence[int], multiple_of: Sequence[int] = (1, 1, 1), voxels: int = DEFAULT_BLOCK_VOXELS
) -> IntTriple:
    """Choose a near-cubic block of about `voxels` voxels that suits a volume.

    Parameters
    ----------
    shape : sequence of 3 int
        Voxels of the volume; an axis that is shorter than the block's edge leaves room to others.
    multiple_of : sequence of 3 int
        The block's edges are multiples of these (the grid of supervoxel cells, or of coarse
        voxels).
    voxels : int
        Voxels of a block, about.

    Returns
    -------
    tuple of 3 int
    """
    block = [0, 0, 0]
    left = float(voxels)
    by_length = sorted(range(3), key=lambda axis: shape[axis])
    for rank, axis in enumerate(by_length):
        edge = min(float(shape[axis]), left ** (1 / (3 - rank)))
        unit = multiple_of[axis]
        block[axis] = max(unit, round(edge / unit) * unit)
        left = max(1.0, left / min(block[axis], shape[axis]))
    return block[0], block[1], block[2]


def read_block(volume: VolumeLike, slices: Slices) -> NDArray[Any]:
    """Read a box of any array-like as a NumPy array."""
    return np.asarray(volume[slices])
