"""Alpha-expansion: exact moves on the region graph by minimum cuts, after exact pruning."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from ._min_cut import min_cut

KEEP, TAKE, OPEN = 0, 1, 2
MAX_ROUNDS = 5  # over all classes
REACH = 2  # edges; after the first round, a class looks only so far from what has changed


def expand(
    unary: NDArray[np.int64],
    edges: NDArray[np.int32],
    weight: NDArray[np.int64],
    distance: NDArray[np.int64],
    initial: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Minimise ``sum unary[i, y_i] + sum weight[e] * distance[y_i, y_j]`` over labellings y.

    Parameters
    ----------
    unary : int64, (S, C)
    edges : int32, (E, 2)
    weight : int64, (E,)
        Not negative.
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
    n_classes = unary.shape[1]
    start, around = _incident(edges, len(unary))
    if n_classes == 2:  # everything may change from 0 to 1: one move finds the minimum
        labels = np.zeros(len(unary), np.int32)
        return _move(labels, 1, unary, edges, weight, distance, start, around, None)[0]
    labels = initial.astype(np.int32)
    changed = np.zeros(len(labels), np.int32)  # turn at which each supervoxel changed last
    for turn in range(1, MAX_ROUNDS * n_classes + 1):
        since = turn - n_classes  # the last turn of this class
        settled = ~_near(changed > since, edges) if since > 0 else None
        if settled is not None and settled.all():
            break  # nothing has changed since: neither this class nor the others can improve
        labels, taken = _move(
            labels,
            (turn - 1) % n_classes,
            unary,
            edges,
            weight,
            distance,
            start,
            around,
            settled,
        )
        changed[taken] = turn
    return labels


def _near(centre: NDArray[np.bool_], edges: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return what lies within some edges of a set: where a class may see things anew."""
    near = centre.copy()
    a, b = edges.T
    for _ in range(REACH):
        reached = near[a] | near[b]
        near[a[reached]] = True
        near[b[reached]] = True
    return near


@nb.njit(nogil=True, cache=True)
def _incident(edges: NDArray[np.int32], n: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the edges at each supervoxel as compressed rows."""
    start = np.zeros(n + 1, np.int64)
    for e in range(edges.shape[0]):
        start[edges[e, 0] + 1] += 1
        start[edges[e, 1] + 1] += 1
    for i in range(n):
        start[i + 1] += start[i]
    place = start[:-1].copy()
    around = np.empty(2 * edges.shape[0], np.int32)
    for e in range(edges.shape[0]):
        for end in range(2):
            around[place[edges[e, end]]] = e
            place[edges[e, end]] += 1
    return start, around


def _move(
    labels: NDArray[np.int32],
    alpha: int,
    unary: NDArray[np.int64],
    edges: NDArray[np.int32],
    weight: NDArray[np.int64],
    distance: NDArray[np.int64],
    start: NDArray[np.int64],
    around: NDArray[np.int32],
    settled: NDArray[np.bool_] | None,
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Make the best move in which any supervoxels but the settled ones take the class `alpha`.

    Returns the labels, and which supervoxels did.
    """
    cost, capacity = _binary_energy(labels, alpha, unary, edges, weight, distance)
    given = np.full(len(labels), OPEN, np.uint8)
    if settled is not None:
        given[settled] = KEEP
    given[labels == alpha] = TAKE
    state = _prune(cost, capacity, edges, start, around, given)
    undecided = np.flatnonzero(state == OPEN)
    if undecided.size:
        state[undecided] = _cut(cost, capacity, edges, state, undecided)
    taken = (state == TAKE) & (labels != alpha)
    return np.where(taken, np.int32(alpha), labels), taken


@nb.njit(nogil=True, cache=True)
def _binary_energy(
    labels: NDArray[np.int32],
    alpha: int,
    unary: NDArray[np.int64],
    edges: NDArray[np.int32],
    weight: NDArray[np.int64],
    distance: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Write a move as ``sum cost[i] x_i + sum capacity[e] (1 - x_i) x_j`` with x = 1 for taking."""
    cost = np.empty(labels.size, np.int64)
    for i in range(labels.size):
        cost[i] = unary[i, alpha] - unary[i, labels[i]]
    capacity = np.empty(weight.size, np.int64)
    for e in range(weight.size):
        i, j = edges[e]
        both = weight[e] * distance[labels[i], labels[j]]
        only_j = weight[e] * distance[labels[i], alpha]
        only_i = weight[e] * distance[alpha, labels[j]]
        cost[i] += only_i - both
        cost[j] -= only_i
        capacity[e] = max(only_i + only_j - both, 0)  # below 0 only by rounding of the distances
    return cost, capacity


@nb.njit(nogil=True, cache=True)
def _prune(
    cost: NDArray[np.int64],
    capacity: NDArray[np.int64],
    edges: NDArray[np.int32],
    start: NDArray[np.int64],
    around: NDArray[np.int32],
    given: NDArray[np.uint8],
) -> NDArray[np.uint8]:
    """Decide every supervoxel whose best state does not depend on its undecided neighbours.

    Decisions, and what is `given`, are folded into the neighbours' costs (in place) and may decide
    them in turn.
    """
    n = cost.size
    state = np.full(n, OPEN, np.uint8)
    low, high = cost.copy(), cost.copy()  # bounds of what taking alpha costs
    for e in range(capacity.size):
        low[edges[e, 0]] -= capacity[e]
        high[edges[e, 1]] += capacity[e]
    queue = np.empty(n, np.int32)
    n_queued = 0
    for i in range(n):
        if given[i] != OPEN or low[i] >= 0 or high[i] < 0:
            state[i] = given[i] if given[i] != OPEN else (KEEP if low[i] >= 0 else TAKE)
            queue[n_queued] = i
            n_queued += 1
    done = 0
    while done < n_queued:
        i = queue[done]
        done += 1
        for k in range(start[i], start[i + 1]):
            e = around[k]
            is_first = edges[e, 0] == i
            j = edges[e, 1] if is_first else edges[e, 0]
            if state[j] != OPEN:
                continue
            if is_first:  # the term (1 - x_i) x_j
                cost[j] += capacity[e] if state[i] == KEEP else 0
                low[j] += capacity[e] if state[i] == KEEP else 0
                high[j] -= 0 if state[i] == KEEP else capacity[e]
            else:  # the term (1 - x_j) x_i
                cost[j] -= capacity[e] if state[i] == TAKE else 0
                low[j] += 0 if state[i] == TAKE else capacity[e]
                high[j] -= capacity[e] if state[i] == TAKE else 0
            if low[j] >= 0 or high[j] < 0:
                state[j] = KEEP if low[j] >= 0 else TAKE
                queue[n_queued] = j
                n_queued += 1
    return state


def _cut(
    cost: NDArray[np.int64],
    capacity: NDArray[np.int64],
    edges: NDArray[np.int32],
    state: NDArray[np.uint8],
    undecided: NDArray[np.int64],
) -> NDArray[np.uint8]:
    """Decide the rest by a minimum cut; `cost` holds what the decided neighbours add."""
    number = np.full(state.size, -1, np.int32)
    number[undecided] = np.arange(undecided.size, dtype=np.int32)
    a, b = number[edges[:, 0]], number[edges[:, 1]]
    inside = (a >= 0) & (b >= 0) & (capacity > 0)
    takes = min_cut(a[inside], b[inside], capacity[inside], cost[undecided])
    return np.where(takes, np.uint8(TAKE), np.uint8(KEEP))
