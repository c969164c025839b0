"""The dock at 1280 x 800: nothing of it is cut off at the right."""

from __future__ import annotations

from typing import Any

from napari.settings import get_settings
from qtpy.QtWidgets import QLayout, QStyle, QStyleOptionButton
from supervox.napari_plugin.dock import WIDTH


def test_no_section_is_wider_than_the_dock_with_every_panel_open(shown: Any) -> None:
    """The dock has no horizontal scroll bar: what is wider than its viewport can't be reached."""
    shown.dock.window().resize(1280, 800)
    shown.settle_widgets()
    shown.session.classes.change(1, name="endoplasmic reticulum with all its ribosomes")
    shown.session.correcting.mask.choose(values=(20_000.0, 60_000.0), class_id=1, unsure=True)
    for section in shown.dock.sections:
        section.set_open(True)
    shown.click("supervox_paint_corrections")
    # Whatever is folded away or not needed now is shown too, all at once.
    for section in shown.dock.sections:
        for layout in section.findChildren(QLayout):
            parts = [layout.itemAt(k).widget() for k in range(layout.count())]
            for part in parts:
                if part is not None and part.isHidden():
                    part.setVisible(True)
    shown.settle_widgets()
    assert shown.find("supervox_only_as_strokes").isVisible()
    inner, viewport = shown.dock._scroll.widget(), shown.dock._scroll.viewport()
    room = viewport.width() - inner.layout().contentsMargins().right()
    wanted = {part.header.text(): part.minimumSizeHint().width() for part in shown.dock.sections}
    assert {title: width for title, width in wanted.items() if width > room} == {}
    assert inner.width() <= viewport.width()


def test_a_tool_of_naparis_has_room_for_its_name(shown: Any) -> None:
    shown.dock.window().resize(1280, 800)
    shown.settle_widgets()
    shown.dock.sections[2].set_open(True)
    shown.click("supervox_paint_corrections")
    shown.session.painting.hand.layer.mode = "polygon"
    shown.settle_widgets()
    other = shown.find("supervox_brush_other")
    assert (other.isVisible(), other.isChecked(), other.text()) == (True, True, "polygon")
    option = QStyleOptionButton()
    other.initStyleOption(option)
    part = QStyle.SubElement.SE_RadioButtonContents
    room = other.style().subElementRect(part, option, other).width()
    assert room >= other.fontMetrics().horizontalAdvance("polygon")


def test_the_dock_is_as_wide_as_large_letters_need(shown: Any) -> None:
    """Napari's preferences choose how large letters are: 14 points were cut off at the right."""
    dock, appearance = shown.dock, get_settings().appearance
    for section in dock.sections:
        section.set_open(True)
    shown.settle_widgets()
    before = appearance.font_size
    try:
        appearance.font_size = before + 5
        shown.until(lambda: dock.width() > WIDTH)
        shown.settle_widgets()
        assert dock._scroll.widget().minimumSizeHint().width() <= dock._scroll.viewport().width()
        made = shown.find("supervox_prepare")
        assert made.height() > made.fontMetrics().height()
    finally:
        appearance.font_size = before
    shown.until(lambda: dock.minimumWidth() == WIDTH)
