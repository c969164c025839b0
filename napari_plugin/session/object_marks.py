"""How objects look in the picture: outlined where they are chosen, coloured by a measure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.layers import Image, Labels
from napari.utils.colormaps import ensure_colormap
from napari.viewer import Viewer
from numpy.typing import NDArray
from supervox.napari_plugin.layers.make_layers import object_colormap
from supervox.napari_plugin.layers.outline_layer import COLOUR, OutlineLayer
from supervox.napari_plugin.layers.reading_units import in_reading_units
from supervox.napari_plugin.tasks.measuring import FoundObjects
from supervox.objects import ObjectTable

from .object_voxels import corners, voxels_of
from .objects_state import MEASURE_MAP, MeasureScale

OTHER = (0.35, 0.5, 0.75, 0.6)  # of other objects, where several are chosen
UNKNOWN = (0.5, 0.5, 0.5, 1.0)  # of objects that lack a measure
WIDE = 100.0  # from here on, the largest value over the least, colours are for equal ratios
MOST_OUTLINED = 2**26  # voxels of a box around several objects


class ObjectMarks:
    """Draws outlines, and gives the layer of the objects its colours.

    Parameters
    ----------
    viewer : Viewer
    """

    def __init__(self, viewer: Viewer) -> None:
        self._outline = OutlineLayer(viewer, "object")
        self._plain: Any = None  # the colours that the layer had at first, if it has others now

    def outline(self, image: Image, found: FoundObjects, numbers: Sequence[int]) -> None:
        """Outline some objects; none takes the outline away."""
        numbers = [number for number in numbers if found.row_of(number) is not None]
        if not numbers or _box_size(found, numbers) > MOST_OUTLINED:
            self._outline.clear()
            return
        first, mask = voxels_of(found, numbers)
        start = [k + s for k, s in zip(first, found.order.of.source.start, strict=True)]
        self._outline.show(image, mask, start)

    def colour(
        self, layer: Labels, found: FoundObjects, measure: str, chosen: Sequence[int]
    ) -> None:
        """Colour the layer of the objects.

        Parameters
        ----------
        layer : Labels
        found : FoundObjects
        measure : str
            Colours are by its values; each object has one of its own without it.
        chosen : sequence of int
            If these are several, all others are alike.
        """
        table = found.table
        numbers = table["id"]
        is_measured = measure in table and table[measure].dtype != object
        is_all = len(numbers) == len(found.measured)
        is_plain = is_all and not is_measured and len(chosen) < 2
        if is_plain and self._plain is None:
            return
        own = layer.colormap if self._plain is None else self._plain
        self._plain = None if is_plain else own
        if len(chosen) > 1:
            marked = dict.fromkeys(chosen, COLOUR)
            if is_all:
                layer.colormap = object_colormap(marked, OTHER)
            else:
                layer.colormap = object_colormap(dict.fromkeys(numbers.tolist(), OTHER) | marked)
        elif is_measured:
            values = table[measure].astype(np.float64)
            colours = measure_colours(values, values)
            layer.colormap = object_colormap(dict(zip(numbers.tolist(), colours, strict=True)))
        elif not is_all:  # what a rule removed isn't shown
            colours = own.map(numbers)
            layer.colormap = object_colormap(dict(zip(numbers.tolist(), colours, strict=True)))
        else:
            layer.colormap = own


def measure_colours(values: NDArray[np.float64], every: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the colour of each value; grey where it is unknown.

    Parameters
    ----------
    values : float, (N,)
    every : float, (M,)
        Of all objects: the least is the first of the colours, the largest the last.
    """
    known, ends = np.isfinite(values), _ends(every)
    colours = np.tile(np.array(UNKNOWN, np.float32), (values.size, 1))
    if known.any() and ends is not None:
        low, high, is_by_ratio = ends
        if is_by_ratio:
            values, low, high = np.log(np.where(known, values, 1)), math.log(low), math.log(high)
        shares = (values[known] - low) / (high - low) if high > low else np.full(known.sum(), 0.5)
        colours[known] = ensure_colormap(MEASURE_MAP).map(shares)
    return colours


def measure_scale(table: ObjectTable, measure: str) -> MeasureScale | None:
    """Return what colours by a measure mean; None if objects lack it, or it is no number."""
    if measure not in table or table[measure].dtype == object:
        return None
    (column,) = in_reading_units(ObjectTable((table.column(measure),))).columns
    ends = _ends(column.values.astype(np.float64))
    return None if ends is None else MeasureScale(column.name, column.unit, *ends)


def _ends(values: NDArray[np.float64]) -> tuple[float, float, bool] | None:
    """Return the values of the first and the last colour, and whether steps are equal ratios."""
    known = values[np.isfinite(values)]
    if not known.size:
        return None
    low, high = float(known.min()), float(known.max())
    return low, high, low > 0 and high / low > WIDE


def _box_size(found: FoundObjects, numbers: Sequence[int]) -> int:
    first, last = corners(found, numbers)
    return (
        0 if len(numbers) == 1 else math.prod(b + 1 - a for a, b in zip(first, last, strict=True))
    )
