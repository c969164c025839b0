"""Objects that two segmentations of one volume have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run, Workspace

from .instances import Instances, find_objects
from .overlaps import count_overlaps

MATCH = 0.5  # of the union that two objects must have in common


def match_objects(
    one: Instances, other: Instances, *, least_iou: float = MATCH, run: Run = Run()
) -> NDArray[np.int64]:
    """Find objects that two volumes have in common.

    Parameters
    ----------
    one, other : Instances
        Of the same voxels.
    least_iou : float
        Objects match whose common voxels are more than this share of those of either; from 0.5 on
        an object matches one other at most.
    run : Run

    Returns
    -------
    int64, (M, 2)
        Ids of the one and of the other, in order.
    """
    ids_a, ids_b = one.signed, other.signed
    a, b, common = count_overlaps(
        ids_a.shape,
        lambda block: np.ascontiguousarray(ids_a[block.core]),
        lambda block: np.ascontiguousarray(ids_b[block.core]),
        run,
    )
    sizes_a, sizes_b = np.zeros(one.number + 1, np.int64), np.zeros(other.number + 1, np.int64)
    np.add.at(sizes_a, a, common)
    np.add.at(sizes_b, b, common)
    iou = common / (sizes_a[a] + sizes_b[b] - common)
    matched = (a > 0) & (b > 0) & (iou > least_iou)
    return np.stack([a[matched], b[matched]], axis=1)


def count_objects(
    a: NDArray[Any],
    b: NDArray[Any],
    classes: NDArray[np.int64],
    block_shape: Sequence[int] | None,
    room: Workspace,
    steps: Sequence[Run],
) -> tuple[list[int], list[int], list[int]]:
    """Count the objects of each class in the one, in the other, and those that match."""
    one, other = (
        find_objects(labels, block_shape=block_shape, workspace=room, workers=room.releasing(step))
        for labels, step in zip((a, b), steps, strict=False)
    )
    matched = match_objects(one, other, run=room.releasing(steps[2]))
    of_a, of_b = one.class_of[matched[:, 0] - 1], other.class_of[matched[:, 1] - 1]
    found = (one.class_of, other.class_of, of_a[of_a == of_b])
    sums = (sum_by_class(ids, np.ones(ids.size, np.int64), classes) for ids in found)
    in_one, in_other, in_both = sums
    return in_one, in_other, in_both


def sum_by_class(
    ids: NDArray[Any], amounts: NDArray[np.int64], classes: NDArray[np.int64]
) -> list[int]:
    """Sum amounts up over all that have the id of each class; those with 0 are of none."""
    sums, is_any = np.zeros(classes.size, np.int64), ids > 0
    np.add.at(sums, np.searchsorted(classes, ids[is_any]), amounts[is_any])
    counted: list[int] = sums.tolist()
    return counted
