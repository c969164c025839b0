"""The preparation of a volume: its partitions, stage by stage, each kept as soon as it is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from supervox.features import (
    Device,
    FeatureBank,
    FeatureTable,
    IntensityRange,
    Progress,
    ShouldStop,
    VolumeLike,
    Workers,
    check_stop,
    join_tables,
    pool_partitions,
    run_parallel,
)

from .graph import RegionGraph, region_graph
from .parameters import SegmentationParameters
from .partition import Channel, Partition, Piece, Pieces, PieceStore
from .supervoxels import compute_supervoxels
from .workspace import Workspace

Kind = TypeVar("Kind")

# What the stages cost, for the progress: supervoxels and graph per partition, features per image.
SUPERVOXELS_COST, FEATURES_COST, GRAPH_COST = 30, 100, 10


def prepare_partitions(
    volume: VolumeLike,
    shifts: Sequence[tuple[float, float, float]],
    parameters: SegmentationParameters,
    *,
    spacing: tuple[float, float, float],
    intensity: IntensityRange,
    channels: Sequence[Channel] = (),
    done: Sequence[Partition] = (),
    store: PieceStore | None = None,
    workspace: Workspace | None = None,
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
    done : sequence of Partition
        The first partitions, where they are known.
    store : PieceStore, optional
        Gets every piece as soon as it is finished; what it has is not computed.
    workspace : Workspace, optional
        All in memory and at once by default.
    workers, progress, should_stop
        As everywhere.

    Returns
    -------
    list of Partition
        One for each shift. Each image is filtered once for all of them, if the workspace allows.
    """
    workspace = workspace or Workspace()
    missing = range(len(done), len(shifts))
    found = {k: Pieces() for k in missing}
    if store is not None:
        found = {k: store.load_pieces(k, workspace, should_stop=should_stop) for k in missing}
    work = _Preparation(
        volume,
        shifts,
        parameters,
        spacing,
        intensity,
        channels,
        workspace,
        workspace.cluster or workers,
        should_stop,
    )
    steps = _Steps(workspace.releasing(progress), work.costs(found))

    def keep(k: int, name: str, piece: Piece) -> None:
        setattr(found[k], name, piece)
        if store is not None:
            store.save_piece(k, piece, progress=workspace.releasing(), should_stop=should_stop)

    for k in missing:
        if found[k].ids is None:
            keep(k, "ids", work.cut(k, steps.next(SUPERVOXELS_COST)))
    for group in work.groups(found):
        ids = [_there(found[k].ids) for k in group]
        for k, table in zip(group, work.pool(ids, steps), strict=True):
            keep(k, "table", table)
    for k in missing:
        if found[k].graph is None:
            size = len(_there(found[k].table).counts)
            keep(k, "graph", work.connect(_there(found[k].ids), size, steps.next(GRAPH_COST)))
    partitions = [
        Partition(_there(part.ids), _there(part.table), _there(part.graph))
        for part in found.values()
    ]
    if partitions:  # no stroke waits for them
        run_parallel(lambda part: part.links, partitions, workers=workers)
    return [*done, *partitions]


@dataclass(frozen=True)
class _Preparation:
    """The stages of one volume, each for one partition or several."""

    volume: VolumeLike
    shifts: Sequence[tuple[float, float, float]]
    parameters: SegmentationParameters
    spacing: tuple[float, float, float]
    intensity: IntensityRange
    channels: Sequence[Channel]
    workspace: Workspace
    workers: Workers
    should_stop: ShouldStop | None

    @property
    def _device(self) -> Device | None:
        """What computes here; that of a cluster's workers is their own business."""
        return self.workspace.device if self.workspace.cluster is None else None

    @cached_property
    def _components(self) -> NDArray[np.int32] | None:
        """Room for an intermediate result, so that blocks of a lost worker can be done again."""
        if self.workspace.cluster is None:
            return None
        return self.workspace.empty(self.volume.shape, np.int32)

    def cut(self, k: int, progress: Progress) -> NDArray[np.int32]:
        """Cut the volume into the supervoxels of partition k."""
        stage = self.parameters.supervoxels
        return compute_supervoxels(
            self.volume,
            stage.size_voxels,
            spacing=self.spacing,
            compactness=stage.compactness,
            iterations=stage.iterations,
            smoothing=stage.smoothing_voxels,
            shift=self.shifts[k],
            intensity=self.intensity,
            out=self.workspace.empty(self.volume.shape, np.int32),
            components=self._components,
            workers=self.workers,
            device=self._device,
            progress=progress,
            should_stop=self.should_stop,
        )

    def groups(self, found: Mapping[int, Pieces]) -> list[list[int]]:
        """Return the partitions that need features, as many together as the workspace allows."""
        missing = [k for k, pieces in found.items() if pieces.table is None]
        size = self.workspace.pooled_together
        return [missing[start : start + size] for start in range(0, len(missing), size)]

    def pool(self, ids: Sequence[NDArray[np.int32]], steps: _Steps) -> Iterator[FeatureTable]:
        """Compute the features of some partitions; each image is filtered once."""
        bank = FeatureBank(self.parameters.features)
        sizes = [self._count(part) for part in ids]
        of_channels = [
            pool_partitions(
                image,
                ids,
                bank,
                spacing=self.spacing,
                n_supervoxels=sizes,
                intensity=scale,
                workers=self.workers,
                device=self._device,
                progress=steps.next(FEATURES_COST),
                should_stop=self.should_stop,
            )
            for image, scale in (Channel(self.volume, self.intensity), *self.channels)
        ]
        return (join_tables(bank, tables) for tables in zip(*of_channels, strict=True))

    def connect(self, ids: NDArray[np.int32], size: int, progress: Progress) -> RegionGraph:
        """Find which supervoxels of a partition touch."""
        return region_graph(
            ids,
            self.volume,
            spacing=self.spacing,
            smoothing=self.parameters.supervoxels.smoothing_voxels,
            intensity=self.intensity,
            n_supervoxels=size,
            workers=self.workers,
            progress=progress,
            should_stop=self.should_stop,
        )

    def costs(self, found: Mapping[int, Pieces]) -> int:
        """Return what is to be done, in the units of the stages' costs."""
        cut = sum(pieces.ids is None for pieces in found.values())
        connect = sum(pieces.graph is None for pieces in found.values())
        filtered = len(self.groups(found)) * (1 + len(self.channels))
        return cut * SUPERVOXELS_COST + filtered * FEATURES_COST + connect * GRAPH_COST

    def _count(self, ids: NDArray[np.int32]) -> int:
        """Return the number of supervoxels, plane by plane: no more than that is in memory."""
        highest = -1
        for plane in ids:
            check_stop(self.should_stop)
            highest = max(highest, int(plane.max()))
            self.workspace.release()
        return highest + 1


def _there(piece: Kind | None) -> Kind:
    """Return a piece that has been made."""
    assert piece is not None
    return piece


class _Steps:
    """Hands each stage its part of one progress count, by what the stages cost."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total = progress, total
        self._begun = 0

    def next(self, cost: int) -> Progress:
        """Return the progress of the next stage, which takes `cost` of the whole."""
        before, report = self._begun, self._progress
        self._begun += cost
        return lambda done, total: report(before + cost * done // total, self._total)
