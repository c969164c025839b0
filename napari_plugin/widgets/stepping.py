"""Which sections are open: the one that is next, but never at the cost of what the mouse is at."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from qtpy.QtCore import QPoint, Qt, QTimer
from qtpy.QtGui import QCursor
from qtpy.QtWidgets import QApplication, QScrollArea, QWidget
from supervox.napari_plugin.session.next_step import Step

from .next_button import highlight_one
from .section import DockSection

# Sections that stay open beside the next one: painting and looking go together.
TOGETHER = (Step.PAINT, Step.SEGMENT)
AT_THE_END = (Step.OBJECTS, Step.EXPORT)  # in either order, and each for itself
CALM_SECONDS = 1.0  # without the mouse in the dock, or with it at rest
LOOK_MS, SHOW_MS = 100, 50  # how often to look; what a section needs to open


class Stepping:
    """Opens the section of the next step, and closes the one before.

    While the mouse is in the dock, and for a second after, all stays where it is. Where it rests
    there, sections below it open: what it points at doesn't move.

    Parameters
    ----------
    dock : QWidget
    sections : sequence of DockSection
    scroll : QScrollArea
        That they are in.
    """

    def __init__(self, dock: QWidget, sections: Sequence[DockSection], scroll: QScrollArea) -> None:
        self._dock, self._sections, self._scroll = dock, sections, scroll
        self._now: Step | None = None  # whose section is open
        self._next: Step | None = None  # whose is to be opened
        self._over_at = -CALM_SECONDS  # when the mouse was in the dock last
        self._mouse, self._moved_at = QPoint(), 0.0
        self._timer = QTimer(dock)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._try)

    def go_to(self, step: Step) -> None:
        """Open the section of a step as soon as nothing is under the mouse; highlight a button."""
        bodies = [section.body for section in self._sections]
        highlight_one(self._dock, bodies, bodies[step])
        if step != (self._now if self._next is None else self._next):
            self._next = step
            self._mouse, self._moved_at = QCursor.pos(), monotonic()
            self._timer.start()
            self._try()

    def stop(self) -> None:
        """Open nothing any more."""
        self._timer.stop()

    def leave(self) -> None:
        """Notice that the mouse has left the dock."""
        self._over_at = monotonic()

    def _try(self) -> None:
        """Open and close what can be, without a move of anything that the mouse is at."""
        if self._dock.underMouse() or QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self._over_at = monotonic()
            self._open_below_mouse()
        elif monotonic() - self._over_at >= CALM_SECONDS:
            self._timer.stop()
            self._open()

    def _open(self) -> None:
        """Open the section that is next; sections that a person opened stay open."""
        step, before = self._next, self._now
        self._now, self._next = step, None
        for other, section in zip(Step, self._sections, strict=True):
            if _belongs(other, step):
                section.set_open(True)
            elif other == before or (before in AT_THE_END and other in AT_THE_END):
                section.set_open(other in TOGETHER and step in AT_THE_END)
        QTimer.singleShot(SHOW_MS, self._dock, self._show)

    def _open_below_mouse(self) -> None:
        mouse, now = QCursor.pos(), monotonic()
        if mouse != self._mouse:
            self._mouse, self._moved_at = mouse, now
        if now - self._moved_at < CALM_SECONDS or QApplication.mouseButtons():
            return
        for other, section in zip(Step, self._sections, strict=True):
            is_below = section.mapToGlobal(QPoint(0, 0)).y() > mouse.y()
            if is_below and _belongs(other, self._next) and not section.is_open:
                section.set_open(True)

    def _show(self) -> None:
        """Bring the section that is next into sight, once it has been laid out."""
        if self._now is not None and not self._dock.underMouse():
            self._scroll.ensureWidgetVisible(self._sections[self._now], 0, 8)
            if self._now in TOGETHER:  # where both have no room, the classes go first
                top = self._sections[TOGETHER[0]].y()
                bar = self._scroll.verticalScrollBar()
                bar.setValue(min(bar.value(), top))


def _belongs(section: Step, step: Step | None) -> bool:
    """Tell whether a section is open at a step."""
    return section == step or any(section in x and step in x for x in (TOGETHER, AT_THE_END))
