"""Volumes that are a table over supervoxels: swapping the table updates every voxel at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .array_like import ArrayLike

COARSE_VOXELS = 2**22  # of the copy that stands for the volume where all of it is shown, as in 3D
FLAT = (0, 0)  # the plane of a 2D image
MOST_PLANES = 32  # whose finer values are kept: those that were looked at last
LAZY_VOXELS = 2**22  # larger results stay a view until they are sliced further


@dataclass(frozen=True, eq=False)
class Finer:
    """Values that are finer than supervoxels, of a whole volume or of one plane.

    Attributes
    ----------
    values : array
        Of the volume's shape, or of a plane's.
    then : array, (S,)
        What the table was like: where it says the same still, these values hold.
    """

    values: NDArray[Any]
    then: NDArray[Any] = field(repr=False)


class LookupVolume(ArrayLike):
    """``table[ids]``, evaluated only where it is looked at; finer where finer values are known.

    An array-like as napari's layers take it. What is larger than a few slices comes as a view of
    the same kind, which napari slices further or turns into an array.

    Parameters
    ----------
    ids : int32, (Z, Y, X) or (Y, X)
        Supervoxel of each voxel.
    table : array, (S,)
        Value of each supervoxel.
    finer : sequence of Finer
        Each of the shape of the ids; the last one that holds counts.
    """

    def __init__(
        self, ids: NDArray[np.int32], table: NDArray[Any], finer: Sequence[Finer] = ()
    ) -> None:
        self.ids = ids
        self.finer = tuple(finer)
        self.planes: dict[tuple[int, int], Finer] = {}  # by axis, and place along it
        self.table = table

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels per axis."""
        return self.ids.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""
        return self.table.dtype

    def __getitem__(self, key: Any, /) -> Any:
        part = self.ids[key]
        finer = self._finer_at(key)
        if isinstance(part, np.ndarray) and part.size > LAZY_VOXELS:
            return LookupVolume(part, self.table, finer)
        values = self.table[part]
        for item in finer:
            values = np.where((item.then == self.table)[part], item.values, values)
        return values[()]

    def _finer_at(self, key: Any) -> list[Finer]:
        """Return the finer values that are known of a part, as large as that."""
        found = [Finer(item.values[key], item.then) for item in self.finer]
        place = _plane_of(key, self.ids.shape) if self.planes else None
        if place is not None and (item := self.planes.get(place)) is not None:
            if self.ids.ndim == 2:
                return [*found, Finer(item.values[key], item.then)]
            axis, parts = place[0], [*_parts(key), *[slice(None)] * self.ids.ndim]
            across = parts[axis]
            parts[axis] = slice(0, 1) if isinstance(across, slice) else 0
            whole = np.expand_dims(item.values, axis)
            found.append(Finer(whole[tuple(parts[: self.ids.ndim])], item.then))
        return found

    def as_seen(self, part: tuple[slice, ...]) -> NDArray[Any]:
        """Return the values of a box, with all planes that are known better laid in.

        Parameters
        ----------
        part : tuple of slice
            One for each axis, with steps of 1.
        """
        values = np.array(self[part])
        taken = [range(n)[piece] for piece, n in zip(part, self.shape, strict=True)]
        for axis, at in [*self.planes] if self.ndim == 3 else []:
            if at in taken[axis]:
                plane = (*part[:axis], at, *part[axis + 1 :])
                np.moveaxis(values, axis, 0)[at - taken[axis].start] = self[plane]
        return values

    def at(self, places: Sequence[NDArray[np.int64]]) -> NDArray[Any]:
        """Return the values at some places, also where planes are known better.

        Parameters
        ----------
        places : sequence of int64, one array for each axis
        """
        values = np.array(self[tuple(places)])
        for axis, plane in [*self.planes] if self.ndim == 3 else []:
            here = np.asarray(places[axis]) == plane
            if here.any():
                rest = tuple(at[here] for k, at in enumerate(places) if k != axis)
                key = tuple(plane if k == axis else slice(None) for k in range(3))
                values[here] = self[key][rest]
        return values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("a lookup volume has no array of its own: it can't do without a copy")
        values = self.table[self.ids]
        for item in self.finer:
            values = np.where((item.then == self.table)[self.ids], item.values, values)
        return values.astype(dtype or self.dtype, copy=False)


def _parts(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


def _plane_of(key: Any, shape: tuple[int, ...]) -> tuple[int, int] | None:
    """Return axis and place of the plane that a key lies in; None if it isn't in one.

    A plane by its number and by a slice as thin as it are the same plane; numbers go first.
    """
    if len(shape) == 2:
        return FLAT
    parts = _parts(key)
    if len(parts) > len(shape) or not all(isinstance(k, slice | int | np.integer) for k in parts):
        return None
    taken = [
        range(n)[part] if isinstance(part, slice) else range(n)[part : part + 1 or None]
        for part, n in zip(parts, shape, strict=False)
    ]
    numbers = [axis for axis, part in enumerate(parts) if not isinstance(part, slice)]
    across = numbers or [axis for axis, places in enumerate(taken) if len(places) == 1]
    return (across[0], taken[across[0]][0]) if len(across) == 1 else None


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
        self.coarse = LookupVolume(coarse, table)

    @classmethod
    def of(cls, ids: NDArray[np.int32], table: NDArray[Any]) -> Self:
        """Make the pyramid of a small volume, taking the sample on the spot."""
        return cls(ids, coarse_sample(ids), table)

    @property
    def is_multiscale(self) -> bool:
        """Whether there are two levels."""
        return self.coarse.size < self.fine.size

    @property
    def data(self) -> LookupVolume | list[LookupVolume]:
        """What a layer is given."""
        return [self.fine, self.coarse] if self.is_multiscale else self.fine

    @property
    def table(self) -> NDArray[Any]:
        """Value of each supervoxel."""
        return self.fine.table

    @table.setter
    def table(self, table: NDArray[Any]) -> None:
        self.fine.table = self.coarse.table = table

    def refine_all(self, finer: Finer) -> None:
        """Show finer values of all voxels, in place of all that were known."""
        self.fine.finer, self.fine.planes = (finer,), {}

    def refine_plane(self, axis: int, at: int, finer: Finer) -> None:
        """Show finer values of a plane."""
        planes = self.fine.planes
        planes.pop((axis, at), None)
        planes[axis, at] = finer
        if len(planes) > MOST_PLANES:
            del planes[next(iter(planes))]


def coarse_sample(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Take every n-th voxel along the longest axes, until few enough are left.

    Returns
    -------
    int32
        A copy, or `ids` itself where it is small.
    """
    steps = coarse_steps(ids.shape)
    if max(steps) == 1:
        return ids
    return np.ascontiguousarray(ids[tuple(slice(None, None, step) for step in steps)])


def coarse_steps(shape: Sequence[int]) -> list[int]:
    """Return from which voxel to the next the sample of a volume goes, along each axis."""
    steps, left = [1] * len(shape), list(shape)
    while np.prod(left) > COARSE_VOXELS:
        longest = int(np.argmax(left))
        steps[longest] *= 2
        left[longest] = -(-shape[longest] // steps[longest])
    return steps
