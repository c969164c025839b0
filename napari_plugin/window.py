"""The desktop application: napari with the Supervox dock, and the files to begin with."""

from __future__ import annotations

import gc
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from supervox.napari_plugin.io.questions import question_of
from supervox.napari_plugin.io.readers import Role, read_layers
from supervox.napari_plugin.tasks.jobs import stop_all
from supervox.project import is_project
from supervox.volumes import VolumeError

if TYPE_CHECKING:
    from napari import Viewer
    from napari.layers import Layer

    from .dock import SupervoxDock

PLUGIN = "supervox"
DOCK = "Supervox"


def open_window(
    volume: str | None = None, strokes: str | None = None, labels: str | None = None
) -> None:
    """Open napari with the dock and these files, and return when its window is closed.

    Parameters
    ----------
    volume
        Address of the volume to segment, as `supervox.volumes.open_volume` takes it, or the folder
        of a project to go on with. What only a person can say of it is asked in the window.
    strokes
        Strokes to go on with.
    labels
        Labels to look at.

    Raises
    ------
    VolumeError
        If a file can't be opened; no window appears then.
    """
    project = Path(volume) if volume is not None and is_project(Path(volume)) else None
    files: tuple[tuple[str | None, Role], ...] = (
        (None if project else volume, "volume"),
        (labels, "labels"),
        (strokes, "annotations"),
    )
    asked: str | None = None
    try:
        found = [layer for path, role in files if path for layer in read_layers(path, role)]
    except VolumeError as error:
        if volume is None or strokes or labels or question_of(volume, error) is None:
            raise
        found, asked = [], volume
    import napari
    from napari.layers import Layer

    _leave_modules_out_of_searches()
    layers = [Layer.create(data, fields, kind) for data, fields, kind in found]
    dock = show_dock(napari.Viewer(title=DOCK), layers)
    dock.around.take_window(asked)
    if project is not None:
        dock.session.autosave.open(project)
    try:
        napari.run()
    except KeyboardInterrupt:  # Ctrl+C in the terminal closes it as well
        pass
    finally:
        dock.session.abandon()
        stop_all()


def show_dock(viewer: Viewer, layers: list[Layer]) -> SupervoxDock:
    """Add the dock to a viewer, then layers, the lowest last: it finds strokes when it needs them.

    A volume that came first would get an empty layer to paint on, only for it to be replaced.
    """
    dock: SupervoxDock = viewer.window.add_plugin_dock_widget(PLUGIN, DOCK)[1]
    for layer in reversed(layers):
        viewer.layers.insert(0, layer)
    if layers:  # napari made the last one active; a person wants to paint on the strokes
        viewer.layers.selection.active = viewer.layers[-1]
    return dock


def _leave_modules_out_of_searches() -> None:
    """Have Python look for garbage among what is made from now on, not in all that is imported.

    Napari has it look for each layer that goes, which takes a third of a second otherwise, and the
    window stands still meanwhile. Before there are layers: what is in memory now stays.
    """
    for name in ("napari.window", "supervox.napari_plugin.dock"):
        import_module(name)
    gc.collect()
    gc.freeze()
