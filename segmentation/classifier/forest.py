"""The classifier: extremely randomised trees, kept as plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import (
    Block,
    Run,
    Workers,
    split_blocks,
)
from supervox.segmentation.checks import SegmentationError
from supervox.segmentation.strokes import MAX_CLASS

from ._prediction import Nodes, predict_rows, rows_per_block
from ._tree_training import RANDOM_MAX, Rows, Tree, grow_tree
from .parameters import ClassifierParameters

TREES_PER_TASK = 10


@dataclass(frozen=True)
class Forest:
    """Trees as arrays; all nodes of all trees stand in one row, tree after tree.

    Attributes
    ----------
    class_ids : tuple of int
        The user's id of each of the C classes, ascending.
    roots : int32, (T,)
        First node of each tree.
    depths : int32, (T,)
        Steps from the root to the deepest leaf of each tree.
    feature : int32, (N,)
        Column that a node asks for.
    threshold : float32, (N,)
        A row goes to `child` if its value is at most this, else to the node behind `child`.
    child : int32, (N,)
        A leaf points at itself and its threshold is infinite, so that walking on does no harm.
    share : float32, (N, C)
        Share of each class in the node; rows sum to 1.
    moments : int32, (T,)
        Which trees were grown together, from the strokes of the same moment: numbers from 0, later
        ones higher, ascending.
    is_fresh : bool, (N,)
        Leaves that hold a row that was labelled at their tree's moment.
    """

    class_ids: tuple[int, ...]
    roots: NDArray[np.int32]
    depths: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    child: NDArray[np.int32]
    share: NDArray[np.float32]
    moments: NDArray[np.int32]
    is_fresh: NDArray[np.bool_]

    def verify(self, n_features: int) -> None:
        """Check that the arrays are trees, whatever file they came from.

        Raises
        ------
        ValueError
            If they are not.
        """
        n, ids = self.feature.size, self.class_ids
        if list(ids) != sorted(set(ids)) or len(ids) < 2 or ids[0] < 1 or ids[-1] > MAX_CLASS:
            raise ValueError("the forest's classes are damaged")
        whole = (self.roots, self.depths, self.feature, self.child, self.moments)
        if any(a.dtype != np.int32 for a in whole) or any(
            a.dtype != np.float32 for a in (self.threshold, self.share)
        ):
            raise ValueError("an array of the forest has the wrong type")
        if not self.feature.shape == self.threshold.shape == self.child.shape == (n,) or n == 0:
            raise ValueError("the forest's nodes are incomplete")
        if self.is_fresh.dtype != np.bool_ or self.is_fresh.shape != (n,):
            raise ValueError("the forest's fresh leaves are damaged")
        if self.is_fresh.view(np.uint8).max() > 1:
            raise ValueError("the forest's fresh leaves are damaged")
        if self.share.shape != (n, len(ids)):
            raise ValueError("the forest does not fit its classes")
        if not (np.abs(self.share.sum(axis=1) - 1) < 1e-3).all() or self.share.min() < 0:
            raise ValueError("the forest's shares of classes are damaged")
        if self.feature.min() < 0 or self.feature.max() >= n_features:
            raise ValueError(f"the forest asks for features beyond the {n_features} that there are")
        is_leaf = self.child == np.arange(n)
        if (self.threshold[is_leaf] != np.inf).any() or np.isnan(self.threshold).any():
            raise ValueError("the forest's thresholds are damaged")
        self._verify_trees(np.flatnonzero(~is_leaf))

    def _verify_trees(self, inner: NDArray[np.int64]) -> None:
        """Check that every node is a root or hangs on one before it, and the trees' depths."""
        n, n_trees = self.feature.size, self.roots.size
        if not n_trees or not self.roots.shape == self.depths.shape == (n_trees,):
            raise ValueError("the forest's roots are damaged")
        if self.moments.shape != (n_trees,) or self.moments[0] != 0:
            raise ValueError("the forest's moments are damaged")
        if not np.isin(np.diff(self.moments), (0, 1)).all():
            raise ValueError("the forest's moments are damaged")
        child = self.child.astype(np.int64)
        if (child[inner] <= inner).any() or (child[inner] >= n - 1).any():
            raise ValueError("the forest points outside itself, or in circles")
        hanging = np.concatenate([self.roots, child[inner], child[inner] + 1])
        if not np.array_equal(np.sort(hanging), np.arange(n)):
            raise ValueError("the forest's nodes do not form trees")
        level, tree = self.roots.astype(np.int64), np.arange(n_trees)
        depth = np.zeros(n_trees, np.int64)
        while (goes_on := child[level] != level).any():
            left, tree = child[level[goes_on]], tree[goes_on]
            depth[tree] += 1  # once a level, however many nodes of the tree go on
            level, tree = np.concatenate([left, left + 1]), np.concatenate([tree, tree])
        if not np.array_equal(depth, self.depths):
            raise ValueError("the forest's depths are damaged")

    @cached_property
    def _sole(self) -> NDArray[np.int32]:
        """Column of the class that has a node for itself, -1 where there is none; (N,)."""
        column: NDArray[np.int32] = self.share.argmax(axis=1).astype(np.int32)
        column[(self.share.max(axis=1) != 1) | ((self.share > 0).sum(axis=1) != 1)] = -1
        return column

    def predict(
        self,
        features: NDArray[np.float32],
        rows: NDArray[np.integer] | None = None,
        *,
        workers: Workers = None,
    ) -> NDArray[np.float32]:
        """Return the probabilities of the classes, the mean over the trees.

        A row that lies in the same leaves as what was labelled at some moment is near to that, and
        trees that were grown before know nothing of it. The trees of a moment therefore have more
        than their share of the say there: with the share r of them in which the row comes to a
        fresh leaf, ``P <- (1 - a) P + a P_m`` with ``a = min(1, n_m / n + r^2)``, where P_m is the
        mean of their number n_m, and n counts these and all earlier trees.

        Parameters
        ----------
        features : float32, (S, F)
        rows : integers, (R,), optional
            Those that are asked for; all by default.
        workers : int or Run, optional
            Threads, one per processor by default; or a `Run`, which also stops.

        Returns
        -------
        float32, (R, C)
            Rows sum to 1.
        """
        values = np.ascontiguousarray(features, np.float32)
        n_rows = len(values) if rows is None else rows.size
        result = np.empty((n_rows, len(self.class_ids)), np.float32)
        nodes = Nodes(
            *(self.feature, self.threshold, self.child, self.share, self._sole, self.is_fresh)
        )
        depth = int(self.depths.max())

        def fill(block: Block) -> None:
            part = block.core[0]
            asked = values[part] if rows is None else values[rows[part]]
            predict_rows(asked, self.roots, self.moments, depth, nodes, result[part])

        run = Run.of(workers).local().silent()
        n = rows_per_block(n_rows, values.shape[1], run.n_threads)
        blocks = split_blocks((n_rows, 1, 1), (n, 1, 1))
        for _ in run.blocks(fill, blocks):
            pass
        return result

    def with_fresh(self, newest: NDArray[np.float32]) -> Forest:
        """Return the same with those leaves fresh that hold any of some rows, (R, F)."""
        is_fresh = np.zeros(self.feature.size, np.bool_)
        for row in newest:
            is_fresh[self._leaves(row)] = True
        return replace(self, is_fresh=is_fresh)

    def of_moment(self, number: int, n_trees: int) -> Forest:
        """Return the first trees, of a forest that was grown at once, as those of one moment.

        Parameters
        ----------
        number : int
            Of the moment.
        n_trees : int
            How many of the trees, at most.
        """
        beyond = self.roots[n_trees] if n_trees < self.roots.size else self.feature.size
        return Forest(
            self.class_ids,
            self.roots[:n_trees],
            self.depths[:n_trees],
            self.feature[:beyond],
            self.threshold[:beyond],
            self.child[:beyond],
            self.share[:beyond],
            np.full(min(n_trees, self.roots.size), number, np.int32),
            self.is_fresh[:beyond],
        )

    def _leaves(self, row: NDArray[np.float32]) -> NDArray[np.int32]:
        """Return the leaf that a row (F,) comes to in each tree, (T,)."""
        at = self.roots
        for _ in range(int(self.depths.max())):
            goes_right = row[self.feature[at]] > self.threshold[at]
            at = np.where(self.child[at] == at, at, self.child[at] + goes_right)
        return at


