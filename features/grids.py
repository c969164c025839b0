"""The block on grids of doubling coarseness: read once, normalised, averaged into cells.

Cells lie on global multiples of their size, so a cell has one value whichever block asks for it.
Cells at the far border average the voxels that exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from supervox.execution import IntTriple, Slices, VolumeLike

from .intensity import HIGH, LOW, IntensityRange
from .no_data import read_filled

Float32 = NDArray[np.float32]

FINEST: IntTriple = (1, 1, 1)
# Voxels read at a time into coarse grids, whose halos are wider than what is filtered finely.
SLAB_VOXELS = 2**22
# Squares are taken about the middle of the scale: float32 then keeps the digits of a variance.
MIDDLE = np.float32((LOW + HIGH) / 2)


@dataclass(frozen=True)
class Window:
    """A box of cells: [start, stop) per axis."""

    start: IntTriple
    stop: IntTriple

    @classmethod
    def of(cls, box: Slices, corner: IntTriple = (0, 0, 0)) -> Window:
        """Return the window of a box that is given from a corner."""
        return cls(
            _triple(part.start + at for part, at in zip(box, corner, strict=True)),
            _triple(part.stop + at for part, at in zip(box, corner, strict=True)),
        )

    @property
    def shape(self) -> IntTriple:
        """Cells per axis."""
        z, y, x = (b - a for a, b in zip(self.start, self.stop, strict=True))
        return z, y, x

    def grown(self, by: Sequence[int], limit: Sequence[int]) -> Window:
        """Return the window with a margin, cut at [0, limit)."""
        return Window(
            _triple(max(0, a - b) for a, b in zip(self.start, by, strict=True)),
            _triple(min(n, a + b) for a, b, n in zip(self.stop, by, limit, strict=True)),
        )

    def planes(self, start: int, stop: int) -> Window:
        """Return the part of the window in the planes [start, stop), as far as it has them."""
        first, last = max(start, self.start[0]), min(stop, self.stop[0])
        return Window((first, *self.start[1:]), (last, *self.stop[1:]))

    def union(self, other: Window) -> Window:
        """Return the smallest window around both."""
        return Window(
            _triple(map(min, self.start, other.start)), _triple(map(max, self.stop, other.stop))
        )

    def coarsened(self, factor: Sequence[int]) -> Window:
        """Return the window of the coarser cells that touch this one."""
        return Window(
            _triple(a // f for a, f in zip(self.start, factor, strict=True)),
            _triple(-(-b // f) for b, f in zip(self.stop, factor, strict=True)),
        )

    def refined(self, factor: Sequence[int], limit: Sequence[int]) -> Window:
        """Return the window of the finer cells inside this one, cut at `limit`."""
        return Window(
            _triple(a * f for a, f in zip(self.start, factor, strict=True)),
            _triple(min(b * f, n) for b, f, n in zip(self.stop, factor, limit, strict=True)),
        )

    def within(self, outer: Window) -> Slices:
        """Return this window as slices into an array that covers `outer`."""
        z, y, x = (
            slice(a - o, b - o) for a, b, o in zip(self.start, self.stop, outer.start, strict=True)
        )
        return z, y, x


@dataclass(frozen=True)
class CoarseGrid:
    """A part of the volume on one grid.

    Attributes
    ----------
    factor : tuple of 3 int
        Voxels per cell.
    size : tuple of 3 int
        Cells of the whole volume.
    window : Window
        The cells at hand.
    values : array of float32
        Mean normalised intensity of the cells of `window`.
    squares : array of float32 or None
        Mean of ``(intensity - MIDDLE)**2``, where asked for.
    """

    factor: IntTriple
    size: IntTriple
    window: Window
    values: Float32
    squares: Float32 | None


def _triple(values: Iterable[int]) -> IntTriple:
    z, y, x = values
    return z, y, x


def grid_size(shape: Sequence[int], factor: Sequence[int]) -> IntTriple:
    """Return how many cells of `factor` voxels cover a volume."""
    return _triple(-(-n // f) for n, f in zip(shape, factor, strict=True))


def read_grids(
    volume: VolumeLike,
    intensity: IntensityRange,
    factors: Iterable[IntTriple],
    needed: Mapping[IntTriple, Window],
    *,
    squares: bool,
) -> dict[IntTriple, CoarseGrid]:
    """Read what every grid needs.

    Parameters
    ----------
    volume : array-like, (Z, Y, X)
    intensity : IntensityRange
    factors : iterable of 3 int
        All grids of the feature bank, needed or not: a grid is always averaged from the next finer
        of them, so that its bits do not depend on what else is asked for. Each divides the next.
    needed : mapping of factor to Window
        The cells that a grid must hold.
    squares : bool
        Whether the grids also carry the mean squares.
    """
    shape = _triple(volume.shape)
    grids: dict[IntTriple, CoarseGrid] = {}
    if FINEST in needed:
        grids[FINEST] = _read_grid(volume, intensity, FINEST, needed[FINEST], squares)
    # the finest grid is filtered with narrow halos, but coarse grids reach far: they are read anew
    coarse = sorted({factor for factor in factors if FINEST < factor <= max(needed)})
    windows = dict(needed)
    for finer, factor in zip(coarse[-2::-1], coarse[:0:-1], strict=True):
        reached = windows[factor].refined(_ratio(factor, finer), grid_size(shape, finer))
        windows[finer] = reached.union(windows.get(finer, reached))
    for position, factor in enumerate(coarse):
        if position == 0:
            grids[factor] = _read_grid(volume, intensity, factor, windows[factor], squares)
        else:
            finer_grid = grids[coarse[position - 1]]
            grids[factor] = _coarsen(finer_grid, shape, factor, windows[factor])
    return grids


def _ratio(coarse: IntTriple, fine: IntTriple) -> IntTriple:
    return _triple(c // f for c, f in zip(coarse, fine, strict=True))


def _read_grid(
    volume: VolumeLike,
    intensity: IntensityRange,
    factor: IntTriple,
    window: Window,
    squares: bool,
) -> CoarseGrid:
    """Read a window of a grid from the volume, some planes at a time."""
    shape = _triple(volume.shape)
    values = np.empty(window.shape, np.float32)
    second = np.empty(window.shape, np.float32) if squares else None
    fine = window.refined(factor, shape)
    plane = fine.shape[1] * fine.shape[2] * factor[0]
    step = max(1, SLAB_VOXELS // plane)
    for start in range(window.start[0], window.stop[0], step):
        stop = min(start + step, window.stop[0])
        slab = Window((start, *window.start[1:]), (stop, *window.stop[1:]))
        box = slab.refined(factor, shape)
        voxels = intensity.normalise(read_filled(volume, box.within(Window((0, 0, 0), shape))))
        rows = slice(start - window.start[0], stop - window.start[0])
        if factor == FINEST:
            values[rows] = voxels
        else:
            _average(voxels, factor, values[rows])
        if second is not None:
            np.subtract(voxels, MIDDLE, out=voxels)
            _average(np.multiply(voxels, voxels, out=voxels), factor, second[rows])
    return CoarseGrid(factor, grid_size(shape, factor), window, values, second)


def _coarsen(finer: CoarseGrid, shape: IntTriple, factor: IntTriple, window: Window) -> CoarseGrid:
    """Average cells of a finer grid into a window of a coarser one."""
    ratio = _ratio(factor, finer.factor)
    part = window.refined(ratio, finer.size).within(finer.window)

    def average(source: Float32) -> Float32:
        out = np.empty(window.shape, np.float32)
        _average(np.ascontiguousarray(source[part]), ratio, out)
        return out

    second = None if finer.squares is None else average(finer.squares)
    return CoarseGrid(factor, grid_size(shape, factor), window, average(finer.values), second)


@njit(nogil=True, cache=True, error_model="numpy")
def _average(fine, factor, out):  # type: ignore[no-untyped-def]
    """Fill `out` with the means of boxes of `factor`; the last boxes of an axis may be cut."""
    fz, fy, fx = factor
    row = np.empty(fine.shape[2], np.float32)
    # Strategy: a row of cells at a time. Add up the fine rows under it element by element (which
    # vectorises), then sum along the result: the order of additions is fixed by the cell.
    for z in range(out.shape[0]):
        z1 = min((z + 1) * fz, fine.shape[0])
        for y in range(out.shape[1]):
            y1 = min((y + 1) * fy, fine.shape[1])
            row[:] = np.float32(0)
            for i in range(z * fz, z1):
                for j in range(y * fy, y1):
                    _add(row, fine[i, j])
            height = np.float32((z1 - z * fz) * (y1 - y * fy))
            for x in range(out.shape[2]):
                x1 = min((x + 1) * fx, row.size)
                total = np.float32(0)
                for k in range(x * fx, x1):
                    total += row[k]
                out[z, y, x] = total / (height * np.float32(x1 - x * fx))


@njit(nogil=True, cache=True, error_model="numpy")
def _add(total, row):  # type: ignore[no-untyped-def]
    for i in range(total.size):
        total[i] += row[i]
