"""HDF5 files as beamlines, ilastik and Fiji write them."""

import h5py
import numpy as np
import pytest
from supervox.volumes import Candidate, VolumeError, open_volume

VALUES = np.random.default_rng(1).integers(0, 255, (5, 12, 8), dtype=np.uint8)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.h5"


def _nexus(path, steps=(0.05, 0.0046, 0.0046), **axes):
    with h5py.File(path, "w") as file:
        file.attrs["default"] = "entry"
        file["instrument/raw"] = VALUES
        file["instrument/dark"] = VALUES
        entry = file.create_group("entry")
        entry.attrs["default"] = "tomogram"
        data = entry.create_group("tomogram")
        data.attrs.update({"signal": "data", "axes": ["z", "y", "x"]})
        data["data"] = h5py.SoftLink("/instrument/raw")
        for name, length, step in zip("zyx", VALUES.shape, steps, strict=True):
            data[name] = axes.get(name, 2 + step * np.arange(length))
            data[name].attrs["units"] = "um"


def test_the_only_volume_is_found(path):
    with h5py.File(path, "w") as file:
        file["entry/data"] = VALUES
        file["entry/angles"] = np.arange(5.0)
        file["entry/preview"] = VALUES[0]
        file["entry/name"] = "cell 7"
        file["link"] = h5py.SoftLink("/entry/data")
        file["nowhere"] = h5py.SoftLink("/gone")
        file["elsewhere"] = h5py.ExternalLink("gone.h5", "/data")
        file["entry/circle"] = h5py.SoftLink("/entry")
    with open_volume(path) as volume:
        assert volume.inner == "/entry/data"
        assert not volume.spacing_stated
        np.testing.assert_array_equal(volume.data, VALUES)


def test_several_volumes_are_listed(path):
    with h5py.File(path, "w") as file:
        file["raw"], file["filtered"] = VALUES, VALUES.astype("f4")
    with pytest.raises(
        VolumeError, match=r"pick one with 'a\.h5::PATH': /filtered \(5 x 12 x 8 float32\), /raw"
    ):
        open_volume(path)
    with open_volume(f"{path}::/filtered") as volume:
        assert volume.data.dtype == np.float32
    with pytest.raises(VolumeError, match=r"there is no '/other' in it .* /raw \(5 x 12 x 8"):
        open_volume(f"{path}::/other")


def test_candidates_can_be_chosen_from(path):
    with h5py.File(path, "w") as file:
        file["raw"], file["filtered"] = VALUES, VALUES.astype("f4")
    candidates = (
        Candidate("/filtered", (5, 12, 8), "float32"),
        Candidate("/raw", (5, 12, 8), "uint8"),
    )
    for address in (path, f"{path}::/other"):
        with pytest.raises(VolumeError, match="/raw") as refused:
            open_volume(address)
        assert refused.value.candidates == candidates
    for candidate in candidates:
        with open_volume(f"{path}::{candidate.inner}") as volume:
            assert volume.data.dtype == candidate.dtype
    with pytest.raises(VolumeError, match="no such file") as refused:
        open_volume(f"{path}.h5")
    assert refused.value.candidates == ()


@pytest.mark.parametrize("old", [False, True])
def test_the_only_signal_is_meant(path, old):
    with h5py.File(path, "w") as file:
        file["instrument/raw"] = VALUES + 1
        file["entry/tomo/data"] = VALUES
        if old:
            file["entry/tomo/data"].attrs["signal"] = 1
        else:
            file["entry/tomo"].attrs["signal"] = "data"
    with open_volume(path) as volume:
        assert volume.inner == "/entry/tomo/data"


def test_a_spectrum_as_signal_is_passed_over(path):
    with h5py.File(path, "w") as file:
        file["entry/sum"], file["entry/data"] = np.arange(9.0), VALUES
        file.attrs["default"], file["entry"].attrs["signal"] = "entry", "sum"
    with open_volume(path) as volume:
        assert volume.inner == "/entry/data"


def test_data_in_other_files(tmp_path):
    with h5py.File(tmp_path / "part.h5", "w") as file:
        file["data"] = VALUES
    layout = h5py.VirtualLayout((10, 12, 8), "u1")
    layout[:5] = h5py.VirtualSource("part.h5", "data", VALUES.shape)
    layout[5:] = h5py.VirtualSource("more.h5", "data", VALUES.shape)
    with h5py.File(tmp_path / "a.nxs", "w") as file:
        file["linked"] = h5py.ExternalLink("part.h5", "/data")
        file.create_virtual_dataset("joined", layout)
    with open_volume(f"{tmp_path}/a.nxs::/linked") as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        assert volume.metadata["stored in"].endswith("part.h5")
    with pytest.raises(VolumeError, match=r"other files, of which more\.h5 can't be found; copy"):
        open_volume(f"{tmp_path}/a.nxs::/joined")
    with h5py.File(tmp_path / "more.h5", "w") as file:
        file["data"] = VALUES + 1
    with open_volume(f"{tmp_path}/a.nxs::/joined") as volume:
        np.testing.assert_array_equal(volume.data, np.concatenate([VALUES, VALUES + 1]))


