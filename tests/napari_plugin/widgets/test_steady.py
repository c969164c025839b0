"""Words in room that doesn't change are seen to their last letter."""

from __future__ import annotations

from typing import Any

from qtpy.QtWidgets import QLabel
from supervox.napari_plugin.widgets.steady import SteadyLabel

STYLE = "QLabel { padding: 1px; }"  # as napari's has it, with which Qt indents the text


def test_what_is_cut_ends_in_dots_that_are_seen(qtbot: Any) -> None:
    label, plain = SteadyLabel(), QLabel()
    for widget in (label, plain):
        qtbot.addWidget(widget)
        widget.setStyleSheet(STYLE)
        widget.ensurePolished()
    label.show()
    label.say("Labels of 6 classes, from 321 painted regions")
    beyond = plain.fontMetrics().horizontalAdvance("x") // 2  # of a hint; it isn't drawn
    for width in range(100, 300):
        label.resize(width, 20)
        plain.setText(label.text())
        assert plain.sizeHint().width() - beyond <= width + 1
