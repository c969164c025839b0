"""Which steps are undone together."""

from __future__ import annotations

import numpy as np
from supervox.napari_plugin.painting.chains import goes_on, may_go_on
from supervox.project import BalanceChange, ClassChange, Paint, ProjectClass, VoxelChange


def stroke(class_id: int, paint: Paint = Paint.STROKES) -> VoxelChange:
    one, none = np.full(2, class_id, np.uint8), np.zeros(2, np.uint8)
    return VoxelChange(np.arange(2), one, none, paint)


def test_what_was_painted_before_a_stroke_is_not_read_for_its_undo() -> None:
    erased, painted = stroke(1), stroke(1).inverse
    for change in (erased, painted, BalanceChange(1, 0.0, 1.0)):
        assert not may_go_on(change, change, paints=True, back=True)
    for change in (painted, stroke(2, Paint.CORRECTIONS).inverse, BalanceChange(1, 0.0, 1.0)):
        assert not may_go_on(change, change, paints=True, back=False)
    assert may_go_on(erased, erased, paints=True, back=False)  # a class may be deleted


def test_a_class_is_undone_with_what_was_erased_of_it() -> None:
    deleted = ClassChange(ProjectClass(2, "fat", "#ff0000"), 1, True, True)
    erased = stroke(2).inverse
    assert goes_on(deleted, erased, deleted, back=True)
    corrections = stroke(2, Paint.CORRECTIONS).inverse
    assert goes_on(erased, corrections, deleted, back=True)
    assert not goes_on(erased, stroke(1).inverse, deleted, back=True)
    assert not goes_on(deleted, None, deleted, back=True)
