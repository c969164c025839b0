"""Values with little or nothing beside them: .npy, raw files, folders of slices."""

import io

import numpy as np
import pytest
import tifffile
from supervox.volumes import VolumeError, open_volume, write_volume

VALUES = np.random.default_rng(1).integers(0, 999, (12, 9, 8), dtype=np.uint16)


@pytest.mark.parametrize("values", [VALUES.astype(">u2"), np.asfortranarray(VALUES)])
def test_npy_in_other_orders(tmp_path, values):
    np.save(tmp_path / "a.npy", values)
    with open_volume(tmp_path / "a.npy") as volume:
        np.testing.assert_array_equal(volume.data, VALUES)


def test_npy_that_is_refused(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.array([[print]], dtype=object), allow_pickle=True)
    with pytest.raises(VolumeError, match="Python objects, which may be code and are never loaded"):
        open_volume(path)
    archive = io.BytesIO()
    np.savez(archive, VALUES)
    path.write_bytes(archive.getvalue())
    with pytest.raises(VolumeError, match="is an archive of arrays"):
        open_volume(path)
    np.save(path, VALUES)
    with pytest.raises(VolumeError, match="is one array, there is no 'x' in it"):
        open_volume(f"{path}::x")
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(VolumeError, match="can't be read as NumPy"):
        open_volume(path)


@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
def test_raw(tmp_path, order, dtype):
    path = tmp_path / "a.raw"
    values = VALUES.astype(dtype)
    path.write_bytes(b"head" + values.astype(values.dtype.newbyteorder(order)).tobytes())
    with open_volume(f"{path}::shape=12x9x8,dtype={dtype},order={order},offset=4") as volume:
        np.testing.assert_array_equal(volume.data, values)
        assert volume.data.dtype == dtype
        assert not volume.spacing_stated
        assert volume.notes == ()


def test_raw_with_channels_and_more_bytes(tmp_path):
    path = tmp_path / "a.vol"
    path.write_bytes(np.stack([VALUES, VALUES + 1]).tobytes() + b"ab")
    with open_volume(f"{path}::shape=2x12x9x8,dtype=uint16,axes=czyx,c=1") as volume:
        np.testing.assert_array_equal(volume.data, VALUES + 1)
        assert volume.notes == ("the file has 2 bytes more than it was said to",)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            "",
            r"\(1728 bytes\) doesn't say what it holds.*'a\.raw::shape=600x1000x1000,dtype=uint16",
        ),
        ("::shape=12x9x8", "doesn't say what it holds"),
        ("::12x9x8,dtype=uint16", "doesn't say what it holds"),
        ("::shape=12x9,dtype=blue", "'blue' is no type of numbers"),
        ("::shape=12x9,dtype=object", "'object' is no type of numbers"),
        ("::shape=12x9x0,dtype=uint8", "is written like 600x1000x1000.* not '12x9x0'"),
        ("::shape=12x9x8,dtype=float32", "has 1728 bytes, but .* of float32 needs 3456"),
        ("::shape=12x9x8,dtype=uint16,order=pdp", "little or big, not 'pdp'"),
        ("::shape=12x9x8,dtype=uint16,offset=-1", "a number of bytes, not '-1'"),
        ("::shape=12x9x8,dtype=uint16,colour=red", "no axis 'colour'"),
    ],
)
def test_raw_that_is_not_understood(tmp_path, said, message):
    (tmp_path / "a.raw").write_bytes(VALUES.tobytes())
    with pytest.raises(VolumeError, match=message):
        open_volume(f"{tmp_path}/a.raw{said}")


def test_raw_is_not_written(tmp_path):
    with pytest.raises(VolumeError, match="RAW files can be read, not written"):
        write_volume(tmp_path / "a.raw", VALUES)


@pytest.fixture
def slices(tmp_path):
    for number, plane in enumerate(VALUES, 1):
        tifffile.imwrite(tmp_path / f"scan_{number}.tif", plane, compression="zlib")
    (tmp_path / "notes.txt").write_text("x")
    return tmp_path


def test_slices_in_the_order_of_their_numbers(slices):
    with open_volume(slices) as volume:
        assert volume.format == "TIFF slices"
        np.testing.assert_array_equal(volume.data, VALUES)
        np.testing.assert_array_equal(volume.data[9:11, 2:5, ::3], VALUES[9:11, 2:5, ::3])
        assert volume.data.chunks == (1, 9, 8)
        assert volume.metadata["last"] == "scan_12.tif"
        assert volume.notes == ()


def test_a_gap_between_slices_is_noted(slices):
    (slices / "scan_7.tif").unlink()
    with open_volume(slices) as volume:
        assert volume.shape == (11, 9, 8)
        assert volume.notes == ("slices are missing after scan_6.tif",)


def test_slices_without_a_count_have_no_gaps(tmp_path):
    for name in ("a10.tif", "a20.tif", "a35.tif"):
        tifffile.imwrite(tmp_path / name, VALUES[0])
    with open_volume(tmp_path) as volume:
        assert volume.notes == ()
    tifffile.imwrite(tmp_path / "b.tif", VALUES[0])
    with open_volume(tmp_path) as volume:
        assert volume.notes == ()


def test_slices_that_are_not_alike(slices):
    tifffile.imwrite(slices / "scan_3.tif", VALUES[0, 1:])
    with pytest.raises(
        VolumeError, match=r"scan_3\.tif: is 8 x 8 uint16, but scan_1\.tif is 9 x 8"
    ):
        open_volume(slices)
    tifffile.imwrite(slices / "scan_3.tif", VALUES[0].astype(np.uint8))
    with pytest.raises(VolumeError, match=r"scan_3\.tif: is 9 x 8 uint8"):
        open_volume(slices)
    tifffile.imwrite(slices / "scan_3.tif", VALUES)
    with pytest.raises(VolumeError, match=r"scan_3\.tif: holds 12 pictures"):
        open_volume(slices)
    tifffile.imwrite(slices / "scan_3.tif", np.zeros((9, 8, 3), "u1"), photometric="rgb")
    with pytest.raises(VolumeError, match=r"a colour picture, but in a folder of slices"):
        open_volume(slices)
    (slices / "scan_3.tif").write_bytes(b"junk")
    with pytest.raises(VolumeError, match=r"scan_3\.tif: can't be read as TIFF"):
        open_volume(slices)


def test_a_slice_that_is_cut_short(slices):
    path = slices / "scan_5.tif"
    tifffile.imwrite(path, VALUES[4])
    path.write_bytes(path.read_bytes()[:-20])
    with open_volume(slices) as volume, pytest.raises(VolumeError, match="can't be read as TIFF"):
        volume.data[4]


def test_a_folder_is_not_written(slices):
    with pytest.raises(VolumeError, match="TIFF slices files can be read, not written"):
        write_volume(slices, VALUES)
