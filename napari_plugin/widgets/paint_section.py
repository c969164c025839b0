"""Step 3: the classes, and the brush."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QMessageBox,
    QRadioButton,
    QVBoxLayout,
)
from supervox.napari_plugin.painting.class_list import ClassError, ClassList
from supervox.napari_plugin.painting.importing import Found, Importing
from supervox.napari_plugin.painting.stroke_layer import Painting
from supervox.napari_plugin.session.dock_state import PaintState

from .class_table import ClassTable
from .controls import LabelledSlider, button, tool
from .import_dialog import ImportDialog
from .section import Body

LARGEST_BRUSH = 60


class PaintSection(Body[PaintState]):
    """What is painted, and with what.

    Parameters
    ----------
    classes : ClassList
    painting : Painting
        Whose layer is painted on.
    importing : Importing
    use_tool : callable
        Takes the name of a tool.
    bring_back : callable
        Puts the layer of the strokes back.
    nudge : callable
        Gives a class more or less.
    hint : callable
        Tells why something is refused.
    """

    def __init__(
        self,
        classes: ClassList,
        painting: Painting,
        importing: Importing,
        use_tool: Callable[[str], None],
        bring_back: Callable[[], None],
        nudge: Callable[[int, int], None],
        hint: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._classes, self._painting, self._importing = classes, painting, importing
        self._use_tool, self._hint = use_tool, hint
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 4)
        self.lost = button(
            "supervox_strokes_back",
            "Bring the strokes back",
            "The layer of your strokes was removed; this puts it back",
            bring_back,
        )
        layout.addWidget(self.lost)
        self.table = ClassTable(classes, nudge, hint)
        layout.addWidget(self.table)
        layout.addLayout(self._make_class_buttons())
        layout.addLayout(self._make_brush())
        self.brush_size = LabelledSlider(
            "supervox_brush_size",
            1,
            LARGEST_BRUSH,
            lambda value: f"{value} voxels",
            "Width of the brush  ([ and ], or Alt and the mouse)",
        )
        self.brush_size.changed.connect(self._on_size)
        layout.addWidget(self.brush_size)
        layout.addLayout(self._make_undo())
        importing.found.connect(self._ask_for_classes)

    def _make_class_buttons(self) -> QHBoxLayout:
        line = QHBoxLayout()
        buttons = (
            tool("supervox_class_add", "+ class", "Add a class", self._add),
            tool(
                "supervox_class_remove", "Delete", "Delete this class and its strokes", self._remove
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
        self.voxels = QRadioButton("brush")
        self.voxels.setObjectName("supervox_brush_voxels")
        self.voxels.setToolTip("Paint voxels  (P)")
        self.regions = QRadioButton("regions")
        self.regions.setObjectName("supervox_brush_regions")
        self.regions.setToolTip("Paint whole regions (supervoxels); with Ctrl, erase them  (R)")
        self.eraser = QRadioButton("eraser")
        self.eraser.setObjectName("supervox_brush_eraser")
        self.eraser.setToolTip("Erase strokes  (E or 0)")
        self.look = QRadioButton("move")
        self.look.setObjectName("supervox_brush_none")
        self.look.setToolTip("Move and zoom, paint nothing  (Z; hold Space for a moment of it)")
        group = QButtonGroup(self)
        for made, clicked in (
            (self.voxels, lambda: self._use_tool("paint")),
            (self.regions, lambda: self._use_tool("regions")),
            (self.eraser, lambda: self._use_tool("erase")),
            (self.look, lambda: self._use_tool("pan_zoom")),
        ):
            group.addButton(made)
            made.clicked.connect(clicked)
            line.addWidget(made)
        line.addStretch(1)
        return line

    def _make_undo(self) -> QHBoxLayout:
        line = QHBoxLayout()
        self.in_3d = QCheckBox("3D brush")
        self.in_3d.setObjectName("supervox_brush_3d")
        self.in_3d.setToolTip("Paint a ball through neighbouring planes, instead of a disc")
        self.in_3d.clicked.connect(self._on_3d)
        painting = self._painting
        self.undo = tool(
            "supervox_undo",
            "Undo",
            "Take the last stroke back, or move of a balance, as far back as you like  (Ctrl+Z)",
            painting.undo,
        )
        self.redo = tool("supervox_redo", "Redo", "Do it again  (Ctrl+Shift+Z)", painting.redo)
        line.addWidget(self.in_3d)
        line.addStretch(1)
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
        for made in (self.voxels, self.eraser, self.brush_size, self.look):
            made.setEnabled(can_paint)
        self.regions.setEnabled(can_paint and state.has_regions)
        self.in_3d.setEnabled(can_paint and not state.is_flat)
        if state.has_layer:
            tools = {
                "paint": self.voxels,
                "erase": self.eraser,
                "regions": self.regions,
                "pan_zoom": self.look,
            }
            if state.tool in tools:
                tools[state.tool].setChecked(True)
            self.brush_size.show_value(state.brush_size)
            with QSignalBlocker(self.in_3d):
                self.in_3d.setChecked(state.is_ball)

    def describe(self) -> str:
        """Say in a line what is painted."""
        if not self.state.strokes:
            return "nothing painted"
        strokes = sum(count for _, count in self.state.strokes)
        classes = len(self.state.strokes)
        return f"{strokes:,} stroke{'s' * (strokes != 1)} of {classes} class{'es' * (classes != 1)}"

    # ---------------------------------------------------------------------------- from a person

    def _add(self) -> None:
        try:
            self._classes.add()
        except ClassError as error:
            self._hint(str(error).capitalize())

    def _remove(self) -> None:
        item = self._classes[self._classes.selected]
        strokes = dict(self.state.strokes).get(item.id, 0)
        if strokes:
            answer = QMessageBox.question(
                self,
                "Delete a class",
                f"Delete {item.name} and its {strokes:,} strokes?\nUndo brings the strokes back.",
            )
            if answer != QMessageBox.StandardButton.Yes:
                return
        self._painting.remove_class(item.id)

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
        path, _ = QFileDialog.getOpenFileName(self, "Strokes from a file", str(Path.cwd()))
        if path:
            self._importing.read_file(path)

    def _ask_for_classes(self, found: Found) -> None:
        ImportDialog(self._importing, self._classes, found, self).show()

    def _on_size(self, value: int) -> None:
        if self._painting.layer is not None:
            self._painting.layer.brush_size = value
            self._state = replace(self.state, brush_size=value)  # the layer tells nobody

    def _on_3d(self, on: bool) -> None:
        if self._painting.layer is not None:
            self._painting.layer.n_edit_dimensions = 3 if on else 2
            self._state = replace(self.state, is_ball=on)
