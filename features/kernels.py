"""What filters and sums the channels of a block: compiled code, or a device's arrays."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from supervox.execution import IntTriple

from .array_filters import filter_arrays
from .filters import filter_scale
from .grids import CoarseGrid, Window
from .runs import LIMIT, UNITS, add_channel, find_runs
from .scales import Scale


class Kernels(Protocol):
    """The functions of a block that the feature bank and pooling are made of."""

    def load(self, grid: CoarseGrid) -> CoarseGrid:
        """Bring a grid to where it is worked on."""

    def zeros(self, shape: tuple[int, ...]) -> Any:
        """Return an array of int64 for sums."""

    def filter_scale(
        self, grid: CoarseGrid, cells: Window, scale: Scale, filters: Collection[str]
    ) -> Iterator[tuple[str, Any]]:
        """Compute filters of one scale; see `supervox.features.filters`."""

    def find_runs(self, local: NDArray[np.int32], core: Window, factor: IntTriple) -> Any:
        """List where the supervoxels of a block lie on a grid; see `supervox.features.runs`."""

    def add_channel(self, values: Any, runs: Any, sums: Any, squares: Any) -> None:
        """Add a channel to the sums of a block's supervoxels."""


class CompiledKernels:
    """The compiled code, for the processors."""

    filter_scale = staticmethod(filter_scale)
    find_runs = staticmethod(find_runs)
    add_channel = staticmethod(add_channel)

    def load(self, grid: CoarseGrid) -> CoarseGrid:
        """Return the grid: it is where it is worked on."""
        return grid

    def zeros(self, shape: tuple[int, ...]) -> NDArray[np.int64]:
        """Return an array of int64 for sums."""
        return np.zeros(shape, np.int64)


@dataclass(frozen=True)
class ArrayEntries:
    """Where the supervoxels of a block lie on a grid, in the order of the supervoxels.

    Attributes
    ----------
    cell, count : arrays of int64
        A cell that a supervoxel has voxels in, and how many.
    ends : array of int64, (n + 1,)
        The entries of supervoxel i are those from ``ends[i]`` to ``ends[i + 1]``.
    """

    cell: Any
    count: Any
    ends: Any


@dataclass(frozen=True)
class ArrayKernels:
    """The same as operations on whole arrays, for a device.

    Sums are differences of running sums of integers: exact, in any order that a device adds in.

    Attributes
    ----------
    xp : module
        CuPy, or another with NumPy's functions.
    """

    xp: Any

    def load(self, grid: CoarseGrid) -> CoarseGrid:
        """Copy a grid to the device."""
        squares = None if grid.squares is None else self.xp.asarray(grid.squares)
        return replace(grid, values=self.xp.asarray(grid.values), squares=squares)

    def zeros(self, shape: tuple[int, ...]) -> Any:
        """Return an array of int64 for sums, on the device."""
        return self.xp.zeros(shape, self.xp.int64)

    def filter_scale(
        self, grid: CoarseGrid, cells: Window, scale: Scale, filters: Collection[str]
    ) -> Iterator[tuple[str, Any]]:
        """Compute filters of one scale; see `filter_arrays`."""
        return filter_arrays(self.xp, grid, cells, scale, filters)

    def find_runs(self, local: NDArray[np.int32], core: Window, factor: IntTriple) -> ArrayEntries:
        """List the cells of a grid that each supervoxel of a block has voxels in."""
        xp, cells = self.xp, core.coarsened(factor)
        z, y, x = (
            xp.arange(core.start[k], core.stop[k], dtype=xp.int64) // factor[k] - cells.start[k]
            for k in range(3)
        )
        _, rows, columns = cells.shape
        cell = (z[:, None, None] * rows + y[:, None]) * columns + x
        n_cells = cells.shape[0] * rows * columns
        key = xp.asarray(local).astype(xp.int64) * n_cells + cell
        key, count = xp.unique(key.reshape(-1), return_counts=True)
        ends = xp.searchsorted(key // n_cells, xp.arange(int(local.max()) + 2))
        return ArrayEntries(key % n_cells, count, ends)

    def add_channel(self, values: Any, runs: ArrayEntries, sums: Any, squares: Any) -> None:
        """Add a channel to the sums of a block's supervoxels, in quanta."""
        xp = self.xp
        scaled = xp.clip(values.reshape(-1) * float(UNITS), -float(LIMIT), float(LIMIT))
        quanta = xp.floor(scaled + 0.5).astype(xp.int64)[runs.cell]
        n = len(runs.ends) - 1
        for total, what in ((sums, quanta), (squares, quanta * quanta)):
            until = xp.concatenate([xp.zeros(1, xp.int64), xp.cumsum(what * runs.count)])
            total[:n] += xp.diff(until[runs.ends])


COMPILED = CompiledKernels()
