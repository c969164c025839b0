"""Corrections of a project: labels painted by hand, which lie over those that strokes lead to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation import Segmentation, count_labels

from .classes import held_ids
from .project import Project


def corrections_of(project: Project) -> NDArray[np.uint8] | None:
    """Return the corrections in the part that is segmented; None if there are none.

    Returns
    -------
    uint8, (Z, Y, X), or None
        Class ids; 0 = not corrected.
    """
    store = project.annotations
    if not store.has_corrections:
        return None
    box = project.settings.slices
    part = store.corrections if box is None else store.corrections[box]
    return part if part.any() else None


def corrected(project: Project, result: Segmentation) -> Segmentation:
    """Return a result of a project with its corrections, and what it holds, over the labels."""
    held = held_ids(project.annotations.classes)
    return replace(result, corrections=corrections_of(project), held=held)


def count_corrected(project: Project) -> dict[int, int]:
    """Return how many voxels were corrected to each class, in the part that is segmented."""
    found = corrections_of(project)
    if found is None:
        return {}
    counts = count_labels(found)
    return {int(k): int(counts[k]) for k in np.flatnonzero(counts) if k}
