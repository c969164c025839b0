"""What a voxel measures: units, and what of a file's header can be believed.

Units are spelt in ASCII as napari and pint know them: ``nm``, ``um``, ``mm``, ``angstrom``...
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Triple = tuple[float, float, float]


class _Unit(NamedTuple):
    metres: float
    name: str  # as OME-Zarr spells it
    aliases: tuple[str, ...]


_UNITS = {
    "angstrom": _Unit(1e-10, "angstrom", ("a", "å", "\u212b", "angstroms", "ang", "ångström")),
    "pm": _Unit(1e-12, "picometer", ("picometre", "picometers")),
    "nm": _Unit(1e-9, "nanometer", ("nanometre", "nanometers", "nanometres")),
    "um": _Unit(
        1e-6,
        "micrometer",
        ("µm", "μm", "\\u00b5m", "micron", "microns", "micrometre", "micrometers", "micrometres"),
    ),
    "mm": _Unit(1e-3, "millimeter", ("millimetre", "millimeters", "millimetres")),
    "cm": _Unit(1e-2, "centimeter", ("centimetre", "centimeters", "centimetres")),
    "m": _Unit(1.0, "meter", ("metre", "meters", "metres")),
}
_SYMBOLS = {
    alias: symbol for symbol, unit in _UNITS.items() for alias in (symbol, unit.name, *unit.aliases)
}
# What a voxel of any microscope or scanner measures; beyond, a header was more likely damaged.
_BELIEVED_METRES = (1e-12, 1.0)
_BELIEVED_NUMBERS = (1e-12, 1e9)  # in no unit
_BELIEVED_VOXELS = 1e9  # from the origin of space to the first voxel
_PIXELS = ("pixel", "pixels", "px", "voxel", "voxels", "none", "unknown", "unitless", "1")
_EVEN = 1e-3  # steps along an axis may differ by this part
_BELIEVED_RATIO = 1000.0  # of the longest edge to the shortest


@dataclass(frozen=True)
class Calibration:
    """Voxel size and position as a file states them; ``spacing`` is None where it doesn't."""

    spacing: Triple | None = None
    unit: str | None = None
    origin: Triple = (0.0, 0.0, 0.0)
    notes: tuple[str, ...] = ()


def cubed(unit: str | None) -> tuple[str | None, float]:
    """Return the unit in which the volume of a piece reads best, and the factor to get there.

    Examples
    --------
    >>> cubed("nm"), cubed(None)
    (('um', 1e-09), (None, 1.0))
    """
    return {"angstrom": ("nm", 1e-3), "nm": ("um", 1e-9)}.get(unit or "", (unit, 1.0))


def unit_symbol(text: object) -> str | None:
    """Return our spelling of a length unit, or None if it isn't one that we know.

    Examples
    --------
    >>> unit_symbol("Micron"), unit_symbol("pixel")
    ('um', None)
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return _SYMBOLS.get(str(text).strip().lower()) if text else None


def unit_name(symbol: str) -> str:
    """Return the unit's long name, as OME-Zarr has it."""
    return _UNITS[symbol].name


def convert_length(length: float, source: str, target: str) -> float:
    """Take a length from one unit to another."""
    # Multiplying or dividing by a whole power of ten keeps 46 angstrom at 4.6 nm exactly.
    exponent = round(math.log10(_UNITS[source].metres) - math.log10(_UNITS[target].metres))
    return length * 10.0**exponent if exponent >= 0 else length / 10.0**-exponent


def usable(size: object) -> bool:
    """Say whether a number from a header can be a voxel's size."""
    try:
        value = float(size)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return math.isfinite(value) and value > 0


