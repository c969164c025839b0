"""What determines the classifier, beside the labelled supervoxels."""

from __future__ import annotations

from dataclasses import dataclass

from supervox.parameters import check, parameter


@dataclass(frozen=True)
class ClassifierParameters:
    """How the forest is grown.

    Attributes
    ----------
    trees : int
        Number of trees.
    seed : int
        Seed of the random choices; the same seed and strokes give the same forest.
    """

    trees: int = parameter(
        200,
        title="Number of trees",
        help="How many trees of the forest vote. More give steadier probabilities, and take longer "
        "after every stroke.",
        ge=1,
        step=50,
    )
    seed: int = parameter(
        0,
        title="Seed",
        help="Number that the random choices follow from: the same gives the same labels.",
        ge=0,
        le=2**32 - 1,
    )

    def __post_init__(self) -> None:
        check(self)