def train_forest(
    features: NDArray[np.float32],
    classes: NDArray[np.uint16],
    parameters: ClassifierParameters | None = None,
    *,
    workers: Workers = None,
) -> Forest:
    """Grow extremely randomised trees on the labelled supervoxels; classes weigh the same.

    Parameters
    ----------
    features : float32, (L, F)
        Rows of the feature table that are labelled.
    classes : uint16, (L,)
        Class id of each row.
    parameters : ClassifierParameters, optional
    workers : int or Run, optional
        Threads, one per processor by default; or a `Run`, which is asked whether to stop before
        each tree, on any thread.

    Raises
    ------
    SegmentationError
        If fewer than two classes are painted.
    ValueError
        If a feature is not finite.

    References
    ----------
    Geurts, Ernst, Wehenkel, Extremely randomized trees, Machine Learning 63 (2006).
    """
    parameters = parameters or ClassifierParameters()
    ids, column, count = np.unique(classes, return_inverse=True, return_counts=True)
    if len(ids) < 2:
        painted = f"only class {ids[0]} is painted" if len(ids) else "nothing is painted"
        raise SegmentationError(f"{painted}: paint strokes of at least two classes")
    columns = np.ascontiguousarray(features.T, np.float32)
    if not np.isfinite(columns).all():
        raise ValueError("features to learn from must be finite")
    weight = len(classes) / (len(ids) * count)
    tried = max(1, int(np.sqrt(len(columns))))
    rows = Rows(columns, column.astype(np.int32), weight, tried)

    def grow(seeds: Sequence[int]) -> list[Tree]:
        trees = []
        for seed in seeds:
            run.check_stop()
            trees.append(grow_tree(rows, seed))
        return trees

    run, seeds = Run.of(workers), _seeds(parameters)
    parts = [seeds[k : k + TREES_PER_TASK] for k in range(0, len(seeds), TREES_PER_TASK)]
    grown = run.parallel(grow, parts)
    return join_trees(tuple(int(value) for value in ids), [tree for part in grown for tree in part])


