"""The guide: the lightly smoothed image that supervoxels, boundaries and edges are judged on."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numba as nb
import numpy as np
from numpy.typing import NDArray
from supervox.execution import Block, Device, VolumeLike
from supervox.features import IntensityRange, gaussian_smooth, kernel_radius, read_filled

from ._assignment import INTENSITY_STEP


def smoothing_sigma(sigma_voxels: float, spacing: Sequence[float]) -> tuple[float, float, float]:
    """Sigma per axis in voxels; an axis coarser than sigma is not smoothed."""
    sigma = [sigma_voxels * min(spacing) / value for value in spacing]
    z, y, x = (value if value >= min(sigma_voxels, 1.0) else 0.0 for value in sigma)
    return z, y, x


def face_areas(spacing: Sequence[float]) -> tuple[float, float, float]:
    """Area of the voxel faces across each axis, relative to the smallest face.

    Rounded to 1/64, so that sums of them are exact in any order.
    """
    area = [math.prod(spacing) / value for value in spacing]
    z, y, x = (round(64 * value / min(area)) / 64 for value in area)
    return z, y, x


def guide_block(
    volume: VolumeLike,
    block: Block,
    intensity: IntensityRange,
    sigma: Sequence[float],
    device: Device | None = None,
) -> NDArray[np.float32]:
    """Read a block with the halo of a Gaussian and return its smoothed core, rounded.

    A device smooths, if one is given. The rounding to multiples of 1/1024 makes sums of the values
    exact in float64.
    """
    halo = [kernel_radius(value) for value in sigma]
    padded = split_around(block, volume.shape, halo)
    voxels = intensity.normalise(read_filled(volume, padded.padded))
    values = gaussian_smooth(voxels, tuple(sigma), device=device)
    rounded = np.empty(block.shape, np.float32)
    _round(values[padded.inner], rounded)
    return rounded


@nb.njit(nogil=True, cache=True)
def _round(values, out):  # type: ignore[no-untyped-def]
    """Round to multiples of the step, in one pass."""
    steps, step = np.float32(1 / INTENSITY_STEP), np.float32(INTENSITY_STEP)
    for z in range(out.shape[0]):
        for y in range(out.shape[1]):
            for x in range(out.shape[2]):
                out[z, y, x] = np.rint(values[z, y, x] * steps) * step


def split_around(block: Block, shape: Sequence[int], halo: Sequence[int]) -> Block:
    """Return the block with another halo."""
    z, y, x = (
        slice(max(core.start - pad, 0), min(core.stop + pad, n))
        for core, pad, n in zip(block.core, halo, shape, strict=True)
    )
    return Block(block.index, block.core, (z, y, x))
