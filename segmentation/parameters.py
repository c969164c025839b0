"""All that determines a segmentation besides the volume and the strokes, in one frozen object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from supervox.features import FeatureParameters, parse_no_data
from supervox.parameters import check, parameter, read_json, stage
from supervox.segmentation.classifier.parameters import ClassifierParameters
from supervox.segmentation.refinement.parameters import RefinementParameters
from supervox.segmentation.supervoxels.parameters import SupervoxelParameters

MAX_PARTITIONS = 16
# The plastic number's powers: shifts that keep apart from each other for any number of partitions.
_SHIFT = (0.8191725133961645, 0.6710436067037893, 0.5497004779019703)


@dataclass(frozen=True)
class SegmentationParameters:
    """Parameters of every stage of the pipeline.

    Attributes
    ----------
    supervoxels, features, classifier, refinement
        Parameters of the stages of the same names.
    partitions : int
        How many partitions of the volume into supervoxels vote, each with its grid shifted.
    edge_refinement : bool
        Whether borders follow the image below the size of a supervoxel.
    no_data : str
        What has no data, as for `supervox.features.leave_out`.
    """

    supervoxels: SupervoxelParameters = stage(
        SupervoxelParameters,
        title="Supervoxels",
        help="The volume is cut into small pieces.",
    )
    features: FeatureParameters = stage(
        FeatureParameters,
        title="Features",
        help="The image is measured in every supervoxel.",
    )
    classifier: ClassifierParameters = stage(
        ClassifierParameters,
        title="Classifier",
        help="Supervoxels that strokes touch teach the probabilities of all others.",
    )
    refinement: RefinementParameters = stage(
        RefinementParameters,
        title="Refinement",
        help="Neighbouring supervoxels decide together.",
    )
    partitions: int = parameter(
        4,
        title="Number of partitions",
        help="How often the volume is cut into supervoxels, each time elsewhere, so that the cuts "
        "vote. 1 is quick, more is more accurate.",
        ge=1,
        le=MAX_PARTITIONS,
    )
    edge_refinement: bool = parameter(
        True,
        title="Edge refinement",
        help="Whether borders lie at the edges in the image, or where the supervoxels have them.",
    )

    no_data: str = parameter(
        "auto",
        title="No data",
        help="What stands for no data, as outside of the cylinder of a CT reconstruction; labels "
        "are 0 there. auto: a constant that fills much of the volume; none: nothing; or values, "
        'like 0 or "0, 65535".',
    )

    def __post_init__(self) -> None:
        check(self)
        parse_no_data(self.no_data)

    @property
    def shifts(self) -> tuple[tuple[float, float, float], ...]:
        """Shift of each partition's grid, as fractions of a cell."""
        return tuple(
            ((k * _SHIFT[0]) % 1, (k * _SHIFT[1]) % 1, (k * _SHIFT[2]) % 1)
            for k in range(self.partitions)
        )

    def balanced(self, *values: tuple[int, float]) -> SegmentationParameters:
        """Return a copy in which some classes have another balance; see `RefinementParameters`."""
        return replace(self, refinement=self.refinement.balanced(*values))

    def unbalanced(self) -> SegmentationParameters:
        """Return a copy in which no class has a balance."""
        return replace(self, refinement=replace(self.refinement, balance=()))

    def to_dict(self) -> dict[str, Any]:
        """Return the parameters as plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SegmentationParameters:
        """Make the parameters from what `to_dict` gave, here or in an older version.

        What is missing has its default.

        Raises
        ------
        ValueError
            If a value is unknown, of another type or out of its range.
        """
        return read_json(cls, values)
