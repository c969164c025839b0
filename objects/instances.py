"""Objects of labels: connected components of each class, found block by block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import (
    Block,
    Run,
    VolumeLike,
    Workers,
    Workspace,
    find_roots,
    split_blocks,
)

from ._components import (
    join_pairs,
    label_parts,
    look_up,
    neighbours_before,
    pairs_across,
)
from .checks import checked_labels, read_ids, slab_shape
from .errors import ObjectsError

CONNECTIVITIES = (6, 18, 26)
Ids = NDArray[np.uint32]


@dataclass(frozen=True)
class Instances:
    """The objects of labels.

    Attributes
    ----------
    ids : uint32, (Z, Y, X)
        0 = no object, 1..N = the objects, dense, in raster order of their first voxels.
    class_of : int32, (N,)
        Class of each object.
    """

    ids: Ids
    class_of: NDArray[np.int32]

    @property
    def number(self) -> int:
        """How many objects there are."""
        return self.class_of.size

    @property
    def signed(self) -> NDArray[np.int32]:
        """The ids as the kernels take them; no copy."""
        return self.ids.view(np.int32)


def find_objects(
    labels: VolumeLike,
    *,
    classes: Sequence[int] | None = None,
    connectivity: int = 26,
    block_shape: Sequence[int] | None = None,
    workspace: Workspace | None = None,
    workers: Workers = None,
) -> Instances:
    """Find the connected components of each class.

    Parameters
    ----------
    labels : array-like of integers, (Z, Y, X) or (Y, X)
        Read block by block; 0 is no class.
    classes : sequence of int, optional
        The classes whose objects are wanted; all by default.
    connectivity : {26, 18, 6}
        Voxels are neighbours that share a corner, an edge or only a face.
    block_shape : sequence of 3 int, optional
        Voxels that are worked on at a time; the result doesn't depend on it.
    workspace : Workspace, optional
        Where the ids lie; in memory by default.
    workers : int or Run, optional
        Threads, one per processor by default; or a `Run`, which also shows progress and stops.

    Returns
    -------
    Instances

    Raises
    ------
    ObjectsError
        If the labels are no integers, or there is no such connectivity.
    Cancelled
        If the run is to stop.
    """
    if connectivity not in CONNECTIVITIES:
        raise ObjectsError(f"voxels have 6, 18 or 26 neighbours, not {connectivity}")
    labels = checked_labels(labels)
    wanted = None if classes is None else np.unique(np.asarray(list(classes), np.int32))

    def read(block: Block) -> NDArray[np.int32]:
        values = read_ids(labels, block.core)
        if wanted is not None:
            values[~np.isin(values, wanted)] = 0
        return values

    return _connected(labels.shape, read, connectivity, block_shape, workspace, Run.of(workers))


def objects_of_ids(
    ids: VolumeLike,
    *,
    class_of: Sequence[int] | NDArray[np.int32] | None = None,
    workspace: Workspace | None = None,
    workers: Workers = None,
) -> Instances:
    """Take a volume that numbers objects already, as other programs write it.

    Parameters
    ----------
    ids : array-like of integers, (Z, Y, X) or (Y, X)
        0 = no object; an object need not be connected.
    class_of : sequence of int, optional
        Class of each id, beginning with that of 1. All objects are of class 1 without it.
    workspace, workers
        As for `find_objects`.

    Returns
    -------
    Instances
        Numbered anew: dense, in raster order of their first voxels.
    """
    ids = checked_labels(ids, "object ids")
    run = Run.of(workers)
    blocks = split_blocks(ids.shape, slab_shape(ids.shape))
    out = (workspace or Workspace()).empty(ids.shape, np.uint32)
    number: dict[int, int] = {}

    def first_seen(block: Block) -> NDArray[np.int32]:
        values = read_ids(ids, block.core, "object ids")
        out[block.core] = values.view(np.uint32)
        found, first = np.unique(values, return_index=True)
        return found[np.argsort(first, kind="stable")]

    # Whole planes follow one another in raster order, so what is seen first comes first.
    half = run.steps([1, 1])
    for found in half[0].blocks(first_seen, blocks):
        for value in found.tolist():
            if value and value not in number:
                number[value] = len(number) + 1
    table = _as_table(number)

    def renumber(block: Block) -> None:
        out[block.core] = table(out[block.core])

    for _ in half[1].blocks(renumber, blocks):
        pass
    old = np.array(list(number), np.int64)
    classes = np.ones(old.size, np.int32) if class_of is None else np.asarray(class_of)[old - 1]
    return Instances(out, classes.astype(np.int32))


def _as_table(number: dict[int, int]) -> Callable[[NDArray[Any]], NDArray[np.uint32]]:
    """Return what replaces old ids by new ones."""
    old = np.array(sorted(number), np.uint32)
    new = np.array([number[value] for value in old.tolist()], np.uint32)

    def replace(values: NDArray[Any]) -> NDArray[np.uint32]:
        if not old.size:
            return np.zeros(values.shape, np.uint32)
        place = np.minimum(np.searchsorted(old, values), old.size - 1)
        found: NDArray[np.uint32] = np.where(values == 0, 0, new[place]).astype(np.uint32)
        return found

    return replace


def _connected(
    shape: Sequence[int],
    read: Callable[[Block], NDArray[np.int32]],
    connectivity: int,
    block_shape: Sequence[int] | None,
    workspace: Workspace | None,
    run: Run,
) -> Instances:
    """Find the connected parts of equal values that `read` gives for each block."""
    # Strategy: number the parts of each block by itself, unite those that go on in another block
    # on the list of parts alone, order them by their first voxels, and look the result up in each
    # block. The volume is passed three times; everything between is per part.
    edge = np.array(block_shape or slab_shape(shape), np.int64)
    blocks = split_blocks(shape, [int(size) for size in edge])
    grid = [-(-size // int(step)) for size, step in zip(shape, edge, strict=True)]
    steps, whole = neighbours_before(connectivity), np.array(shape, np.int64)
    out: NDArray[np.uint32] = (workspace or Workspace()).empty(shape, np.uint32)
    parts = out.view(np.int32)
    passes = run.steps([3, 1, 1])

    def label(block: Block) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        own = np.empty(block.shape, np.int32)
        found: tuple[NDArray[np.int32], NDArray[np.int64]] = label_parts(
            read(block), steps, own, np.array([core.start for core in block.core]), whole
        )
        parts[block.core] = own
        return found

    values, firsts = zip(*passes[0].blocks(label, blocks), strict=True)
    starts = np.cumsum([0, *(value.size for value in values)])
    value, first = np.concatenate(values), np.concatenate(firsts)
    start = starts[:-1].reshape(grid).astype(np.int64)

    def across(block: Block) -> NDArray[np.int64]:
        low, high = np.array([(core.start, core.stop) for core in block.core]).T.copy()
        pairs: NDArray[np.int64] = pairs_across(parts, start, value, steps, low, high, edge)
        return pairs

    parent = np.arange(value.size, dtype=np.int32)
    if value.size:
        for pairs in passes[1].blocks(across, blocks):
            join_pairs(parent, pairs)
    number, members = _in_raster_order(parent, first)

    def replace(block: Block) -> None:
        look_up(parts[block.core], number, int(starts[block.index]))

    for _ in passes[2].blocks(replace, blocks):
        pass
    return Instances(out, value[members])


def _in_raster_order(
    parent: NDArray[np.int32], first: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Count united parts from 1 by their first voxels; return this and a part of each."""
    find_roots(parent)
    roots = np.flatnonzero(parent == np.arange(parent.size))
    first_of = np.full(parent.size, np.iinfo(np.int64).max)
    np.minimum.at(first_of, parent, first)
    roots = roots[np.argsort(first_of[roots])]
    number = np.zeros(parent.size, np.int32)
    number[roots] = np.arange(1, roots.size + 1, dtype=np.int32)
    return number[parent], roots
