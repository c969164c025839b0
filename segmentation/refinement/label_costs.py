"""Label costs: what borders between classes cost, from held-out strokes and from the volume.

The cost of a border between the classes a and b is a log-odds of neighbourhoods,
``log(K_aa K_bb / K_ab K_ba) / 2``, where ``K[a, b]`` is the share of class b around class a: high
for classes that keep apart, near zero for those that touch as often as not. The neighbourhoods are
estimated twice, and the costs averaged:

1. *Held-out strokes.* Around strokes of class a, a classifier that did not see them says what the
   neighbours are; at the strokes themselves it says how reliable it is. Solving the second out of
   the first gives K. A few strokes tell, so that this varies; and features reach beyond a
   supervoxel, so that neighbours look more alike than they are.
2. *The restored picture* (Besag). A sample of the volume is refined with the first estimate, and K
   is counted in what comes out. Thousands of supervoxels tell: this hardly varies, and it knows the
   shapes of the volume, but what refinement smoothed away it doesn't see.

How much of the costs is used is decided in `cost_scale`, at least `LEAST_SCALE`. Symbols are
those of docs/refinement.md: neighbourhoods K, what classifiers say around held-out strokes (T) and
at them (M), label costs D.

References
----------
Besag, On the statistical analysis of dirty pictures, Journal of the Royal Statistical Society B 48
(1986).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run

from .cost_scale import cost_scale_of, gather_evidence, solve_for_shares
from .cross_validation import Fold
from .mrf import minimise

FLOOR = 0.01  # of a share: finite samples prove no class absent
UNKNOWN = 0.25  # cost of a border that no stroke tells of; half of what suits compact organelles
# Always used of the costs: strokes that correct lie where the classifier is wrong, and speak
# against refinement more than the volume does; without any the labels are noise.
LEAST_SCALE = 0.25

Shares = NDArray[np.float64]
Labels = NDArray[np.int32]


@dataclass(frozen=True)
class LabelCosts:
    """What borders between classes cost.

    Attributes
    ----------
    D : float64, (C, C)
        Cost of an edge of weight 1 between two classes; a metric.
    scale : float
        Share of the estimated cost that is used; already in `D`.
    """

    D: NDArray[np.float64]
    scale: float

    @classmethod
    def unknown(cls, n_classes: int) -> LabelCosts:
        """Return the costs for strokes that are too few to learn from."""
        return cls(UNKNOWN * (1 - np.eye(n_classes)), 1.0)

    @classmethod
    def average(cls, several: Sequence[LabelCosts], weights: Sequence[float]) -> LabelCosts:
        """Return the weighted mean of costs of the same classes; still a metric."""
        return cls(
            np.average([costs.D for costs in several], axis=0, weights=weights),
            float(np.average([costs.scale for costs in several], weights=weights)),
        )


def estimate_label_costs(
    folds: Sequence[Fold],
    sample: Fold,
    edges_per_supervoxel: float,
    *,
    run: Run = Run(),
) -> LabelCosts:
    """Estimate the label costs from held-out strokes and a sample of the volume.

    Parameters
    ----------
    folds : sequence of Fold
    sample : Fold
        Of the volume, with the probabilities of the classifier that saw all strokes.
    edges_per_supervoxel : float
        E / S of the region graph. A supervoxel's neighbours are no independent witnesses; dividing
        by this number counts them as often as on a tree, where the estimate would be exact.
    run : Run
        Asked whether to stop every few hundredths of a second, on any thread.
    """
    n_classes = sample.probabilities.shape[1]
    if not folds:
        return LabelCosts.unknown(n_classes)
    D_strokes = _costs_of_strokes(folds, n_classes, edges_per_supervoxel)
    restored = refine_folds([sample], D_strokes, run)[0]
    D_volume = _costs_of_labels(sample, restored, D_strokes, edges_per_supervoxel)
    D = make_metric((D_strokes + D_volume) / 2)
    *refined, restored = refine_folds([*folds, sample], D, run)
    good = cost_scale_of(gather_evidence(folds, refined, sample, restored))
    scale = LEAST_SCALE + (1 - LEAST_SCALE) * good
    return LabelCosts(scale * D, scale)


def refine_folds(
    folds: Sequence[Fold],
    D: Shares,
    run: Run = Run(),
) -> list[Labels]:
    """Refine each of the pieces with label costs D; held-out strokes keep their class."""

    def refine(fold: Fold) -> Labels:
        return minimise(
            fold.probabilities,
            fold.around.adjacency,
            D,
            painted=fold.known,
            run=run.on(None),
        )

    return run.parallel(refine, folds)


def _costs_of_strokes(folds: Sequence[Fold], n_classes: int, per_supervoxel: float) -> Shares:
    """Return the label costs D that the neighbourhoods of held-out strokes call for."""
    T, M = neighbourhoods(folds, n_classes)
    D = border_costs(solve_shares(T, M)) / per_supervoxel
    without_strokes = ~(M.sum(axis=1) > 0)
    D[without_strokes] = UNKNOWN
    D[:, without_strokes] = UNKNOWN
    np.fill_diagonal(D, 0)
    return make_metric(D)


def _costs_of_labels(
    sample: Fold, labels: Labels, D_strokes: Shares, per_supervoxel: float
) -> Shares:
    """Return the label costs D that labels show; for classes that they lack, `D_strokes`."""
    contacts = count_contacts(sample, labels, len(D_strokes))
    D = border_costs(_normalised(contacts)) / per_supervoxel
    absent = ~(contacts.sum(axis=1) > 0)
    D[absent] = D_strokes[absent]
    D[:, absent] = D_strokes[:, absent]
    return D


def count_contacts(sample: Fold, labels: Labels, n_classes: int) -> Shares:
    """Add up the weights of the edges between each two classes, symmetric, (C, C)."""
    a, b = labels[sample.around.edges.T]
    total = np.zeros((n_classes, n_classes))
    np.add.at(total, (a, b), sample.around.weight)
    return total + total.T


def neighbourhoods(folds: Sequence[Fold], n_classes: int) -> tuple[Shares, Shares]:
    """Average what classifiers say around and at strokes that they did not see.

    Returns
    -------
    T, M : float64, (C, C)
        Row a: mean probabilities around, and at, strokes of class a; every stroke counts the same.
        Rows of classes without held-out strokes are zero.
    """
    rows = [_around(fold) for fold in folds]
    around = np.concatenate([row for row, _ in rows])
    at = np.concatenate([row for _, row in rows])
    column = np.concatenate([fold.column for fold in folds])
    stroke = np.concatenate([fold.stroke for fold in folds])
    T, M = np.zeros((n_classes, n_classes)), np.zeros((n_classes, n_classes))
    for c in range(n_classes):
        numbers = np.unique(stroke[column == c])
        for number in numbers:
            members = (column == c) & (stroke == number)
            T[c] += around[members].mean(axis=0) / numbers.size
            M[c] += at[members].mean(axis=0) / numbers.size
    return T, M


def _around(fold: Fold) -> tuple[Shares, Shares]:
    """Return the weighted mean of the neighbours' probabilities, and the own, of held-out ones."""
    n, n_classes = fold.probabilities.shape
    total, asked = np.zeros((n, n_classes)), np.zeros(n, np.bool_)
    asked[fold.held] = True
    near = asked[fold.around.edges].any(axis=1)
    (a, b), weight = fold.around.edges[near].T, fold.around.weight[near]
    for c in range(n_classes):
        column = fold.probabilities[:, c].astype(np.float64)
        total[:, c] += np.bincount(a, weight * column[b], n)
        total[:, c] += np.bincount(b, weight * column[a], n)
    return total[fold.held], fold.probabilities[fold.held].astype(np.float64)


