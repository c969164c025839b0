"""How a person wants to see a result."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from supervox.napari_plugin.tasks.live import LiveResult

UNSURE = 0.5  # uncertainty from which on something counts as unsure: two classes at 89 % and 11 %


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


def label_table(result: LiveResult, choices: ViewChoices) -> NDArray[np.uint8]:
    """Return the label of each supervoxel as it is shown; 0 where that is too unsure."""
    if choices.threshold == 0:
        return result.labels
    unsure = result.probabilities.max(axis=1) < choices.threshold
    return np.where(unsure, np.uint8(0), result.labels)


def map_table(result: LiveResult, choices: ViewChoices) -> NDArray[np.float32]:
    """Return the value of each supervoxel that is shown: a probability, or doubt."""
    if choices.shown is Shown.UNCERTAINTY:
        return result.uncertainty
    if choices.class_id in result.class_ids:
        column = result.class_ids.index(choices.class_id)
        return np.ascontiguousarray(result.probabilities[:, column])
    return np.zeros(len(result.labels), np.float32)
