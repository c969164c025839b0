"""What determines the refinement, beside the probabilities and the graph."""

from __future__ import annotations

from dataclasses import dataclass

from supervox.parameters import check, parameter


@dataclass(frozen=True)
class RefinementParameters:
    """How strongly neighbours agree.

    Attributes
    ----------
    strength : float
        Factor on the label costs that the strokes call for: 1 is these, 0 leaves the classifier's
        decision alone.
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

    def __post_init__(self) -> None:
        check(self)
