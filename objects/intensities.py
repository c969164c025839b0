"""What the voxels of an object have in an image: mean, deviation, extremes, percentiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Block, Run, VolumeLike, read_block

from ._gather import find_least, gather
from .instances import Instances
from .sums import ObjectSums, blocks_of

PERCENTILES = (5.0, 25.0, 50.0, 75.0, 95.0)
STATISTICS = ("mean", "sd", "minimum", "maximum", *(f"p{p:g}" for p in PERCENTILES))
GATHERED_BYTES = 2**28  # of values that are held together at a time
_AT_ONCE = 256  # objects between two questions whether to stop


def describe_values(
    instances: Instances,
    sums: ObjectSums,
    image: VolumeLike,
    block_shape: Sequence[int] | None = None,
    run: Run = Run(),
) -> NDArray[np.float64]:
    """Describe the values that an image has in each object.

    Parameters
    ----------
    instances : Instances
    sums : ObjectSums
        Of the same blocks.
    image : array-like, (Z, Y, X), any real type
        Read block by block; what is no finite number is left out.
    block_shape : sequence of 3 int, optional
    run : Run

    Returns
    -------
    float64, (N, 9)
        A column for each of `STATISTICS`; NaN for an object without a value. The deviation is that
        of the population; percentiles are interpolated between voxels.
    """
    # Strategy: bring the values of each object together, for as many objects at a time as may be
    # held, and sort them. Sorted values are the same for any blocks, and so is what follows.
    out = np.full((instances.number, len(STATISTICS)), np.nan)
    itemsize = np.dtype(image.dtype).itemsize
    groups = list(_groups(sums.voxels, max(1, GATHERED_BYTES // itemsize)))
    for (first, last), part in zip(groups, run.steps([1] * len(groups)), strict=True):
        values, ends = _gathered(instances, sums, image, block_shape, first, last, part)
        _describe(values, ends, out[first:last], part)
    return out


def least_values(
    instances: Instances,
    values: NDArray[np.float32],
    block_shape: Sequence[int] | None = None,
    run: Run = Run(),
) -> NDArray[np.float64]:
    """Return the least value that each object has, (N,)."""
    ids = instances.signed
    least = np.full(instances.number + 1, np.inf, np.float32)

    def one(block: Block) -> NDArray[np.float32]:
        found = np.full(least.size, np.inf, np.float32)
        find_least(ids[block.core], values[block.core], found)
        return found

    for found in run.blocks(one, blocks_of(ids.shape, block_shape)):
        np.minimum(least, found, out=least)
    return least[1:].astype(np.float64)


def _groups(voxels: NDArray[np.int64], most: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of objects that have so many voxels together at most; or one that has more."""
    ends = np.cumsum(voxels)
    first = 0
    while first < voxels.size:
        before = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + most, side="right")))
        yield first, last
        first = last


def _gathered(
    instances: Instances,
    sums: ObjectSums,
    image: VolumeLike,
    block_shape: Sequence[int] | None,
    first: int,
    last: int,
    run: Run,
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the values of a range of objects, one object's after the other's, and where each ends.

    Where the values of a block go is known from the voxels that objects have in the blocks before.
    """
    ids, ends = instances.signed, np.cumsum(sums.voxels[first:last])
    dtype = np.dtype(image.dtype).newbyteorder("=")
    if dtype == np.bool_ or dtype == np.float16:
        dtype = np.dtype(np.uint8 if dtype == np.bool_ else np.float32)
    values = np.empty(int(ends[-1]), dtype)
    taken = ends - sums.voxels[first:last]
    places: list[tuple[NDArray[np.int32], NDArray[np.int64]]] = []
    for found, voxels in sums.parts:
        here = (found > first) & (found <= last)
        places.append((found[here], taken[found[here] - 1 - first].copy()))
        taken[found[here] - 1 - first] += voxels[here]

    def one(block: Block) -> None:
        found, start = places[block.index]
        if not found.size:
            return
        place = np.full(instances.number + 1, -1, np.int64)
        place[found] = start
        read = np.ascontiguousarray(read_block(image, block.core), dtype)
        gather(ids[block.core], read, place, values)

    for _ in run.blocks(one, blocks_of(ids.shape, block_shape)):
        pass
    return values, ends


def _describe(
    values: NDArray[Any], ends: NDArray[np.int64], out: NDArray[np.float64], run: Run
) -> None:
    """Describe each piece of `values` in a row of `out`."""
    starts = np.concatenate([[0], ends[:-1]])
    finite = _finite if values.dtype.kind == "f" else _same

    def some(start: int) -> None:
        for k in range(start, min(start + _AT_ONCE, len(out))):
            piece = finite(values[starts[k] : ends[k]])
            if piece.size:
                piece.sort()
                out[k] = _statistics(piece)

    run.silent().parallel(some, range(0, len(out), _AT_ONCE))


def _same(values: NDArray[Any]) -> NDArray[Any]:
    return values


def _finite(values: NDArray[Any]) -> NDArray[Any]:
    found: NDArray[Any] = values[np.isfinite(values)]
    return found


def _statistics(piece: NDArray[Any]) -> list[float]:
    """Return the statistics of sorted values."""
    mean = float(np.mean(piece, dtype=np.float64))
    deviation = float(np.sqrt(np.mean(np.square(piece - mean), dtype=np.float64)))
    place = np.array(PERCENTILES) / 100 * (piece.size - 1)
    below = place.astype(np.int64)
    above = np.minimum(below + 1, piece.size - 1)
    low, high = piece[below].astype(np.float64), piece[above].astype(np.float64)
    return [
        mean,
        deviation,
        float(piece[0]),
        float(piece[-1]),
        *(low + (place - below) * (high - low)),
    ]
