"""Splitting by the image: cells that touch, with a stained boundary or dark gaps between them."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from ._flood import flood_from_peaks, flood_from_seeds
from .checks import Spacing
from .distances import distances_within
from .gaps import without_gaps

Boundaries = Literal["bright", "dark"]
SMOOTHING = 1.0  # of the image, in voxels of the finest axis
RATIO = 0.8  # of a pass to the lower peak, from which on there is one seed
LEAST = 1.5  # voxels of the finest axis that a seed lies from a boundary, at least
LEVELS = 1024
LEAST_CONTRAST = 0.25  # of a boundary, of that between boundaries and what they enclose


def split_by_image(
    inside: NDArray[np.bool_],
    image: NDArray[np.float32],
    spacing: Spacing,
    boundaries: Boundaries = "bright",
) -> NDArray[np.int32]:
    """Cut an object where the image has boundaries.

    Parameters
    ----------
    inside : bool, (Z, Y, X)
    image : float32, (Z, Y, X)
    spacing : tuple of 3 float
    boundaries : {"bright", "dark"}
        What lies between the pieces: a stained membrane, or gaps.

    Returns
    -------
    int32, (Z, Y, X)
        1..N in the object; 1 alone if the image has no boundary in it.

    Notes
    -----
    The image is smoothed by a voxel; Otsu's threshold in the box tells boundaries from what they
    enclose (Otsu 1979). Seeds are where that is widest, as for round things; from there the image
    is flooded, boundaries last (Meyer 1994). Pieces are joined again between which the image is
    hardly higher than within them.
    """
    finest = min(spacing)
    values = without_gaps(image)
    sign = 1.0 if boundaries == "bright" else -1.0
    smooth = sign * ndimage.gaussian_filter(values, SMOOTHING * finest / np.array(spacing))
    if not inside.any() or np.ptp(smooth[inside]) == 0:
        return inside.astype(np.int32)
    open_ = inside & (smooth < _otsu(smooth.ravel()))
    away = np.where(open_, distances_within(~open_, spacing), 0)
    away = ndimage.gaussian_filter(away, finest / np.array(spacing), mode="nearest")
    height = np.where(open_, away, 0).astype(np.float32)
    land = np.flatnonzero(height > 0)
    order = land[np.argsort(-height.ravel()[land], kind="stable")]
    pieces, peaks = flood_from_peaks(height, order, RATIO)
    wide = np.concatenate([[False], peaks > LEAST * finest])
    if wide.sum() < 2:
        return inside.astype(np.int32)
    number = np.where(wide, np.cumsum(wide), 0).astype(np.int32)
    seeds = number[pieces]
    inner = seeds.copy()
    low, high = float(smooth[inside].min()), float(smooth[inside].max())
    level = ((smooth - low) / (high - low) * (LEVELS - 1)).clip(0, LEVELS - 1).astype(np.int32)
    flood_from_seeds(level, seeds, inside, LEVELS)
    left = ndimage.label(inside & (seeds == 0))[0]  # what no seed reaches but over a corner
    seeds[left > 0] = left[left > 0] + number.max()
    contrast = float(smooth[inside & ~open_].mean() - smooth[open_].mean())
    return _join_without_boundary(seeds, inner, smooth, LEAST_CONTRAST * contrast)


def _join_without_boundary(
    pieces: NDArray[np.int32],
    inner: NDArray[np.int32],
    smooth: NDArray[np.float32],
    least: float,
) -> NDArray[np.int32]:
    """Join pieces between which the image, on average, is hardly higher than within them.

    Parameters
    ----------
    pieces, inner : int32, (Z, Y, X)
        The pieces, and their seeds.
    smooth : float32, (Z, Y, X)
    least : float
        How much higher it must be.
    """
    n = int(pieces.max())
    voxels = np.bincount(inner.ravel(), minlength=n + 1)
    sums = np.bincount(inner.ravel(), smooth.ravel(), minlength=n + 1)
    level = np.where(voxels > 0, sums / np.maximum(voxels, 1), np.nan)
    keys, heights = [], []
    for axis in range(3):
        ends = [slice(None)] * 3
        starts = [slice(None)] * 3
        ends[axis], starts[axis] = slice(1, None), slice(None, -1)
        a, b = pieces[tuple(starts)], pieces[tuple(ends)]
        met = (a != b) & (a > 0) & (b > 0)
        keys.append(np.minimum(a, b)[met].astype(np.int64) * (n + 1) + np.maximum(a, b)[met])
        heights.append(np.maximum(smooth[tuple(starts)], smooth[tuple(ends)])[met])
    pairs, number = np.unique(np.concatenate(keys), return_inverse=True)
    mean = np.bincount(number, np.concatenate(heights)) / np.bincount(number)
    one, other = pairs // (n + 1), pairs % (n + 1)
    with np.errstate(invalid="ignore"):
        same = mean - np.fmax(level[one], level[other]) < least
    graph = sparse.coo_array((np.ones(same.sum()), (one[same], other[same])), (n + 1, n + 1))
    joined = sparse.csgraph.connected_components(graph, directed=False)[1]
    first = np.unique(joined[1:], return_index=True)[1]
    number_of = np.zeros(int(joined.max()) + 1, np.int32)
    number_of[joined[1:][np.sort(first)]] = np.arange(1, first.size + 1)
    found: NDArray[np.int32] = np.where(pieces > 0, number_of[joined[pieces]], 0).astype(np.int32)
    return found


def _otsu(values: NDArray[np.float32]) -> float:
    """Return the threshold that separates values into two classes with the least variance."""
    counts, edges = np.histogram(values, bins=256)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centres)
    with np.errstate(invalid="ignore", divide="ignore"):
        between = below * above * np.square(sums / below - (sums[-1] - sums) / above)
    return float(edges[1:][np.nanargmax(between)])
