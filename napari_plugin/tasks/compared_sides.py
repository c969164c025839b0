"""The sides of a comparison: what is there already, files, and the final labels of projects."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from supervox.execution import Run
from supervox.napari_plugin.layers.corrected import Corrected, Overlay
from supervox.napari_plugin.layers.source import Box, Source
from supervox.project import Project, ProjectError, corrections_of, held_ids, is_project
from supervox.volumes import VolumeError, open_labels, times


@dataclass(frozen=True, eq=False)
class Side:
    """One of two segmentations.

    Attributes
    ----------
    name : str
        For a person.
    labels : array-like of integers, (Z, Y, X) or (Y, X), or Path
        A file, or a project, is opened by the task.
    box : tuple of 3 slice or None
        The part of the image that they cover; None for all of it, and for a file.
    names : mapping of int to str
        Of the classes.
    state : hashable
        The same as long as the labels are the same.
    """

    name: str
    labels: Any = field(repr=False)
    box: Box | None = None
    names: Mapping[int, str] = field(default_factory=dict)
    state: Hashable = None


@dataclass(frozen=True, eq=False)
class OpenedSide:
    """A side that can be read.

    Attributes
    ----------
    labels : array-like of integers, (Z, Y, X) or (Y, X)
    box : tuple of 3 slice
        The part of the image that they cover.
    names : mapping of int to str
        Of the classes.
    """

    labels: Any
    box: Box
    names: Mapping[int, str]


def open_side(side: Side, source: Source, stack: ExitStack, run: Run) -> OpenedSide:
    """Open a file or a project, or take what is there; say which part of the image it covers.

    Parameters
    ----------
    side : Side
    source : Source
        The image, and the part to work in.
    stack : ExitStack
        Closes what is opened.
    run : Run
        Stops the reading of a project.

    Raises
    ------
    VolumeError, ProjectError
        If it can't be opened, has no labels, or is of another shape.
    """
    whole = _box_of(source.full_shape)
    if not isinstance(side.labels, Path):
        return OpenedSide(side.labels, side.box or whole, side.names)
    if is_project(side.labels):
        return _open_project(side, source, stack, run)
    volume = stack.enter_context(open_labels(side.labels))
    shape = tuple(volume.data.shape)
    names = {item.value: item.name for item in volume.classes}
    if shape == source.full_shape:
        return OpenedSide(volume.data, whole, names)
    if source.box is not None and shape == source.shape:  # as Export writes them
        return OpenedSide(volume.data, source.box, names)
    raise VolumeError(
        f"{side.name}: has {times(shape)} voxels, the image {times(source.full_shape)}: choose "
        "labels of this image"
    )


def _open_project(side: Side, source: Source, stack: ExitStack, run: Run) -> OpenedSide:
    """Read the final labels of a project, with its corrections."""
    project = stack.enter_context(Project.open(side.labels, read_only=True))
    settings, classes = project.settings, project.annotations.classes
    if settings.volume.shape != source.full_shape:
        raise ProjectError(
            f"{side.name}: is of a volume of {times(settings.volume.shape)} voxels, the image has "
            f"{times(source.full_shape)}: choose a project of this image"
        )
    labels = project.derived.load_labels(project.strokes, held=held_ids(classes), run=run.silent())
    if labels is None:
        raise ProjectError(
            f"{side.name}: has no final labels of its strokes as they are: open that project, save "
            "it under a name if it has none, press Finish, and compare then"
        )
    over = corrections_of(project)
    if over is not None:
        labels = np.asarray(Corrected(labels, Overlay.looked_for(over)))
    box = settings.slices or _box_of(source.full_shape)
    names = {item.id: item.name for item in classes}
    return OpenedSide(labels, box, names)


def _box_of(shape: tuple[int, int, int]) -> Box:
    z, y, x = (slice(0, n) for n in shape)
    return z, y, x
