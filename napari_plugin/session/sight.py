"""Brings a place of the image into sight, without a move of the view where it is seen already."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from napari.layers import Image, Layer
from napari.viewer import Viewer
from numpy.typing import NDArray

from .working_image import WorkingImage

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


def fly_to(volume: WorkingImage, strokes: Layer, mask: NDArray[np.bool_], start: list[int]) -> None:
    """Go to the plane that has most of some voxels, and bring those there into sight.

    Parameters
    ----------
    volume : WorkingImage
    strokes : Layer
        As for `bring_into_sight`.
    mask : bool, (Z, Y, X)
        A box around the voxels, which are true.
    start : list of 3 int
        Place of the first voxel of the box in the image.
    """
    image = volume.image
    if image is None or image not in volume.viewer.layers:
        return
    if image.ndim == 3:
        # across the planes that are seen, the one that has most of it
        axis = volume.axis_across()
        in_plane = np.count_nonzero(mask, axis=tuple({0, 1, 2} - {axis}))
        at = int(np.argmax(in_plane))
        volume.show_plane(axis, start[axis] + at)
        mask = np.take(mask, [at], axis)
        start = [k + at * (n == axis) for n, k in enumerate(start)]
    middle, radius = _middle(mask, start)
    bring_into_sight(volume.viewer, image, strokes, middle, radius)


def _middle(mask: NDArray[np.bool_], start: list[int]) -> tuple[list[int], float]:
    """Return the middle of the box around some voxels, and its largest half edge."""
    middle, radius = [], 0.0
    for axis in range(3):
        there = np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis})))
        middle.append(start[axis] + int(there[0] + there[-1]) // 2)
        radius = max(radius, (there[-1] - there[0] + 1) / 2)
    return middle, float(radius)
