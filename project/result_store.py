"""The last result: tables over supervoxels, and the labels that follow, if they are still true."""

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
    Partition,
    RefinementParameters,
    Renderer,
    Segmentation,
    Strokes,
    look_at,
)

from .array_parts import PartDamaged, PartWriter
from .documents import digest_of
from .object_store import ObjectStore
from .partition_parts import piece_origin
from .settings import ProjectSettings

RESULT, LABELS = "result", "labels"


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


class ResultStore(ObjectStore):
    """Partitions, objects and the last result in the folder of a project."""

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
