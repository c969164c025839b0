"""MRC files as other programs write them, wild headers included."""

import bz2
import gzip
import re

import mrcfile
import numpy as np
import pytest
from supervox.volumes import VolumeError, open_volume, write_volume
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


@pytest.mark.parametrize("order", ["<i4", ">i4"])
def test_bytes_of_imod_run_from_0_to_255_whichever_way_they_are_stored(path, order):
    _write(path)
    if order == ">i4":
        _patch(path, 0, np.frombuffer(path.read_bytes()[:208], "<i4").astype(">i4").tobytes())
        _patch(path, 212, b"\x11\x11\0\0")
    _patch(path, 152, np.array([1146047817, 0], order).tobytes())
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES.view(np.uint8))
    _patch(path, 156, np.array([1], order).tobytes())
    with open_volume(path) as volume:
        assert volume.data.dtype == np.uint8
        np.testing.assert_array_equal(volume.data, VALUES.astype(int) + 128)
        np.testing.assert_array_equal(
            volume.data[1:3, 4, ::2], VALUES[1:3, 4, ::2].astype(int) + 128
        )


def test_bytes_of_others_keep_their_sign(path):
    _write(path)
    _patch(path, 156, np.array([1], "<i4").tobytes())  # the flag without IMOD's stamp
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)


@pytest.mark.parametrize("told", [49920, 4, -1, -(2**31), 2**31 - 1])
def test_values_begin_behind_the_header_where_no_extended_one_is(path, told):
    _write(path)
    _patch(path, 92, np.array([told], "<i4").tobytes())
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        assert "that isn't there; the values are read from byte 1024 on" in volume.notes[0]


def test_cut_short_behind_an_extended_header(path):
    _write(path, extended=np.frombuffer(b"x" * 4096, dtype="S1").view("V4096"))
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(VolumeError, match="is cut short, it has 1600 bytes of the 5600"):
        open_volume(path)


@pytest.mark.parametrize(
    "patch", [(48, bytes(4)), (36, bytes(4)), (48, np.float32(np.nan).tobytes())]
)
def test_the_thickness_of_a_single_plane_means_nothing(path, patch):
    _write(path, VALUES[:1].astype("f4"))
    _patch(path, *patch)
    with open_volume(path) as volume:
        assert volume.spacing_stated
        assert volume.spacing == (4.6, 4.7, 4.6)
        assert volume.notes == ()


def test_the_place_may_be_counted_from_the_corner_of_the_cell(path):
    _write(path)
    _patch(path, 16, np.array([10, 20, -30], "<i4").tobytes())
    with open_volume(path) as volume:
        assert volume.origin == (100, 0, 0)  # the one in words counts first
    _patch(path, 196, bytes(12))
    with open_volume(path) as volume:
        assert volume.origin == pytest.approx((-30 * 50, 20 * 4.7, 10 * 4.6))
    _patch(path, 64, np.array([3, 2, 1], "<i4").tobytes())  # the columns are along z
    with open_volume(path) as volume:
        assert volume.origin[0] == pytest.approx(10 * volume.spacing[0])
        assert volume.origin[2] == pytest.approx(-30 * volume.spacing[2])


def test_a_cell_without_right_angles_is_noted(path):
    _write(path)
    _patch(path, 60, np.array([120], "<f4").tobytes())
    with open_volume(path) as volume:
        assert volume.notes == ("the cell has angles of 90 x 90 x 120 degrees, which are ignored",)


@pytest.mark.parametrize("ending", ["mrcs", "ali", "ccp4", "rec", "st", "map"])
def test_endings(tmp_path, ending):
    _write(tmp_path / "a.mrc")
    path = (tmp_path / "a.mrc").rename(tmp_path / f"a.{ending}")
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)


@pytest.mark.parametrize("name", ["a.map.gz", "a.mrc.gz", "a.mrc.bz2", "a.mrc"])
def test_packed_files(path, tmp_path, name):
    _write(path, VALUES.astype("f4"), np.frombuffer(b"x" * 400, dtype="S1").view("V400"))
    packed, pack = tmp_path / "packed", bz2.compress if name.endswith("bz2") else gzip.compress
    packed.mkdir()
    (packed / name).write_bytes(pack(path.read_bytes()))
    with open_volume(packed / name) as volume:
        assert volume.spacing == (50, 4.7, 4.6)
        np.testing.assert_array_equal(volume.data[2:4, ::3], VALUES[2:4, ::3])
    (packed / name).write_bytes(pack(path.read_bytes()[:-100]))
    with (
        open_volume(packed / name) as volume,
        pytest.raises(VolumeError, match="damaged, cut short"),
    ):
        volume.data[...]


def test_a_packed_file_without_its_extended_header(path, tmp_path):
    _write(path)
    _patch(path, 92, np.array([49920], "<i4").tobytes())
    packed = tmp_path / "a.map.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    with open_volume(packed) as volume:
        assert "that isn't there" in volume.notes[0]
        np.testing.assert_array_equal(volume.data, VALUES)


def test_a_name_of_a_packed_file_may_be_wrong(path, tmp_path):
    _write(path)
    with open_volume(path.rename(tmp_path / "a.map.gz")) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)


def test_packed_files_are_not_written(tmp_path):
    with pytest.raises(VolumeError, match="can be read, not written; use another ending"):
        write_volume(tmp_path / "a.mrc.gz", VALUES)


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
    path.write_bytes(path.read_bytes() + b"more")
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


def test_intervals_that_contradict_the_voxels_are_said(path):
    with mrcfile.new(path) as file:
        file.set_data(VALUES)
        file.voxel_size = 46
    with open_volume(path) as volume:
        assert volume.notes == ()
    _patch(path, 28, np.array([80], "<i4").tobytes())
    with open_volume(path) as volume:
        assert volume.spacing == pytest.approx((4.6, 4.6, 0.46))
        assert "but cubes of 4.6 nm by the number of voxels" in volume.notes[0]
    with mrcfile.open(path, "r+") as file:  # a part that was cut out of a larger cell
        file.header.mx, file.header.cella.x = 80, 80 * 46
    with open_volume(path) as volume:
        assert (volume.spacing, volume.notes) == (pytest.approx((4.6, 4.6, 4.6)), ())
