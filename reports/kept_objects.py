"""The objects that a project keeps, if they are those of its labels and steps of now."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from supervox.execution import Run, VolumeLike
from supervox.objects import (
    NO_PARENTS,
    Calibrated,
    KeptObjects,
    ObjectSteps,
    OpenedParents,
    Search,
    open_parents,
    what_objects_follow_from,
)
from supervox.project import Project


def parents_of(project: Project, steps: ObjectSteps) -> AbstractContextManager[OpenedParents]:
    """Open the labels of what objects lie in, if the steps of a project ask for them.

    They are looked for beside the volume as well.
    """
    settings = project.settings
    asked = steps.asked.parents
    beside = settings.volume.find(project.folder).parent if asked else None
    return open_parents(asked, settings.volume.shape, settings.slices, beside)


def kept_objects(
    project: Project,
    labels: VolumeLike,
    steps: ObjectSteps,
    search: Search,
    scale: Calibrated,
    start: Sequence[int],
    *,
    parents: OpenedParents = NO_PARENTS,
    run: Run = Run(),
) -> KeptObjects | None:
    """Read the objects of a project.

    Parameters
    ----------
    project : Project
    labels : array-like of integers, (Z, Y, X)
        With corrections.
    steps, search, scale, start, parents, run
        As for `what_objects_follow_from`.

    Returns
    -------
    KeptObjects or None
        None if there are none that follow from this.

    Raises
    ------
    Cancelled
        If the run is to stop.
    """
    if not project.derived.has_objects:
        return None
    names = {item.id: item.name for item in project.annotations.classes}
    of = labels, steps, search, names, scale, start
    told = what_objects_follow_from(*of, parents=parents, run=run)
    found = project.derived.load_objects(told, KeptObjects.from_parts)
    return found if found is not None and found.ids.shape == tuple(labels.shape) else None
