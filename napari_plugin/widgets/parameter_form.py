"""All parameters in a form that magicgui makes of what they say of themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any, get_origin

from magicgui.widgets import ComboBox, create_widget
from magicgui.widgets.bases import ValueWidget
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QDialog,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)
from supervox.parameters import ParameterEntry, change_entry, entries_of
from supervox.segmentation import SegmentationParameters

from .controls import button, note

SMALLEST = 0.01  # of a number that must be positive: what a field of two digits can show
LARGEST = 1_000_000  # of a number without an end
MOST_CHOICES = 3  # of which any may be taken together, each way being an entry of a menu
LABEL_WIDTH = 170  # pixels, of all groups, so that fields stand below each other
# What stands beside the stages, and when a change of each group is effective.
RESULT = "Final labels"
EFFECT = {
    "Supervoxels": "Used when you prepare the next time.",
    "Features": "Used when you prepare the next time. Filters and scales have their table in "
    "step 2.",
    "Classifier": "Used by the next update: at once, if Live is on.",
    "Refinement": "Used by the next update: at once, if Live is on.",
    RESULT: "Used when you finish the next time.",
}


@dataclass(frozen=True)
class _Field:
    """A parameter's widget, and what it can show."""

    path: tuple[str, ...]
    widget: ValueWidget[Any]
    low: float | None = None
    high: float | None = None

    def show(self, value: Any) -> None:
        """Show a value without telling anybody."""
        if self.low is not None and self.high is not None:
            value = min(max(value, self.low), self.high)  # of a file, it may be beyond
        with self.widget.changed.blocked():
            if isinstance(self.widget, ComboBox) and value not in self.widget.choices:
                self.widget.set_choice(str(value), value)  # of Python only, as one's own classifier
            if self.widget.value != value:
                self.widget.value = value


class ParameterForm(QDialog):
    """Shows parameters by stage, and tells each change.

    Parameters
    ----------
    defaults : SegmentationParameters
        What *Reset* leads to, as far as the form shows it.
    choose : callable
        Called with the parameters after a change.
    parent : QWidget
        The form looks like the window that this is in.
    """

    def __init__(
        self,
        defaults: SegmentationParameters,
        choose: Callable[[SegmentationParameters], object],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._defaults, self._choose, self._parameters = defaults, choose, defaults
        self._fields: list[_Field] = []
        self.setObjectName("parameter_form")
        self.setWindowTitle("All parameters")
        self.setModal(False)
        layout = QVBoxLayout(self)
        forms: dict[str, QFormLayout] = {}
        for entry in entries_of(defaults):
            if (options := _options(entry)) is not None:
                group = entry.stage.title if entry.stage is not None else RESULT
                if group not in forms:
                    forms[group] = _add_group(layout, group)
                self._add_field(forms[group], entry, options)
        buttons = QHBoxLayout()
        self.reset = button(
            "parameters_reset",
            "Reset to defaults",
            "Everything in this form as it is for a new image",
            self._on_reset,
        )
        self.close_button = button("parameters_close", "Close", "Changes are kept", self.close)
        for made in (self.reset, self.close_button):
            made.setAutoDefault(False)  # Enter ends what is typed, and presses nothing
        buttons.addWidget(self.reset)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        layout.addLayout(buttons)
        self.show_parameters(defaults)

    def show_parameters(self, parameters: SegmentationParameters) -> None:
        """Show parameters, those that were chosen elsewhere too."""
        self._parameters = parameters
        values = {entry.path: entry.value for entry in entries_of(parameters)}
        for field in self._fields:
            field.show(values[field.path])
        self.reset.setEnabled(self._reset_parameters() != parameters)

    def _add_field(self, form: QFormLayout, entry: ParameterEntry, options: dict[str, Any]) -> None:
        about = entry.about
        widget = create_widget(value=entry.value, annotation=entry.kind, options=options)
        assert isinstance(widget, ValueWidget)
        native = widget.native
        native.setObjectName(entry.name)
        tip = f"{about.help} By default {entry.text}."
        label = QLabel(f"{about.title} ({about.unit})" if about.unit else about.title)
        label.setMinimumWidth(LABEL_WIDTH)
        label.setBuddy(native)
        for part in (native, label):
            part.setToolTip(f"<qt>{tip}</qt>")  # rich text breaks its lines
        native.setAccessibleName(label.text())
        if isinstance(native, QAbstractSpinBox):
            native.setKeyboardTracking(False)  # 1 and 15 on the way to 150 are no wishes
        form.addRow(label, native)
        field = _Field(entry.path, widget, options.get("min"), options.get("max"))
        self._fields.append(field)
        widget.changed.connect(lambda value: self._on_changed(field, value))

    def _on_changed(self, field: _Field, value: Any) -> None:
        self._tell(change_entry(self._parameters, field.path, value))

    def _on_reset(self) -> None:
        self._tell(self._reset_parameters())

    def _reset_parameters(self) -> SegmentationParameters:
        """Return the parameters with the defaults of all that the form shows."""
        result, values = self._parameters, {e.path: e.value for e in entries_of(self._defaults)}
        for field in self._fields:
            result = change_entry(result, field.path, values[field.path])
        return result

    def _tell(self, parameters: SegmentationParameters) -> None:
        self.show_parameters(parameters)
        self._choose(parameters)


def _add_group(layout: QVBoxLayout, title: str) -> QFormLayout:
    """Add a group with a line that says when its changes are effective."""
    box = QGroupBox(title)
    column = QVBoxLayout(box)
    form = QFormLayout()
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
    column.addLayout(form)
    column.addWidget(note(EFFECT[title]))
    layout.addWidget(box)
    return form


def _options(entry: ParameterEntry) -> dict[str, Any] | None:
    """Return what magicgui is to know of a parameter; None for tables, which have their own place.

    The range is as wide as the parameter's: nothing can be entered that it refuses.
    """
    about = entry.about
    if entry.kind is bool:
        return {}
    if about.choices:
        names = [(words[0].upper() + words[1:], name) for name, words in about.choices.items()]
        if get_origin(entry.kind) is not tuple:
            return {"choices": names}
        if len(names) > MOST_CHOICES:
            return None
        return {
            "choices": [
                (", ".join(words for words, _ in some), tuple(name for _, name in some))
                for count in range(len(names), 0, -1)
                for some in combinations(names, count)
            ],
            "widget_type": "ComboBox",
        }
    if entry.kind not in (int, float):
        return None
    low = about.ge if about.ge is not None else SMALLEST
    step = about.step or 1
    high = about.le if about.le is not None else LARGEST
    return {"min": entry.kind(low), "max": entry.kind(high), "step": entry.kind(step)}
