"""What determines the supervoxels, beside the volume."""

from __future__ import annotations

from dataclasses import dataclass

from supervox.parameters import check, parameter


@dataclass(frozen=True)
class SupervoxelParameters:
    """How a volume is cut into supervoxels.

    Attributes
    ----------
    size_voxels : float
        Edge of a supervoxel in voxels of the finest axis; other axes follow the spacing.
    compactness : float
        Weight of the distance in space against the distance in intensity; the intensities'
        percentiles 1 and 99 lie 10 apart.
    iterations : int
        Rounds of assignment and update of the centres.
    smoothing_voxels : float
        Sigma of the Gaussian that the image is smoothed with first.
    """

    size_voxels: float = parameter(
        8.0,
        title="Supervoxel size",
        help="Edge of the supervoxels, the pieces that the volume is cut into, in voxels of the "
        "finest axis. Smaller ones follow smaller organelles, and take longer.",
        unit="voxels",
        ge=2,
    )
    compactness: float = parameter(
        2.0,
        title="Compactness",
        help="How round the supervoxels are: low values follow faint edges, high values give "
        "rounder pieces.",
        gt=0,
        step=0.25,
    )
    iterations: int = parameter(
        5,
        title="Iterations",
        help="How often voxels are assigned to the nearest supervoxel. Few more change little, and "
        "each takes its time.",
        ge=1,
    )
    smoothing_voxels: float = parameter(
        1.0,
        title="Smoothing",
        help="Sigma of the Gaussian that the image is smoothed with before it is cut into "
        "supervoxels, in voxels of the finest axis. More for noisier images; features are "
        "measured in the image itself.",
        unit="voxels",
        ge=0,
        step=0.25,
    )

    def __post_init__(self) -> None:
        check(self)
