"""Contacts, distances, depths, parents and profiles, on bodies that anyone can check."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from supervox.objects import (
    MeasureRequest,
    ObjectsError,
    distances_to,
    find_objects,
    measure_objects,
    profile,
)

from .bodies import ball, draw, turned


def contacts(labels, spacing=(1, 1, 1), **more):
    return measure_objects(find_objects(labels), spacing=spacing, **more).contacts


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("block", [None, (4, 5, 3)])
def test_two_cubes_that_touch_share_their_face_exactly(axis, block):
    labels = np.zeros((10, 11, 12), np.uint8)
    labels[1:5, 2:6, 3:7] = 1
    labels[
        tuple(
            slice(a + 4 * (k == axis), b + 4 * (k == axis))
            for k, (a, b) in enumerate([(1, 5), (2, 6), (3, 7)])
        )
    ] = 2
    found = contacts(labels, (3, 2, 1), block_shape=block)
    area = 16 * 6 / (3, 2, 1)[axis]
    assert next(iter(found.rows())) == (1, 1, 2, 2, 16, area, area)
    assert len(found) == 1


@pytest.mark.parametrize("seed", range(4))
def test_a_flat_contact_has_about_the_same_area_in_any_orientation(seed):
    turn = turned(seed)
    body = draw(ball(20), 20, turn=turn)
    side = draw(lambda places: places[..., 0] > 0, 20, turn=turn)
    found = contacts(np.where(body > 0, body + side, 0))
    # 2/3 of the faces' area is more than that of a plane only near the diagonals of the grid
    assert 0.98 * math.pi * 400 < found["area"][0] < 1.16 * math.pi * 400
    assert found["face_area"][0] > found["area"][0]


def test_the_contact_around_a_ball_is_its_surface():
    labels = draw(ball(20), 20) + draw(ball(12), 20)
    assert contacts(labels)["area"][0] == pytest.approx(4 * math.pi * 144, rel=0.03)


def test_objects_that_only_share_edges_don_t_touch():
    labels = np.zeros((2, 2, 2), np.uint8)
    labels[0, 0, 0], labels[1, 1, 0] = 1, 2
    assert len(contacts(labels)) == 0


def test_contacts_are_counted_for_objects_and_classes():
    labels = np.zeros((1, 3, 9), np.uint8)
    labels[0, 1] = [1, 2, 1, 0, 1, 0, 2, 2, 0]
    made = measure_objects(find_objects(labels), MeasureRequest(names={2: "big"}))
    assert made.objects["neighbours"].tolist() == [1, 2, 1, 0, 0]
    assert made.objects["neighbours_big"].tolist() == [1, 0, 1, 0, 0]
    assert made.classes["touching_big"].tolist() == [2, 0]
    assert made.classes["share_touching_big"].tolist() == pytest.approx([2 / 3, 0])
    assert made.objects["contact_area_class_1"].tolist() == [0, 2, 0, 0, 0]


def brute(there: np.ndarray, spacing, grown: float) -> np.ndarray:
    """Measure from every voxel to every one that is there."""
    places = np.argwhere(there)
    out = np.full(there.shape, np.inf)
    for at in np.ndindex(there.shape):
        steps = np.maximum(np.abs(places - at) - grown, 0)
        if len(places):
            out[at] = np.sqrt(np.square(steps * spacing).sum(axis=1).min())
    return out


@given(
    there=hnp.arrays(bool, hnp.array_shapes(min_dims=3, max_dims=3, max_side=7)),
    spacing=st.tuples(*[st.sampled_from([0.5, 1.0, 3.0])] * 3),
    workers=st.integers(1, 3),
)
@pytest.mark.parametrize(("kind", "grown"), [("centres", 0), ("surface", 0.5), ("gap", 1)])
def test_distances_are_exact(kind, grown, there, spacing, workers):
    from supervox.execution import Run

    found = distances_to(
        there.shape, lambda block: there[block.core], spacing, kind, run=Run(workers)
    )
    np.testing.assert_allclose(found, brute(there, spacing, grown), rtol=1e-6)


def test_distances_are_scipys():
    there = np.random.default_rng(0).random((30, 40, 50)) < 0.001
    found = distances_to(there.shape, lambda block: there[block.core], (2.0, 1.0, 0.5))
    expected = ndimage.distance_transform_edt(~there, sampling=(2, 1, 0.5))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_distance_to_a_class_is_between_surfaces_and_from_the_centre():
    labels = np.zeros((9, 9, 30), np.uint8)
    labels[2:7, 2:7, 2:7] = 1
    labels[2:7, 2:7, 15:20] = 2  # 8 empty columns between
    labels[4, 4, 20] = 3
    made = measure_objects(
        find_objects(labels), MeasureRequest(labels=labels, distance_to=[1]), spacing=(1, 1, 2)
    ).objects
    assert made["distance_class_1"].tolist() == [0, 16, 26]
    assert made["centre_distance_class_1"].tolist() == [0, 21, 27]


def test_distances_from_centres_are_the_same_whichever_way(monkeypatch):
    rng = np.random.default_rng(2)
    labels = (rng.random((14, 16, 18)) < 0.06).astype(np.uint8) * rng.integers(
        1, 4, (14, 16, 18)
    ).astype(np.uint8)
    request = MeasureRequest(labels=labels, distance_to=[3])
    near = measure_objects(find_objects(labels), request, spacing=(2, 1, 1)).objects
    monkeypatch.setattr("supervox.objects.relations.AS_MUCH_AS", 0)
    far = measure_objects(find_objects(labels), request, spacing=(2, 1, 1)).objects
    np.testing.assert_allclose(
        near["centre_distance_class_3"], far["centre_distance_class_3"], rtol=1e-6
    )


def test_depth_is_measured_from_the_surface_of_a_body_of_several_classes():
    labels = np.zeros((21, 21, 21), np.uint8)
    labels[2:19, 2:19, 2:19] = 1
    labels[10, 10, 10] = 2
    labels[10, 10, 2] = 3
    made = measure_objects(
        find_objects(labels), MeasureRequest(labels=labels, depth_below=[1, 2, 3])
    ).objects
    assert made["depth_mean"].tolist() == pytest.approx([made["depth_mean"][0], 0.5, 8.5])
    assert made["depth_largest"].tolist() == [7.5, 0.5, 8.5]


def test_the_nearest_of_its_class_is_found_by_centres():
    labels = np.zeros((1, 1, 20), np.uint8)
    labels[0, 0, [0, 4, 5, 10]] = [1, 1, 2, 1]
    made = measure_objects(find_objects(labels), spacing=(1, 1, 2), unit="nm").objects
    assert made["nearest"].tolist() == [2, 1, 0, 2]
    np.testing.assert_array_equal(made["nearest_distance"], [8, 8, np.nan, 12])


def test_the_parent_is_where_most_voxels_lie():
    labels = np.zeros((1, 2, 6), np.uint8)
    labels[0, 0, 0:3] = labels[0, 0, 4:6] = labels[0, 1, 3] = 1
    cells = np.array([[[7, 7, 9, 9, 0, 0], [7, 7, 9, 9, 0, 0]]], np.uint16)
    made = measure_objects(find_objects(labels, connectivity=6), MeasureRequest(parents=cells))
    assert made.objects["parent"].tolist() == [7, 0, 9]
    assert made.objects["parent_share"].tolist() == pytest.approx([2 / 3, 0, 1])
    assert made.classes["parent"].tolist() == [0, 7, 9]
    assert made.classes["share"].tolist() == pytest.approx([1, 3 / 4, 1 / 4])


def test_counted_are_objects_that_don_t_touch_the_first_planes():
    labels = np.zeros((6, 6, 6), np.uint8)
    labels[0, 3, 3] = labels[5, 3, 1] = labels[2, 2, 2] = 1
    made = measure_objects(find_objects(labels))
    assert made.objects["touches_border"].tolist() == [1, 0, 1]
    assert made.objects["counted"].tolist() == [0, 1, 1]
    assert made.classes["counted"].tolist() == [2]


def test_one_plane_alone_does_not_touch_the_border():
    labels = np.zeros((6, 6), np.uint8)
    labels[2, 2] = 1
    assert measure_objects(find_objects(labels)).objects["touches_border"].tolist() == [0]


def test_a_profile_describes_shells_from_the_surface_inwards():
    labels = np.zeros((1, 9, 9), np.uint8)
    labels[0, 1:8, 1:8] = 1
    labels[0, 4, 4] = 2
    image = np.arange(81).reshape(1, 9, 9).astype(np.float32)
    image[0, 1, 1] = np.nan
    made = profile(
        labels, [1, 2], step=1, channels={"lac": image}, names={2: "core"}, spacing=(1, 1, 1)
    )
    assert made["voxels"].tolist() == [24, 16, 8, 1]
    assert made["fraction_core"].tolist() == [0, 0, 0, 1]
    ring = np.zeros((1, 9, 9), bool)
    ring[0, 2:7, 2:7], ring[0, 3:6, 3:6] = True, False
    assert made["mean_lac"][1] == pytest.approx(image[ring].mean(), rel=1e-6)
    assert made["sd_lac"][1] == pytest.approx(image[ring].std(), rel=1e-5)
    assert made["mean_lac"][0] == pytest.approx(40 + 30 / 23, rel=1e-6)


def test_distances_are_to_all_of_the_labels_and_not_only_to_what_is_measured():
    labels = np.zeros((3, 9, 20), np.uint8)
    labels[1, 4, 2:5], labels[1, 2:7, 8:14], labels[1, 4, 18] = 1, 2, 3
    request = MeasureRequest({}, {}, labels, [3], [2], labels.astype(np.int32) * 700_000_000)
    found = measure_objects(find_objects(labels, classes=[1]), request)
    assert found.objects["distance_class_3"].tolist() == [13]
    assert found.objects["parent"].tolist() == [700_000_000]
    assert found.parents == {700_000_000: 3, 1_400_000_000: 30, 2_100_000_000: 1}


def test_parents_that_are_no_ids_are_told_as_such():
    labels = np.ones((2, 3, 4), np.uint8)
    request = MeasureRequest(parents=-np.ones(labels.shape, np.int8))
    with pytest.raises(ObjectsError, match="the parents hold -1, which is no id"):
        measure_objects(find_objects(labels), request)


@pytest.mark.parametrize("edge", [1, 0.1, 0.2, 0.7, 4.2, 10.3, 13.6, 0.0136])
@pytest.mark.parametrize("shells", [0.5, 1.0, 1.5])
def test_shells_are_the_same_in_any_unit(edge, shells):
    labels = np.zeros((3, 20, 20), np.uint8)
    labels[:, 3:17, 3:17] = 1
    made = profile(labels, [1], step=edge * shells, spacing=(edge, edge, edge))
    depth = np.minimum.outer(*2 * [np.minimum(np.arange(14), np.arange(14)[::-1])]) + 0.5
    expected = np.bincount((depth / shells).astype(int).ravel())
    np.testing.assert_array_equal(made["voxels"], 3 * expected)


def test_one_wild_value_spoils_no_other_shell():
    labels = np.zeros((1, 11, 11), np.uint8)
    labels[0, 1:10, 1:10] = 1
    image = np.random.default_rng(0).normal(1e-3, 1e-4, labels.shape)
    image[0, 1, 1], image[0, 0, 0] = 3e38, -1e30
    made = profile(labels, [1, 1], step=1, channels={"lac": image})
    ring = np.zeros(labels.shape, bool)
    ring[0, 2:9, 2:9], ring[0, 3:8, 3:8] = True, False
    assert made["voxels"].tolist() == [32, 24, 16, 8, 1]
    assert made["mean_lac"][1] == pytest.approx(image[ring].mean(), rel=1e-12)
    assert made["sd_lac"][1] == pytest.approx(image[ring].std(), rel=1e-9)


@pytest.mark.parametrize(
    ("body", "step", "message"),
    [
        ([], 1, "needs the classes of the body"),
        ([1, 2, 4], 1, "no class 4; there are: 1, 2"),
        ([1], 0, "thickness above 0"),
        ([1], np.inf, "thickness above 0"),
        ([1, 2], 1e-9, "shells: give a larger one"),
        ([4], 1, "no class 4"),
        ([0, 1, 2], 1, "fills the whole volume"),
    ],
)
def test_a_profile_of_nothing_is_refused(body, step, message):
    labels = np.zeros((3, 9, 9), np.uint8)
    labels[1, 3:6, 3:6] = 1
    labels[1, 4, 4] = 2
    with pytest.raises(ObjectsError, match=message):
        profile(labels, body, step=step)
