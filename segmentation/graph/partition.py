"""Partitions: supervoxels with everything that is computed once per volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Checkpoint, Run, VolumeLike, Workspace
from supervox.features import FeatureTable, IntensityRange

from .adjacency import Adjacency, build_adjacency
from .region_graph import RegionGraph, pair_weights


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
    def adjacency(self) -> Adjacency:
        """The graph's edges with these weights as the neighbours of each supervoxel."""
        return build_adjacency(self.graph.edges, self.weights, self.graph.n_supervoxels)


Piece = NDArray[np.int32] | FeatureTable | RegionGraph
SUPERVOXELS, FEATURES, GRAPH = "supervoxels", "features", "graph"  # kinds of pieces


@dataclass
class Pieces:
    """What there is of a partition; the attributes are those of `Partition`, or None."""

    ids: NDArray[np.int32] | None = None
    table: FeatureTable | None = None
    graph: RegionGraph | None = None


class PreparationStore(Protocol):
    """Keeps the pieces of partitions as they are finished, and gives those of an earlier time."""

    def load_pieces(self, k: int, workspace: Workspace | None, *, run: Run = Run()) -> Pieces:
        """Return what there is of partition k."""

    def save_piece(self, k: int, piece: Piece, *, run: Run = Run()) -> None:
        """Keep a piece of partition k."""

    def begin(self, kind: str, partitions: Sequence[int]) -> Checkpoint | None:
        """Return where the stage that makes these pieces keeps what it has, if anywhere."""

    def begun(self, kind: str) -> list[list[int]]:
        """Return the partitions of each stage of a kind that was begun and not ended."""

    def end(self) -> None:
        """Remove what any stage kept: all pieces are saved."""


class NoStore:
    """A store that has nothing and keeps nothing."""

    def load_pieces(self, *_: object, **__: object) -> Pieces:
        """Return no pieces."""
        return Pieces()

    def save_piece(self, *_: object, **__: object) -> None:
        """Do nothing."""

    def begin(self, *_: object) -> None:
        """Keep nothing of a stage."""

    def begun(self, _: object) -> list[list[int]]:
        """Return no stages."""
        return []

    def end(self) -> None:
        """Do nothing."""
