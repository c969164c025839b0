"""Zarr whose axes have other names, whose chunks are elsewhere, or that others' programs wrote."""

import json

import numpy as np
import pytest
import zarr
from supervox.volumes import VolumeClass, VolumeError, open_volume, write_volume

VALUES = np.random.default_rng(3).integers(1, 255, (8, 20, 24), dtype=np.uint8)
NM = "nanometer"


def _pyramid(path, axes, transformations, values=VALUES, version="0.4", **more):
    group = zarr.open_group(path, mode="w", zarr_format=2 if version == "0.4" else 3)
    array = group.create_array("0", shape=values.shape, dtype="u1", chunks=values.shape)
    array[...] = values
    level = {"path": "0", "coordinateTransformations": transformations}
    content = {"version": version, "datasets": [level], **more}
    if axes is not None:
        content["axes"] = axes
    if version == "0.4":
        group.attrs["multiscales"] = [content]
    else:
        group.attrs["ome"] = {"version": version, "multiscales": [content]}


def _space(*names):
    return [{"name": name, "type": "space", "unit": NM} for name in names]


@pytest.mark.parametrize(
    "names", [("depth", "height", "width"), ("dim_0", "dim_1", "dim_2"), "abc"]
)
@pytest.mark.parametrize("said", ["", "::axes=zyx"])
def test_names_of_axes_of_space_are_free(tmp_path, names, said):
    path = tmp_path / "a.zarr"
    _pyramid(path, _space(*names), [{"type": "scale", "scale": [20, 10, 10]}])
    with open_volume(f"{path}{said}") as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        assert (volume.spacing, volume.unit) == ((20, 10, 10), "nm")


def test_words_tell_the_order_of_axes(tmp_path):
    path = tmp_path / "a.zarr"
    scale = [{"type": "scale", "scale": [1, 2, 4]}]
    _pyramid(path, _space("width", "height", "depth"), scale, VALUES.transpose(2, 1, 0))
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        assert volume.spacing == (4, 2, 1)


def test_free_names_beside_time_and_channels(tmp_path):
    path = tmp_path / "a.zarr"
    axes = [{"name": "when", "type": "time"}, {"name": "what", "type": "channel"}, *_space(*"abc")]
    scale = [{"type": "scale", "scale": [1, 1, 4, 2, 2]}]
    _pyramid(path, axes, scale, np.stack([VALUES, VALUES + 1])[np.newaxis])
    with open_volume(f"{path}::c=1") as volume:
        np.testing.assert_array_equal(volume.data, VALUES + 1)
        assert volume.spacing == (4, 2, 2)


def test_said_axes_take_sizes_and_units_along(tmp_path):
    path = tmp_path / "a.zarr"
    axes = [
        {"name": name, "type": "space", "unit": unit}
        for name, unit in zip("zyx", ("micrometer", NM, NM), strict=True)
    ]
    _pyramid(path, axes, [{"type": "scale", "scale": [0.5, 2, 1]}], VALUES.transpose(2, 1, 0))
    with open_volume(f"{path}::axes=xyz") as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        assert (volume.spacing, volume.unit) == ((1, 2, 500), "nm")


def test_axes_without_rows_and_columns_tell_how_to_say_them(tmp_path):
    path = tmp_path / "a.zarr"
    _pyramid(path, ["a", "b", "c"], [{"type": "scale", "scale": [1, 1, 1]}])
    with pytest.raises(VolumeError, match=r"has axes ABC .*say which axis is which.*axes=zyx"):
        open_volume(path)


def test_more_axes_than_the_array_has(tmp_path):
    path = tmp_path / "a.zarr"
    _pyramid(path, _space(*"tzyx"), [{"type": "scale", "scale": [1, 1, 1, 1]}])
    with pytest.raises(VolumeError, match=r"has 3 axes, but its metadata name 4 \(t, z, y, x\)"):
        open_volume(path)


@pytest.mark.parametrize(
    "steps",
    [
        [{"type": "scale", "scale": [4, 2, 2], "input": "0", "output": "physical"}],
        [
            {
                "type": "sequence",
                "input": "0",
                "output": "physical",
                "transformations": [
                    {"type": "identity"},
                    {"type": "scale", "scale": [2, 1, 1]},
                    {
                        "type": "sequence",
                        "transformations": [{"type": "scale", "scale": [2, 2, 2]}],
                    },
                ],
            }
        ],
        [
            {
                "type": "affine",
                "input": "0",
                "output": "physical",
                "affine": [[4, 0, 0, 0], [0, 2, 0, 0], [0, 0, 2, 0]],
            }
        ],
    ],
)
def test_coordinate_systems_of_rfc_5(tmp_path, steps):
    path = tmp_path / "a.zarr"
    systems = [
        {"name": "other", "axes": [{"name": name, "type": "space"} for name in "xyz"]},
        {"name": "physical", "axes": _space("depth", "height", "width")},
    ]
    elsewhere = [{"type": "scale", "scale": [9, 9, 9], "input": "physical", "output": "other"}]
    _pyramid(
        path,
        None,
        steps,
        version="0.6",
        coordinateSystems=systems,
        coordinateTransformations=elsewhere,
    )
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        assert (volume.spacing, volume.unit, volume.notes) == ((4, 2, 2), "nm", ())


