"""What OME-Zarr and xarray say of the axes of an array, of voxel size and place.

OME-Zarr 0.4 and 0.5 have ``axes`` and a list of transformations; RFC-5 has coordinate systems, and
transformations from one to another.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import zarr

from .axes import known_letters, letter_of
from .calibration import Calibration, calibrate, calibrate_coordinates

_WITHOUT_SCALE = ("0.1", "0.2", "0.3")  # versions of OME-Zarr
_ROUNDING = 0.05


def axes_of(pyramid: Mapping[str, Any], ndim: int) -> list[dict[str, Any]]:
    """Return name, type and unit of each axis; versions before 0.3 have always TCZYX."""
    axes = pyramid.get("axes") or _intrinsic_axes(pyramid) or list("tczyx"[-ndim:])
    return [axis if isinstance(axis, dict) else {"name": axis} for axis in axes]


def _intrinsic_axes(pyramid: Mapping[str, Any]) -> list[Any]:
    """Return the axes of the coordinate system that the levels' transformations lead to."""
    systems = [item for item in pyramid.get("coordinateSystems") or () if isinstance(item, dict)]
    outputs = {
        _system_name(step.get("output"))
        for level in pyramid["datasets"]
        for step in level.get("coordinateTransformations") or ()
    }
    chosen = [item for item in systems if item.get("name") in outputs] or systems
    axes = chosen[0].get("axes") if chosen else None
    return list(axes) if isinstance(axes, list) else []


def _system_name(told: object) -> object:
    """Return the name of a coordinate system, which may stand in an object."""
    return told.get("name") if isinstance(told, dict) else told


