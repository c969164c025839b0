"""Supervoxels made connected: drawn planes, SciPy's components, and any cut into blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label
from supervox.execution import Block, run_blocks, split_blocks
from supervox.segmentation.supervoxels._connectivity import connect


def picture(*lines: str) -> np.ndarray:
    """Return the digits of one plane as raw ids (1, Y, X)."""
    return np.array([[list(map(int, line)) for line in lines]], np.int32)


def connected(
    raw: np.ndarray,
    minimum: int,
    *,
    block_shape: Sequence[int] | None = None,
    face_area: Sequence[float] = (1, 1, 1),
    workers: int = 1,
) -> np.ndarray:
    """Return the ids that come out of raw ones."""
    blocks = split_blocks(raw.shape, block_shape or raw.shape)
    between, out = np.full(raw.shape, -7, np.int32), np.full(raw.shape, -7, np.int32)

    def run(function: Callable[[Block], Any]) -> Iterator[Any]:
        return run_blocks(function, blocks, workers=workers)

    connect(
        between,
        out,
        blocks,
        assign=lambda block: raw[block.core].copy(),
        face_area=face_area,
        minimum_size=minimum,
        run=run,
    )
    return out


def n_components(mask: np.ndarray) -> int:
    return int(label(mask)[1])


@pytest.fixture
def islands() -> np.ndarray:
    """Return two supervoxels, of which 0 has an islet in 1, and 1 has a peninsula cut off."""
    return picture(
        "00000111111",
        "00000111011",
        "00100111111",
        "00000111111",
    )


def test_fragments_join_who_surrounds_them(islands: np.ndarray) -> None:
    expected = picture(*["00000111111"] * 4)
    np.testing.assert_array_equal(connected(islands, minimum=1), expected)


def test_a_fragment_joins_whom_it_shares_most_boundary_with() -> None:
    # the column of 0 on the right touches 1 at one face, and 2 at three
    found = connected(picture("000110", "000220", "222220", "222222"), minimum=1)
    np.testing.assert_array_equal(found, picture("000112", "000222", "222222", "222222"))


def test_boundaries_are_weighed_by_the_area_of_faces() -> None:
    corner = picture("2000", "1111")
    columns = connected(corner, 2, face_area=(1, 1, 5))
    np.testing.assert_array_equal(columns, picture("0000", "1111"))
    rows = connected(corner, 2, face_area=(1, 5, 1))
    np.testing.assert_array_equal(rows, picture("1000", "1111"))


def test_small_regions_join_though_they_are_whole() -> None:
    raw = picture("0001222", "0001222", "0000222")
    np.testing.assert_array_equal(connected(raw, 2), raw)
    found = connected(raw, 3)
    np.testing.assert_array_equal(found, picture("0000111", "0000111", "0000111"))


def test_ids_become_dense_in_their_order() -> None:
    raw = picture("4477", "4477", "2299", "2299")
    np.testing.assert_array_equal(connected(raw, 1), picture("1122", "1122", "0033", "0033"))


def test_a_region_smaller_than_asked_for_stays_where_there_is_no_other() -> None:
    raw = np.full((2, 2, 2), 5, np.int32)
    np.testing.assert_array_equal(connected(raw, 100), np.zeros_like(raw))


def test_a_component_that_winds_through_all_blocks_is_one() -> None:
    snake = picture(
        "1111111",
        "0000001",
        "1111111",
        "1000000",
        "1111111",
    )
    # the 0s are two corridors of 6 voxels: the lower is a fragment, and joins the snake
    expected = picture("1111111", "0000001", "1111111", "1111111", "1111111")
    for block_shape in [(1, 5, 7), (1, 2, 3), (1, 1, 1), (1, 5, 1)]:
        found = connected(snake, 1, block_shape=block_shape)
        np.testing.assert_array_equal(found, expected)


@settings(max_examples=60)
@given(
    shape=st.tuples(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9)),
    block=st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4)),
    n_ids=st.integers(1, 6),
    minimum=st.integers(1, 12),
    seed=st.integers(0, 2**32 - 1),
)
def test_what_comes_out_is_connected_dense_and_large_enough(
    shape: tuple[int, ...], block: tuple[int, ...], n_ids: int, minimum: int, seed: int
) -> None:
    raw = np.random.default_rng(seed).integers(0, n_ids, shape).astype(np.int32)
    whole = connected(raw, minimum)
    n = int(whole.max()) + 1
    assert sorted(set(whole.ravel().tolist())) == list(range(n))
    assert all(n_components(whole == k) == 1 for k in range(n))
    sizes = np.bincount(whole.ravel())
    assert n == 1 or sizes.min() >= minimum
    cut = connected(raw, minimum, block_shape=block, workers=2)
    np.testing.assert_array_equal(cut, whole)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_what_is_connected_already_only_gets_new_numbers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    boxes = np.zeros((4, 6, 6), np.int32)
    for axis, cut in enumerate((2, 3, 4)):
        np.moveaxis(boxes, axis, 0)[cut:] += 1 << axis
    shuffled = np.sort(rng.permutation(50)[:8]).astype(np.int32)[boxes]
    np.testing.assert_array_equal(connected(shuffled, 1), boxes)
