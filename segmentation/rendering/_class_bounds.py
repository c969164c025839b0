"""Which classes can win where: bounds that spare rendering most of its filtering.

The guided filter gives every voxel a weighted mean of the votes around it; the weights add up to 1
but some are negative. Let A be the sum of their magnitudes, K some classes and d another one. If in
the whole window the votes of K, less ``|K|`` times those of d, lie between a and 1, their weighted
mean is at least ``(1 + a) / 2 - A (1 - a) / 2``. Where that is positive, one of K beats d.
"""

from __future__ import annotations

from collections.abc import Sequence

import numba as nb
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from supervox.features import gaussian_smooth

Float32 = NDArray[np.float32]
Slices = tuple[slice, slice, slice]

TILE = 8  # voxels of a tile per axis
ROUNDING = 4e-3  # more than rounding changes in the bounds' ingredients
MARGIN = 1e-2  # by which a class must be beaten, far more than rounding changes


def magnitude_of_weights(
    guide: Float32, mean: Float32, scale: Float32, sigma: Sequence[float], epsilon: float
) -> Float32:
    """Bound the sum of the magnitudes of the guided filter's weights from above.

    With the window w, mean m, variance v and t = sqrt(v) / (v + epsilon), the sum at voxel i is at
    most ``1 + sum over k of w_ik |guide_i - m_k| t_k`` (Cauchy-Schwarz), and that is at most
    ``1 + sqrt(sum over k of w_ik (guide_i - m_k)^2 t_k^2)``.

    Parameters
    ----------
    guide, mean, scale : float32, (Z, Y, X)
        The image, its mean in the window, ``1 / (variance + epsilon)``.
    sigma : sequence of 3 float
    epsilon : float

    Returns
    -------
    float32, tiles of the block
    """
    moments = np.empty((3, *guide.shape), np.float32)
    _weigh_moments(mean.ravel(), scale.ravel(), np.float32(epsilon), moments.reshape(3, -1))
    zeroth, first, second = (gaussian_smooth(moment, sigma) for moment in moments)
    largest = np.zeros([-(-n // TILE) for n in guide.shape], np.float32)
    _largest_distance(guide, zeroth, first, second, largest)
    bound: Float32 = 1 + np.sqrt(largest + np.float32(ROUNDING))
    return bound


@nb.njit(nogil=True, cache=True)
def _weigh_moments(mean, scale, epsilon, moments):  # type: ignore[no-untyped-def]
    zeroth, first, second = moments[0], moments[1], moments[2]
    rounding = np.float32(ROUNDING)
    zero, one = np.float32(0), np.float32(1)
    for i in range(mean.size):
        variance = max(one / scale[i] - epsilon, zero) + rounding
        square = variance * scale[i] * scale[i]
        zeroth[i] = square
        first[i] = square * mean[i]
        second[i] = square * mean[i] * mean[i]


@nb.njit(nogil=True, cache=True)
def _largest_distance(guide, zeroth, first, second, largest):  # type: ignore[no-untyped-def]
    # Strategy: expand the weighted square of (guide - mean) into its three moments, which were
    # smoothed before, and keep the largest of each tile in one raster scan.
    for z in range(guide.shape[0]):
        for y in range(guide.shape[1]):
            tiles = largest[z // TILE, y // TILE]
            for x in range(guide.shape[2]):
                value = guide[z, y, x]
                distance = (
                    second[z, y, x]
                    - (first[z, y, x] + first[z, y, x]) * value
                    + zeroth[z, y, x] * value * value
                )
                tiles[x // TILE] = max(tiles[x // TILE], distance)


def contenders(largest: Float32, magnitude: Float32, reach: Sequence[int]) -> NDArray[np.bool_]:
    """Find the classes that can win somewhere in a tile.

    Parameters
    ----------
    largest : float32, (C, tiles...)
        The largest vote for each class in a tile; the votes of a voxel add up to 1.
    magnitude : float32, tiles
        From `magnitude_of_weights`.
    reach : sequence of 3 int
        How far votes have an influence, in voxels.

    Returns
    -------
    bool, (C, tiles...)
        At least one class in each tile.
    """
    # Strategy: order the classes of each tile by their largest vote around it; the first k win for
    # certain if the bound holds for them against all that come after. Try from all but one class
    # down to one, and keep the fewest.
    size = [1, *(2 * -(-value // TILE) + 1 for value in reach)]
    around = ndimage.maximum_filter(largest, size, mode="nearest")
    order = np.argsort(-around, axis=0, kind="stable")
    votes = np.take_along_axis(around, order, axis=0)
    others = np.cumsum(votes[::-1], axis=0)[::-1]  # of the class and all after it
    count = np.full(magnitude.shape, len(votes))
    for k in range(len(votes) - 1, 0, -1):
        low = 1 - others[k] - k * votes[k]
        count[1 + low > magnitude * (1 - low) + MARGIN] = k
    result: NDArray[np.bool_] = np.argsort(order, axis=0) < count
    return result


def to_voxels(tiles: NDArray[np.bool_], core: Slices) -> NDArray[np.bool_]:
    """Return which voxels of the core of a block are in tiles of the block with its halo."""
    for axis, part in enumerate(core):
        tiles = tiles.take(np.arange(part.start, part.stop) // TILE, axis=axis)
    return tiles


def row_spans(tiles: NDArray[np.bool_], core: Slices) -> NDArray[np.int32]:
    """Cover tiles by one span of each row of voxels.

    Parameters
    ----------
    tiles : bool, (tiles...)
        What to cover, of a block with its halo.
    core : tuple of 3 slice
        The core of the block, to which the spans belong.

    Returns
    -------
    int32, (Z, Y, 2)
        First voxel and first voxel after, 0 and 0 where there is nothing to cover.
    """
    begin, end = core[2].start, core[2].stop
    low = tiles.argmax(axis=2) * TILE - begin
    high = (tiles.shape[2] - tiles[..., ::-1].argmax(axis=2)) * TILE - begin
    spans = np.stack([low, high], axis=-1).clip(0, end - begin)
    spans[~tiles.any(axis=2)] = 0
    z, y = (np.arange(part.start, part.stop) // TILE for part in core[:2])
    return np.ascontiguousarray(spans[z][:, y], np.int32)
