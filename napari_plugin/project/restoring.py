"""What a project has of what was computed another time: read, and made usable again."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Workspace
from supervox.napari_plugin.layers.lookup import coarse_sample
from supervox.napari_plugin.layers.source import Source
from supervox.napari_plugin.tasks.finishing import Finished, render_labels
from supervox.napari_plugin.tasks.jobs import Report, Task
from supervox.napari_plugin.tasks.preparing import Prepared, for_live_work
from supervox.napari_plugin.tasks.resources import Resources
from supervox.project import Project, held_ids
from supervox.segmentation import (
    Model,
    SegmentationError,
    SegmentationParameters,
    Segmenter,
    Strokes,
)


@dataclass(frozen=True)
class Restored:
    """What was computed another time.

    Attributes
    ----------
    prepared : Prepared
    strokes : Strokes
        Of the project, in the part to work in.
    model : Model or None
        What was learned from these strokes, if they are still those that it was learned from.
    """

    prepared: Prepared
    strokes: Strokes = field(repr=False)
    model: Model | None = field(repr=False)


def restoring(project: Project, source: Source, resources: Resources) -> Task:
    """Return the task that reads what was prepared; it gives None if nothing usable is there."""

    def restore(report: Report) -> Restored | None:
        settings = project.settings
        parameters = for_live_work(settings.parameters)
        try:
            room = resources.room(source, parameters)
        except SegmentationError:
            return None  # it can't be prepared anew either, and the dock says why
        found = project.derived.load_partitions(1, workspace=room, run=report.run)
        if not found:
            return None
        segmenter = Segmenter(
            source.work_volume(),
            channels=source.work_channels(),
            mask=source.work_mask(),
            spacing=source.spacing,
            parameters=parameters,
            workers=resources.workers,
            partitions=found,
        )
        segmenter.prepare(run=report.run.silent())
        coarse = coarse_sample(source.layer_part(found[0].ids))
        prepared = Prepared(source, settings.parameters, segmenter, coarse, 0.0)
        strokes = project.strokes
        return Restored(prepared, strokes, project.derived.load_model(strokes))

    return restore


@dataclass(frozen=True)
class Kept:
    """Final labels that a project has.

    Attributes
    ----------
    source : Source
    parameters : SegmentationParameters
    strokes : Strokes
        In the part to work in.
    labels : uint8, (Z, Y, X)
    held : tuple of int
        Ids of the classes whose labels were held.
    """

    source: Source
    parameters: SegmentationParameters
    strokes: Strokes = field(repr=False)
    labels: NDArray[np.uint8] = field(repr=False)
    held: tuple[int, ...] = ()


def reading_labels(project: Project, source: Source) -> Task:
    """Return the task that reads the final labels as they are; it gives None if there are none."""

    def read(report: Report) -> Kept | None:
        strokes = project.strokes
        held = held_ids(project.annotations.classes)
        labels = project.derived.load_labels(strokes, held=held, run=report.run)
        if labels is None or labels.shape != source.shape:
            return None
        return Kept(source, project.settings.parameters, strokes, labels, held)

    return read


def restoring_labels(
    project: Project,
    restored: Restored,
    model: Model,
    room: Workspace,
    kept: NDArray[np.uint8] | None,
) -> Task:
    """Return the task that makes the final labels anew from what was learned for them.

    Parameters
    ----------
    project : Project
    restored : Restored
    model : Model
    room : Workspace
        Where the supervoxels of the other partitions go.
    kept : uint8, (Z, Y, X), optional
        The labels themselves, if they were read.
    """

    def restore(report: Report) -> Finished:
        prepared, source = restored.prepared, restored.prepared.source
        segmenter = Segmenter(
            source.work_volume(),
            channels=source.work_channels(),
            mask=source.work_mask(),
            spacing=source.spacing,
            parameters=model.parameters,
            workers=prepared.segmenter.run,
            partitions=project.derived.load_partitions(
                workspace=room,
                known=prepared.segmenter.partitions,
                run=report.run.silent(),
            ),
        )
        held = held_ids(project.annotations.classes)
        segmentation = segmenter.apply(model, held=held, run=report.run.silent())
        labels = render_labels(segmentation, source, report.run) if kept is None else kept
        return Finished(source, restored.strokes, segmenter, segmentation, labels, 0.0, held)

    return restore
