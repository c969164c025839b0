"""Growing one extremely randomised tree: the compiled kernel of the forest.

Draws the same random numbers in the same order as scikit-learn's `ExtraTreeClassifier`, and adds
in the same order, so that the trees are the same to the last bit. On a few hundred rows a tree
grows in a fraction of the time that an estimator takes to be set up there, and without a lock.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

RANDOM_MAX = 2**31 - 1
CONSTANT = np.float32(1e-7)  # a feature whose values span no more than this splits nothing
ROUNDING = float(np.finfo(np.float64).eps)


class Rows(NamedTuple):
    """What a tree learns from.

    Attributes
    ----------
    columns : float32, (F, L)
        Features of the rows, finite.
    classes : int32, (L,)
        Class of each row, 0..C-1.
    weight : float64, (C,)
        Of a row of each class, positive.
    max_features : int
        Features that are tried at a node.
    """

    columns: NDArray[np.float32]
    classes: NDArray[np.int32]
    weight: NDArray[np.float64]
    max_features: int


class Tree(NamedTuple):
    """A tree; its nodes level by level, so that the two children of a node are neighbours.

    Attributes
    ----------
    feature : int32, (N,)
        Column that a node asks for.
    threshold : float64, (N,)
        A row goes to `child` if its value is at most this, else to the node behind `child`;
        infinite for leaves.
    child : int32, (N,)
        A leaf points at itself.
    share : float64, (N, C)
        Weight of each class in the node, over that of all.
    depth : int
        Steps from the root to the deepest leaf.
    """

    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    child: NDArray[np.int32]
    share: NDArray[np.float64]
    depth: int


class _Work(NamedTuple):
    samples: NDArray[np.int64]  # rows, those of a node in succession
    values: NDArray[np.float32]  # of the feature in question, in the same order
    features: NDArray[np.int64]
    constant: NDArray[np.int64]  # features that are known to be constant in the node come first
    total: NDArray[np.float64]  # weight of each class in the node, and left and right of a split
    left: NDArray[np.float64]
    right: NDArray[np.float64]
    random: NDArray[np.int64]  # one number: the state of the generator


class _Split(NamedTuple):
    feature: int
    threshold: float
    middle: int  # samples from here on go right
    mass: float  # of the left part
    left: float  # impurity
    right: float


def grow_tree(rows: Rows, seed: int) -> Tree:
    """Grow a tree until its leaves are pure or can't be split.

    Parameters
    ----------
    rows : Rows
    seed : int
        Between 0 and `RANDOM_MAX`.

    References
    ----------
    Geurts, Ernst, Wehenkel, Extremely randomized trees, Machine Learning 63 (2006).
    """
    feature, threshold, children, share, depth = _grow(rows, seed)
    order, child = _by_level(children)
    return Tree(feature[order], threshold[order], child, share[order], depth)


@nb.njit(nogil=True, cache=True)
def _grow(
    rows: Rows, seed: int
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.int32], NDArray[np.float64], int]:
    """Return feature, threshold, children and share of the nodes depth first, and the depth."""
    work = _make_work(rows, seed)
    n = work.samples.size
    feature, threshold = np.zeros(2 * n - 1, np.int32), np.empty(2 * n - 1)
    children = np.empty((2 * n - 1, 2), np.int32)
    share = np.empty((2 * n - 1, work.total.size))
    # Strategy: depth first with a stack of its own, the left part on top, in the order in which
    # scikit-learn draws its random numbers. The samples of a node lie side by side in `samples`,
    # and a split only reorders them.
    # a stack of what may be split: start, end, depth, known constants, parent, side; and impurity
    waiting, impurities = np.empty((n + 1, 6), np.int64), np.empty(n + 1)
    everything = _weigh(rows, work, 0, n)
    impurities[0] = _impurity(work.total, everything)
    n_waiting, node, deepest = _wait(waiting, 0, 0, n, 0, 0, -1, 0), -1, 0
    while n_waiting:
        n_waiting -= 1
        start, end, depth, n_constant, parent, side = waiting[n_waiting]
        impurity, mass, node = impurities[n_waiting], _weigh(rows, work, start, end), node + 1
        threshold[node], deepest = np.inf, max(deepest, depth)
        for c in range(work.total.size):
            share[node, c] = work.total[c] / mass
        children[node, 0] = -1
        if parent >= 0:
            children[parent, side] = node
        if end - start < 2 or impurity <= ROUNDING:
            continue
        split, n_constant = _split(rows, work, start, end, n_constant, mass)
        gain = impurity - (mass - split.mass) / mass * split.right - split.mass / mass * split.left
        if split.middle == end or mass / everything * gain + ROUNDING < 0:
            continue
        feature[node], threshold[node] = split.feature, split.threshold
        impurities[n_waiting], impurities[n_waiting + 1] = split.right, split.left
        n_waiting = _wait(waiting, n_waiting, split.middle, end, depth + 1, n_constant, node, 1)
        n_waiting = _wait(waiting, n_waiting, start, split.middle, depth + 1, n_constant, node, 0)
    node += 1
    return feature[:node], threshold[:node], children[:node], share[:node], deepest


@nb.njit(nogil=True, cache=True)
def _wait(
    waiting: NDArray[np.int64],
    n_waiting: int,
    start: int,
    end: int,
    depth: int,
    n_constant: int,
    parent: int,
    side: int,
) -> int:
    waiting[n_waiting, 0], waiting[n_waiting, 1], waiting[n_waiting, 2] = start, end, depth
    waiting[n_waiting, 3], waiting[n_waiting, 4] = n_constant, parent
    waiting[n_waiting, 5] = side
    return n_waiting + 1


@nb.njit(nogil=True, cache=True)
def _make_work(rows: Rows, seed: int) -> _Work:
    (n_features, n), n_classes = rows.columns.shape, rows.weight.size
    return _Work(
        np.arange(n),
        np.empty(n, np.float32),
        np.arange(n_features),
        np.empty(n_features, np.int64),
        np.empty(n_classes),
        np.empty(n_classes),
        np.empty(n_classes),
        np.array([seed]),
    )


@nb.njit(nogil=True, cache=True)
def _by_level(children: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the nodes level by level, and in this order the place of each one's left child."""
    order, child = np.zeros(len(children), np.int32), np.empty(len(children), np.int32)
    # Strategy: breadth first; the row of nodes that is made is itself the queue.
    n = 1
    for place in range(order.size):
        child[place] = place
        if children[order[place], 0] >= 0:
            child[place] = n
            order[n], order[n + 1] = children[order[place], 0], children[order[place], 1]
            n += 2
    return order, child


