"""The columns of an object's size, place and shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run

from .crofton import surfaces_of
from .definitions import DEFINITIONS
from .instances import Instances
from .scale import Calibrated
from .shape import axes_of, centres_of, feret_diameters
from .sums import ObjectSums
from .table import Column

AXES = ("plane", "row", "column")
ELLIPSOID = ("major", "middle", "minor")


def defined(name: str, values: NDArray[Any], unit: str = "") -> Column:
    """Return a column whose definition is listed."""
    definition, source = DEFINITIONS[name]
    return Column(name, values, unit, definition, source)


def size_columns(sums: ObjectSums, scale: Calibrated, run: Run) -> list[Column]:
    """Return voxels, volume, surface and what follows from them."""
    volume = sums.voxels.astype(np.float64) * scale.voxel_volume
    surface = surfaces_of(sums.crossings, sums.short, scale.spacing, run)
    round_surface = np.cbrt(math.pi) * np.square(np.cbrt(6 * volume))
    return [
        defined("voxels", sums.voxels),
        defined("volume", volume, scale.power(3)),
        defined("surface", surface, scale.power(2)),
        defined("sphericity", np.minimum(1.0, round_surface / surface)),
        defined("equivalent_diameter", np.cbrt(6 * volume / math.pi), scale.power(1)),
    ]


def shape_columns(
    instances: Instances, sums: ObjectSums, scale: Calibrated, run: Run
) -> list[Column]:
    """Return Feret diameters, axes, elongation and flatness."""
    lengths, directions = axes_of(sums, scale.spacing)
    feret = feret_diameters(instances, sums, directions, scale.spacing, run)
    unit = scale.power(1)
    columns = [
        *(defined(f"feret_{name}", feret[:, k], unit) for k, name in enumerate(("max", "min"))),
        *(defined(f"axis_{name}", lengths[:, k], unit) for k, name in enumerate(ELLIPSOID)),
    ]
    columns += [defined(f"direction_{axis}", directions[:, 0, k]) for k, axis in enumerate(AXES)]
    columns.append(defined("elongation", lengths[:, 0] / lengths[:, 1]))
    columns.append(defined("flatness", lengths[:, 1] / lengths[:, 2]))
    return columns


def place_columns(instances: Instances, sums: ObjectSums, scale: Calibrated) -> list[Column]:
    """Return box, centre, and whether the border of the volume is touched."""
    columns = [defined(f"first_{axis}", sums.low[:, k]) for k, axis in enumerate(AXES)]
    columns += [defined(f"last_{axis}", sums.high[:, k]) for k, axis in enumerate(AXES)]
    centres = centres_of(sums) * scale.spacing + scale.origin
    columns += [
        defined(f"centre_{axis}", centres[:, k], scale.power(1)) for k, axis in enumerate(AXES)
    ]
    return columns + border_columns(sums.low, sums.high, instances.ids.shape)


def border_columns(
    low: NDArray[np.int64], high: NDArray[np.int64], shape: Sequence[int]
) -> list[Column]:
    """Return whether the border of the volume is touched, from first and last voxels."""
    # Along an axis of one voxel everything is at the border, which says nothing.
    size = np.array(shape)
    deep = size > 1
    at_first = ((low == 0) & deep).any(axis=1)
    at_last = ((high == size - 1) & deep).any(axis=1)
    return [
        defined("touches_border", (at_first | at_last).astype(np.int64)),
        defined("counted", (~at_first).astype(np.int64)),
    ]
