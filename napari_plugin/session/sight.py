"""Brings a place of the image into sight, without a move of the view where it is seen already."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from napari.layers import Image, Layer
from napari.viewer import Viewer

MOST = 0.8  # of half the view: a margin that is larger would never be in sight


def bring_into_sight(
    viewer: Viewer, image: Image, layer: Layer, voxel: Sequence[int], margin: float
) -> None:
    """Move the view, if a ring around a voxel is not on the screen, but not off the image.

    Parameters
    ----------
    viewer : Viewer
    image : Image
    layer : Layer
        Of the voxels of the image, and in one scale only: it knows what is on the screen.
    voxel : sequence of int
        Plane, row and column.
    margin : float
        Radius of the ring, in voxels.
    """
    dims = viewer.dims
    place = np.array(voxel[-layer.ndim :], float)
    low, high = layer.corner_pixels.astype(float)
    ends = np.array(layer.data.shape) - 1.0
    across = [axis - (dims.ndim - layer.ndim) for axis in dims.displayed]
    rim = np.minimum(margin, MOST * (high - low) / 2)
    first, last = low + rim * (low > 0), high - rim * (high < ends)
    if dims.ndisplay == 2 and ((first <= place) & (place <= last))[across].all():
        return
    if dims.ndisplay == 2:
        half = np.minimum((high - low) / 2, ends / 2)
        place = np.clip(place, half, ends - half)
    world = image.data_to_world(place)
    viewer.scene.camera.center = tuple(world[axis] for axis in across)
