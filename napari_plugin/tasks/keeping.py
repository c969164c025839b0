"""Found objects written into a project, and read from it."""

from __future__ import annotations

from typing import Any

import numpy as np
from supervox.execution import Run
from supervox.objects import Calibrated, KeptObjects, OpenedParents, what_objects_follow_from
from supervox.project import Project

from .jobs import Report, Task
from .measuring import FoundObjects, MeasureOrder


def keeping(project: Project, found: FoundObjects) -> Task:
    """Return the task that keeps objects, so that they needn't be found again."""

    def keep(report: Report) -> None:
        order = found.order
        kept = KeptObjects(
            found.ids,
            found.measured,
            order.origin,
            order.channels,
            found.by_hand,
            found.reshaped,
            found.missing,
            found.search,
        )
        run = report.run
        about, arrays = kept.to_parts()
        with order.parents(run) as parents:
            follows_from = _follows_from(order, parents, run.part(0, 0.2))
        project.derived.save_objects(follows_from, about, arrays, run=run.part(0.2, 1))

    return keep


def reading_objects(project: Project, order: MeasureOrder) -> Task:
    """Return the task that reads the objects of an order; it gives None if they aren't there."""

    def read(report: Report) -> FoundObjects | None:
        run = report.run
        with order.parents(run) as parents:
            follows_from = _follows_from(order, parents, run)
        kept = project.derived.load_objects(follows_from, KeptObjects.from_parts)
        if kept is None or kept.channels != order.channels:
            return None
        if kept.ids.shape != order.of.labels.shape or not np.allclose(kept.origin, order.origin):
            return None
        told = kept.by_hand, kept.reshaped, kept.missing, kept.search
        lie_in = parents.address, parents.why_not
        return FoundObjects(order, kept.ids, kept.table, *told, *lie_in)

    return read


def _follows_from(order: MeasureOrder, parents: OpenedParents, run: Run) -> dict[str, Any]:
    source = order.of.source
    scale = Calibrated.of(source.spacing, source.unit, order.origin)
    labels = order.of.corrected()
    told = order.steps, order.search, order.names, scale, source.start
    return what_objects_follow_from(labels, *told, parents=parents, run=run)
