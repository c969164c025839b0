"""Some objects measured again after an edit, in their box alone: all others keep what they had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run, Slices, Workers

from .contacts import contact_columns, contact_table
from .instances import Instances
from .measures import MeasureRequest, measure_objects
from .relations import nearest_of
from .scale import Calibrated
from .shape_columns import AXES, border_columns
from .sums import sum_objects
from .table import Column, ObjectTable

BY_PARTNERS = ("neighbours", "contact_area")  # columns that change with an object's neighbours


@dataclass(frozen=True, eq=False)
class EditedPart:
    """A box of objects before and after an edit, a voxel wider than what changed.

    Attributes
    ----------
    box : tuple of 3 slice
    before, after : array of integers, (Z, Y, X)
        Numbers of the objects in the box.
    class_before, class_after : mapping of int to int
        Class of each object, at least of those in the box.
    changed : frozenset of int
        Objects of before or after that aren't what they were.
    grown : mapping of int to int
        Objects that only got voxels, and how many: too large to be measured again, they keep all
        measures but their volume.
    """

    box: Slices
    before: NDArray[Any]
    after: NDArray[Any]
    class_before: Mapping[int, int]
    class_after: Mapping[int, int]
    changed: frozenset[int]
    grown: Mapping[int, int] = field(default_factory=dict)


def measure_again(
    table: ObjectTable,
    part: EditedPart,
    request: MeasureRequest,
    shape: Sequence[int],
    scale: Calibrated,
    *,
    workers: Workers = None,
) -> ObjectTable:
    """Return the table after an edit.

    Parameters
    ----------
    table : ObjectTable
        Of `measure_objects` with the same request, which has names and channels only.
    part : EditedPart
    request : MeasureRequest
        Its channels are those of the box.
    shape : sequence of 3 int
        Of the whole volume.
    scale : Calibrated
    workers : int or Run, optional

    Returns
    -------
    ObjectTable
        In the order of the numbers, which may have gaps.
    """
    steps = Run.of(workers).steps([4, 1, 1])
    new = _own_measures(part, request, shape, scale, steps[0])
    kept = _grown(table.where(~np.isin(table["id"], list(part.changed))), part, scale)
    before = _contacts(part, part.before, part.class_before, request, scale, steps[1])
    after = _contacts(part, part.after, part.class_after, request, scale, steps[2])
    kept = _with_contacts(_with_contacts(kept, before, -1), after, 1)
    new = _with_contacts(new, after, 1)
    return _with_nearest(_joined(kept, new), scale)


def _grown(table: ObjectTable, part: EditedPart, scale: Calibrated) -> ObjectTable:
    """Add the voxels that objects got."""
    voxels = table["voxels"].copy()
    for number, more in part.grown.items():
        voxels[table["id"] == number] += more
    return table.replaced("voxels", voxels).replaced("volume", voxels * scale.voxel_volume)


def _own_measures(
    part: EditedPart,
    request: MeasureRequest,
    shape: Sequence[int],
    scale: Calibrated,
    run: Run,
) -> ObjectTable:
    """Measure the changed objects by themselves; their contacts are none as yet."""
    numbers = [k for k in sorted(part.changed) if k in part.class_after]
    instances = _dense(part.after, numbers, part.class_after)
    first = [side.start for side in part.box]
    origin = [o + k * s for o, k, s in zip(scale.origin, first, scale.spacing, strict=True)]
    found = measure_objects(
        instances, request, spacing=scale.spacing, unit=scale.unit, origin=origin, workers=run
    ).objects
    found = found.replaced("id", np.array(numbers, np.int64))
    for k, axis in enumerate(AXES):
        for end in ("first", "last"):
            found = found.replaced(f"{end}_{axis}", found[f"{end}_{axis}"] + first[k])
    low, high = (
        np.stack([found[f"{end}_{axis}"] for axis in AXES], 1) for end in ("first", "last")
    )
    for column in border_columns(low, high, shape):
        found = found.replaced(column.name, column.values)
    for column in found.columns:
        if column.name.startswith(BY_PARTNERS):
            found = found.replaced(column.name, np.zeros_like(column.values))
    return found


def _contacts(
    part: EditedPart,
    ids: NDArray[Any],
    class_of: Mapping[int, int],
    request: MeasureRequest,
    scale: Calibrated,
    run: Run,
) -> tuple[NDArray[np.int64], list[Column]]:
    """Return the numbers of the objects in the box, and their contacts with changed ones."""
    there = np.zeros(int(ids.max(initial=0)) + 1, np.bool_)
    there[ids.ravel()] = True
    there[0] = False
    numbers = np.flatnonzero(there)
    instances = _dense(ids, numbers.tolist(), class_of)
    contacts = contact_table(instances, sum_objects(instances, run=run), scale)
    changed = np.isin(numbers, [*part.changed, *part.grown])
    contacts = contacts.where(changed[contacts["id_1"] - 1] | changed[contacts["id_2"] - 1])
    return numbers, contact_columns(instances, contacts, scale, request.names)


def _dense(ids: NDArray[Any], numbers: Sequence[int], class_of: Mapping[int, int]) -> Instances:
    """Return the instances of some objects, numbered from 1 in the order of their numbers."""
    table = np.zeros(int(max(ids.max(initial=0), *numbers, 0)) + 1, np.uint32)
    table[list(numbers)] = np.arange(1, len(numbers) + 1)
    return Instances(table[ids], np.array([class_of[k] for k in numbers], np.int32))


def _with_contacts(
    table: ObjectTable, contacts: tuple[NDArray[np.int64], list[Column]], sign: int
) -> ObjectTable:
    """Add contacts to those that a table has, or take them away."""
    numbers, columns = contacts
    rows = np.flatnonzero(np.isin(table["id"], numbers))
    found = np.searchsorted(numbers, table["id"][rows])
    neighbours: dict[str, NDArray[Any]] = {}
    for column in columns:
        if column.name not in table:
            empty = np.zeros(len(table), column.values.dtype)
            table = ObjectTable((*table.columns, replace(column, values=empty)))
        # areas are whole numbers where there is none
        dtype = np.result_type(table[column.name], column.values)
        values = table[column.name].astype(dtype)
        values[rows] += sign * column.values[found]
        if column.name.startswith("neighbours"):
            neighbours[column.name.removeprefix("neighbours")] = values
        else:  # what is left of areas by rounding is nothing
            values[neighbours[column.name.removeprefix("contact_area")] == 0] = 0
        table = table.replaced(column.name, values)
    return table


def _joined(kept: ObjectTable, new: ObjectTable) -> ObjectTable:
    """Return the rows of two tables by number; what one has no column for is 0."""
    order = np.argsort(np.concatenate([kept["id"], new["id"]]), kind="stable")
    columns = [*kept.columns, *(column for column in new.columns if column.name not in kept)]
    joined = []
    for column in columns:
        parts = [
            table[column.name]
            if column.name in table
            else np.zeros(len(table), column.values.dtype)
            for table in (kept, new)
        ]
        joined.append(replace(column, values=np.concatenate(parts)[order]))
    return ObjectTable(tuple(joined))


def _with_nearest(table: ObjectTable, scale: Calibrated) -> ObjectTable:
    """Look for the nearest of each object anew: that takes no voxel."""
    centres = np.stack([table[f"centre_{axis}"] for axis in AXES], 1)
    nearest, distance = nearest_of(centres, table["class"])
    numbers = np.append(table["id"], 0)
    return table.replaced("nearest", numbers[nearest]).replaced("nearest_distance", distance)
