"""Make supervoxels connected and dense: components, fragments to their neighbours, new numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.features import Block

from ._components import find_all, join_faces, label_block, look_up, merge_small
from ._pairs import reduce_pairs, touching_pairs
from .tape import Fill

Ids = NDArray[np.int32]
Run = Callable[[Callable[[Block], Any]], Iterator[Any]]
NO_VALUES = np.zeros((0, 0, 0), np.float32)


def connect(
    ids: Ids,
    out: Ids,
    blocks: Sequence[Block],
    *,
    assign: Callable[[Block], Ids],
    face_area: Sequence[float],
    minimum_size: int,
    run: Run,
) -> None:
    """Write connected, dense ids of at least `minimum_size` voxels into `out`.

    Every component of an id but the largest is a fragment. Fragments, and regions that are too
    small, join the neighbour with which they share the largest boundary (ties: the lowest), the
    smallest first. What is merged touches, so what comes out is connected.

    Parameters
    ----------
    ids : int32, (Z, Y, X)
        Holds numbers of components in between; may be the same as `out`.
    out : int32, (Z, Y, X)
        Receives the result.
    blocks : sequence of Block
    assign : callable
        Returns the raw ids of a block; called once per block before `ids` is written there.
    face_area : sequence of 3 float
        Area of a voxel's face across each axis.
    minimum_size : int
        Voxels that a region needs to stand.
    run : callable
        Runs a function over all blocks in parallel and yields the results in block order.
    """
    owner, size, first, starts = _label_components(ids, blocks, assign, run)
    component = _join_blocks(ids, blocks, starts, owner, first, run)
    n = int(component.max()) + 1
    total = np.zeros(n, np.int64)
    np.add.at(total, component, size)
    member = np.full(n, -1, np.int64)
    member[component[::-1]] = np.arange(component.size)[::-1]
    region = _merge(
        ids, blocks, starts, component, owner[member], total, face_area, minimum_size, run
    )
    final = _number(region, owner[member], total)[component]

    def relabel(block: Block) -> None:
        look_up(ids[block.core], final, starts[block.index], out[block.core])

    for _ in run(Fill(relabel, out)):
        pass


def _label_components(
    ids: Ids, blocks: Sequence[Block], assign: Callable[[Block], Ids], run: Run
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Label every block by itself; adding `starts` makes the numbers unique."""
    shape = np.array(ids.shape)

    def label(block: Block) -> tuple[NDArray[Any], ...]:
        origin = np.array([core.start for core in block.core])
        labels, owner, size, first = label_block(assign(block), origin, shape)
        ids[block.core] = labels
        return owner, size, first

    owners, sizes, firsts = zip(*run(Fill(label, ids)), strict=True)
    starts = np.cumsum([0] + [len(part) for part in owners])[:-1].astype(np.int64)
    return np.concatenate(owners), np.concatenate(sizes), np.concatenate(firsts), starts


def _join_blocks(
    ids: Ids,
    blocks: Sequence[Block],
    starts: NDArray[np.int64],
    owner: NDArray[np.int32],
    first: NDArray[np.int64],
    run: Run,
) -> NDArray[np.int32]:
    """Unite components across the blocks; number them by their first voxels in the volume."""
    parent = np.arange(owner.size, dtype=np.int32)
    at = {tuple(core.start for core in block.core): block for block in blocks}

    def read_faces(block: Block) -> list[tuple[Ids, Ids]]:
        faces = []
        for axis in range(3):
            corner = [core.start for core in block.core]
            corner[axis] = end = block.core[axis].stop
            behind = at.get(tuple(corner))
            if behind is not None:
                front = ids[_plane(block, axis, end - 1)] + np.int32(starts[block.index])
                faces.append(
                    (front, ids[_plane(behind, axis, end)] + np.int32(starts[behind.index]))
                )
        return faces

    for faces in run(read_faces):
        for front, back in faces:
            join_faces(parent, owner, front, back)
    find_all(parent)
    roots = np.flatnonzero(parent == np.arange(parent.size))
    first_of = np.full(parent.size, np.iinfo(np.int64).max)
    np.minimum.at(first_of, parent, first)
    number = np.empty(parent.size, np.int32)
    number[roots[np.argsort(first_of[roots])]] = np.arange(roots.size, dtype=np.int32)
    return number[parent]


def _plane(block: Block, axis: int, position: int) -> tuple[Any, ...]:
    key: list[Any] = list(block.core)
    key[axis] = position
    return tuple(key)


def _merge(
    ids: Ids,
    blocks: Sequence[Block],
    starts: NDArray[np.int64],
    component: NDArray[np.int32],
    owner: NDArray[np.int32],
    total: NDArray[np.int64],
    face_area: Sequence[float],
    minimum_size: int,
    run: Run,
) -> NDArray[np.int32]:
    """Return the region that each component ends in."""
    n = total.size
    best = np.lexsort((np.arange(n), -total, owner))
    is_main = np.zeros(n, np.bool_)
    is_main[best[np.flatnonzero(np.diff(owner[best], prepend=-1))]] = True
    moves = ~is_main | (total < minimum_size)
    candidates = np.flatnonzero(moves)
    order = candidates[np.argsort(total[candidates], kind="stable")]

    def collect(block: Block) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        labels = _with_border(ids, blocks_at, block, starts, component)
        return touching_pairs(labels, np.array(block.shape), n, moves, NO_VALUES)

    blocks_at = {tuple(core.start for core in block.core): block for block in blocks}
    keys, sums = reduce_pairs(list(run(collect)))
    a, b = keys // n, keys % n
    contact = sums[:, :3] @ np.array(face_area)
    source, target = np.concatenate([a, b]), np.concatenate([b, a])
    by_source = np.argsort(source, kind="stable")
    start = np.searchsorted(source[by_source], np.arange(n + 1))
    neighbour = target[by_source].astype(np.int32)
    contact = np.concatenate([contact, contact])[by_source]
    return merge_small(order, total, is_main, minimum_size, start, neighbour, contact)


def _with_border(
    ids: Ids,
    blocks_at: dict[tuple[int, ...], Block],
    block: Block,
    starts: NDArray[np.int64],
    component: NDArray[np.int32],
) -> Ids:
    """Return the block's components with one voxel more behind each axis, where there is one."""
    core = block.core
    shape = [c.stop - c.start + (c.stop < n) for c, n in zip(core, ids.shape, strict=True)]
    labels = np.zeros(shape, np.int32)  # the far edges, where no face is looked at, stay 0
    z, y, x = block.shape
    look_up(ids[core], component, starts[block.index], labels[:z, :y, :x])
    for axis in range(3):
        if core[axis].stop == ids.shape[axis]:
            continue
        corner = [c.start for c in core]
        corner[axis] = core[axis].stop
        behind = blocks_at[tuple(corner)]
        key: list[Any] = [slice(0, edge) for edge in block.shape]
        key[axis] = block.shape[axis]
        plane = ids[_plane(behind, axis, core[axis].stop)]
        labels[tuple(key)] = component[plane + starts[behind.index]]
    return labels


def _number(
    region: NDArray[np.int32], owner: NDArray[np.int32], total: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Give the regions dense numbers in the order of the seeds of their largest components."""
    order = np.lexsort((owner, -total, region))
    largest = order[np.flatnonzero(np.diff(region[order], prepend=-1))]
    number = np.empty(region.size, np.int32)
    number[region[largest[np.argsort(owner[largest], kind="stable")]]] = np.arange(
        largest.size, dtype=np.int32
    )
    return number[region]
