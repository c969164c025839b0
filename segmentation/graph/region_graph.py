"""The region adjacency graph: which supervoxels touch, and along how large a boundary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numba as nb
import numpy as np
from numpy.typing import NDArray
from supervox.execution import (
    Block,
    Run,
    VolumeLike,
    Workers,
    default_block_shape,
    read_block,
    split_blocks,
)
from supervox.features import IntensityRange, finite
from supervox.segmentation.checks import check_spacing, check_volume
from supervox.segmentation.supervoxels._touching import reduce_pairs, touching_pairs
from supervox.segmentation.supervoxels.guide_image import (
    face_areas,
    guide_block,
    smoothing_sigma,
)


@dataclass(frozen=True)
class RegionGraph:
    """Supervoxels that share a face, with statistics of the regions.

    Intensities are those of the smoothed image on the common scale (percentiles at 0 and 10).

    Attributes
    ----------
    edges : int32, (E, 2)
        Ids of two touching supervoxels, the lower first; sorted.
    area : float64, (E,)
        Area of the shared boundary, in faces of the smallest size.
    size : int64, (S,)
        Voxels with data of each supervoxel. One without any touches no other.
    mean_intensity : float64, (S,)
        Mean intensity of each supervoxel.
    """

    edges: NDArray[np.int32]
    area: NDArray[np.float64]
    size: NDArray[np.int64]
    mean_intensity: NDArray[np.float64]

    @property
    def n_supervoxels(self) -> int:
        """Number of supervoxels, S."""
        return self.size.size


@nb.njit(nogil=True, cache=True)
def _sum_regions(
    ids: NDArray[np.int32],
    values: NDArray[np.float32],
    lowest: int,
    sums: NDArray[np.float64],
) -> None:
    """Add count and intensity of a block's voxels to their regions (rows from id `lowest`).

    What is not a number does not count.
    """
    for z in range(ids.shape[0]):
        for y in range(ids.shape[1]):
            for x in range(ids.shape[2]):
                value = values[z, y, x]
                if value == value:
                    region = ids[z, y, x] - lowest
                    sums[region, 0] += 1
                    sums[region, 1] += value


def region_graph(
    ids: VolumeLike,
    volume: VolumeLike,
    *,
    spacing: Sequence[float] = (1, 1, 1),
    smoothing: float = 1.0,
    intensity: IntensityRange | None = None,
    n_supervoxels: int | None = None,
    block_shape: Sequence[int] | None = None,
    workers: Workers = None,
) -> RegionGraph:
    """Find the supervoxels that touch, block by block.

    Parameters
    ----------
    ids : array-like of int32, (Z, Y, X)
        Supervoxels 0..S-1, dense.
    volume : array-like, (Z, Y, X)
    spacing : sequence of 3 float
        Voxel size per axis; boundaries are weighed by physical area.
    smoothing : float
        Sigma in voxels of the finest axis of the Gaussian before the statistics.
    intensity : IntensityRange, optional
        Scale of the intensities; measured on the volume by default.
    n_supervoxels : int, optional
        S, if known; otherwise the ids are read once more.
    block_shape, workers
        As in `compute_supervoxels`; the result does not depend on them.

    Returns
    -------
    RegionGraph

    Raises
    ------
    ValueError
        If the two arrays differ in shape.
    """
    spacing = check_spacing(spacing, len(volume.shape))
    volume, ids = check_volume(volume), check_volume(ids)
    if tuple(ids.shape) != tuple(volume.shape):
        raise ValueError(f"the ids have shape {ids.shape}, the volume {volume.shape}")
    intensity = intensity or IntensityRange.measure(volume)
    sigma = smoothing_sigma(smoothing, spacing)
    blocks = split_blocks(volume.shape, block_shape or default_block_shape(volume.shape))
    if n_supervoxels is None:
        n_supervoxels = 1 + max(int(read_block(ids, block.core).max()) for block in blocks)

    one_block = partial(_touching, ids, volume, intensity, sigma, n_supervoxels)
    regions = np.zeros((n_supervoxels, 2))
    parts = []
    for present, sums, pairs in Run.of(workers).blocks(one_block, blocks):
        regions[present] += sums
        parts.append(pairs)
    return _assemble(regions, *reduce_pairs(parts), face_areas(spacing))


def _touching(
    ids: VolumeLike,
    volume: VolumeLike,
    intensity: IntensityRange,
    sigma: Sequence[float],
    n_supervoxels: int,
    block: Block,
) -> tuple[NDArray[np.int64], NDArray[np.float64], tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """Return the ids in a block, their sums, and which touch in or behind it."""
    bordered = _with_border(block, volume.shape)
    values = guide_block(volume, bordered, intensity, sigma)
    labels = read_block(ids, bordered.core)
    z, y, x = block.shape
    inside = labels[:z, :y, :x]
    lowest = int(inside.min())
    sums = np.zeros((int(inside.max()) - lowest + 1, 2))
    values = values[:z, :y, :x]
    if (has_data := finite(volume, block.core)) is not None:
        values[~has_data] = np.nan
    _sum_regions(inside, values, lowest, sums)
    present = np.flatnonzero(sums[:, 0])
    pairs = touching_pairs(labels, np.array(block.shape), n_supervoxels, np.zeros(0, np.bool_))
    return lowest + present, sums[present], pairs


def _with_border(block: Block, shape: Sequence[int]) -> Block:
    """Grow the core by one voxel behind each axis, where the volume goes on."""
    z, y, x = (
        slice(core.start, min(core.stop + 1, n)) for core, n in zip(block.core, shape, strict=True)
    )
    return Block(block.index, (z, y, x), (z, y, x))


def _assemble(
    regions: NDArray[np.float64],
    keys: NDArray[np.int64],
    faces: NDArray[np.float64],
    face_area: Sequence[float],
) -> RegionGraph:
    n = len(regions)
    edges = np.stack([keys // n, keys % n], axis=1).astype(np.int32)
    have_data = (regions[edges, 0] > 0).all(axis=1)
    return RegionGraph(
        edges=edges[have_data],
        area=faces[have_data] @ np.array(face_area),
        size=regions[:, 0].astype(np.int64),
        mean_intensity=regions[:, 1] / np.maximum(regions[:, 0], 1),
    )


def pair_weights(graph: RegionGraph) -> NDArray[np.float64]:
    """Weigh the edges of the region graph by boundary area and likeness; the mean is 1.

    Returns
    -------
    float64, (E,)
        ``sqrt(area) * exp(-d**2 / (2 median(d**2)))`` with d the difference of the two regions'
        mean intensities, over the mean of this.
    """
    if not len(graph.edges):
        return np.zeros(0)
    a, b = graph.mean_intensity[graph.edges.T]
    squared = (a - b) ** 2
    scale = 2 * max(float(np.median(squared)), 1e-12)
    weight: NDArray[np.float64] = np.sqrt(graph.area) * np.exp(-squared / scale)
    weight /= weight.mean()
    return weight
