"""Splitting round things that touch: at necks, by the distance to the surface and its curvature."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError

from ._feret import find_corners
from ._flood import flood_from_peaks
from .checks import Spacing
from .distances import distances_within

RATIO = 0.9  # of a pass to the lower peak, from which on there is no neck
THIN = 1.5  # voxels of the finest axis from the middle to the surface: too thin for a neck
SCALE = 0.5  # of the Gaussian, in radii
CURVATURE = 2.0  # how much the curvature of the distance counts beside the distance
CONVEX = 0.85  # pieces that fill less of their convex hull are tried to be cut again
GAIN = 0.05  # of convexity, that it must bring
AGAIN = 0.95  # the ratio with which that is tried: a shallower neck will do

Pieces = NDArray[np.int32]


def split_round(inside: NDArray[np.bool_], spacing: Spacing) -> Pieces:
    """Cut an object into round pieces.

    Parameters
    ----------
    inside : bool, (Z, Y, X)
        The object, in a box that is a voxel wider where the volume goes on: the border of the
        array is no surface.
    spacing : tuple of 3 float

    Returns
    -------
    int32, (Z, Y, X)
        1..N in the object; 1 alone if there is no neck.

    Notes
    -----
    The landscape is the distance to the surface, minus its Laplacian at a scale of half a typical
    radius: that raises the middles of round things, and lowers necks. It is flooded from its peaks;
    peaks are separate if the pass between them is lower than 0.9 of the lower one. Pieces that are
    far from convex are tried again with 0.95, and stay cut if that makes them rounder.
    """
    if inside.all():
        return inside.astype(np.int32)
    finest = min(spacing)
    away = np.where(inside, distances_within(~inside, spacing) - finest / 2, 0).astype(np.float64)
    smooth = _blurred(away, finest, spacing)
    radius = max(finest, _typical_radius(smooth, inside))
    if smooth.max() < THIN * finest:
        return inside.astype(np.int32)
    pieces = _cut(away, smooth, inside, SCALE * radius, spacing)
    boxes = ndimage.find_objects(pieces)
    for k, box in enumerate(boxes, 1):  # pieces that are cut again put the new ones at the end
        wider = tuple(slice(max(0, side.start - 1), side.stop + 1) for side in box)
        new = _cut_again(pieces[wider], k, len(boxes), radius, spacing)
        boxes.extend([box] * new)
    return pieces


def _blurred(values: NDArray[np.float64], sigma: float, spacing: Spacing) -> NDArray[np.float64]:
    found: NDArray[np.float64] = ndimage.gaussian_filter(
        values, sigma / np.array(spacing), mode="nearest"
    )
    return found


def _typical_radius(smooth: NDArray[np.float64], inside: NDArray[np.bool_]) -> float:
    """Return the median height of the distance's peaks, each weighted by its height."""
    height = np.where(inside, smooth, 0).astype(np.float32)
    peaks = np.sort(_flood(height, RATIO)[1].astype(np.float64))
    share = np.cumsum(peaks) / peaks.sum() if peaks.sum() > 0 else np.ones(peaks.size)
    return float(peaks[min(int(np.searchsorted(share, 0.5)), peaks.size - 1)])


def _flood(height: NDArray[np.float32], ratio: float) -> tuple[Pieces, NDArray[np.float32]]:
    land = np.flatnonzero(height > 0)
    order = land[np.argsort(-height.ravel()[land], kind="stable")]
    found: tuple[Pieces, NDArray[np.float32]] = flood_from_peaks(height, order, ratio)
    return found


def _cut(
    away: NDArray[np.float64],
    smooth: NDArray[np.float64],
    inside: NDArray[np.bool_],
    sigma: float,
    spacing: Spacing,
    ratio: float = RATIO,
) -> Pieces:
    """Flood the landscape of distance and curvature at a scale."""
    curvature = np.zeros(away.shape)
    for axis in range(3):
        order = [2 * (axis == k) for k in range(3)]
        curvature += ndimage.gaussian_filter(
            away, sigma / np.array(spacing), order=order, mode="nearest"
        ) / (spacing[axis] ** 2)
    landscape = smooth - CURVATURE * sigma**2 * curvature
    floor = 1e-3 * min(spacing)  # what lies in a deep neck is land all the same
    return _flood(np.where(inside, np.maximum(landscape, floor), 0).astype(np.float32), ratio)[0]


def _cut_again(pieces: Pieces, k: int, n: int, radius: float, spacing: Spacing) -> int:
    """Cut piece k of n that is far from convex, if that makes it rounder; count the new ones."""
    inside = pieces == k
    before = _convexity(inside, spacing)
    if before >= CONVEX:
        return 0
    finest = min(spacing)
    away = np.where(inside, distances_within(~inside, spacing) - finest / 2, 0).astype(np.float64)
    smooth = _blurred(away, finest, spacing)
    parts = _cut(away, smooth, inside, SCALE * radius, spacing, AGAIN)
    voxels = np.bincount(parts[inside])[1:]
    convex = [_convexity(parts == part, spacing) for part in range(1, voxels.size + 1)]
    if np.average(convex, weights=voxels) < before + GAIN:
        return 0
    new = parts > 1
    pieces[new] = parts[new] + n - 1
    return int(voxels.size - 1)


def _convexity(inside: NDArray[np.bool_], spacing: Spacing) -> float:
    """Return which share of its convex hull an object fills; 1 for what is flat or tiny."""
    size = np.array(spacing)
    corners = find_corners(inside.astype(np.int32), 1) * size
    faces = np.concatenate([np.diag(size / 2), -np.diag(size / 2)])
    points = (corners[:, np.newaxis] + faces).reshape(-1, 3)
    try:
        hull = ConvexHull(points).volume
    except QhullError:  # so thin that rounding makes it flat
        return 1.0
    return min(1.0, float(np.count_nonzero(inside) * np.prod(size) / hull))
