"""What one step changes: voxels and their classes, the balance of a class, or the table of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.parameters import read_json
from supervox.segmentation import RefinementParameters, Strokes

from .classes import ProjectClass


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


@dataclass(frozen=True)
class ClassChange:
    """A class that was taken out of the table, or put back, which can be undone like a stroke.

    Attributes
    ----------
    item : ProjectClass
    place : int
        In the table, from 0.
    is_there : bool
        Whether the table has it after the change.
    with_strokes : bool
        Whether its strokes were erased in the step before, which is undone together with this one.
    """

    item: ProjectClass
    place: int
    is_there: bool
    with_strokes: bool

    @property
    def inverse(self) -> ClassChange:
        """The change that takes this one back."""
        return replace(self, is_there=not self.is_there)

    def apply(self, volume: NDArray[np.uint8]) -> None:
        """Change no voxel: whoever has the table of classes changes that."""

    def to_json(self) -> dict[str, Any]:
        """Return it as it stands in records."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> ClassChange:
        """Read what `to_json` made of one.

        Raises
        ------
        ValueError
            If it can't be a change of the table.
        """
        try:
            found = cls(ProjectClass(**content["item"]), *(content[name] for name in _OF_CLASS))
        except (KeyError, TypeError) as error:
            raise ValueError("its class is damaged") from error
        types = [type(getattr(found, name)) for name in _OF_CLASS]
        if types != [int, bool, bool] or found.place < 0 or len(content) != 1 + len(_OF_CLASS):
            raise ValueError("its class is damaged")
        return found


_OF_CLASS = ("place", "is_there", "with_strokes")
Change = VoxelChange | BalanceChange | ClassChange


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
