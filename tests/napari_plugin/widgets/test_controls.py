"""Small controls: a slider that is dragged, and the progress of long work."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot
from supervox.napari_plugin.session.state_pieces import WorkProgress
from supervox.napari_plugin.widgets.controls import LabelledSlider, StageBar, how_far


def test_a_slider_that_is_dragged_stays_under_the_hand(qtbot: QtBot) -> None:
    """What is computed meanwhile refreshes the section, which knows the old value as yet."""
    slider = LabelledSlider("size", 0, 100, str, "Size")
    qtbot.addWidget(slider)
    slider.show_value(6)
    assert slider.value == 6
    with qtbot.waitSignal(slider.changed) as told:
        slider.slider.setValue(9)
        slider.show_value(6)
    assert told.args == [9]
    slider.show_value(7)
    assert (slider.value, slider.label.text()) == (7, "7")


def test_progress_takes_no_room_while_nothing_runs(qtbot: QtBot) -> None:
    cancelled: list[int] = []
    bar = StageBar("work", lambda: cancelled.append(1))
    qtbot.addWidget(bar)
    assert bar.isHidden()
    bar.show_progress(WorkProgress(1, 4, 12.0))
    assert not bar.isHidden()
    assert bar.bar.value() == 250
    assert bar.text.text() == "12 s left"
    bar.show_progress(WorkProgress(1, 4, 12.0, compiled=3))
    assert bar.text.text() == "compiling 3"
    assert "first time on this machine" in bar.text.toolTip()
    bar.show_progress(WorkProgress(0, 0))
    assert bar.bar.maximum() == 0  # how much there is isn't known yet
    assert bar.text.text() == ""
    bar.cancel.click()
    assert cancelled == [1]
    bar.show_progress(None)
    assert bar.isHidden()


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (WorkProgress(0, 0), ""),
        (WorkProgress(0, 8), "0 %"),
        (WorkProgress(3, 8, 12.0), "37 %, 12 s left"),
        (WorkProgress(3, 8, 12.0, compiled=5), "compiling for the first use, 5 done"),
    ],
)
def test_it_is_said_in_words_how_far_work_is(progress: WorkProgress, words: str) -> None:
    assert how_far(progress) == words
