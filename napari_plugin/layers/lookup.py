"""Volumes that are a table over supervoxels: swapping the table updates every voxel at once."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

COARSE_VOXELS = 2**22  # of the copy that stands for the volume where all of it is shown, as in 3D
LAZY_VOXELS = 2**22  # larger results stay a view until they are sliced further


class LookupVolume:
    """``table[ids]``, evaluated only where it is looked at.

    An array-like as napari's layers take it. What is larger than a few slices comes as a view of
    the same kind, which napari slices further or turns into an array.

    Parameters
    ----------
    ids : int32, (Z, Y, X) or (Y, X)
        Supervoxel of each voxel.
    table : array, (S,)
        Value of each supervoxel.
    """

    def __init__(self, ids: NDArray[np.int32], table: NDArray[Any]) -> None:
        self.ids = ids
        self.table = table

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels per axis."""
        return self.ids.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.ids.ndim

    @property
    def size(self) -> int:
        """Number of voxels."""
        return self.ids.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""
        return self.table.dtype

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, key: Any, /) -> Any:
        part = self.ids[key]
        if isinstance(part, np.ndarray) and part.size > LAZY_VOXELS:
            return LookupVolume(part, self.table)
        return self.table[part]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("a lookup volume has no array of its own: it can't do without a copy")
        return self.table[self.ids].astype(dtype or self.dtype, copy=False)


class LookupPyramid:
    """A volume and its coarse copy under one table, for a layer that is shown in 2D and in 3D.

    Parameters
    ----------
    ids : int32, (Z, Y, X) or (Y, X)
    coarse : int32
        Regular sample of it, from `coarse_sample`; may be the same array.
    table : array, (S,)
    """

    def __init__(
        self, ids: NDArray[np.int32], coarse: NDArray[np.int32], table: NDArray[Any]
    ) -> None:
        self.fine = LookupVolume(ids, table)
        self._coarse = LookupVolume(coarse, table)

    @classmethod
    def of(cls, ids: NDArray[np.int32], table: NDArray[Any]) -> Self:
        """Make the pyramid of a small volume, taking the sample on the spot."""
        return cls(ids, coarse_sample(ids), table)

    @property
    def is_multiscale(self) -> bool:
        """Whether there are two levels."""
        return self._coarse.size < self.fine.size

    @property
    def data(self) -> LookupVolume | list[LookupVolume]:
        """What a layer is given."""
        return [self.fine, self._coarse] if self.is_multiscale else self.fine

    @property
    def table(self) -> NDArray[Any]:
        """Value of each supervoxel."""
        return self.fine.table

    @table.setter
    def table(self, table: NDArray[Any]) -> None:
        self.fine.table = self._coarse.table = table


def coarse_sample(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Take every n-th voxel along the longest axes, until few enough are left.

    Returns
    -------
    int32
        A copy, or `ids` itself where it is small.
    """
    steps = [1] * ids.ndim
    shape = list(ids.shape)
    while np.prod(shape) > COARSE_VOXELS:
        longest = int(np.argmax(shape))
        steps[longest] *= 2
        shape[longest] = -(-ids.shape[longest] // steps[longest])
    if max(steps) == 1:
        return ids
    return np.ascontiguousarray(ids[tuple(slice(None, None, step) for step in steps)])
