"""What there is to say about a project, ready for a table or for JSON."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from typing import Any

from supervox.parameters import ParameterEntry, entries_of
from supervox.project import Project, RecordKind, count_corrected
from supervox.segmentation import (
    SegmentationParameters,
    balance_text,
    count_strokes,
    find_strokes,
)


def describe_project(project: Project) -> dict[str, Any]:
    """Return volume, classes, strokes, history and what was computed.

    Parameters
    ----------
    project : Project
    """
    journal = project.annotations.journal
    times = journal.times()
    return {
        "path": str(project.folder),
        "kind": "project",
        "settings": project.settings.to_json(),
        "classes": class_entries(project),
        "journal": {
            "records": len(journal),
            "changes": journal.count(RecordKind.VOXELS),
            "bytes": journal.size,
            "first": when(times[0]) if times else None,
            "last": when(times[1]) if times else None,
        },
        "derived": project.derived.describe(),
        "history": [dict(step) | {"when": when(step["time"])} for step in project.history.steps],
        "findings": [vars(finding) for finding in project.findings],
    }


def described_parameters(
    parameters: SegmentationParameters, names: Mapping[int, str]
) -> Iterator[tuple[ParameterEntry, str]]:
    """Yield every parameter with its value in words; a balance has the names of its classes."""
    for entry in entries_of(parameters):
        is_balance = entry.name == "refinement.balance"
        yield entry, balance_text(entry.value, names) if is_balance else entry.text


def mask_text(settings: Mapping[str, Any]) -> str:
    """Return the name of the mask in settings, and what it leaves out; empty if there is none."""
    mask = settings.get("mask")
    if mask is None:
        return ""
    share = 100 * mask["left_out"] / math.prod(settings["volume"]["shape"])
    return f"{mask['name']}: leaves out {mask['left_out']:,} voxels ({share:.3g} %)"


def class_entries(project: Project) -> list[dict[str, Any]]:
    """Return the classes in the table or painted, by id, with what is painted of them."""
    store = project.annotations
    strokes = find_strokes(store.voxels)
    numbers = count_strokes(strokes, store.voxels.shape) if strokes.voxels.size else {}
    table = {item.id: item for item in store.classes}
    corrections = count_corrected(project)
    return [
        {
            "id": k,
            "name": table[k].name if k in table else f"class {k}",
            "colour": table[k].colour if k in table else None,
            "painted_voxels": int((strokes.classes == k).sum()),
            "strokes": numbers.get(k, 0),
            "corrected_voxels": corrections.get(k, 0),
        }
        for k in sorted({*table, *strokes.class_ids, *corrections})
    ]


def when(seconds: float) -> str:
    """Write a time as people read it, in UTC."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))