def solve_shares(T: Shares, M: Shares) -> Shares:
    """Solve ``T = K M`` for K: the true neighbourhoods behind what an imperfect classifier says.

    Non-negative least squares, rows summing to 1.
    """
    has_strokes = M.sum(axis=1) > 0
    reliability = _normalised(M)[has_strokes]
    K = np.eye(len(M))
    for c in np.flatnonzero(has_strokes):
        K[c] = 0
        K[c, has_strokes] = solve_for_shares(reliability.T, _normalised(T)[c])
    return K


def border_costs(K: Shares) -> Shares:
    """Return the log-odds that two classes keep apart, given the neighbourhoods of each.

    ``max(0, log(K_aa K_bb / (K_ab K_ba)) / 2)`` for the classes a and b.
    """
    logs = np.log(np.maximum(K, FLOOR))
    own = np.diag(logs)
    cost: Shares = np.maximum(0, 0.5 * ((own[:, np.newaxis] + own) - (logs + logs.T)))
    return cost


def make_metric(D: Shares) -> Shares:
    """Lower the costs until no detour over a third class is cheaper (Floyd, Warshall)."""
    result = D.copy()
    for c in range(len(D)):
        result = np.minimum(result, result[:, c : c + 1] + result[c : c + 1])
    return result


def _normalised(rows: Shares) -> Shares:
    result: Shares = rows / np.maximum(rows.sum(axis=1, keepdims=True), 1e-9)
    return result
