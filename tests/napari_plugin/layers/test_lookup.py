"""Volumes that are a table over supervoxels, against the table looked up in full."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from supervox.napari_plugin.layers import lookup
from supervox.napari_plugin.layers.corrected import Corrected
from supervox.napari_plugin.layers.lookup import (
    Finer,
    LookupPyramid,
    LookupVolume,
    coarse_sample,
)

RNG = np.random.default_rng(0)
IDS = RNG.integers(0, 20, (5, 6, 7)).astype(np.int32)
TABLE = RNG.integers(0, 255, 20).astype(np.uint8)


def key_of(shape: tuple[int, ...]) -> st.SearchStrategy:
    return hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True)


@settings(max_examples=200)
@given(st.data(), st.sampled_from([1, 10, 2**22]), st.sampled_from([(5, 6, 7), (6, 7)]))
def test_any_key_gives_what_the_full_volume_has(
    data: st.DataObject, lazy: int, shape: tuple[int, ...]
) -> None:
    ids = IDS if len(shape) == 3 else IDS[0]
    key = data.draw(key_of(shape))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookup, "LAZY_VOXELS", lazy)
        found = LookupVolume(ids, TABLE)[key]
    expected = TABLE[ids][key]
    assert np.shape(found) == np.shape(expected)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(np.asarray(found), expected)
    if np.size(expected) > lazy:
        assert isinstance(found, LookupVolume)


def test_masks_and_lists_of_indices() -> None:
    volume = LookupVolume(IDS, TABLE)
    for key in (IDS > 3, [0, 2], (slice(None), [1, 1, 4]), np.array([True, False] * 2 + [True])):
        np.testing.assert_array_equal(volume[key], TABLE[IDS][key])


def test_large_results_stay_views_that_are_sliced_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "LAZY_VOXELS", 100)
    part = LookupVolume(IDS, TABLE)[1:]
    assert isinstance(part, LookupVolume)
    assert np.shares_memory(part.ids, IDS)
    assert part.shape == (4, 6, 7)
    plane = part[2]
    assert isinstance(plane, np.ndarray)
    np.testing.assert_array_equal(plane, TABLE[IDS[3]])


def test_it_looks_like_an_array() -> None:
    volume = LookupVolume(IDS, TABLE)
    assert (volume.shape, volume.ndim, volume.size, len(volume)) == ((5, 6, 7), 3, 210, 5)
    assert volume.dtype == np.uint8
    np.testing.assert_array_equal(np.asarray(volume), TABLE[IDS])
    assert np.asarray(volume, dtype=np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="copy"):
        np.asarray(volume, copy=False)


def test_another_table_changes_both_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "COARSE_VOXELS", 50)
    pyramid = LookupPyramid.of(IDS, TABLE)
    assert pyramid.is_multiscale
    fine, coarse = pyramid.data
    pyramid.table = TABLE[::-1].copy()
    assert pyramid.table is fine.table is coarse.table
    np.testing.assert_array_equal(np.asarray(fine), TABLE[::-1][IDS])
    assert coarse.size <= 50


def test_a_small_volume_has_one_level() -> None:
    pyramid = LookupPyramid.of(IDS, TABLE)
    assert not pyramid.is_multiscale
    assert isinstance(pyramid.data, LookupVolume)
    assert pyramid.data.ids is IDS


@given(
    hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=40), st.sampled_from([8, 64, 500])
)
def test_the_sample_is_regular_and_small_but_no_smaller_than_needed(
    shape: tuple[int, ...], most: int
) -> None:
    ids = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookup, "COARSE_VOXELS", most)
        coarse = coarse_sample(ids)
    assert coarse.size <= most
    assert coarse.ndim == ids.ndim
    if ids.size <= most:
        assert coarse is ids
        return
    assert coarse.size * 2 > most / 2
    assert coarse.flags.c_contiguous
    assert not np.shares_memory(coarse, ids)
    origin = (0,) * ids.ndim
    steps = []
    for axis in range(ids.ndim):
        second = list(origin)
        if coarse.shape[axis] > 1:
            second[axis] = 1
            steps.append(
                int(coarse[tuple(second)] - coarse[origin])
                // int(np.prod(shape[axis + 1 :], dtype=int))
            )
        else:
            steps.append(shape[axis])
    expected = ids[tuple(slice(None, None, step) for step in steps)]
    np.testing.assert_array_equal(coarse, expected)


@settings(max_examples=200)
@given(st.data(), st.sampled_from([1, 10, 2**22]))
def test_finer_values_hold_where_the_table_says_what_it_did(data: st.DataObject, lazy: int) -> None:
    """Of a plane before those of the whole, and both under any key."""
    values, of_plane = IDS.astype(np.uint8) + 100, IDS[2].astype(np.uint8) + 200
    then, then_there = TABLE.copy(), TABLE.copy()
    then[:7] += 1
    then_there[5:12] += 1
    expected = np.where((then == TABLE)[IDS], values, TABLE[IDS])
    expected[2] = np.where((then_there == TABLE)[IDS[2]], of_plane, expected[2])
    key = data.draw(st.one_of(key_of(IDS.shape), st.just((2, slice(1, 5), slice(None)))))
    pyramid = LookupPyramid.of(IDS, TABLE)
    pyramid.refine_all(Finer(values, then))
    pyramid.refine_plane(0, 2, Finer(of_plane, then_there))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookup, "LAZY_VOXELS", lazy)
        found = np.asarray(pyramid.fine[key])
    is_in_plane = isinstance(key, tuple) and key[:1] == (2,) and len(key) == 3
    is_in_plane = is_in_plane and all(isinstance(part, slice) for part in key[1:])
    if is_in_plane or not np.any(np.indices(IDS.shape)[0][key] == 2):
        np.testing.assert_array_equal(found, expected[key])


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("number", [2, np.int64(2), -3])
def test_a_plane_by_a_slice_is_the_plane_by_its_number(axis: int, number: int) -> None:
    """Fill reads the plane that is clicked on by a slice: as the plane is shown, finer values."""
    ids = IDS.transpose(np.roll(range(3), axis))  # 5 planes along the axis
    pyramid = LookupPyramid.of(ids, TABLE)
    finer = np.take(ids, 2, axis).astype(np.uint8) + 100
    pyramid.refine_plane(axis, 2, Finer(finer, TABLE))
    for rest in (slice(None), slice(1, 4)):
        key: list[Any] = [rest] * 3
        key[axis] = number
        by_number = pyramid.fine[tuple(key)]
        np.testing.assert_array_equal(by_number, finer[rest, rest])
        for thin in (slice(2, 3), slice(-3, -2), slice(2, 4, 5)):
            key[axis] = thin
            shown = Corrected(pyramid.fine, None)
            for labels in (pyramid.fine, shown):
                found = labels[tuple(key)]
                np.testing.assert_array_equal(found, np.expand_dims(by_number, axis))
    if axis == 0:
        np.testing.assert_array_equal(pyramid.fine[2], finer)
        np.testing.assert_array_equal(pyramid.fine[2:3], finer[np.newaxis])


@pytest.mark.parametrize("part", [slice(None), slice(1, 4)])
def test_a_box_as_its_planes_show_it_has_the_finer_values_of_all_of_them(part: slice) -> None:
    """Accept reads many planes at once, and takes what each of them shows."""
    pyramid = LookupPyramid.of(IDS, TABLE)
    expected = TABLE[IDS]
    for axis, at in ((0, 2), (2, 3)):
        finer = np.take(IDS, at, axis).astype(np.uint8) + 100 * (axis + 1) % 256
        pyramid.refine_plane(axis, at, Finer(finer, TABLE))
        np.moveaxis(expected, axis, 0)[at] = finer
    box = part, part, slice(None)
    np.testing.assert_array_equal(pyramid.fine.as_seen(box), expected[box])
    np.testing.assert_array_equal(Corrected(pyramid.fine, None).as_seen(box), expected[box])


def test_finer_values_give_way_to_a_new_table_where_it_differs() -> None:
    pyramid = LookupPyramid.of(IDS, TABLE)
    pyramid.refine_all(Finer(np.full(IDS.shape, 99, np.uint8), TABLE))
    new = TABLE.copy()
    new[3] += 1
    pyramid.table = new
    np.testing.assert_array_equal(pyramid.fine[1], np.where(IDS[1] == 3, new[3], 99))
    pyramid.table = TABLE
    assert (np.asarray(pyramid.fine) == 99).all()


def test_planes_that_were_looked_at_long_ago_are_forgotten() -> None:
    pyramid = LookupPyramid.of(IDS, TABLE)
    for at in range(lookup.MOST_PLANES + 3):
        pyramid.refine_plane(0, at, Finer(IDS[0].astype(np.uint8), TABLE))
    assert list(pyramid.fine.planes) == [(0, at) for at in range(3, lookup.MOST_PLANES + 3)]
