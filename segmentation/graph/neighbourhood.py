"""Some supervoxels of a partition with those around them, as a small region graph of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation.strokes import LabelledSupervoxels

from .adjacency import Adjacency, build_adjacency
from .partition import Partition


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Supervoxels and the part of the region graph among them; places in it count from 0.

    Attributes
    ----------
    supervoxels : int32, (N,)
        Their ids in the partition, ascending.
    edges : int32, (M, 2)
        Places of two that touch, the lower first.
    weight : float64, (M,)
        Weights of the edges for refinement.
    """

    supervoxels: NDArray[np.int32]
    edges: NDArray[np.int32]
    weight: NDArray[np.float64]

    @classmethod
    def around(cls, partition: Partition, seeds: NDArray[np.integer], hops: int) -> Neighbourhood:
        """Cut out the supervoxels within some edges of others, with those.

        Parameters
        ----------
        partition : Partition
        seeds : integers, any number
            Ids of the supervoxels in the middle.
        hops : int
            Edges to go from them.
        """
        return cls.of(partition, partition.adjacency.within(seeds, hops))

    @classmethod
    def of(cls, partition: Partition, supervoxels: NDArray[np.int32]) -> Neighbourhood:
        """Cut out these supervoxels, ascending ids, and no others."""
        edges, edge = partition.adjacency.among(supervoxels)
        return cls(supervoxels, edges, partition.weights[edge])

    @cached_property
    def adjacency(self) -> Adjacency:
        """The edges as the neighbours of each supervoxel."""
        return build_adjacency(self.edges, self.weight, self.supervoxels.size)

    def places(self, supervoxels: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the place of each of some ids, or -1 for those that are not in here."""
        place = np.searchsorted(self.supervoxels, supervoxels).astype(np.int32)
        found = np.append(self.supervoxels, np.int32(-1))[place]  # behind the last: no id
        return np.where(found == supervoxels, place, np.int32(-1))

    def known(
        self, painted: LabelledSupervoxels, class_ids: Sequence[int]
    ) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return which supervoxels in here are labelled.

        Parameters
        ----------
        painted : LabelledSupervoxels
            Labelled supervoxels of the partition.
        class_ids : sequence of int
            The classes in the order of the columns of probabilities, ascending.

        Returns
        -------
        places, columns : int32, (L,)
            Places of the labelled ones, and the column of the class of each.
        """
        place = self.places(painted.supervoxels)
        columns = np.searchsorted(class_ids, painted.classes).astype(np.int32)
        return place[place >= 0], columns[place >= 0]
