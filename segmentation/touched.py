"""Which supervoxels a stroke speaks of: those it touches, but not those that it only grazes.

A stroke of the brush is a thin line, and every supervoxel on its way is meant. What fills whole
supervoxels is another thing, as the region brush does, a ball, or labels that are imported: its
supervoxels are those of one partition. In the others it fills some, and cuts a little off many
more around them, which belong to something else.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .graph.partition import Partition
from .strokes import Strokes

N_CLASSES = 2**16  # more than any id of a class
FILLED = 0.5  # share of a supervoxel's voxels from which on it is filled, and not crossed
GRAZED = 0.5  # of the share of the best filled one: below, what fills others only grazes it


def find_filling(partition: Partition, strokes: Strokes) -> NDArray[np.bool_]:
    """Tell which painted voxels (P,) lie in supervoxels that their step filled.

    Parameters
    ----------
    partition : Partition
        The first one, that a person paints regions of.
    strokes : Strokes
    """
    numbers, n_steps = _number(partition, strokes)
    painted, row, count = np.unique(numbers, return_inverse=True, return_counts=True)
    owner = painted // (N_CLASSES * n_steps)
    is_filled: NDArray[np.bool_] = count >= FILLED * partition.graph.size[owner]
    return is_filled[row]


def count_touched(
    partition: Partition, strokes: Strokes, fills: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the voxels that speak for a class in each supervoxel, by the step that painted them.

    Parameters
    ----------
    partition : Partition
    strokes : Strokes
    fills : bool, (P,)
        Of each painted voxel: `find_filling`.

    Returns
    -------
    rows : int64, (3, R)
        Supervoxel, class and step; ascending, none twice.
    count : int64, (R,)
        Voxels. Those that fill supervoxels of the first partition, and graze this one, speak for
        nothing here. At least one supervoxel is left of each step and class.
    """
    numbers, n_steps = _number(partition, strokes)
    rows, count = np.unique(2 * numbers + fills, return_counts=True)
    number, is_filling = rows // 2, rows % 2 == 1
    owner, painting = np.divmod(number, N_CLASSES * n_steps)
    share = np.minimum(count / np.maximum(partition.graph.size[owner], 1), 1)
    # the best share among what a step and class filled, by places in the sorted paintings
    paintings, place = np.unique(painting, return_inverse=True)
    best = np.zeros(paintings.size)
    np.maximum.at(best, place, share * is_filling)
    speaks = ~is_filling | (share >= GRAZED * best[place])
    left, place = np.unique(number[speaks], return_inverse=True)
    summed = np.bincount(place, count[speaks], left.size).astype(np.int64)
    owner, painting = np.divmod(left, N_CLASSES * n_steps)
    return np.stack([owner, *np.divmod(painting, n_steps)]), summed


def _number(partition: Partition, strokes: Strokes) -> tuple[NDArray[np.int64], int]:
    """Return one number for supervoxel, class and step of each painted voxel, and of steps."""
    owners = partition.ids.reshape(-1)[strokes.voxels].astype(np.int64)
    n_steps = int(strokes.steps.max(initial=0)) + 1
    return (owners * N_CLASSES + strokes.classes) * n_steps + strokes.steps, n_steps
