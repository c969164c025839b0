"""Where objects are cut: by a line in a plane, or by strokes in their parts."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ._flood import flood_from_seeds
from .checks import Spacing
from .distances import distances_within
from .edits import Point, Voxel

LEVELS = 256  # of the distance to the surface, from the middle outwards
CORNERS = np.ones((3, 3, 3), np.bool_)  # 26 neighbours
STEP = 0.25  # of a voxel, along a line that is looked at

Places = NDArray[np.float64]
Inside = NDArray[np.bool_]
Pieces = NDArray[np.int32]


def side_of_line(line: Sequence[Point], rows: Places, columns: Places) -> NDArray[np.bool_]:
    """Tell which places of a plane lie on the one side of a line that goes on beyond its ends.

    Parameters
    ----------
    line : sequence of (float, float)
        Two points or more; a point that follows itself counts once.
    rows, columns : float, broadcast to (R, C)

    Returns
    -------
    bool, (R, C)
        By the nearest piece of the line; what lies on the line is on the other side.
    """
    # Strategy: one piece after the other, keeping the nearest. At a corner two pieces are as near:
    # the one that a place is farther away from across counts, as is right for sharp corners, too.
    points = np.array([p for k, p in enumerate(line) if not k or p != line[k - 1]], float)
    shape = np.broadcast_shapes(rows.shape, columns.shape)
    nearest, farthest = np.full(shape, np.inf), np.full(shape, -1.0)
    side = np.zeros(shape, np.bool_)
    last = len(points) - 2
    for k in range(len(points) - 1):
        start, along = points[k], points[k + 1] - points[k]
        y, x = rows - start[0], columns - start[1]
        length = float(np.hypot(*along))
        share = (y * along[0] + x * along[1]) / length**2
        low, high = -np.inf if k == 0 else 0.0, np.inf if k == last else 1.0
        share = np.clip(share, low, high)
        away = np.hypot(y - share * along[0], x - share * along[1])
        across = (along[0] * x - along[1] * y) / length
        as_near = np.abs(away - nearest) <= 1e-9
        closer = np.where(as_near, np.abs(across) > farthest, away < nearest)
        side = np.where(closer, across > 0, side)
        nearest = np.where(closer, away, nearest)
        farthest = np.where(closer, np.abs(across), farthest)
    return side


def sides_in_box(
    line: Sequence[Point], axis: int, start: Sequence[int], shape: Sequence[int]
) -> NDArray[np.bool_]:
    """Tell on which side of a line the voxels of a box lie; the line is drawn through all planes.

    Parameters
    ----------
    line : sequence of (float, float)
    axis : int
        Across the planes.
    start, shape : sequence of 3 int
        First voxel of the box, and its voxels.

    Returns
    -------
    bool, (Z, Y, X)
        With one plane along the axis.
    """
    first, second = (k for k in range(3) if k != axis)
    rows = np.arange(shape[first], dtype=float)[:, np.newaxis] + start[first]
    columns = np.arange(shape[second], dtype=float)[np.newaxis] + start[second]
    return np.expand_dims(side_of_line(line, rows, columns), axis)


def anchors_beside(
    line: Sequence[Point], inside: NDArray[np.bool_], start: Sequence[int]
) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Return a place of an object on each side of a line in a plane, near the middle of the cut.

    Parameters
    ----------
    line : sequence of (float, float)
    inside : bool, (R, C)
        The object in the plane.
    start : sequence of 2 int
        First place.

    Returns
    -------
    ((int, int), (int, int)) or None
        None if the line doesn't pass through the object.
    """
    points = places_along(line)
    at = np.rint(points).astype(np.int64) - start
    there = ((at >= 0) & (at < inside.shape)).all(axis=1)
    on = np.flatnonzero(there)[inside[tuple(at[there].T)]]
    if not on.size:
        return None
    middle = points[on[on.size // 2]] - start
    rows, columns = np.nonzero(inside)
    side = side_of_line(
        line, (rows + start[0]).astype(np.float64), (columns + start[1]).astype(np.float64)
    )
    away = np.square(rows - middle[0]) + np.square(columns - middle[1])
    found = []
    for chosen in (~side, side):
        if not chosen.any():
            return None
        nearest = np.flatnonzero(chosen)[np.argmin(away[chosen])]
        found.append((int(rows[nearest]) + start[0], int(columns[nearest]) + start[1]))
    return found[0], found[1]


def places_along(line: Sequence[Point]) -> Places:
    """Return places along a line, some to a voxel, with its ends."""
    parts = []
    for start, end in itertools.pairwise(line):
        n = int(np.ceil(np.hypot(end[0] - start[0], end[1] - start[1]) / STEP)) + 1
        parts.append(np.linspace(start, end, max(n, 2)))
    return np.concatenate(parts)


def near_line_in_box(
    line: Sequence[Point], axis: int, start: Sequence[int], shape: Sequence[int]
) -> NDArray[np.bool_]:
    """Tell which voxels of a box are next to a line as it was drawn, in whatever plane.

    Parameters
    ----------
    line, axis, start, shape
        As for `sides_in_box`.

    Returns
    -------
    bool, (Z, Y, X)
        With one plane along the axis.
    """
    first, second = (k for k in range(3) if k != axis)
    near = np.zeros((shape[first], shape[second]), np.bool_)
    at = np.rint(places_along(line)).astype(np.int64) - (start[first], start[second])
    at = at[((at >= 0) & (at < near.shape)).all(axis=1)]
    near[tuple(at.T)] = True
    return np.expand_dims(ndimage.binary_dilation(near, np.ones((3, 3))), axis)


def cut_in_two(inside: Inside, side: Inside, voxels: Sequence[Voxel], near: Inside) -> Pieces:
    """Cut an object where a line passes between two of its voxels.

    Parameters
    ----------
    inside : bool, (Z, Y, X)
        The object.
    side : bool, broadcast to (Z, Y, X)
        On which side of the line voxels lie.
    voxels : sequence of (int, int, int)
        One or two voxels of the object in the box, one on a side.
    near : bool, broadcast to (Z, Y, X)
        What is next to the line: where a side has no voxel, what is there is the other piece.

    Returns
    -------
    int32, (Z, Y, X)
        1 at the first voxel, and 2 on the other side; 1 alone if nothing is there.

    Notes
    -----
    The line goes on beyond its ends. Where it cuts the object there once more, what lies behind
    stays with the piece that it hangs on.
    """
    seeds = np.zeros(inside.shape, np.int32)
    for number, voxel in enumerate(voxels, 1):
        parts = ndimage.label(inside & (side == _value(side, voxel)), CORNERS)[0]
        seeds[parts == parts[voxel]] = number
    if len(voxels) == 1:
        beyond = inside & (side != _value(side, voxels[0]))
        parts = ndimage.label(beyond, CORNERS)[0]
        seeds[beyond & np.isin(parts, np.unique(parts[beyond & near]))] = 2
    level = np.zeros(inside.shape, np.int32)
    flood_from_seeds(level, seeds, inside, 1)
    return _complete(seeds, inside, (1.0, 1.0, 1.0))


def _value(side: Inside, voxel: Voxel) -> bool:
    """Return what a broadcast array has at a voxel."""
    return bool(side[tuple(k if n > 1 else 0 for k, n in zip(voxel, side.shape, strict=True))])


def cut_between(inside: Inside, strokes: Sequence[Sequence[Voxel]], spacing: Spacing) -> Pieces:
    """Cut an object between strokes, at its narrowest places.

    Parameters
    ----------
    inside : bool, (Z, Y, X)
        The object.
    strokes : sequence of sequences of (int, int, int)
        Voxels of the object in the box; each stroke has some.
    spacing : tuple of 3 float

    Returns
    -------
    int32, (Z, Y, X)
        The number of a stroke, from 1, in the object.
    """
    seeds = np.zeros(inside.shape, np.int32)
    for number, stroke in enumerate(strokes, 1):
        for voxel in stroke:
            seeds[voxel] = number
    away = distances_within(~inside, spacing) if not inside.all() else np.ones(inside.shape)
    depth = np.where(inside, away, 0.0)
    level = np.floor((1 - depth / depth.max()) * (LEVELS - 1)).astype(np.int32)
    flood_from_seeds(level, seeds, inside, LEVELS)
    return _complete(seeds, inside, spacing)


def _complete(pieces: Pieces, inside: Inside, spacing: Spacing) -> Pieces:
    """Give what no face leads to the nearest piece: the flood goes from face to face."""
    left = inside & (pieces == 0)
    if left.any():
        nearest = ndimage.distance_transform_edt(
            pieces == 0, sampling=spacing, return_distances=False, return_indices=True
        )
        pieces[left] = pieces[tuple(axis[left] for axis in nearest)]
    return pieces
