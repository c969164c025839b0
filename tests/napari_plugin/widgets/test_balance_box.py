"""The box for more and less shows its state, and asks for nothing by itself."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import Qt
from supervox.napari_plugin.session.state_pieces import BalanceState
from supervox.napari_plugin.widgets.balance_box import BalanceActions, BalanceBox
from supervox.napari_plugin.widgets.class_table import percent

STATE = BalanceState(3, "mitochondria", "#d55e00", 0.7, 0.041, 212, None, True, False, True)


@pytest.fixture
def box(qtbot: QtBot) -> Any:
    asked: list[tuple[Any, ...]] = []

    def note(name: str) -> Any:
        return lambda *words: asked.append((name, *words))

    names = ("move", "nudge", "settle", "set_again", "ask_for_share", "cancel", "compare")
    made = BalanceBox(BalanceActions(**{name: note(name) for name in names}))
    qtbot.addWidget(made)
    made.show()
    return SimpleNamespace(box=made, asked=asked)


def test_a_state_is_shown_and_nobody_asked(box: Any) -> None:
    box.box.show_state(STATE)
    assert box.box.name.text() == "mitochondria"
    assert box.box.slider.label.text() == "+0.7"
    assert box.box.share.text() == "4.1 %"
    assert box.box.regions.text() == "212 regions"
    assert not box.box.again.isVisible()
    assert box.asked == []
    box.box.show_state(replace(STATE, value=-6.25, regions=1))
    assert box.box.slider.label.text() == "−6.25"  # beyond the end of the slider
    assert box.box.slider.value == box.box.slider.slider.minimum()
    assert box.box.regions.text() == "1 region"
    assert box.asked == []


def test_old_balances_are_offered_again(box: Any, qtbot: QtBot) -> None:
    box.box.show_state(replace(STATE, strokes_since=4))
    assert box.box.news.text() == "set 4 strokes ago"
    qtbot.mouseClick(box.box.again, Qt.MouseButton.LeftButton)
    assert box.asked == [("set_again", 3)]
    box.box.show_state(replace(STATE, strokes_since=0))
    assert not box.box.again.isVisible()


def test_a_search_can_be_cancelled(box: Any, qtbot: QtBot) -> None:
    box.box.show_state(replace(STATE, is_searching=True))
    assert box.box.bar.isVisible()
    assert not box.box.compare.isVisible()
    height = box.box.sizeHint().height()
    qtbot.mouseClick(box.box.bar.cancel, Qt.MouseButton.LeftButton)
    assert box.asked == [("cancel",)]
    box.box.show_state(STATE)
    assert box.box.compare.isVisible()
    assert not box.box.bar.isVisible()
    assert box.box.sizeHint().height() == height


def test_reset_is_a_step_of_its_own(box: Any, qtbot: QtBot) -> None:
    box.box.show_state(STATE)
    qtbot.mouseClick(box.box.reset, Qt.MouseButton.LeftButton)
    assert box.asked == [("settle",), ("move", 3, 0), ("settle",)]
    box.box.show_state(replace(STATE, value=0))
    assert not box.box.reset.isEnabled()


def test_what_is_typed_is_not_overwritten_by_an_update(box: Any, qtbot: QtBot) -> None:
    box.box.show_state(STATE)
    field = box.box.share
    field.selectAll()
    qtbot.keyClicks(field, "3")
    box.box.show_state(replace(STATE, share=0.05))
    assert field.text() == "3"
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert box.asked == [("ask_for_share", 3, pytest.approx(0.03))]
    assert field.text() == "5 %"  # until it is found


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (0.00004, "<.01 %"),
        (0.0003, "0.03 %"),
        (0.041, "4.1 %"),
        (0.0996, "10 %"),
        (0.514, "51 %"),
        (1.0, "100 %"),
    ],
)
def test_shares_in_words(share: float, text: str) -> None:
    assert percent(share) == text
