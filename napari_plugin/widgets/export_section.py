"""Step 6: results as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget
from supervox.napari_plugin.io.file_names import stem_of
from supervox.napari_plugin.session.dock_state import ExportState
from supervox.napari_plugin.tasks.exporting import OWN_ENDINGS, ExportKind
from supervox.volumes import FORMATS

from .controls import button
from .next_button import suggest
from .section import Body
from .steady import StatusRow
from .where_to import ask_where_to

KINDS = {
    ExportKind.LABELS: ("Labels", "The final labels, in full quality, with what you corrected"),
    ExportKind.STROKES: ("Strokes", "What you painted, to go on with it another day"),
    ExportKind.CORRECTIONS: ("Corrections", "What you corrected by hand, without the rest"),
    ExportKind.PROBABILITIES: ("Probabilities", "How probable each class is, for every voxel"),
    ExportKind.UNCERTAINTY: (
        "Uncertainty",
        "How undecided each voxel is: 0 sure, 1 all classes alike",
    ),
    ExportKind.MODEL: ("Model", "What was learned, to label other volumes with 'supervox apply'"),
    ExportKind.REPORT: (
        "Report",
        "What was done, volumes of the classes, pictures, words for a paper",
    ),
}
MISSING = {
    ExportKind.STROKES: "Paint something first",
    ExportKind.CORRECTIONS: "Nothing is corrected by hand",
}


class ExportSection(Body[ExportState]):
    """What to write, in which format.

    Parameters
    ----------
    export : callable
        Writes something of a kind to a file.
    cancel : callable
        Stops writing.
    hint : callable
        Tells why something can't be done.
    """

    def __init__(
        self,
        export: Callable[[ExportKind, Path], None],
        cancel: Callable[[], None],
        hint: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._export, self._hint = export, hint
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 4)
        line = QHBoxLayout()
        self.kind = QComboBox()
        self.kind.setObjectName("supervox_export_kind")
        for kind, (text, tip) in KINDS.items():
            self.kind.addItem(text, kind)
            self.kind.setItemData(self.kind.count() - 1, tip, 3)  # Qt.ToolTipRole
        self.kind.activated.connect(self._on_kind)
        line.addWidget(self.kind, 1)
        self.as_label = QLabel("as")
        line.addWidget(self.as_label)
        self.format = QComboBox()
        self.format.setObjectName("supervox_export_format")
        self._list_formats()
        self.format.setCurrentText("TIFF")
        line.addWidget(self.format, 1)
        layout.addLayout(line)
        self.export = button(
            "supervox_export", "Export…", "Choose a folder and a name, and write the file", self.ask
        )
        layout.addWidget(self.export)
        self.status = StatusRow("supervox_export", cancel)
        self.status.text.setObjectName("supervox_export_state")
        layout.addWidget(self.status)
        self._refused = ""

    def add_line(self, widget: QWidget) -> None:
        """Show another way to take something out, below the files."""
        layout = self.layout()
        assert layout is not None
        layout.addWidget(widget)

    def _list_formats(self) -> None:
        """Offer the formats that can hold what is chosen; keep the one that was chosen."""
        before, kind = self.format.currentText(), self.chosen
        self.format.clear()
        for entry in FORMATS:
            fits = "probabilities" in entry.carries if kind is ExportKind.PROBABILITIES else True
            is_voxels = not entry.is_mesh or kind is ExportKind.LABELS
            if entry.create is not None and fits and is_voxels:
                self.format.addItem(entry.name, entry.extensions[0])
                self.format.setItemData(self.format.count() - 1, entry.description, 3)
        self.format.setCurrentText(before if self.format.findText(before) >= 0 else "TIFF")

    def _on_kind(self) -> None:
        self._list_formats()
        self.refresh()

    @property
    def chosen(self) -> ExportKind:
        """What is to be written."""
        return ExportKind(self.kind.currentData())

    def refresh(self) -> None:
        """Show the state anew, as after another choice of what to write."""
        state, kind = self.state, self.chosen
        is_volume = kind not in OWN_ENDINGS
        self.format.setVisible(is_volume)
        self.as_label.setVisible(is_volume)
        self.export.setEnabled(kind in state.possible)
        is_due = state.written is None or state.written.is_old
        suggest(self.export, state.is_finished and is_due)
        text = self._refused or self._explain(kind)
        is_bad = bool(self._refused) or (state.written is not None and state.written.is_old)
        tip = "" if state.written is None else str(state.written.path)
        self.status.show_state(text, state.progress, "warning" if is_bad else "note", tip)

    def _explain(self, kind: ExportKind) -> str:
        state = self.state
        if kind not in state.possible and not state.is_running:
            return MISSING.get(kind, "Prepare the volume and paint two classes first")
        written = self.describe()
        if not kind.is_painted and not state.is_finished:
            return written or "Export computes the final labels first"
        return written

    def describe(self) -> str:
        """Say in a line what was written, and whether that is older than what there is."""
        written = self.state.written
        if written is None:
            return ""
        if written.is_old:
            return f"Written: {written.path.name}, older than the labels: export again"
        return f"Written: {written.path.name}"

    def show_hint(self, text: str) -> None:
        """Say why something isn't done; empty for nothing."""
        if text != self._refused:
            self._refused = text
            self.refresh()

    def ask(self, kind: ExportKind | None = None) -> None:
        """Ask where to, and write; what is chosen in the menu if `kind` doesn't say."""
        kind, state = kind or self.chosen, self.state
        if state.image_name is None or kind not in state.possible:
            self._hint(self._explain(kind) or "Open a volume first")
            return
        ending = OWN_ENDINGS.get(kind) or str(self.format.currentData())
        folder = state.folder or Path.cwd()
        start = folder / f"{stem_of(state.image_name)}-{kind}{ending}"
        if path := ask_where_to(self, "Export", start, (ending,)):
            self._export(kind, path)
