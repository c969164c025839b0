"""The computing side of a project: what is there is used, what is missing is made and kept."""

from __future__ import annotations

import time

from supervox.features import Progress, ShouldStop, VolumeLike
from supervox.segmentation.result import Segmentation
from supervox.segmentation.segmenter import Segmenter

from .project import Project


def prepare(
    project: Project,
    data: VolumeLike,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Segmenter:
    """Return a segmenter with all partitions, made and kept as far as they were missing.

    Parameters
    ----------
    project : Project
    data : array-like, (Z, Y, X)
        The box of the volume, or all of it.
    workers, progress, should_stop
        As everywhere.

    Raises
    ------
    SegmentationError
        If the volume can't be segmented.
    ProjectError
        If what was made can't be written.
    Cancelled
        If `should_stop` said so.
    """
    settings, derived = project.settings, project.derived
    kept = derived.load_partitions(should_stop=should_stop)
    segmenter = Segmenter(
        data,
        spacing=settings.spacing,
        parameters=settings.parameters,
        workers=workers,
        partitions=kept,
    )
    segmenter.prepare(progress=progress, should_stop=should_stop)
    made = segmenter.partitions[len(kept) :]
    if made and project.read_only_because is None:
        for k, partition in enumerate(made, len(kept)):
            derived.save_partition(k, partition, should_stop=should_stop)
        project.history.note(
            "prepared",
            partitions=len(made),
            supervoxels=[partition.graph.n_supervoxels for partition in segmenter.partitions],
            seconds=segmenter.seconds["prepare"],
        )
    return segmenter


def complete(
    project: Project,
    data: VolumeLike,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Segmentation:
    """Return the result that follows from strokes and parameters, computed only if it must be.

    Parameters, and what is raised, are those of `prepare`; with a `SegmentationError` as well if
    fewer than two classes are painted.
    """
    settings, derived, strokes = project.settings, project.derived, project.strokes
    tables = derived.load_result(strokes)
    if tables is not None and derived.load_model(strokes) is not None:
        partitions = derived.load_partitions(progress=progress, should_stop=should_stop)
        if len(partitions) == settings.parameters.partitions:
            return tables.segmentation(data, partitions, settings, workers)
    started = time.perf_counter()
    segmenter = prepare(project, data, workers=workers, progress=progress, should_stop=should_stop)
    result = segmenter.segment(strokes, should_stop=should_stop)
    if project.read_only_because is None:
        derived.save_result(result, strokes)
        classes = [item.for_files() for item in project.annotations.classes]
        derived.save_model(segmenter.model(classes=classes, unit=settings.unit), strokes)
        project.history.note(
            "segmented",
            class_ids=list(result.class_ids),
            painted_voxels=int(strokes.voxels.size),
            parameters=settings.parameters.to_dict(),
            seconds=time.perf_counter() - started,
        )
    return result
