"""Where two segmentations agree, made only where it is looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.objects import ONLY_A, ONLY_B, OTHER, SAME, said_by_both

from .array_like import ArrayLike
from .lookup import LAZY_VOXELS

# Told apart by people who see few colours, too (Okabe and Ito, but for a darker blue and pink).
AGREEMENT_COLOURS = {SAME: "#009e73", ONLY_A: "#e69f00", ONLY_B: "#2a9df4", OTHER: "#e0409a"}


class AgreementVolume(ArrayLike):
    """What `supervox.objects.overlay` says of A and B: an array-like as napari's layers take it.

    Parameters
    ----------
    a, b : array of integers
        Of the same shape.
    class_id : int, optional
        Look at this class only.
    """

    def __init__(self, a: NDArray[Any], b: NDArray[Any], class_id: int | None = None) -> None:
        self._a, self._b, self._class_id = a, b, class_id

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels per axis."""
        return self._a.shape

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """Type of the values."""
        return np.dtype(np.uint8)

    def __getitem__(self, key: Any, /) -> Any:
        a, b = self._a[key], self._b[key]
        if np.size(a) > LAZY_VOXELS:
            return AgreementVolume(a, b, self._class_id)
        return said_by_both(a, b, self._class_id)[()]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("an agreement has no array of its own: it can't do without a copy")
        return said_by_both(self._a, self._b, self._class_id).astype(dtype or self.dtype)
