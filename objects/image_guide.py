"""What the image says of things between painted slices: a Markov random field of their voxels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from supervox.segmentation import RegionGraph, refine

from .checks import Spacing
from .gaps import without_gaps

Floats = NDArray[np.float64]
# All lengths are in voxels of the finest axis.
REACH = 8.0  # how far from its place by shape a boundary may lie
RIM = 2.0  # of voxels that are sure, around those
SMOOTHING = 1.0  # sigma of the image
SLACK, DRIFT = 0.5, 0.25  # how unsure a shape is at a painted slice; and more, by the way from it
# Intensities inside and outside of a thing, as histograms.
BINS = 24
ALIKE = 20  # voxels of which one counts: neighbours say the same
PRIOR = 30  # voxels that say that the image tells nothing
SUREST = 8.0  # logarithm of the odds that counts most


def by_image(depth: Floats, image: Floats, spacing: Spacing) -> Floats:
    """Let the image decide where a thing ends, near the place that its shape says.

    Parameters
    ----------
    depth : float64, (N + 1, R, C)
        How deep each voxel lies in the thing by its shape, negative outside: in both painted
        slices, and in those between.
    image : float64, of the same shape
    spacing : tuple of 3 float

    Returns
    -------
    float64, of the same shape
        The same depths, but with another sign where the image says so.

    Notes
    -----
    Three things are weighed (Boykov & Funka-Lea 2006): the shape, of which less is sure further
    from the painted slices; which intensities the thing and what is around it have in these slices
    (Rother, Kolmogorov & Blake 2004); and that boundaries are short and lie at edges. The painted
    slices are fixed. The minimum is that of the engine's refinement, with voxels as regions.
    """
    finest = min(spacing)
    values = without_gaps(image)
    if values.min() == values.max():
        return depth
    smooth = ndimage.gaussian_filter(values, SMOOTHING * finest / np.array(spacing), mode="nearest")
    away = np.minimum(np.arange(len(depth)), np.arange(len(depth))[::-1]) * spacing[0]
    unsure = (SLACK * finest + DRIFT * away)[:, np.newaxis, np.newaxis]
    odds = depth / unsure + _odds(depth, smooth, REACH * finest)
    near = np.abs(depth) < (REACH + RIM) * finest
    graph = _graph(near, smooth, spacing)
    if not graph.n_supervoxels:
        return depth
    chance = 1 / (1 + np.exp(-odds[near].clip(-SUREST, SUREST)))
    is_fixed = np.abs(depth) >= REACH * finest
    is_fixed[[0, -1]] = True
    fixed = np.flatnonzero(is_fixed[near]).astype(np.int32)
    inside = refine(
        np.stack([1 - chance, chance], axis=1).astype(np.float32),
        graph,
        painted=(fixed, (depth[near][fixed] > 0).astype(np.int32)),
    )
    found = depth.copy()
    size = np.maximum(np.abs(depth[near]), SLACK * finest)
    found[near] = np.where(inside > 0, size, -size)
    return found


def _odds(depth: Floats, image: Floats, far: float) -> Floats:
    """Return how much more likely each voxel's intensity is inside than outside, as a logarithm.

    By the voxels of the painted slices: all that are inside, and those outside that are near.
    """
    ends, shapes = image[[0, -1]], depth[[0, -1]]
    inside, outside = ends[shapes > 0], ends[(shapes <= 0) & (shapes > -far)]
    count = min(inside.size, outside.size) / ALIKE
    if not count:
        return np.zeros_like(depth)
    both = np.concatenate([inside, outside])
    borders = np.quantile(both, np.linspace(0, 1, BINS + 1)[1:-1])
    shares = []
    for values in (inside, outside):
        counts = np.bincount(np.searchsorted(borders, values), minlength=BINS).astype(float)
        shares.append(ndimage.gaussian_filter1d(counts / values.size, 1.0, mode="nearest"))
    mean = (shares[0] + shares[1]) / 2
    there = mean > 0
    likely = [np.log(count * share[there] + PRIOR * mean[there]) for share in shares]
    odds = np.zeros(BINS)
    odds[there] = likely[0] - likely[1]
    found: Floats = odds[np.searchsorted(borders, image)]
    return found


def _graph(near: NDArray[np.bool_], image: Floats, spacing: Spacing) -> RegionGraph:
    """Return the voxels that are near a boundary, each a region, and the faces between them."""
    ids = np.full(near.shape, -1, np.int32)
    number = int(np.count_nonzero(near))
    ids[near] = np.arange(number)
    z, y, x = spacing
    areas = np.array([y * x, z * x, z * y])
    pairs, area = [], []
    for axis in range(3):
        lines = np.moveaxis(ids, axis, 0)
        both = np.stack([lines[:-1].ravel(), lines[1:].ravel()], axis=1)
        both = both[(both >= 0).all(axis=1)]
        pairs.append(both)
        area.append(np.full(len(both), areas[axis] / areas.min()))
    edges = np.concatenate(pairs)
    order = np.lexsort((edges[:, 1], edges[:, 0]))
    return RegionGraph(
        edges[order], np.concatenate(area)[order], np.ones(number, np.int64), image[near]
    )
