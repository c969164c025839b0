"""Where the brush paints: folded away, until it is wanted; what is in force is said."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QRangeSlider
from supervox.napari_plugin.session.brush_mask import BrushMask
from supervox.napari_plugin.session.dock_state import PaintState

from .controls import list_choices, tool
from .steady import SteadyLabel

STEPS = 1000  # from the lowest value that is offered to the highest
SAYS_LINES = 2  # all four limits, with a long name of a class


class BrushLimitsBox(QWidget):
    """Ticks, each with what it asks for.

    Parameters
    ----------
    mask : BrushMask
        Which is changed.
    """

    def __init__(self, mask: BrushMask) -> None:
        super().__init__()
        self._mask, self._state = mask, PaintState()
        self._handles = 0, STEPS
        self.toggle = QToolButton()
        self.toggle.setObjectName("supervox_only_where")
        self.toggle.setText("only where…")
        self.toggle.setCheckable(True)
        self.toggle.setToolTip(
            "Have the brush paint only where the image lies between two values, on one class, or "
            "where labels are unsure: for strokes, and for corrections"
        )
        self.toggle.toggled.connect(self._fold)
        self.says = SteadyLabel(SAYS_LINES)
        self.says.setObjectName("supervox_only_where_text")
        self.clear = tool(
            "supervox_only_where_clear", "clear", "Paint everywhere again", self._clear
        )
        line = QHBoxLayout()
        line.setSpacing(4)
        line.addWidget(self.toggle)
        line.addStretch(1)
        line.addWidget(self.clear)
        self.panel = QWidget()
        self._lay_out_panel()
        self.panel.setVisible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(line)
        layout.addWidget(self.says)
        layout.addWidget(self.panel)

    def _lay_out_panel(self) -> None:
        self.by_value = QCheckBox("image")
        self.by_value.setObjectName("supervox_only_values")
        self.by_value.setToolTip("Only where the image lies between the two handles")
        self.by_value.clicked.connect(self._on_values)
        self.values = QRangeSlider(Qt.Orientation.Horizontal)
        self.values.setObjectName("supervox_only_range")
        self.values.setRange(0, STEPS)
        self.values.setValue((0, STEPS))
        self.values.setMinimumWidth(60)
        self.values.setToolTip(self.by_value.toolTip())
        self.values.valueChanged.connect(self._on_range)
        self.as_strokes = tool(
            "supervox_only_as_strokes",
            "as strokes",
            "The values that nine of ten voxels under the strokes of this class have",
            lambda: self._mask.take_values_of_strokes(self._state.selected),
        )
        self.by_class = QCheckBox("label is")
        self.by_class.setObjectName("supervox_only_class")
        self.by_class.setToolTip("Only on voxels whose label is of this class")
        self.by_class.clicked.connect(self._on_class)
        self.of_class = QComboBox()
        self.of_class.setObjectName("supervox_only_of")
        self.of_class.activated.connect(self._on_class)
        self.unsure = QCheckBox("unsure")
        self.unsure.setObjectName("supervox_only_unsure")
        self.unsure.setToolTip("Only where the live labels are in doubt")
        self.unsure.clicked.connect(lambda on: self._mask.choose(unsure=on))
        self.in_place = QCheckBox("region asked")
        self.in_place.setObjectName("supervox_only_place")
        self.in_place.setToolTip("Only in the region that “Next to look at” asked about last")
        self.in_place.clicked.connect(lambda on: self._mask.choose(in_place=on))
        self.of_class.setMinimumContentsLength(6)
        self.of_class.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        rows = QVBoxLayout(self.panel)
        rows.setContentsMargins(8, 0, 0, 0)
        rows.setSpacing(2)
        for row in (
            ((self.by_value, 0), (self.values, 1), (self.as_strokes, 0)),
            ((self.by_class, 0), (self.of_class, 1)),
            ((self.unsure, 0), (self.in_place, 1)),
        ):
            line = QHBoxLayout()
            line.setSpacing(6)
            for widget, stretch in row:
                line.addWidget(widget, stretch)
            rows.addLayout(line)

    def show_state(self, state: PaintState) -> None:
        """Show what must hold for the brush to paint."""
        self._state, limits = state, state.limits
        is_free = state.has_layer and not state.is_read_only
        self.toggle.setEnabled(is_free)
        self.clear.setVisible(limits.is_on)
        self.says.say(state.only_where, "warning" if limits.is_on else "note")
        self.by_value.setChecked(limits.values is not None)
        self.by_class.setChecked(bool(limits.class_id))
        self.unsure.setChecked(limits.unsure)
        self.in_place.setChecked(limits.in_place)
        list_choices(self.of_class, [(item.name, item.id) for item in state.classes])
        if limits.class_id:
            self.of_class.setCurrentIndex(self.of_class.findData(limits.class_id))
        if limits.values is not None and not self.values.isSliderDown():
            low, span = self._span()
            handles = [round(STEPS * min(max((v - low) / span, 0), 1)) for v in limits.values]
            with QSignalBlocker(self.values):
                self.values.setValue(handles)
            self._handles = handles[0], handles[1]

    def _span(self) -> tuple[float, float]:
        """Return the lowest value that is offered, and how far it is to the highest."""
        lowest, highest = (self._state.contrast or (0.0, 1.0))[:2]
        return lowest, (highest - lowest) or 1.0

    def _chosen(self) -> tuple[float, float]:
        low, span = self._span()
        return low + span * self._handles[0] / STEPS, low + span * self._handles[1] / STEPS

    def _on_values(self, on: bool) -> None:
        self._mask.choose(values=self._chosen() if on else None)

    def _on_range(self, handles: tuple[int, int]) -> None:
        self._handles = handles
        self._mask.choose(values=self._chosen())

    def _on_class(self, *_: object) -> None:
        is_asked = self.by_class.isChecked() or self.sender() is self.of_class
        self._mask.choose(class_id=int(self.of_class.currentData()) if is_asked else 0)

    def _fold(self, is_open: bool) -> None:
        self.panel.setVisible(is_open)

    def _clear(self) -> None:
        self._mask.choose(values=None, class_id=0, unsure=False, in_place=False)
