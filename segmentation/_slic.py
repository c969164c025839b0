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
    for z in range(guide.shape[0]):
        cz = (z + origin[0] + offset[0]) // step[0] - first_cell[0]
        for y in range(guide.shape[1]):
            cy = (y + origin[1] + offset[1]) // step[1] - first_cell[1]
            for x in range(guide.shape[2]):
                cx = (x + origin[2] + offset[2]) // step[2] - first_cell[2]
                total = sums[cz, cy, cx]
                total[0] += 1
                total[1] += z + origin[0]
                total[2] += y + origin[1]
                total[3] += x + origin[2]
                total[4] += guide[z, y, x]


@nb.njit(nogil=True, cache=True)
def _nearest(
    features: NDArray[np.float32],
    centre: NDArray[np.float32],
    weight: NDArray[np.float32],
    candidate: np.int32,
    n_padded: int,
    distance: NDArray[np.float32],
    choice: NDArray[np.int32],
) -> None:
    """Let one centre compete for all voxels of a cell; the flat loop vectorises."""
    zs, ys, xs, values = features[0], features[1], features[2], features[3]
    c0, c1, c2, c3 = centre[0], centre[1], centre[2], centre[3]
    w0, w1, w2 = weight[0], weight[1], weight[2]
    for i in range(n_padded):
        dz, dy, dx, di = zs[i] - c0, ys[i] - c1, xs[i] - c2, values[i] - c3
        d = w0 * (dz * dz) + w1 * (dy * dy) + w2 * (dx * dx) + di * di
        closer = d < distance[i]
        distance[i] = d if closer else distance[i]
        choice[i] = candidate if closer else choice[i]


@nb.njit(nogil=True, cache=True)
def _load_cell(
    guide: NDArray[np.float32],
    lower: NDArray[np.int64],
    upper: NDArray[np.int64],
    features: NDArray[np.float32],
) -> int:
    """Copy a cell's voxels (position from the cell's corner, intensity) to a flat buffer."""
    n = 0
    for z in range(lower[0], upper[0]):
        for y in range(lower[1], upper[1]):
            for x in range(lower[2], upper[2]):
                features[0, n] = z - lower[0]
                features[1, n] = y - lower[1]
                features[2, n] = x - lower[2]
                features[3, n] = guide[z, y, x]
                n += 1
    return n


@nb.njit(nogil=True, cache=True)
def _compete(
    cell: NDArray[np.int64],
    corner: NDArray[np.int64],
    centres: NDArray[np.float64],
    weight: NDArray[np.float32],
    features: NDArray[np.float32],
    n: int,
    distance: NDArray[np.float32],
    choice: NDArray[np.int32],
) -> None:
    """Find the nearest of the (up to) 27 centres around `cell` for each of its `n` voxels."""
    n_padded = (n + 15) // 16 * 16
    distance[:n_padded] = np.inf
    local = np.empty(4, np.float32)
    for k in range(27):
        z, y, x = cell[0] + k // 9 - 1, cell[1] + k // 3 % 3 - 1, cell[2] + k % 3 - 1
        if not (
            0 <= z < centres.shape[0] and 0 <= y < centres.shape[1] and 0 <= x < centres.shape[2]
        ):
            continue
        centre = centres[z, y, x]
        for axis in range(3):
            local[axis] = centre[axis] - corner[axis]
        local[3] = centre[3]
        _nearest(features, local, weight, np.int32(k), n_padded, distance, choice)


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
    voxels = step[0] * step[1] * step[2] + 16
    features = np.zeros((4, voxels), np.float32)
    distance = np.empty(voxels, np.float32)
    choice = np.zeros(voxels, np.int32)
    lower, upper, cell, corner = (
        np.empty(3, np.int64),
        np.empty(3, np.int64),
        np.empty(3, np.int64),
        np.empty(3, np.int64),
    )
    for flat in range(n_cells[0] * n_cells[1] * n_cells[2]):
        cell[0] = first_cell[0] + flat // (n_cells[1] * n_cells[2])
        cell[1] = first_cell[1] + flat // n_cells[2] % n_cells[1]
        cell[2] = first_cell[2] + flat % n_cells[2]
        for axis in range(3):
            start = cell[axis] * step[axis] - offset[axis] - origin[axis]
            lower[axis] = max(start, 0)
            upper[axis] = min(start + step[axis], guide.shape[axis])
            corner[axis] = lower[axis] + origin[axis]
        n = _load_cell(guide, lower, upper, features)
        _compete(cell, corner, centres, weight, features, n, distance, choice)
        if sums.size:
            _accumulate(cell, first_cell, corner, features, choice, n, sums)
        if ids.size:
            _write_ids(cell, lower, upper, centres.shape[1], centres.shape[2], choice, ids)


@nb.njit(nogil=True, cache=True)
def _accumulate(
    cell: NDArray[np.int64],
    first_cell: NDArray[np.int64],
    corner: NDArray[np.int64],
    features: NDArray[np.float32],
    choice: NDArray[np.int32],
    n: int,
    sums: NDArray[np.float64],
) -> None:
    """Add the cell's voxels to the sums of the centres that won them."""
    local = np.zeros((27, N_SUMS), np.float64)
    for i in range(n):
        total = local[choice[i]]
        total[0] += 1
        total[1] += features[0, i]
        total[2] += features[1, i]
        total[3] += features[2, i]
        total[4] += features[3, i]
    z, y, x = cell[0] - first_cell[0], cell[1] - first_cell[1], cell[2] - first_cell[2]
    for k in range(27):
        count = local[k, 0]
        if count:
            total = sums[z + k // 9, y + k // 3 % 3, x + k % 3]
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
    n = 0
    for z in range(lower[0], upper[0]):
        for y in range(lower[1], upper[1]):
            for x in range(lower[2], upper[2]):
                k = choice[n]
                plane = cell[0] + k // 9 - 1
                row = cell[1] + k // 3 % 3 - 1
                ids[z, y, x] = (plane * rows + row) * columns + cell[2] + k % 3 - 1
                n += 1