@nb.njit(nogil=True, cache=True)
def _split(
    rows: Rows, work: _Work, start: int, end: int, n_constant: int, mass: float
) -> tuple[_Split, int]:
    """Choose the best of some random splits; return it and how many features are constant.

    Without any, its middle is the end. Features are drawn without replacement: at first stand the
    known constants that were drawn, then the other known constants, then those found here, then
    what is left, and last what was tried.
    """
    # Strategy: draw features as one shuffles cards (Fisher-Yates on `features`), skip those that
    # the parents found constant, draw one threshold for each of the others, and keep the split
    # whose impurity is least. At most `max_features` that aren't constant are tried.
    features = work.features
    drawn, found, left, tried = 0, 0, features.size, 0
    best = _Split(-1, 0.0, end, 0.0, 0.0, 0.0)
    most, last = -np.inf, -1
    while left > n_constant + found and (tried < rows.max_features or tried <= found + drawn):
        tried += 1
        at = drawn + _random(work) % (left - found - drawn)
        if at < n_constant:
            features[drawn], features[at] = features[at], features[drawn]
            drawn += 1
            continue
        at += found
        last = features[at]
        low, high = _read(rows, work, start, end, last)
        if high <= low + CONSTANT:
            first = n_constant + found
            features[at], features[first] = features[first], last
            found += 1
            continue
        left -= 1
        features[left], features[at] = features[at], features[left]
        threshold = (np.float64(high) - np.float64(low)) * _random(work) / RANDOM_MAX + low
        if threshold == high:
            threshold = np.float64(low)
        split = _judge(rows, work, start, end, mass, last, threshold)
        proxy = -(mass - split.mass) * split.right - split.mass * split.left
        if split.middle < end and proxy > most:
            best, most = split, proxy
    if best.middle < end and last != best.feature:
        _read(rows, work, start, end, best.feature)
        best = _judge(rows, work, start, end, mass, best.feature, best.threshold)
    for k in range(n_constant):
        features[k] = work.constant[k]  # in the order that the parent left
    for k in range(n_constant, n_constant + found):
        work.constant[k] = features[k]
    return best, n_constant + found


