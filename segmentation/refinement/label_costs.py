"""How strongly the classes hold together: learned from held-out strokes and from the volume.

The cost of a border between the classes a and b is a log-odds of neighbourhoods,
``log(K_aa K_bb / K_ab K_ba) / 2``, where ``K[a, b]`` is the share of class b around class a: high
for classes that keep apart, near zero for those that touch as often as not. The neighbourhoods are
estimated twice, and the costs averaged:

1. *Held-out strokes.* Around strokes of class a, a forest that did not see them says what the
   neighbours are; at the strokes themselves it says how reliable it is. Solving the second out of
   the first gives K. A few strokes tell, so that this varies; and features reach beyond a
   supervoxel, so that neighbours look more alike than they are.
2. *The restored picture* (Besag). A sample of the volume is refined with the first estimate, and K
   is counted in what comes out. Thousands of supervoxels tell: this hardly varies, and it knows the
   shapes of the volume, but what refinement smoothed away it doesn't see.

How much of the coupling is used is decided in `benefit`.

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

from .cost_scale import gather_evidence, level_of_benefit, solve_for_shares
from .cross_validation import Trial
from .mrf import minimise

FLOOR = 0.01  # of a share: finite samples prove no class absent
UNKNOWN = 0.25  # cost of a border that no stroke tells of; half of what suits compact organelles

Shares = NDArray[np.float64]
Labels = NDArray[np.int32]


@dataclass(frozen=True)
class Coupling:
    """Costs of borders between classes.

    Attributes
    ----------
    distance : float64, (C, C)
        Cost of an edge of weight 1 between two classes; a metric.
    level : float
        Share of the estimated cost that is used; already in `distance`.
    """

    distance: NDArray[np.float64]
    level: float

    @classmethod
    def unknown(cls, n_classes: int) -> Coupling:
        """Return the coupling for strokes that are too few to learn from."""
        return cls(UNKNOWN * (1 - np.eye(n_classes)), 1.0)


def learn_coupling(
    trials: Sequence[Trial],
    sample: Trial,
    edges_per_supervoxel: float,
    *,
    run: Run = Run(),
) -> Coupling:
    """Estimate the coupling of the classes from held-out strokes and a sample of the volume.

    Parameters
    ----------
    trials : sequence of Trial
    sample : Trial
        Of the volume, with the probabilities of the forest that saw all strokes.
    edges_per_supervoxel : float
        E / S of the region graph. A supervoxel's neighbours are no independent witnesses; dividing
        by this number counts them as often as on a tree, where the estimate would be exact.
    run : Run
        Asked whether to stop every few hundredths of a second, on any thread.
    """
    n_classes = sample.probabilities.shape[1]
    if not trials:
        return Coupling.unknown(n_classes)
    told = _told_by_strokes(trials, n_classes, edges_per_supervoxel)
    restored = refine_trials([sample], told, run)[0]
    shown = _shown_by_labels(sample, restored, told, edges_per_supervoxel)
    cost = make_metric((told + shown) / 2)
    *refined, restored = refine_trials([*trials, sample], cost, run)
    level = level_of_benefit(gather_evidence(trials, refined, sample, restored))
    return Coupling(level * cost, level)


def refine_trials(
    trials: Sequence[Trial],
    distance: Shares,
    run: Run = Run(),
) -> list[Labels]:
    """Refine each of the pieces; held-out strokes are not given away."""

    def refine(trial: Trial) -> Labels:
        return minimise(
            trial.probabilities,
            trial.around.links,
            distance,
            painted=trial.known,
            run=run.on(None),
        )

    return run.parallel(refine, trials)


def _told_by_strokes(trials: Sequence[Trial], n_classes: int, per_supervoxel: float) -> Shares:
    """Return the costs of borders that the neighbourhoods of held-out strokes call for."""
    neighbours, own = neighbourhoods(trials, n_classes)
    cost = border_costs(solve_shares(neighbours, own)) / per_supervoxel
    untold = ~(own.sum(axis=1) > 0)
    cost[untold] = UNKNOWN
    cost[:, untold] = UNKNOWN
    np.fill_diagonal(cost, 0)
    return make_metric(cost)


def _shown_by_labels(sample: Trial, labels: Labels, told: Shares, per_supervoxel: float) -> Shares:
    """Return the costs of borders of a labelling; those `told` for classes that it lacks."""
    contacts = count_contacts(sample, labels, len(told))
    cost = border_costs(_normalised(contacts)) / per_supervoxel
    absent = ~(contacts.sum(axis=1) > 0)
    cost[absent] = told[absent]
    cost[:, absent] = told[:, absent]
    return cost


def count_contacts(sample: Trial, labels: Labels, n_classes: int) -> Shares:
    """Add up the weights of the edges between each two classes, symmetric, (C, C)."""
    a, b = labels[sample.around.edges.T]
    total = np.zeros((n_classes, n_classes))
    np.add.at(total, (a, b), sample.around.weight)
    return total + total.T


def neighbourhoods(trials: Sequence[Trial], n_classes: int) -> tuple[Shares, Shares]:
    """Average what forests say around and at strokes that they did not see.

    Returns
    -------
    neighbours, own : float64, (C, C)
        Row a: mean probabilities around, and at, strokes of class a; every stroke counts the same.
        Rows of classes without held-out strokes are zero.
    """
    rows = [_around(trial) for trial in trials]
    around = np.concatenate([row for row, _ in rows])
    at = np.concatenate([row for _, row in rows])
    column = np.concatenate([trial.column for trial in trials])
    stroke = np.concatenate([trial.stroke for trial in trials])
    neighbours, own = np.zeros((n_classes, n_classes)), np.zeros((n_classes, n_classes))
    for c in range(n_classes):
        numbers = np.unique(stroke[column == c])
        for number in numbers:
            members = (column == c) & (stroke == number)
            neighbours[c] += around[members].mean(axis=0) / numbers.size
            own[c] += at[members].mean(axis=0) / numbers.size
    return neighbours, own


def _around(trial: Trial) -> tuple[Shares, Shares]:
    """Return the weighted mean of the neighbours' probabilities, and the own, of held-out ones."""
    n, n_classes = trial.probabilities.shape
    total, asked = np.zeros((n, n_classes)), np.zeros(n, np.bool_)
    asked[trial.held] = True
    near = asked[trial.around.edges].any(axis=1)
    (a, b), weight = trial.around.edges[near].T, trial.around.weight[near]
    for c in range(n_classes):
        column = trial.probabilities[:, c].astype(np.float64)
        total[:, c] += np.bincount(a, weight * column[b], n)
        total[:, c] += np.bincount(b, weight * column[a], n)
    return total[trial.held], trial.probabilities[trial.held].astype(np.float64)


