"""Every way in which opening or writing can fail ends in one clear line."""

import errno
import os
import zlib
from dataclasses import replace

import numpy as np
import pytest
from supervox.volumes import (
    FORMATS,
    Address,
    VolumeError,
    create_volume,
    files,
    format_of,
    open_volume,
    write_volume,
)

VALUES = np.ones((3, 4, 5), np.uint8)
ENDINGS = [
    entry.extensions[0] for entry in FORMATS if entry.create and entry.open and not entry.is_folder
]


def test_missing_file(tmp_path):
    with pytest.raises(VolumeError, match=r"a\.tif: there is no such file; check the path"):
        open_volume(tmp_path / "a.tif")
    with pytest.raises(VolumeError, match=r"the folder .*none doesn't exist either"):
        open_volume(tmp_path / "none" / "a.tif")


def test_unknown_ending(tmp_path):
    (tmp_path / "a.xyz").write_bytes(b"x")
    (tmp_path / "a").write_bytes(b"x")
    with pytest.raises(VolumeError, match=r"'\.xyz' isn't known; supervox knows .*\.tif.*\.zarr"):
        open_volume(tmp_path / "a.xyz")
    with pytest.raises(VolumeError, match="the name has no ending; supervox knows"):
        open_volume(tmp_path / "a")
    with pytest.raises(VolumeError, match="supervox knows"):
        write_volume(tmp_path / "b.xyz", VALUES)


def test_folders(tmp_path):
    (tmp_path / "a.tif").mkdir()
    with pytest.raises(VolumeError, match="is a folder, but TIFF volumes are files"):
        open_volume(tmp_path / "a.tif")
    with pytest.raises(VolumeError, match="is a folder, not a volume"):
        open_volume(tmp_path)
    (tmp_path / "a.zarr").write_bytes(b"x")
    with pytest.raises(VolumeError, match="is a file, but Zarr volumes are folders"):
        open_volume(tmp_path / "a.zarr")


