"""Constants that fill a part of a volume in which nothing was measured.

A detector adds noise to all that it measures. Where voxels are exactly alike over whole
neighbourhoods, and those of the rest of the volume are not, a program has put them there: outside
of the cylinder of a CT reconstruction, in padding, in the borders of a tilt series. What is drawn
without any noise (labels, phantoms, pictures) has no such fill, nor has an image of which the
background was cut off at the end of the detector's range: there the values beside a flat piece are
close to it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import ndimage
from supervox.execution import VolumeLike

from .fill_candidates import LEAST_SHARE, border_values, frequent_values, planes_with

BAND_VOXELS = 2**22  # that candidates are looked at in, at a time
MOST_MEASURED = 1 / 3  # of the measured voxels may have the value; what more have is measured
MOST_SEEN = 2**14  # values of a band that medians are taken from
LEAST_VALUES = 16  # that measured voxels have; what has fewer is drawn, like labels
MOST_WINDOW = 65  # voxels along the edge of the squares that pieces are made of


@dataclass(frozen=True)
class FillValue:
    """A constant that stands for no data.

    Attributes
    ----------
    value : float
    window : int
        Voxels of this value are no data where they cover a square of so many voxels (odd) within
        their plane, as if they went on beyond its borders. 1: all are. More if the image itself
        has such voxels, far from the border: they are data.
    """

    value: float
    window: int = 1

    @property
    def reach(self) -> int:
        """How many voxels of a plane around a voxel decide on it."""
        return self.window - 1

    def find(self, planes: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which voxels of planes, (Y, X) or (Z, Y, X), are no data."""
        found: NDArray[np.bool_] = planes == self.value
        if self.window == 1 or not found.any():
            return found
        half, size = self.window // 2, [1] * (found.ndim - 2) + [self.window] * 2
        around = [(0, 0)] * (found.ndim - 2) + [(half, half)] * 2
        wide = np.pad(found.view(np.uint8), around, constant_values=1)
        middles = ndimage.minimum_filter(wide, size, mode="constant", cval=1)
        covered = ndimage.maximum_filter(middles, size, mode="constant", cval=0)
        inside = (..., slice(half, -half), slice(half, -half))
        found &= covered[inside].view(np.bool_)
        return found


def find_fill_values(volume: VolumeLike) -> tuple[FillValue, ...]:
    """Find the constants that fill at least a hundredth of a volume.

    They are found in a regular sample of the planes, whatever blocks are worked on.

    Parameters
    ----------
    volume : array-like, (Z, Y, X), any real dtype

    Returns
    -------
    tuple of FillValue
        Ascending. A constant is one if, in the sample,

        - most of its voxels, and less than half of all others, lie in constant pieces of 3 x 3
          voxels;
        - it fills 3 x 3 voxels in a corner of a plane, or amid one of its borders, or its outermost
          row or column; or it touches such a constant, as a saturated rim does;
        - less than a third of what is measured in the same planes has the value, as the zeros of
          counted photons;
        - it isn't the end of a range that the image was cut off at: then there are measured values
          on one side of it only, and beside its pieces at the border they come close to it: in the
          median less than half as far as elsewhere, a tenth of them half as far again or two grey
          levels.
    """
    places, found = border_values(volume), list[FillValue]()
    frequent = set(frequent_values(volume)) if places else set()  # nearly no image has any
    values = sorted(places)
    planes = planes_with({value: places[value] for value in values if value in frequent}, volume)
    while candidates := [_Candidate(value) for value in values if value in frequent]:
        frequent -= {candidate.value for candidate in candidates}
        fills = _examine(volume, planes, candidates, found)
        found += [FillValue(item.value, item.window) for item in fills]
        values = sorted(set().union(*(item.next_to for item in fills)))
    return tuple(sorted(found, key=lambda fill: fill.value))


