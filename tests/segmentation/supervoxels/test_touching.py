"""Touching pairs of a block: a drawn plane, a walk over all faces, and tables that must grow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervox.execution import split_blocks
from supervox.segmentation.supervoxels._touching import reduce_pairs, touching_pairs

ALL = np.zeros(0, np.bool_)
Faces = dict[tuple[int, int], list[float]]


def faces_of(labels: np.ndarray, *, wanted: np.ndarray = ALL) -> Faces:
    """Return the sums of each pair of a volume that is one block."""
    n = int(labels.max()) + 1
    keys, sums = touching_pairs(labels, np.array(labels.shape), n, wanted)
    assert np.unique(keys).size == keys.size  # each pair once
    return by_pair(keys, sums, n)


def by_pair(keys: np.ndarray, sums: np.ndarray, n: int) -> Faces:
    pairs = zip((keys // n).tolist(), (keys % n).tolist(), strict=True)
    return dict(zip(pairs, sums.tolist(), strict=True))


def walk(labels: np.ndarray) -> Faces:
    """Visit every face of a volume."""
    found: Faces = {}
    for axis in range(3):
        a, b = (np.moveaxis(labels, axis, 0)[cut].ravel() for cut in (np.s_[:-1], np.s_[1:]))
        for k in np.flatnonzero(a != b):
            pair = int(min(a[k], b[k])), int(max(a[k], b[k]))
            found.setdefault(pair, [0.0] * 3)[axis] += 1
    return found


@pytest.fixture
def flag() -> np.ndarray:
    """Return a plane of three fields::

    0 0 1
    0 0 1
    2 2 2
    """
    return np.array([[[0, 0, 1], [0, 0, 1], [2, 2, 2]]], np.int32)


def test_faces_are_counted_by_axis(flag: np.ndarray) -> None:
    # planes, rows, columns
    assert faces_of(flag) == {
        (0, 1): [0, 0, 2],
        (0, 2): [0, 2, 0],
        (1, 2): [0, 1, 0],
    }


def test_planes_touch_as_well(flag: np.ndarray) -> None:
    stacked = np.concatenate([flag, np.full_like(flag, 3)])
    found = faces_of(stacked)
    assert [found[k, 3] for k in range(3)] == [[4, 0, 0], [2, 0, 0], [3, 0, 0]]


def test_one_label_touches_nobody() -> None:
    assert faces_of(np.zeros((3, 3, 3), np.int32)) == {}


def test_only_pairs_with_somebody_wanted_count(flag: np.ndarray) -> None:
    assert set(faces_of(flag, wanted=np.array([False, True, False]))) == {(0, 1), (1, 2)}
    assert faces_of(flag, wanted=np.zeros(3, np.bool_)) == {}


def test_a_face_belongs_to_the_block_of_its_first_voxel(flag: np.ndarray) -> None:
    # the first two columns with a column of halo, then the last, which has none behind it
    keys, sums = touching_pairs(flag, np.array([1, 3, 2]), 3, ALL)
    assert by_pair(keys, sums, 3) == {
        (0, 1): [0, 0, 2],
        (0, 2): [0, 2, 0],
    }
    last = np.ascontiguousarray(flag[:, :, 2:])
    keys, sums = touching_pairs(last, np.array([1, 3, 1]), 3, ALL)
    assert by_pair(keys, sums, 3)[1, 2] == [0, 1, 0]


@given(
    st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6)),
    st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6)),
    st.integers(1, 9),
    st.integers(0, 2**32 - 1),
)
def test_pairs_are_those_of_a_walk_however_the_volume_is_cut(
    shape: tuple[int, ...], block: tuple[int, ...], n: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n, shape).astype(np.int32)
    parts = []
    for part in split_blocks(shape, block):
        behind = tuple(slice(core.start, core.stop + 1) for core in part.core)
        cut = np.ascontiguousarray(labels[behind])
        parts.append(touching_pairs(cut, np.array(part.shape), n, ALL))
    keys, sums = reduce_pairs(parts)
    assert (np.diff(keys) > 0).all()
    assert by_pair(keys, sums, n) == walk(labels)


def test_the_table_grows_with_the_pairs() -> None:
    labels = np.arange(1500, dtype=np.int32).reshape(1, 1, -1)  # more than half of 1024 slots
    found = faces_of(labels)
    assert sorted(found) == [(k, k + 1) for k in range(1499)]
    assert all(sums == [0, 0, 1] for sums in found.values())


@pytest.mark.parametrize("n_labels", [4096, 4100, 10648, 2**31 - 1])
def test_pairs_come_once_for_any_number_of_labels(n_labels: int) -> None:
    labels = np.random.default_rng(0).permutation(4096).reshape(16, 16, 16).astype(np.int32)
    labels = labels.repeat(2, axis=0).repeat(3, axis=2)
    keys, sums = touching_pairs(labels, np.array(labels.shape), n_labels, ALL)
    assert np.unique(keys).size == keys.size
    assert by_pair(keys, sums, n_labels) == walk(labels)


def test_parts_without_a_pair_reduce_to_nothing() -> None:
    none = np.zeros(0, np.int64), np.zeros((0, 3))
    keys, sums = reduce_pairs([none, none])
    assert keys.shape == (0,)
    assert sums.shape == (0, 3)


def test_the_same_pair_of_several_blocks_adds_up() -> None:
    parts = [
        (np.array([7, 2]), np.array([[1.0, 0, 0], [0, 1, 0]])),
        (np.array([7]), np.array([[2.0, 3, 5]])),
    ]
    keys, sums = reduce_pairs(parts)
    assert keys.tolist() == [2, 7]
    assert sums.tolist() == [[0, 1, 0], [3, 3, 5]]
