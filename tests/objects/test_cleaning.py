"""Cleaning: each step on bodies that anyone can check, in any blocks, with locks."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from supervox.objects import AMOUNTS, Calibrated, CleanStep, ObjectsError, clean, clean_part
from supervox.objects._fill import take_nearest
from supervox.objects.reshaping import rows_within, voxels_within

from .bodies import ball, draw


def blocky(seed: int = 0) -> np.ndarray:
    """Labels of four classes in rough pieces."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.normal(size=(4, 16, 24, 28)), (0, 1.2, 1.2, 1.2))
    return smooth.argmax(axis=0).astype(np.uint8)


AMOUNT = {"volume": 12.0, "length": 2.0, "": 0.0}


@pytest.mark.parametrize("operation", AMOUNTS)
@pytest.mark.parametrize("block", [(16, 24, 28), (5, 7, 9), (1, 24, 28), (16, 3, 11)])
def test_no_step_depends_on_blocks_or_threads(operation, block):
    labels, spacing = blocky(), (2.0, 1.0, 1.1)
    step = CleanStep(operation, AMOUNT[AMOUNTS[operation]])
    expected = clean(labels, step, spacing=spacing, locked=[3], workers=1).labels
    found = clean(labels, step, spacing=spacing, locked=[3], block_shape=block, workers=3).labels
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.uint8
    assert (found != labels).any()


@pytest.mark.parametrize("operation", AMOUNTS)
@pytest.mark.parametrize("locked", [[0], [2, 3], [0, 1]])
def test_locked_labels_neither_gain_nor_lose_a_voxel(operation, locked):
    labels = blocky(1)
    found = clean(labels, CleanStep(operation, AMOUNT[AMOUNTS[operation]]), locked=locked).labels
    for value in locked:
        np.testing.assert_array_equal(found == value, labels == value)


def test_specks_become_what_they_share_most_surface_with():
    labels = np.ones((5, 9, 20), np.uint8)
    labels[:, :, 10:] = 2
    labels[2, 4, 3] = 3
    labels[2, 4, 9:11] = 3  # as much of each, but for one face
    labels[1:4, 2:7, 14:18] = 3
    found = clean(labels, CleanStep("specks", 3 * 2.0, (3,)), spacing=(2, 1, 1)).labels
    assert found[2, 4, 3] == 1
    assert set(found[2, 4, 9:11].tolist()) == {1}  # ties go to the lower one
    assert (found == 3).sum() == 60
    kept = clean(labels, CleanStep("specks", 3.9, (3,)), spacing=(2, 1, 1)).labels
    assert (kept == 3).sum() == 62  # of a volume of 4 and more stays


def test_the_largest_object_stays():
    labels = np.zeros((3, 3, 12), np.uint8)
    labels[1, 1, 1:3] = labels[1, 1, 5:9] = labels[1, 1, 10] = 1
    found = clean(labels, CleanStep("keep-largest")).labels
    assert found[1, 1].tolist() == [0] * 5 + [1] * 4 + [0] * 3


def test_holes_are_filled_up_to_a_volume():
    labels = np.zeros((9, 9, 9), np.uint8)
    labels[1:8, 1:8, 1:8] = 1
    labels[2, 2, 2] = 0
    labels[4:6, 4:6, 4:6] = 0
    assert (clean(labels, CleanStep("holes", 1)).labels == 1).sum() == 7**3 - 8
    assert (clean(labels, CleanStep("holes", math.inf)).labels == 1).sum() == 7**3
    labels[4, 4, 4] = 2
    kept = clean(labels, CleanStep("holes", math.inf, (1,)), locked=[2]).labels
    assert (kept == 2).sum() == 1
    assert (kept == 1).sum() == 7**3 - 1


def test_holes_may_be_open_to_the_border_or_closed_in_a_plane():
    cup = np.zeros((6, 7, 7), np.uint8)
    cup[:5, 1:6, 1:6] = 1
    cup[:4, 3, 3] = 0  # open to the first plane
    assert (clean(cup, CleanStep("holes", 4)).labels == cup).all()
    assert (clean(cup, CleanStep("holes", 4, open_to_border=True)).labels[:4, 3, 3] == 1).all()
    assert (clean(cup, CleanStep("holes", math.inf, per_plane=True)).labels[:4, 3, 3] == 1).all()


def test_dilation_and_erosion_are_by_a_ball_in_physical_units():
    labels = draw(ball(12), 18, (2, 1, 1))
    away = ndimage.distance_transform_edt(labels == 0, sampling=(2, 1, 1))
    within = ndimage.distance_transform_edt(labels, sampling=(2, 1, 1))
    grown = clean(labels, CleanStep("dilate", 3), spacing=(2, 1, 1)).labels
    np.testing.assert_array_equal(grown, away <= 3)
    shrunk = clean(labels, CleanStep("erode", 3), spacing=(2, 1, 1)).labels
    np.testing.assert_array_equal(shrunk, within > 3)


