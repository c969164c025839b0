"""The default feature bank as one would write it with scikit-image and SciPy."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SIGMAS = (1.0, 2.0, 4.0, 8.0)
TRUNCATE = 3.0  # Supervox's: SciPy would go on to 4 sigma
SOBEL = 32.0  # sum of the taps of a Sobel filter, by which scikit-image doesn't divide
Values = NDArray[np.float32]


def reference_channels(image: Values) -> Iterator[tuple[str, Values]]:
    """Yield the names and values of all channels, in units like those of Supervox."""
    from skimage.feature import (
        hessian_matrix,
        hessian_matrix_eigvals,
        structure_tensor,
        structure_tensor_eigenvalues,
    )

    yield "raw", image
    for sigma in SIGMAS:
        smooth = ndimage.gaussian_filter(image, sigma, truncate=TRUNCATE)
        yield f"gaussian_sigma_{sigma:g}", smooth
        gradient = ndimage.gaussian_gradient_magnitude(image, sigma, truncate=TRUNCATE)
        yield f"gradient_magnitude_sigma_{sigma:g}", gradient * sigma
        laplacian = ndimage.gaussian_laplace(image, sigma, truncate=TRUNCATE)
        yield f"laplacian_of_gaussian_sigma_{sigma:g}", laplacian * sigma**2
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            hessian = hessian_matrix(image, sigma, mode="reflect", use_gaussian_derivatives=False)
        values = hessian_matrix_eigvals(hessian)
        for k in range(3):
            yield f"hessian_eigenvalue_{k + 1}_sigma_{sigma:g}", values[k] * sigma**2
        tensor = structure_tensor(smooth, sigma, mode="reflect")
        values = np.sqrt(np.maximum(structure_tensor_eigenvalues(tensor), 0))
        for k in range(3):
            yield f"structure_tensor_eigenvalue_{k + 1}_sigma_{sigma:g}", values[k] * sigma / SOBEL


def pool_reference(image: Values, ids: NDArray[np.int32]) -> dict[str, NDArray[Any]]:
    """Return mean and standard deviation of every channel in every supervoxel, by column."""
    index = np.arange(int(ids.max()) + 1)
    columns = {}
    for name, values in reference_channels(image):
        columns[f"{name} mean"] = ndimage.mean(values, ids, index)
        columns[f"{name} std"] = ndimage.standard_deviation(values, ids, index)
    return columns
