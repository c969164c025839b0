"""Steps that are undone and redone together, as a class and all that it had, or can't be."""

from __future__ import annotations

from supervox.project import (
    BalanceChange,
    By,
    Change,
    ClassChange,
    LockChange,
    ObjectChange,
    Paint,
    VoxelChange,
)

from .class_list import ClassList
from .corrections import Corrections


def may_go_on(change: Change, chain: Change, *, paints: bool, back: bool) -> bool:
    """Tell whether the step after one may belong to it, before that is read: it may be large.

    Parameters
    ----------
    change : Change
        That was undone just now, or redone.
    chain : Change
        With which it began.
    paints : bool
        Whether the step after it changes voxels.
    back : bool
        Whether it is undone.
    """
    if isinstance(change, BalanceChange):
        return False
    if isinstance(change, LockChange) or _is_of_lock(change):
        return True
    if back:
        is_of_class = isinstance(chain, ClassChange) and chain.with_strokes
        return paints and (is_of_class or (isinstance(change, ObjectChange) and change.is_joint))
    return not paints or _erased(change, back=False) is not None


def goes_on(change: Change, following: Change | None, chain: Change, *, back: bool) -> bool:
    """Tell whether the step after one belongs to it.

    A class is deleted by up to three steps, of which the last is the one in the table of classes:
    its corrections are erased, its strokes, and then the class. An object is given to another
    class by two: a correction of its labels, and the edit. A class is locked, and unlocked, by two:
    what its labels are, and the lock, which is undone first and redone last, or the other way.

    Parameters
    ----------
    change : Change
        That was undone just now, or redone.
    following : Change or None
        What undo, or redo, would do next.
    chain : Change
        With which it began: undo begins with the class.
    back : bool
        Whether it is undone.
    """
    if isinstance(change, LockChange):
        return not change.is_locked and change.n_voxels > 0
    if _is_of_lock(change):
        return bool(change.new.any())  # type: ignore[union-attr]
    if isinstance(change, BalanceChange):
        return False
    if back and not isinstance(chain, ClassChange | ObjectChange):
        return False
    first, last = (following, change) if back else (change, following)
    if isinstance(last, ObjectChange):
        is_correction = isinstance(first, VoxelChange) and first.paint is Paint.CORRECTIONS
        return last.is_joint and is_correction
    if not isinstance(following, VoxelChange | ClassChange):
        return False
    class_id = _erased(change, back=back)
    next_id = _erased(following, back=back)
    is_other = not isinstance(change, VoxelChange) or not isinstance(following, VoxelChange)
    is_other = is_other or change.paint is not following.paint  # type: ignore[union-attr]
    if back:
        is_chain = isinstance(chain, ClassChange) and chain.with_strokes
        return is_chain and is_other and next_id == chain.item.id  # type: ignore[union-attr]
    if isinstance(following, ClassChange):
        return following.with_strokes and class_id == following.item.id
    return is_other and class_id is not None and next_id == class_id


def _is_of_lock(change: Change) -> bool:
    return isinstance(change, VoxelChange) and change.by is By.LOCK


def names_of_locked(change: Change, classes: ClassList, corrections: Corrections) -> str:
    """Name the locked classes whose strokes, or labels, a change would take away or add to."""
    locked = [item for item in classes if item.locked]
    if not isinstance(change, VoxelChange) or not locked:
        return ""
    both = [change.old]
    if change.paint is Paint.CORRECTIONS:
        both = [corrections.labels_with(change.voxels, k) for k in (change.old, change.new)]
    differs = change.old != change.new
    return ", ".join(
        item.name for item in locked if any((at == item.id)[differs].any() for at in both)
    )


def _erased(change: Change, *, back: bool) -> int | None:
    """Return the one class that is erased, or brought back; None if something else is done."""
    if not isinstance(change, VoxelChange) or not change.voxels.size:
        return None
    classes, nothing = (change.new, change.old) if back else (change.old, change.new)
    is_one = bool(classes[0]) and not nothing.any() and bool((classes == classes[0]).all())
    return int(classes[0]) if is_one else None
