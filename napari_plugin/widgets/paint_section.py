"""Step 3: the classes, and the brush."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

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
from supervox.napari_plugin.painting.class_list import ClassError

from .class_table import ClassTable
from .controls import LabelledSlider, button, note, tool
from .import_dialog import ImportDialog
from .section import Body

if TYPE_CHECKING:
    from supervox.napari_plugin.painting.importing import Found
    from supervox.napari_plugin.session.session import Session

TIP = "Tip: paint on mistakes; the rest follows."
LARGEST_BRUSH = 60


class PaintSection(Body):
    """What is painted, and with what."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 4)
        self.lost = button(
            "supervox_strokes_back",
            "Bring the strokes back",
            "The layer of your strokes was removed; this puts it back",
            session.bring_back_strokes,
        )
        layout.addWidget(self.lost)
        self.table = ClassTable(session)
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
        self.tip = note(TIP)
        layout.addWidget(self.tip)
        session.importing.found.connect(self._ask_for_classes)

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
            (self.voxels, lambda: self._session.use_tool("paint")),
            (self.regions, lambda: self._session.use_tool("regions")),
            (self.eraser, lambda: self._session.use_tool("erase")),
            (self.look, lambda: self._session.use_tool("pan_zoom")),
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
        painting = self._session.painting
        self.undo = tool(
            "supervox_undo",
            "Undo",
            "Take the last stroke back, as far back as you like  (Ctrl+Z)",
            painting.undo,
        )
        self.redo = tool("supervox_redo", "Redo", "Paint it again  (Ctrl+Shift+Z)", painting.redo)
        line.addWidget(self.in_3d)
        line.addStretch(1)
        line.addWidget(self.undo)
        line.addWidget(self.redo)
        return line

    def refresh(self) -> None:
        """Show the state of the session."""
        session, layer = self._session, self._session.painting.layer
        self.lost.setVisible(session.volume.image is not None and layer is None)
        self.lost.setText("Bring the strokes back" if session.lost_strokes else "New strokes")
        self.table.refresh()
        selected = session.classes.selected
        has_class = selected in session.classes
        index = session.classes.ids.index(selected) if has_class else -1
        self.remove.setEnabled(has_class)
        self.up.setEnabled(index > 0)
        self.down.setEnabled(has_class and index < len(session.classes) - 1)
        if session.keeping.is_read_only:
            for change in (self.add, self.remove, self.up, self.down):
                change.setEnabled(False)
        else:
            self.add.setEnabled(True)
        is_free = layer is not None and not session.keeping.is_read_only
        is_flat = session.volume.source is not None and session.volume.source.is_flat
        can_paint = is_free and has_class and not session.classes[selected].locked
        for made in (self.voxels, self.eraser, self.brush_size, self.look):
            made.setEnabled(can_paint)
        self.regions.setEnabled(can_paint and session.preparation.prepared is not None)
        self.in_3d.setEnabled(can_paint and not is_flat)
        self.take.setEnabled(is_free)
        recorder = session.painting.recorder if is_free else None
        self.undo.setEnabled(recorder is not None and recorder.can_undo)
        self.redo.setEnabled(recorder is not None and recorder.can_redo)
        if layer is not None:
            chosen = {
                "paint": self.voxels,
                "erase": self.eraser,
                "pan_zoom": self.regions if session.regions.is_on else self.look,
            }.get(str(layer.mode))
            if chosen is not None:
                chosen.setChecked(True)
            self.brush_size.show_value(int(layer.brush_size))
            with QSignalBlocker(self.in_3d):
                self.in_3d.setChecked(not is_flat and layer.n_edit_dimensions == 3)

    def describe(self) -> str:
        """Say in a line what is painted."""
        counts = self._session.live.scan.counts
        if not counts:
            return "nothing painted"
        strokes = sum(counts.values())
        classes = len(counts)
        return f"{strokes:,} stroke{'s' * (strokes != 1)} of {classes} class{'es' * (classes != 1)}"

    # ---------------------------------------------------------------------------- from a person

    def _add(self) -> None:
        try:
            self._session.classes.add()
        except ClassError as error:
            self._session.hint(str(error).capitalize())

    def _remove(self) -> None:
        item = self._session.classes[self._session.classes.selected]
        strokes = self._session.live.scan.counts.get(item.id, 0)
        if strokes:
            answer = QMessageBox.question(
                self,
                "Delete a class",
                f"Delete {item.name} and its {strokes:,} strokes?\nUndo brings the strokes back.",
            )
            if answer != QMessageBox.StandardButton.Yes:
                return
        self._session.painting.remove_class(item.id)

    def _up(self) -> None:
        self._move(-1)

    def _down(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        classes = self._session.classes
        classes.move(classes.selected, classes.ids.index(classes.selected) + by)

    def _show_sources(self) -> None:
        """List where strokes can come from."""
        menu = QMenu(self)
        menu.setObjectName("supervox_import_sources")
        for layer in self._session.importing.layers():
            menu.addAction(layer.name, partial(self._session.importing.read_layer, layer))
        menu.addSeparator()
        menu.addAction("From a file…", self._import_file)
        menu.popup(self.take.mapToGlobal(self.take.rect().bottomLeft()))

    def _import_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Strokes from a file", str(Path.cwd()))
        if path:
            self._session.importing.read_file(path)

    def _ask_for_classes(self, found: Found) -> None:
        ImportDialog(self._session, found, self).show()

    def _on_size(self, value: int) -> None:
        if self._session.painting.layer is not None:
            self._session.painting.layer.brush_size = value

    def _on_3d(self, on: bool) -> None:
        if self._session.painting.layer is not None:
            self._session.painting.layer.n_edit_dimensions = 3 if on else 2
