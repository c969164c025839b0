"""Zarr and OME-Zarr as other programs write them."""

import numpy as np
import pytest
import zarr
from supervox.volumes import VolumeError, open_volume

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
            f"s{level + first}", data=part, chunks=(1,) * (part.ndim - 3) + (2, 8, 8)
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
