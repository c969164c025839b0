"""The units in which a person reads lengths, areas and volumes: µm³ where nm³ would be millions.

Files keep the unit of the volume, whatever is shown.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from supervox.objects import Column, ObjectTable
from supervox.volumes import convert_length, unit_symbol

_LADDER = ("nm", "um", "mm")
_MOST = 1000.0  # from here on, a larger unit reads better
_LEAST = 0.1  # and below that length a smaller one


def reading_unit(size: float, unit: str, power: int = 1) -> tuple[str, float]:
    """Return the unit in which a length, area or volume reads best, and the factor to get there.

    It stays in its own from a tenth (of a length; by its power for areas and volumes) to a
    thousand.

    Parameters
    ----------
    size : float
    unit : str
        Of length, as files write it: "nm"; others are kept.
    power : int
        1 for a length, 2 for an area, 3 for a volume.

    Examples
    --------
    >>> reading_unit(5.2e6, "nm", 3), reading_unit(46, "angstrom"), reading_unit(0.02, "mm")
    (('um', 1e-09), ('angstrom', 1.0), ('um', 1000.0))
    """
    if unit_symbol(unit) != unit or not (np.isfinite(size) and size > 0):
        return unit, 1.0
    least = _LEAST**power
    if least <= size < _MOST:
        return unit, 1.0
    best, factor = unit, 1.0
    others = [other for other in _LADDER if (convert_length(1.0, unit, other) < 1) == (size >= 1)]
    for other in others if size >= 1 else reversed(others):
        step = convert_length(1.0, unit, other) ** power
        if size >= 1 and size * step < least:
            break
        best, factor = other, step
        if least <= size * step < _MOST:
            break
    return best, factor


def unit_text(unit: str) -> str:
    """Write a unit as people do: "µm" for "um", "nm³" for "nm^3"."""
    base, _, power = unit.partition("^")
    written = {"um": "µm", "angstrom": "Å"}.get(base, base)
    return written + {"": "", "2": "²", "3": "³"}.get(power, f"^{power}")


def in_reading_units(table: ObjectTable, before: ObjectTable | None = None) -> ObjectTable:
    """Return a table with each measure in the unit in which half of its values read best.

    Parameters
    ----------
    table : ObjectTable
        As it is measured and exported.
    before : ObjectTable, optional
        What is shown of the same objects: its units stay, however they were edited.
    """
    return ObjectTable(tuple(_in_reading_unit(column, before) for column in table.columns))


def _in_reading_unit(column: Column, before: ObjectTable | None) -> Column:
    base, _, exponent = column.unit.partition("^")
    if unit_symbol(base) != base or column.values.dtype == object:
        return column
    power = int(exponent or 1)
    if before is not None and column.name in before:
        unit = before.column(column.name).unit.partition("^")[0]
        factor = convert_length(1.0, base, unit) ** power
    else:
        sizes = np.abs(column.values.astype(np.float64))
        sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
        unit, factor = reading_unit(float(np.median(sizes)) if sizes.size else 0, base, power)
    if factor == 1:
        return column
    written = f"{unit}^{exponent}" if exponent else unit
    return replace(column, values=column.values * factor, unit=written)
