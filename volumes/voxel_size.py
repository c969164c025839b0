"""Which voxel size holds: that of a person, of the file, or of a model that was trained before."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from .calibration import Triple, convert_length, times
from .volume import Volume

SizeSource = Literal["option", "file", "model", "unknown"]
UNKNOWN: Triple = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class VoxelSize:
    """A voxel size, and who says so.

    Attributes
    ----------
    spacing : tuple of 3 float
        Along planes, rows and columns; ones if nothing is known.
    unit : str or None
        Its unit, where the file states it.
    source : str
        "option" for a person, "file", "model", or "unknown" for nobody.
    """

    spacing: Triple
    unit: str | None
    source: SizeSource

    @classmethod
    def told(cls, spacing: Triple, unit: str | None, source: SizeSource) -> VoxelSize:
        """Return a voxel size as models and viewers have it: ones without a unit are nobody's."""
        is_known = unit is not None or tuple(spacing) != UNKNOWN
        return cls(spacing, unit, source if is_known else "unknown")

    @property
    def voxel_volume(self) -> float:
        """Volume of a voxel in cubed units; NaN if nothing is known."""
        return math.nan if self.source == "unknown" else math.prod(self.spacing)

    @property
    def known(self) -> Triple | None:
        """The spacing, or None: what to hand to a writer."""
        return None if self.source == "unknown" else self.spacing

    def in_unit(self, unit: str | None) -> VoxelSize:
        """Return the same in another unit, as far as both are known."""
        if unit is None or self.unit in (None, unit):
            return self
        z, y, x = (convert_length(value, self.unit, unit) for value in self.spacing)
        return VoxelSize((z, y, x), unit, self.source)

    def __str__(self) -> str:
        if self.source == "unknown":
            return "not stated"
        return f"{times(self.spacing)} {self.unit or ''}".strip()


def choose_voxel_size(
    volume: Volume,
    given: Triple | None = None,
    learned: VoxelSize | None = None,
    *,
    prefer_learned: bool = False,
) -> VoxelSize:
    """Decide which voxel size holds: what a person gave, the file's, or that of a model.

    Parameters
    ----------
    volume : Volume
    given : tuple of 3 float, optional
        What the person said; if it is what the file states, it is the file's.
    learned : VoxelSize, optional
        That of the volume that a model was trained on.
    prefer_learned : bool
        Whether it is the same volume: what was said of its voxel size then holds again.

    Returns
    -------
    VoxelSize
        In the unit of the volume, if it has one: that of its origin. Cubes of edge 1 where nobody
        says anything.
    """
    if given is not None:
        is_files = volume.spacing_stated and all(map(math.isclose, given, volume.spacing))
        return VoxelSize(given, volume.unit, "file" if is_files else "option")
    is_told = learned is not None and learned.source != "unknown"
    if learned and is_told and (prefer_learned or not volume.spacing_stated):
        same = learned.in_unit(volume.unit)
        return VoxelSize(same.spacing, same.unit or volume.unit, "model")
    if volume.spacing_stated:
        return VoxelSize(volume.spacing, volume.unit, "file")
    return VoxelSize(UNKNOWN, volume.unit, "unknown")