def _examine(
    volume: VolumeLike,
    planes: list[int],
    candidates: list[_Candidate],
    known: list[FillValue],
) -> list[_Candidate]:
    """Return those of some candidates that are fill; `known` are those that were found before."""
    voxels = solid_voxels = 0
    levels = []
    for part, inside in _bands(volume, planes):
        solid = constant_pieces(part)
        is_known = np.isin(part, [fill.value for fill in known]) & solid
        core, solid_core = part[inside], solid[inside]
        voxels += int(np.count_nonzero(~is_known[inside]))
        solid_voxels += int(np.count_nonzero((solid & ~is_known)[inside]))
        measured = _thinned(core[~solid_core & np.isfinite(core)])
        levels.append(np.unique(measured))
        for candidate in candidates:
            if candidate.look(part, solid, is_known, inside):
                candidate.measured.append(measured)
    for candidate in candidates:
        candidate.beside += _between_planes(volume, planes, candidate.value)
    if np.unique(np.concatenate(levels)).size < LEAST_VALUES:
        return []
    return [item for item in candidates if item.is_fill(voxels, solid_voxels)]


@dataclass
class _Candidate:
    """What is seen of a frequent value."""

    value: float
    voxels: int = 0
    solid: int = 0
    window: int = 1
    beside: list[NDArray[Any]] = field(default_factory=list)
    measured: list[NDArray[Any]] = field(default_factory=list)  # where it has pieces
    next_to: set[float] = field(default_factory=set)  # constants that its pieces touch

    def look(
        self,
        part: NDArray[Any],
        solid: NDArray[np.bool_],
        known: NDArray[np.bool_],
        inside: tuple[slice, slice],
    ) -> bool:
        """Count in a band of a plane, and return whether it has pieces there.

        `inside` is what belongs to the band of the part that was read. Fill that is `known` counts
        as beyond the border.
        """
        equal = part == self.value
        piece = equal & solid
        self.voxels += int(np.count_nonzero(equal[inside]))
        self.solid += int(np.count_nonzero(piece[inside]))
        outer = equal & _reaching_border(equal | known)
        self.window = max(self.window, _window_for(equal & ~outer))
        touched = _beside(piece & outer)
        self.next_to.update(np.unique(part[touched & solid & ~equal]).tolist())
        near = (touched & ~solid)[inside]
        values = part[inside][near]
        self.beside.append(_thinned(values[np.isfinite(values)]))
        return bool(piece[inside].any())

    def is_fill(self, voxels: int, solid: int) -> bool:
        """Decide, with the voxels and solid voxels of all values."""
        measured = np.concatenate([np.zeros(0), *self.measured]).astype(np.float64)
        others, solid_others = voxels - self.voxels, solid - self.solid
        return (
            self.voxels >= LEAST_SHARE * voxels
            and 2 * self.solid >= self.voxels
            and 2 * solid_others < others
            and int(np.count_nonzero(measured == self.value)) <= MOST_MEASURED * measured.size
            and not self._is_cut_off(measured)
        )

    def _is_cut_off(self, measured: NDArray[np.float64]) -> bool:
        """Tell whether it is the end of a range: measured values reach it, above all beside it."""
        beside = np.concatenate(self.beside).astype(np.float64)
        if not measured.size or not beside.size or measured.min() < self.value < measured.max():
            return False
        distance = np.abs(beside - self.value)
        least, near = np.quantile(distance, (0.1, 0.5))
        far = np.median(np.abs(measured - self.value))
        level = np.diff(np.unique(measured)).min()  # of a few grey values, they are 1 apart
        reach_it = 2 * least < near or least <= 2 * level
        return bool(reach_it and 2 * near < far)


