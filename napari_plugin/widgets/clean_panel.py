"""A panel to clean the final labels with a tool: which, of which class, by how much."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)
from supervox.napari_plugin.layers.reading_units import reading_unit, unit_text
from supervox.napari_plugin.layers.trial_layer import GAINED_COLOUR, LOST_COLOUR
from supervox.napari_plugin.session.clean_state import CleanState
from supervox.objects import AMOUNTS, TEXTS, CleanStep, Operation

from .amount import Amount, in_voxels
from .controls import list_choices, swatch
from .objects_section import ALL
from .section import Body
from .trial_row import TrialActions, TrialRow

NAMES: dict[Operation, str] = {
    "specks": "Remove specks",
    "holes": "Fill holes",
    "keep-largest": "Keep the largest",
    "smooth": "Smooth",
    "open": "Open: cut thin parts",
    "close": "Close: fill gaps",
    "dilate": "Grow",
    "erode": "Shrink",
}
BEFORE_AMOUNT: dict[Operation, str] = {
    "specks": "smaller than",
    "holes": "up to",
    "keep-largest": "",
    "smooth": "by",
    "open": "thinner than 2 ×",
    "close": "narrower than 2 ×",
    "dilate": "by",
    "erode": "by",
}
SWATCH, LEAST_WIDTH = 10, 90  # pixels


@dataclass(frozen=True)
class CleanActions:
    """What the panel can have done.

    Attributes
    ----------
    attempt : callable
        Shows what a step would change.
    apply, discard : callable
    """

    attempt: Callable[[CleanStep], None]
    apply: Callable[[], None]
    discard: Callable[[], None]


class CleanPanel(Body[CleanState]):
    """Tool, class and amount; what they would change is shown before it is done.

    Parameters
    ----------
    actions : CleanActions
    """

    def __init__(self, actions: CleanActions) -> None:
        super().__init__()
        self._do = actions
        self._chosen: dict[Operation, float] = {}  # amounts in voxels that a person chose
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 0, 0, 4)
        layout.addLayout(self._make_tools())
        layout.addLayout(self._make_amount())
        self.ways = self._make_ways()
        layout.addWidget(self.ways)
        layout.addLayout(_make_legend())
        row = TrialActions(lambda: actions.attempt(self.step()), actions.apply, actions.discard)
        self.trial = TrialRow(
            "supervox_clean",
            row,
            "Show what would change, before anything does: on the slice in view first, then "
            "everywhere",
        )
        layout.addWidget(self.trial)

    def _make_tools(self) -> QHBoxLayout:
        line = QHBoxLayout()
        self.tool = QComboBox()
        self.tool.setObjectName("supervox_clean_tool")
        for operation in get_args(Operation):
            self.tool.addItem(NAMES[operation], operation)
            text = f"{TEXTS[operation][:1].upper()}{TEXTS[operation][1:]}"
            self.tool.setItemData(self.tool.count() - 1, text, 3)  # Qt.ToolTipRole
        self.tool.activated.connect(self._on_tool)
        line.addWidget(self.tool, 1)
        line.addWidget(QLabel("of"))
        self.of = QComboBox()
        self.of.setObjectName("supervox_clean_of")
        self.of.setToolTip("Which class is cleaned. Locked ones neither change nor gain anything")
        for box in (self.tool, self.of):
            box.setMinimumWidth(LEAST_WIDTH)
        self.of.activated.connect(self._on_choice)
        line.addWidget(self.of, 1)
        return line

    def _make_amount(self) -> QHBoxLayout:
        line = QHBoxLayout()
        self.before = QLabel()
        line.addWidget(self.before)
        self.amount = Amount("supervox_clean_amount")
        self.amount.setMinimumWidth(LEAST_WIDTH)
        self.amount.valueChanged.connect(self._on_amount)
        line.addWidget(self.amount, 1)
        self.in_voxels = QLabel()
        self.in_voxels.setProperty("role", "note")
        self.in_voxels.setMinimumWidth(LEAST_WIDTH)
        line.addWidget(self.in_voxels)
        return line

    def _make_ways(self) -> QWidget:
        """Return what there is to choose for holes."""
        page = QWidget()
        line = QHBoxLayout(page)
        line.setContentsMargins(0, 0, 0, 0)
        self.per_plane = QCheckBox("in each plane")
        self.per_plane.setObjectName("supervox_clean_per_plane")
        self.per_plane.setToolTip(
            "A hole is what is enclosed within a plane, even if it is open above or below"
        )
        self.open_to_border = QCheckBox("open to the border")
        self.open_to_border.setObjectName("supervox_clean_open")
        self.open_to_border.setToolTip(
            "What the class and the border of the volume enclose together is a hole, too"
        )
        for box in (self.per_plane, self.open_to_border):
            box.clicked.connect(self._on_choice)
            line.addWidget(box)
        line.addStretch(1)
        return page

    # -------------------------------------------------------------------------------- a person

    @property
    def operation(self) -> Operation:
        """The tool that is chosen."""
        found: Operation = self.tool.currentData()
        return found

    def step(self) -> CleanStep:
        """Return what is chosen."""
        class_id = int(self.of.currentData() or 0)
        operation = self.operation
        return CleanStep(
            operation,
            self.amount.value() * self._unit()[1] if AMOUNTS[operation] else 0.0,
            (class_id,) if class_id else (),
            per_plane=operation == "holes" and self.per_plane.isChecked(),
            open_to_border=operation == "holes" and self.open_to_border.isChecked(),
        )

    def _on_tool(self) -> None:
        self._show_amount()
        self._on_choice()

    def _on_amount(self, value: float) -> None:
        self._chosen[self.operation] = value * self._unit()[1] / self.state.voxel(self.operation)
        self._say_voxels()
        self._on_choice()

    def _on_choice(self) -> None:
        """Follow with the preview, where there is one, or one is on its way."""
        if self.state.trial.can_discard and self.state.trial.can_try:
            self._do.attempt(self.step())

    # --------------------------------------------------------------------------------- showing

    def refresh(self) -> None:
        """Show the state anew."""
        state = self.state
        list_choices(self.of, [(ALL, 0), *state.classes])
        for widget in (self.tool, self.of, self.amount, self.per_plane, self.open_to_border):
            widget.setEnabled(state.trial.can_try)
        self._show_amount()
        self.trial.show_trial(state.trial)

    def _unit(self) -> tuple[str, float]:
        """Return the unit that the amount is shown in, and how much of the volume's own one is."""
        state, operation = self.state, self.operation
        if not state.unit:
            return "voxels", state.voxel(operation)
        power = 3 if AMOUNTS[operation] == "volume" else 1
        unit, factor = reading_unit(state.first_amount(operation), state.unit, power)
        return unit_text(f"{unit}^{power}" if power > 1 else unit), 1 / factor

    def _show_amount(self) -> None:
        """Show the amount of the tool, in the unit in which it reads best."""
        state, operation = self.state, self.operation
        kind, voxel = AMOUNTS[operation], state.voxel(operation)
        for widget in (self.before, self.amount, self.in_voxels):
            widget.setVisible(bool(kind))
        self.ways.setVisible(operation == "holes")
        self.before.setText(BEFORE_AMOUNT[operation])
        if not kind:
            return
        unit, one = self._unit()
        chosen = self._chosen.get(operation)
        amount = state.first_amount(operation) if chosen is None else chosen * voxel
        with QSignalBlocker(self.amount):
            self.amount.setSuffix(f" {unit}")
            value = amount / one
            if not math.isclose(self.amount.value(), value, rel_tol=1e-6):
                self.amount.setValue(value)
        self._say_voxels()

    def _say_voxels(self) -> None:
        """Say how many voxels the amount is, where it has a unit."""
        state, operation = self.state, self.operation
        if not state.unit:
            self.in_voxels.setText("")
            return
        number = self.amount.value() * self._unit()[1] / state.voxel(operation)
        self.in_voxels.setText(in_voxels(number))

    def describe(self) -> str:
        """Say in a line how it stands."""
        return self.state.trial.says


def _make_legend() -> QHBoxLayout:
    """Return what the colours of a preview mean."""
    line = QHBoxLayout()
    line.addStretch(1)
    for colour, text in ((GAINED_COLOUR, "gained"), (LOST_COLOUR, "lost")):
        square = QLabel()
        square.setPixmap(swatch(colour, SWATCH).pixmap(SWATCH, SWATCH))
        line.addWidget(square)
        line.addWidget(QLabel(text))
    return line
