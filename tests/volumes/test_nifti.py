"""NIfTI files as medical programs write them."""

import gzip
import sys

import nibabel
import numpy as np
import pytest
from supervox.volumes import VolumeClass, VolumeError, create_volume, open_volume, write_volume

VALUES = np.random.default_rng(1).integers(0, 99, (5, 12, 8), dtype=np.int16)


def _write(path, values, affine, unit="mm", kind=nibabel.Nifti1Image):
    image = kind(values.T, affine)
    image.header.set_xyzt_units(unit)
    nibabel.save(image, path)


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
def test_left_posterior_superior_runs_as_ours(tmp_path, ending, kind):
    affine = np.diag([-0.25, -0.5, 2, 1])
    affine[:3, 3] = -1, -2, 3
    _write(tmp_path / f"a{ending}", VALUES, affine, kind=kind)
    with open_volume(tmp_path / f"a{ending}") as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        np.testing.assert_array_equal(volume.data[2:4, ::5, 3], VALUES[2:4, ::5, 3])
        assert (volume.spacing, volume.origin, volume.unit) == ((2, 0.5, 0.25), (3, 2, 1), "mm")


def test_right_anterior_superior_runs_the_other_way(tmp_path):
    _write(tmp_path / "a.nii", VALUES, np.diag([0.25, 0.5, 2, 1]), "micron")
    with open_volume(tmp_path / "a.nii") as volume:
        np.testing.assert_array_equal(volume.data, VALUES[:, ::-1, ::-1])
        assert (volume.spacing, volume.unit) == ((2, 0.5, 0.25), "um")
        assert volume.origin == (0, -5.5, -1.75)


@pytest.mark.parametrize("axes", ["ASR", "PIL", "SRA", "LPS"])
def test_what_is_written_lies_on_what_was_read(tmp_path, axes):
    """A voxel that stands out is at the same place of nibabel's space before and after."""
    values = VALUES.copy()
    values[1, 2, 3] = 1000
    codes = nibabel.orientations.axcodes2ornt(axes)
    affine = nibabel.orientations.inv_ornt_aff(codes, values.T.shape)
    affine = np.diag([2, 3, 4, 1]) @ affine
    affine[:3, 3] += 7, -8, 9
    _write(tmp_path / "a.nii", values, affine)
    with open_volume(tmp_path / "a.nii") as volume:
        write_volume(
            tmp_path / "b.nii.gz",
            volume.data,
            spacing=volume.spacing,
            unit=volume.unit,
            origin=volume.origin,
        )
    places = []
    for name in ("a.nii", "b.nii.gz"):
        image = nibabel.load(tmp_path / name)
        index = np.argwhere(np.asarray(image.dataobj) == 1000)[0]
        places.append(nibabel.affines.apply_affine(image.affine, index))
    np.testing.assert_allclose(*places)


def test_scaled_values(tmp_path):
    image = nibabel.Nifti1Image(VALUES.T, np.diag([-1, -1, 1, 1]))
    image.header.set_slope_inter(0.5, 10)
    nibabel.save(image, tmp_path / "a.nii")
    expected = np.asarray(nibabel.load(tmp_path / "a.nii").dataobj).T
    with open_volume(tmp_path / "a.nii") as volume:
        assert volume.data.dtype == np.float32
        np.testing.assert_allclose(volume.data, expected, rtol=1e-6)
        np.testing.assert_allclose(volume.data[1:3], expected[1:3], rtol=1e-6)


def test_time_points(tmp_path):
    _write(tmp_path / "a.nii", np.stack([VALUES, VALUES + 1]), np.diag([-1, -1, 1, 1]))
    with pytest.raises(VolumeError, match=r"holds 2 time points; pick one with 'a\.nii::t=0'"):
        open_volume(tmp_path / "a.nii")
    with open_volume(f"{tmp_path}/a.nii::t=1") as volume:
        np.testing.assert_array_equal(volume.data, VALUES + 1)


def test_nibabel_sees_millimetres_and_label(tmp_path):
    path = tmp_path / "a.nii.gz"
    classes = (VolumeClass(1, "noyau é", "#ff8000"),)
    write_volume(path, VALUES, spacing=(50, 4.6, 4.6), unit="nm", origin=(1, 0, 2), classes=classes)
    image = nibabel.load(path)
    assert image.header.get_xyzt_units()[0] == "mm"
    np.testing.assert_allclose(image.header.get_zooms(), [4.6e-6, 4.6e-6, 5e-5])
    np.testing.assert_allclose(image.affine[:3, 3], [-2e-6, 0, 1e-6])
    np.testing.assert_allclose(image.get_sform(), image.get_qform(), rtol=1e-6, atol=1e-12)
    assert nibabel.aff2axcodes(image.affine) == ("L", "P", "S")
    assert image.header.get_intent()[0] == "label"


