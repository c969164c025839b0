"""Alpha-expansion: exact moves on the region graph by minimum cuts, after exact pruning."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run
from supervox.segmentation.graph.adjacency import Adjacency

from ._expansion_move import KEEP, TAKE, Move, arcs, decide, edge_bounds, find_open
from ._min_cut import min_cut

MAX_ROUNDS = 5  # over all classes
REACH = 2  # edges; after the first round, a class looks only so far from what has changed
PIECE = 2**16  # supervoxels that a thread looks at together; many times their border


def expand(
    unary: NDArray[np.int64],
    adjacency: Adjacency,
    distance: NDArray[np.int64],
    initial: NDArray[np.int32],
    *,
    run: Run = Run(),
) -> NDArray[np.int32]:
    """Minimise ``sum unary[i, y_i] + sum weight[e] * distance[y_i, y_j]`` over labellings y.

    Parameters
    ----------
    unary : int64, (S, C)
    adjacency : Adjacency
        Its weights are not negative.
    distance : int64, (C, C)
        A metric on the classes: symmetric, zero on the diagonal, triangle inequality.
    initial : int32, (S,)
        Labelling to start from; not used for two classes.
    run : Run
        Asked whether to stop between moves, and within long ones, on any thread.

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
    rows = adjacency.start, adjacency.neighbour, adjacency.weight, adjacency.total, unary
    changed = np.zeros(n, np.int32)  # turn at which each supervoxel changed last
    for turn in range(1, 2 if two else MAX_ROUNDS * n_classes + 1):
        run.check_stop()
        region = everywhere
        since = turn - n_classes  # the last turn of this class
        if since > 0:
            region = adjacency.within(np.flatnonzero(changed > since), REACH)
            if not region.size:
                break  # nothing has changed since: neither this class nor the others can improve
        alpha = 1 if two else (turn - 1) % n_classes
        move = Move(*rows, labels, alpha, edge_bounds(distance, alpha))
        taken = _best_move(move, region, run=run)
        labels[taken] = alpha
        changed[taken] = turn
    return labels


def _best_move(
    move: Move,
    region: NDArray[np.int32],
    *,
    piece: int = PIECE,
    run: Run = Run(),
) -> NDArray[np.int32]:
    """Return the supervoxels of a region that take the class `alpha` in the best move.

    Any of several best moves would do; this is the one with the fewest of them, whatever part of
    it is decided before the cut, and in which pieces.
    """
    n_classes = move.unary.shape[1]
    code = move.labels.astype(np.uint16)  # with the state KEEP
    found = run.parallel(partial(find_open, move, code), _pieces(region, piece))
    candidates = np.concatenate(found)
    members = np.concatenate(run.parallel(partial(decide, move, code), found))
    pieces = _pieces(members, piece)
    if len(pieces) > 1:
        keep = partial(_leave_out, move, code, run)
        members = decide(move, code, np.concatenate(run.parallel(keep, pieces)))
    if members.size:
        takes = min_cut(*arcs(move, code, members), should_stop=run.should_stop)
        code[members] = move.labels[members] + np.where(takes, TAKE, KEEP) * n_classes
    taken: NDArray[np.int32] = candidates[code[candidates] >= TAKE * n_classes]
    return taken


def _pieces(members: NDArray[np.int32], size: int) -> list[NDArray[np.int32]]:
    """Cut into successive pieces of at least `size`, or one."""
    return np.array_split(members, max(1, members.size // size))


def _leave_out(
    move: Move,
    code: NDArray[np.uint16],
    run: Run,
    piece: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Settle what of a piece keeps its class even if all open supervoxels around it took alpha.

    Costs are submodular: the more neighbours take alpha, the more supervoxels of the piece do. One
    that doesn't in the most favourable case never does. Returns those left open.
    """
    takes = min_cut(*arcs(move, code, piece), should_stop=run.should_stop)
    code[piece[~takes]] = move.labels[piece[~takes]]
    return piece[takes]
