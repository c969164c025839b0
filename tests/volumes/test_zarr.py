"""Zarr and OME-Zarr as other programs write them."""

import numpy as np
import pytest
import yaozarrs
import zarr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from supervox.volumes import Candidate, VolumeClass, VolumeError, open_volume, write_volume
from supervox.volumes.pyramid import Level, coarser_levels, fill_level
from yaozarrs.write.v05 import write_image

VALUES = np.random.default_rng(1).integers(0, 255, (5, 24, 16), dtype=np.uint8)


def _pyramid(path, version, channels=1, axes="czyx", unit="nanometer", first=0):
    """Write an OME-Zarr of two levels (and a third that is missing) by hand."""
    group = zarr.open_group(path, mode="w", zarr_format=2 if version == "0.4" else 3)
    datasets = []
    for level in range(3):
        scale = [1.0] * (len(axes) - 3) + [50.0, 4.6 * 2**level, 4.6 * 2**level]
        shift = [0.0] * (len(axes) - 3) + [1.0, 2.0, 3.0]
        datasets.append(
            {
                "path": f"s{level + first}",
                "coordinateTransformations": [
                    {"type": "scale", "scale": scale},
                    {"type": "translation", "translation": shift},
                ],
            }
        )
    named = [{"name": axis, "type": "space" if axis in "zyx" else "channel"} for axis in axes]
    for axis in named[-3:]:
        axis["unit"] = unit
    pyramid = {"axes": named, "datasets": datasets, "name": "x"}
    if version == "0.4":
        group.attrs["multiscales"] = [pyramid | {"version": "0.4"}]
    else:
        group.attrs["ome"] = {"version": "0.5", "multiscales": [pyramid]}
    for level in range(2):
        part = VALUES[:, :: 2**level, :: 2**level]
        part = np.stack([part + i for i in range(channels)]) if "c" in axes else part
        group.create_array(
            f"s{level + first}",
            data=part,
            chunks=(1,) * (part.ndim - 3) + (2, 8, 8),
            dimension_names=None if version == "0.4" else list(axes),
        )
    return group


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("axes", ["zyx", "czyx"])
def test_pyramid(tmp_path, version, axes):
    path = tmp_path / "a.zarr"
    _pyramid(path, version, axes=axes)
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        np.testing.assert_array_equal(volume.data[1:3, 5, ::3], VALUES[1:3, 5, ::3])
        assert volume.spacing == pytest.approx((50, 4.6, 4.6))
        assert (volume.unit, volume.origin) == ("nm", (1, 2, 3))
        assert volume.data.chunks == (2, 8, 8)
    for name in ("1", "s1"):
        with open_volume(f"{path}::{name}") as volume:
            np.testing.assert_array_equal(volume.data, VALUES[:, ::2, ::2])
            assert volume.spacing == pytest.approx((50, 9.2, 9.2))


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_levels_that_are_not_there(tmp_path, version):
    path = tmp_path / "a.zarr"
    _pyramid(path, version)
    with pytest.raises(VolumeError, match="the array 's2' of the pyramid is missing; it holds s0"):
        open_volume(f"{path}::2")
    with pytest.raises(VolumeError, match="has levels 0 to 2, not 3"):
        open_volume(f"{path}::3")


def test_transformation_of_the_whole_pyramid(tmp_path):
    path = tmp_path / "a.zarr"
    group = _pyramid(path, "0.4", axes="zyx")
    pyramid = group.attrs["multiscales"][0]
    steps = [{"type": "scale", "scale": [2, 2, 2]}]
    group.attrs["multiscales"] = [pyramid | {"coordinateTransformations": steps}]
    with open_volume(path) as volume:
        assert volume.spacing == pytest.approx((100, 9.2, 9.2))
        assert volume.origin == (2, 4, 6)


def test_channels(tmp_path):
    path = tmp_path / "a.zarr"
    _pyramid(path, "0.5", channels=2)
    with pytest.raises(VolumeError, match=r"holds 2 channels; pick one with 'a\.zarr::s0,c=0'"):
        open_volume(path)
    with open_volume(f"{path}::0,c=1") as volume:
        np.testing.assert_array_equal(volume.data, VALUES + 1)


def test_pyramid_one_level_down(tmp_path):
    _pyramid(tmp_path / "a.zarr" / "0", "0.5")
    zarr.open_group(tmp_path / "a.zarr", mode="a")
    for name in ("", "::0", "::0/s0"):
        with open_volume(f"{tmp_path}/a.zarr{name}") as volume:
            np.testing.assert_array_equal(volume.data, VALUES)
            assert volume.spacing_stated


