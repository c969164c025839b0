"""Step 4: the labels that follow the strokes, and how they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)
from supervox.napari_plugin.session.view import Shown
from supervox.parameters import change_entry, parameter_of
from supervox.segmentation import RefinementParameters

from .controls import LabelledSlider, StageBar, button, duration, mark_next, note, tool
from .section import Body
from .widening import Widening

if TYPE_CHECKING:
    from supervox.napari_plugin.session.session import Session

STRENGTH_STEPS = 20  # of the slider, for a strength of 1
MOST_STRENGTH = 3


class SegmentSection(Body):
    """Live updates, smoothness, what is shown, and the final labels."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 4)
        layout.addLayout(self._make_update())
        self.times = note()
        self.times.setObjectName("supervox_times")
        layout.addWidget(self.times)
        self.widening = Widening(session)
        layout.addWidget(self.widening)
        self.form = QFormLayout()
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        layout.addLayout(self.form)
        self._make_smoothness()
        self._make_shown()
        self._make_looks()
        line = QHBoxLayout()
        self.next = button(
            "supervox_next_unsure",
            "Next unsure",
            "Go where the labels are least certain: a stroke there helps most  (N)",
            session.go_to_unsure,
        )
        line.addWidget(self.next)
        self.finish = button(
            "supervox_finish",
            "Finish: full quality",
            "Compute the final labels: several cuts of the volume vote (partitions), and borders "
            "follow the image voxel by voxel (edge refinement). The same as 'supervox segment'",
            session.delivery.finish,
        )
        line.addWidget(self.finish)
        layout.addLayout(line)
        self.bar = StageBar("supervox_finish", session.delivery.finishing)
        layout.addWidget(self.bar)
        self.final = note()
        layout.addWidget(self.final)

    def _make_update(self) -> QHBoxLayout:
        line = QHBoxLayout()
        self.live = QCheckBox("Live")
        self.live.setObjectName("supervox_live")
        self.live.setToolTip("Update the labels after every stroke  (Shift+L)")
        self.live.clicked.connect(self._session.set_live)
        self.update_button = button(
            "supervox_update",
            "Update",
            "Update the labels now  (U)",
            self._session.live.update,
        )
        self.busy = QLabel()
        line.addWidget(self.live)
        line.addWidget(self.update_button)
        line.addWidget(self.busy, 1)
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
        self.strength.changed.connect(lambda value: self._choose(value / STRENGTH_STEPS))
        self.auto = tool(
            "supervox_strength_auto",
            "↺",
            "Back to auto: what the strokes call for",
            lambda: self._choose(1.0),
        )
        line.addWidget(self.strength, 1)
        line.addWidget(self.auto)
        self.form.addRow("Smoothness", row)

    def _choose(self, strength: float) -> None:
        path = ("refinement", "strength")
        self._session.choose(change_entry(self._session.parameters, path, strength))

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
            made.clicked.connect(lambda _=False, kind=kind: self._session.view.choose(shown=kind))
            group.addButton(made)
            line.addWidget(made)
            self.shown[kind] = made
        self.form.addRow(row)
        self.of = QComboBox()
        self.of.setObjectName("supervox_show_class")
        self.of.setToolTip("Whose probability is shown")
        self.of.activated.connect(
            lambda index: self._session.view.choose(class_id=self.of.itemData(index))
        )
        self.form.addRow("of class", self.of)

    def _make_looks(self) -> None:
        self.threshold = LabelledSlider(
            "supervox_threshold",
            0,
            100,
            lambda value: f"{value} %" if value else "off",
            "Leave regions unlabelled whose most probable class is less probable than this",
        )
        self.threshold.changed.connect(
            lambda value: self._session.view.choose(threshold=value / 100)
        )
        self.form.addRow("Empty below", self.threshold)
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
        self.outline.clicked.connect(lambda on: self._session.view.choose(outline=bool(on)))
        line.addWidget(self.opacity, 1)
        line.addWidget(self.outline)
        self.form.addRow("Opacity", row)

    def _on_opacity(self, value: int) -> None:
        view = self._session.view
        which = "map_opacity" if view.choices.is_map else "opacity"
        view.choose(**{which: value / 100})

    def refresh(self) -> None:
        """Show the state of the session."""
        session, view = self._session, self._session.view
        can_update, result = session.live.can_update, view.result
        with QSignalBlocker(self.live):
            self.live.setChecked(session.live.is_live)
        self.update_button.setEnabled(can_update)
        mark_next(self.update_button, can_update and not session.live.is_live and result is None)
        self.busy.setText("updating…" if session.live.updating.is_running else "")
        self.times.setText(self.describe())
        self.widening.refresh()
        strength = session.parameters.refinement.strength
        self.strength.show_value(round(strength * STRENGTH_STEPS))
        self.auto.setEnabled(strength != 1)
        choices = view.choices
        self.shown[choices.shown].setChecked(True)
        self._refresh_classes()
        self.form.setRowVisible(self.of, choices.shown is Shown.PROBABILITY)
        self.threshold.show_value(round(100 * choices.threshold))
        opacity = choices.map_opacity if choices.is_map else choices.opacity
        self.opacity.show_value(round(100 * opacity))
        with QSignalBlocker(self.outline):
            self.outline.setChecked(choices.outline)
        for made in (self.next, *self.shown.values()):
            made.setEnabled(result is not None)
        self.shown[Shown.FINAL].setEnabled(view.final is not None)
        self.threshold.setEnabled(choices.shown is Shown.LABELS)
        self.outline.setEnabled(not choices.is_map)
        is_busy = session.delivery.finishing.is_running
        self.finish.setEnabled(can_update and not is_busy and not session.delivery.is_finished)
        self.bar.refresh()
        self.final.setText(self._final_text())
        self.final.setVisible(bool(self.final.text()))

    def _refresh_classes(self) -> None:
        """List the classes whose probability can be shown."""
        view = self._session.view
        ids = () if view.result is None else view.result.class_ids
        items = [(c.name, c.id) for c in self._session.classes if c.id in ids]
        if items != [(self.of.itemText(k), self.of.itemData(k)) for k in range(self.of.count())]:
            self.of.clear()
            for name, class_id in items:
                self.of.addItem(name, class_id)
        index = self.of.findData(view.choices.class_id)
        if index >= 0:
            self.of.setCurrentIndex(index)
        elif items:
            view.choose(class_id=items[0][1])

    def describe(self) -> str:
        """Say in a line what the last update did."""
        session, result = self._session, self._session.view.result
        if result is None:
            if session.preparation.prepared is None:
                return "labels appear once the volume is prepared and two classes are painted"
            return "" if session.live.can_update else "paint a second class to start"
        first = f"slice {duration(result.seconds_in_view)}, " if result.seconds_in_view else ""
        missing = [
            item.name
            for item in session.classes
            if item.id in result.class_ids and not (result.labels == item.id).any()
        ]
        lost = f". No voxel became {', '.join(missing)}: paint more of it" if missing else ""
        return (
            f"last update: {first}all {duration(result.seconds)}, "
            f"{len(result.class_ids)} classes, {result.n_painted:,} painted regions{lost}"
        )

    def _final_text(self) -> str:
        session, finished = self._session, self._session.delivery.finishing.finished
        if finished is None:
            return ""
        if session.delivery.is_finished:
            took = f" (took {duration(finished.seconds)})" if finished.seconds else ""
            return f"Final labels are up to date{took}"
        return "Final labels are older than your strokes: finish again to renew them"


def _strength_text(value: int) -> str:
    if value == STRENGTH_STEPS:
        return "auto"
    return "none" if value == 0 else f"× {value / STRENGTH_STEPS:g}"
