"""What a person chose of the parameters, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

from supervox.features import PRESETS, FeatureParameters
from supervox.napari_plugin.settings import Settings
from supervox.segmentation import (
    RefinementParameters,
    SegmentationParameters,
    SupervoxelParameters,
)

# Presets in words of the lab, in the order of the menu. What is in them, the engine knows.
KINDS_OF_DATA: dict[str, str] = {
    "default": "Any kind (recommended)",
    "cryo-sxt": "Cryo soft X-ray tomography",
    "electron-microscopy": "Electron microscopy",
    "x-ray-ct": "X-ray tomography",
    "fast": "Quick look",
    "full": "Everything (slow)",
}
CUSTOM = "Own choice of features"


@dataclass(frozen=True)
class Choices:
    """The choices of the sections Prepare and Segment.

    Attributes
    ----------
    features : FeatureParameters
    size_voxels, compactness : float
        Of the supervoxels; see `SupervoxelParameters`.
    strength : float
        Of refinement; 1 is what the strokes call for.
    others : SegmentationParameters
        Has what is chosen on the command line only, as the number of partitions.
    """

    features: FeatureParameters
    size_voxels: float = SupervoxelParameters.size_voxels
    compactness: float = SupervoxelParameters.compactness
    strength: float = RefinementParameters.strength
    others: SegmentationParameters = field(default_factory=SegmentationParameters, repr=False)

    @classmethod
    def starting_with(cls, settings: Settings) -> Self:
        """Return the choices that a person's settings begin with."""
        features = PRESETS.get(settings.preset, FeatureParameters())  # unknown: another version's
        return cls(features, settings.supervoxel_size)

    @classmethod
    def of(cls, parameters: SegmentationParameters) -> Self:
        """Return the choices that lead to some parameters."""
        supervoxels = parameters.supervoxels
        return cls(
            parameters.features,
            supervoxels.size_voxels,
            supervoxels.compactness,
            parameters.refinement.strength,
            parameters,
        )

    @property
    def parameters(self) -> SegmentationParameters:
        """The parameters of the full pipeline."""
        return replace(
            self.others,
            supervoxels=replace(
                self.others.supervoxels,
                size_voxels=self.size_voxels,
                compactness=self.compactness,
            ),
            features=self.features,
            refinement=self.refinement,
        )

    @property
    def refinement(self) -> RefinementParameters:
        """The parameters of refinement."""
        return replace(self.others.refinement, strength=self.strength)

    @property
    def preset(self) -> str | None:
        """Name of the preset that the features are; None if they are a choice of one's own."""
        return next((name for name, found in PRESETS.items() if found == self.features), None)
