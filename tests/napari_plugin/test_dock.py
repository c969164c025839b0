"""The dock shows a state once: sections whose part is as before are left alone."""

from __future__ import annotations

from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from supervox.napari_plugin.widgets.section import Body


class Told(Body[tuple[int, ...]]):
    """Counts how often it was refreshed."""

    def __init__(self) -> None:
        super().__init__()
        self.n = 0

    def refresh(self) -> None:
        self.n += 1


def test_an_equal_state_is_shown_once(qtbot: QtBot) -> None:
    body = Told()
    qtbot.addWidget(body)
    assert body.set_state((1, 2))
    assert not body.set_state((1, 2))
    assert body.n == 1
    assert body.set_state((1, 3))
    assert (body.n, body.state) == (2, (1, 3))


def test_only_sections_with_another_state_are_refreshed(
    window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.settle()
    window.dock.refresh()
    refreshed: list[str] = []
    for name in ("volume", "prepare", "paint", "segment", "objects", "export"):
        body = getattr(window.dock, name)
        monkeypatch.setattr(body, "refresh", lambda name=name: refreshed.append(name))
    for _ in range(3):
        window.session.changed.emit()
        window.settle_widgets()
    assert refreshed == []
    window.session.view.choose(opacity=0.9)
    window.settle_widgets()
    assert refreshed == ["segment"]
    window.session.use_tool("erase")
    window.settle_widgets()
    assert refreshed == ["segment", "paint"]


def test_a_brush_that_is_as_before_again_is_shown(window: Any) -> None:
    """By the slider, which tells nobody, and back by a key of napari's."""
    window.settle()
    size = window.strokes.brush_size
    window.slide("supervox_brush_size", size + 4)
    assert window.strokes.brush_size == size + 4
    window.click("supervox_brush_3d")
    assert window.strokes.n_edit_dimensions == 3
    window.strokes.brush_size, window.strokes.n_edit_dimensions = size, 2
    window.session.changed.emit()
    window.settle_widgets()
    assert window.find("supervox_brush_size").value() == size
    assert not window.find("supervox_brush_3d").isChecked()
