"""A volume from somebody else reads no file outside of its folder, and waits for no pipe."""

from __future__ import annotations

import inspect
import json
import os
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
from supervox.volumes import VolumeError, open_volume, write_volume
from supervox.volumes.outside import VARIABLE, follow_links, is_outside
from supervox.volumes.zarr_store import MemberStore
from zarr.storage import LocalStore

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links are others there")

VALUES = np.random.default_rng(0).integers(0, 255, (8, 9, 10)).astype(np.uint8)
REFUSED = r"outside of the folder that it is in.*--follow-links"


@pytest.fixture(autouse=True)
def as_ever(monkeypatch):
    monkeypatch.setenv(VARIABLE, "")


@pytest.fixture
def mine(tmp_path):
    """What the person has elsewhere, under names of several formats."""
    place = tmp_path / "mine"
    place.mkdir()
    (place / "secret").write_bytes(VALUES.tobytes())
    with h5py.File(place / "secret.h5", "w") as file:
        file["x"] = VALUES
    write_volume(place / "secret.zarr", VALUES)
    tifffile.imwrite(place / "secret.tif", VALUES[0])
    return place


@pytest.fixture
def theirs(tmp_path):
    place = tmp_path / "theirs"
    place.mkdir()
    return place


def external_storage(folder, mine):
    with h5py.File(folder / "a.h5", "w") as file:
        name = str(mine / "secret")
        file.create_dataset("v", VALUES.shape, np.uint8, external=[(name, 0, VALUES.nbytes)])
    return folder / "a.h5"


def external_storage_through_dots(folder, mine):
    with h5py.File(folder / "a.h5", "w") as file:
        name = str(folder / ".." / "mine" / "secret")
        file.create_dataset("v", VALUES.shape, np.uint8, external=[(name, 0, VALUES.nbytes)])
    return folder / "a.h5"


def external_link(folder, mine):
    with h5py.File(folder / "a.h5", "w") as file:
        file["entry/deep/v"] = h5py.ExternalLink(str(mine / "secret.h5"), "/x")
    return folder / "a.h5"


def external_link_to_a_link_beside(folder, mine):
    (folder / "b.h5").symlink_to(mine / "secret.h5")
    with h5py.File(folder / "a.h5", "w") as file:
        file["v"] = h5py.ExternalLink("b.h5", "/x")
    return folder / "a.h5"


def external_link_of_a_file_beside(folder, mine):
    with h5py.File(folder / "b.h5", "w") as file:
        file["v"] = h5py.ExternalLink(str(mine / "secret.h5"), "/x")
    with h5py.File(folder / "a.h5", "w") as file:
        file["v"] = h5py.ExternalLink("b.h5", "/v")
    return folder / "a.h5"


def virtual_source(folder, mine, name="secret.h5"):
    layout = h5py.VirtualLayout(VALUES.shape, np.uint8)
    layout[:] = h5py.VirtualSource(str(mine / name), "x", VALUES.shape)
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_virtual_dataset("v", layout)
    return folder / "a.h5"


def virtual_source_through_a_link(folder, mine):
    (folder / "b.h5").symlink_to(mine / "secret.h5")
    return virtual_source(folder, folder, "b.h5")


def external_link_of_a_virtual_source(folder, mine):
    with h5py.File(folder / "secret.h5", "w") as file:
        file["x"] = h5py.ExternalLink(str(mine / "secret.h5"), "/x")
    return virtual_source(folder, folder)


def external_link_beside_where_a_link_leads(folder, mine):
    external_link_to_a_link_beside(folder, mine)
    (folder.parent / "elsewhere").mkdir()
    (folder.parent / "elsewhere" / "c.h5").symlink_to(folder / "a.h5")
    return folder.parent / "elsewhere" / "c.h5"


