"""The objects that a project keeps, if they are those of its labels and steps of now."""

from __future__ import annotations

from collections.abc import Sequence

from supervox.execution import Run, VolumeLike
from supervox.objects import (
    Calibrated,
    KeptObjects,
    ObjectSteps,
    Search,
    what_objects_follow_from,
)
from supervox.project import Project


def kept_objects(
    project: Project,
    labels: VolumeLike,
    steps: ObjectSteps,
    search: Search,
    scale: Calibrated,
    start: Sequence[int],
    *,
    run: Run = Run(),
) -> KeptObjects | None:
    """Read the objects of a project.

    Parameters
    ----------
    project : Project
    labels : array-like of integers, (Z, Y, X)
        With corrections.
    steps, search, scale, start, run
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
    told = what_objects_follow_from(labels, steps, search, names, scale, start, run=run)
    found = project.derived.load_objects(told, KeptObjects.from_parts)
    return found if found is not None and found.ids.shape == tuple(labels.shape) else None