@pytest.mark.parametrize("version", [2, 3])
def test_plain_array(tmp_path, version):
    path = tmp_path / "a.zarr"
    array = zarr.create_array(path, data=VALUES, zarr_format=version)
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        assert not volume.spacing_stated
    array.attrs.update({"spacing": [50, 4.6, 4.6], "unit": "nm", "origin": [1, 2, 3]})
    with open_volume(path) as volume:
        assert (volume.spacing, volume.unit, volume.origin) == ((50, 4.6, 4.6), "nm", (1, 2, 3))
    with pytest.raises(VolumeError, match="is one array, there is no '1' in it"):
        open_volume(f"{path}::1")


def test_named_dimensions(tmp_path):
    path = tmp_path / "a.zarr"
    zarr.create_array(path, data=VALUES.transpose(2, 1, 0), dimension_names=["x", "y", "z"])
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)


def test_group_of_arrays(tmp_path):
    path = tmp_path / "a.zarr"
    group = zarr.open_group(path, mode="w")
    group.create_array("raw", data=VALUES)
    group.create_array("angles", data=np.arange(4))
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
    group.create_array("deep/er", data=VALUES + 1)
    with open_volume(f"{path}::deep/er") as volume:
        np.testing.assert_array_equal(volume.data, VALUES + 1)
    group.create_array("other", data=VALUES)
    with pytest.raises(VolumeError, match=r"pick one .*'a\.zarr::PATH'; it holds angles \(4\), ot"):
        open_volume(path)
    with pytest.raises(VolumeError, match="there is no 'none' in it; it holds"):
        open_volume(f"{path}::none")


def test_folder_of_any_name(tmp_path):
    zarr.create_array(tmp_path / "tomogram", data=VALUES)
    with open_volume(tmp_path / "tomogram") as volume:
        assert volume.format == "Zarr"


def test_damaged(tmp_path):
    path = tmp_path / "a.zarr"
    zarr.create_array(path, data=VALUES, chunks=(2, 8, 8))
    chunk = sorted(item for item in (path / "c").rglob("*") if item.is_file())[0]
    chunk.write_bytes(b"junk")
    with open_volume(path) as volume, pytest.raises(VolumeError, match="can't be read as Zarr"):
        volume.data[:]
    (path / "zarr.json").write_text('{"zarr')
    with pytest.raises(VolumeError, match="can't be read as Zarr"):
        open_volume(path)
    (path / "zarr.json").unlink()
    with pytest.raises(VolumeError, match="has no Zarr metadata"):
        open_volume(path)


def test_candidates_can_be_chosen_from(tmp_path):
    path = tmp_path / "a.zarr"
    group = zarr.open_group(path, mode="w")
    group.create_array("raw", data=VALUES)
    group.create_array("angles", data=np.arange(4))
    for name in ("cell", "other"):
        _pyramid(path / name, "0.5", axes="zyx")
    with pytest.raises(VolumeError, match="pick one volume in it") as refused:
        open_volume(path)
    assert refused.value.candidates == (
        Candidate("cell", (5, 24, 16), "uint8"),
        Candidate("other", (5, 24, 16), "uint8"),
        Candidate("raw", (5, 24, 16), "uint8"),
    )
    for candidate in refused.value.candidates:
        with open_volume(f"{path}::{candidate.inner}") as volume:
            np.testing.assert_array_equal(volume.data, VALUES)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("axes", ["zyx", "czyx"])
def test_our_examples_are_of_these_versions(tmp_path, version, axes):
    group = _pyramid(tmp_path / "a.zarr", version, axes=axes)
    names = None if version == "0.4" else list(axes)
    small = np.zeros((1,) * len(axes), np.uint8)
    group.create_array("s2", data=small, dimension_names=names)  # left out on purpose
    yaozarrs.validate_zarr_store(tmp_path / "a.zarr")
    found = yaozarrs.open_group(tmp_path / "a.zarr").ome_metadata()
    assert isinstance(found, {"0.4": yaozarrs.v04.Image, "0.5": yaozarrs.v05.Image}[version])


def test_what_yaozarrs_writes(tmp_path):
    scale = {"type": "scale", "scale": [0.5, 0.25, 0.25]}
    image = yaozarrs.v05.Image(
        multiscales=[
            {
                "axes": [{"name": axis, "type": "space", "unit": "nanometer"} for axis in "zyx"],
                "datasets": [{"path": "full", "coordinateTransformations": [scale]}],
            }
        ]
    )
    write_image(tmp_path / "a.zarr", image, VALUES, writer="zarr")
    with open_volume(tmp_path / "a.zarr") as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        assert (volume.spacing, volume.unit) == ((0.5, 0.25, 0.25), "nm")


