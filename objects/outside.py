"""What is not of a class, as volumes that are read block by block: holes are objects of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[Any]


class Outside:
    """What is not of a class, as a volume of ones that is read block by block."""

    def __init__(self, labels: Labels, value: int) -> None:
        self._labels, self._value = labels, value
        self.shape, self.dtype = labels.shape, np.dtype(np.int32)

    def __getitem__(self, box: tuple[slice, slice, slice]) -> NDArray[np.int32]:
        found: NDArray[np.int32] = (self._labels[box] != self._value).astype(np.int32)
        return found


class PlaneByPlane:
    """The same with another number in every other plane, so that nothing connects planes."""

    def __init__(self, volume: Outside) -> None:
        self._volume = volume
        self.shape, self.dtype = volume.shape, volume.dtype

    def __getitem__(self, box: tuple[slice, slice, slice]) -> NDArray[np.int32]:
        values = self._volume[box]
        values *= (1 + np.arange(box[0].start, box[0].stop) % 2).astype(np.int32)[:, None, None]
        return values
