"""A drag paints whichever layer is selected, or the dock says why not, and what helps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.layers import Points
from qtpy.QtCore import QEvent, Qt
from supervox.napari_plugin.painting.hand import Obstacle

STROKE = ((8, 20, 20), (8, 20, 26))


@pytest.fixture
def ready(shown: Any) -> Any:
    shown.viewer.dims.set_current_step(0, 8)
    shown.dock.sections[2].set_open(True)
    shown.settle()
    return shown


def hint(window: Any) -> str:
    window.settle_widgets()
    return str(window.dock.paint.says.text.whole)


def with_the_image_selected_a_drag_paints(ready: Any) -> None:
    ready.viewer.layers.selection.active = ready.session.volume.image
    ready.drag(*STROKE)
    assert (ready.strokes.data[8, 20, 20:26] == 1).all()
    assert ready.viewer.layers.selection.active == ready.strokes


def a_stroke_ends_with_its_drag_whatever_layer_comes_meanwhile(ready: Any) -> None:
    """Or the next one would be joined to it by a line."""
    kinds, first, second = QEvent.Type, ready.at(8, 6, 6), ready.at(8, 34, 40)
    ready.mouse(kinds.MouseMove, first, Qt.MouseButton.NoButton)
    ready.mouse(kinds.MouseButtonPress, first)
    ready.viewer.layers.selection.active = ready.session.volume.image
    ready.mouse(kinds.MouseButtonRelease, first)
    ready.viewer.layers.selection.active = ready.strokes
    ready.mouse(kinds.MouseMove, second, Qt.MouseButton.NoButton)
    ready.drag((8, 34, 40), (8, 34, 44))
    painted = ready.strokes.data[8] > 0
    assert painted[6, 6]
    assert painted[34, 40:44].all()
    assert not painted[12:28].any()


def the_move_tool_leaves_the_selection_alone(ready: Any) -> None:
    ready.click("supervox_brush_none")
    ready.viewer.layers.selection.active = ready.session.volume.image
    ready.drag(*STROKE)
    assert not ready.strokes.data.any()
    assert ready.viewer.layers.selection.active == ready.session.volume.image


def a_class_that_is_hidden_says_so(ready: Any) -> None:
    cannot_be_painted(ready, {"visible": False}, "is hidden", "Show")


def a_class_that_is_locked_says_so(ready: Any) -> None:
    cannot_be_painted(ready, {"locked": True}, "is locked", "Unlock")


def cannot_be_painted(ready: Any, change: dict[str, bool], words: str, helps: str) -> None:
    ready.session.classes.change(1, **change)
    centre = np.array(ready.viewer.scene.camera.center)
    ready.drag(*STROKE)
    assert not ready.strokes.data.any()
    np.testing.assert_array_equal(ready.viewer.scene.camera.center, centre)
    assert words in hint(ready)
    button = ready.find("supervox_paint_hint_help")
    assert button.isVisible()
    assert button.text() == helps
    ready.click("supervox_paint_hint_help")
    assert words not in hint(ready)
    ready.drag(*STROKE)
    assert (ready.strokes.data[8, 20, 20:26] == 1).all()


def strokes_that_are_hidden_are_not_painted_on(ready: Any) -> None:
    ready.strokes.visible = False
    ready.drag(*STROKE)
    assert not ready.strokes.data.any()
    assert "strokes are hidden" in hint(ready)
    ready.click("supervox_paint_hint_help")
    assert ready.strokes.visible


def a_layer_with_a_tool_of_its_own_keeps_the_mouse(ready: Any) -> None:
    points = Points(name="my points", ndim=3)
    ready.viewer.add_layer(points)
    ready.viewer.layers.selection.active = points
    points.mode = "add"
    assert "“my points” has the mouse" in hint(ready)
    assert ready.session.painting.hand.obstacle is Obstacle.ELSEWHERE
    ready.drag(*STROKE)
    assert not ready.strokes.data.any()
    assert ready.find("supervox_brush_other").isChecked()
    ready.click("supervox_paint_hint_help")
    ready.drag(*STROKE)
    assert ready.strokes.data.any()


TOOLS = {
    "paint": ("voxels", "brush"),
    "erase": ("eraser", "eraser"),
    "pan_zoom": ("look", "move"),
    "fill": ("other", "fill"),
    "pick": ("other", "picker"),
}


def test_the_dock_shows_the_tool_that_is_in_use(ready: Any) -> None:
    """Chosen in napari's own controls."""
    for mode, (button, text) in TOOLS.items():
        ready.strokes.mode = mode
        ready.settle_widgets()
        found = getattr(ready.dock.paint, button)
        assert found.isChecked(), mode
        assert found.isVisible(), mode
        assert found.text() == text


def a_class_that_is_chosen_is_painted(ready: Any) -> None:
    """Whatever tool was in hand, but for those that paint."""
    session = ready.session
    for mode in ("erase", "pan_zoom", "pick"):
        ready.strokes.mode = mode
        session.paint_class(2)
        assert ready.strokes.mode == "paint"
    ready.strokes.mode = "fill"
    session.paint_class(1)
    assert ready.strokes.mode == "fill"


def contrast_is_in_the_dock(ready: Any) -> None:
    image = ready.session.volume.image
    ready.find("supervox_contrast").setValue((250, 750))
    low, high = image.contrast_limits_range
    np.testing.assert_allclose(
        image.contrast_limits, (low + (high - low) / 4, low + 3 * (high - low) / 4)
    )
    ready.settle_widgets()
    image.contrast_limits = (low, high)
    ready.settle_widgets()
    assert tuple(ready.find("supervox_contrast").value()) == (0, 1000)
    ready.click("supervox_contrast_auto")
    found = np.percentile(image.data[8], (1, 99))
    np.testing.assert_allclose(image.contrast_limits, found)


def test_a_drag_paints_or_the_dock_says_why_not(ready: Any) -> None:
    """One window for stories, each from where the first began."""
    for story in (
        with_the_image_selected_a_drag_paints,
        a_stroke_ends_with_its_drag_whatever_layer_comes_meanwhile,
        the_move_tool_leaves_the_selection_alone,
        a_class_that_is_hidden_says_so,
        a_class_that_is_locked_says_so,
        strokes_that_are_hidden_are_not_painted_on,
        a_class_that_is_chosen_is_painted,
        contrast_is_in_the_dock,
        a_layer_with_a_tool_of_its_own_keeps_the_mouse,
    ):
        story(ready)
        for _ in range(20):
            if not ready.strokes.data.any():
                break
            ready.session.painting.undo()
        assert not ready.strokes.data.any(), story.__name__
        ready.session.paint_class(1)
        ready.viewer.layers.selection.active = ready.strokes
        ready.click("supervox_brush_voxels")
        ready.settle()
        assert ready.strokes.visible, story.__name__
        assert ready.session.painting.hand.obstacle is Obstacle.NONE, story.__name__
