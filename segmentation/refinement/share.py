"""The balance that gives a class the share of the volume that a person asks for."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from .parameters import LARGEST_BALANCE

STEPS = 100  # of a balance that is found, from one whole number to the next
CLOSE = 0.01  # a share this close to the wanted one, in proportion to it, is as good as that
MISSED = 0.1  # one that is farther from it, in proportion, is told as missed
FIRST_STRIDE = 0.25
MARGIN = 0.1  # a guess keeps this far from either end, as a part of what lies between


class FoundBalance(NamedTuple):
    """A balance, and what it leads to.

    Attributes
    ----------
    balance : float
        Of the class, in hundredths.
    share : float
        Of the voxels that have data, in the labels, from 0 to 1.
    """

    balance: float
    share: float

    def why_missed(self, wanted: float) -> str:
        """Say why a share can't be reached; empty if it is, as nearly as people ask for one."""
        if abs(self.share - wanted) <= MISSED * wanted:
            return ""
        return "what is painted keeps its class, and what looks alike changes together"


def find_balance(
    share_at: Callable[[float], float], wanted: float, start: float = 0.0
) -> FoundBalance:
    """Find the balance at which a class has a share; the share grows with the balance.

    From where it is now, strides that double lead past the wanted share; what lies between is
    narrowed down on the logarithm of the share, which is nearly straight. About six refinements.

    Parameters
    ----------
    share_at : callable
        Refines with a balance, and returns the share.
    wanted : float
        Between 0 and 1.
    start : float
        Where to begin.

    Returns
    -------
    FoundBalance
        Within a hundredth of the wanted share, or as close to it as a hundredth of balance comes;
        the end of the range where that isn't enough.
    """
    asked: dict[int, float] = {}
    below: int | None = None
    above: int | None = None
    at, stride = round(start * STEPS), round(FIRST_STRIDE * STEPS)
    while at not in asked:
        share = asked[at] = share_at(at / STEPS)
        if abs(share - wanted) <= CLOSE * wanted:
            break
        if share < wanted:
            below = at
        else:
            above = at
        if below is None or above is None:
            beyond = at + stride if share < wanted else at - stride
            most = round(LARGEST_BALANCE * STEPS)
            at, stride = min(max(beyond, -most), most), 2 * stride
        else:
            at = _between(below, above, asked, wanted)
    best = min(asked, key=lambda step: (abs(asked[step] - wanted), abs(step)))
    return FoundBalance(best / STEPS, asked[best])


def _between(below: int, above: int, asked: dict[int, float], wanted: float) -> int:
    """Return the step between two that probably has the wanted share; one of them if none is."""
    if above - below < 2:
        return below
    low, middle, high = (
        math.log(max(share, 1e-9)) for share in (asked[below], wanted, asked[above])
    )
    part = (middle - low) / (high - low) if high > low else 0.5
    part = min(max(part, MARGIN), 1 - MARGIN)
    return min(max(below + round(part * (above - below)), below + 1), above - 1)
