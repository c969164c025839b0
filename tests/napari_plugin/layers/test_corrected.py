"""Corrections over labels: any part of them is what all of them are there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervox.napari_plugin.layers.corrected import Corrected, Overlay
from supervox.napari_plugin.layers.lookup import LookupPyramid, LookupVolume, coarse_sample
from supervox.napari_plugin.layers.make_layers import corrected_levels

SHAPE = (5, 6, 7)
LABELS = np.arange(np.prod(SHAPE), dtype=np.uint8).reshape(SHAPE) % 4


def parts() -> st.SearchStrategy[tuple[slice | int, ...]]:
    def axis(size: int) -> st.SearchStrategy[slice | int]:
        return st.one_of(st.slices(size), st.integers(0, size - 1))

    return st.tuples(*map(axis, SHAPE)) | st.tuples(*map(axis, SHAPE[:2]))


@given(st.lists(st.integers(0, LABELS.size - 1), unique=True, max_size=20), parts())
def test_a_part_is_a_part_of_the_whole(voxels, part):
    voxels = np.sort(np.array(voxels, np.int64))
    corrections = np.zeros(SHAPE, np.uint8)
    over = Overlay(corrections)
    corrections.reshape(-1)[voxels] = 9
    over.note(voxels)
    before = LABELS.copy()
    expected = np.where(corrections > 0, corrections, LABELS)
    shown = Corrected(LABELS, over)
    np.testing.assert_array_equal(shown[part], expected[part])
    np.testing.assert_array_equal(shown, expected)
    np.testing.assert_array_equal(LABELS, before)
    again = Overlay.looked_for(corrections)
    assert [mark.tolist() for mark in again.marks] == [mark.tolist() for mark in over.marks]
    assert over.is_blank == (voxels.size == 0)


def test_what_is_corrected_later_shows_in_a_box_a_plane_and_a_sample_made_before():
    corrections = np.zeros(SHAPE, np.uint8)
    over = Overlay(corrections)
    box = slice(1, 4), slice(2, 6), slice(0, 5)
    in_box = Corrected(LABELS[box], over.of(box))
    flat = Corrected(LABELS[0], over.of(None, is_flat=True))
    thin = Corrected(LABELS[::2, ::1, ::3], over.thinned([2, 1, 3]))
    for place in ((2, 3, 3), (0, 1, 1)):
        corrections[place] = 9
        over.note(np.array([np.ravel_multi_index(place, SHAPE)]))
    expected = np.where(corrections > 0, corrections, LABELS)
    np.testing.assert_array_equal(in_box, expected[box])
    np.testing.assert_array_equal(flat, expected[0])
    np.testing.assert_array_equal(thin, expected[::2, ::1, ::3])
    assert over.box == (slice(0, 3), slice(1, 4), slice(1, 4))


def test_where_nothing_is_corrected_labels_are_not_copied():
    over = Overlay(np.zeros(SHAPE, np.uint8))
    over.note(np.array([0]))
    assert np.shares_memory(Corrected(LABELS, over)[3], LABELS)
    assert not np.shares_memory(Corrected(LABELS, over)[0], LABELS)
    with pytest.raises(ValueError, match="no array of their own"):
        np.asarray(Corrected(LABELS, over), copy=False)


def test_large_parts_of_a_lookup_stay_views_with_corrections_over_them(monkeypatch):
    monkeypatch.setattr("supervox.napari_plugin.layers.lookup.LAZY_VOXELS", 20)
    monkeypatch.setattr("supervox.napari_plugin.layers.lookup.COARSE_VOXELS", 40)
    ids = LABELS.astype(np.int32)
    table = np.array([4, 5, 6, 7], np.uint8)
    corrections = np.zeros(SHAPE, np.uint8)
    corrections[2, 4, 4] = 9
    over = Overlay.looked_for(corrections)
    pyramid = LookupPyramid(ids, coarse_sample(ids), table)
    fine, coarse = corrected_levels(pyramid, over)
    expected = np.where(corrections > 0, corrections, table[ids])
    part = fine[:, 1:, :]
    assert isinstance(part, Corrected)
    assert isinstance(part.labels, LookupVolume)
    np.testing.assert_array_equal(part[2], expected[2, 1:])
    np.testing.assert_array_equal(coarse, expected[::2, ::2, ::2])
