"""HDF5 files whose values are elsewhere, packed by filters, or still being written."""

import os
import subprocess
import sys

import h5py
import numpy as np
import pytest
from supervox.volumes import VolumeError, hdf5_outside, hdf5_values, open_volume

VALUES = np.random.default_rng(1).integers(1, 255, (6, 20, 24), dtype=np.uint8)
WRITER = """
import h5py, numpy, sys
file = h5py.File(sys.argv[1], "w", libver="latest")
data = file.create_dataset("data", (2, 20, 24), "u1", chunks=(1, 20, 24), maxshape=(None, 20, 24))
data[...] = 7
if sys.argv[2] == "swmr":
    file.swmr_mode = True
file.flush()
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.h5"


def _virtual(file, name, sources, shape=VALUES.shape):
    """Make a virtual dataset of which each source gives an equal share of the planes."""
    layout, planes = h5py.VirtualLayout(shape, "u1"), shape[0] // len(sources)
    for i, (source, inner) in enumerate(sources):
        part = h5py.VirtualSource(source, inner, shape=(planes, *shape[1:]))
        layout[i * planes : (i + 1) * planes] = part
    file.create_virtual_dataset(name, layout)


def _parts(folder):
    for i in range(2):
        with h5py.File(folder / f"part{i}.h5", "w") as file:
            file["data"] = VALUES[3 * i : 3 * i + 3]


@pytest.mark.parametrize("lost", ["link", "soft link", "no dataset", "group", "file", "virtual"])
def test_what_a_virtual_dataset_lacks_is_named(path, tmp_path, lost):
    _parts(tmp_path)
    named = "part0.h5"
    with h5py.File(path, "w") as file:
        file["one"] = h5py.ExternalLink("part0.h5", "data")
        file["two"] = h5py.ExternalLink("part1.h5", "data")
        file["soft"] = h5py.SoftLink("/one")
        file["group"] = h5py.ExternalLink("part0.h5", "/")
        inside = {"link": "one", "soft link": "soft", "group": "group/data"}.get(lost)
        if lost == "virtual":
            with h5py.File(tmp_path / "middle.h5", "w") as middle:
                _virtual(middle, "data", [("part0.h5", "data")], (3, *VALUES.shape[1:]))
            first = ("middle.h5", "data")
        else:
            first = (".", inside) if inside else ("part0.h5", "data")
        _virtual(file, "vol", [first, (".", "two")])
    with open_volume(f"{path}::/vol") as volume:
        if lost != "virtual":
            np.testing.assert_array_equal(volume.data, VALUES)
    if lost == "no dataset":
        with h5py.File(tmp_path / "part0.h5", "a") as file:
            file.move("data", "other")
        named = "data in part0.h5"
    else:
        (tmp_path / "part0.h5").unlink()
    with pytest.raises(VolumeError, match=f"of which {named} can't be found; copy them along"):
        open_volume(f"{path}::/vol")


@pytest.mark.parametrize("way", ["link to the file", "link to the folder", "moved", "prefix"])
def test_parts_are_found_where_hdf5_finds_them(tmp_path, way, monkeypatch):
    raw, other = tmp_path / "raw", tmp_path / "other"
    raw.mkdir(), other.mkdir()
    _parts(raw)
    names = [f"part{i}.h5" for i in range(2)]
    if way == "moved":
        names = [f"/gone/far/{name}" for name in names]
    with h5py.File(raw / "master.h5", "w") as file:
        _virtual(file, "vol", [(name, "data") for name in names])
    master = raw / "master.h5"
    if way == "link to the file":
        master = other / "scan.h5"
        master.symlink_to("../raw/master.h5")
    elif way == "link to the folder":
        (other / "raw").symlink_to(raw)
        master = other / "raw" / "master.h5"
    elif way == "prefix":
        master = master.rename(other / "master.h5")
        monkeypatch.setenv("HDF5_VDS_PREFIX", str(raw))
        assert next(hdf5_outside.places(master, names[0], "HDF5_VDS_PREFIX")) == raw / names[0]
        return  # the library reads its environment once, when it is loaded
    with open_volume(master) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)


def test_names_with_a_running_number(path, tmp_path):
    _parts(tmp_path)
    with h5py.File(path, "w") as file:
        place = h5py.h5s.create_simple(VALUES.shape, (h5py.h5s.UNLIMITED, 20, 24))
        block = (3, 20, 24)
        place.select_hyperslab((0, 0, 0), (h5py.h5s.UNLIMITED, 1, 1), block, block)
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        part = h5py.h5s.create_simple(block)
        properties.set_virtual(place, b"part%b.h5", b"data", part)
        h5py.h5d.create(file.id, b"vol", h5py.h5t.NATIVE_UINT8, place, properties)
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
    (tmp_path / "part0.h5").unlink()
    with pytest.raises(VolumeError, match=r"of which part0\.h5 can't be found"):
        open_volume(path)


def test_voxels_of_no_file_are_said(path, tmp_path):
    _parts(tmp_path)
    with h5py.File(path, "w") as file:
        layout = h5py.VirtualLayout(VALUES.shape, "u1")
        layout[:3] = h5py.VirtualSource("part0.h5", "data", shape=(3, 20, 24))
        file.create_virtual_dataset("vol", layout)
    with open_volume(path) as volume:
        assert "1440 of its 2880 voxels are in none of its files, and count as 0" in volume.notes[0]


@pytest.mark.parametrize("inner", ["", "::/entry/data", "::/entry"])
def test_a_link_to_a_file_that_is_lost_is_named(path, inner):
    with h5py.File(path, "w") as file:
        file["entry/data"] = h5py.ExternalLink("scan_000001.h5", "/data")
        file["entry/angles"] = np.arange(5)
    with pytest.raises(VolumeError, match=r"scan_000001\.h5"):
        open_volume(f"{path}{inner}")


def test_links_that_lead_in_a_circle_hold_no_volume(path):
    with h5py.File(path, "w") as file:
        file["a"], file["b"] = h5py.SoftLink("/b"), h5py.SoftLink("/a")
        file["one/x"], file["two/y"] = h5py.SoftLink("/two/y"), h5py.SoftLink("/one/x")
        file["below/around"] = file["/"]
        file["below/gone"] = h5py.ExternalLink("gone.h5", "/data")
    with pytest.raises(VolumeError, match=r"links lead to files that aren't there: gone\.h5$"):
        open_volume(path)
    for name in ("a", "one/x", "below/around/b"):
        with pytest.raises(VolumeError, match=f"there is no '{name}' in it"):
            open_volume(f"{path}::{name}")


def test_a_signal_that_is_lost_is_not_replaced_by_another(path):
    with h5py.File(path, "w") as file:
        file.attrs["default"] = "entry"
        file["entry/data"] = h5py.ExternalLink("gone.h5", "/data")
        file["entry"].attrs["signal"] = "data"
        file["preview"] = VALUES
    with pytest.raises(VolumeError, match=r"/entry/data lies in the file gone\.h5"):
        open_volume(path)


def test_values_in_a_raw_file_that_is_lost(path, tmp_path):
    raw = tmp_path / "a.raw"
    with h5py.File(path, "w") as file:
        file.create_dataset("data", VALUES.shape, "u1", external=[(str(raw), 0, VALUES.size)])
        file["data"][...] = VALUES
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
    raw.unlink()
    with pytest.raises(VolumeError, match=r"has its values in .*a\.raw, which isn't there"):
        open_volume(path)


@pytest.mark.parametrize("chunks", [(2, 20, 24), (1, 10, 10), None])
def test_values_that_were_never_written_are_said(path, chunks):
    with h5py.File(path, "w") as file:
        data = file.create_dataset("data", VALUES.shape, "u1", chunks=chunks, fillvalue=9)
        if chunks:
            data[:2] = VALUES[:2]
    with h5py.File(path.with_name("whole.h5"), "w") as file:
        file.create_dataset("data", data=VALUES, chunks=chunks)
    with open_volume(path) as volume:
        assert "ever written" in volume.notes[0]
        assert "count as 9" in volume.notes[0]
    with open_volume(path.with_name("whole.h5")) as volume:
        assert volume.notes == ()


def test_a_filter_of_a_package_is_loaded(path):
    hdf5plugin = pytest.importorskip("hdf5plugin")
    with h5py.File(path, "w") as file:
        options = hdf5plugin.Bitshuffle(cname="lz4")
        file.create_dataset("data", data=VALUES, chunks=(1, 20, 24), **options)
    read = "import sys, supervox.volumes as v; print(v.open_volume(sys.argv[1]).data[...].sum())"
    done = subprocess.run([sys.executable, "-c", read, path], capture_output=True, text=True)
    assert done.stdout.strip() == str(VALUES.sum())


@pytest.mark.parametrize("where", ["itself", "a part"])
def test_a_package_that_a_filter_needs_is_named(path, tmp_path, monkeypatch, where):
    hdf5plugin = pytest.importorskip("hdf5plugin")
    with h5py.File(tmp_path / "part.h5", "w") as file:
        options = hdf5plugin.Zstd()
        file.create_dataset("data", data=VALUES, chunks=(1, 20, 24), **options)
    with h5py.File(path, "w") as file:
        _virtual(file, "vol", [("part.h5", "data")])
    file = path if where == "a part" else tmp_path / "part.h5"
    monkeypatch.setattr(hdf5_values.h5py.h5z, "filter_avail", lambda code: False)
    with pytest.raises(VolumeError, match=r"Zstandard \(HDF5's filter 32015\), which neither"):
        open_volume(file)
    monkeypatch.setitem(sys.modules, "hdf5plugin", None)
    with pytest.raises(VolumeError, match="needs the package hdf5plugin; install it with: pip"):
        open_volume(file)


@pytest.mark.parametrize("mode", ["swmr", "plain"])
def test_a_file_that_is_being_written(path, mode):
    script = [sys.executable, "-c", WRITER, path, mode]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(script, text=True, **pipes) as writer:
        assert writer.stdout.readline() == "open\n"
        if mode == "swmr":
            with open_volume(path) as volume:
                assert volume.shape == (2, 20, 24)
                assert (np.asarray(volume.data) == 7).all()
                assert "still being written" in volume.notes[0]
        else:
            with pytest.raises(VolumeError, match="another program has it open for writing; wait"):
                open_volume(path)
        writer.kill()
    if mode == "plain":
        with pytest.raises(VolumeError, match=r"or didn't close it .* h5clear -s a\.h5"):
            open_volume(path)


def test_what_is_no_hdf5_file_and_what_is_cut_short(path):
    with h5py.File(path, "w", userblock_size=512) as file:
        file["data"] = VALUES
    content = path.read_bytes()
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
    path.write_bytes(content[:2000])
    with pytest.raises(VolumeError, match=r"truncated.*damaged, cut short"):
        open_volume(path)
    path.write_bytes(os.urandom(4000))
    with pytest.raises(VolumeError, match="isn't an HDF5 file"):
        open_volume(path)


TEXT = h5py.string_dtype()


def _one(text, kind):
    """Write a text in one of the ways that writers have."""
    return {
        "text": text,
        "array": np.array([text], TEXT),
        "fixed": np.bytes_(text.encode()),
        "fixed array": np.array([text.encode()]),
    }[kind]


@pytest.mark.parametrize("kind", ["text", "array", "fixed", "fixed array"])
@pytest.mark.parametrize("axes", ["array", "colons", "commas", "on the dataset", "numbered"])
def test_nexus_conventions_old_and_new(path, kind, axes):
    with h5py.File(path, "w") as file:
        file["entry/raw"] = VALUES
        data = file.create_group("entry/data")
        data["data"] = VALUES
        if axes in ("array", "colons"):
            file.attrs["default"] = _one("entry", kind)
            file["entry"].attrs["default"] = _one("data", kind)
            data.attrs["signal"] = _one("data", kind)
        else:
            data.attrs["NX_class"] = _one("NXdata", kind)
            data["data"].attrs["signal"] = 1 if kind == "text" else _one("1", kind)
        if axes == "array":
            data.attrs["axes"] = np.array(["z", "y", "x"], TEXT)
        elif axes != "numbered":
            names = "[z, y, x]" if axes == "commas" else "z:y:x"
            where = data if axes == "colons" else data["data"]
            where.attrs["axes"] = _one(names, kind)
        for n, (name, step) in enumerate(zip("zyx", (0.5, 0.1, 0.1), strict=True)):
            data[name] = np.arange(VALUES.shape[n]) * step
            data[name].attrs["units"] = _one("um", kind)
            if axes == "numbered":
                data[name].attrs["axis"] = n + 1 if kind == "text" else np.array([n + 1])
    with open_volume(path) as volume:
        assert volume.inner == "/entry/data/data"
        assert (volume.spacing, volume.unit) == ((0.5, 0.1, 0.1), "um")


def test_our_own_attributes_as_arrays_of_one_text(path):
    with h5py.File(path, "w") as file:
        file["a"] = VALUES.transpose(2, 1, 0)
        file["a"].attrs["axes"] = np.array(["xyz"], TEXT)
        file["a"].attrs["spacing"] = (3, 2, 1)
        file["a"].attrs["unit"] = np.array([b"nm"])
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        assert volume.unit == "nm"


def test_labels_of_dimensions(path):
    with h5py.File(path, "w") as file:
        file["a"] = VALUES.transpose(2, 0, 1)
        for i, name in enumerate(("width", "depth", "height")):
            file["a"].dims[i].label = name
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)


@pytest.mark.parametrize("marked", [True, False])
def test_pictures_in_colour_are_no_volumes(path, marked):
    with h5py.File(path, "w") as file:
        file["picture"] = np.zeros((64, 48, 3), np.uint8)
        if marked:
            attributes = {"CLASS": np.bytes_("IMAGE"), "IMAGE_VERSION": np.bytes_("1.2")}
            attributes["IMAGE_SUBCLASS"] = np.bytes_("IMAGE_TRUECOLOR")
            attributes["INTERLACE_MODE"] = np.bytes_("INTERLACE_PIXEL")
            file["picture"].attrs.update(attributes)
        file["volume"] = VALUES
    with open_volume(path) as volume:
        assert volume.inner == "/volume"
    with pytest.raises(VolumeError, match=r"is an RGB picture.*axes=zyx"):
        open_volume(f"{path}::/picture")
    with open_volume(f"{path}::/picture,axes=zyx") as volume:
        assert volume.shape == (64, 48, 3)
    with open_volume(f"{path}::/picture,s=1") as volume:
        assert volume.shape == (1, 64, 48)


def test_stacks_of_pictures_in_colour(path):
    with h5py.File(path, "w") as file:
        file["pictures"] = np.zeros((5, 64, 48, 4), np.uint8)
    with pytest.raises(VolumeError, match="is an RGBA picture"):
        open_volume(path)


def test_three_columns_of_other_numbers_are_a_volume(path):
    with h5py.File(path, "w") as file:
        file["a"] = np.zeros((64, 48, 3), np.uint16)
    with open_volume(path) as volume:
        assert volume.shape == (64, 48, 3)
