"""What preparing a volume will need, before anything runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from supervox.execution import count_workers
from supervox.features import FeatureBank
from supervox.segmentation.checks import check_spacing
from supervox.segmentation.parameters import SegmentationParameters
from supervox.segmentation.supervoxels.seed_grid import SeedGrid

# Measured by `make bench` on one core of 2.5 GHz with AVX2; other machines differ by a factor of
# two, which `pace` takes up after the first preparation.
SUPERVOXEL_SECONDS = 0.11e-6  # per voxel and partition
CHANNEL_SECONDS = 3.5e-9  # per voxel and channel
POOLING_SECONDS = 1.5e-9  # per voxel, channel and partition
GRAPH_SECONDS = 0.03e-6  # per voxel and partition
START_SECONDS = 4.0  # until the compiled kernels are loaded, whatever the volume's size
WORKING_BYTES = 500e6  # blocks with their halos, at most
WORKING_BYTES_PER_VOXEL = 250  # of a volume that is smaller than the blocks
# Of the region graph, per supervoxel: edges, each with its two ends, area and weight, and its two
# places in the lists of neighbours; and what one edge takes while the graph is built.
EDGES_PER_SUPERVOXEL, BYTES_PER_EDGE, BUILDING_BYTES_PER_EDGE = 7.5, 48, 88
CUTTING_BYTES = 600  # per supervoxel: centres, sums, and components before they are merged


@dataclass(frozen=True)
class Estimate:
    """What a preparation needs.

    Attributes
    ----------
    n_supervoxels : int
        Supervoxels of one partition, about.
    bytes : float
        Memory beside the volume.
    seconds : float
    """

    n_supervoxels: int
    bytes: float
    seconds: float


@dataclass(frozen=True)
class Demand:
    """Memory of a preparation, by what it is for; in bytes.

    Attributes
    ----------
    n_supervoxels : int
        Of one partition, about.
    ids : float
        Supervoxel ids of all partitions.
    tables : float
        Features and region graphs of all partitions.
    working : float
        The most that a stage takes beside, until it ends.
    """

    n_supervoxels: int
    ids: float
    tables: float
    working: float


def estimate_demand(
    shape: Sequence[int],
    parameters: SegmentationParameters,
    *,
    spacing: Sequence[float] = (1, 1, 1),
    n_images: int = 1,
    pooled_together: int | None = None,
) -> Demand:
    """Estimate what a preparation holds.

    Parameters
    ----------
    shape, parameters, spacing, n_images
        As in `estimate_preparation`.
    pooled_together : int, optional
        Partitions whose features are summed in one pass; all of them by default.
    """
    voxels, partitions = math.prod(shape), parameters.partitions
    grid = SeedGrid.for_volume(shape, check_spacing(spacing), parameters.supervoxels)
    supervoxels = math.prod(grid.n_cells)
    together = min(partitions, pooled_together or partitions)
    channels = len(FeatureBank(parameters.features).channels)
    table = 4 * channels * len(parameters.features.statistics)
    joining = n_images * table if n_images > 1 else 0  # side by side, beside those of the images
    pooling = together * (16 * channels + table + joining)
    working = min(WORKING_BYTES, WORKING_BYTES_PER_VOXEL * voxels)
    building = EDGES_PER_SUPERVOXEL * BUILDING_BYTES_PER_EDGE
    return Demand(
        supervoxels,
        4 * voxels * partitions,
        supervoxels * partitions * (n_images * table + EDGES_PER_SUPERVOXEL * BYTES_PER_EDGE),
        working + supervoxels * max(pooling, building, CUTTING_BYTES),
    )


def estimate_preparation(
    shape: Sequence[int],
    parameters: SegmentationParameters,
    *,
    spacing: Sequence[float] = (1, 1, 1),
    n_images: int = 1,
    workers: int | None = None,
    pace: float = 1.0,
) -> Estimate:
    """Estimate memory and time of `Segmenter.prepare`.

    Parameters
    ----------
    shape : sequence of 3 int
        Voxels of the volume.
    parameters : SegmentationParameters
    spacing : sequence of 3 float
    n_images : int
        The volume and its further channels.
    workers : int, optional
        Threads; one per processor by default.
    pace : float
        How much longer than estimated the last preparation took here.

    Returns
    -------
    Estimate
    """
    voxels, partitions = math.prod(shape), parameters.partitions
    demand = estimate_demand(shape, parameters, spacing=spacing, n_images=n_images)
    channels = len(FeatureBank(parameters.features).channels)
    filtering = n_images * channels * (CHANNEL_SECONDS + partitions * POOLING_SECONDS)
    per_voxel = filtering + partitions * (SUPERVOXEL_SECONDS + GRAPH_SECONDS)
    return Estimate(
        demand.n_supervoxels,
        demand.ids + demand.tables + demand.working,
        pace * (START_SECONDS + voxels * per_voxel / count_workers(workers)),
    )
