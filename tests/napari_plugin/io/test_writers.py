"""Layers as files, and back."""

from __future__ import annotations

import dask.array
import numpy as np
import pytest
from napari.layers import Image, Labels, Layer
from napari.utils import DirectLabelColormap
from supervox.napari_plugin.io.readers import read_layers
from supervox.napari_plugin.io.writers import write_image, write_labels
from supervox.volumes import FORMATS, VolumeClass, VolumeError, open_volume, write_volume

from tests.napari_plugin.conftest import DTYPES, ORIGIN, SPACING

WRITABLE = [
    entry for entry in FORMATS if entry.create and entry.open and "spacing" in entry.carries
]
ENDINGS = [entry.extensions[0] for entry in WRITABLE]
CLASSES = [VolumeClass(1, "membrane", "#ff8000"), VolumeClass(2, "nucleus", "#0000ff")]
PLACE = {"scale": SPACING, "translate": ORIGIN, "units": ("nm",) * 3}


def save(layer, path):
    data, fields, kind = layer.as_layer_data_tuple()
    write = {"labels": write_labels, "image": write_image}[kind]
    assert write(str(path), data, fields) == [str(path)]
    return open_volume(path)


class LookedUp:
    """Labels by a table, as the dock shows its prediction: sliced, never whole."""

    def __init__(self, pieces, table):
        self.pieces, self.table = pieces, table
        self.shape, self.dtype, self.ndim, self.size = pieces.shape, table.dtype, 3, pieces.size

    def __len__(self):
        return len(self.pieces)

    def __getitem__(self, key):
        return self.table[self.pieces[key]]

    def __array__(self, dtype=None, copy=None):
        raise AssertionError("the whole volume was asked for")


