"""The slider of every class, set by eye: a robot that looks at three planes while it moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation import RefinementParameters, Segmenter, Strokes

from .accuracy import score_classes
from .datasets import Dataset
from .robots import spread_planes

PLANES = 3
# Nine positions for each class, as a hand finds them: five far apart, then four about the best.
# Where refinement is strong, half a unit of log-odds makes a class vanish or fill the volume.
COARSE = (0.0, -0.8, 0.8, -2.0, 2.0)
FINE = (-0.15, 0.15, -0.4, 0.4)
Balance = dict[int, float]


def mean_dice(
    data: Dataset, strokes: NDArray[np.uint8], labels: NDArray[np.unsignedinteger]
) -> float:
    """Return the mean Dice of the classes that are scored, without painted voxels."""
    dice = score_classes(data, strokes, labels)
    return float(np.mean([dice[str(k)] for k in data.scored]))


def with_balance(balance: Balance) -> RefinementParameters:
    """Return the default parameters with a balance for each class."""
    return RefinementParameters(balance=tuple(balance.items()))


def set_by_eye(
    segmenter: Segmenter, strokes: Strokes, data: Dataset, painted: NDArray[np.uint8]
) -> Balance:
    """Move the slider of one class after the other to where three planes look best.

    Parameters
    ----------
    segmenter : Segmenter
        With one partition; its parameters are in the end what they were.
    strokes : Strokes
    data : Dataset
    painted : uint8, (Z, Y, X)
        Classes of the painted voxels, which nobody judges.

    Returns
    -------
    dict of int to float
        By class id: the position that has the best mean Dice on the three planes; the first of
        those that are alike.
    """
    planes = list(spread_planes(data.image.shape[0], PLANES))
    seen = replace(data, truth=data.truth[planes])
    ids = segmenter.partitions[0].ids[planes]
    balance: Balance = dict.fromkeys(strokes.class_ids, 0.0)

    def look(value: float, label: int) -> float:
        tried = with_balance(balance | {label: value})
        result = segmenter.segment(strokes, refinement=tried)
        return mean_dice(seen, painted[planes], result.supervoxel_classes()[ids])

    before = segmenter.parameters.refinement
    for label in strokes.class_ids:
        scores: dict[float, float] = {value: look(value, label) for value in COARSE}
        middle = max(scores, key=scores.__getitem__)
        scores |= {value: look(value, label) for value in (round(middle + d, 2) for d in FINE)}
        balance[label] = max(scores, key=scores.__getitem__)
    segmenter.segment(strokes, refinement=before)
    return balance
