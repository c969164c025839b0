"""Outlines: of supervoxels, made where napari looks, plane by plane; and no warning of others."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .array_like import ArrayLike


class OutlineVolume(ArrayLike):
    """1 where a supervoxel borders on another one in the plane that is looked at, else 0.

    napari's own contours take two morphological filters a plane, a fifth of the time of a step
    through the slices of a large volume.

    Parameters
    ----------
    ids : int32, (Z, Y, X) or (Y, X)
        Supervoxel of each voxel.
    """

    def __init__(self, ids: NDArray[np.int32]) -> None:
        self._ids = ids

    @property
    def shape(self) -> tuple[int, ...]:
        """Voxels per axis."""
        return self._ids.shape

    @property
    def dtype(self) -> np.dtype[np.uint8]:
        """Type of the values."""
        return np.dtype(np.uint8)

    def __getitem__(self, key: Any, /) -> Any:
        part = self._ids[key]
        if np.ndim(part) > 2:
            return OutlineVolume(part)
        return outline(part) if np.ndim(part) == 2 else np.zeros(np.shape(part), np.uint8)[()]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("outlines have no array of their own: they can't do without a copy")
        if self.ndim == 2:
            made = outline(self._ids)
        else:
            made = np.empty(self.shape, np.uint8)
            for k, plane in enumerate(self._ids):
                made[k] = outline(plane)
        return made.astype(dtype or self.dtype, copy=False)


def outline(ids: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Return 1 at the pixels of a plane (Y, X) before which another id lies, else 0.

    One side of a border is marked: supervoxels are a few pixels wide.
    """
    found = np.zeros(ids.shape, np.bool_)
    for axis in (0, 1):
        along = np.moveaxis(ids, axis, 0)
        differs = along[1:] != along[:-1]
        np.moveaxis(found, axis, 0)[1:] |= differs
    return found.view(np.uint8)


def leave_contours_out_in_space() -> None:
    """Have napari not warn that it shows no contours in 3D: layers are filled there, as they are.

    It looks at the layers before it tells a plugin that one goes to 3D, so that what is done with
    contours then comes too late for the warning.
    """
    warnings.filterwarnings("ignore", "Contours are not displayed during 3D rendering")
