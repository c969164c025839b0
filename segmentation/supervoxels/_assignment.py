"""Kernels of the local k-means behind the supervoxels (SLIC): one function of one block.

A voxel compares only with the centres of its own grid cell and of the cells around it, so a cell
is the natural tile: its voxels share up to 27 candidates and are handled as one flat vector.
Everything that is summed is a multiple of a power of two, so sums in float64 are exact and their
order (blocks, threads) can't change a bit of the result.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

N_SUMS = 5  # count, plane, row, column, intensity
INTENSITY_STEP = 1.0 / 1024  # of the guide's values: sums of them stay exact in float64


@nb.njit(nogil=True, cache=True)
def sum_cells(
    guide: NDArray[np.float32],
    origin: NDArray[np.int64],
    offset: NDArray[np.int64],
    step: NDArray[np.int64],
    first_cell: NDArray[np.int64],
    sums: NDArray[np.float64],
) -> None:
    """Add every voxel of a block to the sums of its own grid cell (the first centres).

    `sums` has shape (cells of the block, 5) per axis, without a margin.
    """
    # Strategy: row by row; within a row the cells are stretches of it, each summed in scalars and
    # added to its cell once.
    for z in range(guide.shape[0]):
        cz = (z + origin[0] + offset[0]) // step[0] - first_cell[0]
        for y in range(guide.shape[1]):
            cy = (y + origin[1] + offset[1]) // step[1] - first_cell[1]
            x = 0
            for cx in range(sums.shape[2]):
                end = min(
                    (cx + 1 + first_cell[2]) * step[2] - offset[2] - origin[2], guide.shape[2]
                )
                count, columns, intensity = end - x, 0, 0.0
                while x < end:
                    columns += x + origin[2]
                    intensity += guide[z, y, x]
                    x += 1
                total = sums[cz, cy, cx]
                total[0] += count
                total[1] += count * (z + origin[0])
                total[2] += count * (y + origin[1])
                total[3] += columns
                total[4] += intensity


@nb.njit(nogil=True, cache=True)
def _load_cell(
    guide: NDArray[np.float32],
    lower: NDArray[np.int64],
    upper: NDArray[np.int64],
    values: NDArray[np.float32],
) -> None:
    """Copy a cell's intensities to a flat buffer."""
    n = 0
    for z in range(lower[0], upper[0]):
        for y in range(lower[1], upper[1]):
            for x in range(lower[2], upper[2]):
                values[n] = guide[z, y, x]
                n += 1


@nb.njit(nogil=True, cache=True)
def _load_positions(shape: NDArray[np.int64], positions: NDArray[np.float32]) -> None:
    """Fill rows and columns of a plane of a cell, from the cell's corner."""
    for i in range(shape[1] * shape[2]):
        positions[0, i], positions[1, i] = i // shape[2], i % shape[2]


@nb.njit(nogil=True, cache=True)
def _least_term(centre, n, weight):  # type: ignore[no-untyped-def]
    """Return the least weighted square of the distance between a centre and positions 0..n-1."""
    least = np.float32(np.inf)
    for side in range(2):
        position = min(max(np.floor(centre) + np.float32(side), np.float32(0)), np.float32(n - 1))
        least = min(least, weight * ((position - centre) * (position - centre)))
    return least


@nb.njit(nogil=True, cache=True)
def _find_candidates(
    cell: NDArray[np.int64],
    corner: NDArray[np.int64],
    shape: NDArray[np.int64],
    centres: NDArray[np.float64],
    weight: NDArray[np.float32],
    candidates: NDArray[np.float32],
    numbers: NDArray[np.int32],
) -> tuple[int, int]:
    """List the (up to) 27 centres around a cell; return how many, and which is its own.

    A row of `candidates` receives position (from the cell's corner), intensity, and the least that
    the distance along rows and columns adds in this cell; `numbers` the place among the 27.
    """
    found = own = 0
    # Strategy: walk the 27 cells around in raster order and keep those that exist; the lower number
    # then wins where distances are equal.
    for k in range(27):
        z, y, x = cell[0] + k // 9 - 1, cell[1] + k // 3 % 3 - 1, cell[2] + k % 3 - 1
        if not (
            0 <= z < centres.shape[0] and 0 <= y < centres.shape[1] and 0 <= x < centres.shape[2]
        ):
            continue
        row = candidates[found]
        for axis in range(3):
            row[axis] = centres[z, y, x, axis] - corner[axis]
        row[3] = centres[z, y, x, 3]
        row[4] = _least_term(row[1], shape[1], weight[1])
        row[5] = _least_term(row[2], shape[2], weight[2])
        numbers[found] = k
        own = found if k == 13 else own
        found += 1
    return found, own