def one_of_many_virtual_sources(folder, mine):
    layout = h5py.VirtualLayout((20 * len(VALUES), *VALUES.shape[1:]), np.uint8)
    for number in range(20):
        with h5py.File(folder / f"{number}.h5", "w") as file:
            if number == 2:
                stored = [(str(mine / "secret"), 0, VALUES.nbytes)]
                file.create_dataset("x", VALUES.shape, np.uint8, external=stored)
            else:
                file["x"] = VALUES
        planes = slice(number * len(VALUES), (number + 1) * len(VALUES))
        layout[planes] = h5py.VirtualSource(folder / f"{number}.h5", "x", VALUES.shape)
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_virtual_dataset("v", layout)
    return folder / "a.h5"


def _series(folder, file_name, inner):
    """Write a virtual dataset that goes on with the numbers of its files or datasets."""
    with h5py.File(folder / "a.h5", "w") as file:
        wide = h5py.h5s.create_simple(VALUES.shape, (h5py.h5s.UNLIMITED, *VALUES.shape[1:]))
        count = (h5py.h5s.UNLIMITED, 1, 1)
        wide.select_hyperslab((0, 0, 0), count, VALUES.shape, VALUES.shape)
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        part = h5py.h5s.create_simple(VALUES.shape)
        properties.set_virtual(wide, file_name, inner, part)
        h5py.h5d.create(file.id, b"v", h5py.h5t.NATIVE_UINT8, wide, properties)
    return folder / "a.h5"


def series_of_virtual_sources(folder, mine):
    for number in range(2):
        (folder / f"run[{number}]").mkdir()
    with h5py.File(folder / "run[0]" / "b.h5", "w") as file:
        file["x"] = VALUES
    (folder / "run[1]" / "b.h5").symlink_to(mine / "secret.h5")
    return _series(folder, b"run[%b]/b.h5", b"x")


def series_of_datasets(folder, mine):
    with h5py.File(folder / "b.h5", "w") as file:
        file["x0"] = VALUES
        stored = [(str(mine / "secret"), 0, VALUES.nbytes)]
        file.create_dataset("x1", VALUES.shape, np.uint8, external=stored)
    return _series(folder, b"b.h5", b"x%b")


def zarr_chunk(folder, mine):
    write_volume(folder / "a.zarr", VALUES)
    chunk = next(path for path in (folder / "a.zarr").rglob("0") if path.is_file())
    target = next(path for path in (mine / "secret.zarr").rglob("0") if path.is_file())
    chunk.unlink()
    chunk.symlink_to(target)
    return folder / "a.zarr"


def zarr_group(folder, mine):
    write_volume(folder / "a.zarr", VALUES)
    level = folder / "a.zarr" / "0"
    level.rename(folder / "away")
    level.symlink_to(mine / "secret.zarr" / "0")
    return folder / "a.zarr"


def zarr_metadata(folder, mine):
    (folder / "a.zarr").mkdir()
    for path in (mine / "secret.zarr").iterdir():
        (folder / "a.zarr" / path.name).symlink_to(path)
    return folder / "a.zarr"


def _second_level(folder, path):
    """Write a pyramid whose second level is where its metadata say: anywhere."""
    write_volume(folder / "a.zarr", VALUES)
    place = folder / "a.zarr" / "zarr.json"
    told = json.loads(place.read_text())
    told.pop("consolidated_metadata", None)  # each array is asked then
    levels = told["attributes"]["ome"]["multiscales"][0]["datasets"]
    told["attributes"]["ome"]["multiscales"][0]["datasets"] = [
        levels[0],
        levels[0] | {"path": path},
    ]
    place.write_text(json.dumps(told))
    return folder / "a.zarr"


def zarr_second_level_that_is_a_link(folder, mine):
    path = _second_level(folder, "linked")
    (path / "linked").symlink_to(mine / "secret.zarr" / "0")
    return path


def slice_of_a_folder(folder, mine):
    (folder / "slices").mkdir()
    for number in range(3):
        tifffile.imwrite(folder / "slices" / f"{number}.tif", VALUES[number])
    (folder / "slices" / "3.tif").symlink_to(mine / "secret.tif")
    return folder / "slices"


