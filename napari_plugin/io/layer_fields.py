"""What a layer says beside its values: voxel size, unit, place, classes; to and from volumes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from supervox.volumes import Triple, Volume, VolumeClass, convert_length, describe, unit_symbol

Fields = dict[str, Any]

KEY = "supervox"  # of a layer's metadata
AXES = ("z", "y", "x")
_UNNAMED = "#a0a0a0"  # values that no class stands for


def record(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the plugin keeps in the metadata of a layer; nothing if it isn't ours."""
    found = metadata.get(KEY)
    return found if isinstance(found, dict) else {}


def fields_of(volume: Volume, name: str) -> Fields:
    """Return the fields of a layer that shows a volume; of a single plane, of a 2D layer."""
    start = 1 if volume.shape[0] == 1 else 0
    fields: Fields = {
        "name": name,
        "scale": volume.spacing[start:],
        "translate": volume.origin[start:],
        "axis_labels": AXES[start:],
        "metadata": {KEY: describe(volume)},
    }
    if volume.unit is not None:
        fields["units"] = (volume.unit,) * (3 - start)
    return fields


def class_fields(classes: Sequence[VolumeClass]) -> Fields:
    """Return the fields of a Labels layer that shows classes in their colours, by their names."""
    from napari.utils import DirectLabelColormap
    from napari.utils.colormaps import label_colormap

    spare = label_colormap()
    colours: dict[int | None, Any] = {None: _UNNAMED, 0: "transparent"}
    for item in classes:
        colours[item.value] = item.colour or spare.map(item.value)
    features = {"index": [item.value for item in classes], "name": [item.name for item in classes]}
    return {"colormap": DirectLabelColormap(color_dict=colours), "features": features}


@dataclass(frozen=True)
class Place:
    """Where a layer's voxels are.

    Attributes
    ----------
    spacing
        Voxel size along (z, y, x); None if nobody said.
    unit
        Its unit, if it is one of length.
    origin
        Position of the first voxel.
    """

    spacing: Triple | None
    unit: str | None
    origin: Triple

    @classmethod
    def of_layer(cls, fields: Mapping[str, Any]) -> Place:
        """Read the fields of a layer of two or three axes.

        A 2D layer has no distance of planes: it gets that of the file that it came from, or else
        its rows'.
        """
        n = len(fields.get("scale", AXES))
        symbols = [unit_symbol(str(unit)) for unit in fields.get("units") or [None] * n]
        unit = next((symbol for symbol in reversed(symbols) if symbol), None)
        affine = np.asarray(fields.get("affine", np.eye(n + 1)), float)
        steps = steps_of(
            fields.get("scale", [1.0] * n), fields.get("rotate"), fields.get("shear"), affine
        )
        moved = np.asarray(fields.get("translate", [0.0] * n), float)
        translate = [float(value) for value in affine[:-1, :-1] @ moved + affine[:-1, -1]]
        if unit is not None:
            steps = [_in_unit(step, symbols, unit) for step in steps]
            translate = _in_unit(translate, symbols, unit)
        # a negative one runs backwards, which no file of ours does
        scale = [math.copysign(length_of(step), step[i]) for i, step in enumerate(steps)]
        if len(scale) == 2:
            stated = record(fields.get("metadata", {})).get("spacing") or scale
            same_unit = record(fields.get("metadata", {})).get("unit") == unit
            scale = [float(stated[0]) if same_unit else scale[0], *scale]
            translate = [0.0, *translate]
        if unit is None and scale == [1.0, 1.0, 1.0] and not any(translate):
            return cls(None, None, (0.0, 0.0, 0.0))
        return cls(_triple(scale), unit, _triple(translate))


def classes_of_layer(fields: Mapping[str, Any]) -> tuple[VolumeClass, ...] | None:
    """Return the classes that the plugin wrote into a layer's metadata, or None."""
    items = record(fields.get("metadata", {})).get("classes")
    if not items:
        return None
    return tuple(VolumeClass(item["value"], item["name"], item.get("colour")) for item in items)


def coloured_classes(fields: Mapping[str, Any], values: Sequence[int]) -> tuple[VolumeClass, ...]:
    """Return a class for each value of a Labels layer, with the colour that it is shown in."""
    colormap = fields["colormap"]
    return tuple(VolumeClass(v, f"class {v}", _hexadecimal(colormap.map(v))) for v in values)


def steps_of(scale: Any, rotate: Any, shear: Any, affine: Any) -> list[list[float]]:
    """Return the step in the world from a voxel to the next along each axis of a layer.

    Parameters
    ----------
    scale : sequence of float, (n,)
    rotate : float, (n, n), optional
        A matrix, as layers have it.
    shear : float, optional
        As napari has it: the entries above the diagonal, or a matrix (n, n).
    affine : float, (n + 1, n + 1)
    """
    matrix = np.diag([float(value) for value in scale])
    n = len(matrix)
    if shear is not None and np.any(shear):
        upper = np.asarray(shear, float)
        if upper.ndim != 2:
            flat, upper = upper.ravel(), np.eye(n)
            upper[np.triu_indices(n, 1)] = flat
        matrix = upper @ matrix
    if rotate is not None and np.ndim(rotate) == 2:
        matrix = np.asarray(rotate, float) @ matrix
    world = np.asarray(affine, float)[:n, :n] @ matrix
    return [[float(part) for part in step] for step in world.T]


def length_of(step: Sequence[float]) -> float:
    """Return the length of a step in the world, without the noise of a rotation."""
    parts = [abs(part) for part in step if part]
    return sum(parts) if len(parts) < 2 else float(f"{math.hypot(*parts):.12g}")


def _in_unit(lengths: Sequence[float], symbols: Sequence[str | None], unit: str) -> list[float]:
    return [
        convert_length(length, symbol or unit, unit)
        for length, symbol in zip(lengths, symbols, strict=True)
    ]


def _triple(values: Sequence[float]) -> Triple:
    z, y, x = values
    return z, y, x


def _hexadecimal(colour: Sequence[float]) -> str | None:
    """Write red, green, blue and alpha from 0 to 1 as files do; None for what can't be seen."""
    red, green, blue, alpha = (round(255 * float(part)) for part in colour)
    return f"#{red:02x}{green:02x}{blue:02x}" if alpha else None
