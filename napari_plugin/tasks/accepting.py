"""The voxels that labels give to a class, found on a thread."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from supervox.napari_plugin.layers.corrected import Corrected

from .jobs import Report, Task

MOST_VOXELS = 2 * 10**7  # in one step: each takes some 20 bytes until it is written down
SLAB_VOXELS = 2**24


@dataclass(frozen=True)
class OfClass:
    """What a class has.

    Attributes
    ----------
    class_id : int
    number : int
        Its voxels that aren't corrected to it already.
    voxels : int64, (P,), or None
        These, as raster indices in the whole image, ascending; None if there are more than
        `MOST_VOXELS`.
    """

    class_id: int
    number: int
    voxels: NDArray[np.int64] | None = field(repr=False)


def voxels_of_class(
    class_id: int, start: tuple[int, int, int], labels: Corrected, corrections: NDArray[np.uint8]
) -> Task:
    """Return the task that finds the voxels of a class.

    Parameters
    ----------
    class_id : int
    start : tuple of 3 int
        First voxel of the part that the labels are of.
    labels : array-like, uint8, (Z, Y, X)
    corrections : uint8
        Of the whole image.
    """

    def find(report: Report) -> OfClass:
        found, number = [], 0
        planes = max(1, SLAB_VOXELS // int(np.prod(labels.shape[1:])))
        inside = tuple(slice(k, k + n) for k, n in zip(start, labels.shape, strict=True))
        by_hand = corrections[inside]
        for first in range(0, labels.shape[0], planes):
            report.run.check_stop()
            part = slice(first, first + planes)
            seen = labels.as_seen((part, slice(None), slice(None)))
            is_of = (seen == class_id) & (by_hand[part] != class_id)
            number += int(np.count_nonzero(is_of))
            if number <= MOST_VOXELS:
                z, y, x = np.nonzero(is_of)
                places = z + first + start[0], y + start[1], x + start[2]
                found.append(np.ravel_multi_index(places, corrections.shape))
            report.progress(min(first + planes, labels.shape[0]), labels.shape[0])
        too_many = number > MOST_VOXELS
        return OfClass(class_id, number, None if too_many else np.concatenate(found))

    return find
