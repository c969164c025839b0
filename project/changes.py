"""What a stroke, an erasing or an import changes: voxels with their old and new classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation import Strokes


@dataclass(frozen=True, eq=False)
class VoxelChange:
    """Voxels of an annotation volume that got another class.

    Attributes
    ----------
    voxels : int64, (P,)
        Raster indices, ascending.
    old, new : uint8, (P,)
        Class ids before and after; 0 = unlabelled.

    Raises
    ------
    ValueError
        If the arrays differ in length or type, or the voxels aren't ascending.
    """

    voxels: NDArray[np.int64]
    old: NDArray[np.uint8]
    new: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if self.voxels.dtype != np.int64 or self.voxels.ndim != 1:
            raise ValueError("the voxels of a change are a list of int64")
        if any(v.dtype != np.uint8 or v.shape != self.voxels.shape for v in (self.old, self.new)):
            raise ValueError("old and new classes of a change are uint8, one for each voxel")
        if self.voxels.size and (self.voxels[0] < 0 or (np.diff(self.voxels) <= 0).any()):
            raise ValueError("the voxels of a change are not negative and ascending")

    @property
    def inverse(self) -> VoxelChange:
        """The change that takes this one back."""
        return VoxelChange(self.voxels, self.new, self.old)

    def fits(self, shape: Sequence[int]) -> bool:
        """Tell whether all voxels lie in a volume of this shape."""
        return not self.voxels.size or int(self.voxels[-1]) < math.prod(shape)

    def apply(self, volume: NDArray[np.uint8]) -> None:
        """Give the voxels of a volume (Z, Y, X), contiguous in memory, their new classes."""
        volume.reshape(-1)[self.voxels] = self.new

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VoxelChange) and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("voxels", "old", "new")
        )

    __hash__ = None  # type: ignore[assignment]


def change_between(before: Strokes, after: Strokes) -> VoxelChange:
    """Return what leads from one set of strokes to another, as two scans of a volume found them.

    Parameters
    ----------
    before, after : Strokes
        With class ids up to 255.

    Returns
    -------
    VoxelChange
        Empty if nothing changed.
    """
    voxels = np.union1d(before.voxels, after.voxels)
    old, new = np.zeros(voxels.size, np.uint8), np.zeros(voxels.size, np.uint8)
    for values, strokes in ((old, before), (new, after)):
        values[np.searchsorted(voxels, strokes.voxels)] = strokes.classes
    differ = old != new
    return VoxelChange(voxels[differ], old[differ], new[differ])
