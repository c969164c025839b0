"""The region graph as compressed rows: the neighbours of each supervoxel, one after the other.

What concerns a few supervoxels then costs the walk along their rows, not a pass over all edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray

UNIT = 64  # integer steps of a weight of 1


@dataclass(frozen=True)
class Adjacency:
    """The neighbours of each supervoxel; those of i stand from ``start[i]`` to ``start[i + 1]``.

    Attributes
    ----------
    start : int64, (S + 1,)
    neighbour : int32, (2E,)
        In the order of the edges.
    edge : int32, (2E,)
        The edge to each neighbour.
    weight : int32, (2E,)
        Weight of that edge, in steps of 1 / `UNIT`.
    total : int64, (S,)
        Sum of the weights of each supervoxel.
    """

    start: NDArray[np.int64]
    neighbour: NDArray[np.int32]
    edge: NDArray[np.int32]
    weight: NDArray[np.int32]
    total: NDArray[np.int64]

    def within(self, centre: NDArray[np.integer], hops: int) -> NDArray[np.int32]:
        """Return the supervoxels within some edges of others, ascending; with those."""
        return _within(self.start, self.neighbour, centre.astype(np.int32), hops)

    def among(self, members: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the edges among some supervoxels.

        Parameters
        ----------
        members : int32, (N,)
            Ascending.

        Returns
        -------
        edges : int32, (M, 2)
            Numbers of two members, the lower first, in the order of the graph's edges.
        edge : int32, (M,)
            Their numbers in the graph.
        """
        return _among(self.start, self.neighbour, self.edge, members)


def build_adjacency(edges: NDArray[np.int32], weight: NDArray[np.float64], n: int) -> Adjacency:
    """Sort the edges (E, 2) between `n` supervoxels, and their weights (E,), into rows."""
    return Adjacency(*_rows(edges, np.round(weight * UNIT).astype(np.int64), n))


@nb.njit(nogil=True, cache=True)
def _rows(
    edges: NDArray[np.int32], weight: NDArray[np.int64], n: int
) -> tuple[
    NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]
]:
    # Strategy: count the neighbours of each supervoxel, add the counts up to where its row begins,
    # then put both ends of every edge into their rows.
    start, total = np.zeros(n + 1, np.int64), np.zeros(n, np.int64)
    for e in range(weight.size):
        for end in range(2):
            start[edges[e, end] + 1] += 1
            total[edges[e, end]] += weight[e]
    for i in range(n):
        start[i + 1] += start[i]
    place = start[:-1].copy()
    neighbour, edge = np.empty(2 * weight.size, np.int32), np.empty(2 * weight.size, np.int32)
    of_link = np.empty(2 * weight.size, np.int32)
    for e in range(weight.size):
        for end in range(2):
            at = place[edges[e, end]]
            place[edges[e, end]] += 1
            neighbour[at], edge[at], of_link[at] = edges[e, 1 - end], e, weight[e]
    return start, neighbour, edge, of_link, total


@nb.njit(nogil=True, cache=True)
def _within(
    start: NDArray[np.int64], neighbour: NDArray[np.int32], centre: NDArray[np.int32], hops: int
) -> NDArray[np.int32]:
    # Strategy: a front starts at the centres and takes in the neighbours of its members, hop by
    # hop; what was taken in once is never asked again.
    inside = np.zeros(start.size - 1, np.bool_)
    found = np.empty(start.size - 1, np.int32)
    n_found = 0
    for i in centre:
        if not inside[i]:
            inside[i] = True
            found[n_found] = i
            n_found += 1
    done = 0
    for _ in range(hops):
        before = n_found
        for k in range(done, before):
            for at in range(start[found[k]], start[found[k] + 1]):
                if not inside[neighbour[at]]:
                    inside[neighbour[at]] = True
                    found[n_found] = neighbour[at]
                    n_found += 1
        done = before
    return np.flatnonzero(inside).astype(np.int32)


@nb.njit(nogil=True, cache=True)
def _among(
    start: NDArray[np.int64],
    neighbour: NDArray[np.int32],
    edge: NDArray[np.int32],
    members: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    number = np.full(start.size - 1, -1, np.int32)
    n_links = 0
    for k in range(members.size):
        number[members[k]] = k
        n_links += start[members[k] + 1] - start[members[k]]
    pairs, chosen, n = np.empty((n_links, 2), np.int32), np.empty(n_links, np.int32), 0
    for k in range(members.size):
        for at in range(start[members[k]], start[members[k] + 1]):
            other = number[neighbour[at]]
            if other > k:
                pairs[n, 0], pairs[n, 1], chosen[n] = k, other, edge[at]
                n += 1
    return pairs[:n].copy(), chosen[:n].copy()
