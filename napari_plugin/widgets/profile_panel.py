"""A body from its surface inwards: shares of its classes, and means of an image, by depth."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget
from supervox.napari_plugin.layers.reading_units import reading_unit, unit_text
from supervox.napari_plugin.session.profiles import ProfileState
from supervox.napari_plugin.tasks.profiling import Profiled

from .amount import Amount, in_voxels
from .controls import button, list_choices, mark_next
from .curves import Curve, Curves
from .histogram import BAR
from .steady import StatusRow
from .where_to import ask_where_to

ENDING = ".csv"
LEAST_WIDTH = 90  # pixels
TELL_WHAT_TO_TICK = (
    "Below which surface? In step 5, open Measure also, Depth below the surface of; tick the "
    "classes of the body (for a cell, all that is in it), and press Find objects"
)


@dataclass(frozen=True)
class ProfileActions:
    """What the tab can have done.

    Attributes
    ----------
    measure : callable
        Measures shells of a thickness, in the unit of the voxel size.
    cancel : callable
    save : callable
        Writes the table to a file.
    start_path : callable
        Returns where a dialog begins.
    """

    measure: Callable[[float], None]
    cancel: Callable[[], None]
    save: Callable[[Path], None]
    start_path: Callable[[], Path]


class ProfilePanel(QWidget):
    """The thickness of the shells, and two plots of what was measured in them.

    Parameters
    ----------
    actions : ProfileActions
    """

    def __init__(self, actions: ProfileActions) -> None:
        super().__init__()
        self._do, self._state = actions, ProfileState()
        self._chosen: float | None = None  # thickness in voxels that a person chose
        self._shown: Profiled | None = None
        layout = QVBoxLayout(self)
        layout.addLayout(self._make_choices())
        self.fractions = Curves("supervox_profile_fractions")
        self.means = Curves("supervox_profile_means")
        self.plots = QWidget()
        line = QHBoxLayout(self.plots)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.fractions, 1)
        line.addWidget(self.means, 1)
        layout.addWidget(self.plots, 1)
        line = QHBoxLayout()
        self.status = StatusRow("supervox_profile", actions.cancel)
        line.addWidget(self.status, 1)
        self.save = button(
            "supervox_profile_save",
            "Save profile…",
            "A row for each shell as CSV, as the command supervox objects --profile writes it; "
            "beside it, what each column is and what the table was made from",
            self._ask_and_save,
        )
        self.save.setAutoDefault(False)
        line.addWidget(self.save)
        layout.addLayout(line)
        self._show_found()
        self.show_state(self._state)

    def _make_choices(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.addWidget(QLabel("Shells of"))
        self.step = Amount("supervox_profile_step")
        self.step.setMinimumWidth(LEAST_WIDTH)
        self.step.setToolTip(
            "Thickness of the shells, from the surface of the body inwards. The border of the "
            "volume is no surface"
        )
        self.step.valueChanged.connect(self._on_step)
        line.addWidget(self.step)
        self.in_voxels = QLabel()
        self.in_voxels.setProperty("role", "note")
        self.in_voxels.setMinimumWidth(LEAST_WIDTH)
        line.addWidget(self.in_voxels)
        self.measure = button(
            "supervox_profile_measure",
            "Measure profile",
            "In each shell of the body: the share of each class, and mean and standard deviation "
            "of each image",
            lambda: self._do.measure(self.thickness),
        )
        self.measure.setAutoDefault(False)
        line.addWidget(self.measure)
        line.addStretch(1)
        self.of = QLabel("Mean of")
        line.addWidget(self.of)
        self.channel = QComboBox()
        self.channel.setObjectName("supervox_profile_channel")
        self.channel.setToolTip("Which image the plot at the right is of; files have all of them")
        self.channel.activated.connect(self._show_means)
        line.addWidget(self.channel)
        return line

    # -------------------------------------------------------------------------------- a person

    @property
    def thickness(self) -> float:
        """How thick the shells are to be, in the unit of the voxel size."""
        return self.step.value() * self._unit()[1]

    def _on_step(self, _: float) -> None:
        self._chosen = self.thickness / min(self._state.spacing)
        self._say()

    def _ask_and_save(self) -> None:
        if path := ask_where_to(self, "Save the profile", self._do.start_path(), (ENDING,)):
            self._do.save(path)

    # --------------------------------------------------------------------------------- showing

    def show_state(self, state: ProfileState) -> None:
        """Show what was measured, and how it stands."""
        before, self._state = self._state, state
        unit, one = self._unit()
        chosen = self._chosen
        step = state.first_step if chosen is None else chosen * min(state.spacing)
        with QSignalBlocker(self.step):
            self.step.setSuffix(f" {unit}")
            if not math.isclose(self.step.value(), step / one, rel_tol=1e-6):
                self.step.setValue(step / one)
        if state.found is not self._shown:
            self._shown = state.found
            self._show_found()
        elif state.colours != before.colours:
            self._show_fractions()
        self._say()

    def _unit(self) -> tuple[str, float]:
        """Return the unit that the step is shown in, and how much of the volume's own one is."""
        state = self._state
        if not state.unit:
            return "voxels", min(state.spacing)
        unit, factor = reading_unit(state.first_step, state.unit)
        return unit_text(unit), 1 / factor

    def _show_found(self) -> None:
        found = self._shown
        images = [] if found is None else [(name, name) for name in found.order.channels]
        list_choices(self.channel, images)
        for part in (self.of, self.channel):
            part.setVisible(len(images) > 1)
        self._show_fractions()
        self._show_means()

    def _show_fractions(self) -> None:
        found = self._shown
        if found is None or not found.table.columns:
            self.fractions.show_curves(np.zeros(0), (), ("", ""))
            return
        colours, names = dict(self._state.colours), found.order.names
        columns = [k for k in found.table.columns if k.name.startswith("fraction_")]
        curves = [
            Curve(names.get(k, f"class {k}"), column.values, colours.get(k, BAR))
            for k, column in zip(found.body, columns, strict=True)
        ]
        titles = self._depths(found)[1], "volume fraction"
        self.fractions.show_curves(self._depths(found)[0], curves, titles, (0.0, 1.0))

    def _show_means(self, *_: object) -> None:
        found, name = self._shown, self.channel.currentData()
        if found is None or not found.table.columns or name is None:
            self.means.show_curves(np.zeros(0), (), ("", ""))
            return
        mean, deviation = (found.table[f"{part}_{name}"] for part in ("mean", "sd"))
        edges, title = self._depths(found)
        curve = Curve(f"{name}: mean ± standard deviation", mean, BAR, deviation)
        self.means.show_curves(edges, [curve], (title, f"mean of {name}"))

    def _depths(self, found: Profiled) -> tuple[np.ndarray, str]:
        """Return where the shells end, in the unit in which that reads best, and what that is."""
        column = found.table.column("depth_to")
        unit, factor = reading_unit(float(column.values[-1]), column.unit)
        edges = np.concatenate([[0.0], column.values]) * factor
        shown = f" ({unit_text(unit)})" if unit else ""
        return edges, f"depth below the surface{shown}"

    def _say(self) -> None:
        """Say how many voxels a shell is thick, and how the profile stands."""
        state, found = self._state, self._shown
        number = self.thickness / min(state.spacing)
        self.in_voxels.setText(in_voxels(number) if state.unit else "")
        has_profile = found is not None and bool(found.table.columns)
        is_other = found is not None and not math.isclose(found.step, self.thickness, rel_tol=1e-6)
        self.step.setEnabled(bool(state.body))
        self.measure.setEnabled(state.can_measure and state.progress is None)
        is_wanted = found is None or is_other or bool(state.why_old)
        mark_next(self.measure, state.can_measure and is_wanted)
        self.save.setEnabled(has_profile)
        text, is_bad = self._explain(is_other=is_other)
        self.status.show_state(text, state.progress, "warning" if is_bad else "note")

    def _explain(self, *, is_other: bool) -> tuple[str, bool]:
        """Say how it stands or what to do, and whether that is a warning."""
        state, found = self._state, self._shown
        if not state.body and found is None:
            return TELL_WHAT_TO_TICK, False
        body = ", ".join(state.body)
        if found is None:
            how = "press Measure profile" if state.can_measure else "press Finish in step 4 first"
            return f"From the surface of {body} inwards: {how}", False
        if state.why_old:
            again = "press Finish in step 4 again" if state.body else "tick the classes of a body"
            again = "measure it again" if state.can_measure else again
            return f"Since this profile, {state.why_old}: {again}", True
        if found.refused:
            return f"{found.refused[:1].upper()}{found.refused[1:]}", True
        if is_other:
            unit, one = self._unit()
            thick = f"{self.step.textFromValue(found.step / one)} {unit}"
            return f"The plots are of shells of {thick}: measure it again", True
        n = len(found.table)
        saved = f"; saved: {state.saved.name}" if state.saved else ""
        return f"{n:,} shell{'s' * (n > 1)} from the surface of {body} inwards{saved}", False
