"""Parts of a project that can be computed again: used only if they are whole and still true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run, VolumeLike
from supervox.segmentation import (
    DEFAULT,
    FEATURES,
    ClassifierParameters,
    Model,
    NotStorable,
    Partition,
    RefinementParameters,
    Renderer,
    Segmentation,
    SegmentationError,
    Strokes,
    load_model,
    look_at,
    save_model,
)

from .array_parts import PartDamaged, PartWriter
from .documents import digest_of, digest_of_file, read_document, write_document
from .errors import Finding, Severity, writing
from .layout import DERIVED
from .object_store import ObjectStore
from .partition_parts import piece_origin
from .settings import ProjectSettings

RESULT, MODEL, MODEL_NOTE, LABELS = "result", "model.npz", "model.json", "labels"
NOT_KEPT = "not kept because"


@dataclass(frozen=True, eq=False)
class ResultTables:
    """The last result, as tables over the supervoxels of each partition.

    Attributes
    ----------
    class_ids : tuple of int
    probabilities : tuple of float32, (S, C)
    classes : tuple of int32, (S,)
        Columns of the classes that refinement chose.
    """

    class_ids: tuple[int, ...]
    probabilities: tuple[NDArray[np.float32], ...]
    classes: tuple[NDArray[np.int32], ...]

    def segmentation(
        self,
        volume: VolumeLike,
        partitions: list[Partition],
        settings: ProjectSettings,
        workers: int | None = None,
        mask: VolumeLike | None = None,
    ) -> Segmentation:
        """Return the result as the segmenter gave it, ready to be rendered.

        Parameters
        ----------
        volume : array-like, (Z, Y, X)
            What was segmented: the box of the volume, if there is one.
        partitions : list of Partition
        settings : ProjectSettings
        workers : int, optional
        mask : array-like, (Z, Y, X), optional
            Of that volume.
        """
        volume, intensity = look_at(volume, settings.parameters.no_data, mask)
        renderer = Renderer.of_partitions(
            volume, settings.spacing, intensity, settings.parameters, partitions
        )
        return Segmentation(self.class_ids, self.probabilities, self.classes, renderer, workers)


class Derived(ObjectStore):
    """The derived parts of a project: partitions, objects, the last result, and the model.

    What is said of the pieces of `PartitionStore` holds for all of them.
    """

    # --------------------------------------------------------------------------------- result

    def result_origin(self, strokes: Strokes) -> str:
        """Return the fingerprint of what a result is made from.

        Parameters
        ----------
        strokes : Strokes
            In the box, if there is one.
        """
        made_from = self._prepared_from()
        parameters = made_from.parameters
        digest = blake2b(strokes.voxels.tobytes(), digest_size=16)
        digest.update(strokes.classes.tobytes())
        digest.update(strokes.steps.tobytes())
        return digest_of(
            {
                "partitions": [
                    piece_origin(made_from, FEATURES, k) for k in range(parameters.partitions)
                ],
                "classifier": _as_ever(parameters.classifier),
                "refinement": _refinement_as_ever(parameters.refinement),
                "strokes": digest.hexdigest(),
            }
        )

    def save_result(self, result: Segmentation, strokes: Strokes) -> None:
        """Write what a segmentation says of every supervoxel.

        Parameters
        ----------
        result : Segmentation
        strokes : Strokes
            That it followed from.

        Raises
        ------
        ProjectError
            If it can't be written.
        """

        def fill(writer: PartWriter) -> None:
            pairs = zip(result.probabilities, result.classes, strict=True)
            for k, (probabilities, classes) in enumerate(pairs):
                writer.write(f"probabilities-{k}", probabilities)
                writer.write(f"classes-{k}", classes)

        origin = self.result_origin(strokes)
        header = {
            "origin": origin,
            "class_ids": list(result.class_ids),
            "partitions": len(result.classes),
        }
        folder = self.parts.write(RESULT, header, fill)
        self._remember(RESULT, result, origin, folder)

    def has_result(self, result: Segmentation, strokes: Strokes) -> bool:
        """Tell whether this very object was written, and still is there.

        Parameters
        ----------
        result : Segmentation
        strokes : Strokes
            That it followed from.
        """
        return self._is_there(RESULT, result, self.result_origin(strokes))

    def load_result(self, strokes: Strokes) -> ResultTables | None:
        """Read the last result; None if there is none that follows from these strokes."""
        part = self._open(RESULT, self.result_origin(strokes))
        if part is None:
            return None
        try:
            ids = part.header["class_ids"]
            indices = range(part.header["partitions"])
            tables = ResultTables(
                tuple(int(value) for value in ids),
                tuple(
                    part.read(f"probabilities-{k}", np.float32, (None, len(ids))) for k in indices
                ),
                tuple(part.read(f"classes-{k}", np.int32, (None,)) for k in indices),
            )
        except (PartDamaged, KeyError, TypeError) as error:
            self._tell(part.path.name, str(error))
            return None
        for chosen in tables.classes:
            if chosen.size and not 0 <= chosen.min() <= chosen.max() < len(ids):
                self._tell(part.path.name, "its classes are none of its own")
                return None
        return tables

    # --------------------------------------------------------------------------------- labels

    def save_labels(
        self,
        labels: NDArray[np.unsignedinteger],
        strokes: Strokes,
        *,
        held: Sequence[int] = (),
        run: Run = Run(),
    ) -> None:
        """Write the labels of all voxels, so that they can be shown without being rendered.

        Parameters
        ----------
        labels : uint8 or uint16, (Z, Y, X)
            Of the box, if there is one.
        strokes : Strokes
            That they followed from.
        held : sequence of int
            Ids of the classes that were held.
        run : Run
            Shows progress and stops, between slabs.

        Raises
        ------
        ProjectError
            If they can't be written.
        Cancelled
            If the run is to stop; nothing is left of them then.
        """
        origin = self._labels_origin(strokes, held)
        if not self._is_there(LABELS, labels, origin):
            fill = partial(_fill_labels, labels, run)
            folder = self.parts.write(LABELS, {"origin": origin}, fill)
            self._remember(LABELS, labels, origin, folder)

    def load_labels(
        self, strokes: Strokes, *, held: Sequence[int] = (), run: Run = Run()
    ) -> NDArray[np.uint8] | None:
        """Read the labels; None if there are none that follow from these, with these held."""
        origin = self._labels_origin(strokes, held)
        part = self._open(LABELS, origin)
        if part is None:
            return None
        try:
            labels = part.read(LABELS, np.uint8, (None, None, None), run=run)
        except PartDamaged as error:
            self._tell(part.path.name, str(error))
            return None
        self._remember(LABELS, labels, origin, part.path)
        return labels

    def _labels_origin(self, strokes: Strokes, held: Sequence[int]) -> str:
        edges = self._prepared_from().parameters.edge_refinement
        origin = {"result": self.result_origin(strokes), "edges": edges}
        return digest_of({**origin, "held": list(held)} if held else origin)

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
        path = self.folder / MODEL
        note: dict[str, Any] = {"origin": self.result_origin(strokes)}
        with writing(path):
            self.folder.mkdir(exist_ok=True)
            try:
                save_model(model, path)
                note["digest"] = digest_of_file(path)
            except NotStorable as error:
                path.unlink(missing_ok=True)  # that of other strokes
                note[NOT_KEPT] = str(error)
                text = f"the model is not kept, all else is: {error}"
                self._report(Finding(Severity.DERIVED, f"{DERIVED}/{MODEL}", text))
        write_document(self.folder / MODEL_NOTE, note)

    def why_no_model(self, strokes: Strokes) -> str | None:
        """Return why the model of these strokes can't be kept; None if it can, or isn't known."""
        try:
            note = read_document(self.folder / MODEL_NOTE)
        except (OSError, ValueError):
            return None
        reason = note.get(NOT_KEPT)
        return str(reason) if reason and note.get("origin") == self.result_origin(strokes) else None

    def load_model(self, strokes: Strokes) -> Model | None:
        """Read the model; None if there is none that was learned from these strokes."""
        path = self.folder / MODEL
        if not path.exists():
            return None
        try:
            note = read_document(self.folder / MODEL_NOTE)
            if note.get("digest") != digest_of_file(path):
                raise ValueError("it is not the one that was saved")
            if note.get("origin") != self.result_origin(strokes):
                self._tell(MODEL, "was learned from other strokes or parameters")
                return None
            return load_model(path)
        except (OSError, ValueError, SegmentationError) as error:
            self._tell(MODEL, _first_words(error))
            return None

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
        if (self.folder / MODEL).exists():
            try:
                note = read_document(self.folder / MODEL_NOTE)
                if note.get("digest") != digest_of_file(self.folder / MODEL):
                    raise ValueError("it is not the one that was saved")
            except (OSError, ValueError) as error:
                found.append((MODEL, _first_words(error)))
        return found

    def remove(self, name: str) -> None:
        """Remove a part, whose name is one that `damaged` gave."""
        if name == MODEL:
            for file in (MODEL, MODEL_NOTE):
                with writing(self.folder / file):
                    (self.folder / file).unlink(missing_ok=True)
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


def _fill_labels(labels: NDArray[np.unsignedinteger], run: Run, writer: PartWriter) -> None:
    writer.write(LABELS, labels, run=run)


def _as_ever(classifier: ClassifierParameters) -> dict[str, Any]:
    """Return what a result depends on; trees of ours as before there were others.

    So what was computed with them then is known again.
    """
    values = asdict(classifier)
    if classifier.method == DEFAULT:
        del values["method"]
    return values


def _refinement_as_ever(refinement: RefinementParameters) -> dict[str, Any]:
    """Return what a result depends on; without a balance, as before there was any."""
    values = asdict(refinement)
    if not refinement.balance:
        del values["balance"]
    return values


def _first_words(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "its description is missing"
    return str(error).partition("\n")[0]
