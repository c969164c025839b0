"""Labels as the commands on objects take them: of a file, or of a project."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import VolumeLike, Workspace
from supervox.objects import ObjectSteps
from supervox.project import Project, is_project
from supervox.segmentation import copy_volume
from supervox.volumes import (
    Triple,
    VolumeClass,
    VoxelSize,
    choose_voxel_size,
    open_labels,
    refuse_image,
    write_volume,
)

from . import projects
from .errors import say
from .inputs import voxel_size
from .progress import StageProgress


@dataclass(frozen=True)
class OpenedLabels:
    """Labels in memory, with what is known of them.

    Attributes
    ----------
    path : Path
        The file, or the folder of the project.
    data : array of integers, (Z, Y, X)
    spacing : tuple of 3 float
        Ones if nobody knows.
    unit : str, optional
    known : tuple of 3 float, optional
        The spacing, if somebody knows it: what to hand to a writer.
    origin : tuple of 3 float
    classes : tuple of VolumeClass
    image : array-like, (Z, Y, X), optional
        What a project segmented.
    start : tuple of 3 int
        Place of the first voxel in the volume of a project.
    steps : ObjectSteps
        What a project says of its objects: edits by hand, rules, and how they are found.
    project : Project, optional
    turned : str, optional
        As of `Volume`, of the file or of what a project segmented.
    """

    path: Path
    data: NDArray[Any]
    spacing: Triple
    unit: str | None
    known: Triple | None
    origin: Triple
    classes: tuple[VolumeClass, ...]
    image: VolumeLike | None = None
    start: tuple[int, int, int] = (0, 0, 0)
    steps: ObjectSteps = field(default_factory=ObjectSteps)
    project: Project | None = field(default=None, repr=False)
    turned: str | None = None

    def write(self, target: str, labels: NDArray[Any]) -> None:
        """Write other labels of the same voxels, with what is known of these."""
        write_volume(
            target,
            labels,
            spacing=self.known,
            unit=self.unit,
            origin=self.origin,
            classes=self.classes,
        )

    @property
    def size(self) -> VoxelSize:
        """The voxel size, and whether anybody knows it."""
        return VoxelSize(self.spacing, self.unit, "unknown" if self.known is None else "file")

    def sized(self, size: VoxelSize) -> OpenedLabels:
        """Return the same with another voxel size."""
        return replace(self, spacing=size.spacing, unit=size.unit, known=size.known)

    @property
    def names(self) -> dict[int, str]:
        """Names of the classes by their ids."""
        return {item.value: item.name for item in self.classes}


@dataclass(frozen=True)
class LabelsAhead:
    """What is known of labels before any is read or made.

    Attributes
    ----------
    shape : tuple of 3 int
    dtype : dtype
    size : VoxelSize
    """

    shape: tuple[int, int, int]
    dtype: np.dtype[Any]
    size: VoxelSize


Ready = Callable[[LabelsAhead], object]


@contextmanager
def labels_in(
    address: str,
    spacing: Triple | None,
    stages: StageProgress,
    memory: float | None = None,
    workers: int | None = None,
    room_for: Callable[[Sequence[int]], Workspace] = lambda _: Workspace(),
    *,
    ready: Ready = lambda _: None,
    tell_size: bool = True,
) -> Iterator[OpenedLabels]:
    """Open labels, or a project and make its labels; read them to where there is room for them.

    Parameters
    ----------
    address : str
    spacing : tuple of 3 float, optional
    stages : StageProgress
    memory : float, optional
        Bytes that the segmentation of a project may take.
    workers : int, optional
    room_for : callable
        Returns where labels of a shape lie; in memory by default.
    ready : callable
        Is told what is known before anything is read or made, which may take long: the time to
        refuse what can't be done.
    tell_size : bool
        Whether to say so where nobody knows the voxel size.
    """
    if is_project(Path(address)):
        if spacing is not None:
            say(f"{address}: has the voxel size of the project; --spacing is for files")
        with (
            projects.opened(Path(address)) as project,
            _of_project(project, stages, memory, workers, ready) as opened,
        ):
            yield opened
        return
    with open_labels(address) as volume:
        refuse_image(volume)
        size = (voxel_size if tell_size else choose_voxel_size)(volume, spacing)
        ready(LabelsAhead(volume.shape, np.dtype(volume.data.dtype), size))
        with stages.stage("read", f"Reading {volume.path.name}") as run:
            data = copy_volume(volume.data, room_for(volume.data.shape), run)
        yield _told(
            OpenedLabels(
                volume.path,
                data,
                size.spacing,
                size.unit,
                size.known,
                volume.origin,
                volume.classes,
                turned=volume.turned,
            )
        )


@contextmanager
def _of_project(
    project: Project,
    stages: StageProgress,
    memory: float | None,
    workers: int | None,
    ready: Ready,
) -> Iterator[OpenedLabels]:
    with (
        project.open_volume() as volume,
        projects.rooms_of(project, volume, memory, workers) as rooms,
    ):
        settings = project.settings
        ready(LabelsAhead(settings.shape, np.dtype(np.uint16), settings.voxel_size))
        data, _ = projects.read_data(project, volume, stages, rooms)
        result = projects.result_of(project, data, stages, rooms)
        with stages.stage("labels", "Making the labels") as run:
            labels = projects.labels_of(result, rooms.ids, run)
        yield _told(
            OpenedLabels(
                project.folder,
                labels,
                settings.spacing,
                settings.unit,
                settings.voxel_size.known,
                projects.in_box(volume, settings).origin,
                tuple(item.for_files() for item in project.annotations.classes),
                data,
                settings.start,
                ObjectSteps.of(project.annotations.edits),
                project,
                volume.turned,
            )
        )


def _told(labels: OpenedLabels) -> OpenedLabels:
    """Tell what a person should know of them."""
    if 1 in labels.data.shape:
        say(
            f"{labels.path}: has one voxel along an axis: volumes and surfaces are those of a "
            "plate as thick as a voxel"
        )
    return labels
