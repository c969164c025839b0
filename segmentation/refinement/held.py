"""Classes that are held: their labels are settled, and learning gives them to nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray


def are_held(class_ids: Sequence[int], held: Collection[int]) -> NDArray[np.bool_]:
    """Tell of each column of the tables whether its class is held, (C,)."""
    return np.isin(class_ids, list(held))


def next_best(
    probabilities: NDArray[np.float32], columns: NDArray[np.int32], is_held: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """Return what takes the place of held classes: the most probable of the others.

    Parameters
    ----------
    probabilities : float32, (S, C)
        Balanced.
    columns : int32, (S,)
        That refinement chose. Those of classes that aren't held stay: holding a class changes no
        label of another one.
    is_held : bool, (C,)

    Returns
    -------
    int32, (S,)
        -1 where all classes are held; the lowest column of equally probable ones.
    """
    if not is_held.any():
        return columns
    at = np.flatnonzero(is_held[columns])
    result = columns.copy()
    if is_held.all():
        result[at] = -1
    elif at.size:
        result[at] = np.where(is_held, np.float32(-1), probabilities[at]).argmax(axis=1)
    return result
