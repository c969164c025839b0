"""Parts of a project that can be computed again: used only if they are whole and still true."""

from __future__ import annotations

from typing import Any

from supervox.segmentation import Model, Strokes

from .array_parts import PartDamaged
from .errors import Finding, Severity
from .layout import DERIVED
from .model_file import MODEL, ModelFile, ModelUnusable
from .result_store import ResultStore


class Derived(ResultStore):
    """The derived parts of a project: partitions, objects, the last result, and the model.

    What is said of the pieces of `PartitionStore` holds for all of them.
    """

    # ---------------------------------------------------------------------------------- model

    def save_model(self, model: Model, strokes: Strokes) -> None:
        """Write what was learned; where that can't be kept as data, why, and tell it.

        Parameters
        ----------
        model : Model
        strokes : Strokes
            That it was learned from.

        Raises
        ------
        ProjectError
            If it can't be written.
        """
        reason = self._model.save(model, self.result_origin(strokes))
        if reason is not None:
            text = f"the model is not kept, all else is: {reason}"
            self._report(Finding(Severity.DERIVED, f"{DERIVED}/{MODEL}", text))

    def why_no_model(self, strokes: Strokes) -> str | None:
        """Return why the model of these strokes can't be kept; None if it can, or isn't known."""
        return self._model.why_not_kept(self.result_origin(strokes))

    def load_model(self, strokes: Strokes) -> Model | None:
        """Read the model; None if there is none that was learned from these strokes."""
        if not self._model.exists:
            return None
        try:
            return self._model.load(self.result_origin(strokes))
        except ModelUnusable as error:
            self._tell(MODEL, str(error))
            return None

    @property
    def _model(self) -> ModelFile:
        return ModelFile(self.folder)

    # ------------------------------------------------------------------------------------ all

    def damaged(self) -> list[tuple[str, str]]:
        """Verify every derived part; return the names of those that are damaged, and why."""
        found = []
        for name in self.parts.names():
            newest = self.parts.generations(name)[0]
            try:
                self.parts.open(name, newest)
            except PartDamaged as error:
                found.append((name, str(error)))
        if self._model.exists:
            try:
                self._model.verify()
            except ModelUnusable as error:
                found.append((MODEL, str(error)))
        return found

    def remove(self, name: str) -> None:
        """Remove a part, whose name is one that `damaged` gave."""
        if name == MODEL:
            self._model.remove()
            return
        for generation in self.parts.generations(name):
            self.parts.remove(name, generation)

    def describe(self) -> list[dict[str, Any]]:
        """Return name and size in bytes of every part."""
        entries = []
        for name in self.parts.names():
            path = self.parts.path(name, self.parts.generations(name)[0])
            size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
            entries.append({"name": name, "bytes": size})
        return entries
