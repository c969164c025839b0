"""Which voxels objects have, and which object a voxel is of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from supervox.napari_plugin.tasks.measuring import FoundObjects
from supervox.objects import Voxel, inner_voxel

AXES = ("plane", "row", "column")


def corners(found: FoundObjects, numbers: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return the first and last voxel of the box around some objects."""
    table = found.measured
    rows = np.searchsorted(table["id"], list(numbers))
    first = [int(table[f"first_{axis}"][rows].min()) for axis in AXES]
    last = [int(table[f"last_{axis}"][rows].max()) for axis in AXES]
    return first, last


def voxels_of(found: FoundObjects, numbers: Sequence[int]) -> tuple[list[int], NDArray[np.bool_]]:
    """Return the first voxel of the box around some objects, and which of the box are of them."""
    first, last = corners(found, numbers)
    part = found.ids[tuple(slice(a, b + 1) for a, b in zip(first, last, strict=True))]
    mask: NDArray[np.bool_]
    mask = part == numbers[0] if len(numbers) == 1 else np.isin(part, list(numbers))
    return first, mask


def class_of(found: FoundObjects, number: int) -> int:
    """Return the class of an object, whatever rules say."""
    row = int(np.searchsorted(found.measured["id"], number))
    return int(found.measured["class"][row])


def number_at(found: FoundObjects, voxel: Voxel) -> int:
    """Return the object at a voxel of the whole image; 0 if none is there."""
    start, shape = found.order.of.source.start, found.ids.shape
    at = tuple(k - first for k, first in zip(voxel, start, strict=True))
    is_inside = all(0 <= k < n for k, n in zip(at, shape, strict=True))
    return int(found.ids[at]) if is_inside else 0


def anchor_of(found: FoundObjects, number: int) -> Voxel:
    """Return the voxel of the whole image by which an object is found again."""
    first, mask = voxels_of(found, [number])
    inner = inner_voxel(mask)
    z, y, x = (a + b + c for a, b, c in zip(inner, first, found.order.of.source.start, strict=True))
    return z, y, x
