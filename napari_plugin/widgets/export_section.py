"""Step 5: results as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLabel, QVBoxLayout
from supervox.napari_plugin.tasks.exporting import OWN_ENDINGS, Kind
from supervox.volumes import FORMATS

from .controls import StageBar, button, mark_next, note
from .section import Body

if TYPE_CHECKING:
    from supervox.napari_plugin.session.session import Session

KINDS = {
    Kind.LABELS: ("Labels", "The final labels, in full quality"),
    Kind.STROKES: ("Strokes", "What you painted, to go on with it another day"),
    Kind.PROBABILITIES: ("Probabilities", "How probable each class is, for every voxel"),
    Kind.UNCERTAINTY: ("Uncertainty", "How undecided each voxel is: 0 sure, 1 all classes alike"),
    Kind.MODEL: ("Model", "What was learned, to label other volumes with 'supervox apply'"),
    Kind.REPORT: ("Report", "What was done, volumes of the classes, pictures, words for a paper"),
}


class ExportSection(Body):
    """What to write, in which format."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
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
        self.bar = StageBar("supervox_export", session.delivery.exporting)
        layout.addWidget(self.bar)
        self.state = note()
        layout.addWidget(self.state)

    def _list_formats(self) -> None:
        """Offer the formats that can hold what is chosen; keep the one that was chosen."""
        before, kind = self.format.currentText(), self.chosen
        self.format.clear()
        for entry in FORMATS:
            fits = "probabilities" in entry.carries if kind is Kind.PROBABILITIES else True
            is_voxels = not entry.is_mesh or kind is Kind.LABELS
            if entry.create is not None and fits and is_voxels:
                self.format.addItem(entry.name, entry.extensions[0])
                self.format.setItemData(self.format.count() - 1, entry.description, 3)
        self.format.setCurrentText(before if self.format.findText(before) >= 0 else "TIFF")

    def _on_kind(self) -> None:
        self._list_formats()
        self.refresh()

    @property
    def chosen(self) -> Kind:
        """What is to be written."""
        return Kind(self.kind.currentData())

    def refresh(self) -> None:
        """Show the state of the session."""
        delivery, kind = self._session.delivery, self.chosen
        is_volume = kind not in OWN_ENDINGS
        self.format.setVisible(is_volume)
        self.as_label.setVisible(is_volume)
        self.export.setEnabled(delivery.can_export(kind))
        mark_next(self.export, delivery.is_finished and delivery.last_export is None)
        self.bar.refresh()
        self.state.setText(self._explain(kind))

    def _explain(self, kind: Kind) -> str:
        session = self._session
        if session.delivery.last_export is not None and not session.delivery.exporting.is_running:
            written = f"Written: {session.delivery.last_export}"
        else:
            written = ""
        if not session.delivery.can_export(kind):
            return (
                "Paint something first"
                if kind is Kind.STROKES
                else "Prepare the volume and paint two classes first"
            )
        if kind is not Kind.STROKES and not session.delivery.is_finished:
            return f"{written}\nExport computes the final labels first".strip()
        return written

    def describe(self) -> str:
        """Say in a line what was written."""
        last = self._session.delivery.last_export
        return "" if last is None else f"{last.name} written"

    def ask(self, kind: Kind | None = None) -> None:
        """Ask where to, and write; what is chosen in the menu if `kind` doesn't say."""
        kind, image = kind or self.chosen, self._session.volume.image
        if image is None or not self._session.delivery.can_export(kind):
            self._session.hint(self._explain(kind) or "Open a volume first")
            return
        ending = OWN_ENDINGS.get(kind) or str(self.format.currentData())
        folder = self._session.delivery.folder or Path.cwd()
        start = folder / f"{image.name.partition('.')[0]}-{kind}{ending}"
        path, _ = QFileDialog.getSaveFileName(self, "Export", str(start), f"*{ending}")
        if path:
            chosen = Path(path)
            if not chosen.name.lower().endswith(ending):
                chosen = chosen.with_name(chosen.name + ending)
            self._session.delivery.export(kind, chosen)
