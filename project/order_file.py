"""The order of the strokes as a volume beside them, for files that hold classes only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from supervox.execution import Run
from supervox.segmentation import Strokes, steps_in
from supervox.volumes import VolumeWriter

PREFIX = "order_of_"
SLAB_VOXELS = 2**24


def order_beside(strokes: Path) -> Path:
    """Return where the order of the strokes in a file lies."""
    return strokes.with_name(PREFIX + strokes.name)


def order_type(strokes: Strokes) -> np.dtype[np.unsignedinteger]:
    """Return the type of a volume of the steps: one that all formats hold, but for very many."""
    most = int(strokes.in_turn().steps.max(initial=0))
    return np.dtype(np.uint16 if most <= np.iinfo(np.uint16).max else np.uint32)


def write_order(writer: VolumeWriter, strokes: Strokes, *, run: Run = Run()) -> None:
    """Write the step at which each voxel was painted, 0 where nothing is, or none is known.

    Parameters
    ----------
    writer : VolumeWriter
        Of a volume of `order_type`; entered already.
    strokes : Strokes
        In raster indices of that volume.
    run : Run
        Shows progress, and asked whether to stop, slab by slab.
    """
    strokes = strokes.in_turn()
    n_planes, rows, columns = writer.shape
    planes = max(1, SLAB_VOXELS // (rows * columns))
    for first in range(0, n_planes, planes):
        run.check_stop()
        part = slice(first, min(first + planes, n_planes))
        writer[part] = steps_in(strokes, writer.shape, part).astype(writer.dtype)
        run.report(part.stop, n_planes)
