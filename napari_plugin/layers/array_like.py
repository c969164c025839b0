"""What napari asks of data that is no array: volumes that are made where they are looked at."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np


class ArrayLike(ABC):
    """Data of a layer that has a shape and a type, and is read by slices."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Voxels per axis."""

    @property
    @abstractmethod
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""

    @abstractmethod
    def __getitem__(self, key: Any, /) -> Any:
        """Return a part, made now, or an array-like of it if it is large."""

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of voxels."""
        return math.prod(self.shape)

    def __len__(self) -> int:
        return self.shape[0]
