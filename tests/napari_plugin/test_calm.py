"""Nothing in the dock moves while the mouse is there, whatever goes on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QEnterEvent
from qtpy.QtWidgets import QApplication, QLabel, QPushButton, QToolButton, QWidget
from supervox.napari_plugin.session.next_step import Step
from supervox.napari_plugin.widgets import stepping

LONG = "a class whose name is much longer than any table has room for"


@pytest.fixture
def small(open_dock: Callable[..., Any], scene: Any) -> Any:
    """Open the scene, under a long name, in a window as small as is usual."""
    window = open_dock(scene.image, name="cell_of_the_third_specimen_from_last_winter", show=True)
    window.viewer.window.resize(1280, 800)
    for number, class_id in enumerate(window.session.classes.ids):
        window.session.classes.change(class_id, name=f"{LONG} {number}")
    window.session.classes.add(f"{LONG} again")
    window.settle()
    return window


def places(window: Any) -> dict[str, QPoint]:
    """Return where each button, tick and slider of the dock is on the screen, by its name."""
    found = window.dock.findChildren(QWidget)
    return {
        f"{w.objectName()} {w.property('text') or ''}": w.mapTo(window.dock, QPoint(0, 0))
        for w in found
        if w.isVisible() and w.objectName().startswith("supervox_") and not isinstance(w, QLabel)
    }


def enter(window: Any) -> None:
    """Bring the mouse into the dock, as the display would."""
    at = QPointF(5, 5)
    QApplication.sendEvent(window.dock, QEnterEvent(at, at, at))
    window.dock.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, True)


def leave(window: Any) -> None:
    window.dock.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
    QApplication.sendEvent(window.dock, QEvent(QEvent.Type.Leave))


def test_no_button_moves_while_the_mouse_is_in_the_dock(
    small: Any, scene: Any, tmp_path: Path, qtbot: QtBot
) -> None:
    """From the first stroke to final labels and a file, with every section open."""
    for section in small.dock.sections:
        section.set_open(True)
    qtbot.wait(100)
    enter(small)
    before = places(small)
    assert len(before) > 40
    session, moved = small.session, set()

    def look() -> None:
        now = places(small)
        moved.update({name for name, at in before.items() if now.get(name, at) != at})

    session.changed.connect(lambda: qtbot.wait(0) or look())
    small.paint(1)
    small.settle()
    look()
    session.extent.prepare()
    look()
    small.settle()
    small.paint(2, 3)
    small.settle()
    look()
    session.delivery.finish()
    look()
    small.settle()
    look()
    session.autosave.save_as(tmp_path / f"{LONG}.supervox")
    small.settle()
    session.painting.undo()
    small.settle()
    look()
    assert not moved


def test_a_section_waits_until_the_mouse_has_left(
    small: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stepping, "CALM_SECONDS", 0.2)
    sections = small.dock.sections
    small.until(lambda: sections[Step.PREPARE].is_open)
    enter(small)
    assert not sections[Step.SEGMENT].is_open
    # the mouse points at what is below all sections: none of them may move
    monkeypatch.setattr(stepping.QCursor, "pos", lambda: QPoint(10_000, 10_000))
    small.prepare(1, 2, 3)
    assert small.session.view.result is not None
    assert [section.is_open for section in sections] == [False, True, False, False, False, False]
    leave(small)
    small.until(lambda: sections[Step.SEGMENT].is_open)
    assert not sections[Step.PREPARE].is_open


def test_below_a_mouse_at_rest_the_next_section_opens(
    small: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person who clicked on Prepare and waits sees what is next, and clicks on nothing else."""
    monkeypatch.setattr(stepping, "CALM_SECONDS", 0.2)
    sections, button = small.dock.sections, small.find("supervox_prepare")
    small.until(lambda: sections[Step.PREPARE].is_open)
    enter(small)
    at = button.mapToGlobal(button.rect().center())
    monkeypatch.setattr(stepping.QCursor, "pos", lambda: at)
    small.prepare(1, 2, 3)
    small.until(lambda: sections[Step.SEGMENT].is_open)
    assert sections[Step.PREPARE].is_open
    assert button.mapToGlobal(button.rect().center()) == at


def every_button_has_a_name(small: Any) -> None:
    """Or else nobody would notice that it moves."""
    found = [w for kind in (QPushButton, QToolButton) for w in small.dock.findChildren(kind)]
    unnamed = [w.text() for w in found if not w.objectName() and w.text()]
    assert found
    assert unnamed == []


def test_several_classes_are_added_by_clicks_at_one_place(small: Any, qtbot: QtBot) -> None:
    every_button_has_a_name(small)
    small.dock.sections[2].set_open(True)
    qtbot.wait(100)
    add = small.dock.findChild(QToolButton, "supervox_class_add")
    before, count = add.mapTo(small.dock, QPoint(0, 0)), len(small.session.classes)
    for _ in range(3):
        qtbot.mouseClick(add, Qt.MouseButton.LeftButton)
        small.settle()
        qtbot.wait(50)
        assert add.mapTo(small.dock, QPoint(0, 0)) == before
    assert len(small.session.classes) == count + 3
