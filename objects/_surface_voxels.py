"""Kernels that find the voxels at the surface of a class."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray


@nb.njit(nogil=True, cache=True)
def at_surface(inside: NDArray[np.bool_], out: NDArray[np.bool_]) -> None:
    """Mark the voxels that share a face with one that is outside.

    The border of the array is no surface.
    """
    depth, rows, columns = inside.shape
    for z in range(depth):
        for y in range(rows):
            for x in range(columns):
                found = False
                if inside[z, y, x]:
                    found = (
                        (z > 0 and not inside[z - 1, y, x])
                        or (z + 1 < depth and not inside[z + 1, y, x])
                        or (y > 0 and not inside[z, y - 1, x])
                        or (y + 1 < rows and not inside[z, y + 1, x])
                        or (x > 0 and not inside[z, y, x - 1])
                        or (x + 1 < columns and not inside[z, y, x + 1])
                    )
                out[z, y, x] = found