@pytest.mark.parametrize("ending", ENDINGS)
def test_empty_file_and_junk(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    path.write_bytes(b"")
    with pytest.raises(VolumeError, match="the file is empty"):
        open_volume(path)
    for length in (7, 100, 5000):
        path.write_bytes(np.random.default_rng(length).bytes(length))
        with pytest.raises(VolumeError, match=f"a{ending}: "):
            open_volume(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_random_damage_never_leaks_another_exception(tmp_path, ending):
    path = tmp_path / f"a{ending}"
    write_volume(path, np.arange(2000, dtype="u2").reshape(20, 10, 10), spacing=(2, 1, 1))
    content = path.read_bytes()
    random = np.random.default_rng(5)
    for _ in range(60):
        damaged = bytearray(content)
        for position in random.integers(0, len(content), 8):
            damaged[position] = random.integers(0, 256)
        path.write_bytes(damaged[: random.integers(len(content) // 2, len(content) + 1)])
        told = ""
        try:
            with open_volume(path) as volume:
                np.asarray(volume.data)
        except VolumeError as error:
            told = str(error)
        assert not told or told.startswith(str(path))
        assert "\n" not in told


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may do anything")
def test_no_permission(tmp_path):
    path = tmp_path / "a.tif"
    write_volume(path, VALUES)
    path.chmod(0)
    with pytest.raises(VolumeError, match="no permission to read"):
        open_volume(path)
    tmp_path.chmod(0o500)
    with pytest.raises(VolumeError, match="no permission to write"):
        write_volume(tmp_path / "b.tif", VALUES)
    tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the disk is full"),
        (errno.EACCES, "no permission to write in this folder"),
        (errno.EROFS, "no permission to write in this folder"),
        (errno.EIO, "can't be written as TIFF"),
        (errno.EMFILE, "too many files are open"),
    ],
)
def test_what_the_system_refuses(tmp_path, monkeypatch, code, message):
    def refuse(*_):
        raise OSError(code, os.strerror(code))

    write_volume(tmp_path / "a.tif", VALUES)
    monkeypatch.setattr("supervox.volumes.tiff_writing._TiffSink.write", refuse)
    with pytest.raises(VolumeError, match=message):
        write_volume(tmp_path / "a.tif", VALUES + 1)
    with open_volume(tmp_path / "a.tif") as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
    assert [item.name for item in tmp_path.iterdir()] == ["a.tif"]


def test_what_the_system_refuses_to_read(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    write_volume(tmp_path / "a.tif", VALUES)
    monkeypatch.setattr("tifffile.TiffFile", refuse)
    with pytest.raises(VolumeError, match="no permission to read this file"):
        open_volume(tmp_path / "a.tif")


class TiffFileError(Exception):
    """As tifffile has it."""


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (EOFError("it has 3 bytes"), r"\(it has 3 bytes\); the file is damaged, cut short"),
        (zlib.error("Error -3 while decompressing"), "the file is damaged"),
        (OSError("Unable to open file (truncated file: eof = 96)"), "the file is damaged"),
        (OSError("Can't read data (wrong B-tree signature)"), "the file is damaged"),
        (
            OSError("Can't synchronously read data (required filter 'x' is not registered)"),
            "isn't inst",
        ),
        (ValueError("cannot reshape array of size 5"), "the file is damaged"),
        (RuntimeError("error during blosc decompression: -1"), "the file is damaged"),
        (TiffFileError("not a TIFF file"), "the file is damaged"),
        (OSError(errno.EIO, "Input/output error"), r"Input/output error\); check the disk"),
        (OSError(errno.ESTALE, "Stale file handle"), r"Stale file handle\); check the disk"),
        (OSError(errno.EBADF, "Bad file descriptor"), r"Bad file descriptor\); check the disk"),
        (ValueError("<LERC: 3> requires the 'x' package"), "'x' package.*isn't installed: install"),
        (ImportError("No module named 'zfpy'"), "'zfpy'.*isn't installed"),
        (NotImplementedError("2 planes"), r"\(2 planes\); .* a fault of supervox's"),
        (KeyError("z"), r"\(KeyError: 'z'\); .* please report it"),
        (ValueError("min() arg is an empty sequence"), r"empty sequence\); .* please report it"),
    ],
)
def test_damage_is_told_of_what_is_damaged_only(tmp_path, monkeypatch, error, message):
    def refuse(*_, **__):
        raise error

    write_volume(tmp_path / "a.tif", VALUES)
    monkeypatch.setattr("tifffile.TiffFile", refuse)
    with pytest.raises(VolumeError, match=message) as refused:
        open_volume(tmp_path / "a.tif")
    assert ("damaged" in str(refused.value)) == ("damaged" in message)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("none/a.tif", {}, "the folder .*none doesn't exist; make it first"),
        ("a.tif", {"shape": (3, 4)}, r"\(planes, rows, columns\), not \(3, 4\)"),
        ("a.tif", {"shape": (0, 4, 5)}, r"not \(0, 4, 5\)"),
        ("a.tif", {"kind": "probabilities"}, r"\(classes, planes, rows, columns\)"),
        ("a.mrc", {"kind": "probabilities", "shape": (2, 3, 4, 5)}, "MRC holds one value a voxel"),
        ("a.mrc", {"dtype": "int32"}, "MRC can't hold int32; convert it to one of float16"),
        ("a.tif", {"dtype": "int64"}, "TIFF can't hold int64"),
        ("a.h5", {"dtype": "complex64"}, "complex numbers"),
        ("a.tif::c=1", {}, "a new TIFF file takes no 'c' behind '::'; leave it out"),
        ("a.zarr::1", {}, "a new Zarr file takes no '1' behind '::'"),
        ("a.h5::/x,class=1", {}, "a new HDF5 file takes no 'class'"),
        ("a.h5", {"dtype": "U3"}, "not numbers"),
        ("a.h5", {"spacing": (1, 0, 1)}, "spacing is three positive numbers"),
        ("a.h5", {"spacing": (1, 1)}, "spacing is three positive numbers"),
        ("a.h5", {"origin": (1, float("nan"), 1)}, "origin is three numbers"),
        ("a.h5", {"spacing": (1, 1, 1), "unit": "furlong"}, "'furlong' isn't a unit of length"),
    ],
)
def test_what_cannot_be_written(tmp_path, name, options, message):
    settings = {"shape": (3, 4, 5), "dtype": "uint8"} | options
    with pytest.raises(VolumeError, match=message):
        create_volume(tmp_path / name, **settings)
    assert list(tmp_path.iterdir()) == []


def test_nothing_else_is_overwritten(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / "thesis.txt").write_text("important")
    with pytest.raises(VolumeError, match="is a folder that isn't a volume"):
        write_volume(tmp_path / "a.zarr", VALUES)
    (tmp_path / "b.zarr").write_text("important")
    with pytest.raises(VolumeError, match="is a file in the way"):
        write_volume(tmp_path / "b.zarr", VALUES)
    (tmp_path / "c.tif").mkdir()
    with pytest.raises(VolumeError, match="is a folder that isn't a volume"):
        write_volume(tmp_path / "c.tif", VALUES)
    write_volume(f"{tmp_path}/d.h5::/mine", VALUES)
    with pytest.raises(VolumeError, match="already exists, and supervox writes whole files"):
        write_volume(f"{tmp_path}/d.h5::/other", VALUES)
    with open_volume(f"{tmp_path}/d.h5::/mine") as volume:
        np.testing.assert_array_equal(volume.data, VALUES)


def test_a_claim_beyond_memory_is_damage(tmp_path, monkeypatch):
    path = tmp_path / "a.nii"
    write_volume(path, VALUES)

    def claim(address):
        raise MemoryError

    entry = replace(format_of(Address.parse(path)), open=claim)
    monkeypatch.setattr(files, "format_of", lambda _: entry)
    with pytest.raises(VolumeError, match=r"a\.nii: says that something in it is larger than the"):
        open_volume(path)
