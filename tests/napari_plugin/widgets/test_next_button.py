"""One button is highlighted, however many are suggested."""

from __future__ import annotations

from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtWidgets import QPushButton, QVBoxLayout, QWidget
from supervox.napari_plugin.widgets.next_button import highlight_one, suggest


@pytest.fixture
def dock(qtbot: QtBot) -> Any:
    """A dock of two sections with two buttons each, and a button above them."""
    whole = QWidget()
    qtbot.addWidget(whole)
    layout = QVBoxLayout(whole)
    above = QPushButton("above")
    layout.addWidget(above)
    bodies = [QWidget(), QWidget()]
    buttons = {"above": above}
    for number, body in enumerate(bodies, 1):
        inner = QVBoxLayout(body)
        for letter in "ab":
            made = buttons[f"{number}{letter}"] = QPushButton()
            inner.addWidget(made)
        layout.addWidget(body)
    return whole, bodies, buttons


@pytest.mark.parametrize(
    ("suggested", "at_once", "step", "expected"),
    [
        ((), (), 0, []),
        (("1a", "1b", "2a"), (), 0, ["1a"]),
        (("1a", "1b", "2a"), (), 1, ["2a"]),
        (("1a",), (), 1, ["1a"]),  # of another step than the next: better than none
        (("1a", "2b"), ("2b",), 0, ["2b"]),
        (("1a", "2b", "above"), ("above",), 0, ["above"]),
    ],
)
def test_one_is_highlighted(
    dock: Any, suggested: Any, at_once: Any, step: int, expected: list[str]
) -> None:
    whole, bodies, buttons = dock
    for name in ("2b", "1a"):  # of a moment ago
        suggest(buttons[name], True)
    highlight_one(whole, bodies, bodies[0])
    for name, made in buttons.items():
        suggest(made, name in suggested, at_once=name in at_once)
    highlight_one(whole, bodies, bodies[step])
    assert [name for name, made in buttons.items() if made.property("next")] == expected


def test_a_closed_section_counts_but_what_is_folded_away_in_it_does_not(dock: Any) -> None:
    whole, bodies, buttons = dock
    bodies[0].hide()
    suggest(buttons["1a"], True)
    suggest(buttons["1b"], True, at_once=True)
    buttons["1b"].hide()
    highlight_one(whole, bodies, bodies[0])
    assert [name for name, made in buttons.items() if made.property("next")] == ["1a"]