def ome_file(folder, mine):
    tifffile.imwrite(folder / "a.ome.tif", VALUES, metadata={"axes": "ZYX"})
    with tifffile.TiffFile(folder / "a.ome.tif") as file:
        xml = file.ome_metadata
    name = "../mine/secret.tif"
    part = f'<TiffData IFD="0" PlaneCount="1"><UUID FileName="{name}">urn:uuid:1</UUID></TiffData>'
    at = xml.index("<TiffData")
    changed = xml[:at] + part + xml[at:]
    tifffile.tiffcomment(folder / "a.ome.tif", changed.encode())
    return folder / "a.ome.tif"


WAYS = [
    external_storage,
    external_storage_through_dots,
    external_link,
    external_link_to_a_link_beside,
    external_link_of_a_file_beside,
    virtual_source,
    virtual_source_through_a_link,
    external_link_of_a_virtual_source,
    external_link_beside_where_a_link_leads,
    one_of_many_virtual_sources,
    series_of_virtual_sources,
    series_of_datasets,
    zarr_chunk,
    zarr_group,
    zarr_metadata,
    zarr_second_level_that_is_a_link,
    slice_of_a_folder,
    ome_file,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_leads_outside_is_refused(theirs, mine, way):
    path = way(theirs, mine)
    with pytest.raises(VolumeError, match=REFUSED), open_volume(path) as volume:
        volume.data[...]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_leads_outside_is_read_if_a_person_says_so(theirs, mine, monkeypatch, way):
    path = way(theirs, mine)
    follow_links()
    with open_volume(path) as volume:
        volume.data[...]


def test_what_lies_beside_is_read(tmp_path, theirs, mine):
    (mine / "secret.h5").rename(theirs / "b.h5")
    path = virtual_source(theirs, theirs, "b.h5")
    with h5py.File(path, "a") as file:
        file["w"] = h5py.ExternalLink("b.h5", "/x")
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / "c.h5").symlink_to(path)
    for place in (path, tmp_path / "link" / "c.h5"):
        for name in ("v", "w"):
            with open_volume(f"{place}::{name}") as volume:
                np.testing.assert_array_equal(volume.data, VALUES)


@pytest.mark.parametrize("kind", ["link", "virtual"])
def test_where_hdf5_looks_next_matters_if_it_cant_open_the_first(theirs, mine, monkeypatch, kind):
    monkeypatch.chdir(mine)
    if kind == "link":
        with h5py.File(theirs / "a.h5", "w") as file:
            file["v"] = h5py.ExternalLink("secret.h5", "/x")
    else:
        layout = h5py.VirtualLayout(VALUES.shape, np.uint8)
        layout[:] = h5py.VirtualSource("secret.h5", "x", VALUES.shape)
        with h5py.File(theirs / "a.h5", "w") as file:
            file.create_virtual_dataset("v", layout)
    (theirs / "secret.h5").write_bytes(b"no HDF5 file")
    with pytest.raises(VolumeError, match=REFUSED):
        open_volume(theirs / "a.h5")
    (theirs / "secret.h5").write_bytes((mine / "secret.h5").read_bytes())
    with open_volume(theirs / "a.h5") as volume:
        np.testing.assert_array_equal(volume.data, VALUES)


def test_virtual_datasets_of_virtual_datasets_end(theirs):
    with h5py.File(theirs / "a.h5", "w") as file:
        file["v0"] = VALUES
        for number in range(1, 12):
            layout = h5py.VirtualLayout(VALUES.shape, np.uint8)
            layout[:] = h5py.VirtualSource(".", f"v{number - 1}", VALUES.shape)
            file.create_virtual_dataset(f"v{number}", layout)
    with open_volume(f"{theirs / 'a.h5'}::v8") as volume:
        np.testing.assert_array_equal(volume.data, VALUES)
    with pytest.raises(VolumeError, match=r"more than 8 deep or in a circle"):
        open_volume(f"{theirs / 'a.h5'}::v11")


