"""A lazy (plane, row, column) view of whatever array a file's library hands out."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .address import Address
from .errors import VolumeError, reading

Array = npt.NDArray[Any]


class ArraySource(Protocol):
    """What values of files, HDF5 datasets and Zarr arrays have in common."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Size along every axis."""

    @property
    def dtype(self) -> Any:
        """Type of the values in the file."""

    def __getitem__(self, key: Any, /) -> Any:
        """Read a part."""


class VolumeArray:
    """A source with its axes put in (plane, row, column) order, read only where it is sliced.

    Slices give numpy arrays in native byte order; booleans are given as uint8, and extended floats,
    which little else can read, as float64.

    Parameters
    ----------
    source
        The array as the file has it.
    axes
        One letter an axis of the source; letters other than z, y, x need an entry in `fixed`.
    fixed
        Index to take along the axes that aren't spatial.
    path, format_name
        For messages.
    """

    ndim = 3

    def __init__(
        self,
        source: ArraySource,
        axes: Sequence[str],
        fixed: Mapping[str, int],
        path: Address,
        format_name: str,
    ) -> None:
        self._source: ArraySource | None = source
        self._axes = tuple(axes)
        self._fixed = dict(fixed)
        self._path = path
        self._format_name = format_name
        sizes = dict(zip(self._axes, source.shape, strict=True))
        self.shape: tuple[int, int, int] = (sizes.get("z", 1), sizes["y"], sizes["x"])
        native = np.dtype(source.dtype).newbyteorder("=")
        self.dtype = _usual(native)
        self._read = self.dtype
        self._convert: Callable[[Array], Array] | None = None
        chunks = getattr(source, "chunks", None)
        per_axis = dict(zip(self._axes, chunks, strict=True)) if chunks else {}
        self.chunks: tuple[int, int, int] | None = (
            (per_axis.get("z", 1), per_axis["y"], per_axis["x"]) if chunks else None
        )

    @property
    def axes(self) -> tuple[str, ...]:
        """Letter of each axis of the source."""
        return self._axes

    @property
    def size(self) -> int:
        """Number of voxels."""
        return self.shape[0] * self.shape[1] * self.shape[2]

    @property
    def nbytes(self) -> int:
        """Size in memory once it is read."""
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"VolumeArray({str(self._path)!r}, shape={self.shape}, dtype={self.dtype})"

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        return np.array(self[...], dtype=dtype, copy=copy)

    def __getitem__(self, key: Any) -> Array:
        source = self._source
        if source is None:
            raise VolumeError(f"{self._path}: the volume was closed; open it again")
        slices, dropped = normalise(key, self.shape)
        by_axis = dict(zip("zyx", slices, strict=True))
        source_key = tuple(
            by_axis[axis] if axis in by_axis else self._fixed[axis] for axis in self._axes
        )
        with reading(self._path.path, self._format_name):
            part = np.asarray(source[source_key])
        spatial = [axis for axis in self._axes if axis in by_axis]
        if "z" not in spatial:
            part = part[np.newaxis][by_axis["z"]]
            spatial.insert(0, "z")
        part = part.transpose([spatial.index(axis) for axis in "zyx"])
        part = part.astype(self._read, copy=False)
        if self._convert is not None:
            part = self._convert(part)
        return part[tuple(0 if drop else slice(None) for drop in dropped)]

    def converted(self, convert: Callable[[Array], Array], dtype: npt.DTypeLike) -> VolumeArray:
        """Return a view whose values go through a function, one after the other if there are more.

        Parameters
        ----------
        convert
            Of the values of a slice, of any shape, to others of the same shape.
        dtype
            What it gives.
        """
        view, before = copy.copy(self), self._convert
        view.dtype = np.dtype(dtype)
        view._convert = convert if before is None else lambda part: convert(before(part))
        return view

    def close(self) -> None:
        """Let go of the source."""
        self._source = None


def _usual(native: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type in which values are given."""
    if native == np.bool_:
        return np.dtype(np.uint8)
    is_extended = native.kind == "f" and native.itemsize > np.dtype(np.float64).itemsize
    return np.dtype(np.float64) if is_extended else native


def normalise(key: Any, shape: Sequence[int]) -> tuple[list[slice], list[bool]]:
    """Bring an index of integers, slices and ``...`` to three forward slices."""
    items = list(key) if isinstance(key, tuple) else [key]
    if sum(item is Ellipsis for item in items) > 1:
        raise IndexError("an index can hold only one '...'")
    if Ellipsis not in items:
        items.append(Ellipsis)
    at = items.index(Ellipsis)
    missing = len(shape) - (len(items) - 1)
    if missing < 0:
        raise IndexError(f"too many indices: a volume has 3 axes, {len(items) - 1} were given")
    items[at : at + 1] = [slice(None)] * missing
    slices: list[slice] = []
    dropped: list[bool] = []
    for item, length in zip(items, shape, strict=True):
        slices.append(_forward_slice(item, length))
        dropped.append(not isinstance(item, slice))
    return slices, dropped


def _forward_slice(item: Any, length: int) -> slice:
    """Return one axis's index as a slice with a positive step."""
    if isinstance(item, slice):
        start, stop, step = item.indices(length)
        if step < 0:
            raise IndexError("a volume is sliced forward only: use a positive step")
        return slice(start, max(start, stop), step)
    try:
        index = item.__index__()
    except (AttributeError, TypeError):
        raise IndexError(f"a volume takes integers and slices, not {type(item).__name__}") from None
    if not -length <= index < length:
        raise IndexError(f"index {index} is outside an axis of {length}")
    index %= length
    return slice(index, index + 1, 1)
