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


class _Part(NamedTuple):
    """The surface of a class in a slab; vertices lie half-way between two voxels.

    Attributes
    ----------
    places : int64, (N,)
        Where the vertices are on the grid of half voxels, as indices of its flattened array.
    faces : int32, (M, 3)
        Vertices of each triangle.
    """

    places: NDArray[np.int64]
    faces: NDArray[np.int32]


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
        self._shape = shape
        self._last: Array = np.zeros((1, *shape[1:]), np.uint8)  # nothing lies outside
        self._done = 0
        self._parts: dict[int, list[_Part]] = {}

    def add(self, planes: Array) -> None:
        """Add planes (n, Y, X) of integers; 0 is no class."""
        ends = self._done + len(planes) == self._shape[0]
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
    ) -> _Part | None:
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
        halves = np.rint(2 * vertices).astype(np.int64) + 2 * start + 2  # none is below -1
        return _Part(np.ravel_multi_index(tuple(halves.T), self._grid), faces)

    def surfaces(self, iterations: int) -> dict[int, Surface]:
        """Return the surface of each class that there is, smoothed so many times."""
        return {
            value: _smoothed(_joined(self._parts.pop(value), self._grid), iterations)
            for value in sorted(self._parts)
        }

    @property
    def _grid(self) -> tuple[int, ...]:
        """Size of the grid on which vertices lie: voxels, places between them, and two beyond."""
        return tuple(2 * length + 4 for length in self._shape)


def _numbered(slab: Array) -> tuple[Array | range, NDArray[np.int32]]:
    """Return labels as small numbers, and which label each number stands for."""
    if slab.max() <= _MOST_NUMBERS:
        return range(_MOST_NUMBERS + 1), np.maximum(slab, 0).astype(np.int32)
    values, numbers = np.unique(np.maximum(slab, 0), return_inverse=True)
    return values, numbers.reshape(slab.shape).astype(np.int32)


def _joined(parts: list[_Part], grid: tuple[int, ...]) -> Surface:
    """Join slabs' surfaces at the vertices that they share."""
    ends = np.cumsum([0, *(len(part.places) for part in parts)])
    faces = np.concatenate([part.faces + end for part, end in zip(parts, ends, strict=False)])
    places, numbers = np.unique(
        np.concatenate([part.places for part in parts]), return_inverse=True
    )
    halves = np.stack(np.unravel_index(places, grid), axis=1)
    return Surface(halves / 2 - 1, numbers[faces])


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
