"""How strongly the classes hold together: learned from held-out strokes, and checked on them.

Two estimates come from the same trials (see `held_out`):

1. *Which classes touch.* Around strokes of class a, a forest that did not see them says what the
   neighbours are; at the strokes themselves it says how reliable it is. Solving the second out of
   the first gives the true neighbourhood ``K[a, b]``: the share of class b around class a. The
   cost of a border between a and b is the log-odds ``log(K_aa K_bb / K_ab K_ba) / 2``: high for
   classes that keep apart, near zero for those that touch as often as not.
2. *What refinement does to each class.* The held-out strokes are refined with their surroundings,
   and the change of the Dice coefficient of each class is estimated. If a class would lose, the
   coupling is weakened until none does. Thin sheets are the case in point: the strokes on them
   would vanish among their surroundings, and they say so before anything is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from scipy.stats import norm
from supervox.features import ShouldStop, run_parallel

from .held_out import Trial
from .refinement import minimise

FLOOR = 0.01  # of a share: finite samples prove no class absent
UNKNOWN = 0.25  # cost of a border that no stroke tells of; half of what suits compact organelles
LEVELS = (0.7, 0.5, 0.35, 0.25, 0.1)  # tried after an alarm, and no refinement at all
TOLERANCE = 0.02  # part of its Dice that a class may lose before it counts
# Share of harmless cases in which a class may raise the alarm: it costs some of the gain, where a
# missed one costs a class.
FALSE_ALARMS = 0.8
LOSS_WEIGHT = 2.0  # of a point of Dice lost, against one gained by another class
SURE = 10.0  # weight of "shares sum to one" in the least squares

Shares = NDArray[np.float64]
Outcomes = dict[tuple[int, int], Shares]  # (class, stroke): the share that each class gets


@dataclass(frozen=True)
class Coupling:
    """Costs of borders between classes.

    Attributes
    ----------
    distance : float64, (C, C)
        Cost of an edge of weight 1 between two classes; a metric.
    level : float
        Share of the estimated cost that the held-out strokes allow; already in `distance`.
    """

    distance: NDArray[np.float64]
    level: float

    @classmethod
    def unknown(cls, n_classes: int) -> Coupling:
        """Return the coupling for strokes that are too few to learn from."""
        return cls(UNKNOWN * (1 - np.eye(n_classes)), 1.0)


def learn_coupling(
    trials: Sequence[Trial],
    observed: NDArray[np.float64],
    edges_per_supervoxel: float,
    *,
    workers: int | None = None,
    should_stop: ShouldStop | None = None,
) -> Coupling:
    """Estimate the coupling of the classes from held-out strokes.

    Parameters
    ----------
    trials : sequence of Trial
    observed : float64, (C,)
        Share of the volume that the forest gives to each class before refinement.
    edges_per_supervoxel : float
        E / S of the region graph. A supervoxel's neighbours are no independent witnesses; dividing
        by this number counts them as often as on a tree, where the estimate would be exact.
    workers : int, optional
        Threads; one per processor by default.
    should_stop : callable, optional
        Asked every few hundredths of a second, on any thread.
    """
    n_classes = observed.size
    if not trials:
        return Coupling.unknown(n_classes)
    neighbours, own = neighbourhoods(trials, n_classes)
    cost = border_costs(solve_shares(neighbours, own)) / edges_per_supervoxel
    untold = ~(own.sum(axis=1) > 0)
    cost[untold] = UNKNOWN
    cost[:, untold] = UNKNOWN
    np.fill_diagonal(cost, 0)
    cost = make_metric(cost)
    level = _harmless_level(trials, cost, observed, workers, should_stop)
    return Coupling(level * cost, level)


def _harmless_level(
    trials: Sequence[Trial],
    cost: Shares,
    observed: Shares,
    workers: int | None,
    should_stop: ShouldStop | None,
) -> float:
    """Return 1, or after an alarm the level of the largest total gain, losses counting double."""
    before = _outcomes(trials, None, workers)
    prior = _class_shares(_confusion(before, observed.size), observed)
    after = _outcomes(trials, cost, workers, should_stop)
    if not _alarms(before, after, prior):
        return 1.0
    best, most = 0.0, 0.0
    for level in LEVELS:
        after = _outcomes(trials, level * cost, workers, should_stop)
        change = _dice_change(before, after, prior)
        total = float(np.where(change < 0, LOSS_WEIGHT * change, change).sum())
        if total > most:
            best, most = level, total
    return best


def _alarms(before: Outcomes, after: Outcomes, prior: Shares) -> bool:
    """Tell whether refinement costs a class more than chance explains.

    The loss must be some standard errors (jackknife over the strokes) beyond the tolerance, and
    two strokes must agree.
    """
    change = _dice_change(before, after, prior)
    alarm = (change < -TOLERANCE) & (_count_hurt(before, after, prior.size) >= 2)
    if not alarm.any():
        return False
    without = np.array(
        [_dice_change(_drop(before, key), _drop(after, key), prior) for key in before]
    )
    n = len(without)
    error = np.sqrt((n - 1) / n * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    return bool((alarm & (change + _margin(prior.size) * error < -TOLERANCE)).any())


def _margin(n_classes: int) -> float:
    """Return the standard errors that keep the rate of false alarms the same for any C."""
    return float(norm.isf(1 - (1 - FALSE_ALARMS) ** (1 / n_classes)))


def _drop(outcomes: Outcomes, key: tuple[int, int]) -> Outcomes:
    return {other: row for other, row in outcomes.items() if other != key}


def _dice_change(before: Outcomes, after: Outcomes, prior: Shares) -> Shares:
    """Estimate by which part of itself the Dice coefficient of each class changes.

    The part, not the amount: it hardly depends on the class shares, which are known badly.
    """
    first, second = (_dice(_confusion(found, prior.size), prior) for found in (before, after))
    change: Shares = (second - first) / np.maximum(first, 1e-3)
    return change


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
    near = asked[trial.edges].any(axis=1)
    (a, b), weight = trial.edges[near].T, trial.weight[near]
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
        system = np.vstack([reliability[told].T, np.full(int(told.sum()), SURE)])
        solution = nnls(system, np.append(_normalised(neighbours)[c], SURE))[0]
        result[c] = 0
        result[c, told] = solution / max(solution.sum(), 1e-9)
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


def _outcomes(
    trials: Sequence[Trial],
    distance: Shares | None,
    workers: int | None,
    should_stop: ShouldStop | None = None,
) -> Outcomes:
    """Label the held-out strokes; per (class, stroke), the share that each class gets."""

    def label(trial: Trial) -> NDArray[np.int32]:
        if distance is None:
            likeliest: NDArray[np.int32] = trial.probabilities.argmax(axis=1).astype(np.int32)
            return likeliest
        return minimise(
            trial.probabilities,
            trial.links,
            distance,
            painted=trial.known,
            should_stop=should_stop,
        )

    found: Outcomes = {}
    for trial, labels in zip(trials, run_parallel(label, trials, workers=workers), strict=True):
        n_classes = trial.probabilities.shape[1]
        for chosen, c, number in zip(labels[trial.held], trial.column, trial.stroke, strict=True):
            row = found.setdefault((int(c), int(number)), np.zeros(n_classes))
            row[chosen] += 1
    return {key: row / row.sum() for key, row in found.items()}


def _confusion(outcomes: Outcomes, n_classes: int) -> Shares:
    """Mean over the strokes of each class (rows) of the share that each class gets (columns)."""
    rows = np.eye(n_classes)
    for c in range(n_classes):
        own = [row for (of, _), row in outcomes.items() if of == c]
        if own:
            rows[c] = np.mean(own, axis=0)
    return rows


def _class_shares(confusion: Shares, observed: Shares) -> Shares:
    """Estimate how much of the volume each class has, from what an imperfect forest gives it."""
    system = np.vstack([confusion.T, np.full(observed.size, SURE)])
    shares = nnls(system, np.append(observed, SURE))[0]
    shares = 0.9 * shares / max(shares.sum(), 1e-9) + 0.1 * observed  # none is quite absent
    total: Shares = shares / shares.sum()
    return total


def _dice(confusion: Shares, prior: Shares) -> Shares:
    """Return the Dice coefficient of each class that a confusion and class shares imply."""
    hit = prior * np.diag(confusion)
    coefficient: Shares = 2 * hit / np.maximum(prior + confusion.T @ prior, 1e-9)
    return coefficient


def _count_hurt(before: Outcomes, after: Outcomes, n_classes: int) -> NDArray[np.int64]:
    """Count the strokes of each class of which less is right than before."""
    hurt = np.zeros(n_classes, np.int64)
    for (c, number), row in before.items():
        hurt[c] += after[c, number][c] < row[c] - 1e-9
    return hurt


def _normalised(rows: Shares) -> Shares:
    result: Shares = rows / np.maximum(rows.sum(axis=1, keepdims=True), 1e-9)
    return result
