"""Whether all strokes are written down: one answer, for whoever says it to a person."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from supervox.napari_plugin.painting.stroke_layer import Painting

from .autosave import Autosave


@dataclass(frozen=True)
class Saved:
    """What has become of the strokes.

    Attributes
    ----------
    is_complete : bool
        Whether all of them are written down, or there are none.
    text : str
        A sentence that says so, or why not.
    folder : Path or None
        Of their project.
    """

    is_complete: bool
    text: str
    folder: Path | None = None


def look_whether_saved(autosave: Autosave, painting: Painting) -> Saved:
    """Return what has become of the strokes that are painted on."""
    project = autosave.project
    if project is None:
        if not (autosave.is_beginning or painting.is_touched):
            return Saved(True, "Nothing was painted: there is nothing to save.")
        if autosave.last_error:
            return Saved(False, f"Not all is saved: {autosave.last_error}.")
        return Saved(False, "Your strokes are being written to a new project: Project › Recent.")
    folder = project.folder
    if project.read_only_because is not None:
        return Saved(False, "The project is read-only: nothing of it was changed.", folder)
    if project.annotations.state.error is not None:
        text = f"Not all is saved: {project.annotations.state.error}."
        return Saved(False, text, folder)
    return Saved(True, f"All your strokes are saved, in {folder}.", folder)
