"""What the rest of supervox knows of a file: values, voxel size, unit, place."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from .address import Address
from .arrays import VolumeArray
from .calibration import Calibration, Triple


@dataclass(frozen=True)
class VolumeClass:
    """One class of a label volume, or one channel of a probability volume.

    Parameters
    ----------
    value
        The value of its voxels.
    name
        What a person calls it.
    colour
        ``"#rrggbb"``, if it has one.

    Raises
    ------
    ValueError
        If the colour is written in another way.
    """

    value: int
    name: str
    colour: str | None = None

    def __post_init__(self) -> None:
        if self.colour is not None and not _is_colour(self.colour):
            raise ValueError(f"a colour is written like '#ff8000', not {self.colour!r}")

    def as_json(self) -> dict[str, Any]:
        """Return it as it stands in files."""
        item: dict[str, Any] = {"value": self.value, "name": self.name}
        return item | ({"colour": self.colour} if self.colour else {})


def classes_from_json(items: object) -> tuple[VolumeClass, ...]:
    """Read classes as `VolumeClass.as_json` wrote them, leaving out what isn't one."""
    if not isinstance(items, list):
        return ()
    return tuple(
        VolumeClass(
            int(item["value"]),
            str(item["name"]),
            item["colour"] if _is_colour(item.get("colour")) else None,
        )
        for item in items
        if isinstance(item, dict) and "name" in item and str(item.get("value", "")).isdecimal()
    )


def _is_colour(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch("#[0-9a-fA-F]{6}", value) is not None


@dataclass(frozen=True)
class Volume:
    """An opened volume; voxels are read only where `data` is sliced.

    Close it, or use it in a ``with`` statement, to let go of the file.

    Parameters
    ----------
    data
        The values, in (plane, row, column) order.
    spacing
        Voxel size along (z, y, x), in `unit`; ones where the file states none.
    spacing_stated
        Whether the file states a usable voxel size.
    unit
        ``"nm"``, ``"um"``, ``"angstrom"``...; None where the file doesn't say.
    origin
        Position of the centre of the first voxel, in `unit`.
    path, inner
        The file, and the part of it that was opened.
    format
        Name of the file's format, as in `FORMATS`.
    classes
        Names and colours of the values, if the file has them.
    notes
        What a person should know: headers that had to be doubted.
    metadata
        What else the file says, for showing.
    turned
        How what is read differs from the array in the file, which says how it lies in space;
        nothing (``""``) if it doesn't, None for files that don't say.
    """

    data: VolumeArray
    spacing: Triple
    spacing_stated: bool
    unit: str | None
    origin: Triple
    path: Path
    inner: str | None
    format: str
    classes: tuple[VolumeClass, ...] = ()
    notes: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    turned: str | None = None
    release: Callable[[], None] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def make(
        cls,
        data: VolumeArray,
        calibration: Calibration,
        address: Address,
        format_name: str,
        *,
        notes: tuple[str, ...] = (),
        **fields: Any,
    ) -> Self:
        """Put together what a format's reader found."""
        return cls(
            data,
            calibration.spacing or (1.0, 1.0, 1.0),
            calibration.spacing is not None,
            calibration.unit,
            calibration.origin,
            address.path,
            address.inner,
            format_name,
            notes=notes + calibration.notes,
            **fields,
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of (planes, rows, columns)."""
        return self.data.shape

    @property
    def stated_spacing(self) -> Triple | None:
        """`spacing` where the file states it, else None: what to hand to a writer."""
        return self.spacing if self.spacing_stated else None

    def close(self) -> None:
        """Let go of the file; `data` can't be read afterwards."""
        self.data.close()
        if self.release is not None:
            self.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def describe(volume: Volume) -> dict[str, Any]:
    """Return what there is to say about a volume, ready for a table or for JSON."""
    data = volume.data
    return {
        "path": str(volume.path),
        "inner": volume.inner,
        "format": volume.format,
        "shape": list(data.shape),
        "dtype": str(data.dtype),
        "voxels": data.size,
        "bytes": data.nbytes,
        "chunks": list(data.chunks) if data.chunks else None,
        "spacing": list(volume.spacing) if volume.spacing_stated else None,
        "unit": volume.unit,
        "origin": list(volume.origin),
        "extent": (
            [size * length for size, length in zip(volume.spacing, data.shape, strict=True)]
            if volume.spacing_stated
            else None
        ),
        "classes": [item.as_json() for item in volume.classes],
        "turned": volume.turned,
        "notes": list(volume.notes),
        "metadata": dict(volume.metadata),
    }
