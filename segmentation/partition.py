"""Partitions: supervoxels with everything that is computed once per volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from supervox.features import (
    FeatureBank,
    FeatureTable,
    IntensityRange,
    Progress,
    ShouldStop,
    VolumeLike,
    join_tables,
    pool_partitions,
    run_parallel,
)

from .graph import RegionGraph, region_graph
from .links import Links, link
from .parameters import SegmentationParameters
from .refinement import pair_weights
from .supervoxels import compute_supervoxels

# What the stages cost, for the progress: supervoxels and graph per partition, features per image.
SUPERVOXELS_COST, FEATURES_COST, GRAPH_COST = 30, 100, 10


class Channel(NamedTuple):
    """A further image of the same voxels, with its own intensity scale."""

    volume: VolumeLike
    intensity: IntensityRange


@dataclass(frozen=True)
class Partition:
    """One cut of a volume into supervoxels.

    Attributes
    ----------
    ids : int32, (Z, Y, X)
        Supervoxels 0..S-1.
    table : FeatureTable
        Features of the supervoxels, (S, F); those of all channels side by side.
    graph : RegionGraph
        Which of them touch.
    """

    ids: NDArray[np.int32]
    table: FeatureTable
    graph: RegionGraph

    @cached_property
    def weights(self) -> NDArray[np.float64]:
        """Weights of the graph's edges for refinement, (E,)."""
        return pair_weights(self.graph)

    @cached_property
    def links(self) -> Links:
        """The graph's edges with these weights as the neighbours of each supervoxel."""
        return link(self.graph.edges, self.weights, self.graph.n_supervoxels)


def prepare_partitions(
    volume: VolumeLike,
    shifts: Sequence[tuple[float, float, float]],
    parameters: SegmentationParameters,
    *,
    spacing: tuple[float, float, float],
    intensity: IntensityRange,
    channels: Sequence[Channel] = (),
    workers: int | None = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> list[Partition]:
    """Compute supervoxels, features and region graphs of a volume.

    Parameters
    ----------
    volume : array-like, (Z, Y, X)
    shifts : sequence of tuples of 3 float
        Shift of each partition's grid of seeds, as fractions of a cell.
    parameters : SegmentationParameters
    spacing : tuple of 3 float
    intensity : IntensityRange
    channels : sequence of Channel
        Further images whose features join the table; supervoxels and graphs are those of `volume`.
    workers, progress, should_stop
        As everywhere.

    Returns
    -------
    list of Partition
        One for each shift. Each image is filtered once for all of them.
    """
    stages = parameters.supervoxels
    steps = _Steps(progress, len(shifts), 1 + len(channels))
    ids = [
        compute_supervoxels(
            volume,
            stages.size_voxels,
            spacing=spacing,
            compactness=stages.compactness,
            iterations=stages.iterations,
            smoothing=stages.smoothing_voxels,
            shift=shift,
            intensity=intensity,
            workers=workers,
            progress=steps.next(SUPERVOXELS_COST),
            should_stop=should_stop,
        )
        for shift in shifts
    ]
    sizes = [int(part.max()) + 1 for part in ids]
    bank = FeatureBank(parameters.features)
    of_channels = [
        pool_partitions(
            image,
            ids,
            bank,
            spacing=spacing,
            n_supervoxels=sizes,
            intensity=scale,
            workers=workers,
            progress=steps.next(FEATURES_COST),
            should_stop=should_stop,
        )
        for image, scale in (Channel(volume, intensity), *channels)
    ]
    tables = [join_tables(bank, tables) for tables in zip(*of_channels, strict=True)]
    graphs = [
        region_graph(
            part,
            volume,
            spacing=spacing,
            smoothing=stages.smoothing_voxels,
            intensity=intensity,
            n_supervoxels=size,
            workers=workers,
            progress=steps.next(GRAPH_COST),
            should_stop=should_stop,
        )
        for part, size in zip(ids, sizes, strict=True)
    ]
    partitions = [Partition(*parts) for parts in zip(ids, tables, graphs, strict=True)]
    run_parallel(lambda part: part.links, partitions, workers=workers)  # no stroke waits for them
    return partitions


class _Steps:
    """Hands each stage its part of one progress count, by what the stages cost."""

    def __init__(self, progress: Progress | None, n_partitions: int, n_images: int) -> None:
        self._progress = progress
        self._total = n_images * FEATURES_COST + n_partitions * (SUPERVOXELS_COST + GRAPH_COST)
        self._begun = 0

    def next(self, cost: int) -> Progress | None:
        """Return the progress of the next stage, which takes `cost` of the whole."""
        before, report = self._begun, self._progress
        self._begun += cost
        if report is None:
            return None
        return lambda done, total: report(before + cost * done // total, self._total)
