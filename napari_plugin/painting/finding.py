"""Which layer has the strokes of an image, and in which slice of it something was painted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer
from supervox.execution import Slices
from supervox.napari_plugin.layers.make_layers import ANNOTATIONS, record_of, role_of
from supervox.napari_plugin.layers.source import finest_data

FLAT_TOOLS = ("paint", "erase", "fill", "polygon")  # on one slice, unless told otherwise


def find_strokes_of(image: Image, among: Iterable[Layer]) -> Labels | None:
    """Return strokes that fit an image: painted on it, or opened with it; they are its own then."""
    shape = tuple(finest_data(image).shape)
    for layer in among:
        if not isinstance(layer, Labels) or role_of(layer) != ANNOTATIONS:
            continue
        of = record_of(layer).get("of")
        data = layer.data
        fits = isinstance(data, np.ndarray) and data.dtype == np.uint8 and data.shape == shape
        if fits and of in (None, str(image.unique_id)):
            record_of(layer)["of"] = str(image.unique_id)
            return layer
    return None


def painted_box(parts: Iterable[Any], shape: Sequence[int]) -> Slices:
    """Return a box (Z, Y, X) around what napari's ``paint`` event tells that was painted.

    Parameters
    ----------
    parts : iterable
        Of the event: each has slices, and a mask of them; or arrays of indices, as of
        ``data_setitem``; first of all.
    shape : sequence of int
        Of the layer.
    """
    first, last = np.array(shape), np.zeros(len(shape), np.int64)
    for part in parts:
        for axis, at in enumerate(part[0]):
            if isinstance(at, slice):
                low, high = at.start, at.stop
            else:
                low, high = int(np.min(at)), int(np.max(at)) + 1
            first[axis], last[axis] = min(first[axis], low), max(last[axis], high)
    box = [slice(int(a), int(b)) for a, b in zip(first, last, strict=True)]
    z, y, x = [slice(0, 1), *box][-3:]
    return z, y, x


def lies_in(box: Slices, part: Slices) -> bool:
    """Tell whether a box is inside of another one."""
    return all(a.start >= b.start and a.stop <= b.stop for a, b in zip(box, part, strict=True))


def painted_slice(layer: Labels, dims: Any) -> Slices | None:
    """Return the slice in which one of napari's tools has just painted, if it is no more.

    Parameters
    ----------
    layer : Labels
    dims : Dims
        Of the viewer.
    """
    if str(layer.mode) not in FLAT_TOOLS or dims.ndisplay != 2:
        return None
    if layer.ndim == 2:
        return slice(0, 1), slice(0, layer.data.shape[0]), slice(0, layer.data.shape[1])
    if layer.n_edit_dimensions != 2:
        return None
    axis = dims.not_displayed[-1] - (dims.ndim - layer.ndim)
    at = round(float(layer.world_to_data(dims.point)[axis]))
    parts = [slice(0, n) for n in layer.data.shape]
    parts[axis] = slice(at, at + 1)
    return parts[0], parts[1], parts[2]
