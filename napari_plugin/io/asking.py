"""Questions that only a person can answer, while a file is opened."""

from __future__ import annotations

from collections.abc import Sequence

from supervox.volumes import Candidate


def choose_candidate(name: str, candidates: Sequence[Candidate]) -> str | None:
    """Ask which of the volumes in a file is meant.

    Returns
    -------
    str or None
        What picks it; None if nobody can be asked, or the person wants none of them.
    """
    from napari import current_viewer
    from qtpy.QtWidgets import QApplication, QInputDialog

    if current_viewer() is None or not candidates:
        return None
    items = [str(candidate) for candidate in candidates]
    text, is_chosen = QInputDialog.getItem(
        QApplication.activeWindow(), "Which volume?", f"{name} holds several:", items, 0, False
    )
    return candidates[items.index(text)].inner if is_chosen else None
