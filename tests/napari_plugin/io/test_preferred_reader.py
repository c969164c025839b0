"""Napari takes our reader without asking only where a person said so, and asks again after."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from napari.plugins.utils import get_preferred_reader
from napari.settings import get_settings
from supervox.napari_plugin.io.preferred_reader import is_preferred, prefer


@pytest.fixture
def preferences(plugin: Any) -> Iterator[Any]:
    """Napari's preferences of plugins, put back after the test."""
    settings = get_settings().plugins
    before = settings.extension2reader
    settings.extension2reader = {}
    yield settings
    settings.extension2reader = before


def test_nothing_is_preferred_before_a_person_says_so(preferences: Any) -> None:
    assert not is_preferred()
    assert get_preferred_reader("cell.tif") is None


def test_what_is_preferred_is_opened_without_a_question(preferences: Any, tmp_path: Any) -> None:
    prefer(True)
    assert is_preferred()
    (tmp_path / "cell.zarr").mkdir()
    for name in ("cell.tif", "cell.ome.tif", "cell.mrc", "cell.nii.gz", "cell.zarr"):
        assert get_preferred_reader(str(tmp_path / name)) == "supervox", name
    assert get_preferred_reader("notes.csv") is None
    prefer(False)
    assert preferences.extension2reader == {}
    assert not is_preferred()


def test_what_was_chosen_for_other_readers_stays(preferences: Any) -> None:
    preferences.extension2reader = {"*.tif": "napari-tifffile", "*.csv": "tables"}
    prefer(True)
    assert is_preferred()
    assert preferences.extension2reader["*.tif"] == "napari-tifffile"
    assert get_preferred_reader(f"folder{os.sep}cell.mrc") == "supervox"
    prefer(False)
    assert preferences.extension2reader == {"*.tif": "napari-tifffile", "*.csv": "tables"}
