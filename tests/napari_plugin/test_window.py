"""The window with its dock, and what stands in its way."""

from __future__ import annotations

import sys
from types import ModuleType

import napari
import numpy as np
import pytest
from napari.layers import Image, Labels
from qtpy.QtWidgets import QWidget
from supervox.napari_plugin import display, window
from supervox.napari_plugin.display import what_is_missing
from supervox.project import Project
from supervox.volumes import VolumeError, write_volume

from tests.napari_plugin.pictures import write


class Dock(QWidget):
    """Stands in for the dock, which has tests of its own."""

    def __init__(self, napari_viewer: object) -> None:
        super().__init__()
        self.viewer, self.session, self.opened = napari_viewer, self, []
        self.autosave, self.open = self, self.opened.append
        self.around = self

    def abandon(self) -> None:
        """Stop all work."""

    def take_window(self, volume: str | None) -> None:
        """Note what is to be opened."""
        self.asked = volume


@pytest.fixture
def dock(monkeypatch):
    module = ModuleType("supervox.napari_plugin.dock")
    module.SupervoxDock = Dock
    monkeypatch.setitem(sys.modules, module.__name__, module)


@pytest.fixture
def files(tmp_path, values):
    place = {"spacing": (2, 1, 1), "unit": "nm"}
    write_volume(tmp_path / "volume.tif", values.astype(np.uint8), kind="image", **place)
    write_volume(tmp_path / "strokes.tif", (values % 3).astype(np.uint16), **place)
    write_volume(tmp_path / "labels.tif", (values % 4).astype(np.uint8), **place)
    return {name: str(tmp_path / f"{name}.tif") for name in ("volume", "strokes", "labels")}


@pytest.fixture
def viewers(monkeypatch, make_napari_viewer_proxy):
    """Have the window shown in a viewer of the tests; return all that were shown."""
    shown = []

    def make(title: str) -> napari.Viewer:
        shown.append(make_napari_viewer_proxy(title=title))
        return shown[-1]

    monkeypatch.setattr(napari, "Viewer", make)
    monkeypatch.setattr(napari, "run", lambda: None)
    return shown


def test_an_empty_window_with_the_dock(plugin, dock, viewers):
    window.open_window()
    (viewer,) = viewers
    assert viewer.title == "Supervox"
    assert not viewer.layers
    assert [name for name in viewer.window.dock_widgets if "Supervox" in name]


def test_a_volume_with_strokes_and_labels(plugin, dock, viewers, files):
    window.open_window(**files)
    (viewer,) = viewers
    assert [layer.name for layer in viewer.layers] == ["volume", "labels", "strokes"]
    assert [type(layer) for layer in viewer.layers] == [Image, Labels, Labels]
    assert viewer.layers["strokes"].dtype == np.uint8
    roles = [layer.metadata["supervox"].get("role") for layer in viewer.layers]
    assert roles == [None, "labels", "annotations"], "an image with a role is not segmented"


def test_the_dock_takes_the_volume_and_the_strokes(plugin, plugin_settings, viewers, files):
    window.open_window(**files)
    (viewer,) = viewers
    (dock,) = (found for name, found in viewer.window.dock_widgets.items() if "(supervox)" in name)
    assert dock.session.volume.image.unique_id == viewer.layers["volume"].unique_id
    assert dock.session.painting.layer.unique_id == viewer.layers["strokes"].unique_id
    assert [layer.name for layer in viewer.layers] == ["volume", "labels", "strokes"]
    assert viewer.layers.selection.active.name == "strokes"
    assert viewer.layers["strokes"].mode == "paint"


def test_a_volume_alone_can_be_painted_at_once(plugin, plugin_settings, viewers, files):
    window.open_window(files["volume"])
    (viewer,) = viewers
    assert [layer.name for layer in viewer.layers] == ["volume", "strokes"]
    assert viewer.layers.selection.active.name == "strokes"
    assert viewer.layers["strokes"].mode == "paint"


def test_no_window_for_a_bad_file(plugin, dock, viewers, tmp_path):
    path = tmp_path / "cut.mrc"
    path.write_bytes(b"123")
    with pytest.raises(VolumeError, match="is cut short"):
        window.open_window(str(path))
    assert not viewers


def test_what_only_a_person_can_say_is_asked_in_the_window(plugin, dock, viewers, tmp_path):
    path = write(tmp_path, "tyx.tif")
    window.open_window(str(path))
    (viewer,) = viewers
    (docked,) = viewer.window.dock_widgets.values()
    assert docked.asked == str(path)
    assert not viewer.layers


def test_nothing_is_missing_here():
    assert what_is_missing() is None


def test_napari_is_missing(monkeypatch):
    monkeypatch.setattr(display, "find_spec", lambda name: None)
    assert "pip install 'supervox[desktop]'" in what_is_missing()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
def test_a_display_is_missing(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert "there is no display" in what_is_missing()
    monkeypatch.setenv("DISPLAY", ":54321")
    assert "the display ':54321' refuses the connection" in what_is_missing()
    monkeypatch.setenv("QT_QPA_PLATFORM", "nonesuch")
    assert "Qt can't open a window" in what_is_missing()


def test_a_project(plugin, dock, viewers, files, tmp_path):
    Project.create(tmp_path / "cell.supervox", files["volume"]).close()
    window.open_window(str(tmp_path / "cell.supervox"))
    (viewer,) = viewers
    (docked,) = viewer.window.dock_widgets.values()
    assert docked.opened == [tmp_path / "cell.supervox"]
    assert not viewer.layers
