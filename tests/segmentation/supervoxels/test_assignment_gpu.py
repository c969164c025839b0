"""Supervoxels of a device against those of the compiled kernels."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from scipy import ndimage as ndi
from supervox.execution.workspace import Workspace
from supervox.segmentation import (
    SegmentationParameters,
    Segmenter,
    compute_supervoxels,
)

SAME = 0.999  # share of voxels with the same partner, where a device rounds otherwise


def structured(shape, seed=0):
    noise = np.random.default_rng(seed).normal(0, 1, shape)
    return (ndi.gaussian_filter(noise, 2) * 20 + noise).astype(np.float32)


def agreement(a, b):
    """Return the share of voxels that lie in the largest overlap of their supervoxel."""
    pairs, counts = np.unique(np.stack([a.ravel(), b.ravel()]), axis=1, return_counts=True)
    best = np.zeros(int(a.max()) + 1, np.int64)
    np.maximum.at(best, pairs[0], counts)
    return best.sum() / a.size


@pytest.mark.parametrize(
    ("shape", "spacing", "size", "shift"),
    [
        ((40, 41, 43), (1, 1, 1), 8, (0, 0, 0)),
        ((30, 33, 50), (3, 1, 1.5), 6, (0.5, 0.25, 0.75)),
        ((1, 60, 70), (1, 1, 1), 8, (0.3, 0.5, 0.5)),
        ((9, 9, 9), (1, 1, 1), 20, (0, 0, 0)),
    ],
)
@pytest.mark.parametrize("block_shape", [None, (16, 24, 24)])
def test_the_same_supervoxels(device, shape, spacing, size, shift, block_shape):
    volume = structured(shape)
    options = {"spacing": spacing, "shift": shift}
    ours = compute_supervoxels(volume, size, **options)
    theirs = compute_supervoxels(
        volume, size, **options, device=device, block_shape=block_shape, workers=2
    )
    assert agreement(ours, theirs) >= SAME
    assert agreement(theirs, ours) >= SAME


@pytest.mark.parametrize("block_shape", [(8, 16, 40), (32, 32, 32)])
def test_blocks_dont_matter(device, block_shape):
    volume = structured((32, 40, 40))
    whole = compute_supervoxels(volume, device=device)
    parts = compute_supervoxels(volume, device=device, block_shape=block_shape)
    np.testing.assert_array_equal(parts, whole)


def test_the_same_ids_where_numbers_are_rounded_alike(pretend):
    volume = structured((40, 41, 43))
    volume[:20] = np.round(volume[:20])  # equally near centres: the lowest wins
    volume[30:] = 3
    ours = compute_supervoxels(volume, 7, spacing=(2, 1, 1))
    theirs = compute_supervoxels(volume, 7, spacing=(2, 1, 1), device=pretend(np))
    np.testing.assert_array_equal(theirs, ours)


def test_a_device_that_fails_in_the_middle(pretend):
    told = []

    class Short:
        def __init__(self):
            self.calls = 0

        def __getattr__(self, name):
            self.calls += name == "bincount"
            if self.calls > 30:
                raise RuntimeError("the card fell out")
            return getattr(np, name)

    volume = structured((32, 40, 40))
    device = pretend(Short(), tell=told.append)
    found = compute_supervoxels(volume, device=device, block_shape=(16, 16, 16))
    np.testing.assert_array_equal(found, compute_supervoxels(volume))
    assert told == ["NumPy is not used any more, the processors go on: the card fell out"]


def test_a_segmenter_on_a_device(pretend):
    volume = structured((24, 40, 40))
    strokes = np.zeros(volume.shape, np.uint8)
    strokes[12, 5, 5:20], strokes[12, 30, 5:20] = 1, 2
    asked = []

    class Counting:
        def __getattr__(self, name):
            asked.append(name)
            return getattr(np, name)

    parameters = SegmentationParameters(partitions=2)
    workspace = Workspace(device=pretend(Counting()))
    here = Segmenter(volume, parameters=parameters, workspace=workspace).segment(strokes)
    assert {"bincount", "cumsum", "take"} <= set(asked)
    there = Segmenter(volume, parameters=parameters).segment(strokes)
    np.testing.assert_array_equal(here.labels, there.labels)


@pytest.mark.data
@pytest.mark.parametrize("name", ["cryo_sxt_mitochondria", "fly_nerve_cord", "mouse_mitochondria"])
def test_real_volumes(data_folder, device, name):
    whole = tifffile.imread(data_folder / name / "image.tif")
    z, y, x = (slice(max(0, n // 2 - 24), n // 2 + 24) for n in whole.shape)
    image = np.ascontiguousarray(whole[z, y, x])
    ours = compute_supervoxels(image)
    theirs = compute_supervoxels(image, device=device)
    assert agreement(ours, theirs) >= SAME
