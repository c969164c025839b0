"""What is printed of how far two segmentations agree, and what JSON has of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from supervox.objects import Agreement, ClassAgreement
from supervox.volumes import VoxelSize

from .report import print_table


def agreement_json(found: Agreement, names: Mapping[int, str]) -> dict[str, Any]:
    """Return all measures, for JSON."""
    classes = []
    for item in found.classes:
        values = item.as_json()
        classes.append({"id": values.pop("id"), "name": names.get(item.class_id)} | values)
    return {
        "voxels": found.voxels,
        "agreement": found.agreement,
        "tolerance": found.tolerance,
        "classes": classes,
    }


def print_agreement(found: Agreement, names: Mapping[int, str], size: VoxelSize) -> None:
    """Print a table of the classes."""
    unit = "voxels" if size.known is None else size.unit
    length = f" ({unit})" if unit else ""
    header = [
        *("class", "name", "Dice", "IoU", "volume B - A", f"mean distance{length}"),
        *(f"95 %{length}", "boundary F", "objects A", "objects B", "matched", "F1"),
    ]
    print_table(header, [_row(item, names) for item in found.classes])


def _row(item: ClassAgreement, names: Mapping[int, str]) -> list[str]:
    return [
        str(item.class_id),
        names.get(item.class_id, ""),
        _number(item.dice, ".4f"),
        _number(item.iou, ".4f"),
        _number(100 * item.volume_difference, "+.1f", " %"),
        _number(item.surfaces.mean, ".4g"),
        _number(item.surfaces.percentile_95, ".4g"),
        _number(item.surfaces.f_score, ".4f"),
        f"{item.objects_a:,}",
        f"{item.objects_b:,}",
        f"{item.matched:,}",
        _number(item.object_f1, ".4f"),
    ]


def _number(value: float, form: str, unit: str = "") -> str:
    """Write a number; what can't be measured is a dash."""
    return "-" if value != value else format(value, form) + unit
