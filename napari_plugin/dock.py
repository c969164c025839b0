"""The dock widget: six steps from top to bottom, and a line that says what is next."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from napari.viewer import Viewer
from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtGui import QKeySequence, QShortcut, QShowEvent
from qtpy.QtWidgets import (
    QFrame,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from supervox.napari_plugin.session.dock_state import DockState
from supervox.napari_plugin.session.next_step import Step, next_step
from supervox.napari_plugin.session.session import Session
from supervox.napari_plugin.session.snapshot import dock_state
from supervox.napari_plugin.tasks.jobs import finish_files

from .below_picture import BelowPicture
from .dock_sections import (
    DockCalls,
    export_section,
    keys_of,
    opening_panel,
    paint_section,
    prepare_section,
    project_bar,
    segment_section,
    volume_section,
)
from .objects_step import section_actions
from .settings import Settings
from .surroundings import AroundDock, DockActions
from .widgets.colours import style_sheet
from .widgets.compare_planes import ComparePlanes
from .widgets.objects_section import ObjectsSection
from .widgets.picture_box import PictureBox
from .widgets.section import Body, DockSection
from .widgets.steady import SteadyLabel
from .widgets.stepping import Stepping

WIDTH = 370
MARGINS = 20  # pixels beside a section and the scroll bar
TITLES = ("Volume", "Prepare", "Paint", "Segment", "Objects", "Export")


class SupervoxDock(QWidget):
    """Segment a volume from a few strokes.

    The only place that knows both the session and the sections: each section is given what it
    shows, a part of a `DockState`, and what it can have done.

    Parameters
    ----------
    napari_viewer : Viewer
        Given by napari.
    """

    def __init__(self, napari_viewer: Viewer) -> None:
        super().__init__()
        self.setObjectName("supervox_dock")
        self._is_closed = True  # until it is made
        self.session = Session(napari_viewer, Settings.load())
        self.state = DockState()
        self._make_sections(self.session)
        first = self.volume, self.prepare, self.paint
        self._bodies: list[Body[Any]] = [*first, self.segment, self.objects, self.export]
        self.sections = [
            DockSection(number, title, body)
            for number, (title, body) in enumerate(zip(TITLES, self._bodies, strict=True), 1)
        ]
        self.advice = SteadyLabel(2)
        self.advice.setObjectName("supervox_advice")
        self.advice.setContentsMargins(6, 4, 6, 4)
        self._lay_out()
        self._stepping = Stepping(self, self.sections, self._scroll)
        self._is_shown = False
        self._refresh_timer = QTimer(self)
        self._refresh_timer.setSingleShot(True)
        self._refresh_timer.setInterval(0)
        self._refresh_timer.timeout.connect(self.refresh)
        self._is_closed = False
        painting = self.session.painting
        for keys, step in (("Ctrl+Z", painting.undo), ("Ctrl+Shift+Z", painting.redo)):
            shortcut = QShortcut(QKeySequence(keys), self)  # for when the dock has the focus
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(step)
        self.session.changed.connect(self.keys.follow)
        self.session.changed.connect(self._refresh_soon)
        self.session.next.size_wanted.connect(self._ask_for_size)
        napari_viewer.events.theme.connect(self._on_theme)
        napari_viewer.dims.events.ndisplay.connect(self._refresh_soon)
        session = self.session
        self.destroyed.connect(lambda: _end(session))  # the whole window is going
        self._on_theme()
        self.session.choose_image(self.session.left.first_image)
        self.refresh()

    def _make_sections(self, session: Session) -> None:
        """Give each section what it can have done, and the keys likewise."""
        self.volume = volume_section(session)
        calls = DockCalls(
            around=lambda: self.around,
            open_another=self.volume.ask_what_to_open,
            refresh=self.refresh,
            nudge=self.nudge,
            nudge_chosen=self.nudge_chosen,
            compare=self.compare,
        )
        self.project = project_bar(session, calls)
        self.opening = opening_panel(session, calls)
        self.prepare = prepare_section(session)
        self.paint = paint_section(session, calls)
        self.segment = segment_section(session, calls)
        windows = lambda: self.around.objects.bring(), lambda: self.around.agreement.bring()
        self.objects = ObjectsSection(section_actions(session, *windows))
        self.export = export_section(session)
        self._hinting = {
            Step.PREPARE: self.prepare.show_hint,
            Step.PAINT: self.paint.show_hint,
            Step.SEGMENT: self.segment.show_hint,
            Step.EXPORT: self.export.show_hint,
        }
        self.keys = keys_of(session, calls)
        self.below = BelowPicture(session)
        compared = session.comparison
        self.planes = ComparePlanes(compared.look, compared.watch, compared.go_to, self)
        around = DockActions(self.volume.ask_what_to_open, lambda: next_step(self.state).step)
        self.around: AroundDock = AroundDock(session, self.project, around, self)
        self.objects.add_first(self.around.tools)
        for part in (self.around.tools, self.around.two):
            part.changed.connect(self._refresh_soon)
        self.export.add_line(PictureBox(self.around.picture_actions()))

    def _ask_for_size(self) -> None:
        """Bring the fields for the voxel size into sight."""
        section = self.sections[Step.VOLUME]
        section.set_open(True)
        self.volume.edit_size()
        self._scroll.ensureWidgetVisible(section, 0, 8)

    def nudge(self, class_id: int, steps: int) -> None:
        """Give a class more or less, where there are labels of it."""
        if class_id in dict(self.state.paint.shares) and not self.state.paint.is_read_only:
            self.session.balancing.nudge(class_id, steps)
        else:
            text = "More or less of a class: once there are live labels of it"
            self.session.hints.say(Step.SEGMENT, text)

    def nudge_chosen(self, steps: int) -> None:
        """Give the class that is chosen more or less."""
        self.nudge(self.session.classes.selected, steps)

    def compare(self) -> None:
        """Show planes far apart in the volume, or hide them."""
        if self.session.view.result is not None and self.session.comparison.is_possible:
            self.planes.toggle()
            self._refresh_soon()
        else:
            text = "Planes can be compared once there are live labels"
            self.session.hints.say(Step.SEGMENT, text)

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 4, 4)
        column.setSpacing(6)
        for section in self.sections:
            column.addWidget(section)
        column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidget(inner)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setVerticalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAlwaysOn
        )  # or all moves
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 0)
        layout.addWidget(self.project)
        layout.addWidget(self.advice)  # stays in sight, whatever is scrolled
        layout.addWidget(self.opening)
        layout.addWidget(self._scroll, 1)
        self._fit_width()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def _fit_width(self) -> None:
        """Be as wide as what is shown, which can't be scrolled sideways: letters may be large."""
        bar = self._scroll.verticalScrollBar().sizeHint().width()
        widest = max(body.minimumSizeHint().width() for body in self._bodies)
        self.setMinimumWidth(max(WIDTH, widest + bar + MARGINS))

    def changeEvent(self, event: QEvent) -> None:
        """Follow napari's size of letters."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._refresh_soon()

    # -------------------------------------------------------------------------------- refreshing

    def _refresh_soon(self, *_: object) -> None:
        """Show the state once, however many changes come together."""
        if not self._is_closed:
            self._refresh_timer.start()

    def refresh(self) -> None:
        """Show the state of the session, as far as it is another one than before."""
        if self._is_closed:
            return
        state = dock_state(self.session)
        old, self.state = self.state, state
        if state.project != old.project or not self._is_shown:
            self.project.refresh()
        self.opening.set_state(state.opening)
        self.around.refresh()
        before = state.volume, state.prepare, state.paint
        parts = (*before, state.segment, state.objects, state.export)
        for section, body, part in zip(self.sections, self._bodies, parts, strict=True):
            if body.set_state(part):
                section.set_summary(body.describe())
        view, compared = self.session.view, self.session.comparison
        now = view.result, compared.state, self.session.painting.corrections.state
        labels = partial(compared.labels_of, view.result)
        seen = state.paint.classes, view.choices.opacity
        self.planes.show_planes(compared.planes, labels, *seen, now)
        self.below.show(state.look, state.volume.source is not None)
        advice = next_step(state)
        hint = self._show_hints(parts)
        self.advice.say(hint or advice.sentence, "warning" if hint else "advice")
        for step, section in enumerate(self.sections):
            section.set_next(step == advice.step)
        self._stepping.go_to(advice.step)
        self._fit_width()
        self._is_shown = True

    def _show_hints(self, parts: Sequence[object]) -> str:
        """Say beside each step why something isn't done; return what is to be said above them."""
        above = ""
        for step, part in zip(Step, parts, strict=True):
            text = self.session.hints.look(step, part)
            is_seen = step in self._hinting and self.sections[step].is_open
            if step in self._hinting:
                self._hinting[step](text)
            above = above if is_seen else above or text
        return above

    def _on_theme(self, *_: object) -> None:
        self.setStyleSheet(style_sheet(self.session.viewer.theme))
        self.around.style(self.styleSheet())

    # ------------------------------------------------------------------------------------- end

    def close_session(self) -> None:
        """Stop all work, and let go of the viewer."""
        if self._is_closed:
            return
        self._is_closed = True
        self._refresh_timer.stop()
        self._stepping.stop()
        self.project.stop()
        self.planes.close()
        self.around.close()
        viewer = self.session.viewer
        self.below.close()
        viewer.events.theme.disconnect(self._on_theme)
        viewer.dims.events.ndisplay.disconnect(self._refresh_soon)
        self.keys.release()
        self.session.changed.disconnect(self.keys.follow)
        self.session.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Take the place in the window."""
        self.around.settle()
        self.below.settle(self.window())
        self.around.style(self.styleSheet())
        super().showEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Keep everything where it is for a moment: the mouse may come back."""
        self._stepping.leave()
        super().leaveEvent(event)

    def event(self, event: QEvent) -> bool:
        """Notice that the dock is going for good: napari takes it out of its frame."""
        is_taken_out = event.type() == QEvent.Type.ParentChange and self.parent() is None
        if is_taken_out or event.type() == QEvent.Type.DeferredDelete:
            self.close_session()
        if is_taken_out:
            self.deleteLater()
        return bool(super().event(event))


def _end(session: Session) -> None:
    """Save and stop while there is still time: nothing comes after the last window."""
    session.abandon()
    finish_files()
