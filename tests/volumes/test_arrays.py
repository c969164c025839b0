"""The lazy view, addresses, units and what is said of a volume."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from supervox.volumes import (
    FORMATS,
    Address,
    VolumeArray,
    VolumeError,
    describe,
    format_of,
    open_volume,
    write_volume,
)
from supervox.volumes.calibration import calibrate, convert_length, unit_symbol

VALUES = np.arange(3 * 4 * 5, dtype=np.int16).reshape(3, 4, 5)


class _Source:
    """A source that, like HDF5, takes only forward slices and integers."""

    def __init__(self, values):
        self.values, self.shape, self.dtype = values, values.shape, values.dtype
        self.read = 0

    def __getitem__(self, key):
        for item in key:
            assert isinstance(item, int) or (item.start >= 0 and item.step > 0)
        part = self.values[key]
        self.read += part.size
        return part


@given(
    arrays.basic_indices((3, 4, 5), allow_newaxis=False, allow_ellipsis=True).filter(
        lambda index: all(
            not isinstance(item, slice) or (item.step or 1) > 0
            for item in (index if isinstance(index, tuple) else (index,))
        )
    ),
    st.permutations("zyxc"),
)
def test_slices_are_those_of_numpy(index, order):
    source = np.stack([VALUES, VALUES + 100], axis=-1)
    source = source.transpose(["zyxc".index(axis) for axis in order])
    view = VolumeArray(_Source(source), order, {"c": 1}, Address.parse("a.h5"), "HDF5")
    np.testing.assert_array_equal(view[index], (VALUES + 100)[index])
    assert view.shape == VALUES.shape


def test_only_the_slice_is_read():
    source = _Source(VALUES)
    view = VolumeArray(source, "zyx", {}, Address.parse("a.h5"), "HDF5")
    assert (len(view), view.size, view.nbytes, view.ndim) == (3, 60, 120, 3)
    assert source.read == 0
    assert view[1, 2:4].shape == (2, 5)
    assert source.read == 10


def test_one_plane_has_all_three_axes():
    view = VolumeArray(_Source(VALUES[0]), "yx", {}, Address.parse("a.h5"), "HDF5")
    assert view[0].shape == (4, 5)
    assert view[:, 1].shape == (1, 5)
    assert view[1:].shape == (0, 4, 5)


def test_extended_floats_are_given_as_doubles():
    source = _Source(VALUES.astype(np.longdouble))
    view = VolumeArray(source, "zyx", {}, Address.parse("a.npy"), "NumPy")
    assert view.dtype == view[:].dtype == np.float64
    np.testing.assert_array_equal(view[:], VALUES)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ((3,), "index 3 is outside an axis of 3"),
        ((0, 0, 0, 0), "too many indices"),
        ((slice(None, None, -1),), "forward only"),
        (("z",), "not str"),
        (([0, 1],), "not list"),
        ((..., ...), "only one"),
    ],
)
def test_impossible_indices(index, message):
    view = VolumeArray(_Source(VALUES), "zyx", {}, Address.parse("a.h5"), "HDF5")
    with pytest.raises(IndexError, match=message):
        view[index]


@pytest.mark.parametrize("entry", [entry for entry in FORMATS if entry.create and entry.open])
def test_a_closed_volume_says_so(tmp_path, entry):
    path = tmp_path / f"a{entry.extensions[0]}"
    write_volume(path, VALUES)
    with open_volume(path) as volume:
        kept = volume.data[1]
    np.testing.assert_array_equal(kept, VALUES[1])
    with pytest.raises(VolumeError, match="was closed; open it again"):
        volume.data[0]


def test_addresses():
    address = Address.parse("/data/a=b/scan.h5::/entry/x=1/data,c=1,T=2")
    assert str(address.path) == "/data/a=b/scan.h5"
    assert address.inner == "/entry/x=1/data"
    assert address.settings == {"c": "1", "t": "2"}
    assert str(address) == "/data/a=b/scan.h5::/entry/x=1/data,c=1,t=2"
    assert Address.parse("a.tif::c=0") == Address(address.path.__class__("a.tif"), None, {"c": "0"})
    assert Address.parse("a.tif").inner is None


def test_endings_are_found_whatever_their_case_and_longest_first():
    assert format_of(Address.parse("A.OME.TIF")).name == "OME-TIFF"
    assert format_of(Address.parse("a.b.Tiff")).name == "TIFF"
    endings = [ending for entry in FORMATS for ending in entry.extensions]
    assert len(endings) == len(set(endings))


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("µm", "um"),
        ("μm", "um"),
        ("micron", "um"),
        (b"Nanometer", "nm"),
        ("Å", "angstrom"),
        ("A", "angstrom"),
        ("pixel", None),
        ("", None),
        (None, None),
    ],
)
def test_units(text, symbol):
    assert unit_symbol(text) == symbol


def test_powers_of_ten_are_exact():
    assert convert_length(46, "angstrom", "nm") == 4.6
    assert convert_length(0.3, "um", "nm") == 300


def test_mixed_units_and_unusable_sizes():
    mixed = calibrate((0.05, 4.6, 4.6), ("um", "nm", "nm"), (1, 5, 5))
    assert mixed.spacing == pytest.approx((50, 4.6, 4.6))
    assert (mixed.unit, mixed.origin) == ("nm", (1000, 5, 5))
    assert calibrate((1, 1, 1)).spacing is None
    assert calibrate((1, 1, 1), ("nm",) * 3).spacing == (1, 1, 1)
    assert calibrate(("x", 1, 1)).notes
    assert calibrate((2, 1, 1), origin=("?", float("inf"), 3)).origin == (0, 0, 3)


def test_a_description_is_json(tmp_path):
    write_volume(tmp_path / "a.h5", VALUES, spacing=(2, 1, 0.5), unit="um", origin=(1, 0, 0))
    with open_volume(tmp_path / "a.h5") as volume:
        told = json.loads(json.dumps(describe(volume)))
    assert told["format"] == "HDF5"
    assert told["inner"] == "/labels"
    assert told["shape"] == [3, 4, 5]
    assert told["extent"] == [6, 4, 2.5]
    assert told["origin"] == [1, 0, 0]
    assert (told["bytes"], told["voxels"], told["dtype"]) == (120, 60, "int16")
    assert told["chunks"] == [3, 4, 5]


def test_the_thickness_of_a_single_plane_may_be_missing():
    for thickness in (None, 0.0, float("nan"), "x"):
        found = calibrate((thickness, 3, 2), ("um", "um", "um"), planes=1)
        assert (found.spacing, found.notes) == ((2, 3, 2), ())
    assert calibrate((0.0, 3, 2), planes=2).spacing is None
    assert calibrate((1, 0.0, 2), planes=1).spacing is None


def test_ones_with_a_place_are_stated():
    assert calibrate((1, 1, 1), origin=(0, 0, 5)).origin == (0, 0, 5)
    assert calibrate((1, 1, 1), origin=(0, 0, 5)).spacing == (1, 1, 1)
    assert calibrate((1, 1, 1), origin=(0, 0, 0)).spacing is None


def test_a_unit_that_is_none_beside_one_that_is():
    found = calibrate((0.05, 5, 5), ("furlong", "nm", "nm"))
    assert found.notes == (
        "the unit 'furlong' of an axis isn't a known one of length, and nm is taken for it",
    )
    assert calibrate((0.05, 5, 5), ("pixel",) * 3).notes == ()
    (note,) = calibrate((0.05, 5, 5), ("nz",) * 3).notes
    assert note == "the unit 'nz' of an axis isn't a known one of length, and it is left out"


def test_a_place_beyond_all_stages_is_doubted():
    assert calibrate((2, 1, 1), ("nm",) * 3, (0, 0, 3e8)).notes == ()
    assert "hard to believe" in calibrate((2, 1, 1), ("nm",) * 3, (0, 0, 3e30)).notes[0]


@pytest.mark.parametrize(
    ("sizes", "unit", "planes", "doubted"),
    [
        ((1e-21, 1e-21, 1e-21), "nm", 5, True),
        ((1e-30, 1e-30, 1e-30), "m", 5, True),
        ((5e6, 5e6, 5e6), "mm", 5, True),
        ((1e-20, 1, 1), None, 5, True),
        ((1e6, 1, 1), "nm", 5, True),
        ((1, 1, 1e-4), None, 5, True),
        ((1e6, 1, 1), "nm", 1, False),
        ((0.1, 0.1, 0.1), "angstrom", 5, False),
        ((100, 1, 1), "nm", 5, False),
        ((10, 0.5, 0.5), "mm", 5, False),
        ((1e-9, 1e-9, 1e-9), None, 5, False),
    ],
)
def test_what_no_voxel_measures_is_doubted_aloud(sizes, unit, planes, doubted):
    found = calibrate(sizes, (unit,) * 3, planes=planes)
    assert found.spacing == pytest.approx(sizes)
    assert bool(found.notes) == doubted
    assert all("hard to believe" in note for note in found.notes)
