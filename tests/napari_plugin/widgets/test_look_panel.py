"""The panel below the picture: the question and its answers by mouse and key, and the strip."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from supervox.napari_plugin.tasks.plane_amounts import PlaneAmounts
from supervox.napari_plugin.widgets.plane_strip import (
    BARS,
    CAPTIONS,
    DOUBT,
    GROUND,
    HEAT,
    LIGHT_GROUND,
    PlaneStrip,
    draw,
)

COLOURS = {1: (10, 20, 30), 2: (200, 0, 0)}


def amounts(shares: list[list[float]], doubt: list[float], painted: list[bool]) -> PlaneAmounts:
    of = np.array(shares), np.array(doubt), np.array(painted)
    return PlaneAmounts(0, 0, (1, 2), *of, np.full(len(shares), 100.0))


def test_bars_are_as_high_as_beside_the_fullest_plane() -> None:
    """Also of a rare class: a plane where it explodes is seen."""
    shares = [[0.99, 0.01], [0.99, 0.01], [0.9, 0.1]]
    pixels = draw(amounts(shares, [0.5, 1.0, 0.0], [True, False, False]), COLOURS)
    assert pixels.shape[1:] == (3, 3)
    rare = (pixels[:BARS] == COLOURS[2]).all(axis=2).sum(axis=0)
    assert rare[2] == BARS // 2 - 1
    assert rare[0] == rare[1] == -(-rare[2] // 10)
    common = (pixels[:BARS] == COLOURS[1]).all(axis=2).sum(axis=0)
    assert common.min() > 0.9 * common.max()
    doubt = (pixels[BARS : BARS + HEAT] == DOUBT).all(axis=2).sum(axis=0)
    assert doubt.tolist() == [(HEAT - 1) // 2, HEAT - 1, 0]
    assert (pixels[-1, :, 0] == 255).tolist() == [True, False, False]


def test_nothing_of_anything_is_drawn_as_nothing() -> None:
    pixels = draw(amounts([[0, 0]], [0], [False]), COLOURS)
    assert (pixels[: BARS + HEAT] == GROUND).all()


@pytest.mark.parametrize(("text", "ground"), [("#f0f1f2", GROUND), ("#3b3a39", LIGHT_GROUND)])
def test_the_strip_is_as_light_as_the_theme(qtbot: QtBot, text: str, ground: Any) -> None:
    strip = PlaneStrip(lambda plane: None)
    qtbot.addWidget(strip)
    strip.resize(300, strip.height())
    strip.setStyleSheet(f"QWidget {{ color: {text}; }}")
    inside = CAPTIONS + 3, BARS // 2
    for share in (None, amounts([[0.0, 0.0]] * 3, [0.0] * 3, [False, False, True])):
        strip.show_amounts(share, [])
        assert strip.grab().toImage().pixelColor(*inside).getRgb()[:3] == ground
    seen = strip.grab().toImage()
    unpainted, painted = (seen.pixelColor(x, BARS + HEAT + 2).lightness() for x in (80, 280))
    assert (painted > unpainted) == (ground == GROUND)


def a_question_is_answered_by_mouse(window: Any) -> None:
    assert not window.find("supervox_look_option_0").isEnabled()
    window.click("supervox_look_next")
    window.settle()
    asked = window.session.looking.asked
    names = [window.session.classes[k].name for k in (asked.place.class_id, asked.place.other)]
    shown = [window.find(f"supervox_look_option_{k}").text() for k in range(2)]
    assert shown == names
    assert all(name in window.find("supervox_look_text").text() for name in names)
    window.click("supervox_look_option_1")
    window.settle()
    assert (window.strokes.data[asked.voxels] == asked.place.other).all()
    assert not window.find("supervox_look_option_1").isEnabled()


def leave_it_paints_nothing(window: Any) -> None:
    window.click("supervox_look_next")
    window.settle()
    before = window.strokes.data.copy()
    window.click("supervox_look_leave")
    window.settle()
    np.testing.assert_array_equal(window.strokes.data, before)
    assert window.session.looking.asked is None


def a_question_is_answered_by_key(shown: Any, modifier: Any, which: int) -> None:
    shown.key(Qt.Key.Key_N)
    shown.settle()
    asked = shown.session.looking.asked
    shown.key(Qt.Key.Key_Enter, modifier)
    shown.settle()
    expected = (asked.place.class_id, asked.place.other)[which]
    assert (shown.strokes.data[asked.voxels] == expected).all()


def nothing_moves_when_a_question_comes(shown: Any) -> None:
    names = [*(f"supervox_look_option_{k}" for k in range(2)), "supervox_look_leave"]
    widgets = [shown.find(name) for name in ("supervox_look_next", *names)]
    before = [widget.geometry() for widget in widgets]
    shown.click("supervox_look_next")
    shown.settle()
    shown.settle_widgets()
    assert [widget.geometry() for widget in widgets] == before


def a_click_on_the_strip_goes_to_the_plane(shown: Any) -> None:
    strip = shown.find("supervox_plane_strip")
    room = strip.width() - CAPTIONS - 8
    at = QPoint(CAPTIONS + round(room * 12.5 / 16), BARS // 2)
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=at)
    assert shown.viewer.dims.current_step[0] == 12


def words_say_what_a_plane_has(shown: Any) -> None:
    strip = shown.find("supervox_plane_strip")
    words = strip.describe(8)
    assert words.startswith("Plane 8\n")
    assert "strokes lie in this plane" in words
    assert "background: 33 % here, 33 % of all planes" in words
    assert "no stroke here" in strip.describe(2)


def test_a_flat_image_has_no_strip(open_dock: Any) -> None:
    window = open_dock(np.random.default_rng(0).random((30, 30)).astype(np.float32))
    window.settle()
    assert window.find("supervox_plane_strip").isHidden()


def test_the_panel_goes_with_the_dock(window: Any) -> None:
    names = window.viewer.window.dock_widgets
    assert any("look" in name for name in names)
    window.close_dock()
    assert not any("look" in name for name in window.viewer.window.dock_widgets)


def the_ring_lies_over_everything(shown: Any) -> None:
    """A plugin is given napari's layers in wrappers, each time other ones."""
    shown.click("supervox_look_next")
    shown.settle()
    assert shown.viewer.layers[-1].name == "place in doubt"


# ---------------------------------------------------------- one window for what goes together


def test_a_question_is_left_and_answered(window: Any) -> None:
    window.prepare(1, 2, 3)
    assert not window.find("supervox_look_option_0").isEnabled()
    leave_it_paints_nothing(window)
    window.settle_widgets()
    a_question_is_answered_by_mouse(window)


def test_the_panel_by_eye_mouse_and_keys(shown: Any) -> None:
    shown.prepare(1, 2, 3)
    words_say_what_a_plane_has(shown)
    nothing_moves_when_a_question_comes(shown)
    the_ring_lies_over_everything(shown)
    shown.click("supervox_look_leave")
    shown.settle()
    a_click_on_the_strip_goes_to_the_plane(shown)
    before = shown.strokes.data.copy()
    a_question_is_answered_by_key(shown, Qt.KeyboardModifier.NoModifier, 0)
    shown.session.painting.undo()
    shown.settle()
    np.testing.assert_array_equal(shown.strokes.data, before)
    a_question_is_answered_by_key(shown, Qt.KeyboardModifier.ShiftModifier, 1)