@nb.njit(nogil=True, cache=True, inline="always")
def _distance(y, x, value, centre, across, along):  # type: ignore[no-untyped-def]
    """Return the squared distance of a voxel; `across` is the share of the distance in planes."""
    dy, dx, di = y - centre[0], x - centre[1], value - centre[2]
    return across + along[0] * (dy * dy) + along[1] * (dx * dx) + di * di


@nb.njit(nogil=True, cache=True)
def _largest(bits: NDArray[np.int32], n: np.uint64) -> np.int32:
    """Return the bits of the largest of some floats that are not negative: ordered like them."""
    most = np.int32(0)
    for i in range(n):  # unlike a maximum of floats, this vectorises
        most = max(most, bits[i])
    return most


@nb.njit(nogil=True, cache=True)
def _compete(
    shape: NDArray[np.int64],
    found: int,
    own: int,
    candidates: NDArray[np.float32],
    numbers: NDArray[np.int32],
    weight: NDArray[np.float32],
    positions: NDArray[np.float32],
    values: NDArray[np.float32],
    distance: NDArray[np.float32],
    choice: NDArray[np.int32],
) -> None:
    """Find the nearest centre for each voxel of a cell, plane by plane.

    A centre that is farther from all of a plane than the cell's own centre is from the plane's
    farthest voxel is left out: exact, as rounded sums of terms that are not less are not less.
    """
    n, ys, xs = np.uint64(shape[1] * shape[2]), positions[0], positions[1]
    along = (weight[1], weight[2])
    # Strategy: for each plane, bound the distance by that to the own centre, then let the
    # candidates that the bound doesn't exclude sweep the plane one after the other, keeping
    # distance and choice of every voxel: inner loops without branches, which vectorise.
    for z in range(shape[0]):
        start = np.uint64(z) * n  # unsigned: a signed index costs a check
        row = candidates[own]
        centre, dz = (row[1], row[2], row[3]), np.float32(z) - row[0]
        across = weight[0] * (dz * dz)
        for i in range(n):
            distance[i] = _distance(ys[i], xs[i], values[start + i], centre, across, along)
        limit = np.int32(_largest(distance.view(np.int32), n)).view(np.float32)
        for i in range(n):
            distance[i] = np.inf
        for k in range(found):
            row = candidates[k]
            dz = np.float32(z) - row[0]
            across = weight[0] * (dz * dz)
            if across + row[4] + row[5] > limit:
                continue
            centre, number = (row[1], row[2], row[3]), numbers[k]
            for i in range(n):
                d = _distance(ys[i], xs[i], values[start + i], centre, across, along)
                closer = d < distance[i]
                distance[i] = d if closer else distance[i]
                choice[start + i] = number if closer else choice[start + i]


