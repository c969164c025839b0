"""What is written comes back: by our reader, and by the library of each format."""

import json

import h5py
import mrcfile
import nibabel
import nrrd
import numpy as np
import pytest
import tifffile
import zarr
from supervox.volumes import (
    FORMATS,
    Address,
    VolumeClass,
    describe,
    format_of,
    open_volume,
    write_volume,
)

ENTRIES = [entry for entry in FORMATS if entry.create and entry.open]
ENDINGS = [*(entry.extensions[0] for entry in ENTRIES), ".nii"]
PLACED = [e for e in ENDINGS if "spacing" in format_of(Address.parse(f"a{e}")).carries]
SPACING = (50.0, 4.6, 4.6)
CLASSES = (VolumeClass(1, "noyau é", "#ff8000"), VolumeClass(7, "membrane"))


def _independent(path):
    name = path.name
    if name.endswith((".tif", ".tiff")):
        return tifffile.imread(path)
    if name.endswith(".mrc"):
        with mrcfile.open(path) as file:
            return np.array(file.data)
    if name.endswith(".h5"):
        with h5py.File(path) as file:
            return next(iter(file.values()))[...]
    if name.endswith(".nrrd"):
        values, header = nrrd.read(str(path), index_order="C")
        return np.moveaxis(values, -1, 0) if header["dimension"] == 4 else values
    if ".nii" in name:
        return np.asarray(nibabel.load(path).dataobj).T
    if name.endswith(".npy"):
        return np.load(path, allow_pickle=False)
    return zarr.open_group(path, mode="r")["0"][...]


def _values(shape, dtype):
    return (np.random.default_rng(3).random(shape) * 120 + 1).astype(dtype)


