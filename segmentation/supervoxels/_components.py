"""Kernels that make supervoxels connected: components of a block, and the merging of leftovers."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray
from supervox.execution import find_root, find_roots, join_sets


@nb.njit(nogil=True, cache=True)
def _measure_components(
    ids: NDArray[np.int32],
    labels: NDArray[np.int32],
    number: NDArray[np.int32],
    n: int,
    origin: NDArray[np.int64],
    shape: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """Renumber provisional labels in place; return owner, size and first voxel of each of n."""
    owner = np.empty(n, np.int32)
    size = np.zeros(n, np.int64)
    first = np.empty(n, np.int64)
    # Strategy: one raster scan; the first voxel that shows a component gives its owner and place.
    for z in range(ids.shape[0]):
        for y in range(ids.shape[1]):
            row = ((origin[0] + z) * shape[1] + origin[1] + y) * shape[2] + origin[2]
            for x in range(ids.shape[2]):
                component = number[labels[z, y, x]]
                labels[z, y, x] = component
                if size[component] == 0:
                    owner[component] = ids[z, y, x]
                    first[component] = row + x
                size[component] += 1
    return owner, size, first


@nb.njit(nogil=True, cache=True)
def label_block(
    ids: NDArray[np.int32], origin: NDArray[np.int64], shape: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]:
    """Label the 6-connected components of equal ids within a block.

    Parameters
    ----------
    ids : int32, (Z, Y, X)
    origin, shape : int64, (3,)
        First voxel of the block, and voxels of the whole volume.

    Returns
    -------
    components : int32, (Z, Y, X)
        0..N-1, in the order of their first voxels.
    owner : int32, (N,)
        Id of each component.
    size, first : int64, (N,)
        Voxels of each component, and raster index of its first voxel in the volume.
    """
    labels = np.empty(ids.shape, np.int32)
    parent = np.empty(ids.size, np.int32)
    n = 0
    # Strategy: one raster scan with union-find. A voxel takes the label of an equal neighbour
    # before it on any axis, and unites them if several differ; else it begins a label. Roots are
    # the lowest labels, so numbering them in order numbers components by their first voxels.
    for z in range(ids.shape[0]):
        for y in range(ids.shape[1]):
            for x in range(ids.shape[2]):
                value = ids[z, y, x]
                label = -1
                if x > 0 and ids[z, y, x - 1] == value:
                    label = labels[z, y, x - 1]
                if y > 0 and ids[z, y - 1, x] == value:
                    other = labels[z, y - 1, x]
                    label = (
                        other if label < 0 or label == other else join_sets(parent, label, other)
                    )
                if z > 0 and ids[z - 1, y, x] == value:
                    other = labels[z - 1, y, x]
                    label = (
                        other if label < 0 or label == other else join_sets(parent, label, other)
                    )
                if label < 0:
                    label = n
                    parent[n] = n
                    n += 1
                labels[z, y, x] = label
    number = np.empty(n, np.int32)
    found = 0
    for label in range(n):  # a root is the lowest label of its set: it comes first
        root = find_root(parent, label)
        number[label] = found if root == label else number[root]
        found += root == label
    return labels, *_measure_components(ids, labels, number, found, origin, shape)


@nb.njit(nogil=True, cache=True)
def look_up(
    labels: NDArray[np.int32], table: NDArray[np.int32], start: int, out: NDArray[np.int32]
) -> None:
    """Replace the labels of a block, of which the first stands at `start` of the table.

    Parameters
    ----------
    labels : int32, (Z, Y, X)
    table : int32, (N,)
    start : int
    out : int32, (Z, Y, X)
        Receives ``table[labels + start]``; may be `labels`.
    """
    for z in range(labels.shape[0]):
        for y in range(labels.shape[1]):
            for x in range(labels.shape[2]):
                out[z, y, x] = table[labels[z, y, x] + start]


@nb.njit(nogil=True, cache=True)
def join_faces(
    parent: NDArray[np.int32],
    owner: NDArray[np.int32],
    front: NDArray[np.int32],
    back: NDArray[np.int32],
) -> None:
    """Unite the components that go on across the face between two blocks.

    `front` and `back` are the planes of component numbers on both sides of the face.
    """
    for i in range(front.shape[0]):
        for j in range(front.shape[1]):
            a, b = front[i, j], back[i, j]
            if owner[a] == owner[b] and parent[a] != parent[b]:
                join_sets(parent, a, b)


@nb.njit(nogil=True, cache=True)
def merge_small(
    order: NDArray[np.int64],
    size: NDArray[np.int64],
    is_main: NDArray[np.bool_],
    minimum: int,
    start: NDArray[np.int64],
    neighbour: NDArray[np.int32],
    contact: NDArray[np.float64],
) -> NDArray[np.int32]:
    """Merge fragments and small regions with the neighbours that they share most boundary with.

    Parameters
    ----------
    order : int64, (M,)
        The components that may have to move, smallest first.
    size : int64, (N,)
        Voxels of each component.
    is_main : bool, (N,)
        Whether a component is the largest of its supervoxel; a region needs one to stand.
    minimum : int
        Voxels that a region needs to stand.
    start, neighbour, contact
        Neighbours of each component and the boundary shared with them, compressed rows
        ((N + 1,), (P,), (P,)); only complete for the components in `order`.

    Returns
    -------
    int32, (N,)
        Root of the region that each component ends in.
    """
    # Strategy: go through the candidates, smallest first. Add up the contact of the whole region
    # that a candidate is in by now (its members form a linked list) with each region around, and
    # unite it with the one of most contact. `shared` is indexed by region and cleared after use, so
    # a step costs only the neighbours that it has.
    n = size.size
    parent = np.arange(n).astype(np.int32)
    following = np.full(n, -1, np.int32)  # members of a region as a linked list
    last = np.arange(n).astype(np.int32)
    total = size.copy()
    stands = is_main.copy()
    shared = np.zeros(n, np.float64)
    touched = np.empty(n, np.int32)
    for component in order:
        root = find_root(parent, component)
        if stands[root] and total[root] >= minimum:
            continue
        n_touched = 0
        member = root
        while member >= 0:
            for k in range(start[member], start[member + 1]):
                other = find_root(parent, neighbour[k])
                if other != root:
                    if shared[other] == 0.0:
                        touched[n_touched] = other
                        n_touched += 1
                    shared[other] += contact[k]
            member = following[member]
        best = -1
        for k in range(n_touched):
            other = touched[k]
            more = shared[other] - shared[best] if best >= 0 else 1.0
            if more > 0 or (more == 0 and other < best):
                best = other
        shared[touched[:n_touched]] = 0.0
        if best < 0:
            continue
        low, high = min(root, best), max(root, best)
        parent[high] = low
        following[last[low]] = high
        last[low] = last[high]
        total[low] += total[high]
        stands[low] = stands[low] or stands[high]
    find_roots(parent)
    return parent
