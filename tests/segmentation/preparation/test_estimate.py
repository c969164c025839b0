"""What a preparation needs, said before it runs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from supervox.features import PRESETS
from supervox.segmentation import (
    SegmentationParameters,
    SupervoxelParameters,
    compute_supervoxels,
    estimate_preparation,
)
from supervox.segmentation.preparation.estimate import START_SECONDS

ONE = SegmentationParameters(partitions=1)
SHAPE = (64, 128, 128)


def test_the_number_of_supervoxels_is_about_right() -> None:
    volume = np.random.default_rng(0).normal(size=(24, 40, 48)).astype(np.float32)
    for size in (4, 8):
        parameters = replace(ONE, supervoxels=SupervoxelParameters(size))
        found = compute_supervoxels(volume, size).max() + 1
        expected = estimate_preparation(volume.shape, parameters).n_supervoxels
        assert 0.6 < found / expected < 1.4


def test_twice_the_volume_takes_twice_the_time() -> None:
    small = estimate_preparation(SHAPE, ONE)
    large = estimate_preparation((2 * SHAPE[0], *SHAPE[1:]), ONE)
    assert large.seconds - START_SECONDS == pytest.approx(2 * (small.seconds - START_SECONDS))
    assert large.n_supervoxels == 2 * small.n_supervoxels
    voxels = np.prod(SHAPE)
    assert large.bytes - small.bytes >= 4 * voxels


def test_what_costs_more() -> None:
    plain = estimate_preparation(SHAPE, ONE, workers=2)
    assert (
        estimate_preparation(SHAPE, replace(ONE, partitions=4), workers=2).seconds > plain.seconds
    )
    full = replace(ONE, features=PRESETS["full"])
    assert estimate_preparation(SHAPE, full, workers=2).seconds > plain.seconds
    fine = replace(ONE, supervoxels=SupervoxelParameters(4))
    assert estimate_preparation(SHAPE, fine, workers=2).bytes > plain.bytes
    alone = estimate_preparation(SHAPE, ONE, workers=1)
    assert alone.seconds - START_SECONDS == pytest.approx(2 * (plain.seconds - START_SECONDS))
    slow = estimate_preparation(SHAPE, ONE, workers=2, pace=3)
    assert slow.seconds == pytest.approx(3 * plain.seconds)
    assert slow.bytes == plain.bytes


def test_further_channels_cost_time_and_memory() -> None:
    one, two, three = (estimate_preparation(SHAPE, ONE, n_images=n) for n in (1, 2, 3))
    assert one == estimate_preparation(SHAPE, ONE)
    assert three.seconds - two.seconds == pytest.approx(two.seconds - one.seconds)
    assert one.seconds < two.seconds < 2 * one.seconds  # supervoxels are cut once
    assert one.bytes < two.bytes < three.bytes
    assert one.n_supervoxels == two.n_supervoxels


def test_coarse_planes_have_fewer_supervoxels() -> None:
    even = estimate_preparation(SHAPE, ONE)
    coarse = estimate_preparation(SHAPE, ONE, spacing=(8, 1, 1))
    assert coarse.n_supervoxels == 8 * even.n_supervoxels


def test_a_picture() -> None:
    assert estimate_preparation((1, 128, 128), ONE).n_supervoxels == 256
