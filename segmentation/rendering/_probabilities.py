"""How the probability of a block's voxels is spread over the classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._block import BlockRendering

Float32 = NDArray[np.float32]

TINY = np.float32(1e-30)  # instead of 0, whose logarithm there is not


def spread(
    canvas: BlockRendering, votes: Float32, probabilities: bool, uncertainty: bool
) -> tuple[Float32 | None, Float32 | None]:
    """Make probabilities and their normalised entropy, one class after the other.

    Parameters
    ----------
    canvas : BlockRendering
    votes : float32, (supervoxels of the block, C)
        The classifier's probabilities, from `BlockRendering.pick`.
    probabilities, uncertainty : bool
        What to make.

    Returns
    -------
    probabilities : float32, (C, Z, Y, X), or None
        Not negative, sums to 1.
    uncertainty : float32, (Z, Y, X), or None
        0 where one class is certain and 1 where all are equally likely.
    """
    shape = canvas.block.shape
    n_classes = votes.shape[1]
    chance = np.empty((n_classes, *shape), np.float32) if probabilities else None
    total, terms = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    # Strategy: one class at a time, plane by plane, into running sums of p and of p log p; the
    # division by the sum of p is made up for at the end, so no class is kept for it.
    for values in canvas.values(votes, chance):
        for plane, sums, entropy in zip(values, total, terms, strict=True):
            np.clip(plane, 0, 1, out=plane)
            sums += plane
            if uncertainty:
                entropy += plane * np.log(np.maximum(plane, TINY))
    if chance is not None:
        chance /= total
    if not uncertainty:
        return chance, None
    # the entropy of values that sum to `total`, divided by it
    terms /= total
    np.subtract(np.log(total), terms, out=terms)
    terms /= np.float32(np.log(max(n_classes, 2)))
    return chance, np.clip(terms, 0, 1, out=terms)
