"""Long lists of voxels in one pass: how many have a value, in which planes, a digest; and put.

As separate steps of NumPy this takes some ten times as long, and as many times the memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

FEW = 2**14  # for which nothing is compiled: the first stroke must not wait for that


class Told(NamedTuple):
    """What a list of voxels and their values says.

    Attributes
    ----------
    counts : int64, (256,)
        Voxels that have each value.
    digest : int
        Sum of numbers as if by chance below 2**64, one for each voxel and value; a value of 0
        counts nothing.
    """

    counts: NDArray[np.int64]
    digest: int


def tell(voxels: NDArray[np.int64], values: NDArray[np.uint8]) -> Told:
    """Count values, and digest which voxels have which; the order doesn't matter.

    Parameters
    ----------
    voxels : int64, (P,)
        Raster indices.
    values : uint8, (P,)
    """
    if voxels.size >= FEW:
        counts = np.zeros(256, np.int64)
        return Told(counts, int(_tell(voxels, values, counts)))
    # the last steps of SplitMix64: whatever differs in a bit differs in half of all bits
    mixed = (voxels.astype(np.uint64) * np.uint64(256) + values) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return Told(np.bincount(values, minlength=256), int(mixed[values > 0].sum(dtype=np.uint64)))


def mark_planes(
    voxels: NDArray[np.int64], shape: Sequence[int], marks: Sequence[NDArray[np.bool_]]
) -> None:
    """Mark the planes of each axis in which voxels of a volume lie.

    Parameters
    ----------
    voxels : int64, (P,)
        Raster indices.
    shape : sequence of int
        Of the volume.
    marks : sequence of bool, (planes,), one array for each axis
    """
    if voxels.size >= FEW and len(shape) == 3:
        _mark(voxels, int(shape[1]), int(shape[2]), *marks)
        return
    for mark, at in zip(marks, np.unravel_index(voxels, tuple(shape)), strict=True):
        mark[at] = True


def put(volume: NDArray[np.uint8], voxels: NDArray[np.int64], values: NDArray[np.uint8]) -> None:
    """Give voxels of a volume values.

    Parameters
    ----------
    volume : uint8, contiguous in memory
    voxels : int64, (P,)
        Raster indices, ascending.
    values : uint8, (P,)

    Raises
    ------
    IndexError
        If voxels lie outside the volume.
    """
    flat = volume.reshape(-1)
    if voxels.size and not 0 <= voxels[0] <= voxels[-1] < flat.size:
        raise IndexError("voxels lie outside the volume")
    if voxels.size < FEW:
        flat[voxels] = values
    else:
        _put(flat, voxels, values)


def make_ready_to_put(voxels: NDArray[np.int64], values: NDArray[np.uint8]) -> None:
    """Have `put` compiled for a list, so that whoever puts it doesn't wait for that."""
    if voxels.size >= FEW:
        _put(np.zeros(0, np.uint8), voxels[:0], values[:0])


@nb.njit(nogil=True, cache=True)
def _put(flat: NDArray[np.uint8], voxels: NDArray[np.int64], values: NDArray[np.uint8]) -> None:
    # Strategy: one value after the other, without NumPy's look at each index.
    for i in range(voxels.size):
        flat[voxels[i]] = values[i]


@nb.njit(nogil=True, cache=True)
def _tell(
    voxels: NDArray[np.int64], values: NDArray[np.uint8], counts: NDArray[np.int64]
) -> np.uint64:
    # Strategy: mix the bits of each voxel's number and value as `tell` does, and add up.
    total = np.uint64(0)
    for i in range(voxels.size):
        value = values[i]
        counts[value] += 1
        if value:
            mixed = np.uint64(voxels[i]) * np.uint64(256) + np.uint64(value)
            mixed *= np.uint64(0x9E3779B97F4A7C15)
            mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            total += mixed ^ (mixed >> np.uint64(31))
    return total


@nb.njit(nogil=True, cache=True)
def _mark(
    voxels: NDArray[np.int64],
    rows: int,
    columns: int,
    planes_there: NDArray[np.bool_],
    rows_there: NDArray[np.bool_],
    columns_there: NDArray[np.bool_],
) -> None:
    # Strategy: voxels come in runs along rows; only where a run or a row begins is there division.
    previous, column = np.int64(-2), np.int64(0)
    for i in range(voxels.size):
        voxel = voxels[i]
        column += 1
        if voxel != previous + 1 or column == columns:
            row = voxel // columns
            column = voxel - row * columns
            planes_there[row // rows] = True
            rows_there[row % rows] = True
        columns_there[column] = True
        previous = voxel
