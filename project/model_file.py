"""The model of a project: a file, and a note beside it of what it was learned from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from supervox.segmentation import Model, NotStorable, SegmentationError, load_model, save_model

from .documents import digest_of_file, read_document, write_document
from .errors import writing

MODEL, NOTE = "model.npz", "model.json"
NOT_KEPT = "not kept because"


class ModelUnusable(ValueError):
    """The model can't be used; the message says why."""


class ModelFile:
    """The file of the model, and its note.

    Parameters
    ----------
    folder : Path
        Of what was computed.
    """

    def __init__(self, folder: Path) -> None:
        self._model, self._note = folder / MODEL, folder / NOTE

    def save(self, model: Model, origin: str) -> str | None:
        """Write the model, or else why it can't be kept as data, which is returned.

        Parameters
        ----------
        model : Model
        origin : str
            Fingerprint of what it was learned from.

        Raises
        ------
        ProjectError
            If nothing can be written.
        """
        note: dict[str, Any] = {"origin": origin}
        with writing(self._model):
            self._model.parent.mkdir(exist_ok=True)
            try:
                save_model(model, self._model)
                note["digest"] = digest_of_file(self._model)
            except NotStorable as error:
                self._model.unlink(missing_ok=True)  # that of other strokes
                note[NOT_KEPT] = str(error)
        write_document(self._note, note)
        return note.get(NOT_KEPT)

    def why_not_kept(self, origin: str) -> str | None:
        """Return why the model of this origin can't be kept; None if it can, or isn't known."""
        try:
            note = read_document(self._note)
        except (OSError, ValueError):
            return None
        reason = note.get(NOT_KEPT)
        return str(reason) if reason and note.get("origin") == origin else None

    @property
    def exists(self) -> bool:
        """Whether there is one, usable or not."""
        return self._model.exists()

    def verify(self) -> dict[str, Any]:
        """Return the note, after comparing the file with its digest.

        Raises
        ------
        ModelUnusable
            If either is damaged or missing.
        """
        try:
            note = read_document(self._note)
            is_same = note.get("digest") == digest_of_file(self._model)
        except FileNotFoundError as error:
            raise ModelUnusable("its description is missing") from error
        except (OSError, ValueError) as error:
            raise ModelUnusable(_first_line(error)) from error
        if not is_same:
            raise ModelUnusable("it is not the one that was saved")
        return note

    def load(self, origin: str) -> Model:
        """Read the model.

        Raises
        ------
        ModelUnusable
            If it is damaged, or of another origin.
        """
        if self.verify().get("origin") != origin:
            raise ModelUnusable("was learned from other strokes or parameters")
        try:
            return load_model(self._model)
        except (OSError, ValueError, SegmentationError) as error:
            raise ModelUnusable(_first_line(error)) from error

    def remove(self) -> None:
        """Remove both files.

        Raises
        ------
        ProjectError
            If that can't be done.
        """
        for file in (self._model, self._note):
            with writing(file):
                file.unlink(missing_ok=True)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
