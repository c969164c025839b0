"""The computing side of a project: what is there is used, what is missing is made and kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from supervox.execution import Checkpoint, Run, VolumeLike, Workspace
from supervox.segmentation import (
    Balance,
    FoundBalance,
    Piece,
    Pieces,
    Segmentation,
    Segmenter,
    Strokes,
    libraries_of,
    segment_with_shares,
    versions,
)

from .corrections import corrected
from .errors import ProjectError
from .mask import mask_for
from .partition_store import PartitionStore
from .project import Project


@dataclass
class _ProjectStore:
    """Pieces that are kept; those that are made join them if they can be written."""

    kept: PartitionStore
    writable: bool
    made: set[int] = field(default_factory=set)

    def load_pieces(self, k: int, workspace: Workspace | None, *, run: Run = Run()) -> Pieces:
        return self.kept.load_pieces(k, workspace, run=run)

    def save_piece(self, k: int, piece: Piece, *, run: Run = Run()) -> None:
        self.made.add(k)
        if self.writable:
            self.kept.save_piece(k, piece, run=run)

    def begin(self, kind: str, partitions: Sequence[int]) -> Checkpoint | None:
        return self.kept.begin(kind, partitions) if self.writable else None

    def begun(self, kind: str) -> list[list[int]]:
        return self.kept.begun(kind) if self.writable else []

    def end(self) -> None:
        if self.writable:
            self.kept.end()


def prepare(
    project: Project,
    data: VolumeLike,
    *,
    workspace: Workspace | None = None,
    run: Run = Run(),
) -> Segmenter:
    """Return a segmenter with all partitions, made and kept as far as they were missing.

    Parameters
    ----------
    project : Project
    data : array-like, (Z, Y, X)
        The box of the volume, or all of it. The mask of the project is heeded, unless `data` has
        gaps (a `GappedVolume`): then they are taken for all that there are.
    workspace : Workspace, optional
        Where large arrays lie; all in memory by default.
    run : Run
        Of the preparation.

    Raises
    ------
    SegmentationError
        If the volume can't be segmented.
    ProjectError
        If what was made can't be written, or the project has several channels.
    Cancelled
        If the run is to stop.
    """
    settings, writable = project.settings, project.read_only_because is None
    if settings.channels:
        raise ProjectError(
            f"{project.folder}: has {1 + len(settings.channels)} channels, which only the window "
            "uses as yet: open it there, press Finish, and export"
        )
    segmenter = Segmenter(
        data,
        mask=mask_for(project, data, workspace),
        spacing=settings.spacing,
        parameters=settings.parameters,
        workers=run,
        workspace=workspace,
    )
    made = prepare_kept(segmenter, project.derived, run=run, writable=writable)
    if made and writable:
        project.history.note(
            "prepared",
            partitions=made,
            supervoxels=[partition.graph.n_supervoxels for partition in segmenter.partitions],
            seconds=segmenter.seconds["prepare"],
        )
    return segmenter


def prepare_kept(
    segmenter: Segmenter, kept: PartitionStore, *, run: Run, writable: bool = True
) -> int:
    """Prepare a volume with what is kept of it, and keep the rest.

    Supervoxels, features and graph of each partition are kept as soon as they are finished, and of
    the stage that is at work, each block. After an interruption, however it came about, only the
    blocks that were at work are done again.

    Parameters
    ----------
    segmenter : Segmenter
        It has all partitions afterwards.
    kept : PartitionStore
        Of the same volume and parameters.
    run : Run
    writable : bool
        Whether anything can be kept.

    Returns
    -------
    int
        How many partitions weren't complete.

    Raises
    ------
    ProjectError
        If what was made can't be written.
    Cancelled
        If the run is to stop.
    """
    shelf = _ProjectStore(kept, writable)
    segmenter.prepare(store=shelf, run=run)
    return len(shelf.made)


def keep_result(
    project: Project, segmenter: Segmenter, result: Segmentation, strokes: Strokes
) -> None:
    """Keep a result and what was learned for it in a project, unless they are there.

    Parameters
    ----------
    project : Project
    segmenter : Segmenter
        With the settings of the project; it made the result last.
    result : Segmentation
    strokes : Strokes
        That it followed from, in the box if there is one.

    Raises
    ------
    ProjectError
        If they can't be written, or the project says that another classifier made them.
    """
    if segmenter.parameters.classifier != project.settings.parameters.classifier:
        raise ProjectError(
            f"{project.folder}: the result was made with another classifier than the project says; "
            "put the segmenter's parameters into the settings of the project first"
        )
    if project.derived.has_result(result, strokes):
        return
    classes = [item.for_files() for item in project.annotations.classes]
    model = segmenter.model(classes=classes, unit=project.settings.unit)
    project.derived.save_model(model, strokes)
    project.derived.save_result(result, strokes)


def note_result(
    project: Project, segmenter: Segmenter, result: Segmentation, strokes: Strokes, seconds: float
) -> None:
    """Note in the history of a project how a result came about.

    Parameters
    ----------
    project : Project
    segmenter, result, strokes
        As for `keep_result`.
    seconds : float
        What it took.

    Raises
    ------
    ProjectError
        If the project can't be changed.
    """
    project.history.note(
        "segmented",
        class_ids=list(result.class_ids),
        painted_voxels=int(strokes.voxels.size),
        supervoxels=[partition.graph.n_supervoxels for partition in segmenter.partitions],
        parameters=segmenter.parameters.to_dict(),
        versions=versions(*libraries_of(segmenter.parameters.classifier.method)),
        seconds=seconds,
    )


def complete(
    project: Project,
    data: VolumeLike,
    *,
    workspace: Workspace | None = None,
    run: Run = Run(),
) -> Segmentation:
    """Return the result that follows from strokes and parameters, computed only if it must be.

    The corrections of the project lie over its labels.

    Parameters, and what is raised, are those of `prepare`; with a `SegmentationError` as well if
    fewer than two classes are painted.
    """
    settings, derived, strokes = project.settings, project.derived, project.strokes
    tables = derived.load_result(strokes)
    is_whole = derived.why_no_model(strokes) or derived.load_model(strokes) is not None
    if tables is not None and is_whole:
        partitions = derived.load_partitions(workspace=workspace, run=run)
        if len(partitions) == settings.parameters.partitions:
            mask = mask_for(project, data, workspace)
            found = tables.segmentation(data, partitions, settings, run.threads, mask)
            return corrected(project, found)
    return complete_with_shares(project, data, (), workspace=workspace, run=run)[0]


def complete_with_shares(
    project: Project,
    data: VolumeLike,
    shares: Balance,
    *,
    workspace: Workspace | None = None,
    run: Run = Run(),
) -> tuple[Segmentation, dict[int, FoundBalance]]:
    """Return a new result, in which classes have shares of the volume, and the balances for that.

    The project gets these balances.

    Parameters
    ----------
    project, data, workspace, run
        As for `complete`.
    shares : tuple of (int, float)
        Class ids, and the share of each, from 0 to 1.

    Raises
    ------
    SegmentationError
        As for `complete`; and if a class isn't painted.
    ProjectError
        If what was made, or the balance, can't be written.
    Cancelled
        If the run is to stop.
    """
    started, strokes = time.perf_counter(), project.strokes
    segmenter = prepare(project, data, workspace=workspace, run=run)
    result, found = segment_with_shares(segmenter, strokes, shares)
    if found:
        project.settings = replace(project.settings, parameters=segmenter.parameters)
    if project.read_only_because is None:
        keep_result(project, segmenter, result, strokes)
        seconds = time.perf_counter() - started
        note_result(project, segmenter, result, strokes, seconds)
    return corrected(project, result), found
