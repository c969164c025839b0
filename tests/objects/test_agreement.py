"""Two segmentations compared: bodies that can be reckoned, and SimpleITK's distances."""

from __future__ import annotations

import importlib
import math

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import cKDTree
from supervox.execution import Scratch, Workspace
from supervox.objects import (
    ObjectsError,
    compare,
    find_differences,
    find_objects,
    match_objects,
    overlay,
    surface_distances,
)

from .bodies import ball, draw, ellipsoid, turned


@pytest.fixture
def shifted():
    """A cube, and the same cube two columns further."""
    a = np.zeros((12, 12, 16), np.uint8)
    a[3:9, 3:9, 3:9] = 1
    return a, np.roll(a, 2, axis=2)


def test_a_shifted_cube(shifted):
    found = compare(*shifted, spacing=(1, 1, 3)).classes[0]
    assert found.dice == pytest.approx(4 / 6)
    assert found.iou == pytest.approx(4 / 8)
    assert found.volume_difference == 0
    assert found.surfaces.largest == 6
    assert (found.objects_a, found.objects_b, found.matched) == (1, 1, 0)  # 0.5 is not above 0.5
    assert found.object_f1 == 0


def two_of(seed):
    """Labels of three classes, in thick pieces, and others that are a little moved."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.normal(size=(3, 24, 26, 28)), (0, 2, 2, 2))
    a = (np.argmax(smooth, axis=0) + 1).astype(np.uint8) * (smooth.max(axis=0) > 0.02)
    return a.astype(np.uint8), np.roll(a, (1, 0, 2), (0, 1, 2)).astype(np.int64)


# Nearest voxels are found around each; or, if that is cut short, by cells, or from those of all.
WAYS = pytest.mark.parametrize("way", [{}, {"NEAR": 0, "FEW": 1}, {"NEAR": 8, "FEW": 0}])


def take(way, monkeypatch):
    for name, value in way.items():
        monkeypatch.setattr(f"supervox.objects.between_surfaces.{name}", value)


@WAYS
def test_figures_do_not_depend_on_blocks_nor_on_where_arrays_lie(tmp_path, monkeypatch, way):
    take(way, monkeypatch)
    a, b = two_of(3)
    ignore = np.zeros(a.shape, np.uint8)
    ignore[:4, :, 5:9] = 1
    how = {"spacing": (2, 1, 1.5), "ignore": ignore}
    expected = compare(a, b, **how)
    assert len(expected.classes) == 3
    room = Workspace(Scratch(tmp_path))
    for block_shape in ((5, 26, 28), (7, 9, 11), (1, 1, 28)):
        assert compare(a, b, **how, block_shape=block_shape, workspace=room) == expected
    places = find_differences(a, b).to_csv()
    assert find_differences(a, b, block_shape=(7, 9, 11), workspace=room).to_csv() == places
    np.testing.assert_array_equal(overlay(a, b, 2, workspace=room), overlay(a, b, 2))


def test_what_lies_on_the_disk_takes_no_memory(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(np, "empty", _noting(np.empty, asked))
    a, b = two_of(4)
    shape = (a.shape[0] * 4, a.shape[1] * 4, a.shape[2] * 4)
    a, b = (np.kron(labels, np.ones((4, 4, 4), np.uint8)).astype(np.uint8) for labels in (a, b))
    assert a.shape == shape
    blocks = (8, *shape[1:])
    asked.clear()
    compare(a, b, block_shape=blocks, workspace=Workspace(Scratch(tmp_path)))
    assert max(asked) < a.size / 2  # of a block and its rim, or of a surface
    asked.clear()
    compare(a, b, block_shape=blocks)
    assert max(asked) >= 4 * a.size


def _noting(make, asked):
    """Note how many bytes are asked for."""

    def empty(shape, dtype=float, *args, **how):
        made = make(shape, dtype, *args, **how)
        asked.append(made.nbytes)
        return made

    return empty


def test_the_same_is_the_same(shifted):
    made = compare(shifted[0], shifted[0])
    assert made.agreement == 1
    assert made.tolerance == 2
    found = made.classes[0].as_json()
    assert found["dice"] == found["iou"] == found["boundary_f"] == found["object_f1"] == 1
    assert found["mean_surface_distance"] == found["hausdorff_distance"] == 0


def test_boundary_f_counts_what_is_within_the_tolerance():
    a, b = draw(ball(10), 14), draw(ball(12), 14)
    assert compare(a, b, tolerance=2.5).classes[0].surfaces.f_score == 1
    assert compare(a, b, tolerance=0).classes[0].surfaces.f_score < 0.1
    assert compare(a, b).classes[0].surfaces.mean == pytest.approx(2, abs=0.3)


def test_a_class_that_only_one_has_is_nowhere_in_the_other():
    a = np.zeros((4, 4, 4), np.uint8)
    b = a.copy()
    a[1, 1, 1], b[2, 2, 2] = 1, 2
    one, two = compare(a, b).classes
    assert (one.class_id, one.dice, two.class_id, two.dice) == (1, 0, 2, 0)
    assert math.isnan(one.surfaces.mean)
    assert math.isnan(two.volume_difference)
    assert one.object_f1 == 0


def test_what_is_ignored_or_open_is_not_compared(shifted):
    a, b = shifted
    ignore = (a != b).astype(np.uint8)
    made = compare(a, b, ignore=ignore)
    assert made.voxels == a.size - 2 * 72
    assert made.agreement == 1
    assert compare(a, b, only_where_one_is=True).voxels == 216
    assert compare(a, b, only_where_one_is=True).classes[0].voxels_b == 144


def test_objects_are_matched_one_to_one():
    a = np.zeros((1, 4, 20), np.uint8)
    a[0, :2, 0:4] = a[0, :2, 6:10] = a[0, :2, 12:18] = 1
    b = a.copy()
    b[0, 0, 0] = 0
    b[0, :2, 14:16] = 0
    pairs = match_objects(find_objects(a), find_objects(b))
    assert pairs.tolist() == [[1, 1], [2, 2]]
    assert compare(a, b).classes[0].object_f1 == pytest.approx(4 / 7)


def test_overlay_and_differences_show_where():
    a = np.zeros((1, 3, 8), np.uint8)
    a[0, 0] = [1, 1, 2, 2, 0, 0, 0, 1]
    b = np.zeros((1, 3, 8), np.uint8)
    b[0, 0] = [1, 2, 2, 0, 0, 2, 2, 1]
    assert overlay(a, b)[0, 0].tolist() == [1, 4, 1, 2, 0, 3, 3, 1]
    assert overlay(a, b, 2)[0, 0].tolist() == [0, 3, 1, 2, 0, 3, 3, 0]
    rows = find_differences(a, b, spacing=(1, 1, 2), unit="nm", origin=(0, 0, 100))
    assert [rows[name].tolist() for name in ("class_a", "class_b", "voxels")] == [
        [0, 1, 2],
        [2, 2, 0],
        [2, 1, 1],
    ]
    assert rows["volume"].tolist() == [4, 2, 2]
    assert rows["centre_column"].tolist() == [111, 102, 106]
    assert len(find_differences(a, a)) == 0


def test_what_is_far_off_is_found_in_any_direction_and_voxel_size():
    rng = np.random.default_rng(2)
    shape, near = (30, 70, 65), 0.0
    for spacing in ((1.0, 1.0, 1.0), (4.0, 1.0, 1.0), (0.5, 2.0, 3.0)):
        a, b = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
        a.reshape(-1)[rng.choice(a.size, 40, replace=False)] = 1
        b.reshape(-1)[rng.choice(a.size, 3, replace=False)] = 1
        apart = cKDTree(np.argwhere(b) * spacing).query(np.argwhere(a) * spacing)[0]
        back = cKDTree(np.argwhere(a) * spacing).query(np.argwhere(b) * spacing)[0]
        found = surface_distances(a, b, spacing, near)
        assert found.largest == pytest.approx(max(apart.max(), back.max()), rel=1e-12)
        assert found.mean == pytest.approx(np.concatenate([apart, back]).mean(), rel=1e-12)


def test_numbers_of_objects_that_two_volumes_count_otherwise_are_far_from_one_another():
    places = np.stack(np.meshgrid(*[np.arange(5, 60, 11)] * 3, indexing="ij"), -1).reshape(-1, 3)
    numbers = 1000 * np.arange(1, len(places) + 1)
    rng, volumes, centres = np.random.default_rng(0), [], []
    for order in (numbers, rng.permutation(numbers)):
        volume = np.zeros((64, 64, 64), np.int32)
        for (z, y, x), number in zip(places, order, strict=True):
            volume[z - 1 : z + 2, y - 1 : y + 2, x - 1 : x + 2] = number
        volumes.append(volume)
        centres.append(places[np.argsort(order)])
    spacing = (3, 1, 2)
    found = compare(*volumes, spacing=spacing, block_shape=(20, 64, 30))
    away = np.linalg.norm((centres[0] - centres[1]) * spacing, axis=1)
    for item, distance, one, other in zip(found.classes, away, *centres, strict=True):
        gap = np.maximum(np.abs(one - other) - 1 + (one == other), 0) * spacing
        assert np.linalg.norm(gap) - 1e-9 <= item.surfaces.mean <= distance + 1e-9
        assert item.dice == (distance == 0)


def test_many_classes_are_compared_as_each_is_alone():
    a, b = two_of(6)
    a, b = a.astype(np.int32) * 70_000, b * 70_000
    together = compare(a, b, spacing=(1, 2, 1.5))
    for one in together.classes:
        alone = compare(a * (a == one.class_id), b * (b == one.class_id), spacing=(1, 2, 1.5))
        assert alone.classes == (one,)


def pairs_of_bodies():
    """Ten pairs: bodies moved, turned, grown, with noise, in several voxel sizes."""
    rng = np.random.default_rng(5)
    for k in range(10):
        spacing = [(1.0, 1.0, 1.0), (2.0, 1.0, 1.0), (4.0, 1.5, 1.0)][k % 3]
        semi = rng.uniform(5, 12, 3)
        a = draw(ellipsoid(semi), 20, spacing, turned(k))
        b = draw(ellipsoid(semi * rng.uniform(0.8, 1.2, 3)), 20, spacing, turned(k + 50))
        noise = ndimage.gaussian_filter(rng.normal(size=a.shape), 1.5)
        yield a, ((b > 0) ^ ((noise > 0.16) & (a + b == 1))).astype(np.uint8), spacing


def with_simpleitk(a: np.ndarray, b: np.ndarray, spacing) -> tuple[float, float, float]:
    """Return mean, 95 % and Hausdorff distance of surfaces, as its tutorials compute them."""
    sitk = importlib.import_module("SimpleITK")
    images = []
    for array in (a, b):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(spacing[::-1])
        images.append(image)
    contours = [sitk.LabelContour(image, fullyConnected=False) for image in images]
    maps = [
        np.abs(
            sitk.GetArrayFromImage(
                sitk.SignedMaurerDistanceMap(c, squaredDistance=False, useImageSpacing=True)
            )
        )
        for c in contours
    ]
    arrays = [sitk.GetArrayFromImage(contour) > 0 for contour in contours]
    ways = [maps[1][arrays[0]], maps[0][arrays[1]]]
    hausdorff = sitk.HausdorffDistanceImageFilter()
    hausdorff.Execute(*contours)
    assert hausdorff.GetHausdorffDistance() == pytest.approx(max(w.max() for w in ways), rel=1e-5)
    return (
        float(np.concatenate(ways).mean()),
        max(float(np.percentile(way, 95)) for way in ways),
        hausdorff.GetHausdorffDistance(),
    )


@WAYS
def test_distances_are_simpleitks_on_ten_pairs(way, monkeypatch):
    pytest.importorskip("SimpleITK")
    take(way, monkeypatch)
    for a, b, spacing in pairs_of_bodies():
        ours = surface_distances(a > 0, b > 0, spacing, 1)
        expected = with_simpleitk(a, b, spacing)
        found = (ours.mean, ours.percentile_95, ours.largest)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("a", "b", "more", "message"),
    [
        (
            np.ones((2, 2, 2), int),
            np.ones((2, 2, 3), int),
            {},
            "2 x 2 x 3 .* the first 2 x 2 x 2",
        ),
        (np.ones((2, 2, 2)), np.ones((2, 2, 2), int), {}, "labels A are whole numbers"),
        (np.zeros((2, 2, 2), int), np.zeros((2, 2, 2), int), {}, "all labels of both are 0"),
        (
            np.ones((2, 2, 2), int),
            np.ones((2, 2, 2), int),
            {"ignore": np.ones((2, 2, 2), int)},
            "every voxel is left out",
        ),
        (np.ones((2, 2, 2), int), np.ones((2, 2, 2), int), {"tolerance": -1}, "0 or more, not -1"),
        (np.ones((2, 2, 2), int), -np.ones((2, 2, 2), int), {}, "labels B hold -1, which is no id"),
        (
            np.ones((2, 2, 2), int),
            np.ones((2, 2, 2), int),
            {"ignore": -np.ones((2, 2, 2), int)},
            "the voxels to ignore hold -1",
        ),
    ],
)
def test_what_can_t_be_compared_is_refused(a, b, more, message):
    with pytest.raises(ObjectsError, match=message):
        compare(a, b, **more)
