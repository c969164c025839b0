"""Parts of a project that can be computed again: used only if they are whole and still true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.features import IntensityRange, Progress, ShouldStop, VolumeLike
from supervox.segmentation.checks import SegmentationError
from supervox.segmentation.model import Model, load_model, save_model
from supervox.segmentation.partition import Partition
from supervox.segmentation.rendering import Renderer
from supervox.segmentation.result import Segmentation
from supervox.segmentation.strokes import Strokes

from .documents import digest_of, digest_of_file, read_document, write_document
from .errors import Finding, Severity, writing
from .partitions import fill_partition, partition_origin, read_partition
from .parts import Part, PartDamaged, Parts, PartWriter
from .settings import Settings

FOLDER = "derived"
RESULT, MODEL, MODEL_NOTE = "result", "model.npz", "model.json"


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
        settings: Settings,
        workers: int | None = None,
    ) -> Segmentation:
        """Return the result as the segmenter gave it, ready to be rendered.

        Parameters
        ----------
        volume : array-like, (Z, Y, X)
            What was segmented: the box of the volume, if there is one.
        partitions : list of Partition
        settings : Settings
        workers : int, optional
        """
        parameters = settings.parameters
        renderer = Renderer(
            volume,
            settings.spacing,
            IntensityRange.measure(volume),
            parameters.supervoxels.smoothing_voxels,
            tuple(partition.ids for partition in partitions),
            parameters.edge_refinement,
        )
        return Segmentation(self.class_ids, self.probabilities, self.classes, renderer, workers)


class Derived:
    """The derived parts of a project.

    Every part has the fingerprint of what it was made from. What is missing is None; what is
    damaged or outdated is None as well, and told to `report`.

    Parameters
    ----------
    folder : Path
        Of the project.
    settings : callable
        Returns the settings that hold now.
    report : callable
        Takes a `Finding`.
    """

    def __init__(
        self, folder: Path, settings: Callable[[], Settings], report: Callable[[Finding], None]
    ) -> None:
        self.folder = folder / FOLDER
        self.parts = Parts(self.folder)
        self._settings = settings
        self._report = report

    # ----------------------------------------------------------------------------- partitions

    def save_partition(
        self,
        k: int,
        partition: Partition,
        *,
        progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> None:
        """Write a partition.

        Parameters
        ----------
        k : int
            Which one.
        partition : Partition
            Made with the settings of the project.
        progress, should_stop : callable, optional
            As everywhere.

        Raises
        ------
        ProjectError
            If it can't be written.
        Cancelled
            If `should_stop` said so; nothing is left of it then.
        """
        origin = partition_origin(self._settings(), k)
        self.parts.write(
            f"partition-{k}",
            {"origin": origin},
            lambda writer: fill_partition(writer, partition, progress, should_stop),
        )

    def load_partitions(
        self,
        count: int | None = None,
        *,
        progress: Progress | None = None,
        should_stop: ShouldStop | None = None,
    ) -> list[Partition]:
        """Read the first partitions, as many as are usable: what a `Segmenter` begins with.

        Parameters
        ----------
        count : int, optional
            At most so many; those of the parameters by default.
        progress, should_stop : callable, optional
            As everywhere.

        Raises
        ------
        Cancelled
            If `should_stop` said so.
        """
        settings = self._settings()
        wanted = settings.parameters.partitions
        wanted = wanted if count is None else min(count, wanted)
        found: list[Partition] = []
        for k in range(wanted):
            part = self._open(f"partition-{k}", partition_origin(settings, k))
            if part is None:
                break
            steps = _share(progress, k, wanted)
            try:
                found.append(read_partition(part, settings, steps, should_stop))
            except PartDamaged as error:
                self._tell(part.path.name, str(error))
                break
        return found

    # --------------------------------------------------------------------------------- result

    def result_origin(self, strokes: Strokes) -> str:
        """Return the fingerprint of what a result is made from.

        Parameters
        ----------
        strokes : Strokes
            In the box, if there is one.
        """
        settings = self._settings()
        parameters = settings.parameters
        digest = blake2b(strokes.voxels.tobytes(), digest_size=16)
        digest.update(strokes.classes.tobytes())
        return digest_of(
            {
                "partitions": [partition_origin(settings, k) for k in range(parameters.partitions)],
                "classifier": asdict(parameters.classifier),
                "refinement": asdict(parameters.refinement),
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

        header = {"origin": self.result_origin(strokes), "class_ids": list(result.class_ids)}
        self.parts.write(RESULT, header | {"partitions": len(result.classes)}, fill)

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

    # ---------------------------------------------------------------------------------- model

    def save_model(self, model: Model, strokes: Strokes) -> None:
        """Write what was learned.

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
        with writing(path):
            self.folder.mkdir(exist_ok=True)
            save_model(model, path)
        note = {"origin": self.result_origin(strokes), "digest": digest_of_file(path)}
        write_document(self.folder / MODEL_NOTE, note)

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

    def _open(self, name: str, origin: str) -> Part | None:
        """Open the newest generation of a part that is whole and made from the right things."""
        for generation in self.parts.generations(name):
            place = self.parts.path(name, generation).name
            try:
                part = self.parts.open(name, generation)
            except PartDamaged as error:
                self._tell(place, str(error))
                continue
            if part.header.get("origin") == origin:
                return part
            self._tell(place, "was made from another volume, other parameters or strokes")
        return None

    def _tell(self, part: str, text: str) -> None:
        where = f"{FOLDER}/{part}"
        self._report(Finding(Severity.DERIVED, where, f"{text}; it is computed again when needed"))


def _share(progress: Progress | None, k: int, n: int) -> Progress | None:
    """Return the progress of one of n parts."""
    if progress is None:
        return None
    return lambda done, total: progress(k * total + done, n * total)


def _first_words(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "its description is missing"
    return str(error).partition("\n")[0]
