"""Step 4: the labels that follow the strokes, and how they are shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from supervox.napari_plugin.session.dock_state import SegmentState
from supervox.napari_plugin.session.view_choices import Shown
from supervox.parameters import parameter_of
from supervox.segmentation import RefinementParameters

from .balance_box import BalanceActions, BalanceBox
from .controls import LabelledSlider, button, duration, list_choices, tool
from .legend import Legend
from .next_button import suggest
from .section import Body
from .steady import StatusRow
from .widening import Widening

STRENGTH_STEPS = 20  # of the slider, for a strength of 1
MOST_STRENGTH = 3
BUSY_WIDTH = 12  # pixels
# Of what is shown: which page of one row, and the words before it.
PAGES = {
    Shown.LABELS: (0, "Empty below"),
    Shown.FINAL: (0, "Empty below"),
    Shown.PROBABILITY: (1, "Of class"),
    Shown.UNCERTAINTY: (2, "Colours"),
}


class Show(Protocol):
    """Changes how the result is shown; see `ViewChoices`."""

    def __call__(self, **changes: object) -> None:
        """Change some of the choices."""


@dataclass(frozen=True)
class SegmentActions:
    """What the section can have done.

    Attributes
    ----------
    set_live, update : callable
        Follow the strokes or not; update now.
    choose_strength : callable
        Takes the strength of refinement.
    show : callable
        Changes how the result is shown.
    prepare_whole, cancel_whole : callable
        Prepare the whole volume behind a box; stop that.
    finish, cancel_finish : callable
        Compute the final labels; stop that.
    """

    set_live: Callable[[bool], None]
    update: Callable[[], None]
    choose_strength: Callable[[float], None]
    show: Show
    prepare_whole: Callable[[], None]
    cancel_whole: Callable[[], None]
    finish: Callable[[], None]
    cancel_finish: Callable[[], None]


class SegmentSection(Body[SegmentState]):
    """Live updates, smoothness, what is shown, and the final labels.

    Parameters
    ----------
    actions : SegmentActions
    balance : BalanceActions
    """

    def __init__(self, actions: SegmentActions, balance: BalanceActions) -> None:
        super().__init__()
        self._do = actions
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 4)
        layout.addLayout(self._make_update())
        self.status = StatusRow("supervox_finish", actions.cancel_finish)
        self._hint = ""
        layout.addWidget(self.status)
        self.widening = Widening(actions.prepare_whole, actions.cancel_whole)
        layout.addWidget(self.widening)
        self.balance = BalanceBox(balance)
        layout.addWidget(self.balance)
        self.form = QFormLayout()
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        layout.addLayout(self.form)
        self._make_smoothness()
        self._make_shown()
        self._make_looks()

    def _make_update(self) -> QHBoxLayout:
        line = QHBoxLayout()
        self.live = QCheckBox("Live")
        self.live.setObjectName("supervox_live")
        self.live.setToolTip("Update the labels after every stroke  (Shift+L)")
        self.live.clicked.connect(self._do.set_live)
        self.update_button = button(
            "supervox_update",
            "Update",
            "Update the labels now  (U)",
            self._do.update,
        )
        self.busy = QLabel()
        self.busy.setFixedWidth(BUSY_WIDTH)
        self.busy.setToolTip("…: the labels are being updated")
        self.finish = button(
            "supervox_finish",
            "Finish: full quality",
            "Compute the final labels: several cuts of the volume vote (partitions), and borders "
            "follow the image voxel by voxel (edge refinement). The same as 'supervox segment'",
            self._do.finish,
        )
        line.addWidget(self.live)
        line.addWidget(self.busy)
        line.addWidget(self.update_button)
        line.addWidget(self.finish, 1)
        return line

    def _make_smoothness(self) -> None:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        about = parameter_of(RefinementParameters, "strength")
        self.strength = LabelledSlider(
            "supervox_strength",
            0,
            MOST_STRENGTH * STRENGTH_STEPS,
            _strength_text,
            f"{about.title}: {about.help} Auto is what they call for, 1",
        )
        self.strength.changed.connect(
            lambda value: self._do.choose_strength(value / STRENGTH_STEPS)
        )
        self.auto = tool(
            "supervox_strength_auto",
            "↺",
            "Back to auto: what the strokes call for",
            lambda: self._do.choose_strength(1.0),
        )
        line.addWidget(self.strength, 1)
        line.addWidget(self.auto)
        self.form.addRow("Smoothness", row)

    def _make_shown(self) -> None:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        group = QButtonGroup(self)
        self.shown: dict[Shown, QRadioButton] = {}
        for kind, text, tip in (
            (Shown.LABELS, "live", "The labels that follow your strokes"),
            (Shown.FINAL, "final", "The labels in full quality, as they were when you finished"),
            (Shown.PROBABILITY, "probability", "How probable one class is: bright is sure"),
            (Shown.UNCERTAINTY, "unsure", "How undecided (entropy): bright is unsure"),
        ):
            made = QRadioButton(text)
            made.setObjectName(f"supervox_show_{kind}")
            made.setToolTip(tip)
            made.clicked.connect(lambda _=False, kind=kind: self._do.show(shown=kind))
            group.addButton(made)
            line.addWidget(made)
            self.shown[kind] = made
        self.form.addRow(row)
        self.of = QComboBox()
        self.of.setObjectName("supervox_show_class")
        self.of.setToolTip("Whose probability is shown")
        self.of.activated.connect(lambda index: self._do.show(class_id=self.of.itemData(index)))

    def _make_looks(self) -> None:
        self.threshold = LabelledSlider(
            "supervox_threshold",
            0,
            100,
            lambda value: f"{value} %" if value else "off",
            "Leave regions unlabelled whose most probable class is less probable than this",
        )
        self.threshold.changed.connect(lambda value: self._do.show(threshold=value / 100))
        of_class = QWidget()
        line = QHBoxLayout(of_class)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.of, 1)
        line.addWidget(Legend("0", "1"))
        self.of_what = QStackedWidget()  # one row, whatever is shown
        for page in (self.threshold, of_class, Legend("sure", "unsure")):
            self.of_what.addWidget(page)
        self.of_what.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.of_label = QLabel()
        self.form.addRow(self.of_label, self.of_what)
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        self.opacity = LabelledSlider(
            "supervox_opacity", 0, 100, lambda value: f"{value} %", "Opacity of what is shown"
        )
        self.opacity.changed.connect(self._on_opacity)
        self.outline = QCheckBox("outline")
        self.outline.setObjectName("supervox_outline")
        self.outline.setToolTip("Draw the borders of the labels only  (O)")
        self.outline.clicked.connect(lambda on: self._do.show(outline=bool(on)))
        line.addWidget(self.opacity, 1)
        line.addWidget(self.outline)
        self.form.addRow("Opacity", row)

    def _on_opacity(self, value: int) -> None:
        which = "map_opacity" if self.state.view.is_map else "opacity"
        self._do.show(**{which: value / 100})

    def refresh(self) -> None:
        """Show the state anew."""
        state, view, update = self.state, self.state.view, self.state.update
        has_result = update is not None
        with QSignalBlocker(self.live):
            self.live.setChecked(state.is_live)
        self.update_button.setEnabled(state.can_update)
        suggest(self.update_button, state.can_update and not state.is_live and not has_result)
        self.busy.setText("…" if state.is_updating else "")
        self.widening.show_state(state.widening)
        self.balance.show_state(state.balance)
        self.strength.show_value(round(state.strength * STRENGTH_STEPS))
        self.auto.setEnabled(state.strength != 1)
        self.shown[view.shown].setChecked(True)
        self._refresh_classes()
        page, words = PAGES[view.shown]
        self.of_what.setCurrentIndex(page)
        self.of_label.setText(words)
        self.threshold.show_value(round(100 * view.threshold))
        opacity = view.map_opacity if view.is_map else view.opacity
        self.opacity.show_value(round(100 * opacity))
        with QSignalBlocker(self.outline):
            self.outline.setChecked(view.outline)
        for made in self.shown.values():
            made.setEnabled(has_result)
        self.shown[Shown.FINAL].setEnabled(state.has_final)
        self.threshold.setEnabled(view.shown is Shown.LABELS)
        self.outline.setEnabled(not view.is_map)
        self.finish.setEnabled(
            state.can_update and not state.is_finishing and not state.is_finished
        )
        is_amber = bool(self._hint) or (update is not None and bool(update.missing))
        is_amber |= state.finished_seconds is not None and not state.is_finished
        text, role = self._hint or self.describe(), "warning" if is_amber else "note"
        self.status.show_state(text, state.progress, role, self._details())

    def _refresh_classes(self) -> None:
        """List the classes whose probability can be shown."""
        items = list(self.state.classes)
        list_choices(self.of, items)
        index = self.of.findData(self.state.view.class_id)
        if index >= 0:
            self.of.setCurrentIndex(index)
        elif items:
            self._do.show(class_id=items[0][1])

    def describe(self) -> str:
        """Say in a line how the labels stand."""
        state, update = self.state, self.state.update
        if update is None:
            if not state.is_prepared:
                return "Labels appear once the volume is prepared and two classes are painted"
            if state.is_finished:
                return "Labels of a model, up to date. Painting two classes begins anew"
            missing = "a second class" if state.painted else "two classes"
            return "" if state.can_update else f"Paint {missing} to start"
        if update.missing:
            return f"No voxel became {', '.join(update.missing)}: paint more of it"
        if final := self._final_text():
            return final
        n = len(update.class_ids)
        text = f"Labels of {n} classes, from {update.n_painted:,} painted regions"
        draft = ". A draft: Finish changes a few voxels in a hundred"
        return text + draft * update.is_draft

    def _details(self) -> str:
        """Say what the last update took, for whoever wonders."""
        update = self.state.update
        if update is None:
            return ""
        first = (
            f"{duration(update.seconds_in_view)} for the slice, " if update.seconds_in_view else ""
        )
        return f"The last update took {first}{duration(update.seconds)} for the whole volume"

    def show_hint(self, text: str) -> None:
        """Say why something isn't done; empty for nothing."""
        if text != self._hint:
            self._hint = text
            self.refresh()

    def _final_text(self) -> str:
        seconds = self.state.finished_seconds
        if seconds is None:
            return ""
        if self.state.is_finished:
            took = f" (took {duration(seconds)})" if seconds else ""
            return f"Final labels are up to date{took}"
        return "Final labels are older than your strokes: finish again to renew them"


def _strength_text(value: int) -> str:
    if value == STRENGTH_STEPS:
        return "auto"
    return "none" if value == 0 else f"× {value / STRENGTH_STEPS:g}"
