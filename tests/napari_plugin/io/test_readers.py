"""Files as layers: values, place in space, classes, and what is said of bad ones."""

from __future__ import annotations

import gc
import json

import h5py
import napari
import numpy as np
import pytest
import tifffile
from napari.layers import Image, Labels, Layer
from supervox.napari_plugin.io import readers
from supervox.napari_plugin.io.browsing import BrowsedVolume
from supervox.napari_plugin.io.readers import contrast_limits, get_reader, read_layers
from supervox.volumes import FORMATS, VolumeClass, VolumeError, create_volume, write_volume

from tests.napari_plugin.conftest import DTYPES, ORIGIN, SPACING

ENDINGS = [
    entry.extensions[0]
    for entry in FORMATS
    if entry.create and entry.open and "spacing" in entry.carries
]
CLASSES = (VolumeClass(1, "membrane", "#ff8000"), VolumeClass(3, "noyau é"))


def layer_of(path, role=None):
    (data,) = read_layers(path, role)
    return Layer.create(*data)


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_image_with_its_place(tmp_path, values, ending):
    path = tmp_path / f"cell_07{ending}"
    write_volume(
        path,
        values.astype(np.uint16),
        spacing=SPACING,
        unit="nm",
        origin=ORIGIN,
        kind="image",
    )
    layer = layer_of(path)
    assert isinstance(layer, Image)
    assert layer.name == "cell_07"
    assert isinstance(layer.data, BrowsedVolume)
    np.testing.assert_array_equal(layer.data, values)
    np.testing.assert_allclose(layer.scale, SPACING)
    np.testing.assert_allclose(layer.translate, ORIGIN, rtol=1e-6)
    assert [str(unit) for unit in layer.units] == ["nanometer"] * 3
    assert layer.axis_labels == ("z", "y", "x")
    record = layer.metadata["supervox"]
    assert record["path"] == str(path)
    assert record["spacing"] == pytest.approx(SPACING)
    assert record["unit"] == "nm"
    assert record["notes"] == []


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_type_of_value(tmp_path, values, dtype):
    path = tmp_path / "image.h5"
    write_volume(path, values.astype(dtype), kind="image")
    layer = layer_of(path)
    assert layer.dtype == dtype
    np.testing.assert_array_equal(layer.data[2], values[2])
    assert layer.contrast_limits[0] < layer.contrast_limits[1]


@pytest.mark.parametrize(
    ("unit", "name"),
    [("nm", "nanometer"), ("um", "micrometer"), ("angstrom", "angstrom"), ("mm", "millimeter")],
)
def test_units_as_napari_knows_them(tmp_path, values, unit, name):
    path = tmp_path / "image.h5"
    write_volume(path, values.astype(np.uint8), spacing=SPACING, unit=unit, kind="image")
    assert [str(item) for item in layer_of(path).units] == [name] * 3


def test_a_file_that_states_no_voxel_size(tmp_path, values):
    path = tmp_path / "plain.tif"
    write_volume(path, values.astype(np.uint8), kind="image")
    layer = layer_of(path)
    np.testing.assert_array_equal(layer.scale, 1)
    assert [str(unit) for unit in layer.units] == ["pixel"] * 3
    assert layer.metadata["supervox"]["spacing"] is None


def test_a_single_plane_is_a_picture(tmp_path, values):
    path = tmp_path / "plane.mrc"
    write_volume(path, values[0].astype(np.float32), spacing=SPACING, unit="nm", kind="image")
    layer = layer_of(path)
    assert layer.ndim == 2
    assert isinstance(layer.data, np.ndarray)
    np.testing.assert_array_equal(layer.data, values[0])
    np.testing.assert_allclose(layer.scale, SPACING[1:])
    assert layer.metadata["supervox"]["spacing"] == pytest.approx(SPACING)


