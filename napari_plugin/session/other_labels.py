"""Layers of labels that others made, of the voxels of the image that is worked on."""

from __future__ import annotations

from napari.layers import Labels
from supervox.napari_plugin.layers.make_layers import address_of, role_of
from supervox.napari_plugin.layers.source import finest_data
from supervox.volumes import Address

from .working_image import WorkingImage


def labels_of_others(volume: WorkingImage) -> list[Labels]:
    """Return the layers of labels that we didn't make, of the image's shape."""
    image = volume.image
    if image is None:
        return []
    shape = tuple(finest_data(image).shape)
    return [
        layer
        for layer in volume.viewer.layers
        if isinstance(layer, Labels)
        and role_of(layer) in (None, "labels")
        and tuple(finest_data(layer).shape) == shape
    ]


def labels_in_files(volume: WorkingImage) -> tuple[tuple[str, str], ...]:
    """Return the names of these layers, and the addresses of their files; empty for none."""
    return tuple((layer.name, _address(layer)) for layer in labels_of_others(volume))


def _address(layer: Labels) -> str:
    """Return where a layer was read from, by us or by another reader; empty if in no file."""
    address = address_of(layer) or layer.source.path
    if not address:
        return ""
    found = Address.parse(address)
    return str(found.at(found.path.absolute()))