def test_label_images_with_odd_metadata(tmp_path):
    group = _pyramid(tmp_path / "a.zarr", "0.4", axes="zyx")
    group.attrs["image-label"] = {
        "colors": [
            {"label-value": 1, "rgba": [300, 0, 0, 0]},
            {"label-value": 2, "rgba": "red"},
            {"label-value": 4, "rgba": [255, 128, 0, 255]},
            7,
        ],
        "properties": [{"label-value": 3, "name": "nucleus"}, {"label-value": 0, "name": "none"}],
    }
    with open_volume(tmp_path / "a.zarr") as volume:
        assert volume.classes == (
            VolumeClass(3, "nucleus"),
            VolumeClass(1, "class 1"),
            VolumeClass(2, "class 2"),
            VolumeClass(4, "class 4", "#ff8000"),
        )
    group.attrs["image-label"] = {"colors": 3}
    with open_volume(tmp_path / "a.zarr") as volume:
        assert volume.classes == ()


LARGE = (np.indices((20, 300, 600)).sum(axis=0) // 50 % 5).astype(np.uint8)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("labels", LARGE),
        ("image", LARGE.astype(np.float32)),
        ("probabilities", np.stack([LARGE, LARGE + 1]).astype(np.float32)),
        ("labels", LARGE[:1, :2, :3]),
    ],
)
def test_a_validator_accepts_what_is_written(tmp_path, kind, values):
    path = tmp_path / "a.zarr"
    classes = (VolumeClass(1, "a", "#ff8000"), VolumeClass(300, "b"))
    write_volume(path, values, spacing=(40, 10, 10), unit="nm", kind=kind, classes=classes)
    yaozarrs.validate_zarr_store(path)
    found = yaozarrs.open_group(path).ome_metadata()
    expected = yaozarrs.v05.LabelImage if kind == "labels" else yaozarrs.v05.Image
    assert isinstance(found, expected)
    group = zarr.open_group(path, mode="r")
    datasets = found.multiscales[0].datasets
    assert len(datasets) == (3 if values.shape[-1] == 600 else 1)
    for dataset in datasets:  # every level covers the same part of space
        scale, *shift = dataset.coordinateTransformations
        place = shift[0].translation if shift else [0.0] * values.ndim
        start = np.array(place)[-3:] - np.array(scale.scale)[-3:] / 2
        np.testing.assert_allclose(start, [-20, -5, -5])
        end = start + np.array(group[dataset.path].shape)[-3:] * np.array(scale.scale)[-3:]
        assert (end >= np.array(values.shape)[-3:] * [40, 10, 10] + start).all()


def test_coarser_levels_hold_what_is_there(tmp_path):
    path = tmp_path / "a.zarr"
    write_volume(path, LARGE, spacing=(40, 10, 10), unit="nm", origin=(100, 0, 0))
    with open_volume(f"{path}::1") as volume:  # planes are coarse already
        assert volume.shape == (20, 150, 300)
        assert (volume.spacing, volume.origin) == ((40, 20, 20), (100, 5, 5))
        blocks = LARGE.reshape(20, 150, 2, 300, 2).transpose(0, 1, 3, 2, 4).reshape(20, 150, 300, 4)
        agreed = (blocks == blocks[..., :1]).all(axis=-1)
        np.testing.assert_array_equal(np.asarray(volume.data)[agreed], blocks[agreed][:, 0])
    write_volume(path, LARGE, kind="image")
    with open_volume(f"{path}::2") as volume:  # of cubes, as far as is known
        assert volume.shape == (5, 75, 150)
        mean = LARGE.reshape(5, 4, 75, 4, 150, 4).mean(axis=(1, 3, 5))
        assert np.abs(np.asarray(volume.data) - mean).max() <= 1


def test_levels_end_when_one_is_small():
    assert coarser_levels((256, 256, 256), None) == []
    levels = coarser_levels((1, 1000, 600), (50, 1, 1))
    assert levels == [
        Level((1, 500, 300), (1, 2, 2), (1, 2, 2)),
        Level((1, 250, 150), (1, 2, 2), (1, 4, 4)),
    ]


@given(
    arrays.arrays(np.int16, st.tuples(*[st.integers(1, 5)] * 3), elements=st.integers(0, 2)),
    st.tuples(*[st.integers(1, 2)] * 3),
    st.integers(1, 3),
)
def test_the_most_frequent_label(values, factors, planes):
    shape = tuple(-(-n // f) for n, f in zip(values.shape, factors, strict=True))
    found = np.full(shape, -1, np.int16)
    fill_level(values, found, Level(shape, factors, factors), "labels", planes)
    padded = np.pad(
        values,
        [(0, m * f - n) for n, m, f in zip(values.shape, shape, factors, strict=True)],
        mode="edge",
    )
    for place in np.ndindex(shape):
        block = padded[tuple(slice(p * f, p * f + f) for p, f in zip(place, factors, strict=True))]
        counts = np.bincount(block.ravel())
        assert counts[found[place]] == counts.max()
