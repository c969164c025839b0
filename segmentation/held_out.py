"""Held-out strokes: what forests say of strokes that they were not trained on.

A forest is nearly always right about the strokes that it learned from. What it is worth elsewhere,
and what refinement does to each class, shows where a stroke was left out: three forests are grown,
each without a third of the strokes, and asked for the surroundings of those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from .forest import ClassifierParameters, train_forest
from .graph import RegionGraph
from .model import Painted
from .partition import Partition
from .strokes import Strokes, majority

FOLDS = 3
HOPS = 5  # around a stroke: as far as refinement carries decisions that matter there
MAX_STROKES = 24  # of a class that are tried; more cost time and change the outcome little
ALWAYS = -1  # fold of strokes that are in every training set
# Of a sample of the volume: shares and contacts of classes in it are known to a few percent.
SAMPLE_SIZE, SAMPLE_CENTRES = 40_000, 24


@dataclass(frozen=True)
class Trial:
    """The surroundings of some held-out strokes in one partition.

    Attributes
    ----------
    probabilities : float32, (N, C)
        Of the forest that did not see these strokes, for the N supervoxels around them.
    edges : int32, (M, 2)
        Region graph of the surroundings.
    weight : float64, (M,)
        Weights of the edges.
    known : tuple of int32 (L,), int32 (L,)
        Supervoxels that other strokes paint, and the columns of their classes.
    held : int32, (H,)
        Supervoxels that the held-out strokes paint.
    column, stroke : int32, (H,)
        Column of the class, and number of the stroke, of each.
    """

    probabilities: NDArray[np.float32]
    edges: NDArray[np.int32]
    weight: NDArray[np.float64]
    known: tuple[NDArray[np.int32], NDArray[np.int32]]
    held: NDArray[np.int32]
    column: NDArray[np.int32]
    stroke: NDArray[np.int32]


def hold_out(
    partitions: Sequence[Partition],
    strokes: Strokes,
    painted: Sequence[Painted],
    parameters: ClassifierParameters,
    *,
    workers: int | None = None,
) -> list[Trial]:
    """Leave out every third stroke of each class in turn, and look at what is said of it.

    Parameters
    ----------
    partitions : sequence of Partition
    strokes : Strokes
    painted : sequence of Painted
        Labelled supervoxels of each partition.
    parameters : ClassifierParameters
        Of the forest; those that are grown here have half of its trees.
    workers : int, optional
        Threads.

    Returns
    -------
    list of Trial
        Empty if no class has two strokes.
    """
    class_ids = np.unique(np.concatenate([at.classes for at in painted]))
    of_voxel, fold_of = number_strokes(partitions[0].ids, partitions[0].graph, painted[0], strokes)
    number = [
        majority(part.ids.reshape(-1)[strokes.voxels], of_voxel)[1].astype(np.int64)
        for part in partitions
    ]
    few = replace(parameters, trees=max(1, parameters.trees // 2))
    trials = []
    for fold in range(FOLDS):
        if not (fold_of == fold).any():
            continue
        seen = [fold_of[at] != fold for at in number]
        rows = [
            part.table.values[at.supervoxels[kept]]
            for part, at, kept in zip(partitions, painted, seen, strict=True)
        ]
        classes = [at.classes[kept] for at, kept in zip(painted, seen, strict=True)]
        if np.unique(np.concatenate(classes)).size < class_ids.size:
            continue  # a class lives on in one partition only: nothing to compare with
        forest = train_forest(np.concatenate(rows), np.concatenate(classes), few, workers=workers)
        for part, at, stroke, kept in zip(partitions, painted, number, seen, strict=True):
            columns = np.searchsorted(class_ids, at.classes).astype(np.int32)
            near, inside = _surroundings(part.graph, at.supervoxels[~kept])
            if not near.size:
                continue
            local = np.full(part.graph.n_supervoxels, -1, np.int32)
            local[near] = np.arange(near.size, dtype=np.int32)
            place = local[at.supervoxels]
            known, held = kept & (place >= 0), ~kept
            trials.append(
                Trial(
                    forest.predict(part.table.values[near], workers=workers),
                    local[part.graph.edges[inside]],
                    part.weights[inside],
                    (place[known], columns[known]),
                    place[held],
                    columns[held],
                    stroke[held].astype(np.int32),
                )
            )
    return trials


def sample_volume(partition: Partition, probabilities: NDArray[np.float32]) -> Trial:
    """Take the surroundings of supervoxels that are spread over the volume, or all of it.

    Parameters
    ----------
    partition : Partition
    probabilities : float32, (S, C)
        What the forest says of its supervoxels.

    Returns
    -------
    Trial
        Without held-out strokes. A large volume gives about `SAMPLE_SIZE` supervoxels.
    """
    n = partition.graph.n_supervoxels
    near, inside = np.arange(n), np.ones(len(partition.graph.edges), np.bool_)
    if n > SAMPLE_SIZE:
        centres = np.linspace(0, n - 1, SAMPLE_CENTRES).astype(np.int32)
        near, inside = _surroundings(partition.graph, centres)
    local = np.full(n, -1, np.int32)
    local[near] = np.arange(near.size, dtype=np.int32)
    nothing = np.zeros(0, np.int32)
    return Trial(
        probabilities[near],
        local[partition.graph.edges[inside]],
        partition.weights[inside],
        (nothing, nothing),
        nothing,
        nothing,
        nothing,
    )


def number_strokes(
    ids: NDArray[np.int32], graph: RegionGraph, painted: Painted, strokes: Strokes
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Group the painted voxels into strokes, and deal the strokes of each class into folds.

    Painted supervoxels of one class that touch belong to one stroke: what lies so close together
    is no independent evidence.

    Returns
    -------
    of_voxel : int64, (P,)
        Number of the stroke of each painted voxel.
    fold_of : int64, (strokes,)
        Fold of each stroke, or `ALWAYS`.
    """
    class_of = np.zeros(graph.n_supervoxels, np.int64)
    class_of[painted.supervoxels] = painted.classes
    a, b = graph.edges.T
    joined = (class_of[a] > 0) & (class_of[a] == class_of[b])
    links = csr_array(
        (np.ones(int(joined.sum()), np.int8), (a[joined], b[joined])),
        shape=(graph.n_supervoxels, graph.n_supervoxels),
    )
    component = connected_components(links, directed=False)[1]
    _, number = np.unique(component[painted.supervoxels], return_inverse=True)
    of_supervoxel = np.zeros(graph.n_supervoxels, np.int64)
    of_supervoxel[painted.supervoxels] = number
    of_voxel = of_supervoxel[ids.reshape(-1)[strokes.voxels]]
    class_of_stroke = np.zeros(int(number.max()) + 1, np.int64)
    class_of_stroke[number] = painted.classes
    fold_of = np.full(class_of_stroke.size, ALWAYS)
    for value in np.unique(class_of_stroke):
        members = np.flatnonzero(class_of_stroke == value)
        if members.size < 2:
            continue
        chosen = members[
            np.linspace(0, members.size - 1, min(members.size, MAX_STROKES)).astype(int)
        ]
        fold_of[chosen] = np.arange(chosen.size) % FOLDS
    return of_voxel, fold_of


def _surroundings(
    graph: RegionGraph, centre: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the supervoxels within some hops of others, and which edges lie among them."""
    inside = np.zeros(graph.n_supervoxels, np.bool_)
    inside[centre] = True
    a, b = graph.edges.T
    for _ in range(HOPS):
        reached = inside[a] | inside[b]
        inside[a[reached]] = True
        inside[b[reached]] = True
    return np.flatnonzero(inside), inside[a] & inside[b]
