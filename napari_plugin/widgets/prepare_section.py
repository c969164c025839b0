"""Step 2: the volume cut into supervoxels and measured, once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from supervox.features import PRESETS, FeatureBank, FeatureParameters, preset_of
from supervox.napari_plugin.layers.reading_units import reading_unit, unit_text
from supervox.napari_plugin.layers.source import length
from supervox.napari_plugin.session.dock_state import PrepareState
from supervox.napari_plugin.session.extent import ACROSS, MOST_ALONG
from supervox.parameters import change_entry, parameter_of
from supervox.segmentation import SegmentationParameters, SupervoxelParameters

from .controls import LabelledSlider, button, how_far, needs, tool
from .feature_editor import FeatureEditor
from .next_button import suggest
from .section import Body
from .steady import StatusRow
from .widening import MEANWHILE

if TYPE_CHECKING:  # magicgui is imported where the form is opened
    from .parameter_form import ParameterForm

# The presets in words of the lab, in the order of the menu. What is in them, the engine knows.
KINDS_OF_DATA: dict[str, str] = {
    "default": "Any kind (recommended)",
    "cryo-sxt": "Cryo soft X-ray tomography",
    "electron-microscopy": "Electron microscopy",
    "x-ray-ct": "X-ray tomography",
    "fast": "Quick look",
    "full": "Everything (slow)",
}
CUSTOM = "Own choice of features"


@dataclass(frozen=True)
class PrepareActions:
    """What the section can have done.

    Attributes
    ----------
    parameters, choose : callable
        Return the parameters of now, which may be newer than those shown; take others.
    defaults : SegmentationParameters
        Those of a new image.
    prepare, prepare_view, cancel : callable
        Begin with what is chosen, and with a box of what is in view; stop.
    preview, end_preview : callable
        Show the outlines of supervoxels on the slice in view, and no more.
    preview_feature : callable
        Shows the feature of a name there.
    outline : callable
        Shows or hides the outlines of the supervoxels that are prepared.
    hint : callable
        Tells why something is refused.
    """

    parameters: Callable[[], SegmentationParameters]
    choose: Callable[[SegmentationParameters], None]
    defaults: SegmentationParameters
    prepare: Callable[[], None]
    prepare_view: Callable[[], None]
    cancel: Callable[[], None]
    preview: Callable[[], None]
    end_preview: Callable[[], None]
    preview_feature: Callable[[str], None]
    outline: Callable[[bool], None]
    hint: Callable[[str], None]


class PrepareSection(Body[PrepareState]):
    """Kind of data, size of the supervoxels, features, and the button that begins.

    Parameters
    ----------
    actions : PrepareActions
    """

    def __init__(self, actions: PrepareActions) -> None:
        super().__init__()
        self._do = actions
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 4)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.setHorizontalSpacing(6)
        self.kind = QComboBox()
        self.kind.setObjectName("supervox_kind")
        self.kind.setToolTip("Which features are measured in the image (preset)")
        self.kind.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.kind.setMinimumContentsLength(12)
        self.kind.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        for name, words in KINDS_OF_DATA.items():
            self.kind.addItem(words, name)
        self.kind.activated.connect(self._on_kind)
        form.addRow("Kind of data", self.kind)
        size = parameter_of(SupervoxelParameters, "size_voxels")
        self.detail_size = LabelledSlider(
            "supervox_size",
            4,
            24,
            self._size_text,
            f"{size.title}: {size.help}",
        )
        self.detail_size.changed.connect(self._on_size)
        form.addRow("Detail size", self.detail_size)
        layout.addLayout(form)
        self.more_button = tool("supervox_features_open", "", "Choose single features", self._more)
        self.more_button.setProperty("plain", True)
        layout.addWidget(self.more_button)
        self.more = self._make_more()
        layout.addWidget(self.more)
        self.all_parameters = tool(
            "all_parameters",
            "All parameters…",
            "Everything else that can be chosen: supervoxels, classifier, refinement, partitions",
            self._show_all,
        )
        self.all_parameters.setProperty("plain", True)
        layout.addWidget(self.all_parameters)
        self.form: ParameterForm | None = None
        buttons = QHBoxLayout()
        self.preview = button(
            "supervox_preview",
            "Preview on this slice",
            "Show the outlines of the regions on the slice in view, before all are computed",
            self._on_preview,
        )
        self.prepare = button(
            "supervox_prepare",
            "Prepare",
            "Compute regions, features and neighbours of the whole volume, once. You can paint "
            "meanwhile",
            self._do.prepare,
        )
        buttons.addWidget(self.preview)
        buttons.addWidget(self.prepare)
        layout.addLayout(buttons)
        self.prepare_view = button(
            "supervox_prepare_view",
            "Prepare what I see",
            f"Work in a box of up to {ACROSS} × {MOST_ALONG} × {MOST_ALONG} voxels around what is "
            "in view: it is ready in seconds. Strokes outside of it are kept",
            self._do.prepare_view,
        )
        layout.addWidget(self.prepare_view)
        self.status = StatusRow("supervox_prepare", self._do.cancel)
        layout.addWidget(self.status)
        self._hint = ""
        self.outlines = QCheckBox("Show the outlines of the regions")
        self.outlines.setObjectName("supervox_outlines")
        self.outlines.setToolTip("Outlines of the supervoxels, on every slice")
        self.outlines.clicked.connect(self._do.outline)
        layout.addWidget(self.outlines)

    def _make_more(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(8, 0, 0, 0)
        self.features = FeatureEditor(
            self._choose_features, self._do.preview_feature, self._do.hint
        )
        layout.addWidget(self.features)
        page.setVisible(False)
        return page

    def refresh(self) -> None:
        """Show the state anew, as when the single features are unfolded."""
        state = self.state
        parameters, prepared = state.parameters, state.prepared
        has_image = state.source is not None
        preset = preset_of(parameters.features)
        with QSignalBlocker(self.kind):
            custom = self.kind.findText(CUSTOM)
            if preset is None and custom < 0:
                self.kind.addItem(CUSTOM, None)
                custom = self.kind.count() - 1
            elif preset is not None and custom >= 0:
                self.kind.removeItem(custom)
            self.kind.setCurrentIndex(custom if preset is None else self.kind.findData(preset))
        self.detail_size.show_value(round(parameters.supervoxels.size_voxels))
        n = len(FeatureBank(parameters.features).channels)
        arrow = "▾" if not self.more.isHidden() else "▸"
        self.more_button.setText(f"{arrow} Features: {n} channels{self._scales_text()}")
        if not self.more.isHidden():
            self.features.show_features(parameters.features, state.source)
        if self.form is not None:
            self.form.show_parameters(parameters)
        for widget in (self.kind, self.detail_size, self.more, self.all_parameters):
            widget.setEnabled(has_image)
        self.preview.setEnabled(has_image and state.is_in_2d)
        self.preview.setText("Remove preview" if state.is_previewed else "Preview on this slice")
        is_needed = prepared is None or state.is_out_of_date
        can_prepare = has_image and not state.is_running and is_needed
        self.prepare.setText("Prepare again" if state.is_out_of_date else "Prepare")
        self.prepare.setEnabled(can_prepare)
        # a box first where the whole takes long
        suggest(self.prepare, can_prepare and not state.is_box_next)
        self.prepare_view.setVisible(state.is_worth_a_box)
        self.prepare_view.setEnabled(not state.is_running)
        suggest(self.prepare_view, can_prepare and state.is_box_next)
        is_refused = prepared is None and state.needs is not None and bool(state.needs.refusal)
        is_bad = bool(self._hint) or state.is_out_of_date or is_refused
        text = self._hint or self.describe()
        self.status.show_state(text, state.progress, "warning" if is_bad else "note")
        self.outlines.setEnabled(prepared is not None)
        with QSignalBlocker(self.outlines):
            self.outlines.setChecked(state.is_outlined)

    def show_hint(self, text: str) -> None:
        """Say why something isn't done; empty for nothing."""
        if text != self._hint:
            self._hint = text
            self.refresh()

    def describe(self) -> str:
        """Say in a line what is prepared."""
        state, prepared = self.state, self.state.prepared
        if state.is_widening:
            return MEANWHILE
        if state.is_running:
            far = "" if state.progress is None else how_far(state.progress)
            return f"Preparing: {far or 'you can look and paint meanwhile'}"
        if prepared is None:
            return "" if state.needs is None else needs(state.needs)
        if state.is_out_of_date:
            return (
                "Something changed since: prepare again to use it. The old result stays until then"
            )
        size, source = prepared.size_voxels, prepared.source
        what = "Picture" if source.is_flat else "Whole volume"
        if source.box is not None:
            what = f"Only the box of {' × '.join(f'{n:,}' for n in source.shape)} voxels"
        regions = length(size, source.spacing, source.unit)
        return f"{what} is prepared: {prepared.n_supervoxels:,} regions of {regions}"

    def _size_text(self, value: int) -> str:
        source = None if self._state is None else self._state.source  # None while it is made
        if source is None:
            return f"{value} voxels"
        return length(value, source.spacing, source.unit)

    def _scales_text(self) -> str:
        sigmas, source = self.state.parameters.features.sigmas_voxels, self.state.source
        if not sigmas:
            return ""
        if source is None or source.unit is None:
            return f", scales {sigmas[0]:g} to {sigmas[-1]:g} voxels"
        low, high = (sigma * min(source.spacing) for sigma in (sigmas[0], sigmas[-1]))
        unit, factor = reading_unit(high, source.unit)
        return f", scales {low * factor:g} to {high * factor:g} {unit_text(unit)}"

    def _on_kind(self, index: int) -> None:
        name = self.kind.itemData(index)
        if name is not None:
            self._choose_features(PRESETS[name])

    def _choose_features(self, features: FeatureParameters) -> None:
        self._do.choose(replace(self._do.parameters(), features=features))

    def _on_size(self, value: int) -> None:
        path = ("supervoxels", "size_voxels")
        self._do.choose(change_entry(self._do.parameters(), path, float(value)))

    def _show_all(self) -> None:
        from .parameter_form import ParameterForm  # magicgui only where it is needed

        if self.form is None:
            self.form = ParameterForm(self._do.defaults, self._do.choose, self)
        self.form.show_parameters(self._do.parameters())
        self.form.show()
        self.form.raise_()
        self.form.activateWindow()

    def _on_preview(self) -> None:
        if self.state.is_previewed:
            self._do.end_preview()
        else:
            self._do.preview()

    def _more(self) -> None:
        self.more.setVisible(self.more.isHidden())
        self.refresh()
