"""The region adjacency graph as one would write it with NumPy and SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Values = NDArray[np.float32]


def reference_graph(image: Values, ids: NDArray[np.int32], sigma: float) -> dict[str, NDArray[Any]]:
    """Find the supervoxels that touch, and their mean intensities.

    Parameters
    ----------
    image : float32, (Z, Y, X)
    ids : int32, (Z, Y, X)
    sigma : float
        Of the Gaussian before intensities are looked at.

    Returns
    -------
    dict
        `edges` (E, 2), the lower id first, sorted; `area` (E,); `size` and `mean_intensity` (S,).
    """
    smooth = ndimage.gaussian_filter(image, sigma, truncate=3.0)
    n = int(ids.max()) + 1
    keys = []
    for axis in range(3):
        here, there = (
            tuple(part if k == axis else slice(None) for k in range(3))
            for part in (slice(None, -1), slice(1, None))
        )
        a, b = ids[here], ids[there]
        touching = a != b
        low, high = np.minimum(a, b)[touching], np.maximum(a, b)[touching]
        keys.append(low.astype(np.int64) * n + high)
    pairs, area = np.unique(np.concatenate(keys), return_counts=True)
    size = np.bincount(ids.ravel(), minlength=n)
    return {
        "edges": np.stack([pairs // n, pairs % n], axis=1),
        "area": area,
        "size": size,
        "mean_intensity": np.bincount(ids.ravel(), smooth.ravel(), minlength=n) / size,
    }
