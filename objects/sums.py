"""Sums over objects, block by block: all that size, shape and contacts follow from.

Every sum is one of integers, so that no result depends on blocks or threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Block, Run, split_blocks

from ._sums import HIGH, LOW, N_SUMS, VOXELS, count_crossings, number_locally, sum_places
from .checks import slab_shape
from .crofton import DIRECTIONS
from .instances import Instances

AROUND = 2  # voxels beside a block that are looked at


@dataclass(frozen=True)
class ObjectSums:
    """What is summed over the voxels of N objects.

    Attributes
    ----------
    voxels : int64, (N,)
    first, second : int64, (N, 3) and (N, 6)
        Sums of the places along planes, rows and columns, and of their products: zz, yy, xx, zy,
        zx, yx.
    low, high : int64, (N, 3)
        First and last voxel along each axis.
    crossings : int64, (N, 13)
        Where a neighbour along a direction, forwards or backwards, is none of the object.
    short : int64, (N, 2, 13)
        Pieces of lines along each direction that have one voxel of the object, and two.
    pairs : int64, (P, 2)
        Ids of the objects that meet, the lower one first, in order.
    contacts : int64, (P, 6)
        Faces that they share across planes, rows and columns, each behind and before the first.
    parts : tuple of (int32 array, int64 array)
        Ids and voxels of the objects of each block.
    """

    voxels: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    crossings: NDArray[np.int64]
    short: NDArray[np.int64]
    pairs: NDArray[np.int64]
    contacts: NDArray[np.int64]
    parts: tuple[tuple[NDArray[np.int32], NDArray[np.int64]], ...]


def blocks_of(shape: Sequence[int], block_shape: Sequence[int] | None) -> list[Block]:
    """Return the blocks, with two voxels more around each, in which objects are measured."""
    return split_blocks(shape, block_shape or slab_shape(shape), (AROUND,) * 3)


def read_around(ids: NDArray[np.int32], block: Block) -> NDArray[np.int32]:
    """Read a block with two voxels more on all sides: 0 where the volume has none."""
    around = np.zeros([size + 2 * AROUND for size in block.shape], np.int32)
    at = tuple(
        slice(padded.start - core.start + AROUND, padded.stop - core.start + AROUND)
        for padded, core in zip(block.padded, block.core, strict=True)
    )
    around[at] = ids[block.padded]
    return around


def sum_objects(
    instances: Instances, block_shape: Sequence[int] | None = None, run: Run = Run()
) -> ObjectSums:
    """Sum over the voxels of each object, in one pass over the volume.

    Parameters
    ----------
    instances : Instances
    block_shape : sequence of 3 int, optional
        Voxels that are worked on at a time; the result doesn't depend on it.
    run : Run

    Returns
    -------
    ObjectSums
    """
    n, ids = instances.number, instances.signed
    blocks = blocks_of(ids.shape, block_shape)

    def one(block: Block) -> tuple[NDArray[Any], ...]:
        around = read_around(ids, block)
        inside = around[(slice(AROUND, -AROUND),) * 3]
        slot, found = number_locally(inside, n)
        origin = np.array([core.start for core in block.core])
        sums = sum_places(inside, slot, found.size, origin)
        return found, sums, *count_crossings(around, slot, found.size, DIRECTIONS)

    total = np.zeros((n, N_SUMS), np.int64)
    total[:, LOW : LOW + 3], total[:, HIGH : HIGH + 3] = np.iinfo(np.int64).max, -1
    crossings = np.zeros((n, len(DIRECTIONS)), np.int64)
    short = np.zeros((n, 2, len(DIRECTIONS)), np.int64)
    parts, keys, contacts = [], [], []
    for found, sums, crossed, few, met, times in run.blocks(one, blocks):
        at = found - 1
        total[at, :LOW] += sums[:, :LOW]
        total[at, LOW:HIGH] = np.minimum(total[at, LOW:HIGH], sums[:, LOW:HIGH])
        total[at, HIGH:] = np.maximum(total[at, HIGH:], sums[:, HIGH:])
        crossings[at] += crossed
        short[at] += few
        parts.append((found.astype(np.int32), sums[:, VOXELS].copy()))
        keys.append(met)
        contacts.append(times)
    pairs, number = np.unique(np.concatenate(keys), return_inverse=True)
    met_in_all = np.zeros((pairs.size, 6), np.int64)
    np.add.at(met_in_all, number, np.concatenate(contacts))
    return ObjectSums(
        total[:, VOXELS],
        total[:, 1:4],
        total[:, 4:LOW],
        total[:, LOW:HIGH],
        total[:, HIGH:],
        crossings,
        short,
        np.stack([pairs // (n + 1), pairs % (n + 1)], axis=1),
        met_in_all,
        tuple(parts),
    )
