"""Kernels of the voxels at the surfaces of classes: which they are, and what is nearest to them."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray


@nb.njit(nogil=True, cache=True)
def at_surface(labels: NDArray[np.int32], out: NDArray[np.int32]) -> None:
    """Keep the labels of voxels that share a face with another label; 0 elsewhere.

    The border of the array is no surface.
    """
    depth, rows, columns = labels.shape
    for z in range(depth):
        for y in range(rows):
            for x in range(columns):
                own = labels[z, y, x]
                found = own != 0 and (
                    (z > 0 and labels[z - 1, y, x] != own)
                    or (z + 1 < depth and labels[z + 1, y, x] != own)
                    or (y > 0 and labels[z, y - 1, x] != own)
                    or (y + 1 < rows and labels[z, y + 1, x] != own)
                    or (x > 0 and labels[z, y, x - 1] != own)
                    or (x + 1 < columns and labels[z, y, x + 1] != own)
                )
                out[z, y, x] = own if found else 0


@nb.njit(nogil=True, cache=True, inline="always")
def _first_equal(
    theirs: NDArray[Any], own: np.int64, z: int, y: int, x: int, steps: NDArray[np.int64]
) -> int:
    """Return which step leads to an equal value, the first one that does; -1 if none."""
    for k in range(steps.shape[0]):
        i, j, l = z + steps[k, 0], y + steps[k, 1], x + steps[k, 2]  # noqa: E741
        if i < 0 or j < 0 or l < 0 or i >= theirs.shape[0]:
            continue
        if j >= theirs.shape[1] or l >= theirs.shape[2]:
            continue
        if theirs[i, j, l] == own:
            return k
    return -1


@nb.njit(nogil=True, cache=True)
def count_nearest(
    mine: NDArray[Any],
    theirs: NDArray[Any],
    classes: NDArray[np.int64],
    steps: NDArray[np.int64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Count for the surface voxels of a block which step leads to the nearest of their class.

    Parameters
    ----------
    mine, theirs : integers, (Z, Y, X)
        Classes of the surface voxels of one volume, and of another; 0 elsewhere.
    classes : int64, (C,)
        All of them, ascending.
    steps : int64, (N, 3)
        To other voxels, the nearest first.
    low, high : int64, (3,)
        First voxel of the block, and the one behind its last.

    Returns
    -------
    counts : int64, (C, N)
    missed_class : int64, (M,)
        Place in `classes` of each voxel that no step leads from.
    missed : int64, (M,)
        Its raster index.
    """
    counts = np.zeros((classes.size, steps.shape[0]), np.int64)
    missed_class, missed = np.empty(256, np.int64), np.empty(256, np.int64)
    m = 0
    last, c = np.int64(0), np.int64(0)
    for z in range(low[0], high[0]):
        for y in range(low[1], high[1]):
            for x in range(low[2], high[2]):
                own = np.int64(mine[z, y, x])
                if own == 0:
                    continue
                if own != last:
                    last, c = own, np.int64(np.searchsorted(classes, own))
                k = _first_equal(theirs, own, z, y, x, steps)
                if k >= 0:
                    counts[c, k] += 1
                    continue
                if m == missed.size:
                    missed_class = np.concatenate((missed_class, missed_class))
                    missed = np.concatenate((missed, missed))
                missed_class[m] = c
                missed[m] = (z * mine.shape[1] + y) * mine.shape[2] + x
                m += 1
    return counts, missed_class[:m].copy(), missed[:m].copy()