def _between_planes(volume: VolumeLike, planes: list[int], value: float) -> list[NDArray[Any]]:
    """Return what is measured beside planes that are mainly of one value, in the next plane."""
    step = max(1, math.ceil(math.sqrt(math.prod(volume.shape[1:]) / BAND_VOXELS)))

    def read(plane: int) -> NDArray[Any]:
        return _comparable(np.asarray(volume[plane, ::step, ::step]))

    def is_filled(plane: int) -> bool:
        return bool(2 * np.count_nonzero(read(plane) == value) > read(plane).size)

    found = []
    filled = [is_filled(plane) for plane in planes]
    for k in np.flatnonzero(np.diff(filled)):
        low, high = planes[k], planes[k + 1]
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if is_filled(middle) == filled[k] else (low, middle)
        fill, other = (read(plane) for plane in ((low, high) if filled[k] else (high, low)))
        values = other[(fill == value) & (other != value)]
        found.append(_thinned(values[np.isfinite(values)]))
    return found


def _bands(
    volume: VolumeLike, planes: list[int]
) -> Iterator[tuple[NDArray[Any], tuple[slice, slice]]]:
    """Read some planes, a few rows at a time with those around them.

    Yields
    ------
    part : array, (Y, X)
    inside : tuple of 2 slice
        The rows that are to be counted.
    """
    rows, columns = volume.shape[1:]
    step = max(1, BAND_VOXELS // columns)
    for plane in planes:
        for start in range(0, rows, step):
            low, high = max(0, start - 2), min(rows, start + step + 2)
            part = _comparable(np.asarray(volume[plane, low:high]))
            yield part, (slice(start - low, min(start + step, rows) - low), slice(None))


def _comparable(values: NDArray[Any]) -> NDArray[Any]:
    """Return values of a type that the compiler knows, in the order of its bytes."""
    if values.dtype in (np.float16, np.longdouble, np.bool_):
        return values.astype(np.float64 if values.dtype == np.longdouble else np.float32)
    return np.ascontiguousarray(values, values.dtype.newbyteorder("="))


def _thinned(values: NDArray[Any]) -> NDArray[Any]:
    return values[:: max(1, -(-values.size // MOST_SEEN))]


def _reaching_border(equal: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pieces that reach the border of what was read of a plane."""
    number, n = ndimage.label(equal, np.ones((3, 3)))
    reaches = np.zeros(n + 1, np.bool_)
    for edge in (number[0], number[-1], number[:, 0], number[:, -1]):
        reaches[edge] = True
    reaches[0] = False
    found: NDArray[np.bool_] = reaches[number]
    return found


def _window_for(inner: NDArray[np.bool_]) -> int:
    """Return a square that is twice as wide as any in pieces that don't reach the border."""
    radius = int(ndimage.distance_transform_cdt(inner, "chessboard").max(initial=0))
    return min(2 * (2 * radius - 1) + 1, MOST_WINDOW) if radius else 1


def _beside(where: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which voxels of a plane have a neighbour in a set."""
    found = np.zeros_like(where)
    found[1:] |= where[:-1]
    found[:-1] |= where[1:]
    found[:, 1:] |= where[:, :-1]
    found[:, :-1] |= where[:, 1:]
    return found


def constant_pieces(plane: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which voxels of a plane are part of 3 x 3 equal ones.

    Parameters
    ----------
    plane : array, (Y, X)
        Beyond its borders the values go on as they please.

    Returns
    -------
    bool, (Y, X)
    """
    out = np.zeros(plane.shape, np.bool_)
    _mark_constant(_comparable(plane), out)
    return out


@njit(nogil=True, cache=True)
def _mark_constant(plane, out):  # type: ignore[no-untyped-def]
    rows, columns = plane.shape
    # Strategy: raster scan over the middles of windows, which may lie a voxel beyond the border; in
    # a noisy image the first row of a window ends it nearly everywhere.
    for y in range(-1, rows + 1):
        y0, y1 = max(y - 1, 0), min(y + 2, rows)
        is_row = 0 <= y < rows
        for x in range(-is_row, columns + is_row):
            x0, x1 = max(x - 1, 0), min(x + 2, columns)
            value, equal = plane[y0, x0], True
            for v in range(y0, y1):
                for u in range(x0, x1):
                    equal = equal and plane[v, u] == value
                if not equal:
                    break
            if equal:
                for v in range(y0, y1):
                    for u in range(x0, x1):
                        out[v, u] = True
