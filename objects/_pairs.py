"""Kernels that count pairs of ids in a table of their own: what lies in what, what meets what."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray
from supervox.execution import find_slot, grow_table

PAIR_BASE = 2**31  # a pair (a, b) has the key ``a * PAIR_BASE + b``


@nb.njit(nogil=True, cache=True)
def count_pairs(
    one: NDArray[np.int32], other: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count which ids of two volumes lie in the same voxels.

    Parameters
    ----------
    one, other : int32, (Z, Y, X)

    Returns
    -------
    keys : int64, (P,)
        ``a * PAIR_BASE + b``, each once, in no order.
    counts : int64, (P,)
        Voxels with both.
    """
    keys = np.full(64, -1, np.int64)
    counts = np.zeros((64, 1), np.int64)
    used = 0
    for z in range(one.shape[0]):
        for y in range(one.shape[1]):
            last, at = np.int64(-1), 0
            for x in range(one.shape[2]):
                key = np.int64(one[z, y, x]) * PAIR_BASE + other[z, y, x]
                if key != last:
                    last = key
                    at = find_slot(keys, key)
                    if keys[at] == -1:
                        if 2 * used >= keys.size:
                            keys, counts = grow_table(keys, counts)
                            at = find_slot(keys, key)
                        keys[at] = key
                        used += 1
                counts[at, 0] += 1
    there = np.flatnonzero(keys != -1)
    return keys[there], counts[there, 0]
