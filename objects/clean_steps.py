"""What there is to clean labels with, and with how much of it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from supervox.volumes import convert_length, unit_symbol

from .errors import ObjectsError
from .scale import Calibrated

Operation = Literal["specks", "holes", "keep-largest", "smooth", "open", "close", "dilate", "erode"]
# What the amount of each operation is: a volume, a length, or nothing.
AMOUNTS: dict[Operation, str] = {
    "specks": "volume",
    "holes": "volume",
    "keep-largest": "",
    "smooth": "length",
    "open": "length",
    "close": "length",
    "dilate": "length",
    "erode": "length",
}
TEXTS: dict[Operation, str] = {
    "specks": "objects smaller than a volume become what is around them",
    "holes": "what a class encloses becomes of it, up to a volume",
    "keep-largest": "all objects of a class but the largest become what is around them",
    "smooth": "surfaces are smoothed: a Gaussian of a class, cut at a half",
    "open": "what a ball of a radius doesn't fit into is lost: thin bridges and spikes",
    "close": "what a ball of a radius doesn't fit into outside is filled: gaps and dents",
    "dilate": "a class grows by a length",
    "erode": "a class shrinks by a length",
}
_AMOUNT = re.compile(r"\s*(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)\s*([^\W\d]+(?:\^\d)?)?\s*")


@dataclass(frozen=True)
class CleanStep:
    """One step of cleaning.

    Attributes
    ----------
    operation : str
        One of `TEXTS`.
    amount : float
        A volume or a length, in the unit of the voxel size; 0 where none is needed.
    classes : tuple of int
        What to clean; every class that isn't locked if there are none.
    per_plane : bool
        Whether holes are looked for in each plane by itself.
    open_to_border : bool
        Whether what is open only to the border of the volume is a hole, too.
    """

    operation: Operation
    amount: float = 0.0
    classes: tuple[int, ...] = ()
    per_plane: bool = False
    open_to_border: bool = False

    def __post_init__(self) -> None:
        if self.operation not in AMOUNTS:
            raise ObjectsError(
                f"there is no step {self.operation!r} to clean with; there are {', '.join(AMOUNTS)}"
            )
        if AMOUNTS[self.operation] and not self.amount > 0:
            raise ObjectsError(
                f"{self.operation} needs a {AMOUNTS[self.operation]} above 0, not {self.amount:g}"
            )

    @property
    def is_local(self) -> bool:
        """Whether what is near a voxel mostly tells what becomes of it."""
        return 0 < self.amount < math.inf

    @classmethod
    def parse(
        cls,
        text: str,
        scale: Calibrated,
        classes: Sequence[int] = (),
        *,
        per_plane: bool = False,
        open_to_border: bool = False,
    ) -> CleanStep:
        """Read a step such as ``specks=0.001um^3``, ``open=30 nm``, ``keep-largest``.

        Parameters
        ----------
        text : str
            An amount without a unit is in that of the voxel size; ``specks=20voxels`` counts them,
            and ``holes=all`` has no limit.
        scale : Calibrated
        classes, per_plane, open_to_border
            As for the attributes.

        Raises
        ------
        ObjectsError
            If it isn't one, or the unit doesn't fit.
        """
        name, _, amount = (part.strip() for part in text.partition("="))
        if name not in AMOUNTS:
            known = ", ".join(f"{item}={kind.upper()}" if kind else item for item, kind in _known())
            raise ObjectsError(f"there is no step {name!r} to clean with; there are {known}")
        operation: Operation = name
        kind = AMOUNTS[operation]
        if bool(amount) != bool(kind):
            needs = f"needs a {kind}, such as {name}={_EXAMPLES[kind]}" if kind else "takes nothing"
            raise ObjectsError(f"{name} {needs}")
        if amount == "all" and operation == "holes":  # of others, nothing would be left
            value = math.inf
        else:
            value = _amount(text, amount, kind, scale) if kind else 0.0
        return cls(operation, value, tuple(classes), per_plane, open_to_border)


_EXAMPLES = {"volume": "0.001um^3", "length": "30nm"}


def _known() -> list[tuple[str, str]]:
    return [(str(name), kind) for name, kind in AMOUNTS.items()]


def _amount(text: str, amount: str, kind: str, scale: Calibrated) -> float:
    """Return an amount in the unit of the voxel size."""
    found = _AMOUNT.fullmatch(amount)
    if found is None:
        raise ObjectsError(f"{text!r}: {amount!r} is no {kind}; write it like {_EXAMPLES[kind]}")
    unit = (found[2] or "").replace("²", "^2").replace("³", "^3")  # as people write it
    value = float(found[1])
    power = 3 if kind == "volume" else 1
    if unit in ("voxel", "voxels"):
        return value * (scale.voxel_volume if power == 3 else min(scale.spacing))
    if not unit:
        return value
    base, _, exponent = unit.partition("^")
    source, target = unit_symbol(base), scale.unit
    if source is None or (exponent or "1") != str(power):
        raise ObjectsError(f"{text!r}: {unit!r} is no unit of a {kind}")
    if target is None:
        raise ObjectsError(
            f"{text!r}: the labels have no unit; give the amount without one, or in voxels"
        )
    return value * convert_length(1.0, source, target) ** power
