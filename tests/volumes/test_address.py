"""Where a volume is, with names of any kind."""

import os
from pathlib import Path

import numpy as np
import pytest
from supervox.volumes import Address, VolumeError, open_volume, write_volume

VALUES = np.ones((3, 4, 5), np.uint8)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["~cell.tif", "~no-such-person/a.tif", "~", "~~.tif", "a~.tif"])
def test_a_name_may_begin_with_a_tilde(folder, name):
    Path(name).parent.mkdir(exist_ok=True)
    assert Address.parse(f"./{name}").path == Path(name)
    if name.endswith(".tif"):
        write_volume(name, VALUES)
        assert os.path.lexists(folder / name)
        with open_volume(name) as volume:
            assert volume.shape == VALUES.shape


def test_a_home_is_found(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    write_volume(folder / "a.tif", VALUES)
    assert Address.parse("~/a.tif::c=0") == Address(folder / "a.tif", None, {"c": "0"})


@pytest.mark.parametrize("name", ["scan::1.tif", "a::b::c.tif", "::.tif", "a,b=1.tif"])
def test_a_name_may_have_what_separates_addresses(folder, name):
    write_volume("x.tif", VALUES)
    os.rename("x.tif", name)
    with open_volume(name) as volume:
        assert volume.path == Path(name)
    assert Address.parse(f"{name}::axes=zyx") == Address(Path(name), None, {"axes": "zyx"})


def test_what_stands_before_the_first_separator_counts_where_it_exists(folder):
    write_volume("x.h5::/b.tif", VALUES)
    assert Address.parse("x.h5::/b.tif").inner == "/b.tif"
    assert Address.parse("none.h5::/b.tif").inner == "/b.tif"


@pytest.mark.parametrize("ending", [b".tif", b".h5", b".mrc", b".nrrd", b".npy", b".zarr", b".nii"])
def test_names_need_not_be_text(folder, ending):
    name = os.fsdecode(b"cell_\xb5m" + ending)
    write_volume(name, VALUES, spacing=(2, 1, 1), unit="nm")
    with open_volume(name) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
    with pytest.raises(VolumeError, match="no such file"):
        open_volume(os.fsdecode(b"none_\xb5m" + ending))


def test_names_may_have_line_breaks(folder):
    write_volume("a\nb.tif", VALUES)
    with open_volume("a\nb.tif") as volume:
        assert volume.shape == VALUES.shape