def test_opening_cuts_bridges_and_closing_fills_gaps():
    labels = np.ones((11, 11, 31), np.uint8)
    labels[3:8, 3:8, 3:13] = labels[3:8, 3:8, 18:28] = 2
    labels[5, 5, 13:18] = 2
    opened = clean(labels, CleanStep("open", 1, (2,))).labels
    assert (opened[5, 5, 14:17] == 1).all()  # the ends lie within balls of the blocks
    assert opened[5, 5, 5] == 2
    labels[5, 5, 13:18] = 1
    labels[3:8, 3:8, 13:18] = np.where(np.arange(5) == 2, 1, 2)
    closed = clean(labels, CleanStep("close", 1, (2,))).labels
    assert (closed[5, 5, 3:28] == 2).all()


def test_smoothing_takes_spikes_and_dents_and_keeps_the_body():
    labels = draw(ball(10), 16)
    rough = labels.copy()
    middle = labels.shape[0] // 2
    rough[middle, middle, middle + 10 : middle + 14] = 1
    rough[middle, middle, middle - 10 : middle - 7] = 0
    smooth = clean(rough, CleanStep("smooth", 1.5)).labels
    assert smooth[middle, middle, middle + 13] == 0
    assert smooth[middle, middle, middle - 8] == 1
    # a surface of radius r moves inwards by sigma^2 / r
    assert smooth.sum() == pytest.approx(labels.sum() * (1 - 0.0225) ** 3, rel=0.02)


def test_lost_voxels_become_the_nearest_label():
    labels = np.ones((1, 1, 12), np.uint8)
    labels[0, 0, 4:9] = 2
    labels[0, 0, 9:] = 3
    found = clean(labels, CleanStep("erode", 2, (2,))).labels
    assert found[0, 0].tolist() == [1, 1, 1, 1, 1, 1, 2, 3, 3, 3, 3, 3]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("specks=0.001um^3", 1e6),
        ("specks = 20 voxels", 160),
        ("open=30nm", 30),
        ("smooth=2voxels", 4),
        ("dilate=0.05 um", 50),
        ("erode=7", 7),
        ("holes=all", math.inf),
        ("specks=0.02 µm³", 2e7),
        ("close=30 Å", 3),
        ("keep-largest", 0),
    ],
)
def test_steps_are_read_in_any_unit(text, amount):
    step = CleanStep.parse(text, Calibrated((2, 2, 2), "nm"), [4])
    assert step.amount == pytest.approx(amount)
    assert step.classes == (4,)


@pytest.mark.parametrize(
    ("text", "unit", "message"),
    [
        ("polish=3", "nm", "no step 'polish' .* there are specks=VOLUME, holes=VOLUME, keep-larg"),
        ("open", "nm", "open needs a length, such as open=30nm"),
        ("keep-largest=3", "nm", "keep-largest takes nothing"),
        ("open=much", "nm", "'much' is no length"),
        ("open=3nm^3", "nm", "'nm\\^3' is no unit of a length"),
        ("open=3nm", None, "the labels have no unit"),
        ("specks=all", "nm", "'all' is no volume; write it like 0.001um"),
        ("erode=all", "nm", "'all' is no length; write it like 30nm"),
        ("open=0", "nm", "open needs a length above 0"),
    ],
)
def test_what_is_no_step_is_refused(text, unit, message):
    with pytest.raises(ObjectsError, match=message):
        CleanStep.parse(text, Calibrated(unit=unit))


@given(
    st.integers(0, 2**31),
    st.sampled_from([(1.0, 1.0, 1.0), (2.0, 1.0, 1.0), (4.0, 1.0, 1.0), (3.0, 0.7, 1.3)]),
    st.sampled_from([0.5, 1.0, 2.0, 3.3, 40.0]),
)
def test_what_is_lost_becomes_the_nearest_that_spreads_the_first_of_equal_ones(seed, size, reach):
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 9, 3))
    labels, lost = rng.integers(0, 4, shape).astype(np.int32), rng.random(shape) < 0.8
    rows, away = rows_within(reach, size, shape)
    edge, most, far = min(size), voxels_within(reach, size), max(reach, *size)
    out, ends = labels.copy(), (np.zeros(3, np.int64), np.array(shape))
    closed = np.array([2], np.int32)
    column = size[2] / edge
    take_nearest(labels, lost, closed, rows, away, column, most[2], far / edge, *ends, out)
    expected = labels.copy()
    spreading = np.argwhere(~lost & (labels != 2))
    for place in np.argwhere(lost):
        steps = spreading - place
        near = (np.abs(steps) <= most).all(axis=1)
        distances = np.round(np.linalg.norm(steps * size, axis=1) / edge, 6)
        near &= distances <= far / edge + 1e-6
        if near.any():
            best = np.argmin(np.where(near, distances, np.inf))
            expected[tuple(place)] = labels[tuple(spreading[best])]
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("operation", ["smooth", "open", "close", "dilate", "erode"])
def test_a_length_may_be_as_long_as_the_volume_and_no_longer(operation):
    labels, spacing = blocky(), (2.0, 1.0, 1.1)  # 32, 24 and 30.8 long
    assert clean(labels, CleanStep(operation, 32.0, (1,)), spacing=spacing).labels.shape == (
        labels.shape
    )
    step = CleanStep(operation, 1e9, (1,))
    with pytest.raises(ObjectsError, match=r"1e\+09 is longer than the volume, which is 32"):
        clean(labels, step, spacing=spacing)
    with pytest.raises(ObjectsError, match="longer than the volume"):
        clean_part(labels, np.s_[3:4, 0:24, 0:28], step, spacing=spacing)


