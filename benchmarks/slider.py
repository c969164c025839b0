"""The slider of every class, set by eye: a robot that looks at three planes while it moves.

It sees what the window shows of planes that are compared: their labels in full quality.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from supervox.segmentation import (
    PartInFull,
    RefinementParameters,
    SegmentationParameters,
    Strokes,
)

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
    labeller: PartInFull, strokes: Strokes, data: Dataset, painted: NDArray[np.uint8]
) -> Balance:
    """Move the slider of one class after the other to where three planes look best.

    Parameters
    ----------
    labeller : PartInFull
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
    across = [slice(0, n) for n in data.image.shape[1:]]
    balance: Balance = dict.fromkeys(strokes.class_ids, 0.0)

    def look(value: float, label: int) -> float:
        tried = SegmentationParameters(refinement=with_balance(balance | {label: value}))
        labels = [
            labeller.label(strokes, tried, (slice(z, z + 1), across[0], across[1])) for z in planes
        ]
        return mean_dice(seen, painted[planes], np.concatenate(labels))

    for label in strokes.class_ids:
        scores: dict[float, float] = {value: look(value, label) for value in COARSE}
        middle = max(scores, key=scores.__getitem__)
        scores |= {value: look(value, label) for value in (round(middle + d, 2) for d in FINE)}
        balance[label] = max(scores, key=scores.__getitem__)
    return balance
