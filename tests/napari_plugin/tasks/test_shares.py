"""Shares count voxels, regions count supervoxels."""

from __future__ import annotations

import numpy as np
import pytest
from supervox.napari_plugin.session.comparison import blending
from supervox.napari_plugin.tasks.plane_amounts import PlaneAmounts
from supervox.napari_plugin.tasks.shares import ClassShare, shares_of


def test_shares_are_of_voxels() -> None:
    labels = np.array([1, 3, 1, 3, 3], np.uint8)
    sizes = np.array([10, 20, 30, 30, 10])
    assert shares_of(labels, sizes, (1, 2, 3)) == {
        1: ClassShare(0.4, 2),
        2: ClassShare(0.0, 0),
        3: ClassShare(0.6, 3),
    }


def test_planes_with_less_data_count_less_in_all_of_them() -> None:
    shares = np.array([[0.5, 0.5], [1.0, 0.0]])
    doubt, voxels = np.array([0.1, 0.4]), np.array([300.0, 100.0])
    amounts = PlaneAmounts(0, 0, (1, 2), shares, doubt, np.zeros(2, bool), voxels)
    assert amounts.overall == pytest.approx([250 / 400, 150 / 400])
    assert amounts.overall_doubt == pytest.approx((30 + 40) / 400)


def test_planes_are_blended_as_the_viewer_does() -> None:
    colours = np.zeros((256, 4), np.uint8)
    colours[1], colours[2] = (200, 100, 0, 255), (9, 9, 9, 0)
    table = blending(colours, 0.4)
    assert table[1, 50].tolist() == [110, 70, 30]
    np.testing.assert_array_equal(table[2], table[0])  # it is hidden
    np.testing.assert_array_equal(table[0, :, 0], np.arange(256))
