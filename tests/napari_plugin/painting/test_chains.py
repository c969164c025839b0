"""Which steps are undone together."""

from __future__ import annotations

import numpy as np
from supervox.napari_plugin.painting.chains import goes_on
from supervox.project import ClassChange, Paint, ProjectClass, VoxelChange


def stroke(class_id: int, paint: Paint = Paint.STROKES) -> VoxelChange:
    one, none = np.full(2, class_id, np.uint8), np.zeros(2, np.uint8)
    return VoxelChange(np.arange(2), one, none, paint)


def test_what_was_painted_before_a_stroke_is_not_read_for_its_undo() -> None:
    def preview() -> None:
        raise AssertionError("the step before was read")

    assert not goes_on(stroke(1).inverse, preview, stroke(1).inverse, back=True)


def test_a_class_is_undone_with_what_was_erased_of_it() -> None:
    deleted = ClassChange(ProjectClass(2, "fat", "#ff0000"), 1, True, True)
    erased = stroke(2).inverse
    assert goes_on(deleted, lambda: erased, deleted, back=True)
    corrections = stroke(2, Paint.CORRECTIONS).inverse
    assert goes_on(erased, lambda: corrections, deleted, back=True)
    assert not goes_on(erased, lambda: stroke(1).inverse, deleted, back=True)
    assert not goes_on(deleted, lambda: None, deleted, back=True)