def test_a_rotation_of_rfc_5_is_left_out_and_said(tmp_path):
    path = tmp_path / "a.zarr"
    steps = [
        {"type": "scale", "scale": [4, 2, 2], "output": "p"},
        {"type": "rotation", "rotation": np.eye(3).tolist()},
    ]
    _pyramid(
        path, None, steps, version="0.6", coordinateSystems=[{"name": "p", "axes": _space(*"zyx")}]
    )
    with open_volume(path) as volume:
        assert volume.spacing == (4, 2, 2)
        assert volume.notes == ("the transformation 'rotation' of its place is left out",)


def test_places_and_sizes_combine_in_their_order(tmp_path):
    path = tmp_path / "a.zarr"
    steps = [
        {"type": "scale", "scale": [4, 2, 2]},
        {"type": "translation", "translation": [8, 4, 0]},
    ]
    more = [
        {"type": "scale", "scale": [2, 1, 1]},
        {"type": "translation", "translation": [1, 0, 0]},
    ]
    _pyramid(path, _space(*"zyx"), steps, coordinateTransformations=more)
    with open_volume(path) as volume:
        assert (volume.spacing, volume.origin) == ((8, 2, 2), (17, 4, 0))


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("names", ["xyz", ("column", "row", "section")])
def test_dimensions_of_xarray(tmp_path, zarr_format, names):
    path = tmp_path / "a.zarr"
    group = zarr.open_group(path, mode="w", zarr_format=zarr_format)
    named = {"dimension_names": list(names)} if zarr_format == 3 else {}
    array = group.create_array(
        "data", shape=VALUES.shape[::-1], dtype="u1", chunks=(24, 20, 8), **named
    )
    array[...] = VALUES.T
    if zarr_format == 2:
        array.attrs["_ARRAY_DIMENSIONS"] = list(names)
    for name, length, step in zip(names, (24, 20, 8), (0.1, 0.1, 0.5), strict=True):
        places = group.create_array(name, shape=(length,), dtype="f8")
        places[...] = 3 + step * np.arange(length)
        places.attrs["units"] = "um"
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        assert (volume.spacing, volume.origin, volume.unit) == ((0.5, 0.1, 0.1), (3, 3, 3), "um")


def test_dimensions_that_say_nothing_are_ignored(tmp_path):
    path = tmp_path / "a.zarr"
    array = zarr.create_array(
        path, shape=VALUES.shape, dtype="u1", chunks=VALUES.shape, zarr_format=2
    )
    array[...] = VALUES
    for names in (["a", "b", "c"], ["z", "y"], "zyx", [None, None, None]):
        array.attrs["_ARRAY_DIMENSIONS"] = names
        with open_volume(path) as volume:
            np.testing.assert_array_equal(volume.data, VALUES)


@pytest.mark.parametrize("nested", [False, True])
def test_chunks_in_folders_that_the_metadata_do_not_tell_of(tmp_path, nested):
    path = tmp_path / "a.zarr"
    encoding = {"name": "v2", "separator": "/"}
    where = path / "0" if nested else path
    if nested:
        zarr.open_group(path, mode="w", zarr_format=2)
    array = zarr.create_array(
        where,
        shape=VALUES.shape,
        dtype="u1",
        chunks=(4, 10, 12),
        zarr_format=2,
        chunk_key_encoding=encoding,
    )
    array[...] = VALUES
    told = where / ".zarray"
    content = json.loads(told.read_text())
    del content["dimension_separator"]
    told.write_text(json.dumps(content))
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        assert '"dimension_separator": "/" is missing' in volume.notes[0]


@pytest.mark.parametrize("kind", ["v2", "v3", "sharded"])
def test_chunks_that_are_not_there_are_counted(tmp_path, kind):
    path = tmp_path / "a.zarr"
    options = {"zarr_format": 2 if kind == "v2" else 3, "fill_value": 7}
    options |= (
        {"shards": (2, 20, 24), "chunks": (1, 10, 12)}
        if kind == "sharded"
        else {"chunks": (2, 20, 24)}
    )
    array = zarr.create_array(path, shape=VALUES.shape, dtype="u1", **options)
    array[...] = VALUES
    with open_volume(path) as volume:
        assert volume.notes == ()
    files = {"v2": ["2.0.0", "3.0.0"]}.get(kind, ["c/2/0/0", "c/3/0/0"])
    for name in files:
        (path / name).unlink()
    with open_volume(path) as volume:
        assert "2 of its 4 chunks aren't there: their voxels count as 7" in volume.notes[0]
    for name in {"v2": ["0.0.0", "1.0.0"]}.get(kind, ["c/0/0/0", "c/1/0/0"]):
        (path / name).unlink()
    with open_volume(path) as volume:
        assert "none of its 4 chunks is where its metadata say" in volume.notes[0]


def test_labels_and_images_of_ours_lack_nothing(tmp_path):
    labels, image = tmp_path / "labels.zarr", tmp_path / "image.zarr"
    write_volume(labels, np.zeros((20, 30, 30), np.uint8), classes=[VolumeClass(1, "a")])
    write_volume(image, np.zeros((20, 30, 30), np.uint8), kind="image")
    for path in (labels, image):
        with open_volume(path) as volume:
            assert volume.notes == ()


def test_a_codec_that_is_not_installed_is_named(tmp_path):
    path = tmp_path / "a.zarr"
    array = zarr.create_array(
        path, shape=VALUES.shape, dtype="u1", chunks=VALUES.shape, zarr_format=2
    )
    array[...] = VALUES
    told = path / ".zarray"
    content = json.loads(told.read_text())
    content["compressor"] = {"id": "strange", "level": 1}
    told.write_text(json.dumps(content))
    with pytest.raises(VolumeError, match="strange") as refused, open_volume(path) as volume:
        volume.data[...]
    assert "damaged" not in str(refused.value)
