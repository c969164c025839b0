"""Edits as a person makes them: from a line that is drawn, or an object that is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .cutting import anchors_beside, places_along
from .edits import CutLine, Point, Voxel
from .errors import ObjectsError


def cut_along(
    ids: NDArray[Any],
    number: int,
    of: int,
    axis: int,
    plane: int,
    line: Sequence[Point],
    start: Sequence[int] = (0, 0, 0),
) -> CutLine:
    """Return the edit that cuts an object along a line in a plane.

    Parameters
    ----------
    ids : array of integers, (Z, Y, X)
    number, of : int
        The object, and its class.
    axis, plane : int
        Across which axis the line was drawn, and in which plane of the whole image.
    line : sequence of (float, float)
        In voxels of the whole image, along the other two axes.
    start : sequence of 3 int
        Place of the first voxel of the ids in the whole image.

    Raises
    ------
    ObjectsError
        If the line doesn't pass through the object.
    """
    others = [k for k in range(3) if k != axis]
    inside = np.take(ids, plane - start[axis], axis) == number
    found = anchors_beside(line, inside, [start[k] for k in others])
    if found is None:
        raise ObjectsError(
            f"the line doesn't cut object {number}: draw it from one side of it to the other"
        )
    voxels = []
    for place in found:
        voxel = [plane] * 3
        voxel[others[0]], voxel[others[1]] = place
        voxels.append((voxel[0], voxel[1], voxel[2]))
    points = tuple((float(row), float(column)) for row, column in line)
    return CutLine(of, axis, points, voxels[0], voxels[1])


def objects_along(
    ids: NDArray[Any],
    axis: int,
    plane: int,
    line: Sequence[Point],
    start: Sequence[int] = (0, 0, 0),
) -> dict[int, Voxel]:
    """Return the objects that a line in a plane passes, and a voxel of each, the middle one.

    Parameters
    ----------
    ids, axis, plane, line, start
        As for `cut_along`.

    Returns
    -------
    dict of int to (int, int, int)
        Voxels are of the whole image; the object along which most of the line lies comes first.
    """
    others = [k for k in range(3) if k != axis]
    flat = np.take(ids, plane - start[axis], axis)
    at = np.rint(places_along(line)).astype(np.int64) - [start[k] for k in others]
    at = at[((at >= 0) & (at < flat.shape)).all(axis=1)]
    met = flat[tuple(at.T)]
    numbers, times = np.unique(met[met > 0], return_counts=True)
    found: dict[int, Voxel] = {}
    for number in numbers[np.argsort(-times, kind="stable")].tolist():
        places = at[met == number]
        voxel = [plane] * 3
        row, column = places[len(places) // 2].tolist()
        voxel[others[0]], voxel[others[1]] = row + start[others[0]], column + start[others[1]]
        found[number] = (voxel[0], voxel[1], voxel[2])
    return found


def inner_voxel(inside: NDArray[np.bool_]) -> Voxel:
    """Return the voxel of an object that is deepest within it: the first of them in raster order.

    Parameters
    ----------
    inside : bool, (Z, Y, X)
        The box around the object.
    """
    away = ndimage.distance_transform_cdt(np.pad(inside, 1), "chessboard")
    z, y, x = np.unravel_index(int(np.argmax(away)), away.shape)
    return int(z) - 1, int(y) - 1, int(x) - 1


def class_around(labels: NDArray[Any], inside: NDArray[np.bool_]) -> int:
    """Return the class that most voxels around an object are of, but its own; 0 if there is none.

    Parameters
    ----------
    labels : array of integers, (Z, Y, X)
        A box that is a voxel wider than the object, where the volume goes on.
    inside : bool, (Z, Y, X)
        The object.
    """
    rim = ndimage.binary_dilation(inside) & ~inside
    most = int(labels.max(initial=0)) + 1
    counts = np.bincount(labels[rim].astype(np.int64), minlength=most)
    counts[0] = 0
    counts[labels[inside][:1]] = 0  # the rest of what it was cut from
    return int(np.argmax(counts)) if counts.any() else 0
