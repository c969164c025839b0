"""Labels with what was corrected by hand over them, laid over only where it is looked at."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from supervox.execution import Slices, mark_planes

from .array_like import ArrayLike
from .lookup import LookupVolume


class Overlay:
    """Corrections of a volume, and in which planes of each axis there may be any.

    Most planes of most volumes have none: what lies there costs nothing to show.

    Parameters
    ----------
    voxels : uint8, as many axes as labels have
        Class ids; 0 = not corrected.
    marks : sequence of bool, one array for each axis, optional
        In which planes across the axis there may be corrections; looked for by default.
    """

    def __init__(
        self, voxels: NDArray[np.uint8], marks: Sequence[NDArray[np.bool_]] | None = None
    ) -> None:
        self.voxels = voxels
        if marks is None:
            marks = [np.zeros(n, bool) for n in voxels.shape]
        self.marks = tuple(marks)

    @classmethod
    def looked_for(cls, voxels: NDArray[np.uint8]) -> Overlay:
        """Return the overlay of corrections that are there already."""
        overlay = cls(voxels)
        # Plane by plane: a plane without any is left at once, and no copy is made of the others.
        for number, plane in enumerate(voxels):
            if plane.any():
                overlay.marks[0][number] = True
                for axis, mark in enumerate(overlay.marks[1:]):
                    mark |= plane.any(axis=tuple({*range(plane.ndim)} - {axis}))
        return overlay

    @property
    def is_blank(self) -> bool:
        """Whether there are no corrections."""
        return not self.marks[0].any()

    def note(self, voxels: NDArray[np.int64]) -> None:
        """Take into account that voxels, given by raster index, were corrected."""
        mark_planes(voxels, self.voxels.shape, self.marks)

    def note_all(self) -> None:
        """Take into account that any voxel may have been corrected."""
        for mark in self.marks:
            mark[:] = True

    @property
    def box(self) -> Slices:
        """The part that has all corrections; empty if there are none."""
        return tuple(_around(mark) for mark in self.marks)  # type: ignore[return-value]

    def of(self, box: Slices | None, *, is_flat: bool = False) -> Overlay:
        """Return what lies over a box of a volume (Z, Y, X), now and later.

        Parameters
        ----------
        box : tuple of 3 slice or None
            None for all of it.
        is_flat : bool
            Whether labels have two axes: (Y, X).
        """
        box = box or (slice(None),) * 3
        marks = [mark[part] for mark, part in zip(self.marks, box, strict=True)]
        voxels = self.voxels[box]
        return Overlay(voxels[0], marks[1:]) if is_flat else Overlay(voxels, marks)

    def thinned(self, steps: Sequence[int]) -> Overlay:
        """Return what lies over every n-th voxel along each axis, now and later."""
        parts = tuple(slice(None, None, step) for step in steps)
        marks = [mark[part] for mark, part in zip(self.marks, parts, strict=True)]
        return Overlay(self.voxels[parts], marks)

    def __getitem__(self, key: Any, /) -> Overlay | None:
        """Return what lies over a part; None if nothing does."""
        parts = _whole_key(key, len(self.marks))
        if parts is None:
            return self._elsewhere(key)
        found = [mark[part] for mark, part in zip(self.marks, parts, strict=True)]
        if not all(mark.any() for mark in found):
            return None
        marks = [m for m, part in zip(found, parts, strict=True) if isinstance(part, slice)]
        return Overlay(self.voxels[parts], marks)

    def _elsewhere(self, key: Any) -> Overlay | None:
        """Return what lies over voxels that are no rectangular part."""
        if self.is_blank:
            return None
        voxels = np.asarray(self.voxels[key])
        return Overlay(voxels, [np.ones(n, bool) for n in voxels.shape])

    def lay_over(self, labels: NDArray[Any]) -> None:
        """Give corrected voxels their labels, in place; the labels have the overlay's shape."""
        part = self.box if self.marks else ...
        voxels = self.voxels[part]
        np.copyto(labels[part], voxels, where=voxels > 0)


def _around(mark: NDArray[np.bool_]) -> slice:
    there = np.flatnonzero(mark)
    return slice(int(there[0]), int(there[-1]) + 1) if there.size else slice(0, 0)


def _whole_key(key: Any, ndim: int) -> tuple[Any, ...] | None:
    """Return a part for each axis; None if the key isn't made of places and slices alone."""
    parts = key if isinstance(key, tuple) else (key,)
    if len(parts) > ndim or not all(isinstance(p, slice | int | np.integer) for p in parts):
        return None
    return (*parts, *(slice(None) for _ in range(ndim - len(parts))))


class Corrected(ArrayLike):
    """Labels and the corrections over them: an array-like as napari's layers take it.

    What is larger than a few slices comes as a view of the same kind where the labels are one.

    Parameters
    ----------
    labels : array-like of integers
        Stay as they are.
    over : Overlay or None
        Of the same shape.
    """

    def __init__(self, labels: Any, over: Overlay | None) -> None:
        self.labels, self.over = labels, over

    def as_now(self) -> Corrected:
        """Return the same, with labels that stay what they are when their table is swapped."""
        labels = copy(self.labels) if isinstance(self.labels, LookupVolume) else self.labels
        if isinstance(labels, LookupVolume):
            labels.planes = dict(labels.planes)
        return Corrected(labels, self.over)

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels per axis."""
        return tuple(self.labels.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the labels."""
        dtype: np.dtype[Any] = self.labels.dtype
        return dtype

    def __getitem__(self, key: Any, /) -> Any:
        part = self.labels[key]
        over = None if self.over is None else self.over[key]
        if over is None:
            return part
        if not isinstance(part, np.ndarray | np.generic):
            return Corrected(part, over)
        values = np.array(part)  # others may have the labels
        over.lay_over(values)
        return values[()]

    def as_seen(self, part: tuple[slice, ...]) -> NDArray[Any]:
        """Return a box as its planes show it, also where single planes are known better."""
        labels = self.labels
        is_lookup = isinstance(labels, LookupVolume)
        values = labels.as_seen(part) if is_lookup else np.array(labels[part])
        over = None if self.over is None else self.over[part]
        if over is not None:
            over.lay_over(values)
        return values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("corrected labels have no array of their own: they need a copy")
        values = np.array(self.labels)
        if self.over is not None and not self.over.is_blank:
            self.over.lay_over(values)
        return values.astype(dtype or self.dtype, copy=False)
