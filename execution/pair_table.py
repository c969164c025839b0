"""Kernels of a table of pairs: an open-addressed hash table of keys, with a row of counts for each.

Tables have 2^k slots; empty ones have the key -1.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

MIXER = np.uint64(0x9E3779B97F4A7C15)  # 2**64 by the golden ratio, as in Knuth's hashing


@nb.njit(nogil=True, cache=True, inline="always")
def find_slot(keys, key):  # type: ignore[no-untyped-def]
    """Return the slot of a key, or the empty slot where it belongs (linear probing)."""
    mask = keys.size - 1
    # mixed twice, or keys that are multiples of a number keep together
    mixed = np.uint64(key) * MIXER
    mixed = (mixed ^ (mixed >> np.uint64(32))) * MIXER
    slot = np.int64(mixed >> np.uint64(32)) & mask
    while keys[slot] != -1 and keys[slot] != key:
        slot = (slot + 1) & mask
    return int(slot)


@nb.njit(nogil=True, cache=True)
def grow_table(keys, counts):  # type: ignore[no-untyped-def]
    """Rehash a table, keys (N,) and counts (N, K), into one of twice the size."""
    new_keys: NDArray[np.int64] = np.full(2 * keys.size, -1, np.int64)
    new_counts = np.zeros((2 * keys.size, counts.shape[1]), counts.dtype)
    for slot in range(keys.size):
        if keys[slot] >= 0:
            place = find_slot(new_keys, keys[slot])
            new_keys[place] = keys[slot]
            new_counts[place] = counts[slot]
    return new_keys, new_counts
