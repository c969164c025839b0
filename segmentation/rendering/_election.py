"""Which class wins a voxel: the votes of the partitions, of all classes or without some."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation.refinement.held import are_held, next_best

from ._block import BlockRendering
from ._probabilities import TINY

Labels = NDArray[np.unsignedinteger]

# A vote is the class that refinement chose plus this share of the probabilities, so that
# partitions that are sure outvote those that are not.
PROBABILITY_SHARE = 0.5


class Election:
    """Votes of supervoxels for classes.

    Parameters
    ----------
    class_ids : sequence of int
        Of the columns.
    probabilities : sequence of float32, (S, C)
        Of the supervoxels of each partition; rows sum to 1.
    classes : sequence of int32, (S,)
        Column of the class that refinement chose, in each partition.
    """

    def __init__(
        self,
        class_ids: Sequence[int],
        probabilities: Sequence[NDArray[np.float32]],
        classes: Sequence[NDArray[np.int32]],
    ) -> None:
        self._ids, self._probabilities, self._classes = tuple(class_ids), probabilities, classes
        count = sum(np.bincount(chosen, minlength=len(self._ids)) for chosen in classes)
        self._reference = int(np.argmax(count))  # the class that most supervoxels have

    def without(self, held: Sequence[int]) -> Election | None:
        """Return the same among the classes that aren't held; None if all are."""
        is_held = are_held(self._ids, held)
        free = np.flatnonzero(~is_held)
        if not free.size:
            return None
        place = np.cumsum(~is_held, dtype=np.int32) - 1
        chances, chosen = [], []
        for table, columns in zip(self._probabilities, self._classes, strict=True):
            some = np.maximum(table[:, free], TINY)
            chances.append(some / some.sum(axis=1, keepdims=True))
            chosen.append(place[next_best(table, columns, is_held)])
        return Election([self._ids[k] for k in free], chances, chosen)

    def labels(self, canvas: BlockRendering, dtype: np.dtype[np.unsignedinteger]) -> Labels:
        """Return the class ids of the voxels of a block."""
        share = np.float32(PROBABILITY_SHARE)
        votes = share * canvas.pick(self._probabilities)
        chosen = np.concatenate(
            [columns[rows] for columns, rows in zip(self._classes, canvas.rows, strict=True)]
        )
        votes[np.arange(len(votes)), chosen] += np.float32(1 / len(self._classes))
        votes /= 1 + share
        labels: Labels = np.array(self._ids, dtype)[canvas.winners(votes, self._reference)]
        return labels