@nb.njit(nogil=True, cache=True)
def _read(rows: Rows, work: _Work, start: int, end: int, feature: int) -> tuple[float, float]:
    """Look up a feature of the node's samples; return the least and the greatest value."""
    column = rows.columns[feature]
    low = high = column[work.samples[start]]
    for p in range(start, end):
        value = column[work.samples[p]]
        work.values[p] = value
        low, high = min(low, value), max(high, value)
    return low, high


@nb.njit(nogil=True, cache=True)
def _judge(
    rows: Rows, work: _Work, start: int, end: int, mass: float, feature: int, threshold: float
) -> _Split:
    """Split the node's samples by the values that were read, and weigh both parts."""
    samples, values = work.samples, work.values
    p, middle = start, end
    while p < middle:
        if values[p] <= threshold:
            p += 1
        else:
            middle -= 1
            values[p], values[middle] = values[middle], values[p]
            samples[p], samples[middle] = samples[middle], samples[p]
    # Strategy: part the samples by swapping from both ends, then weigh the shorter part; the other
    # is what remains of the node.
    in_left = 0.0
    if middle - start <= end - middle:  # the shorter way
        for c in range(work.left.size):
            work.left[c] = 0
        for p in range(start, middle):
            c = rows.classes[samples[p]]
            work.left[c] += rows.weight[c]
            in_left += rows.weight[c]
    else:
        for c in range(work.left.size):
            work.left[c] = work.total[c]
        in_left = mass
        for p in range(end - 1, middle - 1, -1):
            c = rows.classes[samples[p]]
            work.left[c] -= rows.weight[c]
            in_left -= rows.weight[c]
    for c in range(work.left.size):
        work.right[c] = work.total[c] - work.left[c]
    left, right = _impurity(work.left, in_left), _impurity(work.right, mass - in_left)
    return _Split(feature, threshold, middle, in_left, left, right)


@nb.njit(nogil=True, cache=True)
def _weigh(rows: Rows, work: _Work, start: int, end: int) -> float:
    """Add up the weight of the node's samples, by class and in all."""
    mass = 0.0
    for c in range(work.total.size):
        work.total[c] = 0
    for p in range(start, end):
        c = rows.classes[work.samples[p]]
        work.total[c] += rows.weight[c]
        mass += rows.weight[c]
    return mass


@nb.njit(nogil=True, cache=True)
def _impurity(weights: NDArray[np.float64], mass: float) -> float:
    """Return the Gini impurity."""
    squares = 0.0
    for weight in weights:
        squares += weight * weight
    return 1.0 - squares / (mass * mass) if mass != 0 else 1.0


@nb.njit(nogil=True, cache=True)
def _random(work: _Work) -> int:
    """Draw a number from 0 to `RANDOM_MAX` (xorshift of Marsaglia)."""
    state = work.random[0] or 1
    state ^= (state << 13) & 0xFFFFFFFF
    state ^= state >> 17
    state ^= (state << 5) & 0xFFFFFFFF
    work.random[0] = state
    return state & RANDOM_MAX
