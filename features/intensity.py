"""One intensity scale for all volumes: robust percentiles of the volume become 0 and 10."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from supervox.execution import VolumeLike

LOW, HIGH = 0.0, 10.0
# Hot pixels and gold markers end one full range beyond the percentiles, so that a single voxel
# can't carry the mean of its neighbourhood away.
CLIP = (LOW - (HIGH - LOW), HIGH + (HIGH - LOW))
SAMPLE_VOXELS = 4_000_000
SAMPLE_PLANES = 64


@dataclass(frozen=True)
class IntensityRange:
    """The linear map from a volume's values to the scale that all parameters are stated in.

    Attributes
    ----------
    low, high : float
        Values of the volume that become 0 and 10 (percentiles 1 and 99).
    fill : float
        Value that stands in for voxels that are not finite (the median).
    """

    low: float
    high: float
    fill: float

    @classmethod
    def measure(
        cls, volume: VolumeLike, percentiles: tuple[float, float] = (1.0, 99.0)
    ) -> IntensityRange:
        """Take the percentiles from a deterministic, regular sample of the voxels.

        Parameters
        ----------
        volume : array-like, (Z, Y, X), any real dtype
        percentiles : tuple of 2 float
            Lower and upper percentile.

        Raises
        ------
        ValueError
            If the sample holds no finite voxel, or only one value.
        """
        sample = sample_voxels(volume)
        sample = sample[np.isfinite(sample)]
        if sample.size == 0:
            raise ValueError("the volume has no voxels with data: nothing can be segmented")
        low, fill, high = (
            float(v) for v in np.percentile(sample, (percentiles[0], 50, percentiles[1]))
        )
        if low == high:  # nearly all voxels are equal: the few others still carry the picture
            low, high = float(sample.min()), float(sample.max())
        if low == high:
            raise ValueError(
                f"the volume is constant (every voxel is {low:g}): nothing can be segmented"
            )
        return cls(low, high, fill)

    def normalise(self, block: NDArray[Any]) -> NDArray[np.float32]:
        """Map a block to the common scale, as float32; voxels that are not finite get `fill`."""
        # float32 can't hold every integer of 32 bits: subtract before rounding
        exact = np.float32 if np.can_cast(block.dtype, np.float32, "safe") else np.float64
        source = np.ascontiguousarray(block, block.dtype.newbyteorder("="))
        if source.dtype in (np.float16, np.longdouble, np.bool_):  # not known to the compiler
            source = source.astype(exact)
        out = np.empty(block.shape, np.float32)
        scale = (HIGH - LOW) / (self.high - self.low)
        _normalise(source.reshape(-1), exact(self.low), exact(scale), exact(self.fill), out.ravel())
        return out


@njit(nogil=True, cache=True, error_model="numpy")
def _normalise(block, low, scale, fill, out):  # type: ignore[no-untyped-def]
    """Do all steps in one pass over the memory, in the type of `low`."""
    least, most = type(low)(CLIP[0]), type(low)(CLIP[1])
    for i in range(block.size):
        value = type(low)(block[i])
        if not abs(value) < np.inf:
            value = fill
        out[i] = min(max((value - low) * scale, least), most)


def planes_of(volume: VolumeLike, most: int) -> list[int]:
    """Return so many planes of a volume at most, as far apart as may be, ascending."""
    last, n = volume.shape[0] - 1, min(volume.shape[0], most)
    return [int(plane) for plane in np.unique(np.linspace(0, last, n).astype(int))]


def sample_voxels(volume: VolumeLike) -> NDArray[np.float64]:
    """Read a regular sample of at most a few million voxels: some planes, thinned out."""
    planes = planes_of(volume, SAMPLE_PLANES)
    step = max(
        1, int(np.ceil((volume.shape[1] * volume.shape[2] * len(planes) / SAMPLE_VOXELS) ** 0.5))
    )
    picked = [np.asarray(volume[plane, ::step, ::step]).ravel() for plane in planes]
    return np.concatenate(picked).astype(np.float64)


def fingerprint(*images: VolumeLike) -> str:
    """Return a short digest of a volume's shape, type and a regular sample of its voxels.

    Parameters
    ----------
    images : array-like, (Z, Y, X)
        The volume, and its further channels.
    """
    digest = blake2b(digest_size=16)
    for image in images:
        digest.update(repr((tuple(image.shape), np.dtype(image.dtype).str)).encode())
        digest.update(np.ascontiguousarray(sample_voxels(image)).tobytes())
    return digest.hexdigest()
