"""Preferences: the manifest's defaults are the engine's, and what is chosen arrives."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from napari.settings import get_plugin_settings
from supervox.execution import CHOICES
from supervox.features import PRESETS
from supervox.napari_plugin import settings as module
from supervox.napari_plugin.settings import Settings
from supervox.napari_plugin.tasks.resources import Resources
from supervox.segmentation import SupervoxelParameters


def properties(manifest):
    return {
        name: item
        for section in manifest.contributions.configurations.values()
        for name, item in section.properties.items()
    }


def test_the_manifest_has_the_same_defaults(plugin):
    declared = {name: item.default for name, item in properties(plugin).items()}
    nothing = dict.fromkeys(("workers", "memory_gb", "scratch", "scheduler"))
    assert declared | nothing | {"home": module.default_home()} == asdict(Settings())
    assert not any(declared[name] for name in (*nothing, "home"))
    assert declared["supervoxel_size"] == SupervoxelParameters().size_voxels
    assert properties(plugin)["preset"].enum == list(PRESETS)
    assert properties(plugin)["device"].enum == list(CHOICES)


def test_what_a_person_chose(plugin, plugin_settings):
    assert Settings.load() == Settings()
    stored = get_plugin_settings("supervox")
    stored.live_update.live = False
    stored.live_update.workers = 3
    stored.preparation.supervoxel_size = 6.5
    stored.preparation.device = "cpu"
    stored.painting.brush_size = 9
    assert Settings.load() == Settings(
        live=False, workers=3, supervoxel_size=6.5, device="cpu", brush_size=9
    )


def test_what_preparing_may_use(plugin, plugin_settings, tmp_path):
    assert Settings.load().resources == Resources(module.default_home())
    stored = get_plugin_settings("supervox").preparation
    stored.memory_gb = 8
    stored.scratch = str(tmp_path)
    stored.scheduler = " tcp://node:8786 "
    assert Settings.load().resources == Resources(tmp_path, None, 8e9, "tcp://node:8786")


def test_limits(plugin, plugin_settings):
    stored = get_plugin_settings("supervox")
    with pytest.raises(ValueError, match="supervoxel_size"):
        stored.preparation.supervoxel_size = 1


def test_without_the_plugin_there_are_defaults(plugin_settings):
    assert Settings.load() == Settings()
