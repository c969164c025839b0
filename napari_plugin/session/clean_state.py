"""What the panels for cleaning and filling show, as frozen values; and where amounts begin."""

from __future__ import annotations

import math
from dataclasses import dataclass

from supervox.objects import AMOUNTS, Calibrated, Operation

from .state_pieces import WorkProgress

# Edge of a cube, or length, that each tool begins with, in sizes of a supervoxel.
FIRST = {
    "specks": 1 / 2,
    "holes": 1 / 2,
    "smooth": 1 / 8,
    "open": 1 / 8,
    "close": 1 / 8,
    "dilate": 1 / 8,
    "erode": 1 / 8,
}
DIGITS = 2  # of an amount that nobody chose


def in_two_digits(amount: float) -> float:
    """Return an amount that nobody chose, rounded.

    Examples
    --------
    >>> in_two_digits(18.4), in_two_digits(0.0346)
    (18.0, 0.035)
    """
    return round(amount, DIGITS - 1 - math.floor(math.log10(amount)))


@dataclass(frozen=True)
class TrialState:
    """How a change stands that is shown before it is made.

    Attributes
    ----------
    says : str
        How it stands, or what to do.
    is_bad : bool
        Whether that is a warning.
    can_try, can_apply, can_discard : bool
    progress : WorkProgress or None
        None where nothing runs.
    """

    says: str = ""
    is_bad: bool = False
    can_try: bool = False
    can_apply: bool = False
    can_discard: bool = False
    progress: WorkProgress | None = None


@dataclass(frozen=True)
class CleanState:
    """What the panel for cleaning shows.

    Attributes
    ----------
    classes : tuple of (str, int)
        Names and ids of the classes that the labels can have.
    spacing : tuple of 3 float
    unit : str or None
    size_voxels : float
        Edge of a supervoxel, in voxels of the finest axis.
    trial : TrialState
    """

    classes: tuple[tuple[str, int], ...] = ()
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
    unit: str | None = None
    size_voxels: float = 8.0
    trial: TrialState = TrialState()

    def voxel(self, operation: Operation) -> float:
        """Return what a voxel counts in a tool's amounts: its volume, or its shortest edge."""
        if AMOUNTS[operation] == "volume":
            return Calibrated(self.spacing).voxel_volume
        return min(self.spacing)

    def first_amount(self, operation: Operation) -> float:
        """Return the amount that a tool begins with: it follows the size of the supervoxels."""
        if not AMOUNTS[operation]:
            return 0.0
        edge = FIRST[operation] * self.size_voxels * min(self.spacing)
        amount = edge**3 if AMOUNTS[operation] == "volume" else max(edge, min(self.spacing))
        return in_two_digits(amount)


@dataclass(frozen=True)
class FillState:
    """What the panel for filling between slices shows.

    Attributes
    ----------
    classes : tuple of (str, int)
        Names and ids of all classes.
    trial : TrialState
    """

    classes: tuple[tuple[str, int], ...] = ()
    trial: TrialState = TrialState()
