"""The objects of the labels in a report: how many, how large, how they lie at the border."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from supervox.objects import (
    EVERYTHING,
    Calibrated,
    MeasureRequest,
    ObjectSteps,
    ObjectTable,
    OpenedParents,
    measure_by_steps,
)
from supervox.project import Project, ProjectSettings
from supervox.volumes import cubed

from .document import Section, Table
from .kept_objects import kept_objects, parents_of

MOST_PARENTS = 20  # that have rows of their own
MOST_COUNTED = 2**29  # voxels: beyond, numbering objects takes more memory than segmenting


def totals_of_objects(
    labels: NDArray[np.unsignedinteger],
    project: Project,
    names: Mapping[int, str],
    steps: ObjectSteps,
) -> tuple[ObjectTable, str] | None:
    """Measure the objects of labels, with what a project says of them.

    Parameters
    ----------
    labels : uint8 or uint16, (Z, Y, X)
    project : Project
        Objects that it keeps, and that are still true, are taken as they are.
    names : mapping of int to str
        Of the classes.
    steps : ObjectSteps
        Where they are found anew, what asks for the image is left out: a report has none.

    Returns
    -------
    (ObjectTable, str) or None
        A row for each class, and for each class in each parent; and what was done to the objects.
        None where that takes too much memory.
    """
    if labels.size > MOST_COUNTED:
        return None
    with parents_of(project, steps) as parents:
        return _totals(labels, project, names, steps, parents)


def _totals(
    labels: NDArray[np.unsignedinteger],
    project: Project,
    names: Mapping[int, str],
    steps: ObjectSteps,
    parents: OpenedParents,
) -> tuple[ObjectTable, str]:
    settings, request = project.settings, MeasureRequest(names, parents=parents.labels)
    size, by_image = settings.voxel_size, False
    scale = Calibrated.of(size.spacing, size.unit)
    told = project, labels, steps, EVERYTHING, scale, settings.start
    kept = kept_objects(*told, parents=parents)
    found = None if kept is None else kept.as_found(steps, request, scale)
    if found is None:
        by_image = steps.asked.split == "image"
        found = measure_by_steps(
            labels,
            replace(steps, asked=steps.asked._replace(split=None)) if by_image else steps,
            request,
            start=settings.start,
            spacing=size.spacing,
            unit=size.unit,
        )
    lost = len(found.edited.lost)
    done = [f"{steps.text} ({lost:,} no longer found)" if lost else steps.text]
    pairs = list(zip(steps.rules, found.ruled.changed, strict=True))
    done += [f"rule '{rule.text}': {n:,}" for rule, n in pairs if n is not None]
    # rules that ask for intensities, or for a measure that there never was
    without = [f"the rule '{rule.text}'" for rule, n in pairs if n is None]
    without += ["splitting by the image"] if by_image else []
    without += [f"what objects lie in ({parents.why_not})"] if parents.why_not else []
    done += [f"left out here: {' and '.join(without)}"] if without else []
    return found.tables.classes, "; ".join(filter(None, done))


def of_all(totals: ObjectTable) -> ObjectTable:
    """Return the rows of the classes as a whole, without those of each parent."""
    return totals.where(totals["parent"] == 0) if "parent" in totals else totals


def objects_section(
    totals: ObjectTable, by_hand: str, settings: ProjectSettings, parents: str
) -> Section:
    """Describe the objects of each class, and what was done to them by hand and by rules.

    Parameters
    ----------
    totals : ObjectTable
    by_hand : str
        What was done to them.
    settings : ProjectSettings
    parents : str
        Address of the labels that they lie in.
    """
    text = (
        "An object is a connected piece of a class (26 neighbours). Counted are those that touch "
        "none of the first plane, row and column: their number is right for objects that the "
        "border cuts. 'supervox objects' measures each of them."
    )
    done = (f"By hand and by rules: {by_hand}.",) if by_hand else ()
    within = _within_parents(totals, settings, parents) if "parent" in totals else ()
    return Section("Objects", (_classes(of_all(totals), settings), text, *within, *done))


def _within_parents(
    totals: ObjectTable, settings: ProjectSettings, parents: str
) -> tuple[Table | str, ...]:
    """Describe what lies in each parent, unless these are very many."""
    inside = totals.where((totals["parent"] > 0) & (totals["objects"] > 0))
    number = np.unique(totals["parent"]).size - 1
    if number > MOST_PARENTS:
        text = "'supervox objects --classes' says how many lie in each"
        return (f"They lie in {number:,} objects of the labels of {parents}; {text}.",)
    return (f"Where they lie, by the labels of {parents}:", _classes(inside, settings))


def _classes(totals: ObjectTable, settings: ProjectSettings) -> Table:
    """Return number and volumes of the objects of each class, and in which parent, if in any."""
    unit, factor = cubed(settings.unit)
    if settings.voxel_size.known is None:
        unit, factor = "voxel", 1.0
    cube = f"{unit}^3" if unit else "cubed"
    lie_in = ("parent",) if "parent" in totals and (totals["parent"] > 0).all() else ()
    header = (
        *(*lie_in, "class", "name", "objects", "at the border", "counted"),
        *(f"{text} ({cube})" for text in ("mean volume", "SD", "median")),
    )
    names = *lie_in, "class", "class_name"
    numbers = "objects", "touching_border", "counted"
    volumes = "mean_volume", "sd_volume", "median_volume"
    first, then = len(names), len(names) + len(numbers)
    columns = (totals[column].tolist() for column in (*names, *numbers, *volumes))
    rows = [
        (
            *map(str, row[:first]),
            *(f"{number:,}" for number in row[first:then]),
            *("" if math.isnan(number) else f"{factor * number:.4g}" for number in row[then:]),
        )
        for row in zip(*columns, strict=True)
    ]
    return Table(header, tuple(rows))
