"""Kernels of rendering: votes of supervoxels at the voxels of a block, and the best of them."""

from __future__ import annotations

from collections.abc import Sequence

import numba as nb
import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Rows = list[NDArray[np.intp]]


def number_locally(partitions: Sequence[NDArray[np.int32]]) -> tuple[NDArray[np.int32], Rows]:
    """Give the supervoxels of a block numbers that begin at 0, those of each partition in turn.

    Parameters
    ----------
    partitions : sequence of int32, (Z, Y, X)
        Ids of the block in each partition.

    Returns
    -------
    numbers : int32, (P, Z, Y, X)
        Positions in the concatenation of `rows`.
    rows : list of integers
        The ids that occur in each partition, ascending.
    """
    # Strategy: mark which ids occur in a table from the lowest to the highest, number the marks in
    # order, and look every voxel up: no sorting.
    numbers = np.empty((len(partitions), *partitions[0].shape), np.int32)
    rows: Rows = []
    start = 0
    for part, ids in zip(numbers, partitions, strict=True):
        part[...] = ids
        low = int(part.min())
        place = np.zeros(int(part.max()) - low + 1, np.int32)
        _mark(part.reshape(-1), low, place)
        rows.append(np.flatnonzero(place) + low)
        place[rows[-1] - low] = np.arange(start, start + len(rows[-1]), dtype=np.int32)
        _renumber(part.reshape(-1), low, place)
        start += len(rows[-1])
    return numbers, rows


@nb.njit(nogil=True, cache=True)
def _mark(ids: NDArray[np.int32], low: int, place: NDArray[np.int32]) -> None:
    for i in range(ids.size):
        place[ids[i] - low] = 1


@nb.njit(nogil=True, cache=True)
def _renumber(ids: NDArray[np.int32], low: int, place: NDArray[np.int32]) -> None:
    for i in range(ids.size):
        ids[i] = place[ids[i] - low]


@nb.njit(nogil=True, cache=True)
def gather_row(
    numbers: NDArray[np.int32], votes: Float32, z: int, y: int, x: int, out: Float32
) -> None:
    """Add up the partitions' votes along a row that begins at (z, y, x)."""
    first = numbers[0, z, y, x : x + out.size]
    for i in range(out.size):
        out[i] = votes[first[i]]
    for p in range(1, numbers.shape[0]):
        other = numbers[p, z, y, x : x + out.size]
        for i in range(out.size):
            out[i] += votes[other[i]]


@nb.njit(nogil=True, cache=True)
def gather(numbers: NDArray[np.int32], votes: Float32, out: Float32) -> None:
    """Add up the partitions' votes for one class.

    Parameters
    ----------
    numbers : int32, (P, Z, Y, X)
        From `number_locally`.
    votes : float32, (S,)
        Of the supervoxels of all partitions.
    out : float32, (Z, Y, X)
    """
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            gather_row(numbers, votes, z, y, 0, out[z, y])


@nb.njit(nogil=True, cache=True)
def _largest_of_partition(
    numbers: NDArray[np.int32], votes: Float32, edge: int, largest: Float32
) -> None:
    # Strategy: along rows, look only where the supervoxel or the tile changes.
    for z in range(numbers.shape[0]):
        for y in range(numbers.shape[1]):
            previous = -1
            for x in range(numbers.shape[2]):
                number = numbers[z, y, x]
                if number == previous and x % edge:
                    continue
                previous = number
                tile = largest[z // edge, y // edge, x // edge]
                for c in range(tile.size):
                    tile[c] = max(tile[c], votes[number, c])


def largest_votes(numbers: NDArray[np.int32], votes: Float32, edge: int) -> Float32:
    """Bound the votes in every tile of a block from above.

    Parameters
    ----------
    numbers : int32, (P, Z, Y, X)
        From `number_locally`.
    votes : C-contiguous float32, (S, C)
        Of the supervoxels of all partitions.
    edge : int
        Voxels of a tile per axis; the first tile begins at the first voxel.

    Returns
    -------
    float32, (C, tiles...)
    """
    tiles = [-(-n // edge) for n in numbers.shape[1:]]
    total = np.zeros((*tiles, votes.shape[1]), np.float32)
    for part in numbers:
        largest = np.zeros_like(total)
        _largest_of_partition(part, votes, edge, largest)
        total += largest
    return np.moveaxis(total, -1, 0)


@nb.njit(nogil=True, cache=True)
def keep_best(
    values: Float32,
    column: int,
    spans: NDArray[np.int32],
    best: Float32,
    chosen: NDArray[np.uint16],
) -> None:
    """Let a class win where its value is larger; the lower column wins ties.

    Parameters
    ----------
    values : float32, (Z, Y, X)
    column : int
    spans : int32, (Z, Y, 2)
        First voxel of a row to look at, and the first after it.
    best : float32, (Z, Y, X)
        The largest value so far.
    chosen : uint16, (Z, Y, X)
        Its column.
    """
    # Strategy: within the span of each row, overwrite the best so far; classes may come in any
    # order.
    for z in range(values.shape[0]):
        for y in range(values.shape[1]):
            for x in range(spans[z, y, 0], spans[z, y, 1]):
                value, known = values[z, y, x], best[z, y, x]
                if value > known or (value == known and column < chosen[z, y, x]):
                    best[z, y, x] = value
                    chosen[z, y, x] = column
