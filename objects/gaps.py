"""Images without gaps: where they are no numbers, the nearest number stands in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def without_gaps(image: NDArray[Any]) -> NDArray[Any]:
    """Return an image with the nearest finite value where it has none, so that no edge is made up.

    Parameters
    ----------
    image : floats, (Z, Y, X)

    Returns
    -------
    floats, (Z, Y, X)
        The image itself if it has no gap; 0 everywhere if it has nothing else.
    """
    missing = ~np.isfinite(image)
    if not missing.any():
        return image
    if missing.all():
        return np.zeros_like(image)
    nearest = ndimage.distance_transform_edt(missing, return_distances=False, return_indices=True)
    found: NDArray[Any] = image[tuple(nearest)]
    return found
