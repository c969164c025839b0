"""The compiled eigenvalues of any number of tensors, as the filters ask for them in rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from supervox.features.eigenvalues import CHUNK, eigenvalues_of_rows


@pytest.fixture(scope="session")
def compiled_eigenvalues() -> Callable[[np.ndarray], np.ndarray]:
    """Take the elements zz, yy, xx, zy, zx, yx, (6, N); return (3, N), the largest first."""

    def of(tensors: np.ndarray) -> np.ndarray:
        found = np.empty((3, tensors.shape[1]), np.float32)
        row, result = np.zeros((6, CHUNK), np.float32), np.empty((3, CHUNK), np.float32)
        for start in range(0, tensors.shape[1], CHUNK):
            n = min(CHUNK, tensors.shape[1] - start)
            row[:, :n] = tensors[:, start : start + n]
            eigenvalues_of_rows(row, result, n)
            found[:, start : start + n] = result[:, :n]
        return found

    return of
