"""Where a file is to be written: asked for, with its ending, and never over another unasked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QMessageBox, QWidget


def ask_where_to(
    parent: QWidget, title: str, start: Path, endings: Sequence[str], what: str = ""
) -> Path | None:
    """Ask for the name of a file that is to be written; None if a person doesn't want to.

    Qt asks whether to replace a file of the name that was typed. Where that lacks the ending, it is
    another file that would be replaced, which is asked for here.

    Parameters
    ----------
    parent : QWidget
    title : str
    start : Path
        What the dialog begins with.
    endings : sequence of str
        That the name may have; it gets the first where it has none of them.
    what : str
        Kind of files, in words.
    """
    kinds = " ".join(f"*{ending}" for ending in endings)
    while True:
        path, _ = QFileDialog.getSaveFileName(
            parent, title, str(start), f"{what} ({kinds})" if what else kinds
        )
        if not path:
            return None
        start = Path(path)
        if start.name.lower().endswith(tuple(endings)):
            return start
        start = start.with_name(start.name + endings[0])
        if not start.exists() or _may_replace(parent, title, start):
            return start


def _may_replace(parent: QWidget, title: str, path: Path) -> bool:
    yes = QMessageBox.StandardButton.Yes
    text = f"{path.name} exists already. Replace it?"
    return QMessageBox.question(parent, title, text) == yes