def letters_of(axes: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a letter for each axis: by its name, or as the names are free, by its type."""
    letters = [letter_of(str(axis.get("name", ""))) for axis in axes]
    kinds = [axis.get("type") for axis in axes]
    spatial = [i for i, kind in enumerate(kinds) if kind == "space"]
    if not {"y", "x"} <= set(letters) and 2 <= len(spatial) <= 3:
        for i, letter in zip(spatial, "zyx"[-len(spatial) :], strict=True):
            letters[i] = letter
    for i, kind in enumerate(kinds):
        if kind in ("time", "channel") and letters[i] not in "tc":
            letters[i] = "t" if kind == "time" else "c"
    return letters


def pyramid_calibration(
    pyramid: Mapping[str, Any], path: str, letters: Sequence[str], planes: int
) -> Calibration:
    """Combine the level's and the pyramid's transformations to voxel size and origin.

    Parameters
    ----------
    pyramid
    path
        Of the level.
    letters
        Of the axes, as they are read.
    planes
        How many there are.
    """
    levels = [level for level in pyramid["datasets"] if str(level["path"]) == path]
    steps = list(levels[0].get("coordinateTransformations") or ()) if levels else []
    if not pyramid.get("coordinateSystems"):  # else those lead to other systems
        steps += pyramid.get("coordinateTransformations") or ()
    axes = axes_of(pyramid, len(letters))
    scale, shift, notes = [1.0] * len(letters), [0.0] * len(letters), []
    stated = False
    for step in _flattened(steps):
        factors, moves = _diagonal(step, len(letters))
        if factors is None and moves is None:
            notes.append(f"the transformation {step.get('type')!r} of its place is left out")
            continue
        stated = stated or factors is not None
        for i in range(len(letters)):
            factor = factors[i] if factors is not None and i < len(factors) else 1.0
            move = moves[i] if moves is not None and i < len(moves) else 0.0
            scale[i], shift[i] = scale[i] * factor, shift[i] * factor + move
    if not stated:
        if str(pyramid.get("version", "0.5")) not in _WITHOUT_SCALE:
            notes.append("no scale is stated, which OME-Zarr asks for: its voxel size is unknown")
        return Calibration(notes=tuple(notes))
    place = {letter: i for i, letter in enumerate(letters)}
    order = [place.get(axis) for axis in "zyx"]
    found = calibrate(
        [None if i is None else scale[i] for i in order],
        [None if i is None else axes[i].get("unit") for i in order],
        [0.0 if i is None else shift[i] for i in order],
        planes=planes,
    )
    return Calibration(found.spacing, found.unit, found.origin, found.notes + tuple(notes))


def disagreements(
    group: zarr.Group, pyramid: Mapping[str, Any], array: zarr.Array[Any], letters: Sequence[str]
) -> tuple[str, ...]:
    """Say where the metadata of a pyramid contradict those of its arrays, or themselves."""
    notes: tuple[str, ...] = ()
    names = array_letters(array)
    if names is not None and sorted(names) == sorted(letters) and names != list(letters):
        notes += (
            f"its axes are {', '.join(letters)} by OME's metadata, but {', '.join(names)} by those "
            "of the array; the first are taken",
        )
    if len(pyramid["datasets"]) < 2:
        return notes
    first, second = pyramid["datasets"][:2]
    finer, coarser = (_stored_shape(group, str(level["path"])) for level in (first, second))
    if len(finer) != len(letters) or len(coarser) != len(letters):
        return notes
    factors = [_total_scale(level, len(letters)) for level in (first, second)]
    for i, letter in enumerate(letters):
        by_shape = finer[i] / coarser[i]
        by_scale = factors[1][i] / factors[0][i] if factors[0][i] else math.inf
        # the coarser level has a part of a voxel more or less at its end
        most = by_shape * (1 + 1 / coarser[i]) + _ROUNDING
        least = by_shape * (1 - 1 / max(2, coarser[i])) - _ROUNDING
        if letter in "zyx" and finer[i] > 1 and not least <= by_scale <= most:
            notes += (
                f"along {letter}, the voxels of its second level are {by_scale:.3g} times as long "
                f"as those of its first, but it has 1/{by_shape:.3g} as many; its voxel size may "
                "be wrong",
            )
    return notes


def _stored_shape(group: zarr.Group, path: str) -> Sequence[int]:
    """Return the shape of an array in a group; nothing if there is none, or no voxel in it."""
    try:
        array = group.get(path)
    except (OSError, ValueError, KeyError, TypeError):  # its metadata are damaged
        return ()
    shape = array.shape if isinstance(array, zarr.Array) else ()
    return shape if all(shape) else ()


def _total_scale(level: Mapping[str, Any], count: int) -> list[float]:
    """Return by what a level's own transformations multiply each axis."""
    total = [1.0] * count
    for step in _flattened(level.get("coordinateTransformations") or ()):
        factors, _ = _diagonal(step, count)
        for i, factor in enumerate((factors or ())[:count]):
            total[i] *= factor
    return total


def _flattened(steps: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return transformations one after the other, without those that do nothing."""
    flat: list[Mapping[str, Any]] = []
    for step in steps:
        if step.get("type") == "sequence":
            flat += _flattened(step.get("transformations") or ())
        elif step.get("type") != "identity":
            flat.append(step)
    return flat


def _diagonal(
    step: Mapping[str, Any], count: int
) -> tuple[Sequence[float] | None, Sequence[float] | None]:
    """Return by what each axis is multiplied, and moved; None twice if it isn't as simple."""
    if "scale" in step or "translation" in step:
        return step.get("scale"), step.get("translation")
    matrix = np.array(step.get("affine", ()), dtype=np.float64)
    if matrix.shape not in ((count, count + 1), (count + 1, count + 1)):
        return None, None
    linear = matrix[:count, :count]
    if not np.array_equal(linear, np.diag(np.diag(linear))):
        return None, None
    return np.diag(linear).tolist(), matrix[:count, count].tolist()


def _dimensions(array: zarr.Array[Any]) -> list[str] | None:
    """Return the names of an array's axes: Zarr 3 has them, xarray in an attribute in Zarr 2."""
    names = getattr(array.metadata, "dimension_names", None) or array.attrs.get("_ARRAY_DIMENSIONS")
    if not isinstance(names, list | tuple) or len(names) != array.ndim or not all(names):
        return None
    return [str(name) for name in names]


def array_letters(array: zarr.Array[Any]) -> list[str] | None:
    """Return the letters of an array's own axes, if it names rows and columns."""
    names = _dimensions(array)
    return known_letters(names) if names else None


def coordinates_calibration(
    group: zarr.Group, array: zarr.Array[Any], letters: Sequence[str] | None
) -> Calibration:
    """Return voxel size and origin of xarray's coordinates: arrays named as the dimensions."""
    names = _dimensions(array)
    if letters is None or names is None:
        return Calibration()
    axes = dict(zip(letters, zip(names, array.shape, strict=True), strict=True))
    coordinates = []
    for letter in "zyx":
        name, length = axes.get(letter, ("", 0))
        values = group.get(name) if name else None
        if not isinstance(values, zarr.Array) or values.shape != (length,) or length < 2:
            return Calibration()
        coordinates.append((values[...], values.attrs.get("units")))
    return calibrate_coordinates(coordinates)