def calibrate(
    sizes: Sequence[object],
    units: Sequence[object] = (None, None, None),
    origin: Sequence[object] | None = None,
    *,
    planes: int | None = None,
) -> Calibration:
    """Make a `Calibration` of what a header says, in one unit for all axes.

    Parameters
    ----------
    sizes
        Voxel size along (z, y, x). If one of them can't be a size (zero, negative, not a number)
        the spacing counts as not stated, with a note.
    units
        The unit of each axis, as the file spells it. The finest axis decides the common unit.
    origin
        Position of the first voxel, in the same units.
    planes
        How many there are, where that is known: the thickness of a single one means nothing, and
        may be missing.
    """
    if planes == 1 and not usable(sizes[0]) and all(usable(size) for size in sizes[1:]):
        sizes = [min(float(size) for size in sizes[1:]), *sizes[1:]]  # type: ignore[arg-type]
        units = [units[1], *units[1:]]
    if not all(usable(size) for size in sizes):
        if all(size is None for size in sizes):
            return Calibration()
        shown = ", ".join(str(size) for size in sizes)
        return Calibration(
            notes=(f"the header's voxel size ({shown}) is unusable and was ignored",)
        )
    values = [float(size) for size in sizes]  # type: ignore[arg-type]
    symbols = [unit_symbol(unit) for unit in units]
    known = [(symbol, value) for symbol, value in zip(symbols, values, strict=True) if symbol]
    unit = min(known, key=lambda item: convert_length(item[1], item[0], "m"))[0] if known else None
    place = [_finite(value) for value in (origin or (0.0, 0.0, 0.0))]
    if unit is None and values == [1.0, 1.0, 1.0] and not any(place):
        return Calibration()  # what programs write that know neither size nor place
    spacing, corner = _in_unit(values, symbols, unit), _in_unit(place, symbols, unit)
    doubts = _unit_doubts(units, symbols, unit) + _size_doubts(spacing, unit, planes)
    return Calibration(spacing, unit, corner, doubts + _place_doubts(corner, spacing))


def calibrate_coordinates(axes: Sequence[tuple[npt.ArrayLike, object]]) -> Calibration:
    """Make a `Calibration` of where the voxels lie along each axis; none if the steps differ.

    Parameters
    ----------
    axes
        Along (z, y, x): the places of all voxels, at least two, and their unit as the file spells
        it.
    """
    steps: list[float] = []
    units: list[str] = []
    starts: list[float] = []
    for coordinates, told in axes:
        places, unit = np.asarray(coordinates, dtype=np.float64), unit_symbol(told)
        step = float(places[-1] - places[0]) / (len(places) - 1)
        if unit is None or step <= 0 or not np.allclose(np.diff(places), step, rtol=_EVEN, atol=0):
            return Calibration()
        steps.append(float(f"{step:.9g}"))  # without the noise of the division
        units.append(unit)
        starts.append(float(places[0]))
    return calibrate(steps, units, starts)


def _unit_doubts(
    units: Sequence[object], symbols: Sequence[str | None], unit: str | None
) -> tuple[str, ...]:
    """Say which axes have a unit that isn't one of length; pixels are none to speak of."""
    strange = {
        str(told): None
        for told, symbol in zip(units, symbols, strict=True)
        if told and symbol is None and (unit or str(told).strip().lower() not in _PIXELS)
    }
    taken = f"{unit} is taken for it" if unit else "it is left out"
    return tuple(
        f"the unit {told!r} of an axis isn't a known one of length, and {taken}" for told in strange
    )


def _place_doubts(place: Triple, spacing: Triple) -> tuple[str, ...]:
    """Say that a place is hard to believe: farther away than any stage goes."""
    if all(abs(at) <= _BELIEVED_VOXELS * size for at, size in zip(place, spacing, strict=True)):
        return ()
    return (f"the place {times(place)} of its first voxel is hard to believe",)


def _size_doubts(spacing: Triple, unit: str | None, planes: int | None) -> tuple[str, ...]:
    """Say what is hard to believe about a voxel size; it is used nonetheless."""
    metres = [convert_length(size, unit, "m") for size in spacing] if unit else list(spacing)
    least, most = _BELIEVED_METRES if unit else _BELIEVED_NUMBERS
    shown = f"{times(spacing)} {unit or ''}".strip()
    if not all(least <= size <= most for size in metres):
        return (f"the voxel size {shown} is hard to believe; state another one if it is wrong",)
    counted = spacing[1:] if planes == 1 else spacing
    ratio = max(counted) / min(counted)
    if ratio > _BELIEVED_RATIO:
        return (
            f"the voxel size {shown} is hard to believe, it is {ratio:.3g} times as long as it is "
            "thin; state another one if it is wrong",
        )
    return ()


def _in_unit(lengths: Sequence[float], symbols: Sequence[str | None], unit: str | None) -> Triple:
    """Convert one length an axis to the common unit; an axis without a unit has that one."""
    z, y, x = (
        convert_length(length, symbol, unit) if symbol and unit else length
        for length, symbol in zip(lengths, symbols, strict=True)
    )
    return z, y, x


def _finite(value: object) -> float:
    """Return a coordinate, or 0 for what can't be one."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return 0.0
    return number if math.isfinite(number) else 0.0


def times(values: Sequence[float]) -> str:
    """Write sizes along axes as people do, as "6 x 473 x 473"."""
    return " x ".join(str(v) if isinstance(v, int) else f"{v:g}" for v in values)
