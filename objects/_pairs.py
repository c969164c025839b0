"""Kernels that count pairs of ids in a table of their own: what lies in what, what meets what."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

PAIR_BASE = 2**31  # a pair (a, b) has the key ``a * PAIR_BASE + b``


@nb.njit(nogil=True, cache=True, inline="always")
def place_of(keys: NDArray[np.int64], key: int) -> int:
    """Return the place of a key in an open table of 2^k places, or where it belongs (-1 there)."""
    mask = keys.size - 1
    at = ((key ^ (key >> 29)) * 11400714819323 >> 7) & mask
    while keys[at] != -1 and keys[at] != key:
        at = (at + 1) & mask
    return at


@nb.njit(nogil=True, cache=True)
def grown(
    keys: NDArray[np.int64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return a table of twice the size with the same content."""
    more = np.full(2 * keys.size, -1, np.int64)
    further = np.zeros((2 * keys.size, counts.shape[1]), np.int64)
    for at in range(keys.size):
        if keys[at] != -1:
            to = place_of(more, keys[at])
            more[to] = keys[at]
            further[to] = counts[at]
    return more, further


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
                    at = place_of(keys, key)
                    if keys[at] == -1:
                        if 2 * used >= keys.size:
                            keys, counts = grown(keys, counts)
                            at = place_of(keys, key)
                        keys[at] = key
                        used += 1
                counts[at, 0] += 1
    there = np.flatnonzero(keys != -1)
    return keys[there], counts[there, 0]
