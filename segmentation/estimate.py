"""What preparing a volume will need, before anything runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from supervox.features import FeatureBank, count_workers

from .checks import check_spacing
from .grid import Grid
from .parameters import SegmentationParameters

# Measured by `make bench` on one core of 2.5 GHz with AVX2; other machines differ by a factor of
# two, which `pace` takes up after the first preparation.
SUPERVOXEL_SECONDS = 0.11e-6  # per voxel and partition
CHANNEL_SECONDS = 3.5e-9  # per voxel and channel
POOLING_SECONDS = 1.5e-9  # per voxel, channel and partition
GRAPH_SECONDS = 0.03e-6  # per voxel and partition
START_SECONDS = 4.0  # until the compiled kernels are loaded, whatever the volume's size
WORKING_BYTES = 500e6  # blocks with their halos, whatever the volume's size
EDGES_PER_SUPERVOXEL, BYTES_PER_EDGE = 7.5, 120  # while the graph is built


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


def estimate_preparation(
    shape: Sequence[int],
    parameters: SegmentationParameters,
    *,
    spacing: Sequence[float] = (1, 1, 1),
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
    workers : int, optional
        Threads; one per processor by default.
    pace : float
        How much longer than estimated the last preparation took here.

    Returns
    -------
    Estimate
    """
    voxels, partitions = math.prod(shape), parameters.partitions
    grid = Grid.for_volume(shape, check_spacing(spacing), parameters.supervoxels)
    supervoxels = math.prod(grid.n_cells)
    channels = len(FeatureBank(parameters.features).channels)
    per_voxel = channels * CHANNEL_SECONDS + partitions * (
        SUPERVOXEL_SECONDS + GRAPH_SECONDS + channels * POOLING_SECONDS
    )
    table = channels * len(parameters.features.statistics)
    per_supervoxel = 4 * table + 16 * channels + EDGES_PER_SUPERVOXEL * BYTES_PER_EDGE
    return Estimate(
        supervoxels,
        WORKING_BYTES + partitions * (4 * voxels + supervoxels * per_supervoxel),
        pace * (START_SECONDS + voxels * per_voxel / count_workers(workers)),
    )