def test_a_group_may_be_named(path):
    with h5py.File(path, "w") as file:
        file["a/data"], file["b/data"] = VALUES, VALUES
    with open_volume(f"{path}::b") as volume:
        assert volume.inner == "/b/data"


def test_no_volume(path):
    with h5py.File(path, "w") as file:
        file["angles"] = np.arange(5)
    with pytest.raises(VolumeError, match="holds no dataset with planes, rows and columns"):
        open_volume(path)
    with pytest.raises(VolumeError, match="has 1 dimensions; a volume needs three"):
        open_volume(f"{path}::angles")


@pytest.mark.parametrize("name", ["a.nxs", "a.hdf", "a.HDF5"])
def test_nexus_default_and_axes(tmp_path, name):
    _nexus(tmp_path / name)
    with open_volume(tmp_path / name) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        assert volume.spacing == pytest.approx((0.05, 0.0046, 0.0046))
        assert volume.unit == "um"
        assert volume.origin == (2, 2, 2)


@pytest.mark.parametrize("uneven", [[0, 1, 2, 3, 9], [4, 3, 2, 1, 0], [0, 1, 2]])
def test_nexus_axes_that_give_no_spacing(path, uneven):
    _nexus(path, z=np.array(uneven, float))
    with open_volume(path) as volume:
        assert not volume.spacing_stated


def test_nexus_defaults_in_a_circle(path):
    _nexus(path)
    with h5py.File(path, "a") as file:
        del file["entry/tomogram"].attrs["signal"]
        file["entry/tomogram"].attrs["default"] = "/"
    with pytest.raises(VolumeError, match="several volumes"):
        open_volume(path)


def test_element_size(path):
    with h5py.File(path, "w") as file:
        file["t0/channel0"] = VALUES
        file["t0/channel0"].attrs["element_size_um"] = [0.05, 0.0046, 0.0046]
    with open_volume(path) as volume:
        assert (volume.spacing, volume.unit) == ((0.05, 0.0046, 0.0046), "um")


def test_ilastik_axes(path):
    tags = '{"axes": [{"key": "x"}, {"key": "y"}, {"key": "z"}, {"key": "c"}]}'
    with h5py.File(path, "w") as file:
        file["exported_data"] = VALUES.transpose(2, 1, 0)[..., np.newaxis]
        file["exported_data"].attrs["axistags"] = tags
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
        np.testing.assert_array_equal(volume.data[1, 2:5], VALUES[1, 2:5])


def test_broken_attributes_are_no_obstacle(path):
    with h5py.File(path, "w") as file:
        file["data"] = VALUES
        file["data"].attrs.update(
            {"axistags": "{", "classes": "[", "spacing": [0, 1, 1], "unit": "nm"}
        )
    with open_volume(path) as volume:
        assert not volume.spacing_stated
        assert "voxel size (0, 1, 1) is unusable" in volume.notes[0].replace(".0", "")


def test_unnamed_axes(path):
    with h5py.File(path, "w") as file:
        file["data"] = np.stack([VALUES, VALUES + 1], axis=-1)
        file["one"] = VALUES[np.newaxis, ..., np.newaxis]
    with pytest.raises(VolumeError, match=r"4 dimensions \(5 x 12 x 8 x 2\) and doesn't say"):
        open_volume(f"{path}::data")
    with open_volume(f"{path}::data,axes=zyxc,c=1") as volume:
        np.testing.assert_array_equal(volume.data, VALUES + 1)
    with open_volume(f"{path}::one") as volume:
        np.testing.assert_array_equal(volume.data, VALUES)


def test_values_that_are_no_numbers(path):
    with h5py.File(path, "w") as file:
        file["complex"] = VALUES.astype("c8")
        file["records"] = np.zeros((2, 3, 4), [("a", "u1")])
        file["empty"] = np.zeros((0, 3, 4))
    with pytest.raises(VolumeError, match="complex numbers"):
        open_volume(f"{path}::complex")
    with pytest.raises(VolumeError, match="not numbers"):
        open_volume(f"{path}::records")
    with pytest.raises(VolumeError, match=r"empty, its shape is \(0, 3, 4\)"):
        open_volume(f"{path}::empty")


@pytest.mark.parametrize("fraction", [0.01, 0.5, 0.9])
def test_cut_short(path, fraction):
    with h5py.File(path, "w") as file:
        file["data"] = VALUES
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * fraction)])
    with pytest.raises(VolumeError, match=r"can't be read as HDF5 .*cut short|isn't an HDF5 file"):
        open_volume(path)


def test_a_file_that_is_no_hdf5(path):
    path.write_bytes(b"text" * 1000)
    with pytest.raises(VolumeError, match="isn't an HDF5 file"):
        open_volume(path)
