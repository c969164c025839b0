"""Edits as a person makes them: from a line that is drawn, or an object that is chosen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .cutting import anchors_beside, places_along
from .edits import CutLine, Point, Voxel
from .errors import ObjectsError

SHORT = 0.25  # of a line's length, by which it may end short of each side of an object


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


def object_across(
    ids: NDArray[Any],
    axis: int,
    plane: int,
    line: Sequence[Point],
    start: Sequence[int] = (0, 0, 0),
    *,
    among: Collection[int],
    chosen: Collection[int] = (),
) -> int:
    """Return the object that a line in a plane is drawn across, for a cut.

    Parameters
    ----------
    ids, axis, plane, line, start
        As for `cut_along`.
    among : collection of int
        Objects that a person sees.
    chosen : collection of int
        Those that are chosen: where the line meets one, it is meant, wherever the line ends.

    Returns
    -------
    int

    Raises
    ------
    ObjectsError
        If the line meets no object, or goes across none: what has both of its ends lies around.

    Notes
    -----
    Of several that the line enters and leaves, it is the one along which most of it lies. Where
    there is none, it is the only one that it enters or leaves; or the only one that it meets, of
    which it may end a little short of both sides.
    """
    met, _ = _met_along(ids, axis, plane, line, start, among)
    numbers, times = np.unique(met[met > 0], return_counts=True)
    order = numbers[np.argsort(-times, kind="stable")].tolist()
    if not order:
        raise ObjectsError("the line passes no object: draw it across one")
    meant = [number for number in order if number in chosen]
    ends = [int(met[0]), int(met[-1])]
    crossed = meant or [number for number in order if number not in ends]
    if not crossed:
        if len(order) == 1:
            met, _ = _met_along(ids, axis, plane, _longer(line), start, among)
            crossed = [number for number in order if number not in (met[0], met[-1])]
        crossed = crossed or [number for number in order if ends.count(number) == 1]
        if len(crossed) != 1:
            raise ObjectsError(
                "the line goes across no object: draw it from one side of it to the other, or "
                "choose the object first, by a click"
            )
    return int(crossed[0])


def _longer(line: Sequence[Point]) -> list[Point]:
    """Return a line that goes on straight at both ends, as one does that is drawn a bit short."""
    length = sum(math.dist(a, b) for a, b in itertools.pairwise(line))
    ends = []
    for end, before in ((line[0], line[1]), (line[-1], line[-2])):
        share = SHORT * length / (math.dist(end, before) or 1.0)
        row, column = (a + share * (a - b) for a, b in zip(end, before, strict=True))
        ends.append((row, column))
    return [ends[0], *line, ends[1]]


def objects_at_ends(
    ids: NDArray[Any],
    axis: int,
    plane: int,
    line: Sequence[Point],
    start: Sequence[int] = (0, 0, 0),
    *,
    among: Collection[int],
) -> dict[int, Voxel]:
    """Return the first and the last object that a line in a plane meets, and a voxel of each.

    Parameters
    ----------
    ids, axis, plane, line, start
        As for `cut_along`.
    among : collection of int
        Objects that a person sees.

    Returns
    -------
    dict of int to (int, int, int)
        Voxels are of the whole image; one object alone if both ends are in it, or none.
    """
    others = [k for k in range(3) if k != axis]
    met, at = _met_along(ids, axis, plane, line, start, among)
    found: dict[int, Voxel] = {}
    for k in np.flatnonzero(met)[[0, -1]] if met.any() else ():
        # the middle of the stretch that begins, or ends, the line
        same = np.flatnonzero(met == met[k])
        stretch = next(
            part for part in np.split(same, np.flatnonzero(np.diff(same) > 1) + 1) if k in part
        )
        voxel = [plane] * 3
        for axis_along, place in zip(others, at[stretch[stretch.size // 2]], strict=True):
            voxel[axis_along] = int(place) + start[axis_along]
        found.setdefault(int(met[k]), (voxel[0], voxel[1], voxel[2]))
    return found


def _met_along(
    ids: NDArray[Any],
    axis: int,
    plane: int,
    line: Sequence[Point],
    start: Sequence[int],
    among: Collection[int],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the objects at places along a line, 0 for none or outside, and these places."""
    flat = np.take(ids, plane - start[axis], axis)
    at = np.rint(places_along(line)).astype(np.int64)
    at -= [start[k] for k in range(3) if k != axis]
    inside = ((at >= 0) & (at < flat.shape)).all(axis=1)
    met = np.zeros(len(at), np.int64)
    met[inside] = flat[tuple(at[inside].T)]
    met[~np.isin(met, list(among))] = 0
    return met, at


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