def test_each_part_is_looked_into_once(theirs):
    with h5py.File(theirs / "a.h5", "w") as file:
        file["v0_0"] = VALUES
        for level in range(1, 8):  # each of nine has parts in all nine below
            for number in range(9):
                layout = h5py.VirtualLayout((9, 9, 10), np.uint8)
                for part in range(9):
                    below, shape = f"v{level - 1}_{part}", (9, 9, 10)
                    if level == 1:
                        below, shape = "v0_0", VALUES.shape
                    layout[part] = h5py.VirtualSource(".", below, shape)[0]
                file.create_virtual_dataset(f"v{level}_{number}", layout)
    with pytest.raises(VolumeError, match="holds several volumes"):
        open_volume(theirs / "a.h5")
    open_volume(f"{theirs / 'a.h5'}::v7_0").close()


PIPES = ["a.tif", "a.mrc", "a.h5", "a.npy", "a.raw", "a.nrrd", "a.nii", "a.zarr", "a.txrm"]


@pytest.mark.parametrize("name", PIPES)
def test_a_pipe_is_no_volume(tmp_path, name):
    os.mkfifo(tmp_path / name)
    (tmp_path / f"link.{name}").symlink_to(tmp_path / name)
    for path in (tmp_path / name, tmp_path / f"link.{name}"):
        with pytest.raises(VolumeError, match="is a pipe, a device or the like, not a file"):
            open_volume(path)
    with pytest.raises(VolumeError, match="is a pipe, a device or the like"):
        open_volume("/dev/zero::shape=2x2x2,dtype=uint8")


@pytest.mark.parametrize("way", [external_link, zarr_chunk], ids=lambda way: way.__name__)
def test_a_pipe_in_a_volume_is_not_waited_for(theirs, mine, way):
    path = way(theirs, mine)
    for target in mine.rglob("*"):
        if target.is_file() and target.name != "zarr.json":
            target.unlink()
            os.mkfifo(target)
    follow_links()
    with pytest.raises(VolumeError, match="is a pipe"), open_volume(path) as volume:
        volume.data[...]


@pytest.mark.parametrize("through", ["the root", "dots"])
def test_the_second_level_is_looked_for_in_the_store(theirs, mine, through):
    home = "../.." if through == "dots" else str(mine.parent)
    path = _second_level(theirs, f"{home}/mine/secret.zarr/0")
    (mine / "secret.zarr" / "0" / "zarr.json").unlink()
    os.mkfifo(mine / "secret.zarr" / "0" / "zarr.json")  # would be waited for
    with open_volume(path) as volume:
        np.testing.assert_array_equal(volume.data, VALUES)


def test_a_pipe_as_second_level_is_not_waited_for(theirs):
    path = _second_level(theirs, "more")
    (path / "more").mkdir()
    os.mkfifo(path / "more" / "zarr.json")
    with pytest.raises(VolumeError, match="is a pipe"):
        open_volume(path)


def test_every_way_in_which_a_store_reads_looks_at_the_member_first(tmp_path):
    readers = {
        name
        for name, method in inspect.getmembers(LocalStore, inspect.isfunction)
        if {"_get", "open", "read_bytes", "read_text"} & set(method.__code__.co_names)
        and method.__qualname__.startswith("LocalStore.")
    }
    assert {"get", "get_partial_values"} <= readers <= set(vars(MemberStore))


def test_a_store_that_is_read_without_a_loop_looks_at_the_member_too(tmp_path, theirs, mine):
    store = MemberStore(zarr_metadata(theirs, mine))
    with pytest.raises(VolumeError, match=REFUSED):
        store.get_sync("zarr.json")


def test_the_folder_of_a_volume(tmp_path):
    volume = tmp_path / "a" / "v.h5"
    assert not is_outside(volume, tmp_path / "a" / "b" / "c")
    assert not is_outside(volume, volume)
    assert is_outside(volume, tmp_path / "ab")
    assert is_outside(volume, tmp_path / "a" / ".." / "b")
    assert is_outside(volume, tmp_path)
    assert not is_outside(Path("/v.h5"), "/etc/passwd")
