"""What determines the refinement, beside the probabilities and the graph."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from supervox.parameters import check, parameter

Balance = tuple[tuple[int, float], ...]

LARGEST_BALANCE = 10.0  # beyond, the floor of the probabilities leaves nothing to be moved
LAST_ID = 65_535


def balance_text(balance: Balance, names: Mapping[int, str] | None = None) -> str:
    """Write a balance for people, as "mitochondria +0.7, membrane -1.2".

    Parameters
    ----------
    balance : tuple of (int, float)
        Class ids, and the value of each.
    names : mapping of int to str, optional
        Names of classes, as far as there are any.
    """
    known = names or {}
    parts = (f"{known.get(k, f'class {k}')} {value:+.4g}" for k, value in balance)
    return ", ".join(parts) or "none"


@dataclass(frozen=True)
class RefinementParameters:
    """How strongly neighbours agree, and how much of each class there is.

    Attributes
    ----------
    strength : float
        Factor on the label costs that the strokes call for: 1 is these, 0 leaves the classifier's
        decision alone.
    balance : tuple of (int, float)
        Class ids, and what is added to the log-probability of each class before refinement, from
        -10 to 10; 0 for all others. Ascending ids, without zeros, in whatever order it is given.

    Raises
    ------
    ValueError
        If a value is out of its range, or a class has two values.
    """

    strength: float = parameter(
        1.0,
        title="Strength of refinement",
        help="How strongly neighbouring supervoxels agree, as a factor on what the strokes call "
        "for. More gives smoother labels and may lose small structures; 0 leaves every supervoxel "
        "to itself.",
        ge=0,
        le=100,
        step=0.1,
    )
    balance: Balance = parameter(
        (),
        title="Balance",
        help="More or less of single classes: what is added to the log-probability of a class "
        "before refinement. 0.7 makes it twice as likely against every other one, -0.7 half as "
        "likely. Nothing is learned anew.",
        write=balance_text,
    )

    def __post_init__(self) -> None:
        check(self)
        object.__setattr__(self, "balance", _in_order(self.balance))

    def balanced(self, *values: tuple[int, float]) -> RefinementParameters:
        """Return a copy in which some classes have another balance.

        Parameters
        ----------
        *values : tuple of (int, float)
            Class ids, and their balance; the other classes keep theirs.

        Raises
        ------
        ValueError
            If there can be no such class or value, or a class is given twice.
        """
        given = {class_id for class_id, _ in values}
        others = tuple(pair for pair in self.balance if pair[0] not in given)
        return replace(self, balance=(*others, *values))

    def balance_of(self, class_id: int) -> float:
        """Return the balance of a class."""
        return dict(self.balance).get(class_id, 0.0)


def _in_order(balance: Balance) -> Balance:
    """Return a balance in the one form that it has."""
    values: dict[int, float] = {}
    for class_id, value in balance:
        if not 1 <= class_id <= LAST_ID:
            raise ValueError(f"a balance is of a class from 1 to {LAST_ID:,}, not of {class_id}")
        if class_id in values:
            raise ValueError(f"class {class_id} has two balances: give one")
        if not math.isfinite(value) or abs(value) > LARGEST_BALANCE:
            raise ValueError(
                f"the balance of class {class_id} must lie between {-LARGEST_BALANCE:g} and "
                f"{LARGEST_BALANCE:g}, not {value:g}"
            )
        values[class_id] = float(value)
    return tuple((k, value) for k, value in sorted(values.items()) if value)
