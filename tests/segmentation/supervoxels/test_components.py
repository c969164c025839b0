"""Components of a block, components that go on across blocks, and the merging of leftovers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import label
from supervox.execution import find_root, find_roots
from supervox.segmentation.supervoxels._components import (
    join_faces,
    label_block,
    look_up,
    merge_small,
)


def picture(*lines: str) -> np.ndarray:
    """Return the digits of one plane as ids (1, Y, X)."""
    return np.array([[list(map(int, line)) for line in lines]], np.int32)


def label_whole(ids: np.ndarray) -> tuple[np.ndarray, ...]:
    return label_block(ids, np.zeros(3, np.int64), np.array(ids.shape))


@pytest.fixture
def spiral() -> np.ndarray:
    """Return a spiral of id 1, whose arms meet only at its end, around one of id 0."""
    return picture(
        "1111111",
        "1000001",
        "1011101",
        "1010101",
        "1010001",
        "1011111",
    )


def test_arms_that_meet_late_are_one_component(spiral: np.ndarray) -> None:
    components, owner, size, first = label_whole(spiral)
    np.testing.assert_array_equal(components[0], 1 - spiral[0])
    assert owner.tolist() == [1, 0]
    assert size.tolist() == [27, 15]
    assert first.tolist() == [0, 8]


def test_corners_and_edges_do_not_connect() -> None:
    ids = np.indices((3, 3, 3)).sum(axis=0).astype(np.int32) % 2
    components, owner, size, first = label_whole(ids)
    assert components.ravel().tolist() == list(range(27))
    assert owner.tolist() == ids.ravel().tolist()
    assert size.tolist() == [1] * 27
    assert first.tolist() == list(range(27))


def test_first_voxels_are_counted_in_the_volume() -> None:
    ids = np.array([[[4, 4], [9, 4]]], np.int32)
    _, owner, size, first = label_block(ids, np.array([2, 10, 20]), np.array([5, 30, 40]))
    start = (2 * 30 + 10) * 40 + 20
    assert (owner.tolist(), size.tolist()) == ([4, 9], [3, 1])
    assert first.tolist() == [start, start + 40]


@given(
    st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6)),
    st.integers(1, 4),
    st.integers(0, 2**32 - 1),
)
def test_components_are_those_of_scipy(shape: tuple[int, ...], n_ids: int, seed: int) -> None:
    ids = np.random.default_rng(seed).integers(0, n_ids, shape).astype(np.int32)
    components, owner, size, first = label_whole(ids)
    expected = np.zeros(shape, np.int64)
    for value in range(n_ids):
        found, _ = label(ids == value)
        expected[found > 0] = found[found > 0] + expected.max()
    pairs = np.unique(np.stack([components.ravel(), expected.ravel()]), axis=1)
    assert pairs.shape[1] == np.unique(expected).size == owner.size  # one to one
    assert (np.diff(first) > 0).all()  # numbered by their first voxels
    values, at, counts = np.unique(components, return_index=True, return_counts=True)
    assert values.tolist() == list(range(owner.size))
    assert first.tolist() == at.tolist()
    assert size.tolist() == counts.tolist()
    np.testing.assert_array_equal(owner[components], ids)


def test_components_of_one_id_are_united_across_a_face() -> None:
    #        block 0   block 1
    #  ids    3 3       3 7        numbers  0 0 | 4 5
    #         8 3       8 8                 1 0 | 6 6
    parent, owner = np.arange(7, dtype=np.int32), np.array([3, 8, 0, 0, 3, 7, 8], np.int32)
    front, back = np.array([[0], [0]], np.int32), np.array([[4], [6]], np.int32)
    join_faces(parent, owner, front, back)
    find_roots(parent)
    assert parent.tolist() == [0, 1, 2, 3, 0, 5, 6]  # 8 meets 3 across the face, not 8


def test_a_component_that_is_met_twice_pulls_both_together() -> None:
    # a fork in one block, of which both tines end at a bar in the next
    parent, owner = np.arange(3, dtype=np.int32), np.full(3, 5, np.int32)
    join_faces(parent, owner, np.array([[0, 1]], np.int32), np.array([[2, 2]], np.int32))
    find_roots(parent)
    assert parent.tolist() == [0, 0, 0]


def test_roots_are_found_from_any_depth() -> None:
    parent = np.array([0, 0, 1, 2, 3, 5, 5], np.int32)
    assert find_root(parent.copy(), 4) == 0
    find_roots(parent)
    assert parent.tolist() == [0, 0, 0, 0, 0, 5, 5]


def test_labels_are_looked_up_from_where_the_block_begins() -> None:
    labels, table = np.array([[[0, 1], [1, 0]]], np.int32), np.array([9, 9, 30, 40], np.int32)
    out = np.empty_like(labels)
    look_up(labels, table, 2, out)
    assert out.tolist() == [[[30, 40], [40, 30]]]
    look_up(labels, table, 2, labels)
    assert labels.tolist() == out.tolist()


class Town:
    """Components with sizes, and the boundaries between them, for `merge_small`."""

    def __init__(self, size: list[int], contacts: dict[tuple[int, int], float]) -> None:
        self.size = np.array(size)
        n = self.size.size
        both = sorted([*contacts.items(), *(((b, a), c) for (a, b), c in contacts.items())])
        self.start = np.searchsorted([a for (a, _), _ in both], np.arange(n + 1))
        self.neighbour = np.array([b for (_, b), _ in both], np.int32)
        self.contact = np.array([contact for _, contact in both], np.float64)

    def merge(self, minimum: int, fragments: tuple[int, ...] = ()) -> list[int]:
        """Return the region of each component."""
        is_main = ~np.isin(np.arange(self.size.size), fragments)
        moves = np.flatnonzero(~is_main | (self.size < minimum))
        order = moves[np.argsort(self.size[moves], kind="stable")]
        rows = self.start, self.neighbour, self.contact
        return merge_small(order, self.size, is_main, minimum, *rows).tolist()


@pytest.fixture
def town() -> Town:
    """Return a row of components, their sizes, and the boundaries that they share::

    0 (50) --4-- 1 (2) --7-- 2 (30) --5-- 3 (1) --5-- 4 (20)
    """
    return Town([50, 2, 30, 1, 20], {(0, 1): 4, (1, 2): 7, (2, 3): 5, (3, 4): 5})


def test_the_small_join_whom_they_share_most_boundary_with(town: Town) -> None:
    # 1 goes to 2; 3 shares as much with 2 as with 4: the lower is chosen
    assert town.merge(minimum=5) == [0, 1, 1, 1, 4]


def test_what_is_large_enough_stays(town: Town) -> None:
    assert town.merge(minimum=2) == [0, 1, 2, 2, 4]
    assert town.merge(minimum=1) == [0, 1, 2, 3, 4]


def test_a_fragment_joins_however_large_it_is(town: Town) -> None:
    assert town.merge(minimum=1, fragments=(2,)) == [0, 1, 1, 3, 4]


def test_two_of_the_small_are_large_enough_together() -> None:
    #   0 (9) --1-- 1 (2) --3-- 2 (3) --2-- 3 (9)
    row = Town([9, 2, 3, 9], {(0, 1): 1, (1, 2): 3, (2, 3): 2})
    assert row.merge(minimum=4) == [0, 1, 1, 3]
    assert row.merge(minimum=6) == [0, 1, 1, 1]  # together they share most with 3


def test_boundaries_of_what_was_merged_add_up() -> None:
    r"""The fragments 1 and 2 each touch 0 less than 3 touches both.

    0 (9) --2-- 1 (1) --3-- 3 (9)
      `----2--- 2 (2) --9-- 1
    """
    square = Town([9, 1, 2, 9], {(0, 1): 2, (0, 2): 2, (1, 2): 9, (1, 3): 3})
    assert square.merge(minimum=4) == [0, 0, 0, 3]  # 2 + 2 of 0 against 3 of 3


def test_who_has_no_neighbour_stays_however_small() -> None:
    assert Town([1], {}).merge(minimum=100) == [0]
