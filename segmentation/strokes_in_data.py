"""Strokes where a volume has data: others can't teach anything."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from supervox.execution import VolumeLike
from supervox.features import finite
from supervox.segmentation.graph.partition import Partition

from .checks import SegmentationError
from .strokes import Strokes


def strokes_in_data(strokes: Strokes, partitions: Sequence[Partition]) -> Strokes:
    """Leave out what is painted on supervoxels without data.

    Parameters
    ----------
    strokes : Strokes
    partitions : sequence of Partition

    Raises
    ------
    SegmentationError
        If fewer than two classes are left.
    """
    keep = np.ones(strokes.voxels.size, np.bool_)
    for part in partitions:
        keep &= part.graph.size[part.ids.reshape(-1)[strokes.voxels]] > 0
    if keep.all():
        return strokes
    left = Strokes(strokes.voxels[keep], strokes.classes[keep], strokes.steps[keep])
    if len(left.class_ids) < 2:
        lost = sorted(set(strokes.class_ids) - set(left.class_ids))
        raise SegmentationError(
            f"all strokes of class {', '.join(map(str, lost))} lie where the volume has no data: "
            'paint where it has; or if that is data, say so (no data: "none")'
        )
    return left


def count_without_data(strokes: Strokes, volume: VolumeLike) -> int:
    """Count the painted voxels that are no numbers.

    Parameters
    ----------
    strokes : Strokes
    volume : array-like, (Z, Y, X)
    """
    plane_size = volume.shape[1] * volume.shape[2]
    planes, places = np.divmod(strokes.voxels, plane_size)
    count = 0
    for plane in np.unique(planes):
        box = (slice(int(plane), int(plane) + 1), slice(None), slice(None))
        has_data = finite(volume, box)
        if has_data is not None:
            count += int(np.count_nonzero(~has_data.reshape(-1)[places[planes == plane]]))
    return count
