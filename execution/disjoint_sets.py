"""Kernels of disjoint sets: what belongs together, as it turns out while blocks are looked at."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray


@nb.njit(nogil=True, cache=True, inline="always")
def find_root(parent: NDArray[np.int32], node: int) -> int:
    """Return the root of a node, halving the path on the way."""
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@nb.njit(nogil=True, cache=True, inline="always")
def join_sets(parent: NDArray[np.int32], a: int, b: int) -> int:
    """Unite two sets; the lower root stays, and is returned."""
    a, b = find_root(parent, a), find_root(parent, b)
    low, high = min(a, b), max(a, b)
    parent[high] = low
    return low


@nb.njit(nogil=True, cache=True)
def find_roots(parent: NDArray[np.int32]) -> None:
    """Point every node at its root."""
    for node in range(parent.size):
        parent[node] = find_root(parent, node)
