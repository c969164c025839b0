"""What one step changes: voxels and their classes, a balance, the table of classes, or objects."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import put
from supervox.parameters import read_json
from supervox.segmentation import RefinementParameters, Strokes

from .classes import MAX_ID, ProjectClass, class_to_json
from .documents import plain


class Paint(Enum):
    """What a person paints: each kind of paint has a volume of its own."""

    STROKES = "strokes"  # teach the classifier
    CORRECTIONS = "corrections"  # lie over the labels, and teach nothing


class By(Enum):
    """Who changed voxels."""

    HAND = "hand"  # a person who painted them
    TOOL = "tool"  # a tool, as one that cleans, or an acceptance, or an edit of objects
    LOCK = "lock"  # the lock of a class, which keeps its labels, and lets go of them


PaintedVolumes = Mapping[Paint, NDArray[np.uint8]]  # each (Z, Y, X), contiguous in memory


@dataclass(frozen=True, eq=False)
class VoxelChange:
    """Painted voxels that got another class.

    Attributes
    ----------
    voxels : int64, (P,)
        Raster indices, ascending.
    old, new : uint8, (P,)
        Class ids before and after; 0 = nothing painted.
    paint : Paint
        With what.
    by : By
        Who did it; journals of before tell of persons only.

    Raises
    ------
    ValueError
        If the arrays differ in length or type, or the voxels aren't ascending.
    """

    voxels: NDArray[np.int64]
    old: NDArray[np.uint8]
    new: NDArray[np.uint8]
    paint: Paint = Paint.STROKES
    by: By = By.HAND

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
        return replace(self, old=self.new, new=self.old)

    def fits(self, shape: Sequence[int]) -> bool:
        """Tell whether all voxels lie in a volume of this shape."""
        return not self.voxels.size or int(self.voxels[-1]) < math.prod(shape)

    def apply(self, painted: PaintedVolumes) -> None:
        """Give the voxels of the volume of this paint their new classes."""
        put(painted[self.paint], self.voxels, self.new)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, VoxelChange)
            and self.paint is other.paint
            and self.by is other.by
            and all(
                np.array_equal(getattr(self, name), getattr(other, name))
                for name in ("voxels", "old", "new")
            )
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

    def apply(self, painted: PaintedVolumes) -> None:
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

    def apply(self, painted: PaintedVolumes) -> None:
        """Change no voxel: whoever has the table of classes changes that."""

    def to_json(self) -> dict[str, Any]:
        """Return it as it stands in records."""
        return {**vars(self), "item": class_to_json(self.item)}

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


@dataclass(frozen=True)
class ObjectChange:
    """An edit of the objects by hand, made or taken back: a cut, a merge, an object deleted.

    The edits that hold, in their order, say what the objects are; see `AnnotationStore.edits`.

    Attributes
    ----------
    edit : mapping
        What JSON can hold; its entry "kind" is the name of what is done.
    is_there : bool
        Whether it holds after the change.
    """

    edit: Mapping[str, Any]
    is_there: bool = True

    @property
    def is_joint(self) -> bool:
        """Whether labels were corrected in the step before, which is undone together with this."""
        return self.edit.get("in_labels") is True

    @property
    def inverse(self) -> ObjectChange:
        """The change that takes this one back."""
        return replace(self, is_there=not self.is_there)

    def apply(self, painted: PaintedVolumes) -> None:
        """Change no voxel: whoever finds the objects asks for the edits."""

    def to_json(self) -> dict[str, Any]:
        """Return it as it stands in records."""
        return {"edit": dict(self.edit), "is_there": self.is_there}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> ObjectChange:
        """Read what `to_json` made of one.

        Raises
        ------
        ValueError
            If it can't be an edit of the objects.
        """
        edit, is_there = content.get("edit"), content.get("is_there")
        if not isinstance(edit, Mapping) or not isinstance(is_there, bool) or len(content) != 2:
            raise ValueError("its edit of the objects is damaged")
        if not isinstance(edit.get("kind"), str):
            raise ValueError("its edit of the objects doesn't say what is done")
        return cls(dict(edit), is_there)


@dataclass(frozen=True)
class LockChange:
    """The labels of a class are held from now on, or not any more; undone like a stroke.

    Before a lock stands the step that made its labels corrections, and behind the end of one the
    step that took these back, both by `By.LOCK` and undone together with it; a class without
    labels has no such step.

    Attributes
    ----------
    class_id : int
    is_locked : bool
        After the change.
    n_voxels : int
        That the other step changes.
    """

    class_id: int
    is_locked: bool
    n_voxels: int

    @property
    def inverse(self) -> LockChange:
        """The change that takes this one back."""
        return replace(self, is_locked=not self.is_locked)

    def apply(self, painted: PaintedVolumes) -> None:
        """Change no voxel: whoever has the table of classes changes that."""

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> LockChange:
        """Read what `vars` made of one.

        Raises
        ------
        ValueError
            If it can't be the lock of a class.
        """
        change = read_json(cls, content)
        if not 1 <= change.class_id <= MAX_ID or change.n_voxels < 0:
            raise ValueError("its lock is damaged")
        return change


Change = VoxelChange | BalanceChange | ClassChange | ObjectChange | LockChange


def to_keep(change: Change, shape: Sequence[int]) -> Change:
    """Return a change of a volume as a record keeps it: a copy, or `frozen`, that can be written.

    Raises
    ------
    NotKeepable
        If JSON can't hold what it says.
    ValueError
        If it lies outside the volume, or is no balance.
    """
    if isinstance(change, BalanceChange):
        return BalanceChange.from_json(plain(vars(change)))
    if isinstance(change, LockChange):
        return LockChange.from_json(plain(vars(change)))
    if isinstance(change, ObjectChange):
        return ObjectChange.from_json(plain(change.to_json()))
    if isinstance(change, VoxelChange):
        if not change.fits(shape):
            raise ValueError("the change lies outside the volume")
        if not any(v.flags.writeable for v in (change.voxels, change.old, change.new)):
            return change
        copies = change.voxels.copy(), change.old.copy(), change.new.copy()
        return VoxelChange(*copies, change.paint, change.by)
    return change


def frozen(change: VoxelChange) -> VoxelChange:
    """Return a change that nobody writes to any more, so that a record needs no copy of it."""
    for values in (change.voxels, change.old, change.new):
        values.flags.writeable = False
    return change


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


def changes_in_turn(strokes: Strokes) -> Iterator[VoxelChange]:
    """Yield what paints strokes where nothing is painted yet, step by step.

    Parameters
    ----------
    strokes : Strokes
        With class ids up to 255.
    """
    turn = np.argsort(strokes.steps, kind="stable")
    _, first = np.unique(strokes.steps[turn], return_index=True)
    for part in np.split(turn, first[1:]):
        new = strokes.classes[part].astype(np.uint8)
        yield VoxelChange(strokes.voxels[part], np.zeros_like(new), new)