def test_what_cannot_be_written_or_read(tmp_path, monkeypatch):
    with (
        pytest.raises(VolumeError, match="at most 32767 voxels along an axis, not 40000"),
        create_volume(tmp_path / "a.nii", (1, 1, 40000), "uint8"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
    _write(tmp_path / "a.nii", VALUES, np.eye(4))
    with pytest.raises(VolumeError, match="is one volume, there is no 'x' in it"):
        open_volume(f"{tmp_path}/a.nii::x")
    content = (tmp_path / "a.nii").read_bytes()
    negative = content[:44] + (-5).to_bytes(2, "little", signed=True) + content[46:]
    (tmp_path / "a.nii").write_bytes(negative)
    with pytest.raises(VolumeError, match=r"the volume is empty, its shape is \(5, -5, 8\)"):
        open_volume(tmp_path / "a.nii")
    (tmp_path / "a.nii").write_bytes(content[:-10])
    with pytest.raises(VolumeError, match="is cut short, it has 950 bytes of values of the 960"):
        open_volume(tmp_path / "a.nii")
    monkeypatch.setitem(sys.modules, "nibabel", None)
    with pytest.raises(VolumeError, match="NIfTI files need the package nibabel; install it with"):
        open_volume(tmp_path / "a.nii")
    with pytest.raises(VolumeError, match="NIfTI files need the package nibabel"):
        write_volume(tmp_path / "b.nii", VALUES)
    assert [item.name for item in tmp_path.iterdir()] == ["a.nii"]


def _save(path, affine, shape=(8, 12, 5), **fields):
    image = nibabel.Nifti1Image(np.zeros(shape, np.uint8), affine)
    for name, value in fields.items():
        image.header[name] = value
    nibabel.save(image, path)


def test_voxels_of_one_have_their_place(tmp_path):
    path = tmp_path / "a.nii"
    affine = np.diag([-1.0, -1, 1, 1])
    _save(path, affine)
    with open_volume(path) as volume:
        assert not volume.spacing_stated
    affine[:3, 3] = 10, 20, 30
    _save(path, affine)
    with open_volume(path) as volume:
        assert volume.spacing_stated
        assert volume.origin == (30, -20, -10)


def test_the_thickness_of_a_single_plane_means_nothing(tmp_path):
    path = tmp_path / "a.nii"
    _save(path, np.diag([-2.0, -3, 9, 1]), (8, 12, 1))
    content = bytearray(path.read_bytes())
    content[88:92], content[252:254], content[312:328] = bytes(4), bytes(2), bytes(16)
    path.write_bytes(content)  # neither a pixdim, nor a qform, nor a row of the sform
    with open_volume(path) as volume:
        assert volume.spacing == (2, 3, 2)


def test_how_rows_and_columns_are_turned_is_said(tmp_path):
    path = tmp_path / "a.nii"
    _save(path, np.eye(4))
    with open_volume(path) as volume:
        assert volume.turned == "columns and rows are read from their end"
    with open_volume(f"{path}::orientation=stored") as volume:
        assert volume.turned == ""
    _save(path, np.diag([-1.0, -1, 1, 1]))
    with open_volume(path) as volume:
        assert volume.turned == ""


def test_the_array_may_be_read_as_it_lies_in_the_file(tmp_path):
    path = tmp_path / "a.nii"
    values = np.random.default_rng(0).integers(0, 99, (5, 12, 8), dtype=np.uint8)
    nibabel.save(nibabel.Nifti1Image(values.T, np.diag([2.0, 3, 4, 1])), path)
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, values[:, ::-1, ::-1])
    with open_volume(f"{path}::orientation=stored") as volume:
        np.testing.assert_array_equal(volume.data, values)
        assert (volume.spacing, volume.origin) == ((4, 3, 2), (0, 0, 0))


def test_statements_that_disagree_are_said(tmp_path):
    path = tmp_path / "a.nii"
    image = nibabel.Nifti1Image(np.zeros((8, 12, 5), np.uint8), np.diag([-1.0, -1, 2, 1]))
    image.header.set_sform(np.diag([-1.0, -1, 2, 1]), code="scanner")
    image.header.set_qform(np.diag([-1.0, -1, 3, 1]), code="scanner")
    nibabel.save(image, path)
    with open_volume(path) as volume:
        assert volume.spacing == (2, 1, 1)
        assert any("the two disagree" in note for note in volume.notes)
        assert any("twice how large a voxel is, 1 x 1 x 2 and 1 x 1 x 3" in n for n in volume.notes)


def test_bytes_too_many_and_odd_units_are_noted(tmp_path):
    path = tmp_path / "a.nii"
    _save(path, np.diag([-1.0, -1, 2, 1]), xyzt_units=5)
    path.write_bytes(path.read_bytes() + b"abc")
    with open_volume(path) as volume:
        assert (volume.spacing, volume.unit) == ((2, 1, 1), None)
        assert volume.notes == ("the file has 3 bytes more than its header says",)


def test_a_type_that_contradicts_its_bits_is_said(tmp_path):
    for make, at in ((nibabel.Nifti1Image, 70), (nibabel.Nifti2Image, 12)):
        path = tmp_path / "a.nii"
        nibabel.save(make(np.zeros((8, 12, 5), np.int16), np.diag([-1.0, -1, 2, 1])), path)
        with open_volume(path) as volume:
            assert volume.notes == ()
        content = bytearray(path.read_bytes())
        content[at : at + 2] = (2).to_bytes(2, "little")  # uint8
        path.write_bytes(content)
        with open_volume(path) as volume:
            assert "a value has 16 bits, but by its type it has 8" in volume.notes[0]


def test_the_checksum_is_compared_even_if_there_are_more_values_than_there_should_be(tmp_path):
    path = tmp_path / "a.nii.gz"
    write_volume(path, np.zeros((4, 5, 6), np.uint8))
    content = gzip.decompress(path.read_bytes())
    packed = bytearray(gzip.compress(content + bytes(2**21)))
    path.write_bytes(packed)
    with open_volume(path) as volume:
        assert not volume.data[:].any()
    packed[-8] ^= 1  # of the checksum
    path.write_bytes(packed)
    with pytest.raises(VolumeError, match="CRC check failed"), open_volume(path) as volume:
        volume.data[:]
