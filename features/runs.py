"""Exact sums over supervoxels: channels as whole numbers, supervoxels as runs of voxels.

A block's ids are read once per grid into a list of (cells, supervoxel, voxels); every channel of
that grid then costs one pass over the list. Values are rounded to multiples of `QUANTUM` and summed
as 64-bit integers, so the order of blocks, threads and machines can't change a sum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from supervox.execution import IntTriple

from .grids import Window

# Resolution of a channel value: 1/4096, on a scale where the noise of a tomogram is about 1.
UNITS = 4096
QUANTUM = 1 / UNITS
# Intensities span [-10, 20]; no filter of unit absolute integral or less can leave +-32 (2**17
# quanta). A sum of squares then stays exact up to 2**63 / 2**34 voxels.
LIMIT = 32 * UNITS - 1
MOST_VOXELS = 2**29


@dataclass(frozen=True)
class LocalIds:
    """A block's supervoxels, numbered from 0 within the block.

    Attributes
    ----------
    ids : array of int64, (n,)
        The global id of each.
    counts : array of int64, (n,)
        Voxels of each in the block.
    local : array of int32, (Z, Y, X)
        The block. Voxels that do not count have the number n.
    n_numbers : int
        n, or n + 1 if there are such voxels.
    """

    ids: NDArray[np.int64]
    counts: NDArray[np.int64]
    local: NDArray[np.int32]
    n_numbers: int


@dataclass(frozen=True)
class CellRuns:
    """Where the supervoxels of a block lie on a grid.

    On the finest grid an entry is a run of neighbouring voxels of a row (`first`, `length`); on a
    coarser one it is the voxels of one supervoxel in one cell (`first`, with `length` of them).
    """

    fine: bool
    first: NDArray[np.int32]
    length: NDArray[np.int32]
    owner: NDArray[np.int32]


def number_locally(block: NDArray[Any], has_data: NDArray[np.bool_] | None = None) -> LocalIds:
    """Give the supervoxels of a block numbers from 0, in the order of their ids.

    Parameters
    ----------
    block : array of integers, (Z, Y, X)
    has_data : array of bool, (Z, Y, X), optional
        Which voxels count; all by default.

    Raises
    ------
    ValueError
        If the ids are not whole numbers, or negative.
    """
    if not np.issubdtype(block.dtype, np.integer):
        raise ValueError(f"supervoxel ids must be integers, not {block.dtype}")
    low, high = int(block.min()), int(block.max())
    if low < 0 or high >= 2**31:
        raise ValueError(
            f"supervoxel ids must lie between 0 and 2**31 - 1, found {low} to {high}; give voxels "
            "that belong to no supervoxel an id of their own"
        )
    offsets = np.subtract(block, block.dtype.type(low), dtype=block.dtype).astype(np.int32)
    counts = np.zeros(high - low + 1, np.int64)
    _count(offsets.ravel(), counts)
    present = np.flatnonzero(counts)
    numbers = np.zeros(counts.size, np.int32)
    numbers[present] = np.arange(present.size, dtype=np.int32)
    _renumber(offsets.ravel(), numbers)
    ids, counts = present + low, counts[present]
    if has_data is None or has_data.all():
        return LocalIds(ids, counts, offsets, ids.size)
    offsets[~has_data] = ids.size
    counts = np.bincount(offsets.ravel(), minlength=ids.size + 1)[: ids.size]
    return LocalIds(ids, counts.astype(np.int64), offsets, ids.size + 1)


def find_runs(local: NDArray[np.int32], core: Window, factor: IntTriple) -> CellRuns:
    """List where the supervoxels of a block lie on a grid.

    Parameters
    ----------
    local : array of int32, (Z, Y, X)
        The block's ids, see `LocalIds`.
    core : Window
        The block, in voxels of the volume.
    factor : tuple of 3 int
        Voxels per cell of the grid.
    """
    # room for the worst case; memory that is never written is never taken
    first, length, owner = (np.empty(local.size, np.int32) for _ in range(3))
    if factor == (1, 1, 1):
        n = _list_runs(local, first, length, owner)
    else:
        lead = tuple(a % f for a, f in zip(core.start, factor, strict=True))
        cells = core.coarsened(factor).shape
        n = _list_cells(local, cells, factor, lead, first, length, owner)
    return CellRuns(factor == (1, 1, 1), first[:n], length[:n], owner[:n])


def add_channel(
    values: NDArray[np.float32],
    runs: CellRuns,
    sums: NDArray[np.int64],
    squares: NDArray[np.int64],
) -> None:
    """Add a channel to the sums of a block's supervoxels.

    Parameters
    ----------
    values : C-contiguous array of float32
        The channel on the cells of the block.
    runs : CellRuns
    sums, squares : array of int64, (n,)
        In quanta, and quanta squared.
    """
    if runs.fine:
        _add_runs(values, runs.first, runs.length, runs.owner, sums, squares)
    else:
        _add_cells(values.reshape(-1), runs.first, runs.length, runs.owner, sums, squares)


@njit(nogil=True, cache=True, error_model="numpy")
def _count(offsets, counts):  # type: ignore[no-untyped-def]
    for i in range(offsets.size):
        counts[offsets[i]] += 1


@njit(nogil=True, cache=True, error_model="numpy")
def _renumber(offsets, numbers):  # type: ignore[no-untyped-def]
    for i in range(offsets.size):
        offsets[i] = numbers[offsets[i]]


@njit(nogil=True, cache=True, error_model="numpy")
def _list_runs(local, first, length, owner):  # type: ignore[no-untyped-def]
    n = 0
    begin = 0
    # Strategy: walk along each row and close a run wherever the supervoxel changes; runs end with
    # their row, so that their sums are differences within one row.
    for z in range(local.shape[0]):
        for y in range(local.shape[1]):
            row = local[z, y]
            start = 0
            for x in range(1, row.size + 1):
                if x == row.size or row[x] != row[start]:
                    first[n] = begin + start
                    length[n] = x - start
                    owner[n] = row[start]
                    n += 1
                    start = x
            begin += row.size
    return n


@njit(nogil=True, cache=True, error_model="numpy")
def _list_cells(local, cells, factor, lead, first, length, owner):  # type: ignore[no-untyped-def]
    fz, fy, fx = factor
    n = 0
    # Strategy: cell by cell, tally its voxels in the entries that were appended for it: a cell
    # touches few supervoxels, so a linear search in them beats any table.
    for cz in range(cells[0]):
        z0, z1 = max(cz * fz - lead[0], 0), min((cz + 1) * fz - lead[0], local.shape[0])
        for cy in range(cells[1]):
            y0, y1 = max(cy * fy - lead[1], 0), min((cy + 1) * fy - lead[1], local.shape[1])
            for cx in range(cells[2]):
                x0, x1 = max(cx * fx - lead[2], 0), min((cx + 1) * fx - lead[2], local.shape[2])
                begin = n
                for z in range(z0, z1):
                    for y in range(y0, y1):
                        for x in range(x0, x1):
                            n = _tally(local[z, y, x], owner, length, begin, n)
                for entry in range(begin, n):
                    first[entry] = (cz * cells[1] + cy) * cells[2] + cx
    return n


@njit(nogil=True, cache=True, error_model="numpy")
def _tally(identity, owner, length, begin, end):  # type: ignore[no-untyped-def]
    """Count a voxel in the entries [begin, end) of its cell, and return their new end."""
    for entry in range(begin, end):
        if owner[entry] == identity:
            length[entry] += 1
            return end
    owner[end] = identity
    length[end] = 1
    return end + 1


@njit(nogil=True, cache=True, error_model="numpy")
def _quantise(values, quanta):  # type: ignore[no-untyped-def]
    """Round values to whole quanta."""
    for i in range(values.size):
        scaled = min(max(values[i] * np.float32(UNITS), np.float32(-LIMIT)), np.float32(LIMIT))
        quanta[i] = np.int32(np.floor(scaled + np.float32(0.5)))


@njit(nogil=True, cache=True, error_model="numpy")
def _accumulate(quanta, until, until_squares):  # type: ignore[no-untyped-def]
    """Fill running sums of values and squares: entry i holds the sum of the first i."""
    total, square = np.int64(0), np.int64(0)
    n = np.uint64(quanta.size)  # unsigned: a signed index costs a check
    for i in range(n):
        until[i], until_squares[i] = total, square
        value = np.int64(quanta[i])
        total += value
        square += value * value
    until[n], until_squares[n] = total, square


@njit(nogil=True, cache=True, error_model="numpy")
def _add_runs(values, first, length, owner, sums, squares):  # type: ignore[no-untyped-def]
    """Add runs of a row as differences of running sums: no branch depends on a run's length."""
    columns, one = np.uint64(values.shape[2]), np.uint64(1)
    quanta = np.empty(columns, np.int32)
    until, until_squares = np.empty(columns + one, np.int64), np.empty(columns + one, np.int64)
    run = begin = np.uint64(0)
    n_runs = np.uint64(first.size)
    # Strategy: row by row, round to whole quanta and make running sums; each run of the row then
    # costs one subtraction. Rows and runs are walked together, both in raster order.
    for z in range(values.shape[0]):
        for y in range(values.shape[1]):
            _quantise(values[z, y], quanta)
            _accumulate(quanta, until, until_squares)
            while run < n_runs and np.uint64(first[run]) < begin + columns:
                low = np.uint64(first[run]) - begin
                high = low + np.uint64(length[run])
                supervoxel = np.uint64(owner[run])
                sums[supervoxel] += until[high] - until[low]
                squares[supervoxel] += until_squares[high] - until_squares[low]
                run += one
            begin += columns


@njit(nogil=True, cache=True, error_model="numpy")
def _add_cells(values, first, length, owner, sums, squares):  # type: ignore[no-untyped-def]
    quanta = np.empty(values.size, np.int32)
    _quantise(values, quanta)
    # Strategy: round every cell once, then walk the entries; an entry adds its cell's value as
    # often as it has voxels there.
    for entry in range(np.uint64(first.size)):
        supervoxel, value = np.uint64(owner[entry]), np.int64(quanta[np.uint64(first[entry])])
        share = value * np.int64(length[entry])
        sums[supervoxel] += share
        squares[supervoxel] += share * value
