"""A partition: supervoxels with everything that is computed once per volume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from supervox.features import (
    FeatureBank,
    FeatureTable,
    IntensityRange,
    Progress,
    ShouldStop,
    VolumeLike,
    pool_features,
)

from .graph import RegionGraph, region_graph
from .parameters import SegmentationParameters
from .supervoxels import compute_supervoxels

# Share of the progress bar that each stage of a partition takes, in percent.
STAGE_SHARE = {"supervoxels": 30, "features": 60, "graph": 10}


@dataclass(frozen=True)
class Partition:
    """One cut of a volume into supervoxels.

    Attributes
    ----------
    ids : int32, (Z, Y, X)
        Supervoxels 0..S-1.
    table : FeatureTable
        Features of the supervoxels, (S, F).
    graph : RegionGraph
        Which of them touch.
    """

    ids: NDArray[np.int32]
    table: FeatureTable
    graph: RegionGraph


def prepare_partition(
    volume: VolumeLike,
    shift: tuple[float, float, float],
    parameters: SegmentationParameters,
    *,
    spacing: tuple[float, float, float],
    intensity: IntensityRange,
    workers: int | None = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Partition:
    """Compute supervoxels, features and region graph of a volume.

    Parameters
    ----------
    volume : array-like, (Z, Y, X)
    shift : tuple of 3 float
        Shift of the grid of seeds, as fractions of a cell.
    parameters : SegmentationParameters
    spacing : tuple of 3 float
    intensity : IntensityRange
    workers, progress, should_stop
        As everywhere; `progress` counts to 100.
    """
    stages = parameters.supervoxels
    ids = compute_supervoxels(
        volume,
        stages.size_voxels,
        spacing=spacing,
        compactness=stages.compactness,
        iterations=stages.iterations,
        smoothing=stages.smoothing_voxels,
        shift=shift,
        intensity=intensity,
        workers=workers,
        progress=_share(progress, "supervoxels"),
        should_stop=should_stop,
    )
    n_supervoxels = int(ids.max()) + 1
    table = pool_features(
        volume,
        ids,
        FeatureBank(parameters.features),
        spacing=spacing,
        n_supervoxels=n_supervoxels,
        intensity=intensity,
        workers=workers,
        progress=_share(progress, "features"),
        should_stop=should_stop,
    )
    graph = region_graph(
        ids,
        volume,
        spacing=spacing,
        smoothing=stages.smoothing_voxels,
        intensity=intensity,
        n_supervoxels=n_supervoxels,
        workers=workers,
        progress=_share(progress, "graph"),
        should_stop=should_stop,
    )
    return Partition(ids, table, graph)


def _share(progress: Progress | None, stage: str) -> Progress | None:
    """Map a stage's own count to its part of the count to 100."""
    if progress is None:
        return None
    names = list(STAGE_SHARE)
    before = sum(STAGE_SHARE[name] for name in names[: names.index(stage)])
    return lambda done, total: progress(before + STAGE_SHARE[stage] * done // total, 100)
