"""The manifest is valid, and says what the engine can do."""

from __future__ import annotations

import pytest
from npe2 import PluginManifest
from npe2.manifest.utils import import_python_name
from supervox.project import ENDING
from supervox.volumes import FORMATS

READABLE = [ending for entry in FORMATS if entry.open for ending in entry.extensions]
WRITABLE = {
    "labels": [entry for entry in FORMATS if entry.create],
    "image": [entry for entry in FORMATS if entry.create and not entry.is_mesh],
}


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return PluginManifest.from_distribution("supervox")


def test_it_is_valid_and_ours(manifest):
    assert manifest.display_name == "Supervox"
    assert "Segmentation" in manifest.categories


def test_every_command_is_there(manifest):
    manifest.validate_imports()  # raises where there is nothing of that name
    names = [command.python_name for command in manifest.contributions.commands]
    assert names
    assert all(callable(import_python_name(name)) for name in names)


def test_every_command_is_used(manifest):
    contributions = manifest.contributions
    parts = (contributions.readers, contributions.writers, contributions.widgets)
    used = {item.command for part in (*parts, contributions.sample_data) for item in part}
    actions = "supervox.napari_plugin.commands:"  # are for the command palette
    others = [item for item in contributions.commands if not item.python_name.startswith(actions)]
    assert used == {command.id for command in others}


def test_readers_know_every_format(manifest):
    reader, of_projects = manifest.contributions.readers
    assert of_projects.filename_patterns == [f"*{ENDING}"]
    assert reader.filename_patterns == [f"*{ending}" for ending in READABLE]
    assert reader.accepts_directories


@pytest.mark.parametrize("kind", ["labels", "image"])
def test_writers_know_every_format(manifest, kind):
    writers = [item for item in manifest.contributions.writers if item.layer_types == [kind]]
    writable = [ending for entry in WRITABLE[kind] for ending in entry.extensions]
    assert sorted(e for item in writers for e in item.filename_extensions) == sorted(writable)
    for item in writers:
        named = item.display_name.removeprefix("OME-")
        able = [entry for entry in FORMATS if named in entry.name and entry.create]
        endings = {ending for entry in able for ending in entry.extensions}
        assert set(item.filename_extensions) == endings


def test_the_dock_is_where_people_look(manifest):
    (widget,) = manifest.contributions.widgets
    assert widget.display_name == "Supervox"
    menus = manifest.contributions.menus
    assert [item.command for item in menus["napari/layers/segment"]] == [widget.command]
