"""The nearest voxel with data, for voxels without: near the rim of the data, whatever the block."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from supervox.execution import IntTriple

REACH = 16  # voxels of a plane, as far as is looked
# A plane counts as so many voxels: planes may lie much farther apart, or no farther at all.
PLANE = 4
HALO: IntTriple = (REACH // PLANE, REACH, REACH)
NOWHERE = np.int32(2**30)  # square of a distance


def nearest_values(
    values: NDArray[Any], has_data: NDArray[np.bool_]
) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """Return the value of the nearest voxel with data for every voxel, and how far it is.

    What is found depends on the voxels within `HALO` alone: of several that are as near, the one
    in the nearest plane, then row, then column is taken, and the first of two.

    Parameters
    ----------
    values : array, (Z, Y, X)
    has_data : bool, (Z, Y, X)

    Returns
    -------
    nearest : array, (Z, Y, X)
        The own value where there is data, and where none is near.
    distance : float32, (Z, Y, X)
        In voxels of a plane, a plane counting as `PLANE`; infinite where none is near.
    """
    column, row, plane, square = _find(np.ascontiguousarray(has_data))
    z, y, x = np.ogrid[tuple(slice(n) for n in values.shape)]
    distance = np.sqrt(square.astype(np.float32))
    distance[square > REACH**2] = np.inf
    nearest: NDArray[Any] = values[z + plane, y + row, x + column]
    return nearest, distance


@njit(nogil=True, cache=True)
def _find(has_data):  # type: ignore[no-untyped-def]
    """Return the steps to the nearest voxel with data along each axis, and the squared distance."""
    planes, rows, columns = has_data.shape
    along = np.full(has_data.shape, REACH + 1, np.int8)
    column, row = np.zeros(has_data.shape, np.int8), np.zeros(has_data.shape, np.int8)
    flat = np.full(has_data.shape, NOWHERE, np.int32)
    # Strategy: axis by axis. First within each row, by two scans that count since the last data;
    # then, of the rows around, and of the planes around, the one in which the nearest lies.
    for z in range(planes):
        for y in range(rows):
            since = REACH + 1
            for x in range(columns):
                since = 0 if has_data[z, y, x] else min(since + 1, REACH + 1)
                along[z, y, x] = -since
            since = REACH + 1
            for x in range(columns - 1, -1, -1):
                since = 0 if has_data[z, y, x] else min(since + 1, REACH + 1)
                if since < -along[z, y, x]:
                    along[z, y, x] = since
        for y in range(rows):
            for x in range(columns):
                best = NOWHERE
                for k in range(2 * REACH + 1):
                    step = (k + 1) // 2 if k % 2 == 0 else -((k + 1) // 2)
                    if step * step >= best:
                        break
                    if 0 <= y + step < rows:
                        beside = np.int32(along[z, y + step, x])
                        found = step * step + beside * beside
                        if abs(beside) <= REACH and found < best:
                            best = found
                            row[z, y, x], column[z, y, x] = step, beside
                flat[z, y, x] = best
    return _across_planes(flat, row, column)


@njit(nogil=True, cache=True)
def _across_planes(flat, row, column):  # type: ignore[no-untyped-def]
    planes, rows, columns = flat.shape
    plane = np.zeros(flat.shape, np.int8)
    square = np.full(flat.shape, NOWHERE, np.int32)
    out_row, out_column = np.zeros(flat.shape, np.int8), np.zeros(flat.shape, np.int8)
    reach = REACH // PLANE
    for z in range(planes):
        for y in range(rows):
            for x in range(columns):
                for k in range(2 * reach + 1):
                    step = (k + 1) // 2 if k % 2 == 0 else -((k + 1) // 2)
                    if 0 <= z + step < planes:
                        found = flat[z + step, y, x] + (PLANE * step) ** 2
                        if found < square[z, y, x] and found <= REACH * REACH:
                            square[z, y, x], plane[z, y, x] = found, step
                            out_row[z, y, x] = row[z + step, y, x]
                            out_column[z, y, x] = column[z + step, y, x]
    return out_column, out_row, plane, square
