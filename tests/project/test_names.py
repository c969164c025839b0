"""Files of any name: bytes that are no UTF-8, as of an old microscope's computer, and a tilde."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest
from supervox.project import Project
from supervox.volumes import Address, VolumeError, open_volume

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")

LATIN = os.fsdecode(b"cell_\xb5m.tif")


def test_a_project_of_a_volume_and_in_a_folder_of_such_a_name(sample, tmp_path):
    place = tmp_path / os.fsdecode(b"gr\xf6\xdfe")
    place.mkdir()
    shutil.copy(sample.file, place / LATIN)
    folder = place / os.fsdecode(b"\xe4.supervox")
    with Project.create(folder, place / LATIN) as project:
        project.history.note("exported", to=str(place / LATIN))
        project.save_as(place / "copy.supervox")
    for name in (folder, place / "copy.supervox"):
        with Project.open(name) as project:
            assert not project.findings
            assert project.settings.volume.absolute == str(place.resolve() / LATIN)
            assert project.settings.volume.path == f"../{LATIN}"
            assert project.history.steps[-1]["to"] == str(place / LATIN)
            project.open_volume().close()
    text = (folder / "project.json").read_bytes()
    assert json.loads(text)["volume"]["path"] == f"../{LATIN}"
    (folder / "project.json").unlink()
    with Project.open(folder) as project:  # from the copy in the journal
        assert project.settings.volume.path == f"../{LATIN}"


@pytest.mark.parametrize("name", ["~cell.tif", "~", "~root.tif", "~/x", "~nobody-of-this-name/x"])
def test_a_name_that_begins_with_a_tilde(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    if name in ("~cell.tif", "~root.tif"):
        Path(name).touch()
    expected = {"~": tmp_path / "home", "~/x": tmp_path / "home" / "x"}
    assert Address.parse(name).path == expected.get(name, Path(name))


def test_a_volume_that_is_not_there_is_named_as_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(VolumeError, match=r"~nobody-of-this-name/x\.tif: there is no such file"):
        open_volume("~nobody-of-this-name/x.tif")
