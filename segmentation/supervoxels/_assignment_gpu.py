"""The kernels of `_assignment` as operations on whole arrays, of any module with NumPy's functions.

A device runs them. The arithmetic is that of the compiled kernels, operation by operation, and all
sums are exact, so a device that rounds as IEEE 754 says chooses the same centres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = Any  # of the module `xp`
Cells = NDArray[np.int64]
NEIGHBOURS = [(k // 9, k // 3 % 3, k % 3) for k in range(27)]


@dataclass(frozen=True)
class CellBlock:
    """A block of whole cells, on a device.

    Attributes
    ----------
    xp : module
        CuPy, or another with NumPy's functions.
    guide : float32 of `xp`, (Z, Y, X)
        Smoothed intensities.
    origin : int64, (3,)
        The block's first voxel.
    offset, step : int64, (3,)
        The grid: voxel v lies in cell ``(v + offset) // step``.
    first_cell, n_cells : int64, (3,)
        The block's cells.
    """

    xp: Any
    guide: Array
    origin: NDArray[np.int64]
    offset: NDArray[np.int64]
    step: NDArray[np.int64]
    first_cell: NDArray[np.int64]
    n_cells: NDArray[np.int64]

    def sum_cells(self) -> Array:
        """Return the sums of all voxels of each cell: count, position, intensity; (cells..., 5)."""
        return self._sum(self._flat(self.n_cells), self.n_cells)

    def sum_winners(self, centres: NDArray[np.float64], weight: Sequence[float]) -> Array:
        """Return the sums of what each centre wins, with a margin of one cell on all sides.

        Parameters
        ----------
        centres : float64, (cells..., 4)
            Position and intensity of all centres of the volume.
        weight : sequence of 3 float
            Weight of the squared distance along each axis.
        """
        around = self.n_cells + 2
        step = [(z * around[1] + y) * around[2] + x for z, y, x in NEIGHBOURS]
        winner = self.xp.asarray(step, self.xp.int64)[self._choose(centres, weight)]
        return self._sum(self._flat(around).reshape(-1) + winner, around)

    def find_winners(self, centres: NDArray[np.float64], weight: Sequence[float]) -> Array:
        """Return the raster number of the centre that wins each voxel, int32."""
        xp, (_, rows, columns, _) = self.xp, centres.shape
        step = [((z - 1) * rows + y - 1) * columns + x - 1 for z, y, x in NEIGHBOURS]
        winner = xp.asarray(step, xp.int64)[self._choose(centres, weight)]
        own = self._flat(centres.shape[:3], self.first_cell).reshape(-1)
        return (own + winner).astype(xp.int32).reshape(self.guide.shape)

    def _choose(self, centres: NDArray[np.float64], weight: Sequence[float]) -> Array:
        """Return which of the 27 centres around a voxel's cell is nearest, the first of equals."""
        xp = self.xp
        cell = self._flat(self.n_cells).reshape(-1)
        values = self.guide.reshape(-1)
        corners, inside = self._corners()
        places = [xp.broadcast_to(part, self.guide.shape).reshape(-1) for part in inside]
        w = [float(np.float32(value)) for value in weight]
        padded = self._around(centres)
        nearest = xp.full(values.size, xp.inf, xp.float32)
        choice = xp.zeros(values.size, xp.int32)
        z, y, x = self.n_cells
        # Strategy: the 27 candidates one after the other, each over all voxels at a time; a strict
        # comparison keeps the first of equals, as in the compiled kernel.
        for k, (i, j, m) in enumerate(NEIGHBOURS):
            candidates = padded[i : i + z, j : j + y, m : m + x]
            local = (candidates[..., :3] - corners).astype(np.float32).reshape(-1, 3)
            c = [xp.asarray(local[:, axis].copy())[cell] for axis in range(3)]
            level = xp.asarray(candidates[..., 3].astype(np.float32).ravel())[cell]
            dz, dy, dx = (places[axis] - c[axis] for axis in range(3))
            di = values - level
            distance = w[0] * (dz * dz) + w[1] * (dy * dy) + w[2] * (dx * dx) + di * di
            closer = distance < nearest
            nearest = xp.where(closer, distance, nearest)
            choice = xp.where(closer, k, choice)
        return choice

    def _around(self, centres: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the centres of the block and one cell around; those that don't exist are far."""
        padded = np.full((*(self.n_cells + 2), 4), (np.inf, np.inf, np.inf, 0.0))
        low = np.maximum(self.first_cell - 1, 0)
        high = np.minimum(self.first_cell + self.n_cells + 1, centres.shape[:3])
        to, end = low - self.first_cell + 1, high - self.first_cell + 1
        z, y, x = (slice(a, b) for a, b in zip(low, high, strict=True))
        padded[to[0] : end[0], to[1] : end[1], to[2] : end[2]] = centres[z, y, x]
        return padded

    def _corners(self) -> tuple[NDArray[np.int64], list[Array]]:
        """Return the first voxel of each cell, (cells..., 3), and the voxels' places from there."""
        corners, inside = [], []
        for axis in range(3):
            cells = self.first_cell[axis] + np.arange(self.n_cells[axis])
            corner = np.maximum(cells * self.step[axis] - self.offset[axis], self.origin[axis])
            voxels = self.origin[axis] + np.arange(self.guide.shape[axis])
            own = corner[(voxels + self.offset[axis]) // self.step[axis] - self.first_cell[axis]]
            shape = [-1 if k == axis else 1 for k in range(3)]
            inside.append(self.xp.asarray((voxels - own).astype(np.float32).reshape(shape)))
            corners.append(corner)
        return np.stack(np.meshgrid(*corners, indexing="ij"), -1), inside

    def _flat(self, size: Sequence[int] | Cells, first: Sequence[int] | Cells = (0, 0, 0)) -> Array:
        """Return the raster number of each voxel's cell in an array of cells, int64, (Z, Y, X)."""
        z, y, x = (
            self.xp.asarray(
                (self.origin[k] + np.arange(self.guide.shape[k]) + self.offset[k]) // self.step[k]
                - self.first_cell[k]
                + first[k]
            )
            for k in range(3)
        )
        return (z[:, None, None] * int(size[1]) + y[:, None]) * int(size[2]) + x

    def _sum(self, target: Array, size: NDArray[np.int64]) -> Array:
        """Return the sums of the voxels that belong to each cell of an array, (size..., 5)."""
        xp, target = self.xp, target.reshape(-1)
        n = int(np.prod(size))
        # Strategy: one weighted count per quantity, of exact values, so that no order of additions
        # shows.
        sums = [xp.bincount(target, minlength=n).astype(xp.float64)]
        for axis in range(3):
            at = xp.arange(self.guide.shape[axis], dtype=xp.float64) + float(self.origin[axis])
            at = at.reshape([-1 if k == axis else 1 for k in range(3)])
            weights = xp.broadcast_to(at, self.guide.shape).reshape(-1)
            sums.append(xp.bincount(target, weights, n))
        sums.append(xp.bincount(target, self.guide.reshape(-1).astype(xp.float64), n))
        return xp.stack(sums, -1).reshape(*map(int, size), len(sums))