def test_labels_with_the_colours_of_their_classes(tmp_path, values):
    path = tmp_path / "labels.zarr"
    write_volume(path, (values % 5).astype(np.uint8), spacing=SPACING, unit="um", classes=CLASSES)
    layer = layer_of(path)
    assert isinstance(layer, Labels)
    assert isinstance(layer.data, np.ndarray), "it can be painted on"
    np.testing.assert_array_equal(layer.data, values % 5)
    np.testing.assert_allclose(layer.get_color(1), [1, 128 / 255, 0, 1], atol=0.01)
    assert layer.get_color(3)[3] == 1
    np.testing.assert_array_equal(layer.colormap.map(0)[3], 0)
    assert list(layer.features["name"]) == ["membrane", "noyau é"]
    assert layer.metadata["supervox"]["classes"] == [item.as_json() for item in CLASSES]


def test_integers_without_classes_are_an_image_unless_one_knows_better(tmp_path, values):
    path = tmp_path / "strokes.tif"
    write_volume(path, (values % 3).astype(np.uint16))
    assert isinstance(layer_of(path), Image)
    labels = layer_of(path, "labels")
    assert isinstance(labels, Labels)
    assert labels.dtype == np.uint16
    strokes = layer_of(path, "annotations")
    assert strokes.dtype == np.uint8
    assert strokes.metadata["supervox"]["role"] == "annotations"
    high = tmp_path / "high.tif"
    write_volume(high, (values * 3).astype(np.uint16))
    assert layer_of(high, "annotations").dtype == np.uint16


def test_floats_are_no_labels(tmp_path, values):
    path = tmp_path / "image.mrc"
    write_volume(path, values.astype(np.float32), kind="image")
    ((data, _, kind),) = read_layers(path, "annotations")
    assert (kind, data.dtype) == ("labels", np.uint8)
    np.testing.assert_array_equal(data, values)
    write_volume(path, (values + 0.5).astype(np.float32), kind="image")
    with pytest.raises(VolumeError, match="but annotations are whole numbers"):
        read_layers(path, "annotations")


def test_labels_too_large_to_paint_on_are_shown(tmp_path, values, monkeypatch, told):
    monkeypatch.setattr(readers, "_MOST_PAINTABLE_BYTES", 10)
    path = tmp_path / "labels.tif"
    write_volume(path, values.astype(np.uint8), classes=CLASSES)
    assert isinstance(layer_of(path).data, BrowsedVolume)
    assert told == ["labels.tif: is too large to be painted on; it is only shown"]


def test_channels_are_layers(tmp_path, values):
    path = tmp_path / "two.ome.tif"
    both = np.stack([values, values + 1]).astype(np.uint8)
    tifffile.imwrite(path, both, metadata={"axes": "CZYX"}, ome=True)
    layers = [Layer.create(*data) for data in read_layers(path)]
    assert [layer.name for layer in layers] == ["two channel 0", "two channel 1"]
    for layer, channel in zip(layers, both, strict=True):
        np.testing.assert_array_equal(layer.data, channel)
    assert [layer.visible for layer in layers] == [True, True]
    (one,) = read_layers(f"{path}::c=1")
    np.testing.assert_array_equal(one[0], both[1])


def test_of_many_channels_the_first_few_are_seen(tmp_path, values):
    path = tmp_path / "five.ome.tif"
    five = np.stack([values + k for k in range(5)]).astype(np.uint8)
    tifffile.imwrite(path, five, metadata={"axes": "CZYX"}, ome=True)
    layers = [Layer.create(*data) for data in read_layers(path)]
    assert [layer.visible for layer in layers] == [True, True, True, False, False]


def test_probabilities_are_layers_named_after_classes(tmp_path, values):
    path = tmp_path / "probabilities.h5"
    shares = np.stack([values / 113, 1 - values / 113]).astype(np.float32)
    with create_volume(
        path, shares.shape, np.float32, kind="probabilities", classes=CLASSES
    ) as writer:
        writer[0:6] = shares
    layers = [Layer.create(*data) for data in read_layers(path)]
    assert [layer.name for layer in layers] == ["probabilities membrane", "probabilities noyau é"]
    np.testing.assert_array_equal(layers[1].data, shares[1])


