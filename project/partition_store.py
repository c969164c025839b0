"""Partitions that a project keeps, piece by piece: used only if they are whole and still true."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import ref

from supervox.execution import Checkpoint, Run, Workspace
from supervox.segmentation import FEATURES, GRAPH, SUPERVOXELS, Partition, Piece, Pieces

from .array_parts import Part, PartDamaged, Parts
from .documents import digest_of
from .errors import Finding, Severity
from .layout import BEGUN, DERIVED
from .partition_parts import Reading, fill_piece, fit_together, kind_of, piece_origin, read_piece
from .settings import PreparedFrom


@dataclass(frozen=True)
class SamePart:
    """An object in memory that is the same as a part of the project."""

    thing: ref[Any]
    origin: str
    folder: str


class PartitionStore:
    """Partitions in a folder: of a project, or of a preparation that has none.

    Every piece has the fingerprint of what it was made from. What is missing is None; what is
    damaged or outdated is None as well, and told to `report`.

    Parameters
    ----------
    folder : Path
    prepared_from : callable
        Returns what partitions are made from now.
    report : callable
        Takes a `Finding`.
    """

    def __init__(
        self,
        folder: Path,
        prepared_from: Callable[[], PreparedFrom],
        report: Callable[[Finding], None],
    ) -> None:
        self.folder, self._unfinished = folder / DERIVED, folder / BEGUN
        self.parts = Parts(self.folder)
        self._prepared_from = prepared_from
        self._report = report
        self._same: dict[str, SamePart] = {}  # by name of the part: what was written, or read

    @property
    def known(self) -> Mapping[str, SamePart]:
        """Which objects in memory are the same as what is there."""
        return dict(self._same)

    def take_over(self, known: Mapping[str, SamePart]) -> None:
        """Know what another store knew of the same folder, or of the one that this is a copy of."""
        self._same.update(known)

    def save_piece(
        self,
        k: int,
        piece: Piece,
        *,
        run: Run = Run(),
    ) -> None:
        """Write supervoxels, features or graph of a partition.

        Nothing is done if this very object was written or read before, and still is there.

        Parameters
        ----------
        k : int
            Which partition.
        piece : int32 (Z, Y, X), FeatureTable or RegionGraph
            Made with the settings of the project.
        run : Run
            Shows progress and stops, between slabs.

        Raises
        ------
        ProjectError
            If it can't be written.
        Cancelled
            If the run is to stop; nothing is left of it then.
        """
        kind = kind_of(piece)
        name, origin = f"{kind}-{k}", piece_origin(self._prepared_from(), kind, k)
        if self._is_there(name, piece, origin):
            return
        folder = self.parts.write(
            name,
            {"origin": origin},
            lambda writer: fill_piece(writer, piece, run),
        )
        self._remember(name, piece, origin, folder)

    def save_partition(
        self,
        k: int,
        partition: Partition,
        *,
        run: Run = Run(),
    ) -> None:
        """Write all pieces of a partition; parameters and errors are those of `save_piece`."""
        self.save_piece(k, partition.ids, run=run)
        self.save_piece(k, partition.table, run=run.silent())
        self.save_piece(k, partition.graph, run=run.silent())

    def load_pieces(
        self,
        k: int,
        workspace: Workspace | None = None,
        *,
        run: Run = Run(),
    ) -> Pieces:
        """Read what there is of a partition, as far as it is usable.

        Parameters
        ----------
        k : int
        workspace : Workspace, optional
            Where supervoxel ids go; into memory by default.
        run : Run
            Shows progress and stops, between slabs.

        Raises
        ------
        Cancelled
            If the run is to stop.
        """
        how = Reading(self._prepared_from(), workspace or Workspace(), run)
        found: dict[str, Any] = {}
        for kind in (FEATURES, GRAPH, SUPERVOXELS):  # what is read quickly first
            name, origin = f"{kind}-{k}", piece_origin(how.origin, kind, k)
            part = self._open(name, origin)
            found[kind] = None
            if part is None:
                continue
            try:
                found[kind] = read_piece(part, kind, how)
            except PartDamaged as error:
                self._tell(name, str(error))
            else:
                self._remember(name, found[kind], origin, part.path)
        pieces = Pieces(found[SUPERVOXELS], found[FEATURES], found[GRAPH])
        if fit_together(pieces, how):
            return pieces
        self._tell(f"{SUPERVOXELS}-{k}", "supervoxels, features and graph do not fit each other")
        return Pieces()

    def load_partitions(
        self,
        count: int | None = None,
        workspace: Workspace | None = None,
        *,
        known: Sequence[Partition] = (),
        run: Run = Run(),
    ) -> list[Partition]:
        """Read the first partitions, as many as are complete: what a `Segmenter` begins with.

        Parameters
        ----------
        count : int, optional
            At most so many; those of the parameters by default.
        workspace : Workspace, optional
            Where supervoxel ids go; into memory by default.
        known : sequence of Partition
            The first of them, where they were read before.
        run : Run
            Shows progress and stops, between slabs.

        Raises
        ------
        Cancelled
            If the run is to stop.
        """
        wanted = self._prepared_from().parameters.partitions
        wanted = wanted if count is None else min(count, wanted)
        found = list(known)
        for k, step in list(enumerate(run.steps([1] * wanted)))[len(found) :]:
            pieces = self.load_pieces(k, workspace, run=step)
            if pieces.ids is None or pieces.table is None or pieces.graph is None:
                break
            found.append(Partition(pieces.ids, pieces.table, pieces.graph))
        return found

    def begin(self, kind: str, partitions: Sequence[int]) -> Checkpoint:
        """Return the folder of the stage that makes pieces of a kind, for some partitions."""
        made_from = self._prepared_from()
        origins = [piece_origin(made_from, kind, k) for k in partitions]
        name = "-".join([kind, *map(str, partitions)])
        return Checkpoint(self._unfinished / name, digest_of(origins))

    def begun(self, kind: str) -> list[list[int]]:
        """Return the partitions of each stage of a kind that has such a folder."""
        names = (
            re.fullmatch(rf"{kind}((-\d+)+)", path.name) for path in self._unfinished.glob("*")
        )
        return sorted([int(k) for k in name[1][1:].split("-")] for name in names if name)

    def end(self) -> None:
        """Remove the folders of all stages."""
        shutil.rmtree(self._unfinished, ignore_errors=True)

    def _is_there(self, name: str, thing: object, origin: str) -> bool:
        """Tell whether a part is known to be there, and to be the same as this object."""
        known = self._same.get(name)
        return (
            known is not None
            and (known.thing() is thing and known.origin == origin)
            and (self.folder / known.folder).is_dir()
        )

    def _remember(self, name: str, thing: object, origin: str, folder: Path) -> None:
        """Note that an object is the same as a part that is there."""
        self._same[name] = SamePart(ref(thing), origin, folder.name)

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
        where = f"{DERIVED}/{part}"
        self._report(Finding(Severity.DERIVED, where, f"{text}; it is computed again when needed"))
