"""The stages of a preparation: supervoxels, features and graphs, and what each works with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from supervox.execution import (
    Block,
    Checkpoint,
    Device,
    LoggingExecutor,
    Run,
    VolumeLike,
    Workspace,
    default_block_shape,
    name_of,
    split_blocks,
)
from supervox.features import (
    FeatureBank,
    FeatureTable,
    IntensityRange,
    join_tables,
    pool_partitions,
    pooling_block,
)
from supervox.segmentation.graph.partition import FEATURES, Channel, Pieces, PreparationStore
from supervox.segmentation.graph.region_graph import RegionGraph, region_graph
from supervox.segmentation.parameters import SegmentationParameters
from supervox.segmentation.supervoxels.slic import compute_supervoxels

# What the stages cost, for the progress: supervoxels and graph per partition, features per image.
SUPERVOXELS_COST, FEATURES_COST, GRAPH_COST = 30, 100, 10


class StageContext(NamedTuple):
    """What a stage works with.

    Attributes
    ----------
    run : Run
        Of its blocks.
    kept : Checkpoint or None
        Where it keeps what they made, if anywhere.
    """

    run: Run
    kept: Checkpoint | None


@dataclass(frozen=True)
class PreparationStages:
    """The stages of one volume, each for one partition or several."""

    volume: VolumeLike
    shifts: Sequence[tuple[float, float, float]]
    parameters: SegmentationParameters
    spacing: tuple[float, float, float]
    intensity: IntensityRange
    channels: Sequence[Channel]
    workspace: Workspace
    store: PreparationStore

    @contextmanager
    def stage(self, kind: str, partitions: Sequence[int], run: Run) -> Iterator[StageContext]:
        """Give what a stage works with; what it keeps meanwhile is removed behind it."""
        kept = self.store.begin(kind, partitions)
        if kept is None:
            yield StageContext(run, None)
            return
        with kept.recording(run) as recording:
            yield StageContext(recording, kept)
        kept.remove()

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

    def cut(self, k: int, stage: StageContext) -> NDArray[np.int32]:
        """Cut the volume into the supervoxels of partition k."""
        shape, kept, chosen = self.volume.shape, stage.kept, self.parameters.supervoxels
        run = stage.run if kept is None else kept.releasing(stage.run)
        cut = partial(
            compute_supervoxels,
            self.volume,
            chosen.size_voxels,
            spacing=self.spacing,
            compactness=chosen.compactness,
            iterations=chosen.iterations,
            smoothing=chosen.smoothing_voxels,
            shift=self.shifts[k],
            intensity=self.intensity,
            workers=run,
            device=self._device,
        )
        ids: NDArray[np.int32] = self.workspace.empty(shape, np.int32)
        if kept is None:
            return cut(out=ids, components=self._components)
        smoothed, components, found = (kept.empty(shape, np.int32) for _ in range(3))
        cut(out=found, components=components, smoothed=smoothed)

        def copy(block: Block) -> None:
            ids[block.core] = found[block.core]

        blocks = split_blocks(shape, default_block_shape(shape))
        for _ in kept.releasing(self.workspace.releasing()).blocks(copy, blocks):
            pass  # the stage's files go, the ids stay
        return ids

    def groups(self, found: Mapping[int, Pieces]) -> list[list[int]]:
        """Return the partitions that need features, as many together as the workspace allows.

        Those that were begun together stay together.
        """
        missing = [k for k, pieces in found.items() if pieces.table is None]
        size, groups = self.workspace.pooled_together or len(self.shifts), []
        for group in self.store.begun(FEATURES):
            if len(group) <= size and set(group) & set(missing) and set(group) <= found.keys():
                groups.append(group)
                missing = [k for k in missing if k not in group]
        return groups + [missing[start : start + size] for start in range(0, len(missing), size)]

    def pool(self, ids: Sequence[NDArray[np.int32]], stage: StageContext) -> Iterator[FeatureTable]:
        """Compute the features of some partitions; each image is filtered once."""
        bank = FeatureBank(self.parameters.features)
        sizes = [self._count(part, stage.run) for part in ids]
        block_shape = self._block_shape(bank, stage.run)
        images = (Channel(self.volume, self.intensity), *self.channels)
        of_channels = [
            pool_partitions(
                image,
                ids,
                bank,
                spacing=self.spacing,
                n_supervoxels=sizes,
                intensity=scale,
                within=self.volume,
                workers=run,
                device=self._device,
                block_shape=block_shape,
            )
            for (image, scale), run in zip(images, stage.run.steps([1] * len(images)), strict=True)
        ]
        return (join_tables(bank, tables) for tables in zip(*of_channels, strict=True))

    def _block_shape(self, bank: FeatureBank, run: Run) -> tuple[int, int, int]:
        """Choose the blocks of the features: those that were begun with, if the memory allows."""
        choose = partial(
            pooling_block,
            self.volume.shape,
            bank,
            spacing=self.spacing,
            workers=run,
            device=self._device,
        )
        if not isinstance(run.workers, LoggingExecutor):
            return choose()
        z, y, x = run.workers.decide(
            f"blocks for {name_of(self._device)}", lambda known: choose(known=known)
        )
        return z, y, x

    def connect(self, ids: NDArray[np.int32], size: int, stage: StageContext) -> RegionGraph:
        """Find which supervoxels of a partition touch."""
        return region_graph(
            ids,
            self.volume,
            spacing=self.spacing,
            smoothing=self.parameters.supervoxels.smoothing_voxels,
            intensity=self.intensity,
            n_supervoxels=size,
            workers=stage.run,
        )

    def costs(self, found: Mapping[int, Pieces], groups: Sequence[Sequence[int]]) -> list[int]:
        """Return the costs of the stages that are to be done, in their order."""
        cut = sum(pieces.ids is None for pieces in found.values())
        connect = sum(pieces.graph is None for pieces in found.values())
        filtering = FEATURES_COST * (1 + len(self.channels))
        return [
            *[SUPERVOXELS_COST] * cut,
            *[filtering] * len(groups),
            *[GRAPH_COST] * connect,
        ]

    def _count(self, ids: NDArray[np.int32], run: Run) -> int:
        """Return the number of supervoxels, plane by plane: no more than that is in memory."""
        highest = -1
        for plane in ids:
            run.check_stop()
            highest = max(highest, int(plane.max()))
            self.workspace.release()
        return highest + 1