def solve_shares(neighbours: Shares, own: Shares) -> Shares:
    """Solve ``neighbours = shares @ own``: the true shares behind what an imperfect forest says.

    Non-negative least squares, rows summing to 1.
    """
    n_classes = len(own)
    told = own.sum(axis=1) > 0
    reliability = _normalised(own)
    result = np.eye(n_classes)
    for c in np.flatnonzero(told):
        result[c] = 0
        result[c, told] = solve_for_shares(reliability[told].T, _normalised(neighbours)[c])
    return result


def border_costs(shares: Shares) -> Shares:
    """Return the log-odds that two classes keep apart, given the neighbourhoods of each."""
    logs = np.log(np.maximum(shares, FLOOR))
    own = np.diag(logs)
    cost: Shares = np.maximum(0, 0.5 * ((own[:, np.newaxis] + own) - (logs + logs.T)))
    return cost


def make_metric(cost: Shares) -> Shares:
    """Lower the costs until no detour over a third class is cheaper (Floyd, Warshall)."""
    result = cost.copy()
    for c in range(len(cost)):
        result = np.minimum(result, result[:, c : c + 1] + result[c : c + 1])
    return result


def _normalised(rows: Shares) -> Shares:
    result: Shares = rows / np.maximum(rows.sum(axis=1, keepdims=True), 1e-9)
    return result
