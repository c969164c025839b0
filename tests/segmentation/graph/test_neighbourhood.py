"""Some supervoxels and those around them: what is cut out of the graph is what is there."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from supervox.features import FeatureTable
from supervox.segmentation import RegionGraph
from supervox.segmentation.graph.neighbourhood import Neighbourhood
from supervox.segmentation.graph.partition import Partition
from supervox.segmentation.strokes import LabelledSupervoxels


def line_of(n: int) -> Partition:
    """A row of `n` supervoxels of one voxel, whose boundaries grow along it."""
    edges = np.stack([np.arange(n - 1), np.arange(1, n)], axis=1).astype(np.int32)
    area = np.arange(1.0, n)
    graph = RegionGraph(edges, area, np.ones(n, np.int64), np.zeros(n))
    table = FeatureTable(np.zeros((n, 1), np.float32), ("raw_mean",), np.ones(n, np.int64))
    return Partition(np.arange(n, dtype=np.int32).reshape(1, 1, n), table, graph)


#   0 - 1 - 2 - 3 - 4 - 5 - 6 - 7 - 8 - 9
#           [   ^   ]           [   ^   ]     one edge around 3 and 8
def test_what_is_around_two_of_a_row() -> None:
    part = line_of(10)
    near = Neighbourhood.around(part, np.array([8, 3]), 1)
    assert near.supervoxels.tolist() == [2, 3, 4, 7, 8, 9]
    assert near.edges.tolist() == [[0, 1], [1, 2], [3, 4], [4, 5]]
    assert near.weight.tolist() == part.weights[[2, 3, 7, 8]].tolist()
    assert near.adjacency.total.size == 6
    assert near.places(np.array([0, 2, 5, 9, 10], np.int32)).tolist() == [-1, 0, -1, 5, -1]


def test_labelled_ones_are_known_by_place_and_column() -> None:
    near = Neighbourhood.around(line_of(10), np.array([8, 3]), 1)
    painted = LabelledSupervoxels(
        np.array([0, 3, 7, 9], np.int32), np.array([4, 9, 4, 6], np.uint16)
    )
    places, columns = near.known(painted, (4, 6, 9))
    assert places.tolist() == [1, 3, 5]
    assert columns.tolist() == [2, 0, 1]
    assert places.dtype == columns.dtype == np.int32


def test_around_nothing_is_nothing() -> None:
    near = Neighbourhood.around(line_of(3), np.zeros(0, np.int64), 2)
    assert near.supervoxels.size == near.edges.size == near.weight.size == 0
    assert near.places(np.array([1], np.int32)).tolist() == [-1]


@given(st.sets(st.integers(0, 29)), st.lists(st.integers(0, 29)))
def test_places_are_those_in_the_list(members: set[int], asked: list[int]) -> None:
    ordered = sorted(members)
    near = Neighbourhood.of(line_of(30), np.array(ordered, np.int32))
    expected = [ordered.index(k) if k in members else -1 for k in asked]
    assert near.places(np.array(asked, np.int32)).tolist() == expected