@nb.njit(nogil=True, cache=True)
def assign_block(
    guide: NDArray[np.float32],
    origin: NDArray[np.int64],
    offset: NDArray[np.int64],
    step: NDArray[np.int64],
    first_cell: NDArray[np.int64],
    n_cells: NDArray[np.int64],
    centres: NDArray[np.float64],
    weight: NDArray[np.float32],
    sums: NDArray[np.float64],
    ids: NDArray[np.int32],
) -> None:
    """Assign the voxels of a block of whole cells to their nearest centres.

    Parameters
    ----------
    guide : float32, (Z, Y, X)
        Smoothed intensities of the block, multiples of `INTENSITY_STEP`.
    origin : int64, (3,)
        The block's first voxel.
    offset, step : int64, (3,)
        The grid: voxel v lies in cell ``(v + offset) // step``.
    first_cell, n_cells : int64, (3,)
        The block's cells.
    centres : float64, (cells..., 4)
        Position and intensity of all centres of the volume.
    weight : float32, (3,)
        Weight of the squared distance along each axis.
    sums : float64, (n_cells + 2..., 5)
        Receives count, position and intensity of what each centre won; one cell of margin.
        Empty (size 0): not wanted.
    ids : int32, (Z, Y, X)
        Receives the raster number of the cell whose centre won. Empty (size 0): not wanted.
    """
    voxels = step[0] * step[1] * step[2]
    positions = np.empty((2, step[1] * step[2]), np.float32)
    values, distance = np.empty(voxels, np.float32), np.empty(step[1] * step[2], np.float32)
    choice = np.empty(voxels, np.int32)
    candidates, numbers = np.empty((27, 6), np.float32), np.empty(27, np.int32)
    lower, upper, cell = np.empty(3, np.int64), np.empty(3, np.int64), np.empty(3, np.int64)
    # Strategy: cell by cell: copy its voxels to a flat buffer, list its candidates, let them
    # compete, and only then add to the sums or write ids, each once a voxel.
    for flat in range(n_cells[0] * n_cells[1] * n_cells[2]):
        cell[0] = first_cell[0] + flat // (n_cells[1] * n_cells[2])
        cell[1] = first_cell[1] + flat // n_cells[2] % n_cells[1]
        cell[2] = first_cell[2] + flat % n_cells[2]
        for axis in range(3):
            start = cell[axis] * step[axis] - offset[axis] - origin[axis]
            lower[axis] = max(start, 0)
            upper[axis] = min(start + step[axis], guide.shape[axis])
        corner, shape = lower + origin, upper - lower
        _load_cell(guide, lower, upper, values)
        _load_positions(shape, positions)
        found, own = _find_candidates(cell, corner, shape, centres, weight, candidates, numbers)
        _compete(
            shape, found, own, candidates, numbers, weight, positions, values, distance, choice
        )
        if sums.size:
            _accumulate(cell - first_cell, corner, shape, positions, values, choice, sums)
        if ids.size:
            _write_ids(cell, lower, upper, centres.shape[1], centres.shape[2], choice, ids)


@nb.njit(nogil=True, cache=True)
def _accumulate(
    place: NDArray[np.int64],
    corner: NDArray[np.int64],
    shape: NDArray[np.int64],
    positions: NDArray[np.float32],
    values: NDArray[np.float32],
    choice: NDArray[np.int32],
    sums: NDArray[np.float64],
) -> None:
    """Add the cell's voxels to the sums of the centres that won them."""
    # Strategy: sum into 27 local rows, which stay in the cache, from positions counted from the
    # cell's corner; shift and add them to the winners' sums at the end.
    local = np.zeros((27, N_SUMS), np.float64)
    plane = shape[1] * shape[2]
    for z in range(shape[0]):
        for i in range(plane):
            total = local[choice[z * plane + i]]
            total[0] += 1
            total[1] += z
            total[2] += positions[0, i]
            total[3] += positions[1, i]
            total[4] += values[z * plane + i]
    for k in range(27):
        count = local[k, 0]
        if count:
            total = sums[place[0] + k // 9, place[1] + k // 3 % 3, place[2] + k % 3]
            total[0] += count
            for axis in range(3):
                total[1 + axis] += local[k, 1 + axis] + count * corner[axis]
            total[4] += local[k, 4]


@nb.njit(nogil=True, cache=True)
def _write_ids(
    cell: NDArray[np.int64],
    lower: NDArray[np.int64],
    upper: NDArray[np.int64],
    rows: int,
    columns: int,
    choice: NDArray[np.int32],
    ids: NDArray[np.int32],
) -> None:
    """Turn the winners of a cell (0..26) into cell numbers of the whole grid."""
    numbers = np.empty(27, np.int32)
    for k in range(27):
        plane, row = cell[0] + k // 9 - 1, cell[1] + k // 3 % 3 - 1
        numbers[k] = (plane * rows + row) * columns + cell[2] + k % 3 - 1
    n = 0
    for z in range(lower[0], upper[0]):
        for y in range(lower[1], upper[1]):
            for x in range(lower[2], upper[2]):
                ids[z, y, x] = numbers[choice[n]]
                n += 1