@pytest.mark.parametrize("ending", ENDINGS)
def test_labels_come_back_as_they_were(tmp_path, values, ending):
    path = tmp_path / f"labels{ending}"
    labels = (values % 3).astype(np.uint8)
    record = {"classes": [item.as_json() for item in CLASSES]}
    with save(Labels(labels, metadata={"supervox": record}, **PLACE), path) as volume:
        np.testing.assert_array_equal(volume.data, labels)
        assert volume.spacing == pytest.approx(SPACING, rel=1e-6)
        assert volume.origin == pytest.approx(ORIGIN, rel=1e-6)
        assert volume.unit == "nm"
        if ending != ".mrc":
            assert volume.classes == tuple(CLASSES)
    if ending != ".mrc":
        (data,) = read_layers(path)
        layer = Layer.create(*data)
        assert isinstance(layer, Labels)
        np.testing.assert_allclose(layer.get_color(2), [0, 0, 1, 1])
        np.testing.assert_allclose(layer.translate, ORIGIN, rtol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("entry", WRITABLE, ids=lambda entry: entry.name)
def test_images_of_every_type(tmp_path, values, entry, dtype):
    path = tmp_path / f"image{entry.extensions[0]}"
    layer = Image(values.astype(dtype), **PLACE)
    if dtype not in entry.dtypes:
        with pytest.raises(VolumeError, match=f"can't hold {dtype}; convert it to one of"):
            save(layer, path)
        assert not path.exists()
        return
    with save(layer, path) as volume:
        np.testing.assert_array_equal(volume.data, values)
        assert volume.spacing == pytest.approx(SPACING, rel=1e-6)
        assert volume.classes == ()


@pytest.mark.parametrize(
    ("dtype", "highest", "ending", "expected"),
    [
        ("int64", 200, ".tif", "uint8"),
        ("int64", 60_000, ".tif", "uint16"),
        ("int64", 70_000, ".tif", "int32"),
        ("int64", 200, ".zarr", "int64"),
        ("int32", 300, ".mrc", "uint16"),
        ("uint64", 5, ".ome.tif", "uint8"),
    ],
)
def test_labels_get_a_type_that_the_format_has(tmp_path, values, dtype, highest, ending, expected):
    labels = values.astype(dtype)
    labels[0, 0, 0] = highest
    with save(Labels(labels), tmp_path / f"labels{ending}") as volume:
        np.testing.assert_array_equal(volume.data, labels)
        assert volume.data.dtype == expected


def test_labels_that_no_type_of_the_format_holds(tmp_path, values):
    labels = values.astype(np.int64)
    labels[0, 0, 0] = 70_000
    with pytest.raises(VolumeError, match="MRC can't hold int64"):
        save(Labels(labels), tmp_path / "labels.mrc")


def test_colours_of_labels_without_names(tmp_path, values):
    labels = np.where(values % 3 == 2, 7, values % 3).astype(np.uint8)
    colours = DirectLabelColormap(color_dict={None: "black", 1: "#ff0000", 7: "#00ff00"})
    with save(Labels(labels, colormap=colours), tmp_path / "labels.tif") as volume:
        assert volume.classes == (
            VolumeClass(1, "class 1", "#ff0000"),
            VolumeClass(7, "class 7", "#00ff00"),
        )
    with save(Labels(labels), tmp_path / "cyclic.tif") as volume:
        assert [item.value for item in volume.classes] == [1, 7]
        assert all(item.colour for item in volume.classes)


def test_objects_are_not_named(tmp_path):
    labels = np.arange(1000, dtype=np.uint16).reshape(10, 10, 10)
    with save(Labels(labels), tmp_path / "objects.tif") as volume:
        assert volume.classes == ()
        np.testing.assert_array_equal(volume.data, labels)


@pytest.mark.parametrize("with_classes", [True, False])
def test_a_table_is_looked_up_slab_by_slab(tmp_path, values, with_classes, monkeypatch):
    monkeypatch.setattr("supervox.napari_plugin.io.writers._SLAB_BYTES", 60)
    table = np.arange(113, dtype=np.uint8) % 4
    record = {"classes": [item.as_json() for item in CLASSES]} if with_classes else {}
    layer = Labels(LookedUp(values, table), metadata={"supervox": record})
    with save(layer, tmp_path / "labels.tif") as volume:
        np.testing.assert_array_equal(volume.data, table[values])


@pytest.mark.parametrize("chunks", [(4, 7, 8), (1, 3, 3), -1])
def test_dask(tmp_path, values, chunks):
    data = dask.array.from_array(values.astype(np.uint16), chunks=chunks)
    with save(Image(data, contrast_limits=(0, 113)), tmp_path / "image.zarr") as volume:
        np.testing.assert_array_equal(volume.data, values)


def test_zarr_to_itself_as_another_file(tmp_path, values):
    write_volume(tmp_path / "a.zarr", values.astype(np.uint8), kind="image", spacing=SPACING)
    (data,) = read_layers(tmp_path / "a.zarr")
    with save(Layer.create(*data), tmp_path / "b.zarr") as volume:
        np.testing.assert_array_equal(volume.data, values)
        assert volume.spacing == pytest.approx(SPACING)
        assert volume.unit is None


def test_a_picture_keeps_the_distance_of_its_planes(tmp_path, values):
    place = {"spacing": SPACING, "unit": "nm", "kind": "image"}
    write_volume(tmp_path / "a.h5", values[:1].astype(np.uint8), **place)
    (data,) = read_layers(tmp_path / "a.h5")
    with save(Layer.create(*data), tmp_path / "b.h5") as volume:
        assert volume.shape == (1, 7, 8)
        assert volume.spacing == pytest.approx(SPACING)


def test_a_picture_of_ones_own(tmp_path, values):
    layer = Labels(values[0].astype(np.uint8), scale=(2, 3), units=("um", "um"))
    with save(layer, tmp_path / "labels.tif") as volume:
        assert volume.shape == (1, 7, 8)
        assert volume.spacing == pytest.approx((2, 2, 3))
        assert volume.unit == "um"


def test_units_that_differ_become_one(tmp_path, values):
    layer = Image(values.astype(np.uint8), scale=(0.05, 4, 4), units=("um", "nm", "nm"))
    with save(layer, tmp_path / "image.tif") as volume:
        assert volume.spacing == pytest.approx((50, 4, 4))
        assert volume.unit == "nm"


@pytest.mark.parametrize("units", [None, ("nm",) * 3])
def test_the_affine_of_a_layer_is_kept(tmp_path, values, units):
    affine = np.diag([4.0, 2, 1, 1])
    affine[:3, 3] = 10, 20, 30
    layer = Image(values, scale=(3, 1, 1), translate=(1, 2, 3), affine=affine, units=units)
    write_image(str(tmp_path / "a.h5"), *layer.as_layer_data_tuple()[:2])
    with open_volume(tmp_path / "a.h5") as volume:
        assert (volume.spacing, volume.origin) == ((12, 2, 1), (14, 24, 33))


def test_voxels_of_one_have_their_place(tmp_path, values):
    layer = Image(values, translate=(1, 2, 3))
    write_image(str(tmp_path / "a.h5"), *layer.as_layer_data_tuple()[:2])
    with open_volume(tmp_path / "a.h5") as volume:
        assert (volume.spacing, volume.origin) == ((1, 1, 1), (1, 2, 3))


def test_no_place_is_no_claim(tmp_path, values):
    with save(Image(values.astype(np.uint8)), tmp_path / "image.tif") as volume:
        assert not volume.spacing_stated


def test_the_finest_level_of_a_pyramid(tmp_path, values):
    layer = Image([values.astype(np.uint8), values[::2, ::2, ::2].astype(np.uint8)])
    with save(layer, tmp_path / "image.tif") as volume:
        np.testing.assert_array_equal(volume.data, values)


def test_what_is_no_volume(tmp_path, values):
    with pytest.raises(VolumeError, match="colour picture"):
        save(Image(np.zeros((7, 8, 3), np.uint8), rgb=True), tmp_path / "a.tif")
    with pytest.raises(VolumeError, match="has 4 axes"):
        save(Image(np.zeros((2, 3, 4, 5), np.uint8)), tmp_path / "a.tif")
    with pytest.raises(VolumeError, match="doesn't exist; make it first"):
        save(Image(values.astype(np.uint8)), tmp_path / "nowhere" / "a.tif")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", [".tif", ".zarr"])
def test_napari_saves_by_it(tmp_path, values, plugin, ending):
    path = tmp_path / f"labels{ending}"
    layer = Labels((values % 3).astype(np.uint8), **PLACE)
    assert layer.save(str(path), plugin="supervox") == [str(path)]
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, layer.data)
