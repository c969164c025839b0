"""The supervoxels that strokes speak of, in the partition that is painted on and in others."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from supervox.features import FeatureTable
from supervox.segmentation import Partition, Strokes, region_graph
from supervox.segmentation.touched import count_touched, find_filling


def partition(ids: np.ndarray) -> Partition:
    ids = np.ascontiguousarray(ids, np.int32)
    graph = region_graph(ids, np.indices(ids.shape).sum(axis=0) % 3, spacing=(1, 1, 1))
    table = FeatureTable(np.zeros((graph.n_supervoxels, 1), np.float32), ("one",), graph.size)
    return Partition(ids, table, graph)


# Two partitions of a row of 24 voxels: pieces of 4, and pieces of 6.
FOURS = partition(np.arange(24)[np.newaxis, np.newaxis] // 4)
SIXES = partition(np.arange(24)[np.newaxis, np.newaxis] // 6)


def strokes(*painted: tuple[range, int, int]) -> Strokes:
    """Return strokes: voxels, class and step of each."""
    found = {v: (class_id, step) for voxels, class_id, step in painted for v in voxels}
    voxels = sorted(found)
    classes, steps = zip(*(found[v] for v in voxels), strict=True)
    return Strokes(
        np.array(voxels, np.int64), np.array(classes, np.uint16), np.array(steps, np.int32)
    )


def rows(part: Partition, painted: Strokes) -> dict[tuple[int, ...], int]:
    found, count = count_touched(part, painted, find_filling(FOURS, painted))
    return dict(zip(map(tuple, found.T.tolist()), count.tolist(), strict=True))


def test_a_line_speaks_of_all_that_it_touches() -> None:
    line = strokes((range(3, 5), 1, 1), (range(11, 13), 1, 1))
    assert rows(FOURS, line) == {(0, 1, 1): 1, (1, 1, 1): 1, (2, 1, 1): 1, (3, 1, 1): 1}
    assert rows(SIXES, line) == {(0, 1, 1): 2, (1, 1, 1): 1, (2, 1, 1): 1}


def test_what_fills_a_supervoxel_does_not_speak_of_others_that_it_grazes() -> None:
    """Voxels 4 to 8 fill a piece of four; of the sixes, they are 2 and 2, and 8 to 12 are 4."""
    filled = strokes((range(4, 12), 1, 1))
    assert rows(FOURS, filled) == {(1, 1, 1): 4, (2, 1, 1): 4}
    assert rows(SIXES, filled) == {(1, 1, 1): 6}  # 2 of 6 voxels are less than half of all


def test_the_best_is_left_where_none_is_filled() -> None:
    filled = strokes((range(4, 8), 2, 1))
    assert rows(SIXES, filled) == {(0, 2, 1): 2, (1, 2, 1): 2}  # half of each other, not of a whole


def test_steps_and_classes_are_judged_by_themselves() -> None:
    both = strokes((range(4, 8), 2, 1), (range(8, 16), 1, 2), (range(20, 21), 2, 1))
    assert rows(SIXES, both) == {
        (0, 2, 1): 2,
        (1, 2, 1): 2,
        (1, 1, 2): 4,
        (2, 1, 2): 4,
        (3, 2, 1): 1,
    }


def test_nothing_painted_is_nothing_touched() -> None:
    found, count = count_touched(FOURS, Strokes.empty(), find_filling(FOURS, Strokes.empty()))
    assert found.shape == (3, 0)
    assert count.size == 0


@given(st.lists(st.tuples(st.integers(0, 23), st.integers(1, 3), st.integers(0, 3)), min_size=1))
def test_in_the_partition_that_is_painted_on_everything_counts(
    painted: list[tuple[int, int, int]],
) -> None:
    """So that what a person sees while painting speaks of all that was painted."""
    given_ = strokes(*((range(v, v + 1), k, step) for v, k, step in painted))
    expected: dict[tuple[int, ...], int] = {}
    for voxel, class_id, step in zip(given_.voxels, given_.classes, given_.steps, strict=True):
        row = (int(voxel) // 4, int(class_id), int(step))
        expected[row] = expected.get(row, 0) + 1
    assert rows(FOURS, given_) == expected


@given(st.lists(st.tuples(st.integers(0, 23), st.integers(1, 3), st.integers(0, 3)), min_size=1))
def test_no_step_is_lost_in_another_partition(painted: list[tuple[int, int, int]]) -> None:
    given_ = strokes(*((range(v, v + 1), k, step) for v, k, step in painted))
    wanted = set(zip(given_.classes.tolist(), given_.steps.tolist(), strict=True))
    assert {row[1:] for row in rows(SIXES, given_)} == wanted
