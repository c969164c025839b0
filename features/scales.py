"""From a scale in voxels to a grid and kernels per axis: spacing, anisotropy, coarsening."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from supervox.execution import IntTriple

from .parameters import FeatureParameters

Floats = tuple[float, float, float]

# A sigma of two coarse voxels is the smallest at which sampled Gaussians and central differences
# are still close to the continuous ones.
SIGMA_ON_GRID = 2.0


@dataclass(frozen=True)
class Scale:
    """One sigma on one volume.

    Attributes
    ----------
    sigma : float
        In voxels of the finest axis.
    factor : tuple of 3 int
        Voxels of the volume per cell of the grid that the scale is evaluated on, powers of two.
    inner, outer : tuple of 3 float
        Standard deviation of the first and of the second smoothing in cells; 0 leaves an axis
        unfiltered. The first allows for the blur of averaging voxels into cells.
    first : tuple of 3 float
        Weight of a central difference that makes it the scale-normalised derivative in units of
        intensity; 0 omits an axis.
    """

    sigma: float
    factor: IntTriple
    inner: Floats
    outer: Floats
    first: Floats


def plan_scale(sigma: float, shape: Sequence[int], spacing: Sequence[float]) -> Scale:
    """Choose grid, kernels and weights of one scale.

    Parameters
    ----------
    sigma : float
        In voxels of the finest axis.
    shape : sequence of 3 int
        Voxels of the volume.
    spacing : sequence of 3 float
        Voxel size per axis.
    """
    factor, inner, outer, first = [1, 1, 1], [0.0] * 3, [0.0] * 3, [0.0] * 3
    for axis in range(3):
        ratio = spacing[axis] / min(spacing)
        sigma_axis = sigma / ratio
        # wider voxels than sigma: sections too far apart to be blurred into each other (the
        # tolerance absorbs spacings such as 0.1 and 0.3)
        if shape[axis] == 1 or sigma_axis < 1 - 1e-6:
            continue
        f = 2 ** max(0, math.floor(math.log2(sigma_axis / SIGMA_ON_GRID) + 1e-6))
        factor[axis] = f
        inner[axis] = math.sqrt(sigma_axis**2 - (f**2 - 1) / 12) / f
        outer[axis] = sigma_axis / f
        first[axis] = outer[axis] / 2
    return Scale(
        sigma,
        (factor[0], factor[1], factor[2]),
        (inner[0], inner[1], inner[2]),
        (outer[0], outer[1], outer[2]),
        (first[0], first[1], first[2]),
    )


def plan_scales(
    parameters: FeatureParameters, shape: Sequence[int], spacing: Sequence[float]
) -> tuple[Scale, ...]:
    """Plan all scales of a feature bank on a volume; their factors never decrease.

    Raises
    ------
    ValueError
        If the volume is not 3D or empty, or a spacing is not positive.
    """
    if len(shape) != 3 or min(shape) < 1:
        raise ValueError(
            f"features need a 3D volume with voxels, not shape {tuple(shape)}; "
            "give an image as one plane: image[None]"
        )
    if len(spacing) != 3 or not all(math.isfinite(s) and s > 0 for s in spacing):
        raise ValueError(f"spacing must be 3 positive voxel sizes, not {tuple(spacing)}")
    return tuple(plan_scale(sigma, shape, spacing) for sigma in parameters.sigmas_voxels)