@lru_cache
def _seeds(parameters: ClassifierParameters) -> tuple[int, ...]:
    """Return the seed of each tree, as scikit-learn draws them."""
    draw = np.random.RandomState(parameters.seed)
    states = [draw.randint(RANDOM_MAX) for _ in range(parameters.trees)]
    return tuple(int(np.random.RandomState(state).randint(RANDOM_MAX)) for state in states)


def join_trees(class_ids: tuple[int, ...], trees: list[Tree]) -> Forest:
    """Make a forest of trees, one after the other; rows of their shares may have any sum."""
    roots = np.cumsum([0] + [tree.feature.size for tree in trees])[:-1].astype(np.int32)
    exact = np.concatenate([tree.threshold for tree in trees])
    # a value of float32 is at most t exactly if it is at most t rounded down to float32
    threshold = exact.astype(np.float32)
    too_high = threshold > exact
    threshold[too_high] = np.nextafter(threshold[too_high], np.float32(-np.inf))
    share = np.concatenate([tree.share for tree in trees])
    return Forest(
        class_ids,
        roots,
        np.array([tree.depth for tree in trees], np.int32),
        np.concatenate([tree.feature for tree in trees]),
        threshold,
        np.concatenate([tree.child + r for tree, r in zip(trees, roots, strict=True)]),
        (share / share.sum(axis=1, keepdims=True)).astype(np.float32),
        np.zeros(len(trees), np.int32),
        np.zeros(share.shape[0], np.bool_),
    )


def join_forests(forests: Sequence[Forest]) -> Forest:
    """Make one forest of several of the same classes, tree after tree."""
    sizes = [forest.feature.size for forest in forests]
    starts = np.cumsum([0, *sizes[:-1]]).astype(np.int32)

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(forest, name) for forest in forests])

    def moved(name: str) -> NDArray[np.int32]:
        pairs = zip(forests, starts, strict=True)
        return np.concatenate([getattr(forest, name) + start for forest, start in pairs])

    return Forest(
        forests[0].class_ids,
        moved("roots"),
        joined("depths"),
        joined("feature"),
        joined("threshold"),
        moved("child"),
        joined("share"),
        joined("moments"),
        joined("is_fresh"),
    )