def test_classes_must_be_there_and_unlocked():
    labels = np.ones((2, 2, 2), np.uint8)
    with pytest.raises(ObjectsError, match="open: the labels have no class 5; there are: 1"):
        clean(labels, CleanStep("open", 1, (5,)))
    with pytest.raises(ObjectsError, match="class 1 is locked"):
        clean(labels, CleanStep("open", 1, (1,)), locked=[1])


def test_it_is_counted_what_was_given_away_and_what_locks_left():
    labels = np.ones((5, 9, 20), np.uint8)
    labels[2, 4, 3] = labels[2, 4, 9:11] = 3
    labels[1:4, 2:7, 13:19] = 2
    labels[2, 4, 15] = 3  # all around it is locked
    step = CleanStep("specks", 10, (3,))
    found = clean(labels, step, locked=[2])
    assert (found.objects, found.left) == (2, 1)
    assert (clean(labels, step).objects, clean(labels, step).left) == (3, 0)
    filled = clean(labels, CleanStep("holes", math.inf, (1,)), locked=[2])
    assert (filled.objects, filled.left) == (3, 89)
    assert (filled.labels == 2).sum() == 89
    grown = clean(labels, CleanStep("dilate", 1, (2,)), locked=[1])
    assert grown.left == 2 * (5 * 6 + 3 * 6 + 3 * 5)  # a layer around the block


@pytest.mark.parametrize("operation", ["smooth", "open", "close", "dilate", "erode"])
@pytest.mark.parametrize("part", [np.s_[7:8, 0:24, 0:28], np.s_[0:16, 0:24, 27:28]])
def test_a_slice_by_itself_becomes_what_it_does_within_the_whole(operation, part):
    labels, spacing = blocky(2), (2.0, 1.0, 1.1)
    for value in (1, 2):
        step = CleanStep(operation, 2.0, (value,))
        whole = clean(labels, step, spacing=spacing, locked=[3]).labels
        found = clean_part(labels, part, step, spacing=spacing, locked=[3])
        np.testing.assert_array_equal(found, whole[part])
        assert (whole != labels).any()


def test_what_is_not_near_a_slice_changes_nothing_there():
    labels = np.ones((30, 8, 8), np.uint8)
    labels[25:28, 2:6, 2:6] = 2
    part = np.s_[3:4, 0:8, 0:8]
    found = clean_part(labels, part, CleanStep("dilate", 2, (2,)))
    np.testing.assert_array_equal(found, labels[part])
    with pytest.raises(ObjectsError, match="keep-largest can't be done to a part"):
        clean_part(labels, part, CleanStep("keep-largest", classes=(2,)))


@pytest.mark.parametrize("operation", ["specks", "holes"])
def test_specks_and_holes_on_a_slice_are_those_of_the_whole_unless_they_go_on(operation):
    labels = np.ones((60, 20, 40), np.uint8)
    value = 2
    labels[29:31, 3:6, 3:6] = value  # through the slice
    labels[20:22, 10, 10] = value  # near it
    labels[30, 19, 39] = value  # at the border of the volume
    labels[5:58, 10, 20] = value  # a thread, too long to be a speck
    labels[28:33, 12:17, 30:35] = value  # too large
    step = CleanStep(operation, 18.5, (1 if operation == "holes" else value,))
    whole = clean(labels, step).labels
    part = np.s_[30:31, 0:20, 0:40]
    found = clean_part(labels, part, step)
    np.testing.assert_array_equal(found, whole[part])
    assert (found[0, 3:6, 3:6] == 1).all()
    thread = CleanStep(operation, 53, step.classes)  # whole, it would be given away
    assert (clean_part(labels, part, thread)[0, 10, 20]) == value
