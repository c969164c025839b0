"""What a voxel measures, and how units of lengths, areas and volumes are written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .checks import Spacing, checked_spacing


@dataclass(frozen=True)
class Calibrated:
    """The voxel size that objects are measured with.

    Attributes
    ----------
    spacing : tuple of 3 float
        Voxel size along planes, rows and columns.
    unit : str, optional
        Its unit; without it lengths are in voxels if these are cubes of edge 1.
    origin : tuple of 3 float
        Place of the centre of the first voxel.
    """

    spacing: Spacing = (1.0, 1.0, 1.0)
    unit: str | None = None
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @classmethod
    def of(
        cls,
        spacing: Sequence[float],
        unit: str | None = None,
        origin: Sequence[float] = (0.0, 0.0, 0.0),
    ) -> Calibrated:
        """Check a voxel size.

        Raises
        ------
        ObjectsError
            If it isn't three positive numbers.
        """
        z, y, x = (float(value) for value in origin)
        return cls(checked_spacing(spacing), unit, (z, y, x))

    @property
    def voxel_volume(self) -> float:
        """Volume of a voxel."""
        return math.prod(self.spacing)

    @property
    def face_areas(self) -> tuple[float, float, float]:
        """Area of a voxel's face across planes, rows and columns."""
        z, y, x = self.spacing
        return y * x, z * x, z * y

    def power(self, exponent: int) -> str:
        """Return the unit of lengths, areas or volumes; nothing for a size in a unit nobody knows.

        Examples
        --------
        >>> Calibrated(unit="nm").power(3), Calibrated().power(1), Calibrated((2, 1, 1)).power(1)
        ('nm^3', 'voxel', '')
        """
        unit = self.unit or ("voxel" if set(self.spacing) == {1.0} else "")
        if not unit:
            return ""
        return unit if exponent == 1 else f"{unit}^{exponent}"
