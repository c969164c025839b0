"""How a project comes into a viewer: its layers, and what becomes of those that were there."""

from __future__ import annotations

from pathlib import Path

from napari.layers import Image, Labels
from napari.viewer import Viewer
from supervox.napari_plugin.layers.make_layers import make_annotations, record_of
from supervox.napari_plugin.project.project_files import Opened


def layers_of(opened: Opened) -> tuple[Image, Labels]:
    """Make the layers of a project's volume and of its strokes."""
    assert opened.image is not None
    data, fields = opened.image
    image, store = Image(data, **fields), opened.project.annotations
    return image, make_annotations(image, store.classes, store.voxels)


def clear_view(viewer: Viewer, folder: Path) -> None:
    """Hide what another image left; remove what this project left when it was open before."""
    stale = [layer for layer in viewer.layers if record_of(layer).get("project") == str(folder)]
    images = {record_of(layer).get("of") for layer in stale} - {None}
    for layer in list(viewer.layers):
        ids = {str(layer.unique_id), record_of(layer).get("of")}
        if layer in stale or ids & images:
            viewer.layers.remove(layer)
        else:
            layer.visible = False


def add_layers(viewer: Viewer, folder: Path, image: Image, strokes: Labels) -> None:
    """Show the layers of a project; what another one left is hidden."""
    clear_view(viewer, folder)
    viewer.layers.append(strokes)  # before its image, which would get another one
    viewer.layers.insert(viewer.layers.index(strokes), image)
