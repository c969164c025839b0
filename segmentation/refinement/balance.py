"""More and less of a class: constants in log-odds on probabilities, before refinement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .mrf import FLOOR
from .parameters import Balance


def balance_probabilities(
    probabilities: NDArray[np.float32], class_ids: Sequence[int], balance: Balance
) -> NDArray[np.float32]:
    """Shift the log-odds of classes by a constant each.

    ``p'_c`` is in proportion to ``max(p_c, FLOOR) exp(b_c)``: as in refinement, a probability of
    nothing forbids no class.

    Parameters
    ----------
    probabilities : float32, (S, C)
        Rows sum to 1.
    class_ids : sequence of int, (C,)
        Of the columns.
    balance : tuple of (int, float)
        Class ids and values ``b``; those of classes without a column mean nothing.

    Returns
    -------
    float32, (S, C)
        Rows sum to 1; without any value, the very same array.
    """
    values = dict(balance)
    shifts = np.array([values.get(k, 0.0) for k in class_ids])
    if not shifts.any():
        return probabilities
    # The largest factor is 1. One that is common to all classes cancels, and rows don't overflow.
    factors = np.exp(shifts - shifts.max()).astype(np.float32)
    result: NDArray[np.float32] = np.maximum(probabilities, np.float32(FLOOR)) * factors
    # Column by column: a row's sum, to the last bit, depends on nothing but the row.
    total = result[:, 0].copy()
    for column in range(1, len(shifts)):
        total += result[:, column]
    result /= total[:, np.newaxis]
    return result
