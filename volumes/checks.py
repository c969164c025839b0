"""Whether what a person wants written can be written, said before anything is.

Each function returns its argument in the form that writers take, or raises `VolumeError`.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .address import Address
from .axes import check_values
from .calibration import Triple, unit_symbol, usable
from .errors import VolumeError
from .formats import Format, Kind
from .registry import FORMATS


def check_replaceable(address: Address, entry: Format) -> None:
    """Refuse to put a new volume where it would destroy something else."""
    file = address.path
    if address.inner is not None:
        raise VolumeError(
            f"{file}: already exists, and supervox writes whole files; give a new name"
        )
    if file.is_dir() and not (entry.recognises and entry.recognises(file)):
        raise VolumeError(f"{file}: is a folder that isn't a volume; give another name")
    if entry.is_folder and not file.is_dir():
        raise VolumeError(f"{file}: is a file in the way of a folder; give another name")


def check_inside(address: Address, entry: Format) -> None:
    """Refuse what stands behind ``::`` and means nothing for a new file of this format."""
    unknown = [key for key in address.settings if key not in entry.write_settings]
    if address.inner is not None and not entry.writes_inner:
        unknown.insert(0, address.inner)
    if unknown:
        known = ", ".join(f"{key}=" for key in sorted(entry.write_settings))
        raise VolumeError(
            f"{address.path}: a new {entry.name} file takes no {unknown[0]!r} behind '::'"
            f"{f', only {known}' if known else '; leave it out'}"
        )


def checked_shape(file: Path, entry: Format, shape: Sequence[int], kind: Kind) -> tuple[int, ...]:
    """Return the shape if the format can hold it."""
    sizes = tuple(int(length) for length in shape)
    wanted = 4 if kind == "probabilities" else 3
    if len(sizes) != wanted or min(sizes) < 1:
        axes = "classes, planes, rows, columns" if wanted == 4 else "planes, rows, columns"
        raise VolumeError(f"{file}: the shape of {kind} is ({axes}), not {sizes}")
    if entry.is_mesh and kind != "labels":
        raise VolumeError(f"{file}: a mesh shows the classes of labels, not {kind}")
    if wanted == 4 and "probabilities" not in entry.carries:
        able = ", ".join(
            item.name for item in FORMATS if item.create and "probabilities" in item.carries
        )
        raise VolumeError(
            f"{file}: {entry.name} holds one value a voxel, not {sizes[0]} probabilities; "
            f"use one of {able}"
        )
    return sizes


def checked_dtype(address: Address, entry: Format, dtype: npt.DTypeLike) -> np.dtype[np.generic]:
    """Return the type to write in native byte order if the format can hold it."""
    native = np.dtype(dtype).newbyteorder("=")
    check_values(native, address, "the data to write")
    if native == np.bool_:
        native = np.dtype(np.uint8)
    if native.name not in entry.dtypes:
        known = ", ".join(sorted(entry.dtypes))
        raise VolumeError(
            f"{address.path}: {entry.name} can't hold {native.name}; convert it to one of {known}"
        )
    return native


def checked_spacing(file: Path, spacing: Sequence[float] | None) -> Triple | None:
    """Return the voxel size as three floats."""
    if spacing is None:
        return None
    if len(spacing) != 3 or not all(usable(size) for size in spacing):
        raise VolumeError(
            f"{file}: spacing is three positive numbers (z, y, x), not {tuple(spacing)}"
        )
    z, y, x = (float(size) for size in spacing)
    return z, y, x


def checked_unit(file: Path, unit: str | None) -> str | None:
    """Return our spelling of the unit."""
    if unit is None:
        return None
    symbol = unit_symbol(unit)
    if symbol is None:
        raise VolumeError(f"{file}: {unit!r} isn't a unit of length; say nm, um, mm or angstrom")
    return symbol


def checked_origin(file: Path, origin: Sequence[float] | None) -> Triple:
    """Return the position of the first voxel as three floats."""
    values = tuple(float(value) for value in origin) if origin is not None else (0.0, 0.0, 0.0)
    if len(values) != 3 or not all(math.isfinite(value) for value in values):
        raise VolumeError(f"{file}: origin is three numbers (z, y, x), not {values}")
    z, y, x = values
    return z, y, x
