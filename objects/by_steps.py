"""From labels to measured and sorted objects, as command, window and report do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from supervox.execution import Run, VolumeLike, Workers, Workspace

from .by_hand import Edited
from .instances import Instances
from .measures import Measured, MeasureRequest, measure_objects
from .relations import classes_of
from .rules import REMOVED, RuledObjects, apply_rules
from .steps import EVERYTHING, ObjectSteps, Search, find_by_steps

MEASURED_BYTES = 14  # of each voxel: labels of two bytes, numbers of objects twice, a distance
FIND_SHARE = 0.2  # of the work; the rest is measuring


@dataclass(frozen=True, eq=False)
class FoundBySteps:
    """Objects after all steps.

    Attributes
    ----------
    edited : Edited
        As they were found, split and edited.
    measured : Measured
        Of these, before rules.
    ruled : RuledObjects
        What rules make of them; rules that can't be carried out are told there.
    request : MeasureRequest
    """

    edited: Edited
    measured: Measured
    ruled: RuledObjects
    request: MeasureRequest

    @property
    def instances(self) -> Instances:
        """The objects in the classes that rules gave; those that were removed are of class 0."""
        return self.ruled.instances(self.edited.instances)

    @property
    def tables(self) -> Measured:
        """The measures after rules, without objects that were removed."""
        if (
            np.array_equal(self.ruled.class_of, self.measured.objects["class"])
            and (self.ruled.class_of != REMOVED).all()
        ):
            return self.measured
        return self.measured.after(self.ruled, self.request.names)


def measure_by_steps(
    labels: VolumeLike,
    steps: ObjectSteps,
    request: MeasureRequest,
    search: Search = EVERYTHING,
    *,
    start: Sequence[int] = (0, 0, 0),
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
    unit: str | None = None,
    origin: Sequence[float] = (0.0, 0.0, 0.0),
    workspace: Workspace | None = None,
    workers: Workers = None,
) -> FoundBySteps:
    """Find objects, split and edit them, measure them, and sort them by rules.

    Parameters
    ----------
    labels : array-like of integers, (Z, Y, X) or (Y, X)
    steps : ObjectSteps
        Edits, rules and splitting, as a project says them.
    request : MeasureRequest
        What is measured besides what the steps ask for; its first image is the one for splitting
        by the image.
    search : Search
        Which objects are looked for.
    start : sequence of 3 int
        Place of the first voxel in the whole image, in which the edits are.
    spacing, unit, origin, workspace, workers
        As for `measure_objects`; the ids of the objects lie in the workspace as well.

    Returns
    -------
    FoundBySteps

    Raises
    ------
    ObjectsError
        As for `find_by_steps` and `measure_objects`.
    Cancelled
        If the run is to stop.
    """
    room = workspace or Workspace()
    run = room.releasing(Run.of(workers))
    request = with_asked(request, steps, labels, run.silent())
    edited = find_by_steps(
        labels,
        steps,
        search,
        image=next(iter(request.channels.values()), None),
        start=start,
        spacing=spacing,
        workspace=room,
        workers=run.part(0, FIND_SHARE),
    )
    measured = measure_objects(
        edited.instances,
        request,
        spacing=spacing,
        unit=unit,
        origin=origin,
        workspace=room,
        workers=run.part(FIND_SHARE, 1),
    )
    return sorted_by_rules(edited, measured, steps, request)


def with_asked(
    request: MeasureRequest, steps: ObjectSteps, labels: VolumeLike, run: Run = Run()
) -> MeasureRequest:
    """Add the distances and depths that a project asks for, where the request has none.

    Parameters
    ----------
    request : MeasureRequest
    steps : ObjectSteps
    labels : array-like of integers, (Z, Y, X)
        Of classes that aren't there nothing is measured.
    run : Run
    """
    asked = {k: of for k, of in steps.asked.distances.items() if not getattr(request, k)}
    if not asked:
        return request
    there = classes_of(labels, run)
    more: dict[str, Any] = {k: tuple(i for i in of if i in there) for k, of in asked.items()}
    return replace(request, labels=labels, **more)


def sorted_by_rules(
    edited: Edited, measured: Measured, steps: ObjectSteps, request: MeasureRequest
) -> FoundBySteps:
    """Sort objects that were measured by the rules of now."""
    ruled = apply_rules(
        measured.objects, steps.rules, request.names, edited.by_hand, leave_out=True
    )
    return FoundBySteps(edited, measured, ruled, request)
