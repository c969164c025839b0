"""The classifier: extremely randomised trees, kept as plain arrays and evaluated by a kernel."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray
from supervox.features import Block, run_blocks, split_blocks

from .checks import SegmentationError
from .strokes import MAX_CLASS

ROWS_PER_BLOCK = 1024
LANES = 16


@dataclass(frozen=True)
class ClassifierParameters:
    """How the forest is grown.

    Attributes
    ----------
    trees : int
        Number of trees.
    seed : int
        Seed of the random choices; the same seed and strokes give the same forest.
    """

    trees: int = 200
    seed: int = 0

    def __post_init__(self) -> None:
        if self.trees < 1:
            raise ValueError(f"a forest needs at least one tree, not {self.trees}")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"the seed must lie between 0 and 2**32 - 1, not {self.seed}")


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
    """

    class_ids: tuple[int, ...]
    roots: NDArray[np.int32]
    depths: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    child: NDArray[np.int32]
    share: NDArray[np.float32]

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
        whole = (self.roots, self.depths, self.feature, self.child)
        if any(a.dtype != np.int32 for a in whole) or any(
            a.dtype != np.float32 for a in (self.threshold, self.share)
        ):
            raise ValueError("an array of the forest has the wrong type")
        if not self.feature.shape == self.threshold.shape == self.child.shape == (n,) or n == 0:
            raise ValueError("the forest's nodes are incomplete")
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

    def predict(
        self, features: NDArray[np.float32], *, workers: int | None = None
    ) -> NDArray[np.float32]:
        """Return the probabilities of the classes, the mean over the trees.

        Parameters
        ----------
        features : float32, (S, F)
        workers : int, optional
            Threads; one per processor by default.

        Returns
        -------
        float32, (S, C)
            Rows sum to 1.
        """
        rows = np.ascontiguousarray(features, np.float32)
        result = np.zeros((len(rows), len(self.class_ids)), np.float32)

        def fill(block: Block) -> None:
            part = block.core[0]
            _predict(
                rows[part],
                self.roots,
                self.depths,
                self.feature,
                self.threshold,
                self.child,
                self.share,
                result[part],
            )

        blocks = split_blocks((max(len(rows), 1), 1, 1), (ROWS_PER_BLOCK, 1, 1))
        for _ in run_blocks(fill, blocks, workers=workers):
            pass
        return result


def train_forest(
    features: NDArray[np.float32],
    classes: NDArray[np.uint16],
    parameters: ClassifierParameters | None = None,
    *,
    workers: int | None = None,
) -> Forest:
    """Grow extremely randomised trees on the labelled supervoxels; classes weigh the same.

    Parameters
    ----------
    features : float32, (L, F)
        Rows of the feature table that are labelled.
    classes : uint16, (L,)
        Class id of each row.
    parameters : ClassifierParameters, optional
    workers : int, optional
        Threads.

    Raises
    ------
    SegmentationError
        If fewer than two classes are painted.

    References
    ----------
    Geurts, Ernst, Wehenkel, Extremely randomized trees, Machine Learning 63 (2006).
    """
    from sklearn.ensemble import ExtraTreesClassifier  # slow to import: only who trains pays

    parameters = parameters or ClassifierParameters()
    class_ids = tuple(int(value) for value in np.unique(classes))
    if len(class_ids) < 2:
        painted = f"only class {class_ids[0]} is painted" if class_ids else "nothing is painted"
        raise SegmentationError(f"{painted}: paint strokes of at least two classes")
    grower = ExtraTreesClassifier(
        n_estimators=parameters.trees,
        class_weight="balanced",
        random_state=parameters.seed,
        n_jobs=workers or -1,
    )
    with warnings.catch_warnings():  # a supervoxel or two of each class are few, and enough
        warnings.filterwarnings("ignore", "The number of unique classes is greater than 50%")
        grower.fit(features, classes)
    return _flatten(class_ids, [tree.tree_ for tree in grower.estimators_])


def _flatten(class_ids: tuple[int, ...], trees: list[Any]) -> Forest:
    """Lay scikit-learn's trees out so that the two children of a node are neighbours."""
    parts = [_flatten_tree(tree) for tree in trees]
    roots = np.cumsum([0] + [len(part[0]) for part in parts])[:-1]
    return Forest(
        class_ids,
        roots.astype(np.int32),
        np.array([tree.max_depth for tree in trees], np.int32),
        np.concatenate([part[0] for part in parts]),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] + r for part, r in zip(parts, roots, strict=True)]).astype(
            np.int32
        ),
        np.concatenate([part[3] for part in parts]),
    )


def _flatten_tree(
    tree: Any,
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
    """Return feature, threshold, child and share of a tree's nodes, level by level."""
    levels = [np.zeros(1, np.int64)]
    while levels[-1].size:
        inner = levels[-1][tree.children_left[levels[-1]] >= 0]
        pairs = np.stack([tree.children_left[inner], tree.children_right[inner]], axis=1)
        levels.append(pairs.ravel())
    order = np.concatenate(levels)
    number = np.empty(order.size, np.int64)
    number[order] = np.arange(order.size)
    is_leaf = tree.children_left[order] < 0
    # a value of float32 is at most t exactly if it is at most t rounded down to float32
    threshold = tree.threshold[order].astype(np.float32)
    too_high = threshold > tree.threshold[order]
    threshold[too_high] = np.nextafter(threshold[too_high], np.float32(-np.inf))
    share = tree.value[order, 0, :]
    return (
        np.where(is_leaf, 0, tree.feature[order]).astype(np.int32),
        np.where(is_leaf, np.float32(np.inf), threshold),
        np.where(is_leaf, np.arange(order.size), number[tree.children_left[order]]).astype(
            np.int32
        ),
        (share / share.sum(axis=1, keepdims=True)).astype(np.float32),
    )


@nb.njit(nogil=True, cache=True)
def _predict(
    rows: NDArray[np.float32],
    roots: NDArray[np.int32],
    depths: NDArray[np.int32],
    feature: NDArray[np.int32],
    threshold: NDArray[np.float32],
    child: NDArray[np.int32],
    share: NDArray[np.float32],
    result: NDArray[np.float32],
) -> None:
    """Add up the leaves of all trees.

    Sixteen rows walk a tree in step, without branches: their loads overlap, where a single row
    would wait for each node in turn.
    """
    node = np.empty(LANES, np.int32)
    for tree in range(roots.size):
        for first in range(0, rows.shape[0], LANES):
            n = min(LANES, rows.shape[0] - first)
            node[:] = roots[tree]
            for _ in range(depths[tree]):
                for lane in range(n):
                    at = node[lane]
                    node[lane] = child[at] + (rows[first + lane, feature[at]] > threshold[at])
            for lane in range(n):
                for c in range(share.shape[1]):
                    result[first + lane, c] += share[node[lane], c]
    for i in range(rows.shape[0]):
        result[i] /= result[i].sum()
