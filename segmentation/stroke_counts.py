"""How many strokes there are: painted voxels that touch are one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from .strokes import Strokes

# From a row to half of the eight around it, in planes and rows; the other half sees it as its own.
_STEPS = ((0, 1), (1, -1), (1, 0), (1, 1))


class _Runs(NamedTuple):
    """Voxels of one class side by side in a row, in raster order, as the arrays of their ends.

    Places are raster indices in a volume with a row more in each plane, and a column more in each
    row, which nobody paints: what is beside a row's end is not in the next row.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    classes: NDArray[np.uint16]


def count_strokes(strokes: Strokes, shape: Sequence[int]) -> dict[int, int]:
    """Count the strokes of each class: painted voxels that touch by a face, edge or corner are one.

    Time and memory grow with the runs of voxels in rows, so that imported labels of millions of
    voxels are counted as well.

    Parameters
    ----------
    strokes : Strokes
    shape : sequence of 3 int
        Voxels of the volume.

    Returns
    -------
    dict of int to int
        Number of strokes by class id.
    """
    if not strokes.voxels.size:
        return {}
    runs = _runs_of(strokes, shape)
    below, beside = zip(*(_touching(runs, step, shape) for step in _STEPS), strict=True)
    a, b = np.concatenate(below), np.concatenate(beside)
    n = runs.first.size
    adjacency = csr_array((np.ones(a.size, np.int8), (a, b)), shape=(n, n))
    number = connected_components(adjacency, directed=False)[1]
    classes = np.zeros(int(number.max()) + 1, np.int64)
    classes[number] = runs.classes
    ids, counts = np.unique(classes, return_counts=True)
    return dict(zip(ids.tolist(), counts.tolist(), strict=True))


def _runs_of(strokes: Strokes, shape: Sequence[int]) -> _Runs:
    """Find the runs of painted voxels."""
    voxels, classes = strokes.voxels, strokes.classes
    rows, columns = shape[1:]
    begins = np.ones(voxels.size, np.bool_)
    begins[1:] = (np.diff(voxels) > 1) | (classes[1:] != classes[:-1]) | (voxels[1:] % columns == 0)
    start = np.flatnonzero(begins)
    length = np.diff(start, append=voxels.size)
    row, column = np.divmod(voxels[start], columns)
    plane, row = np.divmod(row, rows)
    first = (plane * (rows + 1) + row) * (columns + 1) + column
    return _Runs(first, first + length - 1, classes[start])


def _touching(
    runs: _Runs, step: tuple[int, int], shape: Sequence[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of runs of one class that touch, from rows to those a step away."""
    away = (step[0] * (shape[1] + 1) + step[1]) * (shape[2] + 1)
    # Of the runs, which are in order, those from the first that doesn't end before to the last
    # that doesn't begin behind.
    start = np.searchsorted(runs.last, runs.first + away - 1)
    stop = np.searchsorted(runs.first, runs.last + away + 1, side="right")
    count = np.maximum(stop - start, 0)
    a = np.repeat(np.arange(count.size), count)
    b = np.arange(a.size) + np.repeat(start - (np.cumsum(count) - count), count)
    same = runs.classes[a] == runs.classes[b]
    return a[same], b[same]
