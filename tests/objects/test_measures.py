"""Measures of analytic bodies, of any orientation and voxel size, in any blocks."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from supervox.objects import MeasureRequest, ObjectsError, find_objects, measure_objects

from .bodies import ball, cuboid, cylinder, draw, ellipsoid, ellipsoid_surface, turned

SPACINGS = [(1, 1, 1), (2, 1, 1), (4, 1, 1)]


def measured(labels, spacing=(1, 1, 1), **more):
    table = measure_objects(find_objects(labels), spacing=spacing, **more).objects
    assert len(table) == 1
    return {name: table[name][0] for name in table.names}


def a_shell(surface: float, spacing) -> float:
    """The volume of a layer half a voxel thick."""
    return surface * max(spacing) / 2


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("seed", range(3))
def test_volumes_are_exact_to_a_shell_of_voxels(spacing, seed):
    turn, shift = turned(seed), np.random.default_rng(seed).random(3) - 0.5
    r = 9.0
    bodies = [
        (ball(r), 4 / 3 * math.pi * r**3, 4 * math.pi * r**2),
        (ellipsoid((12, 9, 6)), 4 / 3 * math.pi * 12 * 9 * 6, ellipsoid_surface((12, 9, 6))),
        (cylinder(6, 20), math.pi * 36 * 20, 2 * math.pi * 6 * 20 + 2 * math.pi * 36),
        (cuboid((16, 10, 12)), 16 * 10 * 12, 2 * (160 + 192 + 120)),
    ]
    for body, volume, surface in bodies:
        found = measured(draw(body, 17, spacing, turn, shift), spacing)
        assert abs(found["volume"] - volume) < a_shell(surface, spacing) / 3
        assert found["voxels"] * math.prod(spacing) == found["volume"]


@pytest.mark.parametrize(("spacing", "radii"), [((1, 1, 1), (4, 6, 10)), ((2, 1, 1), (8, 12, 20))])
def test_a_balls_surface_is_right_within_2_percent_from_radii_of_4_voxels_on(spacing, radii):
    # Of which voxels a small ball consists depends on where it lies: so does its volume, by 5 %.
    shifts = np.random.default_rng(0).random((12, 3))
    for radius in radii:
        drawn = [measured(draw(ball(radius), radius, spacing, None, s), spacing) for s in shifts]
        surfaces = [found["surface"] for found in drawn]
        assert np.mean(surfaces) == pytest.approx(4 * math.pi * radius**2, rel=0.01)
        np.testing.assert_allclose(surfaces, 4 * math.pi * radius**2, rtol=0.035)
        assert all(0.97 <= found["sphericity"] <= 1 for found in drawn)


@pytest.mark.parametrize("spacing", SPACINGS[:2])
@pytest.mark.parametrize("seed", range(4))
def test_an_ellipsoids_surface_is_right_within_2_percent_in_any_orientation(spacing, seed):
    semi = (16, 12, 9)
    found = measured(draw(ellipsoid(semi), 16, spacing, turned(seed)), spacing)
    assert found["surface"] == pytest.approx(ellipsoid_surface(semi), rel=0.02)


@pytest.mark.parametrize("spacing", SPACINGS[:2])
def test_turned_cylinders_and_cuboids_have_their_surface_within_2_percent_as_a_rule(spacing):
    voxel, errors = max(spacing), {"cylinder": [], "cuboid": []}
    for seed in range(10):
        r = (4, 5, 6, 8, 10)[seed % 5] * voxel
        bodies = {
            "cylinder": (cylinder(r, 3 * r), 1.81 * r, 8 * math.pi * r**2),
            "cuboid": (cuboid((2 * r, 2.5 * r, 3 * r)), 2.2 * r, 37 * r**2),
        }
        shift = np.random.default_rng(seed).random(3) - 0.5
        for name, (body, reach, surface) in bodies.items():
            found = measured(draw(body, reach, spacing, turned(seed), shift), spacing)
            errors[name].append(found["surface"] / surface - 1)
    for name, of in errors.items():
        assert abs(np.mean(of)) < 0.015, (name, of)
        assert np.sort(np.abs(of))[-4] < 0.02, (name, of)
        assert np.abs(of).max() < 0.035, (name, of)


@pytest.mark.parametrize("spacing", SPACINGS[:2])
@pytest.mark.parametrize("edges", [(8, 8, 8), (8, 11, 16), (20, 10, 30)])
def test_a_cuboid_of_whole_voxels_along_the_axes_is_right_within_a_40th(spacing, edges):
    z, y, x = np.multiply(edges, spacing)
    found = measured(np.pad(np.ones(edges, np.uint8), 1), spacing)
    assert found["surface"] == pytest.approx(2 * (z * y + y * x + x * z), rel=0.025)


def test_a_cylinder_along_the_axes_has_its_surface_within_a_30th():
    for radius, height in ((4, 13), (6, 25), (10, 31)):  # as high as so many voxels
        found = measured(draw(cylinder(radius, height), height / 2))
        expected = 2 * math.pi * radius * (radius + height)
        assert found["surface"] == pytest.approx(expected, rel=1 / 30)


def test_the_faces_of_a_sheet_as_thin_as_a_voxel_are_seen():
    found = measured(np.pad(np.ones((1, 60, 60), np.uint8), 2))
    assert 2 * 60**2 <= found["surface"] <= 2 * 60**2 + 4 * 60


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("seed", range(3))
def test_axes_are_those_of_the_ellipsoid(spacing, seed):
    turn = turned(seed)
    found = measured(draw(ellipsoid((20, 12, 8)), 20, spacing, turn), spacing)
    axes = [found[f"axis_{name}"] for name in ("major", "middle", "minor")]
    np.testing.assert_allclose(axes, [40, 24, 16], rtol=0.04)
    assert found["elongation"] == pytest.approx(40 / 24, rel=0.04)
    assert found["flatness"] == pytest.approx(24 / 16, rel=0.05)
    direction = [found[f"direction_{axis}"] for axis in ("plane", "row", "column")]
    assert abs(np.dot(direction, turn[:, 0])) > 0.998
    assert max(direction, key=abs) > 0
    assert found["feret_max"] == pytest.approx(40, abs=1.2 * max(spacing))
    assert found["feret_min"] == pytest.approx(16, abs=0.8 * max(spacing))


def test_a_cuboid_along_the_axes_has_its_extents():
    found = measured(draw(cuboid((10, 6, 20)), 11, (2, 1, 1), shift=(0.5, 0.5, 0.5)), (2, 1, 1))
    assert found["feret_min"] == pytest.approx(6)
    edges = {name: found[f"last_{name}"] - found[f"first_{name}"] + 1 for name in ("plane", "row")}
    assert edges == {"plane": 6, "row": 6}  # both ends of 10 lie on voxels
    assert found["axis_minor"] == pytest.approx(math.sqrt(5 / 3) * 6)


def test_a_single_voxel_has_all_measures():
    found = measured(np.pad([[[1]]], 1).astype(np.uint8), (3, 1, 1), unit="nm")
    assert found["volume"] == 3
    assert found["feret_max"] == 3
    assert 0.6 < found["feret_min"] <= 1
    assert found["axis_major"] == pytest.approx(math.sqrt(5 / 3) * 3)
    assert 0 < found["sphericity"] <= 1
    assert found["touches_border"] == 0


def test_turning_the_axes_turns_the_measures_with_them():
    labels = draw(ellipsoid((14, 9, 6)), 14, (2, 1, 1), turned(5))
    expected = measured(labels, (2, 1, 1))
    for order in itertools.permutations(range(3)):
        spacing = np.array((2, 1, 1))[list(order)]
        found = measured(np.ascontiguousarray(labels.transpose(order)), spacing)
        for name in ("voxels", "volume", "surface", "feret_max", "feret_min", "axis_middle"):
            assert found[name] == pytest.approx(expected[name], rel=2e-3), (order, name)


@pytest.fixture(scope="module")
def many():
    """Random blobs of three classes, and an image."""
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 4, (18, 22, 26)).astype(np.uint8) * (rng.random((18, 22, 26)) < 0.3)
    return labels.astype(np.uint8), rng.normal(5, 3, labels.shape).astype(np.float32)


@pytest.mark.parametrize("block", [(18, 22, 26), (5, 7, 11), (1, 22, 26), (18, 3, 26)])
@pytest.mark.parametrize("workers", [1, 3])
def test_no_measure_depends_on_blocks_or_threads(many, block, workers):
    labels, image = many

    def everything(**more):
        request = MeasureRequest(
            names={1: "one"},
            channels={"lac": image},
            labels=labels,
            distance_to=[1],
            depth_below=[2, 3],
            parents=(labels > 0).astype(np.uint8),
        )
        made = measure_objects(find_objects(labels), request, spacing=(2, 1, 1), **more)
        return [table.to_csv() for table in (made.objects, made.contacts, made.classes)]

    assert everything(block_shape=block, workers=workers) == everything()


def test_values_are_described_as_numpy_does(many):
    labels, image = many
    image = image.copy()
    image[0, 0, :] = np.nan
    instances = find_objects(labels)
    table = measure_objects(instances, MeasureRequest(channels={"lac": image})).objects
    for k in range(1, instances.number + 1):
        values = image[instances.ids == k]
        values = values[np.isfinite(values)].astype(float)
        if not values.size:
            assert np.isnan(table["mean_lac"][k - 1])
            continue
        for name, expected in {
            "mean": values.mean(),
            "sd": values.std(),
            "minimum": values.min(),
            "maximum": values.max(),
            "p5": np.percentile(values, 5),
            "p50": np.median(values),
            "p95": np.percentile(values, 95),
        }.items():
            assert table[f"{name}_lac"][k - 1] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("dtype", [np.uint8, ">u2", np.int16, np.float16, np.float64, bool])
def test_images_may_be_of_any_real_type(dtype):
    labels = np.ones((2, 3, 4), np.uint8)
    image = (np.arange(24).reshape(2, 3, 4) % 2).astype(dtype)
    table = measure_objects(find_objects(labels), MeasureRequest(channels={"i": image})).objects
    assert table["mean_i"][0] == 0.5


def test_little_room_gives_the_same_values(many, monkeypatch):
    labels, image = many
    request, instances = MeasureRequest(channels={"lac": image}), find_objects(labels)
    expected = measure_objects(instances, request).objects.to_csv()
    monkeypatch.setattr("supervox.objects.intensities.GATHERED_BYTES", 64)
    assert measure_objects(instances, request).objects.to_csv() == expected


@pytest.mark.data
def test_known_volumes_are_reproduced(data_folder):
    import csv

    import tifffile

    folder = data_folder / "measures_known_volumes"
    mask = tifffile.imread(folder / "mask.tif")
    with (folder / "known_volumes.csv").open(encoding="utf-8-sig") as file:
        *_, total = csv.reader(file)
    table = measure_objects(find_objects((mask > 0).astype(np.uint8), connectivity=6)).objects
    known = sorted(int(value) for value in total[1:])
    assert sorted(table["voxels"].tolist()) == known


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (MeasureRequest(channels={"lac": np.zeros((2, 3, 5))}), "image 'lac' has 2 x 3 x 5 voxels"),
        (MeasureRequest(channels={"lac": np.zeros((2, 3, 4), complex)}), "holds complex128"),
        (MeasureRequest(parents=np.zeros((1, 3, 4), np.uint8)), "parents has 1 x 3 x 4 voxels"),
        (MeasureRequest(labels=np.ones((2, 3, 4), np.uint8), distance_to=[7]), "no class 7; .* 1"),
        (MeasureRequest(labels=np.ones((9, 3, 4), np.uint8)), "labels has 9 x 3 x 4"),
    ],
)
def test_what_does_not_fit_is_refused(request_, message):
    with pytest.raises(ObjectsError, match=message):
        measure_objects(find_objects(np.ones((2, 3, 4), np.uint8)), request_)


def test_a_voxel_size_is_three_positive_numbers():
    with pytest.raises(ObjectsError, match="three positive numbers, not 1 0 1"):
        measure_objects(find_objects(np.ones((2, 3, 4), np.uint8)), spacing=(1, 0, 1))


def test_no_object_makes_empty_tables():
    made = measure_objects(find_objects(np.zeros((2, 3, 4), np.uint8)))
    assert (len(made.objects), len(made.contacts), len(made.classes)) == (0, 0, 0)


def test_one_object_of_everything_is_measured_as_a_closed_body():
    found = measured(np.ones((10, 10, 10), np.uint8))
    assert found["voxels"] == 1000
    assert found["touches_border"] == 1
    assert found["surface"] == pytest.approx(600, rel=0.02)
