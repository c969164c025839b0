"""Evaluating a forest: all rows of a block go down a tree together.

At a node, the rows that came there are parted into two lists, without a branch that could be
guessed wrong; a row costs as many steps as it is deep, each a look at one column in the cache.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

BLOCK_VALUES = 2**18  # of features, rows x columns: 1 MB
MAX_ROWS = 2**15  # row numbers are 16 bits
LEAST_ROWS = 256
TASKS = 4  # at least, for each thread


class Nodes(NamedTuple):
    """The nodes of a forest, as in `Forest`.

    Attributes
    ----------
    feature, threshold, child, share : arrays
    sole : int32, (N,)
        Column of the class that has the node for itself, or -1.
    is_fresh : bool, (N,)
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    child: NDArray[np.int32]
    share: NDArray[np.float32]
    sole: NDArray[np.int32]
    is_fresh: NDArray[np.bool_]


def rows_per_block(n_rows: int, n_features: int, workers: int) -> int:
    """Choose how many rows to evaluate at a time."""
    rows = min(BLOCK_VALUES // max(n_features, 1), MAX_ROWS, -(-n_rows // (TASKS * workers)))
    return max(rows, LEAST_ROWS)


@nb.njit(nogil=True, cache=True)
def predict_rows(
    rows: NDArray[np.float32],
    roots: NDArray[np.int32],
    moments: NDArray[np.int32],
    depth: int,
    nodes: Nodes,
    result: NDArray[np.float32],
) -> None:
    """Write the mean of the leaves' shares over the trees, (R, C), for at most `MAX_ROWS` rows.

    The trees of a moment have the say that `Forest.predict` explains.

    Parameters
    ----------
    rows : float32, (R, F)
    roots : int32, (T,)
    moments : int32, (T,)
        When each tree was grown, ascending from 0.
    depth : int
        Steps to the deepest leaf.
    nodes : Nodes
    result : float32, (R, C)
        Overwritten.
    """
    n, one = np.uint64(len(rows)), np.uint64(1)  # unsigned: a signed index costs a check
    columns, total = rows.T.copy().ravel(), np.zeros(result.size, np.float32)
    reached = np.zeros(len(rows), np.float32)
    lists = np.empty(2 * len(rows), np.uint16)  # of rows: those of a level, and of the next
    waiting = np.empty(4 * (depth + 2), np.uint32)  # a stack: node, start, end, list
    # Strategy: a tree at a time, depth first. Parting writes each row to both ends of the other
    # list and moves only the end that it belongs to: no branch to guess. A leaf adds its share to
    # all rows that came there, class by class. The trees of a moment are averaged together.
    first = 0
    for tree in range(roots.size):
        root = roots[tree]
        for row in range(len(rows)):
            lists[row] = row
        waiting[0], waiting[1], waiting[2], waiting[3] = root, 0, n, 0
        top = np.uint64(4)
        while top:
            top -= np.uint64(4)
            node, source = np.uint64(waiting[top]), np.uint64(waiting[top + np.uint64(3)])
            start, end = np.uint64(waiting[top + one]), np.uint64(waiting[top + np.uint64(2)])
            child, target = np.uint64(nodes.child[node]), n - source
            if child == node:
                _add_leaf(nodes, node, lists, source + start, source + end, total, reached, n)
                continue
            column, limit = np.uint64(nodes.feature[node]) * n, nodes.threshold[node]
            left, right = target + start, target + end - one
            for at in range(source + start, source + end):
                row = lists[np.uint64(at)]
                goes_right = columns[column + np.uint64(row)] > limit
                lists[left] = row
                lists[right] = row
                left += np.uint64(not goes_right)
                right -= np.uint64(goes_right)
            middle = left - target
            if middle < end:
                top = _push(waiting, top, child + one, middle, end, target)
            if start < middle:
                top = _push(waiting, top, child, start, middle, target)
        if tree + 1 == roots.size or moments[tree + 1] != moments[tree]:
            _average(total, reached, first, tree + 1, result)
            first = tree + 1


@nb.njit(nogil=True, cache=True)
def _push(
    waiting: NDArray[np.uint32],
    top: np.uint64,
    node: np.uint64,
    start: np.uint64,
    end: np.uint64,
    source: np.uint64,
) -> np.uint64:
    waiting[top] = node
    waiting[top + np.uint64(1)] = start
    waiting[top + np.uint64(2)] = end
    waiting[top + np.uint64(3)] = source
    return top + np.uint64(4)


@nb.njit(nogil=True, cache=True)
def _add_leaf(
    nodes: Nodes,
    node: np.uint64,
    lists: NDArray[np.uint16],
    start: np.uint64,
    end: np.uint64,
    total: NDArray[np.float32],
    reached: NDArray[np.float32],
    n: np.uint64,
) -> None:
    """Add the share of each class in a leaf to the rows that came there."""
    if nodes.is_fresh[node]:
        for at in range(start, end):
            reached[np.uint64(lists[np.uint64(at)])] += np.float32(1)
    sole = nodes.sole[node]
    if sole >= 0:  # as nearly always
        for at in range(start, end):
            total[np.uint64(sole) * n + np.uint64(lists[np.uint64(at)])] += np.float32(1)
        return
    for c in range(nodes.share.shape[1]):
        for at in range(start, end):
            total[np.uint64(c) * n + np.uint64(lists[np.uint64(at)])] += nodes.share[node, c]


@nb.njit(nogil=True, cache=True)
def _average(
    total: NDArray[np.float32],
    reached: NDArray[np.float32],
    first: int,
    last: int,
    result: NDArray[np.float32],
) -> None:
    """Let the trees from `first` to before `last` have their say, and empty the sums.

    `total` is class by class. Rows of the result sum to 1.
    """
    n, n_classes = result.shape
    share = np.float32(last - first) / np.float32(last)
    for i in range(n):
        mass = np.float32(0)
        for c in range(n_classes):
            mass += total[c * n + i]
        reach = reached[i] / np.float32(last - first)
        say = min(np.float32(1), share + reach * reach)
        for c in range(n_classes):
            mean = total[c * n + i] / mass
            result[i, c] = mean if first == 0 else result[i, c] + say * (mean - result[i, c])
            total[c * n + i] = 0
        reached[i] = 0
