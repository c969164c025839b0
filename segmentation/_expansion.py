"""Alpha-expansion: exact moves on the region graph by minimum cuts, after exact pruning."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray
from supervox.features import ShouldStop, check_stop

from ._min_cut import min_cut
from .links import Links

KEEP, TAKE, OPEN = 0, 1, 2
MAX_ROUNDS = 5  # over all classes
WORTHWHILE = 0.1  # part of what is open that a pass of pruning decides, or it was the last
REACH = 2  # edges; after the first round, a class looks only so far from what has changed


class _Move(NamedTuple):
    """Supervoxels of any class but `alpha` may take it.

    Attributes
    ----------
    start, neighbour, weight, total : arrays
        As in `Links`.
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


def expand(
    unary: NDArray[np.int64],
    links: Links,
    distance: NDArray[np.int64],
    initial: NDArray[np.int32],
    *,
    should_stop: ShouldStop | None = None,
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
    should_stop : callable, optional
        Asked between moves, and within long ones.

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
        check_stop(should_stop)
        region = everywhere
        since = turn - n_classes  # the last turn of this class
        if since > 0:
            region = links.within(np.flatnonzero(changed > since), REACH)
            if not region.size:
                break  # nothing has changed since: neither this class nor the others can improve
        alpha = 1 if two else (turn - 1) % n_classes
        move = _Move(*rows, labels, alpha, _edge_bounds(distance, alpha))
        taken = _best_move(move, region, should_stop)
        labels[taken] = alpha
        changed[taken] = turn
    return labels


def _edge_bounds(distance: NDArray[np.int64], alpha: int) -> NDArray[np.int64]:
    """Tabulate `_Move.bounds`. A code is the class of the neighbour, plus C times its state."""
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


def _best_move(
    move: _Move, region: NDArray[np.int32], should_stop: ShouldStop | None = None
) -> NDArray[np.int32]:
    """Return the supervoxels of a region that take the class `alpha` in the best move.

    Any of several best moves would do; this is the one with the fewest of them, whatever part of
    it is decided before the cut.
    """
    candidates, code, members, problem = _reduce(move, region)
    n_classes = move.unary.shape[1]
    if members.size:
        takes = min_cut(*problem, should_stop=should_stop)
        code[members] = move.labels[members] + np.where(takes, TAKE, KEEP) * n_classes
    taken: NDArray[np.int32] = candidates[code[candidates] >= TAKE * n_classes]
    return taken


@nb.njit(nogil=True, cache=True)
def _reduce(
    move: _Move, region: NDArray[np.int32]
) -> tuple[
    NDArray[np.int32],
    NDArray[np.uint16],
    NDArray[np.int32],
    tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]],
]:
    """Return who may take alpha, the code of each supervoxel, who is undecided, and their cut."""
    code = move.labels.astype(np.uint16)  # with the state KEEP
    candidates = _candidates(move, region)
    for i in candidates:
        code[i] += OPEN * move.unary.shape[1]
    members, before = candidates, 2 * candidates.size
    while before - members.size > WORTHWHILE * before:
        before = members.size
        members = _decide(move, code, members)[::-1]
    return candidates, code, members, _arcs(move, code, members)


@nb.njit(nogil=True, cache=True)
def _candidates(move: _Move, region: NDArray[np.int32]) -> NDArray[np.int32]:
    """Leave out what keeps its class whatever its neighbours do: a look at no neighbour tells."""
    least = np.empty(move.bounds.shape[1], np.int64)
    for own in range(least.size):
        least[own] = move.bounds[:, own].min()
    members, n = np.empty(region.size, np.int32), 0
    for i in region:
        own = move.labels[i]
        more = move.unary[i, move.alpha] - move.unary[i, own]
        members[n] = i
        n += own != move.alpha and more + move.total[i] * least[own] < 0
    return members[:n].copy()


@nb.njit(nogil=True, cache=True)
def _decide(move: _Move, code: NDArray[np.uint16], members: NDArray[np.int32]) -> NDArray[np.int32]:
    """Decide what does not depend on undecided neighbours, and return the others."""
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
def _arcs(
    move: _Move, code: NDArray[np.uint16], members: NDArray[np.int32]
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
            if i > j:
                cost[k] += weight * move.bounds[0, own, code[j], 0]
                continue
            low, high = move.bounds[1, own, code[j], 0], move.bounds[1, own, code[j], 1]
            cost[k] += weight * high
            if low < high:
                tail[n], head[n], capacity[n] = k, number[j], weight * (high - low)
                n += 1
    return tail[:n], head[:n], capacity[:n], cost
