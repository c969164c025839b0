"""Strokes where a volume has data: others can't teach anything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from supervox.execution import VolumeLike
from supervox.features import finite

from .checks import SegmentationError
from .strokes import Strokes


class DataSeen:
    """Tells where a volume has data, and remembers what it was asked last.

    Supervoxels at the rim have voxels on both sides of it, so that only the volume can tell.

    Parameters
    ----------
    volume : array-like, (Z, Y, X)
        Not a number where it has no data.
    """

    def __init__(self, volume: VolumeLike) -> None:
        self._volume = volume
        self._known = np.zeros(0, np.int64), np.zeros(0, np.bool_)  # exchanged, never changed

    def at(self, voxels: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which of some voxels (P,) have data.

        Parameters
        ----------
        voxels : int64, (P,)
            Raster indices, ascending.
        """
        if np.dtype(self._volume.dtype).kind != "f":
            return np.ones(voxels.size, np.bool_)
        known, had_data = self._known
        # Of millions of voxels, all but a few are the same after a stroke, before it and behind it.
        n = min(known.size, voxels.size)
        first = _first(known[:n] != voxels[:n])
        same_end = _first(known[::-1][: n - first] != voxels[::-1][: n - first])
        between, among = slice(first, voxels.size - same_end), slice(first, known.size - same_end)
        middle = voxels[between]
        place = np.searchsorted(known[among], middle)
        is_known = np.append(known[among], -1)[place] == middle
        found_between = np.append(had_data[among], False)[place]
        found_between[~is_known] = self._look(middle[~is_known])
        end = had_data[known.size - same_end :]
        found = np.concatenate([had_data[:first], found_between, end])
        self._known = voxels, found
        return found

    def _look(self, voxels: NDArray[np.int64]) -> NDArray[np.bool_]:
        found = np.ones(voxels.size, np.bool_)
        places = np.unravel_index(voxels, self._volume.shape)
        starts = np.flatnonzero(np.diff(places[0], prepend=-1))
        # one plane at a time, and of it no more than the rectangle around what is asked for
        for part in map(slice, starts, [*starts[1:], voxels.size]):
            at = [place[part] for place in places]
            z, y, x = (slice(int(each.min()), int(each.max()) + 1) for each in at)
            has_data = finite(self._volume, (z, y, x))
            if has_data is not None:
                found[part] = has_data[0, at[1] - y.start, at[2] - x.start]
        return found


def _first(values: NDArray[np.bool_]) -> int:
    """Return the place of the first that is true, or of the end."""
    return int(values.argmax()) if values.any() else values.size


def strokes_in_data(strokes: Strokes, seen: DataSeen) -> Strokes:
    """Leave out what is painted where a volume has no data.

    Parameters
    ----------
    strokes : Strokes
    seen : DataSeen
        Of the volume.

    Raises
    ------
    SegmentationError
        If fewer than two classes are left.
    """
    keep = seen.at(strokes.voxels)
    if keep.all():
        return strokes
    left = strokes.where(keep)
    if len(left.class_ids) < 2:
        lost = sorted(set(strokes.class_ids) - set(left.class_ids))
        raise SegmentationError(
            f"all strokes of class {', '.join(map(str, lost))} lie where the volume has no data: "
            'paint where it has; or if that is data, say so (no data: "none", or another mask)'
        )
    return left


def without_data(strokes: Strokes, volume: VolumeLike) -> Strokes:
    """Return what is painted where a volume has no data.

    Parameters
    ----------
    strokes : Strokes
    volume : array-like, (Z, Y, X)
    """
    return strokes.where(~DataSeen(volume).at(strokes.voxels))
