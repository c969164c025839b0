"""Where a volume has no data, nothing is learned, and labels are 0; the constant doesn't matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from supervox.execution import Run
from supervox.segmentation import (
    SegmentationError,
    SegmentationParameters,
    Segmenter,
    Strokes,
    SupervoxelParameters,
    compute_supervoxels,
    look_at,
    region_graph,
    segment,
    without_data,
)
from supervox.segmentation.strokes_in_data import DataSeen

SHAPE = (16, 64, 64)
INSIDE = np.broadcast_to(np.hypot(*np.ogrid[-31.5:32, -31.5:32]) <= 31, SHAPE)
QUICK = SegmentationParameters(SupervoxelParameters(6), partitions=2)


@pytest.fixture(scope="module")
def phantom():
    rng = np.random.default_rng(0)
    truth = (ndimage.gaussian_filter(rng.standard_normal(SHAPE), 4) > 0).astype(np.uint8) + 1
    image = 3e4 + 3e3 * (ndimage.gaussian_filter(truth * 1.0, 0.7) + 0.3 * rng.normal(size=SHAPE))
    strokes = np.zeros(SHAPE, np.uint8)
    for z in (4, 8, 12):
        for k in (1, 2):
            rows, columns = np.nonzero(
                ndimage.binary_erosion((truth[z] == k) & INSIDE[z], iterations=2)
            )
            some = rng.choice(rows.size, 20, replace=False)
            strokes[z, rows[some], columns[some]] = k
    return image.astype(np.uint16), truth, strokes


@pytest.fixture(scope="module")
def unfilled(phantom):
    image, _, strokes = phantom
    return segment(image, strokes, parameters=QUICK).labels


def filled(image, value, dtype=np.uint16):
    return np.where(INSIDE, image, value).astype(dtype)


@pytest.fixture(scope="module")
def of_nan(phantom):
    image, _, strokes = phantom
    return segment(filled(image, np.nan, np.float32), strokes, parameters=QUICK).labels


@pytest.mark.parametrize(
    ("value", "dtype"), [(0, np.uint16), (65535, np.uint16), (-1e9, np.float32), (0, np.int32)]
)
def test_labels_do_not_depend_on_the_constant(phantom, of_nan, value, dtype):
    image, _, strokes = phantom
    labels = segment(filled(image, value, dtype), strokes, parameters=QUICK).labels
    assert labels.tobytes() == of_nan.tobytes()


def test_a_mask_says_the_same(phantom, of_nan):
    image, _, strokes = phantom
    labels = segment(image, strokes, mask=INSIDE, parameters=QUICK).labels
    assert labels.tobytes() == of_nan.tobytes()


def test_labels_inside_are_as_good_as_without_fill(phantom, unfilled, of_nan):
    _, truth, strokes = phantom
    scored = INSIDE & (strokes == 0)
    whole, without = (np.mean((labels == truth)[scored]) for labels in (unfilled, of_nan))
    assert without > whole - 0.02
    np.testing.assert_array_equal(of_nan == 0, ~INSIDE)


def test_fill_can_be_data(phantom):
    image, _, strokes = phantom
    taken = replace(QUICK, no_data="none")
    labels = segment(filled(image, 0), strokes, parameters=taken).labels
    assert (labels > 0).all()
    segmenter = Segmenter(filled(image, 0), parameters=taken)
    segmenter.segment(strokes)
    segmenter.configure(QUICK)
    assert not segmenter.partitions
    assert (segmenter.segment(strokes).labels[~INSIDE] == 0).all()


@pytest.mark.parametrize("block_shape", [(16, 64, 64), (8, 24, 36)])
def test_nothing_depends_on_the_blocks(phantom, block_shape):
    volume, intensity = look_at(filled(phantom[0], 0), "auto")
    ids = compute_supervoxels(volume, 6, intensity=intensity, workers=1)
    again = compute_supervoxels(volume, 6, intensity=intensity, block_shape=block_shape, workers=2)
    assert ids.tobytes() == again.tobytes()
    graph = region_graph(ids, volume, intensity=intensity)
    blocks = region_graph(ids, volume, intensity=intensity, block_shape=block_shape)
    for name in ("edges", "area", "size", "mean_intensity"):
        assert getattr(graph, name).tobytes() == getattr(blocks, name).tobytes()


def test_supervoxels_without_data_touch_none(phantom):
    volume, intensity = look_at(filled(phantom[0], 0), "auto")
    ids = compute_supervoxels(volume, 6, intensity=intensity)
    graph = region_graph(ids, volume, intensity=intensity)
    expected = np.bincount(ids[INSIDE], minlength=ids.max() + 1)
    np.testing.assert_array_equal(graph.size, expected)
    assert (graph.size == 0).any()
    assert (graph.size[graph.edges] > 0).all()


def test_strokes_without_data_teach_nothing(phantom, of_nan):
    image, _, strokes = phantom
    more = strokes.copy()
    more[8, :4, :4] = 2
    labels = segment(filled(image, 0), more, parameters=QUICK).labels
    assert labels.tobytes() == of_nan.tobytes()
    voxels = np.flatnonzero(more)
    painted = Strokes(voxels, more.ravel()[voxels].astype(np.uint16))
    volume, _ = look_at(filled(image, 0), "auto")
    assert without_data(painted, volume).voxels.size == 16
    assert without_data(painted, image) == Strokes.empty()


def test_strokes_beyond_the_rim_teach_nothing_in_supervoxels_that_reach_across(phantom, of_nan):
    image, _, strokes = phantom
    ids = Segmenter(filled(image, 0), parameters=QUICK)
    ids.prepare()
    (first, *_) = ids.partitions
    reaches_across = np.isin(first.ids, first.ids[INSIDE]) & ~INSIDE
    assert np.count_nonzero(reaches_across) > 100
    more = np.where(reaches_across, 2, strokes).astype(np.uint8)
    assert ids.segment(more).labels.tobytes() == of_nan.tobytes()
    # what was asked before is remembered, and nothing else
    more[8, 30:34, 2:62] = 1
    expected = segment(filled(image, 0), np.where(INSIDE, more, 0), parameters=QUICK).labels
    assert ids.segment(more).labels.tobytes() == expected.tobytes()
    assert ids.segment(strokes).labels.tobytes() == of_nan.tobytes()


def test_a_class_that_is_painted_outside_only_is_told(phantom):
    image, _, strokes = phantom
    outside = np.where(strokes == 1, 1, 0).astype(np.uint8)
    outside[8, :4, :4] = 2
    with pytest.raises(SegmentationError, match="all strokes of class 2 lie where the volume has"):
        segment(filled(image, 0), outside, parameters=QUICK)


def test_a_model_labels_a_padded_volume_as_the_plain_one(phantom, unfilled):
    image, _, strokes = phantom
    segmenter = Segmenter(image, parameters=QUICK, workers=Run(1))
    segmenter.segment(strokes)
    model = replace(segmenter.model(), painted=(), trained_on="another volume")
    plain = segmenter.apply(model).labels
    padded = np.pad(image, ((0, 0), (20, 20), (20, 20)))
    found = Segmenter(padded, parameters=QUICK).apply(model).labels
    assert np.mean(found[:, 20:-20, 20:-20] == plain) > 0.98
    assert not found[:, :20].any()
    assert not found[:, :, -20:].any()


def test_a_mask_of_another_shape_is_refused(phantom):
    with pytest.raises(SegmentationError, match="the mask has shape"):
        Segmenter(phantom[0], mask=np.ones((3, 3, 3), np.uint8))


def test_a_volume_without_any_data_is_refused(phantom):
    with pytest.raises(SegmentationError, match="no voxels with data"):
        Segmenter(phantom[0], mask=np.zeros(SHAPE, np.uint8))


@given(st.lists(st.sets(st.integers(0, 59)), min_size=1, max_size=6))
def test_what_is_remembered_of_voxels_is_what_they_are(asked):
    volume = np.zeros((3, 4, 5), np.float32)
    volume[1, ::2] = volume[2, :, 3] = np.nan
    seen = DataSeen(volume)
    for places in asked:
        voxels = np.array(sorted(places), np.int64)
        np.testing.assert_array_equal(seen.at(voxels), np.isfinite(volume.ravel()[voxels]))
