"""Outlines of supervoxels, as napari reads them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as hnp
from supervox.napari_plugin.layers.outlines import OutlineVolume, outline


def test_one_side_of_a_border_is_marked() -> None:
    ids = np.array([[1, 1, 2], [1, 1, 2], [3, 3, 3]], np.int32)
    assert outline(ids).tolist() == [[0, 0, 1], [0, 0, 1], [1, 1, 1]]


@given(hnp.arrays(np.int32, hnp.array_shapes(min_dims=2, max_dims=2), elements={"max_value": 3}))
def test_a_pixel_is_marked_if_the_one_before_has_another_id(ids: np.ndarray) -> None:
    padded = np.pad(ids, ((1, 0), (1, 0)), mode="edge")
    above, before = padded[:-1, 1:], padded[1:, :-1]
    np.testing.assert_array_equal(outline(ids), (above != ids) | (before != ids))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_planes_of_any_axis(axis: int) -> None:
    ids = np.random.default_rng(0).integers(0, 4, (5, 6, 7), np.int32)
    volume = OutlineVolume(ids)
    assert (volume.shape, volume.ndim, volume.size, len(volume)) == ((5, 6, 7), 3, 210, 5)
    key = tuple(2 if k == axis else slice(None) for k in range(3))
    np.testing.assert_array_equal(volume[key], outline(ids[key]))
    assert volume[1:3].shape == (2, 6, 7)
    assert volume[1, 2, 3] == 0


def test_all_planes_as_an_array() -> None:
    ids = np.random.default_rng(0).integers(0, 4, (5, 6, 7), np.int32)
    volume = OutlineVolume(ids)
    np.testing.assert_array_equal(np.asarray(volume), [outline(plane) for plane in ids])
    flat = OutlineVolume(ids[0])
    np.testing.assert_array_equal(np.asarray(flat, np.int32), outline(ids[0]))
    with pytest.raises(ValueError, match="can't do without a copy"):
        np.array(volume, copy=False)
