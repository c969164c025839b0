"""What the commands that work on a project have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from supervox.execution import Device, Run, VolumeLike, Workspace
from supervox.project import (
    Project,
    ProjectSettings,
    complete,
    complete_with_shares,
    load_mask,
)
from supervox.segmentation import Balance, FoundBalance, Rooms, Segmentation
from supervox.volumes import Volume

from .budget import rooms_for
from .errors import say
from .inputs import NoData, read_volume
from .progress import StageProgress

argument = click.argument("project", type=click.Path(path_type=Path))


@contextmanager
def opened(folder: Path, *, read_only: bool = False) -> Iterator[Project]:
    """Open a project, tell what was found, and close it."""
    with Project.open(folder, read_only=read_only) as project:
        if project.read_only_because is not None and not read_only:
            say(f"{folder}: nothing is kept in the project: {project.read_only_because}")
        told = _tell(project, 0)
        try:
            yield project
        finally:
            _tell(project, told)


def _tell(project: Project, told: int) -> int:
    """Tell what was found since; return how much that is in all."""
    for finding in project.findings[told:]:
        say(f"{project.folder / finding.part}: {finding.text}")
    return len(project.findings)


def in_box(volume: Volume, settings: ProjectSettings) -> Volume:
    """Return the volume with the place in space that the box has."""
    if settings.box is None:
        return volume
    moved = [
        at + first * size
        for at, (first, _), size in zip(volume.origin, settings.box, settings.spacing, strict=True)
    ]
    return replace(volume, origin=(moved[0], moved[1], moved[2]))


def rooms_of(
    project: Project,
    volume: Volume,
    memory: float | None,
    workers: int | None,
    scheduler: str | None = None,
    device: Device | None = None,
) -> AbstractContextManager[Rooms]:
    """Give where the arrays lie, by the memory that may be used."""
    settings = project.settings
    return rooms_for(
        [volume],
        settings.parameters,
        memory,
        project.folder,
        spacing=settings.spacing,
        n_classes=len(project.strokes.class_ids),
        shape=settings.shape,
        workers=workers,
        held_bytes=project.annotations.voxels.nbytes * (1 + project.annotations.has_corrections),
        resumable=project.read_only_because is None,
        scheduler=scheduler,
        device=device,
        beside_bytes=0 if settings.mask is None else 1,
    )


def read_data(
    project: Project, volume: Volume, stages: StageProgress, rooms: Rooms
) -> tuple[VolumeLike, NoData]:
    """Read what is segmented, and tell what has no data."""
    settings = project.settings
    no_data, box = settings.parameters.no_data, settings.slices
    mask = load_mask(project, workspace=rooms.images)
    return read_volume(
        volume,
        stages,
        no_data=no_data,
        mask=None if mask is None else mask.within(box),
        workspace=rooms.images,
        box=box,
    )


def result_of(
    project: Project, data: VolumeLike, stages: StageProgress, rooms: Rooms
) -> Segmentation:
    """Return the result of a project, computed if it must be."""
    return result_with_shares(project, data, stages, rooms, ())[0]


def result_with_shares(
    project: Project, data: VolumeLike, stages: StageProgress, rooms: Rooms, shares: Balance
) -> tuple[Segmentation, dict[int, FoundBalance]]:
    """Return the result of a project in which classes have shares of the volume, if any should.

    They get the balances that give them, for good; these are returned as well.
    """
    with stages.stage("segment", "Segmenting") as run:
        if not shares:
            return complete(project, data, workspace=rooms.ids, run=run), {}
        return complete_with_shares(project, data, shares, workspace=rooms.ids, run=run)


def labels_of(result: Segmentation, workspace: Workspace, run: Run) -> NDArray[np.unsignedinteger]:
    """Return the labels of every voxel of a result."""
    labels = workspace.empty(result.shape, result.label_dtype)
    for part in result.render(run=workspace.releasing(run)):
        labels[part.block.core] = part.labels
    return labels
