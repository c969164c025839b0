"""Things painted on some slices: each is filled between its own, and nothing else is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from supervox.execution import Cancelled, Run
from supervox.objects import ObjectsError, fill_between, interpolate_slices

from .bodies import ball, cuboid, draw
from .test_interpolation import bulge, dice, only


def filled(painted: np.ndarray, **how) -> np.ndarray:
    """Return what was painted and filled, in one volume."""
    found = fill_between(painted, **how)
    assert found.voxels.dtype == np.int64
    assert (np.diff(found.voxels) > 0).all()
    out = painted.astype(np.int32)
    assert not out.reshape(-1)[found.voxels].any()
    out.reshape(-1)[found.voxels] = found.classes
    return out


@pytest.mark.parametrize("axis", range(3))
def test_a_prism_is_filled_exactly_along_any_axis(axis):
    labels = draw(cuboid((12, 14, 10)), 8)
    places = np.flatnonzero(labels.any(axis=tuple(k for k in range(3) if k != axis)))
    painted = only(labels, [int(places[0]), int(places[-1])], axis)
    np.testing.assert_array_equal(filled(painted, axis=axis), labels)
    slices = fill_between(painted, axis=axis).slices
    assert slices == tuple(range(int(places[0]) + 1, int(places[-1])))


def test_a_single_thing_is_filled_as_between_whole_slices():
    labels = draw(ball(14), 15, (2, 1, 1))
    places = np.flatnonzero(labels.any(axis=(1, 2)))
    painted = only(labels, places[[0, 3, 7, 10, 13]].tolist())
    whole = interpolate_slices(painted, spacing=(2, 1, 1))
    assert dice(filled(painted, spacing=(2, 1, 1)) > 0, whole > 0) > 0.99


def test_things_on_slices_of_their_own_leave_each_other_alone():
    truth = np.zeros((21, 20, 40), np.uint8)
    truth[2:11, 4:12, 4:12] = 1
    truth[5:19, 4:12, 24:32] = 1
    truth[4:13, 14:19, 4:30] = 2
    painted = np.zeros_like(truth)
    painted[[2, 10], 4:12, 4:12] = 1
    painted[[5, 12, 18], 4:12, 24:32] = 1
    painted[[4, 12], 14:19, 4:30] = 2
    painted[16, 0:3, 0:3] = 2  # on one slice only
    found = filled(painted)
    found[16, 0:3, 0:3] = 0
    np.testing.assert_array_equal(found, truth)


def test_a_thing_that_moves_is_followed_but_not_to_somewhere_else():
    painted = np.zeros((11, 20, 80), np.uint8)
    painted[0, 8:14, 4:10] = painted[4, 8:14, 12:18] = 1
    found = filled(painted)
    for z in range(5):
        row = np.flatnonzero(found[z, 10])
        assert abs(row.mean() - (6.5 + 8 * z / 4)) <= 0.5
        assert (row.size, np.ptp(row)) == (6, 5)
    painted[4] = 0
    painted[6, 8:14, 60:66] = 1
    with pytest.raises(ObjectsError, match="nothing to fill: paint in at least two slices"):
        fill_between(painted)


def test_what_branches_is_filled_towards_both():
    painted = np.zeros((9, 12, 30), np.uint8)
    painted[0, 2:10, 2:28] = 1
    painted[8, 2:10, 2:12] = painted[8, 2:10, 18:28] = 1
    found = filled(painted)
    assert found[1, 6, 15] == 1
    assert found[7, 6, 15] == 0
    assert (found[1:8, 6, 5] == 1).all()
    assert (found[1:8, 6, 25] == 1).all()


def test_where_things_meet_the_deeper_one_has_the_voxel():
    painted = np.zeros((9, 12, 40), np.uint8)
    for z, border in ((0, 12), (8, 28)):
        painted[z, :, :border], painted[z, :, border:] = 1, 2
    found = filled(painted)
    for z in range(9):
        assert abs(np.count_nonzero(found[z, 6] == 1) - (12 + 2 * z)) <= 1
        assert (found[z] > 0).all()


def test_what_is_painted_or_kept_stays():
    labels = draw(ball(9), 10)
    painted = only(labels, [4, 16])
    painted[10, 10, 10] = 2
    keep = np.zeros(labels.shape, bool)
    keep[8, 9:12, 9:12] = True
    found = filled(painted, keep=keep)
    assert found[10, 10, 10] == 2
    assert not found[8, 9:12, 9:12].any()
    assert found[8, 12, 12] == found[9, 10, 10] == 1
    assert fill_between(painted, keep=keep).left == 9
    assert fill_between(painted).left == 0


def test_the_image_draws_outlines_to_its_edges():
    truth, image = bulge()
    painted = only(truth, [0, 12])
    by_shape = dice(filled(painted) > 0, truth > 0)
    by_image = dice(filled(painted, image=image) > 0, truth > 0)
    assert by_image > by_shape + 0.09
    flat = filled(painted, image=np.full(truth.shape, 3))
    np.testing.assert_array_equal(flat, filled(painted))


@pytest.mark.parametrize(
    ("slices", "more", "message"),
    [
        ([5], {}, "at least two slices"),
        ([5, 6], {}, "at least two slices"),
        ([5, 9], {"axis": 3}, "axis 0, 1 or 2, not 3"),
        ([5, 9], {"image": np.zeros((2, 2, 2))}, "image has 2 x 2 x 2 voxels"),
        ([5, 9], {"keep": np.zeros((2, 2, 2), bool)}, "voxels to keep has 2 x 2 x 2 voxels"),
    ],
)
def test_what_can_t_be_filled_is_refused(slices, more, message):
    with pytest.raises(ObjectsError, match=message):
        fill_between(only(draw(ball(6), 6), slices), **more)


def test_an_image_that_tells_nothing_leaves_the_shapes_as_they_are():
    truth = np.zeros((13, 60, 60), np.uint8)
    truth[:, 15:45, 20:40] = 1
    painted = only(truth, [0, 12])
    rng = np.random.default_rng(0)
    for sigma in (0, 2):  # noise, and a texture that is the same everywhere
        image = ndimage.gaussian_filter(rng.normal(0, 1, truth.shape), sigma)
        assert dice(filled(painted, image=image) > 0, truth > 0) > 0.98


def test_what_is_not_a_number_has_no_say():
    truth = draw(cuboid((12, 14, 10)), 8)
    places = np.flatnonzero(truth.any(axis=(1, 2)))
    painted = only(truth, [int(places[0]), int(places[-1])])
    image = np.full(truth.shape, np.nan)
    np.testing.assert_array_equal(filled(painted, image=image), truth)


def test_the_progress_is_told_and_a_run_stops():
    truth = draw(cuboid((12, 14, 10)), 8)
    places = np.flatnonzero(truth.any(axis=(1, 2)))
    painted = only(truth, [int(places[0]), int(places[-1])])
    told: list[tuple[int, int]] = []
    fill_between(painted, workers=Run(1, lambda done, total: told.append((done, total))))
    assert told[-1][0] == told[-1][1]
    with pytest.raises(Cancelled):
        fill_between(painted, workers=Run(1, should_stop=lambda: True))


def test_what_was_computed_is_no_end_of_a_thing():
    painted = np.zeros((11, 20, 40), np.uint8)
    painted[[0, 8], 4:12, 4:12] = 1
    painted[[0, 8], 4:12, 24:32] = 1
    painted[8, 4:12, 12] = 1  # of a tool, at the rim of what was painted
    computed = np.zeros(painted.shape, bool)
    computed[:, :, 24:] = True
    computed[8, 4:12, 12] = True
    found = filled(painted, computed=computed)
    assert (found[1:8, 5:11, 5:11] == 1).all()
    assert not found[1:8, :, 20:].any()


def test_rows_of_slices_are_gone_on_from_but_not_joined():
    painted = np.zeros((30, 12, 12), np.uint8)
    painted[0:4, 2:10, 2:10] = painted[20:24, 2:10, 2:10] = 1  # two things, one behind the other
    with pytest.raises(ObjectsError, match="nothing to fill"):
        fill_between(painted)
    painted[8, 2:10, 2:10] = 1
    found = filled(painted)
    assert (found[0:24, 2:10, 2:10] == 1).all()
    painted[8] = 0
    painted[27, 2:10, 2:10] = 1
    assert fill_between(painted).slices == (24, 25, 26)


def test_what_lies_beside_it_many_slices_away_is_another_thing():
    painted = np.zeros((60, 40, 110), np.uint8)
    painted[32, 10:30, 51:105] = painted[50, 8:33, 18:43] = painted[56, 8:33, 18:43] = 1
    assert fill_between(painted).slices == tuple(range(51, 56))
    painted[56] = 0
    with pytest.raises(ObjectsError, match="nothing to fill"):
        fill_between(painted)
    near = np.zeros_like(painted)
    near[32, 10:30, 51:105], near[40, 8:33, 18:43] = 1, 1
    assert fill_between(near).slices == tuple(range(33, 40))
    with pytest.raises(ObjectsError, match="nothing to fill"):
        fill_between(near, spacing=(4, 1, 1))  # as far as 32 voxels within the slice


def test_a_long_thin_line_is_not_large():
    painted = np.zeros((8, 40, 80), np.uint8)
    painted[0, 20:22, 0:40] = painted[6, 20:22, 44:80] = 1
    with pytest.raises(ObjectsError, match="nothing to fill"):
        fill_between(painted)


@pytest.mark.parametrize("axis", range(3))
def test_only_the_gaps_at_a_slice_are_filled(axis):
    painted = np.zeros((21, 20, 20), np.uint8)
    painted[[0, 5, 12, 20], 4:12, 4:12] = 1
    painted[[3, 9], 14:18, 14:18] = 2
    painted = np.moveaxis(painted, 0, axis)
    for at, slices in ((2, range(1, 5)), (4, range(1, 9)), (12, range(6, 20)), (20, range(13, 20))):
        slices = tuple(k for k in slices if k != 12)
        found = fill_between(painted, axis=axis, at=at).slices
        assert found == tuple(k for k in range(21) if k in slices)
    with pytest.raises(ObjectsError, match="there is no slice 21: there are 0 to 20"):
        fill_between(painted, axis=axis, at=21)
