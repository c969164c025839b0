"""Values in one piece: read as a memory map would give them, and told when they are gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supervox.volumes import VolumeError, open_volume, write_volume
from supervox.volumes.file_values import FileValues

SHAPE = (5, 7, 11)
VALUES = np.random.default_rng(0).integers(0, 2**16, SHAPE).astype(np.uint16)
ENDINGS = ["mrc", "npy", "raw", "tif", "nii", "nrrd"]


def piece(length):
    """Return any index of an axis that a volume takes."""
    bounds = st.none() | st.integers(-length - 1, length + 1)
    slices = st.builds(slice, bounds, bounds, st.none() | st.integers(1, length + 1))
    return slices | st.integers(-length, length - 1)


keys = st.tuples(*map(piece, SHAPE)) | st.tuples(piece(5), st.just(Ellipsis)) | piece(5)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("values") / "a.bin"
    path.write_bytes(b"head" + VALUES.astype(">u2").tobytes())
    return path


@given(key=keys, small=st.booleans(), is_reversed=st.booleans())
def test_any_slice_is_that_of_the_array(file, key, small, is_reversed):
    with pytest.MonkeyPatch.context() as patch:
        if small:  # so that every way of reading is taken
            patch.setattr("supervox.volumes.file_values._CALL_BYTES", 3)
            patch.setattr("supervox.volumes.file_values._SPAN_BYTES", 40)
        expected = VALUES.transpose() if is_reversed else VALUES
        values = FileValues(file, np.dtype(">u2"), 4, expected.shape, is_reversed=is_reversed)
        if is_reversed:
            key = key[::-1] if isinstance(key, tuple) and len(key) == 3 else (..., 0)
        np.testing.assert_array_equal(values[key], expected[key])
        assert values[...].dtype == ">u2"


def test_no_more_is_read_than_is_of_use(tmp_path, monkeypatch):
    path = tmp_path / "a.bin"
    np.zeros((64, 256, 256), np.uint8).tofile(path)
    values = FileValues(path, np.dtype(np.uint8), 0, (64, 256, 256))
    read, calls = FileValues._read_some, []

    def counted(self, view, offset):
        calls.append(len(view))
        return read(self, view, offset)

    monkeypatch.setattr(FileValues, "_read_some", counted)
    for key, most, times in [
        (np.s_[3:5], 2 * 256 * 256, 1),
        (np.s_[:, 7], 64 * 256, 64),
        (np.s_[2, 10:12, 3], 2 * 256, 1),
        (np.s_[5, 6, 7], 1, 1),
        (np.s_[3:3], 0, 0),
    ]:
        calls.clear()
        values[key]
        assert sum(calls) <= most
        assert len(calls) == times


def make(path: Path) -> str:
    """Write a volume of several megabytes; return its address."""
    values = np.zeros((40, 300, 301), np.uint16)
    values[...] = np.arange(40)[:, None, None]
    if path.suffix == ".raw":
        path.write_bytes(values.tobytes())
        return f"{path}::shape=40x300x301,dtype=uint16"
    write_volume(path, values, kind="image")
    return str(path)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_volume_that_gets_shorter_while_it_is_open_is_told_of(tmp_path, ending):
    """In a process of its own: a memory map would end it."""
    address = make(tmp_path / f"a.{ending}")
    stored = tmp_path / f"a.{ending}"
    code = (
        "import os, sys\n"
        "from supervox.volumes import VolumeError, open_volume\n"
        "with open_volume(sys.argv[1]) as volume:\n"
        "    assert (volume.data[39] == 39).all()\n"
        "    os.truncate(sys.argv[2], 100_000)\n"
        "    try:\n"
        "        volume.data[39]\n"
        "    except VolumeError as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, address, stored], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "is shorter than when it was opened; if it is being copied" in done.stdout


def test_a_disk_that_is_gone_is_told_of(tmp_path, monkeypatch):
    address = make(tmp_path / "a.mrc")

    def fail(handle, buffers, offset):
        raise OSError(5, "Input/output error")

    with open_volume(address) as volume:
        monkeypatch.setattr(os, "preadv", fail)
        with pytest.raises(VolumeError, match=r"can't be read any more .Input/output error"):
            volume.data[3]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_files_are_closed_with_their_volumes(tmp_path):
    address = make(tmp_path / "a.tif")
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with open_volume(address) as volume:
            volume.data[3]
        del volume
    assert len(os.listdir("/proc/self/fd")) == before
