"""After a correction, regions are ringed and asked about: by mouse and keys, and undone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QEvent, Qt

NAME = "is this right?"
QUESTION = "In the ring: is this structure? Enter paints it, Esc leaves it."
CONTROL = Qt.KeyboardModifier.ControlModifier


def correct(window: Any) -> None:
    """Paint the bright columns, which were taken for grey ones, with a class of their own."""
    window.session.classes.ensure([3])
    window.prepare(1, 2)
    window.viewer.dims.set_current_step(0, 8)
    window.viewer.layers.selection.active = window.strokes
    window.strokes.brush_size = 3
    window.session.classes.selected = 3
    window.settle()
    window.drag((8, 14, 40), (8, 20, 41), (8, 26, 40))
    window.settle()


@pytest.fixture
def asked(shown: Any) -> Any:
    """A window that asks about the grey columns."""
    correct(shown)
    return shown


def is_ringed(window: Any) -> bool:
    names = {layer.name for layer in window.viewer.layers}
    assert (NAME in names) == ("regions asked about" in names)
    return NAME in names


def a_correction_is_followed_by_a_question(asked: Any, scene: Any) -> None:
    pair = asked.session.pairs.pair
    assert pair.class_id == 2
    assert scene.truth[pair.place] == 2
    assert (scene.truth[pair.voxels] == 2).mean() > 0.8
    assert not asked.strokes.data[pair.voxels].any()
    assert asked.dock.advice.whole == QUESTION
    ring = asked.layer(NAME)
    place = tuple(np.round(ring.data[0]).astype(int))
    assert place == pair.place
    assert place[0] == asked.viewer.dims.current_step[0]
    assert asked.viewer.layers.selection.active.name == "strokes"
    outline = asked.layer("regions asked about")
    shown = np.argwhere(outline.data) + np.round(outline.translate).astype(int)
    assert {tuple(place) for place in shown} == set(
        zip(*(axis.tolist() for axis in pair.voxels), strict=True)
    )


def test_a_question_follows_and_enter_paints_it_as_one_step(asked: Any, scene: Any) -> None:
    a_correction_is_followed_by_a_question(asked, scene)
    before, pair = asked.strokes.data.copy(), asked.session.pairs.pair
    asked.key(Qt.Key.Key_Return)
    assert not is_ringed(asked)
    asked.settle()
    painted = np.zeros(before.shape, bool)
    painted[pair.voxels] = True
    np.testing.assert_array_equal(asked.strokes.data != before, painted)
    assert (asked.strokes.data[painted] == 2).all()
    assert asked.session.pairs.pair is None  # what was right before is no correction
    assert asked.dock.advice.whole != QUESTION
    labels = asked.session.view.result.labels.copy()
    asked.key(Qt.Key.Key_Z, CONTROL)
    asked.settle()
    np.testing.assert_array_equal(asked.strokes.data, before)
    assert not is_ringed(asked)
    asked.key(Qt.Key.Key_Z, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    asked.settle()
    assert (asked.strokes.data[pair.voxels] == 2).all()
    np.testing.assert_array_equal(asked.session.view.result.labels, labels)


def another_strength_leaves_the_question_open(asked: Any) -> None:
    pair = asked.session.pairs.pair
    asked.slide("supervox_strength", 10)
    asked.settle()
    assert asked.session.pairs.pair is pair
    assert is_ringed(asked)


def test_esc_leaves_it_and_both_keys_are_napari_s_again(asked: Any) -> None:
    another_strength_leaves_the_question_open(asked)
    before = asked.strokes.data.copy()
    asked.key(Qt.Key.Key_Escape)
    assert not is_ringed(asked)
    assert asked.dock.advice.whole != QUESTION
    asked.key(Qt.Key.Key_Return)
    asked.settle()
    np.testing.assert_array_equal(asked.strokes.data, before)
    asked.strokes.mode = "polygon"
    overlay = asked.strokes._overlays["polygon"]
    overlay.points = [(8, 2, 2), (8, 2, 9), (8, 9, 9)]
    asked.key(Qt.Key.Key_Escape)
    assert len(overlay.points) == 0


def test_the_next_stroke_ends_the_question_when_it_begins(asked: Any) -> None:
    at = asked.at(8, 30, 40)
    asked.mouse(QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton)
    asked.mouse(QEvent.Type.MouseButtonPress, at)
    assert not is_ringed(asked)
    asked.mouse(QEvent.Type.MouseButtonRelease, at)
    asked.settle()
    assert asked.session.pairs.pair is None


def test_a_stroke_that_corrects_nothing_asks_nothing(shown: Any) -> None:
    shown.prepare(1, 2, 3)
    shown.viewer.dims.set_current_step(0, 8)
    shown.viewer.layers.selection.active = shown.strokes
    shown.session.classes.selected = 3
    shown.drag((8, 30, 40), (8, 34, 40))
    shown.settle()
    assert (shown.strokes.data[8, 30:34] == 3).any()
    assert not is_ringed(shown)


def test_a_locked_class_is_not_asked_about(shown: Any) -> None:
    shown.session.classes.change(2, locked=True)
    correct(shown)
    assert not is_ringed(shown)
    assert shown.session.pairs.pair is None


def test_another_image_ends_the_question(asked: Any) -> None:
    asked.session.choose_image(None)
    asked.settle()
    assert not is_ringed(asked)