@pytest.mark.parametrize("kind", ["labels", "image"])
@pytest.mark.parametrize("shape", [(7, 31, 20), (1, 5, 3), (2, 1, 1), (17, 3, 129)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_values_and_spacing_come_back(tmp_path, ending, dtype, shape, kind):
    path = tmp_path / f"volume{ending}"
    values = _values(shape, dtype)
    write_volume(path, values, spacing=SPACING, unit="nm", kind=kind)
    with open_volume(path) as volume:
        assert volume.shape == shape
        np.testing.assert_array_equal(volume.data, values)
        expected = "uint16" if (ending, dtype) == (".mrc", "uint8") else dtype
        assert volume.data.dtype == expected
        if ending in PLACED:
            assert volume.spacing == pytest.approx(SPACING, rel=1e-7)
            assert volume.unit == "nm"
        assert volume.spacing_stated is (ending in PLACED)
        assert volume.origin == (0, 0, 0)
        assert volume.notes == ()
    np.testing.assert_array_equal(_independent(path).reshape(shape), values)
    assert [item.name for item in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("unit", "spacing"),
    [
        ("um", (0.05, 0.0046, 0.0071)),
        ("angstrom", (500.0, 46.0, 1 / 3)),
        ("mm", (1e-4, 2e-6, 3e-6)),
    ],
)
@pytest.mark.parametrize("ending", PLACED)
def test_unit_and_origin_come_back(tmp_path, ending, unit, spacing):
    path = tmp_path / f"volume{ending}"
    origin = (3 * spacing[0], -2.5 * spacing[1], spacing[2])
    write_volume(path, _values((3, 4, 5), "uint8"), spacing=spacing, unit=unit, origin=origin)
    with open_volume(path) as volume:
        factor = 1.0
        if ending == ".mrc":
            factor = {"um": 1e3, "angstrom": 0.1, "mm": 1e6}[unit]
            unit = "nm"
        assert volume.unit == unit
        assert volume.spacing == pytest.approx([factor * size for size in spacing], rel=1e-6)
        assert volume.origin == pytest.approx([factor * place for place in origin], rel=1e-6)


@pytest.mark.parametrize("ending", ENDINGS)
def test_unknown_spacing_stays_unknown(tmp_path, ending):
    path = tmp_path / f"volume{ending}"
    write_volume(path, _values((3, 4, 5), "uint16"))
    with open_volume(path) as volume:
        assert not volume.spacing_stated
        assert volume.stated_spacing is None
        assert volume.spacing == (1, 1, 1)
        assert volume.unit is None


@pytest.mark.parametrize("ending", PLACED)
def test_spacing_without_a_unit(tmp_path, ending):
    path = tmp_path / f"volume{ending}"
    write_volume(path, _values((3, 4, 5), "uint8"), spacing=(3, 1, 1))
    with open_volume(path) as volume:
        assert volume.stated_spacing == pytest.approx((3, 1, 1))
        assert volume.unit == ("nm" if ending == ".mrc" else None)


@pytest.mark.parametrize("entry", [e for e in ENTRIES if "classes" in e.carries])
def test_classes_come_back(tmp_path, entry):
    path = tmp_path / f"volume{entry.extensions[0]}"
    write_volume(path, _values((3, 4, 5), "uint8"), classes=CLASSES)
    with open_volume(path) as volume:
        assert volume.classes == CLASSES
        assert describe(volume)["classes"][0]["name"] == "noyau é"


def test_what_is_no_class_is_left_out(tmp_path):
    path = tmp_path / "a.h5"
    write_volume(path, np.zeros((2, 3, 4), np.uint8), classes=CLASSES)
    odd = [
        {"value": 1, "name": "kept", "colour": "red"},
        {"value": 2, "name": "kept", "colour": 5},
        {"value": "\u00b2", "name": "no number"},
        {"value": 3},
        7,
    ]
    with h5py.File(path, "r+") as file:
        holder = next(iter(file.values()))
        name = next(k for k, v in holder.attrs.items() if isinstance(v, str) and "noyau" in v)
        holder.attrs[name] = json.dumps(odd)
    with open_volume(path) as volume:
        assert volume.classes == (VolumeClass(1, "kept"), VolumeClass(2, "kept"))


@pytest.mark.parametrize("colour", ["red", "#fff", "#12345g", "123456"])
def test_colours_are_written_in_one_way(colour):
    with pytest.raises(ValueError, match="a colour is written like '#ff8000'"):
        VolumeClass(1, "a", colour)


@pytest.mark.parametrize("entry", [e for e in ENTRIES if "probabilities" in e.carries])
@pytest.mark.parametrize("classes", [1, 3])
def test_probabilities_come_back(tmp_path, entry, classes):
    path = tmp_path / f"volume{entry.extensions[0]}"
    values = np.random.default_rng(0).random((classes, 18, 9, 11), dtype=np.float32)
    write_volume(path, values, spacing=SPACING, unit="nm", kind="probabilities", classes=CLASSES)
    axes = "" if "spacing" in entry.carries else "axes=czyx,"  # values alone don't say it
    for channel in range(classes):
        with open_volume(f"{path}::{axes}c={channel}" if classes > 1 else path) as volume:
            np.testing.assert_array_equal(volume.data, values[channel])
            if "spacing" in entry.carries:
                assert volume.spacing == pytest.approx(SPACING)
                assert volume.classes == CLASSES
    order = (1, 0, 2, 3) if ".tif" in entry.extensions[0] else (0, 1, 2, 3)
    read = _independent(path).reshape(np.array(values.shape)[list(order)])
    np.testing.assert_array_equal(read.transpose(order), values)


@pytest.mark.parametrize(
    ("entry", "dtype"),
    [(entry, dtype) for entry in ENTRIES for dtype in sorted(entry.dtypes)],
)
def test_every_promised_dtype(tmp_path, entry, dtype):
    path = tmp_path / f"volume{entry.extensions[-1]}"
    values = _values((2, 3, 4), dtype)
    write_volume(path, values)
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, values)


@pytest.mark.parametrize("ending", ENDINGS)
def test_big_endian_values_and_booleans(tmp_path, ending):
    values = _values((3, 4, 5), ">u2")
    write_volume(tmp_path / f"big{ending}", values)
    with open_volume(tmp_path / f"big{ending}") as volume:
        np.testing.assert_array_equal(volume.data, values)
        assert volume.data.dtype.isnative
    write_volume(tmp_path / f"mask{ending}", values > 60)
    with open_volume(tmp_path / f"mask{ending}") as volume:
        np.testing.assert_array_equal(volume.data, values > 60)


@pytest.mark.parametrize("ending", ENDINGS)
def test_one_file_is_copied_to_another(tmp_path, ending):
    values = _values((40, 6, 5), "uint16")
    write_volume(tmp_path / "source.h5", values, spacing=SPACING, unit="nm")
    with open_volume(tmp_path / "source.h5") as source:
        write_volume(
            tmp_path / f"copy{ending}", source.data, spacing=source.stated_spacing, unit=source.unit
        )
    with open_volume(tmp_path / f"copy{ending}") as volume:
        np.testing.assert_array_equal(volume.data, values)


def test_a_picture_is_one_plane(tmp_path):
    values = _values((4, 5), "uint8")
    write_volume(tmp_path / "plane.tif", values)
    with open_volume(tmp_path / "plane.tif") as volume:
        assert volume.shape == (1, 4, 5)
        np.testing.assert_array_equal(volume.data[0], values)


def test_independent_readers_see_spacing_and_names(tmp_path):
    values = _values((3, 4, 5), "uint8")
    for ending in PLACED:
        write_volume(
            tmp_path / f"v{ending}",
            values,
            spacing=(2, 0.5, 0.25),
            unit="um",
            origin=(10, 20, -30),
            classes=CLASSES,
        )
    with tifffile.TiffFile(tmp_path / "v.tif") as file:
        assert file.imagej_metadata["spacing"] == 2
        assert file.imagej_metadata["unit"] == "micron"
        assert file.pages[0].tags["XResolution"].value == (4, 1)
        assert file.pages[0].compression == tifffile.COMPRESSION.ADOBE_DEFLATE
    with tifffile.TiffFile(tmp_path / "v.ome.tif") as file:
        pixels = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]["Pixels"]
        assert [pixels[f"PhysicalSize{axis}"] for axis in "ZYX"] == [2, 0.5, 0.25]
        assert [pixels["Plane"][0][f"Position{axis}"] for axis in "ZYX"] == [10, 20, -30]
        assert "noyau" in file.ome_metadata
    with mrcfile.open(tmp_path / "v.mrc") as file:
        assert tuple(file.voxel_size.tolist()) == (2500, 5000, 20000)
        assert tuple(file.header.origin.tolist()) == (-300000, 200000, 100000)
        assert file.header.dmax == values.max()
        assert file.header.dmean == pytest.approx(values.mean())
        assert file.header.rms == pytest.approx(values.std(), rel=1e-5)
    assert mrcfile.validate(tmp_path / "v.mrc")
    with h5py.File(tmp_path / "v.h5") as file:
        assert file["labels"].attrs["element_size_um"].tolist() == [2, 0.5, 0.25]
        assert file["labels"].attrs["origin"].tolist() == [10, 20, -30]
    ome = zarr.open_group(tmp_path / "v.zarr", mode="r").attrs["ome"]
    assert ome["multiscales"][0]["axes"][0]["unit"] == "micrometer"
    assert ome["image-label"]["colors"] == [{"label-value": 1, "rgba": [255, 128, 0, 255]}]


@pytest.mark.parametrize("ending", ENDINGS)
def test_more_classes_than_a_byte_holds(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    values = np.arange(300, dtype=np.uint16).reshape(3, 10, 10)
    classes = tuple(VolumeClass(n, f"cell {n}", f"#{n:06x}") for n in range(1, 300))
    write_volume(path, values, classes=classes)
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, values)
        if "classes" in format_of(Address.parse(path)).carries:
            assert volume.classes == classes
