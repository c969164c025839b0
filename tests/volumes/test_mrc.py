"""MRC files as other programs write them, wild headers included."""

import re

import mrcfile
import numpy as np
import pytest
from supervox.volumes import VolumeError, open_volume
from supervox.volumes.mrc import HEADER_DTYPE

VALUES = np.random.default_rng(1).integers(-100, 100, (5, 12, 8)).astype(np.int8)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.mrc"


def _write(path, values=VALUES, extended=None):
    with mrcfile.new(path) as file:
        file.set_data(values)
        file.voxel_size = (46, 47, 500)
        file.header.origin.z = 1000
        if extended is not None:
            file.set_extended_header(extended)


def _patch(path, offset, data):
    content = bytearray(path.read_bytes())
    content[offset : offset + len(data)] = data
    path.write_bytes(content)


def test_the_header_is_that_of_mrcfile():
    assert HEADER_DTYPE == mrcfile.dtypes.HEADER_DTYPE


@pytest.mark.parametrize("dtype", ["int8", "int16", "float32", "uint16", "float16"])
def test_modes(path, dtype):
    values = np.abs(VALUES).astype(dtype)
    _write(path, values)
    with open_volume(path) as volume:
        assert volume.data.dtype == dtype
        np.testing.assert_array_equal(volume.data, values)
        assert volume.spacing == (50, 4.7, 4.6)
        assert volume.unit == "nm"
        assert volume.origin == (100, 0, 0)
        assert volume.notes == ()


def test_values_are_mapped_not_read(path):
    _write(path, VALUES.astype("f4"))
    with open_volume(path) as volume:
        base = volume.data[1:3]
        while not isinstance(base, np.memmap):
            base = base.base
            assert base is not None


def test_extended_header(path):
    _write(path, extended=np.frombuffer(b"x" * 4096, dtype="S1").view("V4096"))
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)


@pytest.mark.parametrize(
    ("offset", "data", "note"),
    [
        (212, b"\0\0\0\0", "machine stamp"),
        (212, b"\x11\x11\0\0", "contradicts the header's byte order"),
        (208, b"????", "no 'MAP' mark"),
        (64, b"\x09\0\0\0", r"axis order \(3, 2, 9\) .* ignored"),
    ],
)
def test_wild_headers_are_read_with_a_note(path, offset, data, note, caplog):
    _write(path)
    _patch(path, offset, data)
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        assert volume.spacing == (50, 4.7, 4.6)
        assert len(volume.notes) == 1
        assert re.search(note, volume.notes[0])
    assert volume.notes[0] in caplog.text


@pytest.mark.parametrize(
    "patch", [(40, np.float32(np.nan).tobytes()), (40, np.float32(-5).tobytes()), (28, bytes(4))]
)
def test_unusable_voxel_size(path, patch):
    _write(path)
    _patch(path, *patch)
    with open_volume(path) as volume:
        assert not volume.spacing_stated
        assert volume.spacing == (1, 1, 1)
        assert "unusable" in volume.notes[0]


def test_big_endian(path):
    with mrcfile.new(path) as file:
        file.set_data(VALUES.astype(">i2"))
    with open_volume(path) as volume:
        assert volume.data.dtype.isnative
        np.testing.assert_array_equal(volume.data, VALUES)


@pytest.mark.parametrize("dtype", [">i2", ">f4"])
def test_big_endian_with_a_wrong_stamp(path, dtype):
    with mrcfile.new(path) as file:
        file.set_data(VALUES.astype(dtype))
    _patch(path, 212, b"\x44\x44\0\0")
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        assert "contradicts" in volume.notes[0]


def test_sections_along_x(path):
    _write(path)
    _patch(path, 64, np.array([3, 2, 1], "<i4").tobytes())
    _patch(path, 28, np.array([5, 12, 8], "<i4").tobytes())
    _patch(path, 40, np.array([5, 12, 8], "<f4").tobytes())
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES.transpose(2, 1, 0))


def test_imod_bytes_are_unsigned(path):
    _write(path)
    _patch(path, 152, np.array([1146047817, 0], "<i4").tobytes())
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES.view(np.uint8))
    _patch(path, 156, np.array([1], "<i4").tobytes())
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)


def test_bytes_too_many_are_noted(path):
    _write(path)
    path.write_bytes(path.read_bytes() + b"abc")
    with open_volume(path) as volume:
        assert volume.notes == ("the file has 3 bytes more than its header says",)


@pytest.mark.parametrize("length", [10, 1023, 1024, 1400])
def test_cut_short(path, length):
    _write(path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(VolumeError, match=r"a\.mrc: is cut short.*copy it again"):
        open_volume(path)


@pytest.mark.parametrize(
    ("offset", "data", "message"),
    [
        (12, b"\x63\0\0\0", "header is damaged .*mode 99"),
        (12, b"\x65\0\0\0", "4-bit numbers .*newstack"),
        (12, b"\x10\0\0\0", "RGB pictures"),
        (0, b"\xff\xff\xff\xff", r"header is damaged \(sizes \(5, 12, -1\), mode 0\)"),
        (92, b"\xff\xff\xff\xff", "header is damaged"),
    ],
)
def test_unreadable_headers(path, offset, data, message):
    _write(path)
    _patch(path, offset, data)
    with pytest.raises(VolumeError, match=message):
        open_volume(path)


def test_complex(path):
    _write(path, VALUES.astype("c8"))
    with pytest.raises(VolumeError, match=r"complex numbers .*save its magnitude"):
        open_volume(path)


def test_a_file_that_is_no_mrc(path):
    path.write_bytes(b"this is a text\n" * 200)
    with pytest.raises(VolumeError, match=r"a\.mrc: "):
        open_volume(path)
