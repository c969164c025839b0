"""Whether refinement does more good than harm, and so how much of it is used.

Two witnesses are heard, each for what it knows:

- *Held-out strokes* are refined with their surroundings; they show how much of what was right of
  a class remains right. They say little about what is wrongly given to a class: strokes are
  painted where a class is plain to see, and mistakes are made at its borders.
- *A sample of the volume* shows how much of it refinement gives to and takes from each class.

With p the true share of a class, n what the classifier gives it, n' what refinement leaves it, and
r the part of the right ones that remains, the Dice coefficient ``2 hits / (p + n)`` changes by the
factor ``r (p + n) / (p + n')``. A class that loses supervoxels gains by that where its strokes stay
(false ones went), and suffers where they don't.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.stats import norm

from .cross_validation import Fold

LOSS_WEIGHT = 2.0  # of Dice lost, against Dice gained by another class
MOST = 0.5  # gain that counts: none makes good the ruin of another class
# Strokes that are supposed before any is seen: half of what a class loses was right,
PRIOR_STROKES = 1.0
SHARE_STROKES = 4.0  # and the classifier gives every class its true share.
SLACK = 1.5  # factor within which the class shares are known
LEAST_ERROR = 0.02  # standard error of the benefit that any number of strokes leaves
SURE = 0.7  # chance of doing good above which refinement is used in full
# Of the label costs, where that is less sure: thin structures suffer more than in proportion to it,
# compact ones have most of the gain already.
MOST_UNSURE = 0.5
# Degrees of freedom for each class, two strokes having one, above which the strokes are believed.
ENOUGH = 1.5
SUM_WEIGHT = 10.0  # of "shares sum to one" in the least squares

Floats = NDArray[np.float64]
Labels = NDArray[np.int32]


@dataclass(frozen=True)
class Evidence:
    """What held-out strokes and a sample of the volume say about refinement.

    Attributes
    ----------
    column : int64, (K,)
        Column of the class of each held-out stroke.
    before : float64, (K, C)
        Share of each stroke that the classifier gives to each class.
    right : float64, (K,)
        Share of each stroke that is right after refinement.
    observed : float64, (C,)
        Share of the volume that the classifier gives to each class.
    refined : float64, (C,)
        The same after refinement.
    """

    column: NDArray[np.int64]
    before: Floats
    right: Floats
    observed: Floats
    refined: Floats

    def without(self, stroke: int) -> Evidence:
        """Return the evidence without one stroke."""
        kept = np.arange(self.column.size) != stroke
        return replace(
            self, column=self.column[kept], before=self.before[kept], right=self.right[kept]
        )


def cost_scale_of(evidence: Evidence) -> float:
    """Return how much of the label costs to use: the chance that refinement does good.

    The benefit over its standard error (jackknife over the strokes), as if it were normal.

    Returns
    -------
    float
        1 where the chance is above `SURE`, otherwise the chance, at most `MOST_UNSURE`; the less
        the strokes can tell of the error, the nearer to `MOST_UNSURE`.
    """
    n = evidence.column.size
    trust = trustworthiness(evidence)
    if not trust:
        return MOST_UNSURE
    benefit = weigh(dice_changes(evidence))
    without = np.array([weigh(dice_changes(evidence.without(k))) for k in range(n)])
    error = np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum()) + LEAST_ERROR
    chance = float(norm.cdf(benefit / error))
    scale = 1.0 if chance > SURE else min(chance, MOST_UNSURE)
    return trust * scale + (1 - trust) * MOST_UNSURE


def trustworthiness(evidence: Evidence) -> float:
    """Return how far the standard error of the benefit can be believed, from 0 to 1.

    What is estimated from k strokes has a variance in proportion to 1 / (k - 1). That of a sum over
    the classes follows the mean of these, so their harmonic mean counts: one class with a single
    held-out stroke or none leaves the sum unknown, however many strokes the others have.

    Returns
    -------
    float
        Harmonic mean of k - 1 over the classes as a part of `ENOUGH`, at most 1.
    """
    strokes = np.bincount(evidence.column, minlength=evidence.observed.size)
    if strokes.min() < 2:
        return 0.0
    return min(1.0, float(strokes.size / (1 / (strokes - 1)).sum()) / ENOUGH)


def gather_evidence(
    folds: Sequence[Fold], refined: Sequence[Labels], sample: Fold, restored: Labels
) -> Evidence:
    """Compare what the classifiers say with what refinement makes of it.

    Parameters
    ----------
    folds : sequence of Fold
    refined : sequence of int32
        Columns of the classes that refinement chose in each of them.
    sample : Fold
    restored : int32
        The same for the sample of the volume.
    """
    n_classes = sample.probabilities.shape[1]
    first = [fold.probabilities[fold.held].argmax(axis=1) for fold in folds]
    last = [labels[fold.held] for labels, fold in zip(refined, folds, strict=True)]
    column = np.concatenate([fold.column for fold in folds]).astype(np.int64)
    _, start, number = np.unique(
        np.concatenate([fold.stroke for fold in folds]), return_index=True, return_inverse=True
    )
    size = np.bincount(number)
    cells = number * n_classes + np.concatenate(first)
    before = np.bincount(cells, minlength=size.size * n_classes).reshape(-1, n_classes)
    given = np.bincount(sample.probabilities.argmax(axis=1), minlength=n_classes)
    left = np.bincount(restored, minlength=n_classes)
    return Evidence(
        column[start],
        before / size[:, np.newaxis],
        np.bincount(number, np.concatenate(last) == column) / size,
        given / given.sum(),
        left / left.sum(),
    )


def dice_changes(evidence: Evidence) -> Floats:
    """Estimate by which part of itself refinement changes the Dice coefficient of each class.

    ``r (p + n) / (p + n')  -  1`` with the symbols of the module; n' is `n_refined`.
    """
    n_classes = evidence.observed.size
    p, n, n_refined = class_shares(evidence), evidence.observed, evidence.refined
    change = np.zeros(n_classes)
    for c in range(n_classes):
        strokes = evidence.column == c
        lost = max(0.0, 1 - n_refined[c] / max(n[c], 1e-9))
        hits = evidence.before[strokes, c].sum() + PRIOR_STROKES
        kept = evidence.right[strokes].sum() + PRIOR_STROKES * (1 - lost / 2)
        recall = hits / (strokes.sum() + PRIOR_STROKES)
        r = min(kept / hits, SLACK * n_refined[c] / max(p[c] * recall, 1e-9))
        change[c] = r * (p[c] + n[c]) / max(p[c] + n_refined[c], 1e-9) - 1
    return change


def weigh(change: Floats) -> float:
    """Add up what the classes gain and lose."""
    bounded = np.clip(change, -1, MOST)
    return float(np.where(bounded < 0, LOSS_WEIGHT * bounded, bounded).sum())


def solve_for_shares(system: Floats, target: Floats) -> Floats:
    """Solve ``system @ shares = target`` in the least squares, for shares that sum to 1.

    Parameters
    ----------
    system : float64, (M, N)
    target : float64, (M,)

    Returns
    -------
    float64, (N,)
        Not negative.
    """
    weighted = np.vstack([system, np.full(system.shape[1], SUM_WEIGHT)])
    solved = nnls(weighted, np.append(target, SUM_WEIGHT))[0]
    shares: Floats = solved / max(solved.sum(), 1e-9)
    return shares


def class_shares(evidence: Evidence) -> Floats:
    """Estimate how much of the volume each class has, from what an imperfect classifier gives it.

    Non-negative least squares with the confusion at the held-out strokes, drawn towards what the
    classifier gives: few strokes know little about the confusion.
    """
    observed = evidence.observed
    confusion = np.eye(observed.size)
    count = np.bincount(evidence.column, minlength=observed.size)
    for c in np.flatnonzero(count):
        confusion[c] = evidence.before[evidence.column == c].mean(axis=0)
    solved = solve_for_shares(confusion.T, observed)
    shares: Floats = (count * solved + SHARE_STROKES * observed) / (count + SHARE_STROKES)
    return shares
