"""All that determines a segmentation besides the volume and the strokes, in one frozen object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from supervox.features import FeatureParameters
from supervox.segmentation.classifier.forest import ClassifierParameters
from supervox.segmentation.refinement.mrf import RefinementParameters
from supervox.segmentation.supervoxels.seed_grid import SupervoxelParameters

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
    """

    supervoxels: SupervoxelParameters = field(default_factory=SupervoxelParameters)
    features: FeatureParameters = field(default_factory=FeatureParameters)
    classifier: ClassifierParameters = field(default_factory=ClassifierParameters)
    refinement: RefinementParameters = field(default_factory=RefinementParameters)
    partitions: int = 4
    edge_refinement: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.partitions <= MAX_PARTITIONS:
            raise ValueError(
                f"the number of partitions must lie between 1 and {MAX_PARTITIONS}, "
                f"not {self.partitions}"
            )

    @property
    def shifts(self) -> tuple[tuple[float, float, float], ...]:
        """Shift of each partition's grid, as fractions of a cell."""
        return tuple(
            ((k * _SHIFT[0]) % 1, (k * _SHIFT[1]) % 1, (k * _SHIFT[2]) % 1)
            for k in range(self.partitions)
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the parameters as plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SegmentationParameters:
        """Make the parameters from what `to_dict` gave.

        Raises
        ------
        ValueError, TypeError
            If a value is missing, unknown or out of its range.
        """
        rest = dict(values)
        return cls(
            supervoxels=SupervoxelParameters(**rest.pop("supervoxels")),
            features=FeatureParameters.from_dict(rest.pop("features")),
            classifier=ClassifierParameters(**rest.pop("classifier")),
            refinement=RefinementParameters(**rest.pop("refinement")),
            **rest,
        )


def parameters_from_json(values: dict[str, Any]) -> SegmentationParameters:
    """Make parameters of what JSON has, if it has their types, down to the last value.

    Raises
    ------
    ValueError
        If something is missing, unknown, of another type or out of its range.
    """
    if not isinstance(values, dict):
        raise ValueError("its parameters are missing")
    expected = SegmentationParameters().to_dict()
    for stage, defaults in expected.items():
        given = values.get(stage)
        pairs = [(given, defaults)]
        if isinstance(defaults, dict) and isinstance(given, dict):
            pairs = [(given.get(name), value) for name, value in defaults.items()]
            unknown = given.keys() - defaults.keys()
        else:
            unknown = values.keys() - expected.keys()
        if unknown or not all(_alike(value, default) for value, default in pairs):
            raise ValueError(f"its parameters are damaged ({stage})")
    return SegmentationParameters.from_dict(values)


def _alike(value: Any, default: Any) -> bool:
    """Tell whether a value from JSON can stand for one of the default's type."""
    if isinstance(default, list | tuple):
        return isinstance(value, list) and all(_alike(item, default[0]) for item in value)
    if isinstance(default, float):
        return type(value) in (int, float)
    return type(value) is type(default)
