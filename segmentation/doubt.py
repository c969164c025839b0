"""Where to look next: places far apart, in the midst of patches whose label is in doubt.

A single undecided supervoxel is mostly noise, and one that touches another class is undecided by
nature. What is worth a look is a patch of one label that is undecided as a whole: of such places
more are wrong, and they belong to larger wrong patches, see the documentation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray
from supervox.execution import Run

from .graph.adjacency import Adjacency
from .graph.extents import Extents
from .graph.partition import Partition

HOPS = 4  # of the graph, over which doubt is averaged: the patch that one look takes in
SMALLEST = 0.5  # of the mean size: slivers are undecided by nature
RIM = 0.75  # of a supervoxel's width: nearer to a face of the volume, features know one side only
THICK = 4  # widths: a thinner volume is all rim, and none of it is left out
APART = 4  # widths between two places: one is not in sight of the other at first


class DoubtfulPlace(NamedTuple):
    """A place to look at.

    Attributes
    ----------
    supervoxel : int
        In its midst.
    class_id : int
        What it is labelled now.
    other : int
        The class that it may be instead: the most probable other one.
    """

    supervoxel: int
    class_id: int
    other: int


def find_places(
    partition: Partition,
    extents: Extents,
    labels: NDArray[np.uint8],
    probabilities: NDArray[np.floating],
    class_ids: Sequence[int],
    uncertainty: NDArray[np.floating],
    painted: NDArray[np.integer],
    *,
    spacing: Sequence[float] = (1, 1, 1),
    most: int = 15,
    run: Run = Run(),
) -> list[DoubtfulPlace]:
    """Find the places that are most worth a look, the best first.

    Doubt is averaged over some edges of the graph between supervoxels of one label.

    Parameters
    ----------
    partition : Partition
    extents : Extents
        Of its supervoxels.
    labels : uint8, (S,)
        Class id of each; 0 where there is no data.
    probabilities : float, (S, C)
    class_ids : sequence of int
        Of the C columns.
    uncertainty : float, (S,)
        0 sure, 1 all classes alike.
    painted : int, (P,)
        Supervoxels that strokes touch: nobody need look there.
    spacing : sequence of 3 float
        Voxel size.
    most : int
        Places at most.
    run : Run
        What stops it.

    Returns
    -------
    list of DoubtfulPlace
        No two nearer to each other than `APART` widths of a supervoxel. Empty where nothing is in
        doubt.

    Raises
    ------
    Cancelled
        If `run` says so.
    """
    sizes = partition.graph.size
    doubt = np.where(labels > 0, uncertainty, 0).astype(np.float64)
    doubt = _mean_in_patches(partition.adjacency, labels, doubt, run)
    doubt[painted] = 0
    extent = [axis for axis in range(3) if partition.ids.shape[axis] > 1]
    scale = np.asarray(spacing, float)
    width = float((sizes[sizes > 0].mean() * scale[extent].prod()) ** (1 / len(extent)))
    may = sizes >= SMALLEST * sizes[sizes > 0].mean()
    for axis in extent:
        may &= _is_inside(extents.centres[:, axis], partition.ids.shape[axis], width / scale[axis])
    candidates = np.flatnonzero(may & (doubt > 0))
    where = extents.centres[candidates] * (scale / width)
    chosen = _choose(doubt[candidates], where, most)
    return [_place(int(candidates[k]), labels, probabilities, class_ids) for k in chosen]


def _mean_in_patches(
    adjacency: Adjacency, labels: NDArray[np.uint8], values: NDArray[np.float64], run: Run
) -> NDArray[np.float64]:
    """Average values (S,) over `HOPS` edges between supervoxels of one label."""
    for _ in range(HOPS):
        run.check_stop()
        values = _mean_of_neighbours(
            adjacency.start, adjacency.neighbour, adjacency.weight, labels, values
        )
    return values


@nb.njit(nogil=True, cache=True)
def _mean_of_neighbours(
    start: NDArray[np.int64],
    neighbour: NDArray[np.int32],
    weight: NDArray[np.int32],
    labels: NDArray[np.uint8],
    values: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the mean of each value and of its neighbours' weighted mean, of its label."""
    means = np.empty_like(values)
    for owner in range(values.size):
        total, weights = 0.0, 0
        for k in range(start[owner], start[owner + 1]):
            if labels[neighbour[k]] == labels[owner]:
                total += weight[k] * values[neighbour[k]]
                weights += weight[k]
        means[owner] = (values[owner] + total / weights) / 2 if weights else values[owner]
    return means


def _is_inside(centres: NDArray[np.float32], n_planes: int, width: float) -> NDArray[np.bool_]:
    """Tell which supervoxels don't lie at the faces across an axis, if there are others."""
    if n_planes < THICK * width:
        return np.ones(centres.size, np.bool_)
    return (centres >= RIM * width) & (centres <= n_planes - 1 - RIM * width)


def _choose(doubt: NDArray[np.float64], where: NDArray[np.floating], most: int) -> list[int]:
    """Return the most doubtful ones (N,) that lie apart, by their centres (N, 3) in widths."""
    is_free = np.ones(doubt.size, np.bool_)
    chosen: list[int] = []
    while len(chosen) < most and is_free.any():
        best = int(np.where(is_free, doubt, -1).argmax())
        chosen.append(best)
        is_free &= ((where - where[best]) ** 2).sum(axis=1) > APART**2
    return chosen


def _place(
    supervoxel: int,
    labels: NDArray[np.uint8],
    probabilities: NDArray[np.floating],
    class_ids: Sequence[int],
) -> DoubtfulPlace:
    """Say between which classes a supervoxel hesitates."""
    now = int(labels[supervoxel])
    order = np.argsort(-probabilities[supervoxel], kind="stable")
    other = next(class_ids[k] for k in order if class_ids[k] != now)
    return DoubtfulPlace(supervoxel, now, int(other))
