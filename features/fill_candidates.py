"""Values that may be fill: frequent, and constant at the border of planes; and where to look.

All is found in the planes that the scale of intensities is measured in, so that no constant spoils
it unseen, as that of some missing planes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from supervox.execution import VolumeLike

from .intensity import SAMPLE_PLANES, planes_of, sample_voxels

# The share that the percentiles of the intensity scale leave out: less can't spoil it.
LEAST_SHARE = 0.01
CANDIDATE_VOXELS = 2**16  # of the sample, in which frequent values are looked for
GOLDEN = (5**0.5 - 1) / 2
PLANES = 16  # that candidates are looked at in
MOST_ELSEWHERE = 16  # further ones, for a candidate that is in none of these
SQUARE = 3  # voxels along an edge


def border_values(volume: VolumeLike) -> dict[float, list[int]]:
    """Return the values of constant squares, and outermost lines, at the borders of planes.

    Squares are looked at in the corners and amid the borders, lines at the same places.

    Returns
    -------
    dict of float to list of int
        The planes in which each value is seen.
    """
    rows, columns = (_places(size) for size in volume.shape[1:])
    found: dict[float, list[int]] = {}
    for plane in planes_of(volume, SAMPLE_PLANES):
        bands = [np.asarray(volume[plane, row : row + SQUARE]) for row in rows]
        squares = [
            bands[row][:, columns[column] : columns[column] + SQUARE]
            for row in range(3)
            for column in range(3)
            if (rows[row], columns[column]) != (rows[1], columns[1])
        ]
        top, bottom = bands[0][0], bands[2][-1]
        across = [slice(column, column + SQUARE) for column in columns]
        lines = [np.concatenate([line[part] for part in across]) for line in (top, bottom)]
        lines += [np.concatenate([band[:, column] for band in bands]) for column in (0, -1)]
        lines = [line for line in lines if line.size == 3 * SQUARE]  # or there are too few voxels
        constant = {float(each.flat[0]) for each in squares + lines if (each == each.flat[0]).all()}
        for value in constant:
            found.setdefault(value, []).append(plane)
    return found


def _places(size: int) -> tuple[int, int, int]:
    """Return where the first, the middle and the last square along an axis begin."""
    last = max(0, size - SQUARE)
    return 0, last // 2, last


def frequent_values(volume: VolumeLike) -> list[float]:
    """Return the values that a hundredth of a thin sample has, ascending."""
    sample = sample_voxels(volume)
    if sample.size > CANDIDATE_VOXELS:
        # Steps of the golden section meet all columns alike; equal ones may miss those of a side.
        parts = np.arange(CANDIDATE_VOXELS) * GOLDEN % 1
        sample = sample[(parts * sample.size).astype(np.int64)]
    values, counts = np.unique(sample[np.isfinite(sample)], return_counts=True)
    return [float(value) for value in values[counts >= LEAST_SHARE * sample.size]]


def planes_with(places: Mapping[float, Sequence[int]], volume: VolumeLike) -> list[int]:
    """Return the planes that candidates are looked at in, ascending.

    Parameters
    ----------
    places : mapping of float to sequence of int
        Candidates, and planes in which each is seen at the border: some of each are among them.
    volume : array-like, (Z, Y, X)
    """
    regular = set(planes_of(volume, PLANES))
    chosen = set(regular)
    for planes in places.values():
        if not regular.intersection(planes):
            chosen.update(planes[:: -(-len(planes) // MOST_ELSEWHERE)])
    return sorted(chosen)
