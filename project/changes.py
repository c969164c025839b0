"""What one step changes: voxels with their old and new classes, or the balance of a class."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.parameters import read_json
from supervox.segmentation import RefinementParameters, Strokes


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
        if self.voxels.size and (self.voxels[0] < 0 or (self.voxels[1:] <= self.voxels[:-1]).any()):
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


@dataclass(frozen=True)
class BalanceChange:
    """A move of the balance of a class, which can be undone like a stroke.

    Attributes
    ----------
    class_id : int
    old, new : float
        Balance before and after.
    """

    class_id: int
    old: float
    new: float

    @property
    def inverse(self) -> BalanceChange:
        """The change that takes this one back."""
        return BalanceChange(self.class_id, self.new, self.old)

    def apply(self, volume: NDArray[np.uint8]) -> None:
        """Change no voxel: a balance is set by whoever knows the parameters."""

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> BalanceChange:
        """Read what `vars` made of one.

        Raises
        ------
        ValueError
            If it can't be the balance of a class.
        """
        change = read_json(cls, content)
        for value in (change.old, change.new):
            RefinementParameters(balance=((change.class_id, value),))
        return change


Change = VoxelChange | BalanceChange


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
