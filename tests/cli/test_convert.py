"""From any format to any other."""

import json
import os
import re

import h5py
import numpy as np
import pytest
import tifffile
import trimesh
from supervox.volumes import FORMATS, open_volume, write_volume

from .conftest import NAMES, SPACING

WRITABLE = [entry for entry in FORMATS if entry.create]
READABLE = [entry for entry in WRITABLE if entry.open]


@pytest.mark.parametrize("target", WRITABLE, ids=lambda entry: entry.name)
@pytest.mark.parametrize("source", READABLE, ids=lambda entry: entry.name)
def test_any_into_any(run, tmp_path, source, target):
    labels = np.random.default_rng(0).integers(0, 4, (5, 6, 7)).astype(np.uint16)
    start, end = (tmp_path / f"{n}{e.extensions[0]}" for n, e in (("a", source), ("b", target)))
    write_volume(start, labels, spacing=SPACING, unit="nm", classes=NAMES)
    done = run("convert", start, end)
    assert done.code == 0, done.err
    assert done.out.startswith(f"{end}: 5 x 6 x 7 voxels written after")
    assert done.err == f"Writing {end.name} ...\n"
    assert sorted(item.name for item in tmp_path.iterdir()) == sorted([start.name, end.name])
    if target.open is None:
        assert trimesh.load_mesh(end).volume > 0
        return
    with open_volume(end) as volume:
        np.testing.assert_array_equal(volume.data, labels)
        if "spacing" in source.carries & target.carries:
            assert volume.spacing == pytest.approx(SPACING)
            assert volume.unit == "nm"
        if "classes" in source.carries & target.carries:
            assert volume.classes == NAMES


def test_what_is_said_replaces_what_the_file_says(run, tmp_path):
    values = np.arange(60, dtype="<u2").reshape(3, 4, 5)
    (tmp_path / "a.raw").write_bytes(values.tobytes())
    address = f"{tmp_path}/a.raw::shape=3x4x5,dtype=uint16"
    options = ("--spacing", 50, 4.6, 4.7, "--unit", "micron", "--kind", "labels", "--json")
    done = run("convert", address, tmp_path / "a.zarr", *options)
    assert done.code == 0, done.err
    content = json.loads(done.out)
    assert (content["kind"], content["unit"], content["spacing"]) == (
        "labels",
        "um",
        [50, 4.6, 4.7],
    )
    with open_volume(tmp_path / "a.zarr") as volume:
        np.testing.assert_array_equal(volume.data, values)
        assert (volume.spacing, volume.unit) == ((50, 4.6, 4.7), "um")


def test_images_are_not_compressed_and_labels_are(run, files, tmp_path):
    assert run("convert", files / "volume.tif", tmp_path / "a.tif").code == 0
    assert run("convert", files / "strokes.tif", tmp_path / "b.tif").code == 0
    for name, compression in (("a", "NONE"), ("b", "ADOBE_DEFLATE")):
        with tifffile.TiffFile(tmp_path / f"{name}.tif") as file:
            assert file.pages[0].compression.name == compression


def test_types_change_only_if_values_do_not(run, tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.arange(24, dtype=np.int64).reshape(2, 3, 4))
    done = run("convert", path, tmp_path / "a.tif")
    assert done.code == 2
    assert "TIFF can't hold int64; convert it to one of" in done.err
    done = run("convert", path, tmp_path / "a.tif", "--dtype", "uint8")
    assert done.code == 0, done.err
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), np.load(path))
    for value, dtype in ((300, "uint8"), (-1, "uint16"), (2**53 + 1, "float32")):
        values = np.load(path)
        values[1, 1, 1] = value
        np.save(path, values)
        done = run("convert", path, tmp_path / "b.tif", "--dtype", dtype)
        assert done.code == 2
        assert re.search(rf"holds {value}, which {dtype} can't hold; choose another", done.err)
    values = np.array([[[0.1, np.nan, 2.0]]])
    np.save(path, values)
    assert run("convert", path, tmp_path / "c.tif", "--dtype", "float32").code == 0
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "c.tif"), values[0].astype("f4"))
    done = run("convert", path, tmp_path / "d.tif", "--dtype", "int32")
    assert "holds 0.1, which int32 can't hold" in done.err
    np.save(path, np.array([[[1e60]]]))
    done = run("convert", path, tmp_path / "d.tif", "--dtype", "float32")
    assert "holds 1e+60, which float32 can't hold" in done.err
    np.save(path, np.array([[[0.0, np.nan]]]))
    done = run("convert", path, tmp_path / "d.tif", "--dtype", "uint8")
    assert "holds nan, which uint8 can't hold" in done.err
    assert not (tmp_path / "d.tif").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("none.tif", "b.tif"), "there is no such file"),
        (("volume.tif", "volume.tif"), "is read by this command; give another name"),
        (("volume.tif", "b.xyz"), "the ending '.xyz' isn't known"),
        (("volume.tif", "b.txm"), "Zeiss TXRM files can be read, not written"),
        (("volume.tif", "none/b.tif"), "the folder .*none doesn't exist"),
        (("float.npy", "b.stl"), "holds 1.5, but labels are whole numbers"),
        (
            ("float.npy", "b.tif", "--unit", "nm"),
            "no voxel size; give --spacing with --unit",
        ),
        (
            ("volume.tif", "b.tif", "--unit", "ell"),
            "value for '--unit': 'ell' isn't a unit",
        ),
        (("volume.tif", "b.tif", "--spacing", "1", "0", "1"), "Invalid value for '--spacing'"),
        (("two.h5", "b.tif"), r"pick one with 'two\.h5::PATH': /a \(2 x 3 x 4 uint8\), /b"),
        (("strokes.tif", "b.ply::class=200"), "there is no voxel of class 200"),
    ],
)
def test_what_is_refused(run, tmp_path, words, message):
    for name in ("volume.tif", "strokes.tif"):
        write_volume(tmp_path / name, np.ones((2, 3, 4), np.uint8), spacing=SPACING, unit="nm")
    np.save(tmp_path / "float.npy", np.full((2, 3, 4), 1.5, np.float32))
    with h5py.File(tmp_path / "two.h5", "w") as file:
        file["a"] = file["b"] = np.ones((2, 3, 4), np.uint8)
        file["c"] = np.ones((2, 3, 4), np.uint8)
    before = sorted(os.listdir(tmp_path))
    done = run("convert", tmp_path / words[0], tmp_path / words[1], *words[2:])
    assert done.code == 2
    assert re.search(message, done.err)
    assert len([line for line in done.err.splitlines() if not line.endswith("...")]) == 1
    assert sorted(os.listdir(tmp_path)) == before


def test_info_on_every_format(run, tmp_path):
    labels = np.ones((5, 6, 7), np.uint8)
    for entry in READABLE:
        path = tmp_path / f"a{entry.extensions[0]}"
        write_volume(path, labels, spacing=SPACING, unit="nm")
        done = run("info", path)
        assert done.code == 0, done.err
        assert re.search(r"shape +5 x 6 x 7 ", done.out)
    done = run("info", tmp_path)
    assert done.code == 2
    for plane in range(3):
        (tmp_path / "slices").mkdir(exist_ok=True)
        tifffile.imwrite(tmp_path / "slices" / f"{plane}.tif", labels[0])
    assert re.search(r"format +TIFF slices", run("info", tmp_path / "slices").out)
