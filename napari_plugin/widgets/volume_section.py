"""Step 1: which image, how large its voxels are, and whether to work in all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)
from supervox.napari_plugin.layers.reading_units import unit_text
from supervox.napari_plugin.project.recent import RecentProjects
from supervox.napari_plugin.session.dock_state import VolumeState
from supervox.napari_plugin.session.working_image import WorkingImage
from supervox.segmentation import check_spacing

from .box_editor import BoxEditor
from .controls import button, give_role, needs, note, tool
from .recent_list import RecentList
from .section import Body

UNITS = ("nm", "um", "mm", "angstrom")
NO_UNIT = "unknown"
NO_MASK, MASK_FILE = "none", "from a file…"


@dataclass(frozen=True)
class VolumeActions:
    """What the section can have done.

    Attributes
    ----------
    choose_image : callable
        Takes which of the images.
    set_spacing : callable
        Takes a voxel size (plane, row, column) and its unit.
    leave_fill_out : callable
        Takes whether a constant that fills much of the volume is no data.
    choose_mask : callable
        Takes which of the layers that can be the mask; None for none.
    open_mask : callable
        Takes the address of a mask.
    use_channels : callable
        Takes whether all channels of the file are used.
    open_file, open_project : callable
        Take an address, and a folder.
    open_sample : callable
    hint : callable
        Tells why something is refused.
    """

    choose_image: Callable[[int], None]
    set_spacing: Callable[[tuple[float, float, float], str | None], None]
    leave_fill_out: Callable[[bool], None]
    choose_mask: Callable[[int | None], None]
    open_mask: Callable[[str], None]
    use_channels: Callable[[bool], None]
    open_file: Callable[[str], object]
    open_project: Callable[[Path], None]
    open_sample: Callable[[], object]
    hint: Callable[[str], None]


class VolumeSection(Body[VolumeState]):
    """The image and what part of it is worked in.

    Parameters
    ----------
    volume : WorkingImage
        Whose box is edited.
    recent : RecentProjects
    actions : VolumeActions
    """

    def __init__(
        self, volume: WorkingImage, recent: RecentProjects, actions: VolumeActions
    ) -> None:
        super().__init__()
        self._volume, self._recent, self._do = volume, recent, actions
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 4)
        self.empty = self._make_empty()
        self.chosen = self._make_chosen()
        layout.addWidget(self.empty)
        layout.addWidget(self.chosen)

    def _make_empty(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        self.open_button = button(
            "supervox_open_volume",
            "Open a volume…",
            "MRC, TIFF, HDF5, NeXus, Zarr, PNG…; dropping a file on the window does the same",
            self.ask_what_to_open,
        )
        self.sample_button = button(
            "supervox_try_sample",
            "Try the sample",
            "A synthetic cryo soft X-ray tomogram of a cell, with example strokes",
            self._do.open_sample,
        )
        self.unusable = note(role="warning")
        self.recent = RecentList(self._recent, self._do.open_project)
        for widget in (self.open_button, self.sample_button, self.unusable, self.recent):
            layout.addWidget(widget)
        return page

    def _make_chosen(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        self.images = QComboBox()
        self.images.setObjectName("supervox_image")
        self.images.setToolTip("The image layer to segment (2D or 3D; of several channels, one)")
        self.images.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.images.setMinimumContentsLength(12)
        self.images.activated.connect(self._on_image)
        layout.addWidget(self.images)
        self.channels = QComboBox()
        self.channels.setObjectName("supervox_channels")
        self.channels.setToolTip(
            "Channels of the file: the features of all of them tell classes apart; supervoxels and "
            "borders are those of the image above"
        )
        self.channels.activated.connect(lambda index: self._do.use_channels(index == 0))
        layout.addWidget(self.channels)
        line = QHBoxLayout()
        self.facts = QLabel()
        self.facts.setObjectName("supervox_volume_facts")
        self.facts.setWordWrap(True)
        self.facts.setToolTip(
            "The size of a voxel decides what is near what. Correct it where planes lie further "
            "apart than pixels, and the file doesn't say so"
        )
        line.addWidget(self.facts, 1)
        self.edit = tool("supervox_spacing_edit", "Edit", "Correct the voxel size", self._edit)
        line.addWidget(self.edit)
        layout.addLayout(line)
        self.spacing = self._make_spacing()
        layout.addWidget(self.spacing)
        layout.addLayout(self._make_extent())
        self.box = BoxEditor(self._volume, self._do.hint)
        layout.addWidget(self.box)
        self.fill = QCheckBox("Constant fill is no data")
        self.fill.setObjectName("supervox_leave_fill_out")
        self.fill.setToolTip(
            "A constant that fills much of the volume, as zeros outside of a cylinder: labels "
            "there are 0, and it doesn't count for the scale of intensities. Off: it is data"
        )
        self.fill.clicked.connect(lambda on: self._do.leave_fill_out(on))
        layout.addWidget(self.fill)
        layout.addLayout(self._make_mask())
        self.no_data = note()
        self.no_data.setObjectName("supervox_no_data")
        layout.addWidget(self.no_data)
        self.needs = note()
        self.needs.setObjectName("supervox_estimate")
        self.needs.setToolTip(
            "Memory beside the volume itself, and time, to prepare it for live work. The final "
            "labels need more of both."
        )
        layout.addWidget(self.needs)
        return page

    def _make_spacing(self) -> QWidget:
        row = QWidget()
        grid = QGridLayout(row)
        grid.setContentsMargins(0, 0, 0, 0)
        self._lengths, self._axes = [], []
        for axis, (name, letter) in enumerate((("plane", "z"), ("row", "y"), ("column", "x"))):
            title = QLabel(f"{name} ({letter})")
            field = QLineEdit()
            field.setObjectName(f"supervox_spacing_{axis}")
            field.setMinimumWidth(56)
            tip = f"Voxel size along {letter}: the distance from one {name} to the next"
            for widget in (title, field):
                widget.setToolTip(tip)
            field.editingFinished.connect(self._on_spacing)
            self._lengths.append(field)
            self._axes.append(title)
            grid.addWidget(title, 0, axis)
            grid.addWidget(field, 1, axis)
            grid.setColumnStretch(axis, 1)
        self.unit = QComboBox()
        self.unit.setObjectName("supervox_unit")
        self.unit.setToolTip("Unit of the voxel size")
        for unit in (None, *UNITS):
            self.unit.addItem(NO_UNIT if unit is None else unit_text(unit), unit)
        self.unit.activated.connect(self._on_spacing)
        grid.addWidget(QLabel("unit"), 0, 3)
        grid.addWidget(self.unit, 1, 3)
        row.setVisible(False)
        return row

    def _make_extent(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.addWidget(QLabel("Work in"))
        self.whole = QRadioButton("whole volume")
        self.whole.setObjectName("supervox_work_whole")
        self.whole.setToolTip("Segment every voxel")
        self.part = QRadioButton("a box")
        self.part.setObjectName("supervox_work_box")
        self.part.setToolTip("Segment a part: quicker to prepare, good for a first try")
        group = QButtonGroup(self)
        for choice in (self.whole, self.part):
            group.addButton(choice)
            line.addWidget(choice)
        line.addStretch(1)
        self.whole.setChecked(True)
        self.whole.clicked.connect(lambda: self.box.end())
        self.part.clicked.connect(lambda: self.box.begin())
        return line

    def _make_mask(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.addWidget(QLabel("Mask"))
        self.masks = QComboBox()
        self.masks.setObjectName("supervox_mask")
        self.masks.setToolTip(
            "A layer of labels that is 0 where there is no data: labels there are 0, and what is "
            "there doesn't count. It can be painted on; the project keeps it"
        )
        self.masks.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.masks.setMinimumContentsLength(12)
        self.masks.activated.connect(self._on_mask)
        line.addWidget(self.masks, 1)
        return line

    # ------------------------------------------------------------------------------- to widgets

    def refresh(self) -> None:
        """Show the state anew, as after a size that was refused."""
        state, source = self.state, self.state.source
        self.empty.setVisible(source is None)
        self.chosen.setVisible(source is not None)
        if source is None:
            self.recent.refresh()
            self.unusable.setText("\n".join(state.unusable))
            self.unusable.setVisible(bool(state.unusable))
            return
        _show_names(self.images, list(state.images), state.chosen)
        self.channels.setVisible(bool(state.channels))
        if state.channels:
            uses = [f"all {len(state.channels)} channels", f"only {state.channels[0]}"]
            _show_names(self.channels, uses, 0 if state.uses_channels else 1)
        masks = [NO_MASK, *state.masks, MASK_FILE]
        _show_names(self.masks, masks, 0 if state.mask is None else state.mask + 1)
        self.facts.setText(self._facts())
        give_role(self.facts, "warning" if self.is_doubtful else "note")
        for axis, (field, value) in enumerate(zip(self._lengths, source.spacing, strict=True)):
            if not field.hasFocus():
                field.setText(f"{value:g}")
            for widget in (field, self._axes[axis]):
                widget.setVisible(not (axis == 0 and source.is_flat))
        with QSignalBlocker(self.unit):
            self.unit.setCurrentIndex(max(0, self.unit.findData(source.unit)))
        with QSignalBlocker(self.whole), QSignalBlocker(self.part):
            self.part.setChecked(source.box is not None)
            self.whole.setChecked(source.box is None)
        self.box.setVisible(source.box is not None)
        self.box.refresh()
        self.fill.setChecked(state.leaves_fill_out)
        self.no_data.setText(state.no_data)
        self.no_data.setVisible(bool(state.no_data))
        if state.needs is not None:
            self.needs.setText(needs(state.needs))
            give_role(self.needs, "warning" if state.needs.refusal else "note")

    def describe(self) -> str:
        """Write the size of the volume and of its voxels in a line, and whether it is all used."""
        source = self.state.source
        box = " (working in a box)" if source is not None and source.box is not None else ""
        return f"{self._facts()}{box}"

    def _facts(self) -> str:
        source = self.state.source
        if source is None:
            return "no image"
        shape = source.full_shape[1:] if source.is_flat else source.full_shape
        sizes = source.spacing[1:] if source.is_flat else source.spacing
        voxels = " × ".join(f"{n:,}" for n in shape)
        kind = "pixels" if source.is_flat else "voxels"
        if source.voxel_size.known is None:
            return f"{voxels} {kind} of unknown size"
        lengths = sizes[:1] if len(set(sizes)) == 1 else sizes
        unit = "(unit unknown)" if source.unit is None else unit_text(source.unit)
        return f"{voxels} {kind} of {' × '.join(f'{s:g}' for s in lengths)} {unit}"

    @property
    def is_doubtful(self) -> bool:
        """Whether how far planes are apart isn't known."""
        source = self.state.source
        return source is not None and source.voxel_size.known is None and not source.is_flat

    # ---------------------------------------------------------------------------- from a person

    def _on_image(self, index: int) -> None:
        if index >= 0:
            self._do.choose_image(index)

    def _on_mask(self, index: int) -> None:
        if index <= len(self.state.masks):
            self._do.choose_mask(index - 1 if index > 0 else None)
            self.refresh()  # until it is read, it is as it was
            return
        self.refresh()
        if path := self._ask_for_file("Open a mask"):
            self._do.open_mask(path)

    def edit_size(self) -> None:
        """Show the fields for the voxel size, and have the first one typed into."""
        self.spacing.setVisible(True)
        field = next(field for field in self._lengths if not field.isHidden())
        field.setFocus()
        field.selectAll()

    def _edit(self) -> None:
        self.spacing.setVisible(self.spacing.isHidden())

    def _on_spacing(self) -> None:
        unit = self.unit.currentData()
        source = self.state.source
        try:
            spacing = check_spacing([float(field.text()) for field in self._lengths])
        except ValueError:
            self._do.hint("A voxel size is a positive number, like 40 or 4.6")
            self.refresh()
            return
        if source is not None and (source.spacing, source.unit) != (spacing, unit):
            self._do.set_spacing(spacing, unit)

    def ask_what_to_open(self) -> None:
        """Ask for a volume, and open it."""
        if path := self._ask_for_file("Open a volume"):
            self._do.open_file(path)

    def _ask_for_file(self, title: str) -> str:
        """Return the file that a person chooses; empty if none."""
        from supervox.volumes import FORMATS

        endings = " ".join(f"*{e}" for entry in FORMATS if entry.open for e in entry.extensions)
        path, _ = QFileDialog.getOpenFileName(
            self, title, str(self._volume.folder), f"Volumes ({endings});;All files (*)"
        )
        return path


def _show_names(box: QComboBox, names: list[str], chosen: int | None) -> None:
    """Have a menu list some names, and show the one that is chosen."""
    with QSignalBlocker(box):
        if names != [box.itemText(k) for k in range(box.count())]:
            box.clear()
            box.addItems(names)
            for k, name in enumerate(names):
                box.setItemData(k, name, Qt.ItemDataRole.ToolTipRole)
        if chosen is not None:
            box.setCurrentIndex(chosen)
