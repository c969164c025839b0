"""Kernels that bring the values of an object's voxels together."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray


@nb.njit(nogil=True, cache=True)
def gather(
    ids: NDArray[np.int32],
    values: NDArray[np.generic],
    place: NDArray[np.int64],
    out: NDArray[np.generic],
) -> None:
    """Append the values of a block's voxels to those of their objects.

    Parameters
    ----------
    ids, values : (Z, Y, X)
    place : int64, (N + 1,)
        Where the next value of each object goes in `out`; -1 for objects that aren't wanted.
    out : (M,), of the values' type
    """
    for z in range(ids.shape[0]):
        for y in range(ids.shape[1]):
            for x in range(ids.shape[2]):
                k = ids[z, y, x]
                if k != 0 and place[k] >= 0:
                    out[place[k]] = values[z, y, x]
                    place[k] += 1
