"""How a person wants to see a result."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Shown(StrEnum):
    """What the result is shown as."""

    LABELS = "labels"
    FINAL = "final"
    PROBABILITY = "probability"
    UNCERTAINTY = "uncertainty"


@dataclass(frozen=True)
class ViewChoices:
    """How a person wants to see the result.

    Attributes
    ----------
    shown : Shown
    class_id : int
        Whose probability is shown.
    threshold : float
        Supervoxels whose most probable class is less probable than this stay unlabelled.
    opacity : float
        Of the labels.
    map_opacity : float
        Of probability and uncertainty.
    outline : bool
        Whether labels are drawn as outlines.
    """

    shown: Shown = Shown.LABELS
    class_id: int = 0
    threshold: float = 0.0
    opacity: float = 0.4
    map_opacity: float = 0.6
    outline: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "shown", Shown(self.shown))

    @property
    def is_map(self) -> bool:
        """Whether values are shown, not labels."""
        return self.shown in (Shown.PROBABILITY, Shown.UNCERTAINTY)