@nb.njit(nogil=True, cache=True)
def find_boxes(
    values: NDArray[Any], classes: NDArray[np.int64], first: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the first and the last voxel of each class along each axis, in a block.

    Parameters
    ----------
    values : integers, (Z, Y, X)
    classes : int64, (C,)
        All but 0 that there are, ascending.
    first : int64, (3,)
        Place of the block's first voxel in the volume.

    Returns
    -------
    low, high : int64, (C, 3)
        In the volume; `low` > `high` for a class that the block hasn't.
    """
    low = np.full((classes.size, 3), np.iinfo(np.int64).max)
    high = np.full((classes.size, 3), -1)
    for z in range(values.shape[0]):
        for y in range(values.shape[1]):
            last, c = np.int64(0), 0
            for x in range(values.shape[2]):
                value = np.int64(values[z, y, x])
                if value == 0:
                    continue
                if value != last:
                    last, c = value, int(np.searchsorted(classes, value))
                for axis, at in enumerate((z + first[0], y + first[1], x + first[2])):
                    low[c, axis] = min(low[c, axis], at)
                    high[c, axis] = max(high[c, axis], at)
    return low, high


@nb.njit(nogil=True, cache=True)
def mark_cells(
    values: NDArray[Any],
    own: int,
    edge: NDArray[np.int64],
    first: NDArray[np.int64],
    cells: NDArray[np.bool_],
) -> None:
    """Mark the cells that have voxels of a value.

    Parameters
    ----------
    values : integers, (Z, Y, X)
        A box of a volume.
    own : int
    edge : int64, (3,)
        Voxels of a cell along each axis.
    first : int64, (3,)
        Place of the first of them in the volume.
    cells : bool, (Z, Y, X)
        Of the whole volume.
    """
    for z in range(values.shape[0]):
        for y in range(values.shape[1]):
            for x in range(values.shape[2]):
                if values[z, y, x] == own:
                    cells[
                        (first[0] + z) // edge[0],
                        (first[1] + y) // edge[1],
                        (first[2] + x) // edge[2],
                    ] = True


@nb.njit(nogil=True, cache=True, inline="always")
def _gap(at: int, cell: int, edge: int) -> int:
    """Return how many voxels a place is from the nearest of a cell, along one axis."""
    return max(cell * edge - at, at - (cell * edge + edge - 1), 0)


@nb.njit(nogil=True, cache=True)
def _nearest_in_cell(
    values: NDArray[Any],
    own: int,
    at: tuple[int, int, int],
    cell: tuple[int, int, int],
    edge: NDArray[np.int64],
    spacing: tuple[float, float, float],
    best: float,
) -> float:
    """Return the square of the distance to the nearest voxel of a value in a cell, or `best`."""
    depth, rows, columns = values.shape
    for i in range(cell[0] * edge[0], min((cell[0] + 1) * edge[0], depth)):
        deep = ((i - at[0]) * spacing[0]) ** 2
        for j in range(cell[1] * edge[1], min((cell[1] + 1) * edge[1], rows)):
            high = deep + ((j - at[1]) * spacing[1]) ** 2
            if high >= best:
                continue
            for l in range(cell[2] * edge[2], min((cell[2] + 1) * edge[2], columns)):  # noqa: E741
                if values[i, j, l] == own:
                    best = min(best, high + ((l - at[2]) * spacing[2]) ** 2)
    return best


@nb.njit(nogil=True, cache=True)
def distances_by_cells(
    places: NDArray[np.int64],
    values: NDArray[Any],
    own: int,
    cells: NDArray[np.bool_],
    edge: NDArray[np.int64],
    spacing: tuple[float, float, float],
) -> NDArray[np.float64]:
    """Return the distance from each place to the nearest voxel of a value.

    Parameters
    ----------
    places : int64, (M,)
        Raster indices.
    values : integers, (Z, Y, X)
    own : int
        There is a voxel that has it.
    cells : bool, (Z, Y, X)
        From `mark_cells`.
    edge : int64, (3,)
        Voxels of a cell along each axis.
    spacing : tuple of 3 float
    """
    # Strategy: shells of cells around that of the place, each a cube's surface, from the inside
    # out, until even the nearest voxel of a shell would be farther than the best one so far. Of a
    # shell, only marked cells that reach nearer than that are looked through.
    rows, columns = values.shape[1], values.shape[2]
    found = np.empty(places.size)
    last = max(cells.shape)
    for n in range(places.size):
        z, rest = places[n] // (rows * columns), places[n] % (rows * columns)
        at = (z, rest // columns, rest % columns)
        home = (at[0] // edge[0], at[1] // edge[1], at[2] // edge[2])
        best = np.inf
        for r in range(last + 1):
            bound = np.inf
            for axis in range(3):
                bound = min(bound, max(0, (r - 1) * edge[axis] + 1) * spacing[axis])
            if bound * bound >= best:
                break
            for i in range(max(0, home[0] - r), min(home[0] + r + 1, cells.shape[0])):
                deep = (_gap(at[0], i, edge[0]) * spacing[0]) ** 2
                for j in range(max(0, home[1] - r), min(home[1] + r + 1, cells.shape[1])):
                    high = deep + (_gap(at[1], j, edge[1]) * spacing[1]) ** 2
                    if high >= best:
                        continue
                    whole = abs(i - home[0]) == r or abs(j - home[1]) == r
                    step = 1 if whole else max(1, 2 * r)
                    for l in range(home[2] - r, home[2] + r + 1, step):  # noqa: E741
                        if l < 0 or l >= cells.shape[2] or not cells[i, j, l]:
                            continue
                        if high + (_gap(at[2], l, edge[2]) * spacing[2]) ** 2 < best:
                            cell = (i, j, l)
                            best = _nearest_in_cell(values, own, at, cell, edge, spacing, best)
        found[n] = np.sqrt(best)
    return found
