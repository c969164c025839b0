"""Make supervoxels connected and dense: components, fragments to their neighbours, new numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Block, BlockWriter, find_roots

from ._components import join_faces, label_block, look_up, merge_small
from ._touching import reduce_pairs, touching_pairs

Ids = NDArray[np.int32]
Run = Callable[[Callable[[Block], Any]], Iterator[Any]]


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
    # Strategy: label each block by itself, unite its components with those of the blocks behind it,
    # decide on the list of components alone what merges with what, and look the result up in each
    # block. The volume is passed three times; everything between is per component.
    label = partial(_label, ids=ids, assign=assign)
    owners, sizes, firsts = zip(*run(BlockWriter(label, ids)), strict=True)
    parts = _Parts(ids, blocks, [len(part) for part in owners])
    owner, first = np.concatenate(owners), np.concatenate(firsts)
    component = _join_blocks(parts, owner, first, run)
    n = int(component.max()) + 1
    total = np.zeros(n, np.int64)
    np.add.at(total, component, np.concatenate(sizes))
    member = np.full(n, -1, np.int64)
    member[component[::-1]] = np.arange(component.size)[::-1]
    region = _merge(parts, component, owner[member], total, face_area, minimum_size, run)
    final = _number(region, owner[member], total)[component]
    for _ in run(BlockWriter(partial(parts.replace, final, out), out)):
        pass


# What runs over the blocks is no closure: to the workers of a cluster those take along the compiled
# functions that they refer to, and each worker compiles them anew.
def _label(block: Block, ids: Ids, assign: Callable[[Block], Ids]) -> tuple[NDArray[Any], ...]:
    """Label a block by itself."""
    origin = np.array([core.start for core in block.core])
    labels, owner, size, first = label_block(assign(block), origin, np.array(ids.shape))
    ids[block.core] = labels
    return owner, size, first


class _Parts:
    """Parts of components: numbers of each block's own, which are made unique by adding to them.

    Parameters
    ----------
    ids : int32, (Z, Y, X)
        Holds the numbers.
    blocks : sequence of Block
    counts : sequence of int
        How many there are in each block.
    """

    def __init__(self, ids: Ids, blocks: Sequence[Block], counts: Sequence[int]) -> None:
        self._ids = ids
        self._starts = np.cumsum([0, *counts])[:-1].astype(np.int64)
        self._at = {tuple(core.start for core in block.core): block for block in blocks}

    def replace(self, values: NDArray[np.int32], out: Ids, block: Block) -> None:
        """Write the values of a block's parts to where they are in the volume."""
        self._look_up(values, block, out[block.core])

    def faces(self, block: Block) -> list[tuple[Ids, Ids]]:
        """Return the parts on both sides of the faces behind a block, where the volume goes on."""
        return [
            (self._plane(block, axis, end - 1), self._plane(behind, axis, end))
            for axis, end, behind in self._behind(block)
        ]

    def touching(
        self, component: NDArray[np.int32], moves: NDArray[np.bool_], block: Block
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the components that touch in or behind a block, where one of them moves."""
        labels = self._with_border(component, block)
        return touching_pairs(labels, np.array(block.shape), moves.size, moves)

    def _with_border(self, component: NDArray[np.int32], block: Block) -> Ids:
        """Return a block's components with a voxel more behind each axis, where there is one."""
        sizes = zip(block.core, self._ids.shape, strict=True)
        labels = np.zeros([core.stop - core.start + (core.stop < n) for core, n in sizes], np.int32)
        z, y, x = block.shape  # the far edges, where no face is looked at, stay 0
        self._look_up(component, block, labels[:z, :y, :x])
        for axis, end, behind in self._behind(block):
            key: list[Any] = [slice(0, edge) for edge in block.shape]
            key[axis] = block.shape[axis]
            labels[tuple(key)] = component[self._plane(behind, axis, end)]
        return labels

    def _look_up(self, values: NDArray[np.int32], block: Block, into: Ids) -> None:
        look_up(self._ids[block.core], values, self._starts[block.index], into)

    def _behind(self, block: Block) -> Iterator[tuple[int, int, Block]]:
        """Yield axis, end and next block, where there is one."""
        for axis, core in enumerate(block.core):
            corner = [core.start for core in block.core]
            corner[axis] = core.stop
            if tuple(corner) in self._at:
                yield axis, core.stop, self._at[tuple(corner)]

    def _plane(self, block: Block, axis: int, position: int) -> Ids:
        """Return the parts in a plane of a block."""
        key: list[Any] = list(block.core)
        key[axis] = position
        plane: Ids = self._ids[tuple(key)] + np.int32(self._starts[block.index])
        return plane


def _join_blocks(
    parts: _Parts, owner: NDArray[np.int32], first: NDArray[np.int64], run: Run
) -> NDArray[np.int32]:
    """Unite components across the blocks; number them by their first voxels in the volume."""
    parent = np.arange(owner.size, dtype=np.int32)
    for faces in run(parts.faces):
        for front, back in faces:
            join_faces(parent, owner, front, back)
    find_roots(parent)
    roots = np.flatnonzero(parent == np.arange(parent.size))
    first_of = np.full(parent.size, np.iinfo(np.int64).max)
    np.minimum.at(first_of, parent, first)
    number = np.empty(parent.size, np.int32)
    number[roots[np.argsort(first_of[roots])]] = np.arange(roots.size, dtype=np.int32)
    return number[parent]


def _merge(
    parts: _Parts,
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
    keys, faces = reduce_pairs(list(run(partial(parts.touching, component, moves))))
    a, b = keys // n, keys % n
    contact = faces @ np.array(face_area)
    source, target = np.concatenate([a, b]), np.concatenate([b, a])
    by_source = np.argsort(source, kind="stable")
    start = np.searchsorted(source[by_source], np.arange(n + 1))
    neighbour = target[by_source].astype(np.int32)
    contact = np.concatenate([contact, contact])[by_source]
    return merge_small(order, total, is_main, minimum_size, start, neighbour, contact)


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
