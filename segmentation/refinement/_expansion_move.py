"""An expansion move: which supervoxels may change, which of them bounds settle, what is to be cut.

Each supervoxel has a code: its class, plus C times its state. It keeps the class, takes alpha, or
is open. The kernels write the codes of their own supervoxels only, so that several may run at a
time: whether a neighbour is seen open, or decided already, both bounds hold.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

KEEP, TAKE, OPEN = 0, 1, 2
WORTHWHILE = 0.1  # part of the open supervoxels that a pass must settle for another to follow


class Move(NamedTuple):
    """Supervoxels of any class but `alpha` may take it.

    Attributes
    ----------
    start, neighbour, weight, total : arrays
        As in `Adjacency`.
    unary : int64, (S, C)
    labels : int32, (S,)
    alpha : int
    bounds : int64, (2, C, 3C, 2)
        Least and most that the cost of an edge of weight 1 changes when a supervoxel takes alpha:
        whether it has the lower number of the two, its class, `code` of the neighbour.
    """

    start: NDArray[np.int64]
    neighbour: NDArray[np.int32]
    weight: NDArray[np.int32]
    total: NDArray[np.int64]
    unary: NDArray[np.int64]
    labels: NDArray[np.int32]
    alpha: int
    bounds: NDArray[np.int64]


def edge_bounds(distance: NDArray[np.int64], alpha: int) -> NDArray[np.int64]:
    """Tabulate `Move.bounds`. A code is the class of the neighbour, plus C times its state."""
    keeps = distance[alpha] - distance  # the change, by the own class and the neighbour's
    takes = np.broadcast_to(-distance[:, [alpha]], keeps.shape)  # if the neighbour takes it, too
    # rounding of the distances may make the one that should be less the greater
    of_higher = np.maximum(keeps, takes), takes
    of_lower = keeps, np.minimum(keeps, takes)
    return np.stack(
        [
            np.stack([np.hstack([k, t, t]), np.hstack([k, t, k])], axis=-1)
            for k, t in (of_higher, of_lower)
        ]
    )


@nb.njit(nogil=True, cache=True)
def find_open(move: Move, code: NDArray[np.uint16], region: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the supervoxels of a region that may take alpha, and mark them as open in `code`."""
    candidates = _candidates(move, region)
    for i in candidates:
        code[i] += OPEN * move.unary.shape[1]
    return candidates


@nb.njit(nogil=True, cache=True)
def _candidates(move: Move, region: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the supervoxels that may take alpha, by a bound that needs no neighbour's class."""
    least = np.empty(move.bounds.shape[1], np.int64)
    for own in range(least.size):
        least[own] = move.bounds[:, own].min()
    # Strategy: the least that any edge could change times the sum of a supervoxel's weights bounds
    # the gain from below; only what the bound can't settle is a candidate.
    members, n = np.empty(region.size, np.int32), 0
    for i in region:
        own = move.labels[i]
        more = move.unary[i, move.alpha] - move.unary[i, own]
        members[n] = i
        n += own != move.alpha and more + move.total[i] * least[own] < 0
    return members[:n].copy()


@nb.njit(nogil=True, cache=True)
def decide(move: Move, code: NDArray[np.uint16], members: NDArray[np.int32]) -> NDArray[np.int32]:
    """Settle open supervoxels by their bounds, pass after pass, and return those left open.

    Passes end when one settles no more than `WORTHWHILE` of what was open.
    """
    # Strategy: repeat while a pass still settles a fair part, in alternating order, so that what is
    # settled at one end is known at the next supervoxel rather than at the next pass.
    rest, before = members, 2 * members.size
    while before - rest.size > WORTHWHILE * before:
        before = rest.size
        rest = _decide_once(move, code, rest)[::-1]
    return rest


@nb.njit(nogil=True, cache=True)
def _decide_once(
    move: Move, code: NDArray[np.uint16], members: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Settle the open supervoxels whose best choice is the same whatever open neighbours choose.

    Returns those left open.
    """
    # Strategy: for each open supervoxel, sum bounds of what taking alpha costs over its neighbours,
    # in whatever state they are; if both have one sign, it is settled.
    rest, n, n_classes = np.empty(members.size, np.int32), 0, move.unary.shape[1]
    for i in members:
        own = np.uint32(move.labels[i])
        low = move.unary[i, move.alpha] - move.unary[i, own]  # bounds of what taking costs
        high = low
        for at in range(np.uint64(move.start[i]), np.uint64(move.start[i + 1])):
            j, weight = np.uint32(move.neighbour[at]), move.weight[at]
            lower = np.uint8(i < j)
            low += weight * move.bounds[lower, own, code[j], 0]
            high += weight * move.bounds[lower, own, code[j], 1]
        if low >= 0:
            code[i] -= (OPEN - KEEP) * n_classes
        elif high < 0:
            code[i] -= (OPEN - TAKE) * n_classes
        else:
            rest[n] = i
            n += 1
    return rest[:n]


@nb.njit(nogil=True, cache=True)
def arcs(
    move: Move, code: NDArray[np.uint16], members: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """Write the energy of the open supervoxels as costs of nodes and capacities of arcs.

    It is ``sum cost[i] x_i + sum capacity[a] (1 - x_tail) x_head``.

    With x = 1 for taking, and the members numbered as they stand. Open supervoxels that are no
    members are supposed to take. Returns tails, heads and capacities of the arcs, and costs.
    """
    # Strategy: number the members and count their edges, then write each edge once, from its lower
    # end: the part that both ends share becomes the capacity of an arc, all else goes into the
    # costs of its ends.
    number, n_links = np.full(move.labels.size, -1, np.int32), 0
    undecided = OPEN * move.unary.shape[1]
    for k in range(members.size):
        number[members[k]] = k
        n_links += move.start[members[k] + 1] - move.start[members[k]]
    tail, head = np.empty(n_links, np.int32), np.empty(n_links, np.int32)
    capacity, cost, n = np.empty(n_links, np.int64), np.empty(members.size, np.int64), 0
    for k in range(members.size):
        i = members[k]
        own = move.labels[i]
        cost[k] = move.unary[i, move.alpha] - move.unary[i, own]
        for at in range(move.start[i], move.start[i + 1]):
            j, weight = move.neighbour[at], move.weight[at]
            state = np.int64(code[j])
            if state >= undecided and number[j] < 0:
                state -= (OPEN - TAKE) * move.unary.shape[1]
            if i > j:
                cost[k] += weight * move.bounds[0, own, state, 0]
                continue
            low, high = move.bounds[1, own, state, 0], move.bounds[1, own, state, 1]
            cost[k] += weight * high
            if low < high:
                tail[n], head[n], capacity[n] = k, number[j], weight * (high - low)
                n += 1
    return tail[:n], head[:n], capacity[:n], cost
