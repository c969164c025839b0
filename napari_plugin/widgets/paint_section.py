"""Step 3: the classes, and the brush."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QRadioButton,
    QSizePolicy,
    QVBoxLayout,
)
from supervox.napari_plugin.painting.class_list import ClassError, ClassList
from supervox.napari_plugin.painting.importing import Found, Importing
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.session.correcting import Correcting
from supervox.napari_plugin.session.dock_state import PaintState
from supervox.napari_plugin.session.state_pieces import Notice

from .brush_limits import BrushLimitsBox
from .class_table import ClassTable, percent
from .contrast import Contrast, Limits
from .controls import LabelledSlider, button, tool
from .import_dialog import ImportDialog
from .paint_what import PaintWhat
from .section import Body
from .steady import HintRow

LARGEST_BRUSH = 60
TIPS = {
    "pan_zoom": "Drag on the picture to move it. To paint, choose the brush or a class",
    "erase": "Drag on the picture to erase strokes. The wheel zooms",
}
TIP = "Drag on the picture to paint. The wheel zooms; hold Space to move the picture"
CORRECTING = {
    "erase": "Drag on the picture to take corrections back: the label beneath shows again",
    "fill": "Click on labels that hang together to give them this class; 3D: in all planes",
    "": "Drag on the picture to correct labels: it holds for good, and nothing is learned",
}
TOOLS = {"pick": "picker", "transform": "transform"}  # of napari, by another name than its mode


@dataclass(frozen=True)
class PaintActions:
    """What the section can have done.

    Attributes
    ----------
    paint_class : callable
        Takes the id of a class that is to be painted.
    use_tool : callable
        Takes the name of a tool.
    delete : callable
        Takes the id of a class.
    bring_back : callable
        Puts the layer of the strokes back.
    nudge : callable
        Gives a class more or less.
    help : callable
        Removes what keeps strokes from being painted.
    contrast, find_contrast : callable
        Takes limits; finds them.
    folder : callable
        Returns where files are looked for.
    show : callable
        Has the dock show how things are now.
    hint : callable
        Tells why something is refused.
    """

    paint_class: Callable[[int], None]
    use_tool: Callable[[str], None]
    delete: Callable[[int], object]
    bring_back: Callable[[], None]
    nudge: Callable[[int, int], None]
    help: Callable[[], None]
    contrast: Callable[[Limits], None]
    find_contrast: Callable[[], None]
    folder: Callable[[], Path]
    show: Callable[[], None]
    hint: Callable[[str], None]


class PaintSection(Body[PaintState]):
    """What is painted, and with what.

    Parameters
    ----------
    classes : ClassList
    painting : Painting
        Whose layer is painted on.
    importing : Importing
    actions : PaintActions
    correcting : Correcting
    """

    def __init__(
        self,
        classes: ClassList,
        painting: Painting,
        importing: Importing,
        actions: PaintActions,
        correcting: Correcting,
    ) -> None:
        super().__init__()
        self._classes, self._painting, self._importing = classes, painting, importing
        self._do = actions
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 4)
        self.lost = button(
            "supervox_strokes_back",
            "Bring the strokes back",
            "The layer of your strokes was removed; this puts it back",
            actions.bring_back,
        )
        layout.addWidget(self.lost)
        of = actions.paint_class, actions.nudge, correcting.locking.set_locked, actions.hint
        self.table = ClassTable(classes, *of)
        layout.addLayout(self._make_class_buttons())  # above what grows with each class
        layout.addWidget(self.table)
        self.says = HintRow("supervox_paint_hint", actions.help)
        self._hint = ""
        layout.addWidget(self.says)
        self.what = PaintWhat(correcting)
        layout.addWidget(self.what)
        layout.addLayout(self._make_brush())
        self.brush_size = LabelledSlider(
            "supervox_brush_size",
            1,
            LARGEST_BRUSH,
            lambda value: f"{value}",
            "Width of the brush, in voxels  ([ and ], or Alt and the mouse)",
        )
        self.brush_size.changed.connect(self._on_size)
        layout.addLayout(self._make_undo())
        self.limits = BrushLimitsBox(correcting.mask)
        layout.addWidget(self.limits)
        self.contrast = Contrast(actions.contrast, actions.find_contrast)
        layout.addWidget(self.contrast)
        importing.found.connect(self._ask_for_classes)

    def _make_class_buttons(self) -> QHBoxLayout:
        line = QHBoxLayout()
        buttons = (
            tool("supervox_class_add", "+ class", "Add a class", self._add),
            tool(
                "supervox_class_remove",
                "Delete",
                "Delete this class and its strokes; Undo brings both back",
                self._remove,
            ),
            tool("supervox_class_up", "↑", "Move this class up (its key changes)", self._up),
            tool("supervox_class_down", "↓", "Move this class down (its key changes)", self._down),
        )
        self.add, self.remove, self.up, self.down = buttons
        self.take = tool(
            "supervox_import",
            "Import",
            "Use labels as strokes: a layer of this window, or a file of yours or of another tool",
            self._show_sources,
        )
        for made in (*buttons, self.take):
            line.addWidget(made)
        line.addStretch(1)
        return line

    def _make_brush(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(3)
        self.voxels = QRadioButton("brush")
        self.voxels.setObjectName("supervox_brush_voxels")
        self.voxels.setToolTip("Paint voxels  (P)")
        self.regions = QRadioButton("regions")
        self.regions.setObjectName("supervox_brush_regions")
        self.regions.setToolTip("Paint whole regions (supervoxels); with Ctrl, erase them  (R)")
        self.eraser = QRadioButton("eraser")
        self.eraser.setObjectName("supervox_brush_eraser")
        self.eraser.setToolTip("Erase strokes, or corrections  (E or 0)")
        self.fill = QRadioButton("fill")
        self.fill.setObjectName("supervox_brush_fill")
        self.fill.setToolTip("Give labels that hang together this class at a click  (F)")
        self.look = QRadioButton("move")
        self.look.setObjectName("supervox_brush_none")
        self.look.setToolTip("Move and zoom, paint nothing  (Z; hold Space for a moment of it)")
        self.other = QRadioButton()  # seen while it is true only
        self.other.setObjectName("supervox_brush_other")
        self.other.setToolTip("Another tool is in use, chosen in napari's own controls")
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setRetainSizeWhenHidden(True)  # what is left of the line, and no more
        self.other.setSizePolicy(policy)
        group, use = QButtonGroup(self), self._do.use_tool
        for made, clicked in (
            (self.voxels, lambda: use("paint")),
            (self.regions, lambda: use("regions")),
            (self.eraser, lambda: use("erase")),
            (self.fill, lambda: use("fill")),
            (self.look, lambda: use("pan_zoom")),
            (self.other, self.refresh),
        ):
            group.addButton(made)
            made.clicked.connect(clicked)
            line.addWidget(made, int(made is self.other))
        return line

    def _make_undo(self) -> QHBoxLayout:
        line = QHBoxLayout()
        self.in_3d = QCheckBox("3D")
        self.in_3d.setObjectName("supervox_brush_3d")
        self.in_3d.setToolTip("Paint a ball through neighbouring planes, instead of a disc")
        self.in_3d.clicked.connect(self._on_3d)
        painting = self._painting
        self.undo = tool(
            "supervox_undo",
            "Undo",
            "Take the last stroke, correction or move of a balance back, however far  (Ctrl+Z)",
            painting.undo,
        )
        self.redo = tool("supervox_redo", "Redo", "Do it again  (Ctrl+Shift+Z)", painting.redo)
        line.setSpacing(4)
        line.addWidget(self.brush_size, 1)
        line.addWidget(self.in_3d)
        line.addWidget(self.undo)
        line.addWidget(self.redo)
        return line

    def refresh(self) -> None:
        """Show the state anew."""
        state = self.state
        self.lost.setVisible(state.has_image and not state.has_layer)
        self.lost.setText("Bring the strokes back" if state.was_lost else "New strokes")
        self.table.show_state(state)
        has_class = state.selected in state.ids
        index = state.ids.index(state.selected) if has_class else -1
        is_free = not state.is_read_only
        self.add.setEnabled(is_free)
        self.remove.setEnabled(is_free and has_class)
        self.up.setEnabled(is_free and index > 0)
        self.down.setEnabled(is_free and has_class and index < len(state.ids) - 1)
        self.take.setEnabled(is_free and state.has_layer)
        self.undo.setEnabled(is_free and state.has_layer and state.can_undo)
        self.redo.setEnabled(is_free and state.has_layer and state.can_redo)
        is_open = has_class and not state.classes[index].locked
        can_paint = is_free and state.has_layer and is_open
        for made in (self.voxels, self.eraser, self.fill, self.brush_size):
            made.setEnabled(can_paint)
        self.look.setEnabled(state.has_layer)
        self.what.show_state(state)
        self.limits.show_state(state)
        self._show_hint()
        self.contrast.show_limits(state.contrast)
        self.regions.setEnabled(can_paint and state.has_regions)
        self.in_3d.setEnabled(can_paint and not state.is_flat)
        if state.has_layer:
            tools = {
                "paint": self.voxels,
                "erase": self.eraser,
                "regions": self.regions,
                "pan_zoom": self.look,
                **({"fill": self.fill} if state.is_correcting else {}),
            }
            tools.get(state.tool, self.other).setChecked(True)
            is_other = state.tool not in tools
            self.fill.setVisible(state.is_correcting and not is_other)
            self.regions.setVisible(not is_other)  # or there is no room for the name of the other
            self.other.setVisible(is_other)
            self.other.setText(TOOLS.get(state.tool, state.tool) or "other")
            self.brush_size.show_value(state.brush_size)
            with QSignalBlocker(self.in_3d):
                self.in_3d.setChecked(state.is_ball)

    def show_hint(self, text: str) -> None:
        """Say why something isn't done; empty for nothing."""
        self._hint = text
        self._show_hint()

    def _show_hint(self) -> None:
        """Say what was refused, else what keeps from painting, else how it is done."""
        notice = self._state.notice if self._state is not None else Notice()
        if self._hint:
            self.says.show_hint(self._hint, "")
        elif notice.text:
            self.says.show_hint(notice.text, notice.helps, tip=notice.text)
        else:
            state = PaintState() if self._state is None else self._state
            tips = CORRECTING if state.is_correcting else {}
            tip = tips.get(state.tool) or TIPS.get(state.tool) or tips.get("") or TIP
            self.says.show_hint(tip, "", "note")

    def describe(self) -> str:
        """Say in a line what is painted."""
        if not self.state.strokes:
            return "nothing painted"
        strokes = sum(count for _, count in self.state.strokes)
        classes = len(self.state.strokes)
        text = f"{strokes:,} stroke{'s' * (strokes != 1)} of {classes} class{'es' * (classes != 1)}"
        share = self.state.share_by_hand
        return f"{text}; {percent(share)} by hand" if share else text

    # ---------------------------------------------------------------------------- from a person

    def _add(self) -> None:
        try:
            new = self._classes.add()
        except ClassError as error:
            self._do.hint(str(error).capitalize())
            return
        self._do.paint_class(new.id)
        self._do.show()
        self.table.edit_name(new.id)

    def _remove(self) -> None:
        self._do.delete(self._classes.selected)

    def _up(self) -> None:
        self._move(-1)

    def _down(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        classes = self._classes
        classes.move(classes.selected, classes.ids.index(classes.selected) + by)

    def _show_sources(self) -> None:
        """List where strokes can come from."""
        menu = QMenu(self)
        menu.setObjectName("supervox_import_sources")
        for layer in self._importing.layers():
            menu.addAction(layer.name, partial(self._importing.read_layer, layer))
        menu.addSeparator()
        menu.addAction("From a file…", self._import_file)
        menu.popup(self.take.mapToGlobal(self.take.rect().bottomLeft()))

    def _import_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Strokes from a file", str(self._do.folder()))
        if path:
            self._importing.read_file(path)

    def _ask_for_classes(self, found: Found) -> None:
        ImportDialog(self._importing, self._classes, found, self).show()

    def _on_size(self, value: int) -> None:
        if (layer := self._painting.hand.layer) is not None:
            layer.brush_size = value
            self._state = replace(self.state, brush_size=value)  # the layer tells nobody

    def _on_3d(self, on: bool) -> None:
        if (layer := self._painting.hand.layer) is not None:
            layer.n_edit_dimensions = 3 if on else 2
            self._state = replace(self.state, is_ball=on)
