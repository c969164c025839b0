"""Surfaces of classes: from slabs of labels to closed, smoothed triangle meshes.

Marching cubes (Lorensen & Cline 1987, as scikit-image has it) on each class's mask, slab by slab,
so that memory is needed for surfaces and not for the volume; smoothing without shrinking (Taubin
1995).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

from .arrays import Array
from .errors import needing

_MOST_NUMBERS = 2**20  # labels that are taken as they are: there is a list as long as the highest
_LAMBDA, _MU = 0.5, -0.53  # Taubin's two steps: one shrinks, the other swells


class Surface(NamedTuple):
    """A triangle mesh.

    Attributes
    ----------
    vertices : float64, (N, 3)
        Places (z, y, x), in voxels: the centre of the first voxel is at 0.
    faces : int64, (M, 3)
        Vertices of each triangle, counterclockwise seen from outside in a space of (x, y, z).
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]


class SurfaceBuilder:
    """Takes slabs of labels in order, and gives the surface of each class.

    Parameters
    ----------
    path
        For messages.
    shape
        Of the whole volume, (Z, Y, X).
    """

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        with needing("skimage", path, "mesh"):
            from skimage.measure import marching_cubes
        self._march: Any = marching_cubes
        self._depth = shape[0]
        self._last: Array = np.zeros((1, *shape[1:]), np.uint8)  # nothing lies outside
        self._done = 0
        self._parts: dict[int, list[Surface]] = {}

    def add(self, planes: Array) -> None:
        """Add planes (n, Y, X) of integers; 0 is no class."""
        ends = self._done + len(planes) == self._depth
        slab = np.concatenate([self._last, planes, np.zeros_like(planes[:1])[: int(ends)]])
        slab = np.pad(slab, ((0, 0), (1, 1), (1, 1)))
        corner = np.array([self._done - 1, -1, -1])
        values, numbers = _numbered(slab)
        for number, box in enumerate(ndimage.find_objects(numbers), 1):
            part = self._in_box(numbers, number, box, corner) if box else None
            if part is not None:
                self._parts.setdefault(int(values[number]), []).append(part)
        self._last = np.array(planes[-1:])
        self._done += len(planes)

    def _in_box(
        self, numbers: Array, number: int, box: tuple[slice, ...], corner: NDArray[np.int64]
    ) -> Surface | None:
        """March through the box around a class, one voxel wider than it."""
        box = tuple(
            slice(max(0, side.start - 1), min(side.stop + 1, length))
            for side, length in zip(box, numbers.shape, strict=True)
        )
        inside = numbers[box] == number
        if inside.all():  # it ends in the slab before or after
            return None
        # Lewiner's variant lets four triangles meet at an edge, this one always two
        vertices, faces, _, _ = self._march(inside.view(np.uint8), 0.5, method="lorensen")
        start = corner + [side.start for side in box]
        return Surface(vertices.astype(np.float64) + start, faces.astype(np.int64))

    def surfaces(self, iterations: int) -> dict[int, Surface]:
        """Return the surface of each class that there is, smoothed so many times."""
        return {
            value: _smoothed(_joined(self._parts[value]), iterations)
            for value in sorted(self._parts)
        }


def _numbered(slab: Array) -> tuple[Array | range, NDArray[np.int32]]:
    """Return labels as small numbers, and which label each number stands for."""
    if slab.max() <= _MOST_NUMBERS:
        return range(_MOST_NUMBERS + 1), np.maximum(slab, 0).astype(np.int32)
    values, numbers = np.unique(np.maximum(slab, 0), return_inverse=True)
    return values, numbers.reshape(slab.shape).astype(np.int32)


def _joined(parts: list[Surface]) -> Surface:
    """Join slabs' surfaces where they meet, at vertices half-way between two voxels."""
    ends = np.cumsum([0, *(len(part.vertices) for part in parts)])
    faces = np.concatenate([part.faces + end for part, end in zip(parts, ends, strict=False)])
    vertices = np.concatenate([part.vertices for part in parts])
    _, first, inverse = np.unique(
        np.round(vertices * 1024).astype(np.int64), axis=0, return_index=True, return_inverse=True
    )
    return Surface(vertices[first], inverse.reshape(-1)[faces])


def _smoothed(surface: Surface, iterations: int) -> Surface:
    """Move vertices towards the mean of their neighbours, and back, again and again.

    Both steps are linear in the places, so that a voxel's proportions don't matter.
    """
    vertices, faces = surface
    count = len(vertices)
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges = np.concatenate([edges, edges[:, ::-1]])
    near = sparse.csr_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(count, count))
    near.data[:] = 1.0  # an edge has two triangles
    degree = np.maximum(near.sum(axis=1), 1)[:, np.newaxis]
    for _ in range(iterations):
        for factor in (_LAMBDA, _MU):
            vertices = vertices + factor * ((near @ vertices) / degree - vertices)
    return Surface(vertices, faces)
