"""The synthetic tomogram, to try everything on, as layers."""

from __future__ import annotations

from typing import Any

from supervox.sample_data import CLASS_COLOURS, CLASSES, Sample, make_phantom
from supervox.volumes import VolumeClass

from .layer_fields import AXES, KEY, Fields, class_fields

LayerData = tuple[Any, Fields, str]

SHAPE = (64, 192, 192)  # there in two seconds; `supervox sample` makes larger ones
NAME = "Cryo-SXT cell (synthetic)"
STROKES = "example strokes"


def cell() -> list[LayerData]:
    """Make the tomogram of a cell."""
    return [_image(make_phantom(SHAPE))]


def cell_with_strokes() -> list[LayerData]:
    """Make the tomogram of a cell, and strokes of every class as a person paints them."""
    sample = make_phantom(SHAPE)
    classes = [VolumeClass(value, name, CLASS_COLOURS[value]) for value, name in CLASSES.items()]
    record = {"role": "annotations", "classes": [item.as_json() for item in classes]}
    fields = _place(sample) | class_fields(classes) | {"name": STROKES, "metadata": {KEY: record}}
    return [_image(sample), (sample.strokes, fields, "labels")]


def _image(sample: Sample) -> LayerData:
    from .readers import contrast_limits

    limits = contrast_limits(sample.image)
    return sample.image, _place(sample) | {"name": NAME, "contrast_limits": limits}, "image"


def _place(sample: Sample) -> Fields:
    """Return the fields that say where the voxels are."""
    return {"scale": sample.spacing, "units": (sample.unit,) * 3, "axis_labels": AXES}
