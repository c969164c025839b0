"""Alpha-expansion: exact moves on the region graph by minimum cuts, after exact pruning."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from ._min_cut import min_cut
from .links import Links

KEEP, TAKE, OPEN = 0, 1, 2
MAX_ROUNDS = 5  # over all classes
WORTHWHILE = 0.1  # part of what is open that a pass of pruning decides, or it was the last
REACH = 2  # edges; after the first round, a class looks only so far from what has changed


class _Move(NamedTuple):
    """Supervoxels of any class but `alpha` may take it; the graph as in `Links`."""

    start: NDArray[np.int64]
    neighbour: NDArray[np.int32]
    weight: NDArray[np.int32]
    total: NDArray[np.int64]
    unary: NDArray[np.int64]
    labels: NDArray[np.int32]
    alpha: int
    change: NDArray[np.int64]  # [a, b] of the distance to b when a becomes alpha


def expand(
    unary: NDArray[np.int64], links: Links, distance: NDArray[np.int64], initial: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Minimise ``sum unary[i, y_i] + sum weight[e] * distance[y_i, y_j]`` over labellings y.

    Parameters
    ----------
    unary : int64, (S, C)
    links : Links
        Its weights are not negative.
    distance : int64, (C, C)
        A metric on the classes: symmetric, zero on the diagonal, triangle inequality.
    initial : int32, (S,)
        Labelling to start from; not used for two classes.

    Returns
    -------
    int32, (S,)
        A global minimum for two classes; for more, what up to `MAX_ROUNDS` rounds of the best
        expansions reach, after the first round within `REACH` edges of what has changed. When
        they settle, the energy is at most
        ``2 * max(distance) / min(distance)`` times that of the minimum.

    References
    ----------
    Boykov, Veksler, Zabih, Fast approximate energy minimization via graph cuts, IEEE TPAMI 23
    (2001); Kolmogorov, Zabih, What energy functions can be minimized via graph cuts?, IEEE TPAMI
    26 (2004).
    """
    n, n_classes = unary.shape
    everywhere = np.arange(n, dtype=np.int32)
    two = n_classes == 2  # everything may change from 0 to 1: one move finds the minimum
    labels = np.zeros(n, np.int32) if two else initial.astype(np.int32)
    rows = links.start, links.neighbour, links.weight, links.total, unary
    changed = np.zeros(n, np.int32)  # turn at which each supervoxel changed last
    for turn in range(1, 2 if two else MAX_ROUNDS * n_classes + 1):
        region = everywhere
        since = turn - n_classes  # the last turn of this class
        if since > 0:
            region = links.within(np.flatnonzero(changed > since), REACH)
            if not region.size:
                break  # nothing has changed since: neither this class nor the others can improve
        alpha = 1 if two else (turn - 1) % n_classes
        move = _Move(*rows, labels, alpha, distance[alpha] - distance)
        taken = _best_move(move, region)
        labels[taken] = alpha
        changed[taken] = turn
    return labels


@nb.njit(nogil=True, cache=True)
def _best_move(move: _Move, region: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the supervoxels of a region that take the class `alpha` in the best move.

    Any of several best moves would do; this is the one with the fewest of them, whatever part of
    it is decided before the cut.
    """
    state = np.full(move.labels.size, KEEP, np.uint8)
    candidates = _candidates(move, region)
    state[candidates] = OPEN
    members, before = candidates, 2 * candidates.size
    while before - members.size > WORTHWHILE * before:
        before = members.size
        members = _decide(move, state, members)[::-1]
    tail, head, capacity, cost = _arcs(move, state, members)
    takes = min_cut(tail, head, capacity, cost)
    for k in range(members.size):
        state[members[k]] = TAKE if takes[k] else KEEP
    taken: NDArray[np.int32] = candidates[state[candidates] == TAKE]
    return taken


@nb.njit(nogil=True, cache=True)
def _candidates(move: _Move, region: NDArray[np.int32]) -> NDArray[np.int32]:
    """Leave out what keeps its class whatever its neighbours do: a look at no neighbour tells."""
    gain = np.empty(len(move.change), np.int64)  # most that an edge of weight 1 may save
    for a in range(gain.size):
        gain[a] = -move.change[a].min()
    members, n = np.empty(region.size, np.int32), 0
    for i in region:
        own = move.labels[i]
        more = move.unary[i, move.alpha] - move.unary[i, own]
        members[n] = i
        n += own != move.alpha and more < move.total[i] * gain[own]
    return members[:n].copy()


@nb.njit(nogil=True, cache=True)
def _decide(move: _Move, state: NDArray[np.uint8], members: NDArray[np.int32]) -> NDArray[np.int32]:
    """Decide what does not depend on undecided neighbours, and return the others."""
    rest, n = np.empty(members.size, np.int32), 0
    for i in members:
        own = move.labels[i]
        low = move.unary[i, move.alpha] - move.unary[i, own]  # bounds of what taking costs
        high = low
        for at in range(move.start[i], move.start[i + 1]):
            j = move.neighbour[at]
            keeps, takes = _changes(move, i, own, j)
            low += move.weight[at] * (keeps if state[j] == KEEP else takes)
            high += move.weight[at] * (takes if state[j] == TAKE else keeps)
        if low >= 0:
            state[i] = KEEP
        elif high < 0:
            state[i] = TAKE
        else:
            rest[n] = i
            n += 1
    return rest[:n]


@nb.njit(nogil=True, cache=True)
def _changes(move: _Move, i: int, own: int, j: int) -> tuple[int, int]:
    """Return what i's taking alpha changes at its edge to j if j keeps its class, or takes, too."""
    keeps, takes = move.change[own, move.labels[j]], move.change[own, move.alpha]
    if keeps < takes:  # only by rounding of the distances
        return (keeps, keeps) if i < j else (takes, takes)
    return keeps, takes


@nb.njit(nogil=True, cache=True)
def _arcs(
    move: _Move, state: NDArray[np.uint8], members: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """Write what is open as ``sum cost[i] x_i + sum capacity[a] (1 - x_tail) x_head``.

    With x = 1 for taking, and the members numbered as they stand. Returns tails, heads and
    capacities of the arcs, and costs.
    """
    number, n_links = np.empty(move.labels.size, np.int32), 0
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
            keeps, takes = _changes(move, i, own, j)
            first = state[j] == OPEN and i < j
            cost[k] += weight * (keeps if state[j] == KEEP or first else takes)
            if first and keeps > takes:
                tail[n], head[n], capacity[n] = k, number[j], weight * (keeps - takes)
                n += 1
    return tail[:n], head[:n], capacity[:n], cost
