"""The objects of the labels in a report: how many, how large, how they lie at the border."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from supervox.objects import ObjectTable, find_objects, measure_objects
from supervox.project import ProjectSettings
from supervox.volumes import cubed

from .document import Section, Table

MOST_COUNTED = 2**29  # voxels: beyond, numbering objects takes more memory than segmenting


def totals_of_objects(
    labels: NDArray[np.unsignedinteger], settings: ProjectSettings, names: Mapping[int, str]
) -> ObjectTable | None:
    """Measure the objects of labels, if there are any; None where that takes too much memory."""
    if labels.size > MOST_COUNTED:
        return None
    found = find_objects(labels)
    size = settings.voxel_size
    totals = measure_objects(found, spacing=size.spacing, unit=size.unit).classes
    texts = [names.get(value, "") for value in totals["class"].tolist()]
    return totals.replaced("class_name", np.array(texts, object))


def objects_section(totals: ObjectTable, settings: ProjectSettings) -> Section:
    """Describe the objects of each class."""
    unit, factor = cubed(settings.unit)
    if settings.voxel_size.known is None:
        unit, factor = "voxel", 1.0
    cube = f"{unit}^3" if unit else "cubed"
    header = (
        *("class", "name", "objects", "at the border", "counted"),
        *(f"{text} ({cube})" for text in ("mean volume", "SD", "median")),
    )
    columns = ("objects", "touching_border", "counted", "mean_volume", "sd_volume", "median_volume")
    rows = [
        (
            str(value),
            name,
            *(f"{number:,}" for number in row[:3]),
            *("" if math.isnan(number) else f"{factor * number:.4g}" for number in row[3:]),
        )
        for value, name, row in zip(
            totals["class"].tolist(),
            totals["class_name"].tolist(),
            zip(*(totals[column].tolist() for column in columns), strict=True),
            strict=True,
        )
    ]
    text = (
        "An object is a connected piece of a class (26 neighbours). Counted are those that touch "
        "none of the first plane, row and column: their number is right for objects that the "
        "border cuts. 'supervox objects' measures each of them."
    )
    return Section("Objects", (Table(header, tuple(rows)), text))
