"""How many voxels each pair of ids of two volumes has in common."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Block, Run, split_blocks

from ._pairs import PAIR_BASE, count_pairs
from .checks import slab_shape

Read = Callable[[Block], NDArray[np.int32]]


def count_overlaps(
    shape: tuple[int, ...], one: Read, other: Read, run: Run = Run()
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Count the voxels that have an id of one volume and one of another.

    Parameters
    ----------
    shape : tuple of 3 int
    one, other : callable
        Return the ids of a block, int32.
    run : Run

    Returns
    -------
    a, b, voxels : int64, (P,)
        Pairs of ids, 0 among them, in order, and how many voxels have both.
    """

    def count(block: Block) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        found: tuple[NDArray[np.int64], NDArray[np.int64]] = count_pairs(one(block), other(block))
        return found

    blocks = split_blocks(shape, slab_shape(shape))
    keys, counts = zip(*run.blocks(count, blocks), strict=True)
    pairs, number = np.unique(np.concatenate(keys), return_inverse=True)
    voxels = np.zeros(pairs.size, np.int64)
    np.add.at(voxels, number, np.concatenate(counts))
    return pairs // PAIR_BASE, pairs % PAIR_BASE, voxels
