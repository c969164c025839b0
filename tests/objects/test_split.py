"""Splitting: necks are cut, single bodies stay whole, the image tells cells apart."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from supervox.objects import (
    ObjectsError,
    find_objects,
    match_objects,
    objects_of_ids,
    split_objects,
)

from .bodies import ball, cuboid, cylinder, draw, ellipsoid, turned


def f1(found, truth):
    matched = len(match_objects(found, truth))
    return 2 * matched / (found.number + truth.number)


def two_balls(gap: float, spacing=(1, 1, 1), axis: int = 2) -> np.ndarray:
    """Two balls of radius 8 whose centres are `gap` apart."""
    step = np.zeros(3)
    step[axis] = gap / 2
    return draw(
        lambda places: ball(8)(places - step) | ball(8)(places + step), 8 + gap / 2, spacing
    )


@pytest.mark.parametrize("spacing", [(1, 1, 1), (2, 1, 1)])
@pytest.mark.parametrize("axis", range(3))
def test_two_balls_that_touch_are_cut_at_the_neck(spacing, axis):
    labels = two_balls(13, spacing, axis)
    found = split_objects(find_objects(labels), "round", spacing=spacing)
    assert found.number == 2
    sizes = np.bincount(found.ids.ravel())[1:]
    assert sizes.min() > 0.45 * sizes.sum()
    np.testing.assert_array_equal(found.ids > 0, labels > 0)


@pytest.mark.parametrize(
    "body",
    [ball(9), ellipsoid((15, 9, 7)), cylinder(6, 24), cuboid((12, 18, 14)), ball(1.5), ball(0.5)],
)
@pytest.mark.parametrize("seed", range(2))
def test_single_convex_bodies_stay_whole(body, seed):
    labels = draw(body, 16, turn=turned(seed))
    assert split_objects(find_objects(labels), "round").number == 1


def test_the_border_of_the_volume_is_no_surface():
    whole = draw(ball(12), 12)
    half = whole[: len(whole) // 2]
    assert split_objects(find_objects(half), "round").number == 1
    everything = np.ones((6, 7, 8), np.uint8)
    assert split_objects(find_objects(everything), "round").number == 1


def test_only_the_classes_that_are_wanted_are_split():
    pair = two_balls(13)
    labels = np.concatenate([pair, pair * 2])
    found = split_objects(find_objects(labels), "round", classes=[2])
    assert found.class_of.tolist() == [1, 2, 2]
    assert split_objects(find_objects(labels), "round", classes=[7]).number == 2


def test_ids_are_dense_in_raster_order_on_any_number_of_threads():
    labels = np.concatenate([two_balls(13), two_balls(14), two_balls(13)], axis=1)
    instances = find_objects(labels)
    found = split_objects(instances, "round", workers=1)
    assert found.number == 6
    again = objects_of_ids(found.ids)
    np.testing.assert_array_equal(again.ids, found.ids)
    np.testing.assert_array_equal(split_objects(instances, "round", workers=3).ids, found.ids)


@pytest.mark.parametrize("boundaries", ["bright", "dark"])
def test_cells_are_told_apart_by_their_boundaries(boundaries):
    places = np.random.default_rng(4).uniform(0, 40, (12, 3))
    grid = np.stack(np.meshgrid(*[np.arange(40)] * 3, indexing="ij"), axis=-1)
    away = np.linalg.norm(grid[..., np.newaxis, :] - places, axis=-1)
    nearest = np.sort(away, axis=-1)
    cells = away.argmin(axis=-1) + 1
    stain = np.exp(-np.square(nearest[..., 1] - nearest[..., 0]) / 8)
    image = (stain if boundaries == "bright" else 1 - stain).astype(np.float32)
    image += np.random.default_rng(5).normal(0, 0.1, image.shape).astype(np.float32)
    whole = find_objects(np.ones(image.shape, np.uint8))
    found = split_objects(whole, "image", image=image, boundaries=boundaries)
    assert f1(found, objects_of_ids(cells)) > 0.9
    assert (found.ids > 0).all()


@pytest.mark.parametrize("offset", [0, 100, -100])
@pytest.mark.parametrize("boundaries", ["bright", "dark"])
def test_where_the_image_has_no_number_is_no_boundary(offset, boundaries):
    labels, stain = np.zeros((20, 60, 60), np.uint8), np.zeros((20, 60, 60))
    labels[2:18, 4:56, 4:56] = 1
    stain[:, :, 29:31] = stain[:, 29:31] = 5 if boundaries == "bright" else -5
    image = stain + offset + np.random.default_rng(0).normal(0, 0.3, stain.shape)
    whole = split_objects(find_objects(labels), "image", image=image, boundaries=boundaries)
    assert whole.number == 4
    image[labels == 0] = np.nan
    image[6:9, 20:26, 20:26] = np.inf
    found = split_objects(find_objects(labels), "image", image=image, boundaries=boundaries)
    assert f1(found, whole) == 1


def test_an_image_without_boundaries_splits_nothing():
    labels = np.ones((12, 20, 20), np.uint8)
    whole = find_objects(labels)
    flat = np.full(labels.shape, 3, np.uint16)
    assert split_objects(whole, "image", image=flat).number == 1
    slope = np.broadcast_to(np.arange(20, dtype=np.float32), labels.shape)
    assert split_objects(whole, "image", image=slope).number == 1


@pytest.mark.parametrize(
    ("how", "more", "message"),
    [
        ("cubes", {}, "split 'round' or 'image', not 'cubes'"),
        ("image", {}, "needs an image"),
        ("image", {"image": np.zeros((2, 3, 5))}, "image has 2 x 3 x 5 voxels"),
    ],
)
def test_what_can_t_be_split_is_refused(how, more, message):
    with pytest.raises(ObjectsError, match=message):
        split_objects(find_objects(np.ones((2, 3, 4), np.uint8)), how, **more)


@pytest.mark.data
def test_components_don_t_oversplit_real_organelles(data_folder):
    truth = tifffile.imread(data_folder / "sxt_objects_figure_3a" / "instances.tif")
    found = find_objects((truth > 0).astype(np.uint8))
    assert f1(found, objects_of_ids(truth)) >= 0.95


@pytest.mark.data
def test_touching_nuclei_are_split_as_round_things(data_folder):
    truth = tifffile.imread(data_folder / "nuclei_stardist_3d" / "instances.tif")
    found = split_objects(find_objects((truth > 0).astype(np.uint8)), "round")
    assert f1(found, objects_of_ids(truth)) >= 0.97


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "boundaries", "least"),
    [("cells_ovule_sample", "bright", 0.7), ("cells_ovule_1135", "dark", 0.75)],
)
def test_cells_that_fill_the_volume_are_split_by_the_image(data_folder, name, boundaries, least):
    truth = tifffile.imread(data_folder / name / "instances.tif")
    image = tifffile.imread(data_folder / name / "image.tif")
    whole = find_objects(np.ones(truth.shape, np.uint8))
    found = split_objects(whole, "image", image=image, boundaries=boundaries)
    assert f1(objects_of_ids(np.where(truth > 0, found.ids, 0)), objects_of_ids(truth)) > least