def test_several_datasets_are_listed(tmp_path, values):
    path = tmp_path / "scan.h5"
    with h5py.File(path, "w") as file:
        file["raw/a"] = values
        file["raw/b"] = values
    with pytest.raises(VolumeError, match=r"pick one with 'scan.h5::PATH': /raw/a .*, /raw/b"):
        read_layers(path)
    (data,) = read_layers(f"{path}::/raw/b")
    np.testing.assert_array_equal(data[0], values)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("cut.mrc", b"123", "is cut short"),
        ("empty.tif", b"", "the file is empty"),
        ("text.h5", b"hello", "isn't an HDF5 file"),
        ("none.tif", None, "there is no such file"),
    ],
)
def test_bad_files(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    reader = get_reader(str(path))
    assert reader is read_layers, "the first stage only looks at the name"
    with pytest.raises(VolumeError, match=message):
        reader(str(path))


@pytest.mark.parametrize(
    "path", ["notes.txt", "folder", "", "https://example.org/data", ["a.tif", "b.tif"], "\0.tif"]
)
def test_what_is_not_ours(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    if path == "\0.tif":
        assert get_reader(path) is read_layers
    else:
        assert get_reader(path) is None


def test_doubtful_headers_are_told(tmp_path, values, told):
    path = tmp_path / "odd.mrc"
    write_volume(path, values.astype(np.float32), kind="image")
    with path.open("ab") as file:
        file.write(b"more")
    read_layers(path)
    assert told == ["odd.mrc: the file has 4 bytes more than its header says"]


def test_contrast_ignores_hot_pixels_and_is_the_same_each_time():
    data = np.random.default_rng(0).normal(100, 10, (20, 200, 200))
    data[:, 5, 5] = 1e6
    data[:, 7, 7] = np.nan
    low, high = contrast_limits(data)
    assert 50 < low < 80
    assert 120 < high < 150
    assert contrast_limits(data) == (low, high)
    assert contrast_limits(np.full((3, 4, 5), 7)) == (7, 8)
    assert contrast_limits(np.full((4, 5), np.nan)) == (0, 1)


def test_contrast_reads_a_few_chunks():
    data = np.random.default_rng(0).normal(100, 10, (40, 40, 40))
    source = Recorder(data, chunks=(4, 4, 4))
    low, high = contrast_limits(source)
    assert 50 < low < 80
    assert 120 < high < 150
    assert len(source.keys) == 27
    assert all((k.start % 4, k.stop - k.start) == (0, 4) for key in source.keys for k in key)


class Recorder:
    """An array that remembers which planes were read."""

    def __init__(self, data, chunks=None):
        self.data, self.shape, self.dtype = data, data.shape, data.dtype
        self.ndim, self.size, self.nbytes = 3, data.size, data.nbytes
        self.chunks = chunks
        self.keys = []

    def __len__(self):
        return len(self.data)

    def __getitem__(self, key):
        self.keys.append(key)
        return self.data[key]


class Opened:
    def __init__(self, data):
        self.data, self.closed = data, False

    def close(self):
        self.closed = True


def test_slabs_of_chunks_are_read_once_along_any_axis(values):
    source = Recorder(values, chunks=(4, 4, 4))
    browsed = BrowsedVolume(Opened(source))
    whole = slice(None)
    for z in (0, 1, 3, 2, 5, 4, -6):
        np.testing.assert_array_equal(browsed[z, :, :], values[z])
    assert source.keys == [(slice(0, 4), whole, whole), (slice(4, 8), whole, whole)]
    for x in (0, 3):
        np.testing.assert_array_equal(browsed[:, 0:7, x], values[:, :, x])
        np.testing.assert_array_equal(browsed[:, :, x : x + 1], values[:, :, x : x + 1])
    assert source.keys[2:] == [(whole, whole, slice(0, 4))]


@pytest.mark.parametrize(
    "key",
    [
        0,
        slice(1, 3),
        (0, slice(0, 7, 2), slice(None)),
        (0, 1, 2),
        (slice(None),) * 3,
        ...,
        (9, ...),
    ],
    ids=str,
)
def test_other_parts_are_read_as_they_are(values, key):
    source = Recorder(values, chunks=(4, 4, 4))
    browsed = BrowsedVolume(Opened(source))
    if key == (9, ...):
        with pytest.raises(IndexError):
            browsed[9, :, :]
        return
    np.testing.assert_array_equal(browsed[key], values[key])
    assert source.keys == [key]


def test_slabs_are_forgotten_when_they_are_too_many(values):
    source = Recorder(values, chunks=(1, 7, 8))
    plane = values[0].nbytes
    browsed = BrowsedVolume(Opened(source), cache_bytes=2 * plane)
    for z in (0, 1, 0, 2, 0, 1):
        np.testing.assert_array_equal(browsed[z, :, :], values[z])
    assert [key[0].start for key in source.keys] == [0, 1, 2, 1]
    small = BrowsedVolume(Opened(source), cache_bytes=plane - 1)
    np.testing.assert_array_equal(small[3, :, :], values[3])
    assert source.keys[-1] == (3, slice(None), slice(None))


def test_the_file_is_closed_when_nobody_has_the_layer(values):
    opened = Opened(Recorder(values))
    layer = Image(BrowsedVolume(opened), contrast_limits=(0, 1))
    assert not opened.closed
    del layer
    gc.collect()
    assert opened.closed


def test_napari_opens_it_and_reads_only_the_plane_in_view(
    tmp_path, values, plugin, make_napari_viewer_proxy, monkeypatch
):
    path = tmp_path / "image.h5"
    write_volume(path, values.astype(np.uint8), spacing=SPACING, unit="nm", kind="image")
    viewer = make_napari_viewer_proxy()
    viewer.open(str(path), plugin="supervox")
    read = []
    original = BrowsedVolume.__getitem__

    def recorded(self: BrowsedVolume, key: object) -> np.ndarray:
        part = original(self, key)
        read.append(part.shape)
        return part

    monkeypatch.setattr(BrowsedVolume, "__getitem__", recorded)
    monkeypatch.setattr(BrowsedVolume, "__array__", None)
    viewer.dims.set_current_step(0, 3)
    viewer.dims.set_current_step(0, 5)
    assert set(read) <= {(1, 7, 8), (7, 8)}
    assert read
    read.clear()
    viewer.dims.order = (2, 0, 1)
    assert set(read) <= {(6, 7, 1), (6, 7)}
    assert read


def test_napari_says_what_is_wrong(tmp_path, plugin):
    viewer = napari.components.ViewerModel()
    path = tmp_path / "cut.mrc"
    path.write_bytes(b"123")
    with pytest.raises(VolumeError, match="is cut short"):
        viewer.open(str(path), plugin="supervox")


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_record_can_be_kept_in_a_project(tmp_path, values, ending):
    path = tmp_path / f"image{ending}"
    write_volume(path, values.astype(np.uint8), kind="image", spacing=SPACING, unit="nm")
    (data,) = read_layers(path)
    assert json.loads(json.dumps(data[1]["metadata"])) == data[1]["metadata"]


def test_layers_of_segments_are_not_named_after_the_first_ones_segments(tmp_path):
    head = ["NRRD0004", "type: uint8", "dimension: 4", "sizes: 2 8 12 5", "encoding: raw"]
    head += ["space: left-posterior-superior", "kinds: list domain domain domain"]
    head += ["space directions: none (1,0,0) (0,1,0) (0,0,2)"]
    for n, (name, layer, value) in enumerate([("a", 0, 1), ("b", 0, 2), ("c", 1, 1)]):
        head += [f"Segment{n}_ID:=S{n}", f"Segment{n}_Name:={name}"]
        head += [f"Segment{n}_LabelValue:={value}", f"Segment{n}_Layer:={layer}"]
    path = tmp_path / "a.seg.nrrd"
    path.write_bytes(("\n".join(head) + "\n\n").encode() + bytes(2 * 480))
    layers = read_layers(path)
    assert [kind for _, _, kind in layers] == ["labels", "labels"]
    assert [fields["name"] for _, fields, _ in layers] == ["a channel 0", "a channel 1"]
    assert [list(fields["features"]["name"]) for _, fields, _ in layers] == [["a", "b"], ["c"]]
